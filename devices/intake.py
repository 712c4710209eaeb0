"""What devices say, as rows: scans and weights are facts in order, states replace one another.

Rooms meet only in rows: the floor reads `device_facts` with a cursor of its own; tag reads are
kept as they are now.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

import structlog
from sqlalchemy import insert, select, update
from sqlalchemy.exc import DBAPIError

from devices.capabilities import Health
from devices.signal_queue import SignalQueue
from devices.supervisor import REMOVED
from wms.db import Book, Tx, upsert
from wms.event_kinds import DeviceChanged
from wms.events import emit
from wms.schema import device_facts, devices, tag_reads
from wms.signals import RobotState, Scan, Signal, TagSeen, Weight
from wms.text import storable

log = structlog.get_logger(__name__)

BATCH = 200
WEIGHT_STEP_G = 3  # a stable weight is a fact again when it moved by this much
TAGS_EVERY_S = 0.2  # tag reads come by the thousand; they are written this often
SCALES_EVERY_S = 0.02
RETRY_S = 0.5


@dataclass(frozen=True, slots=True)
class Heard:
    """A signal and when it came: triggers that bounce are told apart by their own time."""

    at_ms: int
    signal: Signal


@dataclass(slots=True)
class Memory:
    """What was written last, so that only changes are: weights by scale."""

    weights: dict[str, int] = field(default_factory=dict)


def record(tx: Tx, *, heard: Sequence[Heard]) -> None:
    """Write a batch of signals: facts in their order, then which tags are seen."""
    facts = [
        {
            "device": one.signal.device, "at_ms": one.at_ms,
            "kind": "scan" if isinstance(one.signal, Scan) else "weight",
            "text": storable(one.signal.text) if isinstance(one.signal, Scan)
                    else str(one.signal.grams),
        }
        for one in heard
        if isinstance(one.signal, Scan | Weight)
    ]  # fmt: skip
    if facts:
        tx.execute(insert(device_facts), facts)
    _record_tags(tx, [(one.at_ms, one.signal) for one in heard if isinstance(one.signal, TagSeen)])


def _record_tags(tx: Tx, seen: Sequence[tuple[int, Signal]]) -> None:
    """One row a tag and reader: reads add up, the newest strength is the strongest of the batch."""
    tags: dict[tuple[str, str], list[tuple[int, TagSeen]]] = {}
    for at_ms, tag in seen:
        assert isinstance(tag, TagSeen), tag
        tags.setdefault((tag.device, tag.epc), []).append((at_ms, tag))
    strongest = {
        key: max((tag for _, tag in reads), key=lambda tag: tag.rssi) for key, reads in tags.items()
    }
    rows = [
        {
            "device": device, "epc": epc, "first_ms": reads[0][0], "last_ms": reads[-1][0],
            "count": sum(tag.count for _, tag in reads), "rssi": strongest[device, epc].rssi,
            "antenna": strongest[device, epc].antenna,
        }
        for (device, epc), reads in sorted(tags.items())
    ]  # fmt: skip
    upsert(
        tx, tag_reads, rows, key=("device", "epc"),
        update=lambda new: {
            "last_ms": new.last_ms, "count": tag_reads.c.count + new.count, "rssi": new.rssi,
            "antenna": new.antenna,
        },
    )  # fmt: skip


def worth_writing(heard: Iterable[Heard], memory: Memory) -> list[Heard]:
    """Drop what says nothing new: unstable and unchanged weights; robots' states, which whoever
    conducts a robot writes."""
    kept: list[Heard] = []
    for one in heard:
        signal = one.signal
        if isinstance(signal, Weight):
            last = memory.weights.get(signal.device)
            moved = last is None or abs(signal.grams - last) >= WEIGHT_STEP_G
            if not signal.stable or not moved:
                continue
            memory.weights[signal.device] = signal.grams
        if not isinstance(signal, RobotState):
            kept.append(one)
    return kept


async def run(book: Book, queue: SignalQueue, *, now: Callable[[], int]) -> None:
    """Take signals from the drivers' queue and write them, batch after batch, until cancelled."""
    memory = Memory()
    waiting: asyncio.Queue[Heard] = asyncio.Queue(BATCH)
    async with asyncio.TaskGroup() as both:
        both.create_task(_listen(queue, waiting, now))
        while True:
            await _write(book, worth_writing(await _batch(waiting), memory))


async def _listen(queue: SignalQueue, heard: asyncio.Queue[Heard], now: Callable[[], int]) -> None:
    """Note when each signal came, whatever the book is busy with.

    While it cannot keep up, the drivers' queue fills, and that makes the drivers wait.
    """
    while True:
        signal = await queue.get()
        await heard.put(Heard(now(), signal))


async def _batch(waiting: asyncio.Queue[Heard]) -> list[Heard]:
    """What there is; a scan is answered at once, tags and weights wait for their like."""
    batch = [await waiting.get()]
    if not isinstance(batch[0].signal, Scan):
        tags = isinstance(batch[0].signal, TagSeen)
        await asyncio.sleep(TAGS_EVERY_S if tags else SCALES_EVERY_S)
    while not waiting.empty() and len(batch) < BATCH:
        batch.append(waiting.get_nowait())
    return batch


async def _write(book: Book, heard: Sequence[Heard]) -> None:
    """Facts are held until the book takes them: it may be away for a while."""
    while heard:
        try:
            await book.write(record, heard=heard)
            return
        except DBAPIError as error:
            log.warning("intake.book_away", facts=len(heard), error=type(error.orig).__name__)
            await asyncio.sleep(RETRY_S)


def record_health(tx: Tx, *, device: str, health: Health, reason: str, now: int) -> None:
    """A device's health changed: its row and, when it differs from before, an event."""
    row = tx.execute(select(devices).where(devices.c.name == device).with_for_update()).first()
    if row is None or (row.health, row.reason) == (health, reason):
        return
    changed = {"health": str(health), "reason": reason, "since_ms": now}
    tx.execute(update(devices).where(devices.c.name == device).values(changed))
    emit(tx, DeviceChanged(device=device, health=str(health), reason=reason), now=now)


def register(
    tx: Tx,
    *,
    configured: dict[str, str],
    holder: str,
    now: int,
    fresh: Collection[str] | None = None,
) -> None:
    """Make the rows of *configured* devices (name -> driver), held by this server from now on.

    The fence grows with every holder: who had the device before can see that it no longer does.
    With *fresh* only these are begun anew, and the others stay as they are.
    """
    upsert(
        tx, devices,
        [
            {
                "name": name, "driver": driver, "health": "starting", "reason": "",
                "since_ms": now, "fence": 1, "holder": holder,
            }
            for name, driver in sorted(configured.items())
            if fresh is None or name in fresh
        ],
        key=("name",),
        update=lambda new: {
            "driver": new.driver, "holder": new.holder, "fence": devices.c.fence + 1,
            "health": new.health, "reason": new.reason, "since_ms": new.since_ms,
        },
    )  # fmt: skip
    gone = devices.c.name.not_in(list(configured))
    news = gone & ((devices.c.health != "offline") | (devices.c.reason != REMOVED))
    names = list(tx.scalars(select(devices.c.name).where(news).order_by(devices.c.name)))
    away = {"health": "offline", "reason": REMOVED, "since_ms": now}
    tx.execute(update(devices).where(devices.c.name.in_(names)).values(away))
    for name in names:
        emit(tx, DeviceChanged(device=name, health="offline", reason=REMOVED), now=now)
