"""The bench itself: which printers it prints on now, whether they and its scale work."""

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, NamedTuple

from sqlalchemy import Row, Select, bindparam, select

from picking.dialogues.base import Station
from wms.db import Tx
from wms.schema import device_facts, devices, stations

DOWN = ("offline", "fault")  # health of a device that does nothing now
Health = dict[str, tuple[str, str]]
NO_PRINTER = "print.no_printer"


@dataclass(frozen=True, slots=True)
class Bench:
    """Which devices there are and how they are. For the words, see `Facts`."""

    scale: Literal["none", "ready", "down"]
    printer: str
    stopped: str
    slip_printer: str
    paper_stopped: str
    redirected: str
    helper: str
    own_works: bool
    weight_g: int | None


def look(tx: Tx, station: Station) -> Bench:
    """The bench now, with the printers that it uses: its own, or those it was redirected to."""
    rows = {row.code: row for row in tx.execute(_queries().stations)}
    own = rows[station.code]
    used = rows.get(own.redirect, own)
    other = rows.get(own.neighbour)
    names = {name for row in (own, used, other) if row for name in (row.printer, row.slip_printer)}
    health = _health(tx, {*names, own.scale})
    return Bench(
        scale=_scale(own, health), printer=_warning(used, health), stopped=stopped(used, health),
        slip_printer=used.slip_printer, paper_stopped=_down(used.slip_printer, health),
        redirected=used.code if used is not own else "",
        helper=other.code if other is not None and _helps(own, other, health) else "",
        own_works=not _warning(own, health) and not _down(own.slip_printer, health),
        weight_g=_weight(tx, own.scale),
    )  # fmt: skip


def stopped(row: Row[Any], health: Health) -> str:
    """Why the station's label printer can print nothing at all; "" when it can."""
    return _down(row.printer, health) if row.printer else NO_PRINTER


def _helps(own: Row[Any], other: Row[Any], health: Health) -> bool:
    """Whether the neighbour can print what this bench would: labels, and slips if it has any."""
    if other.code == own.code or stopped(other, health):
        return False
    return not own.slip_printer or bool(
        other.slip_printer and not _down(other.slip_printer, health)
    )


def _down(name: str, health: Health) -> str:
    state, reason = health.get(name, ("", ""))
    return (reason or f"board.health.{state}") if state in DOWN else ""


def _warning(row: Row[Any], health: Health) -> str:
    """Why the label printer would not print now: better known before the box is closed."""
    if not row.printer:
        return NO_PRINTER
    state, reason = health.get(row.printer, ("", ""))
    return (reason or state) if state in (*DOWN, "degraded") else ""


def _health(tx: Tx, names: set[str]) -> Health:
    rows = tx.execute(_queries().health, {"names": sorted(names)})
    return {row.name: (row.health, row.reason) for row in rows}


def _scale(row: Row[Any], health: Health) -> Literal["none", "ready", "down"]:
    if not row.scale:
        return "none"
    return "down" if health.get(row.scale, ("", ""))[0] in DOWN else "ready"


def _weight(tx: Tx, scale: str) -> int | None:
    if not scale:
        return None
    text = tx.execute(_queries().weight, {"scale": scale}).scalar()
    return int(text) if text is not None else None


class _Queries(NamedTuple):
    stations: Select[Any]
    health: Select[Any]  # of `names`
    weight: Select[Any]  # the newest of `scale`


@cache
def _queries() -> _Queries:
    """Every scan at a bench asks them twice, so they are built once."""
    of_names = devices.c.name.in_(bindparam("names", expanding=True))
    weight = (
        select(device_facts.c.text)
        .where(device_facts.c.device == bindparam("scale"), device_facts.c.kind == "weight")
        .order_by(device_facts.c.id.desc())
        .limit(1)
    )
    health = select(devices.c.name, devices.c.health, devices.c.reason).where(of_names)
    return _Queries(select(stations), health, weight)
