"""Paper by API and command line: any label or slip at any station, and how far it is.

`genba label`, `genba slip` and `genba manifest` come in here while a server holds the book. A
shipping label has a door of its own, because its copies are counted and marked.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from litestar import Router, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct
from sqlalchemy import func, select

from labels.templates import checked, find
from picking import bench
from sync.http import Now, TheBook, TheToken
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.papers import print_jobs
from wms.papers.print_jobs import PrintJob
from wms.record import commands
from wms.schema import parcels
from wms.schema import print_jobs as jobs_table
from wms.text import shown

LABELS_MAX = 200
Template = Literal[
    "place", "tote", "badge", "command_card", "item", "packing_slip", "plain_slip", "gift_slip",
    "return_slip", "invoice", "manifest", "test_page",
]  # fmt: skip
Station = Annotated[str, Meta(min_length=1, max_length=32)]


class NewPrint(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Paper that is wanted: one job for each of `labels`, which are what the template prints.

    `key` is made by whoever asks, once: asked again with it, nothing is printed twice.
    """

    key: Annotated[str, Meta(min_length=8, max_length=80)]
    station: Station
    template: Template
    labels: Annotated[tuple[dict[str, Any], ...], Meta(min_length=1, max_length=LABELS_MAX)]
    copies: Annotated[int, Meta(ge=1, le=100)] = 1


class PrintJobs(Struct, frozen=True, kw_only=True):
    """Jobs in the order of their labels."""

    jobs: tuple[PrintJob, ...]


class NewReprint(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the copy of a shipping label should come out."""

    station: Station


@post("/print-jobs", opt={"scope": "admin"}, summary="Print labels or slips at a station")
async def post_print_jobs(
    data: JSONBody[NewPrint], book: TheBook, token: TheToken, now: Now
) -> PrintJobs:
    """All of them or none: data that the template cannot print are refused with their field."""
    return await book.write(request, data, actor=token.actor, device="api", now=now)


@get("/print-jobs/{job:int}", opt={"scope": "board:read"}, summary="How far a print job is")
async def get_print_job(job: FromPath[int], book: TheBook) -> PrintJob:
    """Its state, and why it waits or failed."""
    return await book.read(print_jobs.get, job)


@post("/parcels/{parcel:str}/reprints", opt={"scope": "admin"}, summary="Print its label again")
async def post_reprint(
    parcel: FromPath[str], data: JSONBody[NewReprint], book: TheBook, token: TheToken, now: Now
) -> PrintJob:
    """A marked copy, unless the last one may still come out: then that one's job is the answer."""
    return await book.write(
        reprint, parcel, station=data.station, actor=token.actor, device="api", now=now
    )


def request(tx: Tx, wanted: NewPrint, *, actor: str, device: str, now: int) -> PrintJobs:
    """Write the print jobs of *wanted*, and who asked for them."""
    template = find(wanted.template)
    for data in wanted.labels:
        checked(template.data, data)
    jobs = tuple(
        print_jobs.request(
            tx, key=f"{wanted.key}:{number}", station=wanted.station, template=wanted.template,
            data=data, copies=wanted.copies, paper=template.format, now=now,
        )
        for number, data in enumerate(wanted.labels)
    )  # fmt: skip
    body = {"template": wanted.template, "labels": len(jobs), "station": wanted.station}
    _record(tx, "print.request", actor, device, body, now)
    return PrintJobs(jobs=jobs)


def reprint(
    tx: Tx, parcel: str, *, station: str, actor: str, device: str, now: int
) -> PrintJob:  # fmt: skip
    """Ask for a marked copy of a parcel's shipping label, and write down who did."""
    number = labelled(tx, parcel)
    print_jobs.refuse_without_printer(tx, station)
    bench.reprint(tx, parcel=number, station=station, now=now)
    _record(tx, "print.reprint", actor, device, {"parcel": parcel, "station": station}, now)
    mine = (jobs_table.c.parcel_id == number) & (jobs_table.c.template == "shipping")
    newest = tx.execute(select(func.max(jobs_table.c.id)).where(mine)).scalar_one()
    return print_jobs.get(tx, newest)


def labelled(tx: Tx, parcel: str) -> int:
    """The id of a parcel that has a number. Refuses `REFERENCE_UNKNOWN`, `PARCEL_NO_NUMBER`."""
    row = tx.execute(select(parcels).where(parcels.c.code == parcel)).first()
    if row is None:
        raise Rejected(Code.REFERENCE_UNKNOWN, field="parcel", value=shown(parcel))
    if not row.tracking or row.state == "void":
        raise Rejected(Code.PARCEL_NO_NUMBER, parcel=row.code)
    return int(row.id)


def _record(
    tx: Tx, name: str, actor: str, device: str, body: Mapping[str, object], now: int
) -> None:  # fmt: skip
    commands.record(
        tx, actor=actor, device=device, permission="admin", name=name, body=body, now=now
    )


def new_prints(
    key: str, station: str, template: Template, labels: Sequence[dict[str, Any]], copies: int
) -> list[NewPrint]:
    """As many requests as *labels* need, each under a key of its own."""
    return [
        NewPrint(
            key=f"{key}:{start}", station=station, template=template, copies=copies,
            labels=tuple(labels[start : start + LABELS_MAX]),
        )
        for start in range(0, len(labels), LABELS_MAX)
    ]  # fmt: skip


def routes() -> Router:
    """The handlers of paper."""
    return Router("/v1", route_handlers=[post_print_jobs, get_print_job, post_reprint])
