"""What devices say, as rows: scans and weights are facts in order, states replace one another.

Rooms meet only in rows: the floor reads `device_facts` with a cursor of its own; tag reads are
kept as they are now, and when a reader may have missed some is kept for good.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

import structlog
from sqlalchemy import bindparam, case, insert, select, update
from sqlalchemy.exc import DBAPIError

from devices import box_counts
from devices.capabilities import Health
from devices.patience import Policy
from devices.signal_queue import SignalQueue
from devices.supervisor import REMOVED, SILENT
from wms.db import Book, Tx, upsert
from wms.record.event_kinds import DeviceChanged
from wms.record.events import emit
from wms.rooms import gaps
from wms.rooms.signals import (
    ReaderBlind,
    RobotState,
    Scan,
    Signal,
    TagGone,
    TagPassed,
    TagSeen,
    Weight,
    ZoneSeen,
)
from wms.schema import device_facts, devices, tag_reads
from wms.site import tags
from wms.text import storable

log = structlog.get_logger(__name__)

BATCH = 2_000  # a full gate shows a thousand tags a second
ZONE_EVERY_MS = 10_000  # a zone that stays as it is says so again: the gap is known when it stops
WEIGHT_STEP_G = 3  # a stable weight is a fact again when it moved by this much
TAGS_EVERY_S = 0.2  # tag reads come by the thousand; they are written this often
SCALES_EVERY_S = 0.02
RETRY_S = 0.5
SILENCE_MS = int(Policy().liveness_s * 1000)  # so late it is noticed that a device fell silent


@dataclass(frozen=True, slots=True)
class Heard:
    """A signal and when it came: triggers that bounce are told apart by their own time."""

    at_ms: int
    signal: Signal


@dataclass(slots=True)
class Memory:
    """What was written last, so that only changes are: weights by scale, looks by zone."""

    weights: dict[str, int] = field(default_factory=dict)
    zones: dict[tuple[str, str], "Heard"] = field(default_factory=dict)

    def knows(self, at_ms: int, look: ZoneSeen) -> bool:
        """Whether *look* is the one that was written last, not long ago."""
        last = self.zones.get((look.device, look.zone))
        same = last is not None and last.signal == look
        return same and last is not None and 0 <= at_ms - last.at_ms < ZONE_EVERY_MS


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
    _record_passed(tx, heard)
    read = {one.signal.epc for one in heard if isinstance(one.signal, TagSeen)}
    tags.seen(tx, epcs=read, now=max((one.at_ms for one in heard), default=0))
    _record_gone(tx, heard)
    looks = [(one.at_ms, one.signal) for one in heard if isinstance(one.signal, ZoneSeen)]
    box_counts.record(tx, looks)
    gaps.note(tx, [
        (one.signal.device, gaps.Gap(one.at_ms - one.signal.ms, one.at_ms, one.signal.reason))
        for one in heard
        if isinstance(one.signal, ReaderBlind)
    ])  # fmt: skip


def _record_tags(tx: Tx, seen: Sequence[tuple[int, TagSeen]]) -> None:
    """One row a tag and reader: reads add up, the newest strength is the strongest of the batch."""
    found: dict[tuple[str, str], list[tuple[int, TagSeen]]] = {}
    for at_ms, tag in seen:
        found.setdefault((tag.device, tag.epc), []).append((at_ms, tag))
    rows = []
    for (device, epc), reads in sorted(found.items()):
        strongest = max((tag for _, tag in reads), key=lambda tag: tag.rssi)
        rows.append({
            "device": device, "epc": epc, "first_ms": reads[0][0], "last_ms": reads[-1][0],
            "count": sum(tag.count for _, tag in reads), "rssi": strongest.rssi,
            "antenna": strongest.antenna, "way": "by" if reads[-1][1].beside else "",
        })  # fmt: skip
    upsert(
        tx, tag_reads, rows, key=("device", "epc"),
        update=lambda new: {
            "last_ms": new.last_ms, "count": tag_reads.c.count + new.count, "rssi": new.rssi,
            "antenna": new.antenna, "gone_ms": 0,
            # Which way it went last stays known, wherever it stands since.
            "way": case((tag_reads.c.passed_ms > 0, tag_reads.c.way), else_=new.way),
        },
    )  # fmt: skip


def _record_passed(tx: Tx, heard: Sequence[Heard]) -> None:
    """The last time that each tag went through a door."""
    rows = {
        (tag.device, tag.epc): {
            "device": tag.device, "epc": tag.epc, "first_ms": one.at_ms, "last_ms": one.at_ms,
            "rssi": tag.rssi, "antenna": tag.antenna, "way": tag.way, "passed_ms": one.at_ms,
        }
        for one in heard
        if isinstance(tag := one.signal, TagPassed)
    }  # fmt: skip
    upsert(
        tx, tag_reads, [rows[key] for key in sorted(rows)], key=("device", "epc"),
        update=lambda new: {
            "last_ms": new.last_ms, "way": new.way, "passed_ms": new.passed_ms, "gone_ms": 0,
        },
    )  # fmt: skip


def _record_gone(tx: Tx, heard: Sequence[Heard]) -> None:
    """Tags whose last word was that they are gone."""
    gone: dict[tuple[str, str], int] = {}
    for one in heard:
        if isinstance(one.signal, TagGone):
            gone[one.signal.device, one.signal.epc] = one.at_ms
        elif isinstance(one.signal, TagSeen | TagPassed):
            gone.pop((one.signal.device, one.signal.epc), None)
    if gone:
        mine = (tag_reads.c.device == bindparam("reader")) & (tag_reads.c.epc == bindparam("tag"))
        tx.execute(
            update(tag_reads).where(mine).values(gone_ms=bindparam("at_ms")),
            [{"reader": device, "tag": epc, "at_ms": at_ms}
             for (device, epc), at_ms in sorted(gone.items())],
        )  # fmt: skip


def worth_writing(heard: Iterable[Heard], memory: Memory) -> list[Heard]:
    """Drop what says nothing new: unstable and unchanged weights, zones as they were; robots'
    states, which whoever conducts a robot writes."""
    kept: list[Heard] = []
    for one in heard:
        signal = one.signal
        if isinstance(signal, Weight):
            last = memory.weights.get(signal.device)
            moved = last is None or abs(signal.grams - last) >= WEIGHT_STEP_G
            if not signal.stable or not moved:
                continue
            memory.weights[signal.device] = signal.grams
        if isinstance(signal, ZoneSeen):
            if memory.knows(one.at_ms, signal):
                continue
            memory.zones[signal.device, signal.zone] = one
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
    if health is Health.ONLINE:
        gaps.end(tx, device=device, now=now)
    elif row.health == Health.ONLINE:
        silent_ms = SILENCE_MS if reason == SILENT else 0
        gaps.begin(tx, device=device, from_ms=now - silent_ms, reason=reason)
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
    begun = [name for name in sorted(configured) if fresh is None or name in fresh]
    gaps.begin_unseen(tx, names=begun, now=now)
    box_counts.forget(tx, devices=begun, other=fresh is not None)
    upsert(
        tx, devices,
        [
            {
                "name": name, "driver": configured[name], "health": "starting", "reason": "",
                "since_ms": now, "fence": 1, "holder": holder,
            }
            for name in begun
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
