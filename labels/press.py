"""The worker that turns requested print jobs into bytes: read a batch, render it, write it back.

Rendering is pure and stays outside the transactions. The write is guarded by the state, so two
presses, or one killed half way, print nothing twice; a refused label is `failed` with its reason.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import Select, bindparam, select, update

from labels import sbpl, tpcl
from labels.templates import find, render
from wms.db import Book, Tx
from wms.errors import Code, Rejected
from wms.record.event_kinds import PrintChanged
from wms.record.events import emit
from wms.schema import print_jobs
from wms.site import tags

BATCH = 5  # a label takes some 0.1 s, and a packer waits for the first of the batch
DOTS_PER_MM = 8
ZPL_EVERYWHERE: Mapping[str, str] = {}
TRANSLATED: dict[str, Callable[[bytes, int], bytes]] = {
    "sbpl": sbpl.from_zpl, "tpcl": tpcl.from_zpl,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Job:
    """A requested print job. `data` is JSON; `copy_no` above 1 marks a reprint."""

    id: int
    station: str
    template: str
    data: str
    copy_no: int


@dataclass(frozen=True, slots=True)
class Pressed:
    """What became of a job: the bytes, or why there are none."""

    job: int
    format: str
    payload: bytes | None
    reason: str = ""


def requested(tx: Tx, *, limit: int = BATCH) -> list[Job]:
    """The oldest requested jobs."""
    return [Job(*row) for row in tx.execute(_requested(), {"most": limit})]


@cache
def _requested() -> Select[Any]:
    columns = (print_jobs.c[name] for name in ("id", "station", "template", "data", "copy_no"))
    query = select(*columns).where(print_jobs.c.state == "requested").order_by(print_jobs.c.id)
    return query.limit(bindparam("most"))


def press(
    jobs: Sequence[Job], dots_per_mm: Mapping[str, int],
    languages: Mapping[str, str] = ZPL_EVERYWHERE,
) -> list[Pressed]:  # fmt: skip
    """Render each job at its station's resolution (8 dots a millimetre unless named) and in its
    printer's language (ZPL unless named). Pure."""
    return [
        _press(job, dots_per_mm.get(job.station, DOTS_PER_MM), languages.get(job.station, "zpl"))
        for job in jobs
    ]


def _press(job: Job, dots_per_mm: int, language: str) -> Pressed:
    try:
        template = find(job.template)
        data = _decoded(job.data)
        payload = render(job.template, data, dots_per_mm=dots_per_mm, copy=job.copy_no)
    except Rejected as refused:
        return Pressed(job.id, "", None, str(refused))
    except AssertionError as mistake:
        # Our own mistake in a layout: it costs this label and must not stop all the others.
        ours = Rejected(Code.LABEL_LAYOUT, template=job.template, reason=str(mistake))
        return Pressed(job.id, "", None, str(ours))
    if template.format == "zpl" and language in TRANSLATED:
        if b"^RFW" in payload:  # it would come out as a picture, without its tag
            untagged = Rejected(Code.LABEL_TAG, template=job.template)
            return Pressed(job.id, "", None, str(untagged))
        return Pressed(job.id, language, TRANSLATED[language](payload, dots_per_mm))
    return Pressed(job.id, template.format, payload)


def _decoded(data: str) -> dict[str, object]:
    try:
        return msgspec.json.decode(data, type=dict[str, object])
    except msgspec.DecodeError:
        raise Rejected(Code.LABEL_DATA, field="data", reason="not a JSON object") from None


def record(tx: Tx, *, pressed: Sequence[Pressed], now: int) -> int:
    """Store what was rendered: jobs still `requested` become `ready` or `failed`. How many did."""
    changed = 0
    for result in pressed:
        done: dict[str, object] = {"state": "failed", "reason": result.reason, "done_ms": now}
        if result.payload is not None:
            done = {"state": "ready", "payload": result.payload, "format": result.format}
        waiting = (print_jobs.c.id == result.job) & (print_jobs.c.state == "requested")
        if tx.execute(update(print_jobs).where(waiting).values(done)).rowcount != 1:
            continue  # voided meanwhile, or another press was faster
        changed += 1
        state = str(done["state"])
        if state == "failed":
            tags.labels_are(tx, jobs=(result.job,), state=state, now=now)
        emit(tx, PrintChanged(job_id=result.job, state=state, reason=result.reason), now=now)
    return changed


def render_requested(tx: Tx, *, now: int, dots_per_mm: Mapping[str, int]) -> int:
    """The same in one transaction, for scripts and tests. Returns how many jobs were settled."""
    return record(tx, pressed=press(requested(tx), dots_per_mm), now=now)


async def press_once(
    book: Book, *, now: Callable[[], int], dots_per_mm: Mapping[str, int],
    executor: Executor | None, languages: Mapping[str, str] = ZPL_EVERYWHERE,
) -> int:  # fmt: skip
    """Settle one batch; returns how many jobs it read. Renders in *executor*, inline without one.

    *now* gives UTC milliseconds; *dots_per_mm* the resolution of stations that do not have 8,
    *languages* what the label printers of stations speak where that is not ZPL.
    """
    jobs = await book.read(requested)
    if not jobs:
        return 0
    if executor is None:
        results = press(jobs, dots_per_mm, languages)
    else:
        loop = asyncio.get_running_loop()
        results = await loop.run_in_executor(executor, press, jobs, dots_per_mm, dict(languages))
    await book.write(record, pressed=results, now=now())
    return len(jobs)


async def run(
    book: Book, *, now: Callable[[], int], dots_per_mm: Mapping[str, int],
    executor: Executor | None, languages: Mapping[str, str] = ZPL_EVERYWHERE,
) -> None:  # fmt: skip
    """Work until cancelled: batch after batch, then wait for the bell (or a second)."""
    while True:
        seen = book.bell.look()
        if not await press_once(
            book, now=now, dots_per_mm=dots_per_mm, executor=executor, languages=languages
        ):
            await seen.changed()
