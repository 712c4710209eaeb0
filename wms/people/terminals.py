"""Terminals: what a handheld or a bench screen is, and the token with which it signs on."""

import base64
import re
from dataclasses import dataclass

from sqlalchemy import insert, select, update

from wms.db import Tx
from wms.errors import Code, Rejected
from wms.messages import Language
from wms.people.tokens import token_hash
from wms.schema import devices, people, stations, terminals
from wms.text import code, shown

PREFIX = "genba_term_"
RANDOM_BYTES = 32
NAME = "^[A-Za-z0-9._-]+$"
NAME_CHARACTERS_MAX = 40
# A badge is locked after a few wrong PINs; who tries one PIN on many badges is stopped by these.
WRONG_PINS_MAX = 10  # at one terminal, whoever's badges they were for
FORGOTTEN_S = 90  # then one more is allowed each time that this has passed


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """A terminal as the book knows it: everything but its token. `person` "": nobody is there."""

    id: str
    station: str
    scanner: str
    person: str
    seen_ms: int
    revoked: bool


def add(
    tx: Tx, *, terminal: str, random: bytes, now: int, station: str = "", scanner: str = "",
    language: Language = "ja",
) -> str:  # fmt: skip
    """Make *terminal* known, at a *station* or (without one) in somebody's hand. Returns its token.

    The token is shown only now. One that was revoked comes back with a new token. *random* are 32
    bytes nobody can guess. Refuses a name in use, an unknown station and an unknown scanner.
    """
    assert len(random) == RANDOM_BYTES
    if not re.fullmatch(NAME, code(terminal, field="terminal", max=NAME_CHARACTERS_MAX)):
        raise Rejected(Code.FIELD_PATTERN, field="terminal")
    for field, name, column in (
        ("station", station, stations.c.code), ("scanner", scanner, devices.c.name),
    ):  # fmt: skip
        if name and tx.execute(select(column).where(column == name)).first() is None:
            raise Rejected(Code.REFERENCE_UNKNOWN, field=field, value=shown(name))
    secret = PREFIX + base64.urlsafe_b64encode(random).rstrip(b"=").decode()
    row = {
        "token_hash": token_hash(secret), "station": station, "scanner": scanner,
        "language": language, "seen_ms": now,
    }  # fmt: skip
    known = select(terminals.c.token_hash).where(terminals.c.id == terminal).with_for_update()
    before = tx.execute(known).scalar()
    if before:
        raise Rejected(Code.ROW_TWICE, field="terminal", value=shown(terminal))
    if before is None:
        tx.execute(insert(terminals).values(id=terminal, **row))
    else:
        tx.execute(update(terminals).where(terminals.c.id == terminal).values(row))
    return secret


def revoke(tx: Tx, terminal: str) -> None:
    """End a terminal's token at once; whoever is signed on there goes on elsewhere.

    Refuses a terminal that is unknown.
    """
    gone = {"token_hash": "", "person_id": None, "state": "{}", "version": terminals.c.version + 1}
    if tx.execute(update(terminals).where(terminals.c.id == terminal).values(gone)).rowcount == 0:
        raise Rejected(Code.REFERENCE_UNKNOWN, field="terminal", value=shown(terminal))


def all_terminals(tx: Tx) -> list[Terminal]:
    """Every terminal, by name."""
    query = (
        select(terminals, people.c.name.label("person"))
        .outerjoin(people, people.c.id == terminals.c.person_id)
        .order_by(terminals.c.id)
    )
    return [
        Terminal(
            id=row.id, station=row.station, scanner=row.scanner, person=row.person or "",
            seen_ms=row.seen_ms, revoked=not row.token_hash,
        )
        for row in tx.execute(query)
    ]  # fmt: skip


def refuse_paused(tx: Tx, terminal: str, *, now: int) -> None:
    """Refuse `TERMINAL_PAUSED` where so many wrong PINs were keyed of late that no other counts."""
    until = tx.execute(select(terminals.c.pins_forgotten_ms).where(terminals.c.id == terminal))
    wait_ms = until.scalar_one() - now - (WRONG_PINS_MAX - 1) * FORGOTTEN_S * 1_000
    if wait_ms > 0:
        raise Rejected(Code.TERMINAL_PAUSED, seconds=-(-wait_ms // 1_000))


def wrong_pin(tx: Tx, terminal: str, *, now: int) -> None:
    """One more wrong PIN was keyed at *terminal*; a right one does not make up for it."""
    here = terminals.c.id == terminal
    until = tx.execute(select(terminals.c.pins_forgotten_ms).where(here)).scalar_one()
    longer = max(until, now) + FORGOTTEN_S * 1_000
    tx.execute(update(terminals).where(here).values(pins_forgotten_ms=longer))
