"""Print jobs to printers. What was sent is never sent again by itself: a person decides.

ready -> sending -> confirmed | spooled, or uncertain when some of it may have come out. Before
the first byte everything may be tried again: the job goes back to `ready`, or is `blocked` while
the printer needs a hand. After a while it goes to the neighbour's printer, if that one is well.
"""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache
from typing import Any

import structlog
from sqlalchemy import Select, case, select, update

from devices.capabilities import (
    ConfigFault,
    Health,
    LabelPrinter,
    NeedsHuman,
    Unavailable,
    Uncertain,
)
from devices.supervisor import Supervisor
from wms.db import Book, Tx
from wms.record.event_kinds import PrintChanged
from wms.record.events import emit
from wms.schema import devices, print_jobs, stations
from wms.site import tags
from wms.text import storable

log = structlog.get_logger(__name__)
WAITING = ("ready", "blocked")
DONE = ("confirmed", "spooled", "uncertain", "failed")
RETRY_S = 1.0
NEIGHBOUR_AFTER_MS = 10_000  # so long a job waits for its own station's printer
NO_PRINTER, KILLED = "print.no_printer", "print.killed"


@dataclass(frozen=True, slots=True)
class Job:
    """A rendered job, its station's printer, and the one that helps out ("" = there is none)."""

    id: int
    printer: str
    neighbour: str
    copies: int
    state: str
    reason: str
    created_ms: int

    @property
    def lane(self) -> str:
        """The printer whose jobs take turns with it."""
        return self.printer or self.neighbour


def waiting(tx: Tx) -> list[Job]:
    """The oldest rendered job of every printer; where there is none, paper has to wait.

    A station's printers are its own, or those that a worker chose instead (`redirect`).
    """
    first: dict[str, Job] = {}
    for row in tx.execute(_waiting()):
        pair = (row.printer, row.other)
        if row.format == "pdf":
            pair = (row.slip_printer, row.other_slip)
        own, other = (name or "" for name in pair)
        job = Job(row.id, own, other, row.copies, row.state, row.reason, row.created_ms)
        if job.lane:
            first.setdefault(job.lane, job)
    return list(first.values())


@cache
def _waiting() -> Select[Any]:
    helper, used = stations.alias("helper"), stations.alias("used")
    columns, home = ("id", "copies", "state", "reason", "created_ms", "format"), stations.c
    return (
        select(
            *(print_jobs.c[name] for name in columns), used.c.printer, used.c.slip_printer,
            helper.c.printer.label("other"), helper.c.slip_printer.label("other_slip"),
        )
        .outerjoin(stations, stations.c.code == print_jobs.c.station)
        .outerjoin(used, used.c.code == case((home.redirect == "", home.code), else_=home.redirect))
        .outerjoin(helper, helper.c.code == stations.c.neighbour)
        .where(print_jobs.c.state.in_(WAITING))
        .order_by(print_jobs.c.id)
    )  # fmt: skip


def owned_elsewhere(tx: Tx) -> frozenset[str]:
    """Devices that some server has: this one may not be it."""
    return frozenset(tx.scalars(select(devices.c.name)))


def settle(
    tx: Tx, *, job: int, before: tuple[str, ...], state: str, now: int, reason: str = "",
    printer: str = "",
) -> bool:  # fmt: skip
    """Change the state of *job*, if it still is in one of *before*; say so if it is news."""
    row = tx.execute(select(print_jobs).where(print_jobs.c.id == job).with_for_update()).one()
    if row.state not in before:
        return False
    values: dict[str, object] = {"state": state, "reason": reason}
    if printer:
        values["printer"] = printer
    if state == "sending":
        values["sent_ms"] = now
    if state in DONE:
        values["done_ms"] = now
    tx.execute(update(print_jobs).where(print_jobs.c.id == job).values(values))
    if state in DONE:
        tags.labels_are(tx, jobs=(job,), state=state, now=now)
    if (row.state, row.reason) != (state, reason) and state != "sending":
        emit(tx, PrintChanged(job_id=job, state=state, reason=reason), now=now)
    return True


def claim(tx: Tx, *, job: int, printer: str, now: int) -> bytes | None:
    """Take *job* for *printer*: what to send, or None when somebody else was faster."""
    if not settle(tx, job=job, before=WAITING, state="sending", printer=printer, now=now):
        return None
    query = select(print_jobs.c.payload).where(print_jobs.c.id == job)
    return bytes(tx.execute(query).scalar_one())


