"""What devices say, as rows: scans and weights are facts in order, states replace one another.

Rooms meet only in rows: the floor reads `device_facts` with a cursor of its own; tag reads are
kept as they are now.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from sqlalchemy import insert, select, update

from devices.capabilities import Health
from devices.signal_queue import SignalQueue
from wms.db import Book, Tx, upsert
from wms.events import DeviceChanged, emit
from wms.schema import device_facts, devices, tag_reads
from wms.signals import RobotState, Scan, Signal, TagSeen, Weight

BATCH = 200
WEIGHT_STEP_G = 3  # a stable weight is a fact again when it moved by this much
TAGS_EVERY_S = 0.2  # tag reads come by the thousand; they are written this often


@dataclass(slots=True)
class Memory:
    """What was written last, so that only changes are: weights by scale."""

    weights: dict[str, int] = field(default_factory=dict)


def record(tx: Tx, *, signals: Sequence[Signal], now: int) -> None:
    """Write a batch of signals: facts in their order, then which tags are seen."""
    facts = [
        {
            "device": signal.device, "at_ms": now,
            "kind": "scan" if isinstance(signal, Scan) else "weight",
            "text": signal.text if isinstance(signal, Scan) else str(signal.grams),
        }
        for signal in signals
        if isinstance(signal, Scan | Weight)
    ]  # fmt: skip
    if facts:
        tx.execute(insert(device_facts), facts)
    _record_tags(tx, [signal for signal in signals if isinstance(signal, TagSeen)], now)


def _record_tags(tx: Tx, seen: Sequence[TagSeen], now: int) -> None:
    rows: dict[tuple[str, str], dict[str, object]] = {}
    for tag in seen:
        row = rows.setdefault((tag.device, tag.epc), {
            "device": tag.device, "epc": tag.epc, "first_ms": now, "last_ms": now, "count": 0,
            "rssi": tag.rssi,
        })  # fmt: skip
        row["count"] = int(str(row["count"])) + tag.count
        row["rssi"] = max(int(str(row["rssi"])), tag.rssi)
    upsert(
        tx, tag_reads, [rows[key] for key in sorted(rows)], key=("device", "epc"),
        update=lambda new: {
            "last_ms": new.last_ms, "count": tag_reads.c.count + new.count, "rssi": new.rssi,
        },
    )  # fmt: skip


def worth_writing(signals: Iterable[Signal], memory: Memory) -> list[Signal]:
    """Drop what says nothing new: unstable and unchanged weights; robots' states, which whoever
    conducts a robot writes."""
    kept: list[Signal] = []
    for signal in signals:
        if isinstance(signal, Weight):
            last = memory.weights.get(signal.device)
            moved = last is None or abs(signal.grams - last) >= WEIGHT_STEP_G
            if not signal.stable or not moved:
                continue
            memory.weights[signal.device] = signal.grams
        if not isinstance(signal, RobotState):
            kept.append(signal)
    return kept


async def run(book: Book, queue: SignalQueue, *, now: Callable[[], int]) -> None:
    """Take signals from the drivers' queue and write them, batch after batch, until cancelled."""
    memory = Memory()
    while True:
        fresh = worth_writing(await _batch(queue), memory)
        if fresh:
            await book.write(record, signals=fresh, now=now())


async def _batch(queue: SignalQueue) -> list[Signal]:
    """What came within a moment; a scan ends the moment, as a hand waits for its answer."""
    batch: list[Signal] = [await queue.get()]
    with suppress(TimeoutError):
        async with asyncio.timeout(TAGS_EVERY_S):
            while len(batch) < BATCH and isinstance(batch[-1], TagSeen):
                batch.append(await queue.get())
    return batch


def record_health(tx: Tx, *, device: str, health: Health, reason: str, now: int) -> None:
    """A device's health changed: its row and, when it differs from before, an event."""
    row = tx.execute(select(devices).where(devices.c.name == device).with_for_update()).first()
    if row is None or (row.health, row.reason) == (health, reason):
        return
    changed = {"health": str(health), "reason": reason, "since_ms": now}
    tx.execute(update(devices).where(devices.c.name == device).values(changed))
    emit(tx, DeviceChanged(device=device, health=str(health), reason=reason), now=now)


def register(tx: Tx, *, configured: dict[str, str], holder: str, now: int) -> None:
    """Make the rows of *configured* devices (name -> driver), held by this server from now on.

    The fence grows with every holder: who had the device before can see that it no longer does.
    """
    upsert(
        tx, devices,
        [
            {
                "name": name, "driver": driver, "health": "starting", "reason": "",
                "since_ms": now, "fence": 1, "holder": holder,
            }
            for name, driver in sorted(configured.items())
        ],
        key=("name",),
        update=lambda new: {
            "driver": new.driver, "holder": new.holder, "fence": devices.c.fence + 1,
            "health": new.health, "reason": new.reason, "since_ms": new.since_ms,
        },
    )  # fmt: skip
    gone = devices.c.name.not_in(list(configured))
    tx.execute(update(devices).where(gone).values(health="offline", reason="device.not_configured"))
