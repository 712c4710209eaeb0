"""Print jobs to printers. What was sent is never sent again by itself: a person decides.

ready -> sending -> confirmed | spooled, or uncertain when some of it may have come out. Before
the first byte everything may be tried again: the job goes back to `ready`, or is `blocked` while
the printer needs a hand.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from sqlalchemy import select, update

from devices.capabilities import ConfigFault, LabelPrinter, NeedsHuman, Unavailable, Uncertain
from devices.supervisor import Supervisor
from wms.db import Book, Tx
from wms.events import PrintChanged, emit
from wms.schema import print_jobs, stations

log = structlog.get_logger(__name__)
WAITING = ("ready", "blocked")
RETRY_S = 1.0


@dataclass(frozen=True, slots=True)
class Job:
    """A rendered job and the printer of its station."""

    id: int
    printer: str
    payload: bytes
    copies: int
    state: str
    reason: str


def waiting(tx: Tx) -> list[Job]:
    """The oldest rendered job of every printer."""
    query = (
        select(print_jobs, stations.c.printer.label("device"), stations.c.slip_printer)
        .join(stations, stations.c.code == print_jobs.c.station)
        .where(print_jobs.c.state.in_(WAITING))
        .order_by(print_jobs.c.id)
    )
    first: dict[str, Job] = {}
    for row in tx.execute(query):
        printer = row.slip_printer if row.format == "pdf" else row.device
        job = Job(row.id, printer, row.payload, row.copies, row.state, row.reason)
        first.setdefault(printer, job)
    return list(first.values())


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
    if state in ("confirmed", "spooled", "uncertain", "failed"):
        values["done_ms"] = now
    tx.execute(update(print_jobs).where(print_jobs.c.id == job).values(values))
    if (row.state, row.reason) != (state, reason) and state != "sending":
        emit(tx, PrintChanged(job_id=job, state=state, reason=reason), now=now)
    return True


def recover(tx: Tx, *, now: int) -> int:
    """After a restart: what was being sent may or may not have come out. Returns how many."""
    lost = list(tx.scalars(select(print_jobs.c.id).where(print_jobs.c.state == "sending")))
    for job in lost:
        settle(tx, job=job, before=("sending",), state="uncertain", reason="print.killed", now=now)
    return len(lost)


async def print_one(book: Book, supervisor: Supervisor, job: Job, *, now: Callable[[], int]) -> str:
    """Try *job* once. Returns the state in which it is left."""
    try:
        printer = supervisor.need(job.printer, LabelPrinter)
    except (Unavailable, ConfigFault) as error:
        return await _leave(book, job, "ready", str(error), WAITING, now)
    claimed = await book.write(
        settle, job=job.id, before=WAITING, state="sending", printer=job.printer, now=now()
    )
    if not claimed:
        return "taken"
    try:
        printed = await printer.print_label(str(job.id), job.payload, job.copies)
    except NeedsHuman as error:
        return await _leave(book, job, "blocked", str(error), ("sending",), now)
    except Unavailable as error:
        return await _leave(book, job, "ready", str(error), ("sending",), now)
    except Uncertain as error:
        return await _leave(book, job, "uncertain", str(error), ("sending",), now)
    except ValueError as error:  # not a label that any printer could print
        return await _leave(book, job, "failed", str(error), ("sending",), now)
    return await _leave(book, job, str(printed), "", ("sending",), now)


async def _leave(
    book: Book, job: Job, state: str, reason: str, before: tuple[str, ...], now: Callable[[], int]
) -> str:
    if (job.state, job.reason, before) != (state, reason, WAITING):
        await book.write(settle, job=job.id, before=before, state=state, reason=reason, now=now())
    return state


async def run(book: Book, supervisor: Supervisor, *, now: Callable[[], int]) -> None:
    """Print until cancelled: one task a printer, so that a stopped one holds up only itself."""
    await book.write(recover, now=now())
    busy: dict[str, asyncio.Task[None]] = {}
    try:
        while True:
            seen = book.bell.count
            for job in await book.read(waiting):
                task = busy.get(job.printer)
                if task is None or task.done():
                    if task is not None:
                        task.result()
                    busy[job.printer] = asyncio.create_task(_print(book, supervisor, job, now))
            await book.bell.wait(seen)
    finally:
        for task in busy.values():
            task.cancel()
        await asyncio.gather(*busy.values(), return_exceptions=True)


async def _print(book: Book, supervisor: Supervisor, job: Job, now: Callable[[], int]) -> None:
    if await print_one(book, supervisor, job, now=now) in WAITING:
        await asyncio.sleep(RETRY_S)
