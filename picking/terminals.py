"""Terminals and who is at them: one person at one terminal, and the work follows the person."""

from functools import cache
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Row, Select, bindparam, select, update

from picking.dialogues import sign_in
from picking.dialogues.base import Say, Seen, Station, Who
from wms.db import Tx, insert_once
from wms.errors import Code
from wms.messages import Language
from wms.people import staff
from wms.people.staff import Person
from wms.schema import people as people_table
from wms.schema import scans, sessions, stations, terminals
from wms.site.calendar import business_day


def read(tx: Tx, terminal: str, *, lock: bool = False) -> Row[Any] | None:
    """The row of *terminal*; with *lock* its inputs take turns."""
    return tx.execute(_row(lock), {"terminal": terminal}).first()


@cache
def _row(lock: bool) -> Select[Any]:
    """Every input asks so several times: it is built once."""
    query = select(terminals).where(terminals.c.id == bindparam("terminal"))
    return query.with_for_update() if lock else query


def taken(tx: Tx, terminal: str, scan_id: str) -> Row[Any] | None:
    """The journal's line of an input that was taken before."""
    return tx.execute(_taken(), {"terminal": terminal, "scan": scan_id}).first()


@cache
def _taken() -> Select[Any]:
    mine = scans.c.terminal_id == bindparam("terminal")
    return select(scans).where(mine, scans.c.scan_id == bindparam("scan"))


def session_of(tx: Tx, person: int, *, lock: bool = False) -> Row[Any]:
    """The conversation of *person*; with *lock* whoever changes it takes turns."""
    return tx.execute(_session(lock), {"person": person}).one()


@cache
def _session(lock: bool) -> Select[Any]:
    query = select(sessions).where(sessions.c.person_id == bindparam("person"))
    return query.with_for_update() if lock else query


def change(tx: Tx, terminal: str, **values: Any) -> int:
    """Change the terminal's row; its version grows, so that whoever shows it looks again. Returns
    the version."""
    values["version"] = terminals.c.version + 1
    changed = update(terminals).where(terminals.c.id == terminal).values(values)
    return int(tx.execute(changed.returning(terminals.c.version)).scalar_one())


def leave(tx: Tx, terminal: str, why: sign_in.Why = "") -> None:
    """Nobody is at *terminal* any more. Their session, and so their task, stays as it is."""
    state = msgspec.json.encode(sign_in.State(why=why)).decode()
    change(tx, terminal, person_id=None, state=state)


def enter(tx: Tx, row: Row[Any], person: Person, *, mark: str, now: int) -> None:
    """Sign *person* in at the terminal of *row*; any other terminal of theirs lets go.

    The session goes on where it was. *mark* is of the badge's scan: its bounce means nothing.
    """
    elsewhere = (terminals.c.person_id == person.id) & (terminals.c.id != row.id)
    for terminal in tx.scalars(select(terminals.c.id).where(elsewhere)).all():
        leave(tx, terminal, "elsewhere")
    change(tx, row.id, person_id=person.id, state="{}", language=person.language, seen_ms=now)
    fresh = {
        "person_id": person.id, "dialogue": "menu", "state": "{}", "prompted_ms": now,
        "updated_ms": now,
    }  # fmt: skip
    insert_once(tx, sessions, fresh)
    mine = update(sessions).where(sessions.c.person_id == person.id)
    tx.execute(mine.values(last_text=mark, last_ms=now, last_clock_ms=None, moved=""))


def why_out(tx: Tx, row: Row[Any], *, idle_ms: int, now: int) -> sign_in.Why | None:
    """Why the person at this terminal is no longer in; None while they are, or nobody is."""
    if row.person_id is None:
        return None
    if now - row.seen_ms > idle_ms:
        return "idle"
    return None if tx.execute(_active(), {"person": row.person_id}).scalar_one() else ""


@cache
def _active() -> Select[int]:
    return select(people_table.c.active).where(people_table.c.id == bindparam("person"))


def sign_in_state(row: Row[Any]) -> sign_in.State:
    """Where the sign-in at this terminal stands."""
    try:
        return msgspec.json.decode(row.state, type=sign_in.State)
    except msgspec.ValidationError:  # of an older version of this program
        return sign_in.State()


def who_is_at(
    tx: Tx, row: Row[Any], *, key: str, now: int, zone: ZoneInfo, rng: Random, pepper: str = ""
) -> Who:  # fmt: skip
    """The worker at the terminal of *row*, and where that terminal stands."""
    station = None
    if row.station:
        found = tx.execute(_station(), {"station": row.station}).first()
        if found is not None:
            station = Station(
                found.code, found.kind, found.place, printer=found.printer,
                slip_printer=found.slip_printer, scale=found.scale, reader=found.reader,
            )  # fmt: skip
    person = staff.by_id(tx, row.person_id)
    today = business_day(now, zone).isoformat()
    return Who(person, row.id, station, now, today, zone, rng, key, pepper)


@cache
def _station() -> Select[Any]:
    return select(stations).where(stations.c.code == bindparam("station"))


def or_whose_work(tx: Tx, who: Who, seen: Seen, said: Say | None) -> Say | None:
    """The answer to an input that led to nothing: *said*, but to a badge whose work this is, and
    how somebody else gets to theirs. A screen that has a use for badges has effects."""
    if seen.kind != "badge":
        return said
    if not seen.id:
        return Say(Code.BADGE_UNKNOWN, "error")
    params: dict[str, str | int] = {"name": who.person.name}
    if seen.id == who.person.id:
        return Say("badge.is_yours", "attention", params=params)
    scanned = staff.by_id(tx, seen.id).name
    return Say("badge.in_use", "error", scanned=scanned, params=params)


def other_language(language: str) -> Language:
    """
    >>> other_language("ja")
    'en'
    """
    return "en" if language == "ja" else "ja"
