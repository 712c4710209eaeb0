"""When devices were not at work. What a reader did not see then may have been there all the same:
whoever asks what is missing asks here first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, case, func, insert, select, update

from wms.db import Tx
from wms.schema import device_gaps, devices, tag_reads
from wms.site import calendar

ONLINE = "online"


@dataclass(frozen=True, slots=True)
class Gap:
    """From when until when (None: still), UTC milliseconds; `reason` is a code or words."""

    from_ms: int
    until_ms: int | None
    reason: str = ""


def begin(tx: Tx, *, device: str, from_ms: int, reason: str) -> None:
    """The device is not at work since *from_ms*. One that was away already stays so."""
    if tx.scalar(select(device_gaps.c.id).where(_is_open(device))) is None:
        row = {"device": device, "from_ms": from_ms, "reason": reason}
        tx.execute(insert(device_gaps), row)


def end(tx: Tx, *, device: str, now: int) -> None:
    """It is at work again. A clock that was set back meanwhile ends no gap before it began."""
    until = case((device_gaps.c.from_ms > now, device_gaps.c.from_ms), else_=now)
    tx.execute(update(device_gaps).where(_is_open(device)).values(until_ms=until))


def begin_unseen(tx: Tx, *, names: Sequence[str], now: int) -> None:
    """Nobody knows how *names* were since they were last heard of: the server itself was away."""
    reads = select(func.max(tag_reads.c.last_ms)).where(tag_reads.c.device == devices.c.name)
    query = select(devices, reads.scalar_subquery().label("read_ms")).where(
        devices.c.name.in_(names)
    )
    known = {row.name: row for row in tx.execute(query)}
    for name in names:
        row = known.get(name)
        from_ms = max(row.since_ms, row.read_ms or 0) if row is not None else 0
        begin(tx, device=name, from_ms=min(from_ms, now), reason="")


def note(tx: Tx, rows: Sequence[tuple[str, Gap]]) -> None:
    """Gaps that are over, by device."""
    if rows:
        tx.execute(insert(device_gaps), [
            {"device": device, "from_ms": gap.from_ms, "until_ms": gap.until_ms,
             "reason": gap.reason}
            for device, gap in rows
        ])  # fmt: skip


def _is_open(device: str) -> ColumnElement[bool]:
    return (device_gaps.c.device == device) & device_gaps.c.until_ms.is_(None)


def of(tx: Tx, device: str, *, since_ms: int, now: int) -> tuple[Gap, ...]:
    """When *device* was not at work since *since_ms*, oldest first. () when it always was, or when
    it is no device of this site."""
    row: Any = tx.execute(select(devices).where(devices.c.name == device)).first()
    overlaps = (device_gaps.c.from_ms <= now) & (
        device_gaps.c.until_ms.is_(None) | (device_gaps.c.until_ms > since_ms)
    )
    query = select(device_gaps).where(device_gaps.c.device == device, overlaps)
    found = [
        Gap(one.from_ms, one.until_ms, one.reason)
        for one in tx.execute(query.order_by(device_gaps.c.from_ms, device_gaps.c.id))
    ]
    if row is None:
        return tuple(found)
    if row.health != ONLINE and all(gap.until_ms is not None for gap in found):
        found.append(Gap(row.since_ms, None, row.reason))
    if row.health == ONLINE and row.since_ms > since_ms and not found:
        found.append(Gap(0, row.since_ms))
    return tuple(found)


def span(gaps: Sequence[Gap], zone: ZoneInfo, *, since_ms: int) -> str:
    """From when to when nobody knows, on the clock of *zone*: "14:02:07-14:03:10", "14:02:07-"."""
    if not gaps:
        return ""
    first = max(since_ms, min(gap.from_ms for gap in gaps))
    ends = [gap.until_ms for gap in gaps]
    last = "" if None in ends else _clock(max(end or 0 for end in ends), zone)
    return f"{_clock(first, zone)}-{last}"


def _clock(at_ms: int, zone: ZoneInfo) -> str:
    return f"{calendar.local_time(at_ms, zone):%H:%M:%S}"