def recover(tx: Tx, *, printers: Collection[str], now: int) -> int:
    """After a restart: what was being sent to our *printers* may or may not have come out.

    Returns how many jobs that were.
    """
    ours = print_jobs.c.printer.in_(list(printers))
    lost = select(print_jobs.c.id).where(print_jobs.c.state == "sending", ours)
    jobs = list(tx.scalars(lost.order_by(print_jobs.c.id)))
    for job in jobs:
        settle(tx, job=job, before=("sending",), state="uncertain", reason=KILLED, now=now)
    return len(jobs)


async def print_one(book: Book, supervisor: Supervisor, job: Job, *, now: Callable[[], int]) -> str:
    """Try *job* once. Returns the state in which it is left."""
    name = printer_for(supervisor, job, now=now())
    try:
        printer = supervisor.need(name, LabelPrinter)
    except (Unavailable, ConfigFault):
        return await _leave(book, job, "ready", why_not(supervisor, name), WAITING, now)
    payload = await book.write(claim, job=job.id, printer=name, now=now())
    if payload is None:
        return "taken"
    try:
        printed = await printer.print_label(str(job.id), payload, job.copies)
    except (NeedsHuman, ConfigFault) as error:
        return await _leave(book, job, "blocked", str(error), ("sending",), now)
    except Unavailable as error:
        return await _leave(book, job, "ready", str(error), ("sending",), now)
    except Uncertain as error:
        return await _leave(book, job, "uncertain", str(error), ("sending",), now)
    except ValueError as error:  # not a label that any printer could print
        return await _leave(book, job, "failed", str(error), ("sending",), now)
    return await _leave(book, job, str(printed), "", ("sending",), now)


def printer_for(supervisor: Supervisor, job: Job, *, now: int) -> str:
    """The station's own printer, or the neighbour's when that one has been down for long enough."""
    known = supervisor.names()
    if not job.printer:
        return job.neighbour
    if job.neighbour not in known or now - job.created_ms < NEIGHBOUR_AFTER_MS:
        return job.printer
    own_works = job.printer in known and supervisor.health(job.printer)[0] is Health.ONLINE
    other_works = supervisor.health(job.neighbour)[0] is Health.ONLINE
    return job.neighbour if other_works and not own_works else job.printer


def why_not(supervisor: Supervisor, name: str) -> str:
    """Why *name* cannot print now: a code of `wms/words`, or the driver's words."""
    if name not in supervisor.names():
        return NO_PRINTER
    health, reason = supervisor.health(name)
    return reason or f"board.health.{health}"


async def _leave(
    book: Book, job: Job, state: str, reason: str, before: tuple[str, ...], now: Callable[[], int]
) -> str:
    reason = storable(reason)  # a device's own words may be in it
    if (job.state, job.reason, before) != (state, reason, WAITING):
        await book.write(settle, job=job.id, before=before, state=state, reason=reason, now=now())
    return state


async def run(book: Book, supervisor: Supervisor, *, now: Callable[[], int]) -> None:
    """Print until cancelled: one task a printer, so that a stopped one holds up only itself."""
    await book.write(recover, printers=supervisor.names(), now=now())
    busy: dict[str, asyncio.Task[None]] = {}
    try:
        while True:
            seen = book.bell.look()
            for job in await _ours(book, supervisor):
                task = busy.get(job.lane)
                if task is None or task.done():
                    if task is not None:
                        task.result()
                    busy[job.lane] = asyncio.create_task(_print(book, supervisor, job, now))
            await seen.changed()
    finally:
        for task in busy.values():
            task.cancel()
        await asyncio.gather(*busy.values(), return_exceptions=True)


async def _ours(book: Book, supervisor: Supervisor) -> list[Job]:
    """Jobs for our printers, and those that no server has a printer for."""
    jobs = await book.read(waiting)
    ours = set(supervisor.names())
    if all(job.lane in ours for job in jobs):
        return jobs
    theirs = await book.read(owned_elsewhere) - ours
    return [job for job in jobs if job.lane not in theirs]


async def _print(book: Book, supervisor: Supervisor, job: Job, now: Callable[[], int]) -> None:
    if await print_one(book, supervisor, job, now=now) in WAITING:
        await asyncio.sleep(RETRY_S)
