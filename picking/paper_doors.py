"""The door by which `genba paper enter` reaches a running server."""

from typing import Annotated

from litestar import Response, Router, post
from litestar.di import NamedDependency, Provide
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody
from msgspec import Meta, Struct
from sqlalchemy import select

from picking import paper
from picking.floor import Settings
from picking.paper import LINES_MAX, Entered, NotEntered, Taken
from wms.db import Book, Tx
from wms.errors import Code, Rejected
from wms.people.tokens import Token
from wms.record import commands
from wms.schema import people
from wms.site import calendar
from wms.text import shown


class PaperSheet(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one person wrote. `person` is their code."""

    person: Annotated[str, Meta(min_length=1, max_length=40)]
    lines: Annotated[tuple[Taken, ...], Meta(min_length=1, max_length=LINES_MAX)]
    dry_run: bool = False


@post(
    "/paper", opt={"scope": "admin"}, status_code=200, summary="Enter what was picked by paper",
    responses={422: ResponseSpec(Entered, description="Nothing was written: see its faults")},
)  # fmt: skip
async def post_paper(
    data: JSONBody[PaperSheet], book: NamedDependency[Book], token: NamedDependency[Token],
    now: NamedDependency[int], floor: NamedDependency[Settings],
) -> Response[Entered]:  # fmt: skip
    """All of the sheet or nothing; the same sheet again changes nothing."""
    try:
        done = await book.write(
            enter, data, settings=floor, actor=token.actor, device="api", now=now
        )
    except NotEntered as told:
        done = told.report
    return Response(done, status_code=422 if done.faults else 200)


def enter(
    tx: Tx, sheet: PaperSheet, *, settings: Settings, actor: str, device: str, now: int
) -> Entered:  # fmt: skip
    """`paper.enter` for the person with this code. Refuses `REFERENCE_UNKNOWN`."""
    person = tx.scalar(select(people.c.id).where(people.c.code == sheet.person))
    if person is None:
        raise Rejected(Code.REFERENCE_UNKNOWN, field="person", value=shown(sheet.person))
    done = paper.enter(
        tx, sheet.lines, person=person, now=now, rng=settings.rng, dry_run=sheet.dry_run,
        today=calendar.business_day(now, settings.zone).isoformat(),
    )  # fmt: skip
    commands.record(
        tx, actor=actor, device=device, permission="admin", name="paper.enter", now=now,
        body={"person": person, "lines": done.lines, "same": done.same},
    )  # fmt: skip
    return done


def routes(settings: Settings) -> Router:
    """The handler of paper."""
    return Router(
        "/v1", route_handlers=[post_paper],
        dependencies={"floor": Provide(lambda: settings, sync_to_thread=False)},
    )  # fmt: skip
