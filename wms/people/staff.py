"""People: badge, PIN and what they may do. Nothing that opens a door is stored readable.

A badge is a random token (never the employee number): only its SHA-256 is kept. A PIN is the
second factor: argon2id over an HMAC with a pepper that lives outside the database, so a stolen
database alone gives no PIN away.
"""

import hashlib
import hmac
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import ColumnElement, Row, Select, bindparam, insert, select, update

from wms.db import Tx
from wms.errors import Code, Rejected
from wms.messages import Language
from wms.schema import people, person_roles, roles, tasks, terminals
from wms.text import shown

# A dialogue is named like the permission that it needs; the verbs below it are asked for inside.
DIALOGUES = (
    "pick", "pack", "ship", "task", "receive", "putaway", "replenish", "sort", "returns", "count",
    "move", "work", "look",
)  # fmt: skip
VERBS = ("receive_blind", "bind_barcode")
# What a second badge, with its PIN, says yes to at the point of work.
APPROVALS = ("approve_count", "approve_short", "approve_disposal")
PERMISSIONS = (*DIALOGUES, *VERBS, *APPROVALS, "lead")
FAILURES_MAX = 5  # then locked, for twice as long each time
LOCK_S_MIN = 30
LOCK_S_MAX = 15 * 60
PIN_DIGITS_MIN = 6


@dataclass(frozen=True, slots=True)
class Person:
    """Someone with a badge. One who has left is not `active`: the badge opens nothing.

    `permissions` are all that they may do at all, by themselves or by a role; `limited` are those
    of them that they have for the goods of some owners only, with these owners.
    """

    id: int
    code: str
    name: str
    permissions: frozenset[str]
    language: Language
    has_pin: bool
    active: bool
    limited: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def may(self, verb: str, owner: str = "") -> bool:
        """Whether they may do *verb* with the goods of *owner*; "" = with everybody's."""
        allowed = verb in self.permissions
        return allowed and (verb not in self.limited or owner in self.limited[verb])


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def badge_hash(token: str) -> str:
    """What is stored of a badge: the SHA-256 of its token, as hex."""
    return hashlib.sha256(token.encode()).hexdigest()


def pin_hash(pin: str, pepper: str) -> str:
    """What is stored of a PIN. Refuses `PIN_WEAK` unless it is at least six digits."""
    if not (pin.isascii() and pin.isdigit() and len(pin) >= PIN_DIGITS_MIN):
        raise Rejected(Code.PIN_WEAK, digits=PIN_DIGITS_MIN)
    return _hasher().hash(_peppered(pin, pepper))


def add(
    tx: Tx, *, code: str, name: str, badge: str, permissions: tuple[str, ...],
    language: Literal["ja", "en"] = "ja", pin: str = "", pepper: str = "",
) -> int:  # fmt: skip
    """Add a person.

    Refuses `PERMISSION_UNKNOWN`, `PIN_WEAK`, and a missing PIN of leads and of whoever approves.
    """
    refuse_unknown(permissions)
    if not pin and {"lead", *APPROVALS}.intersection(permissions):
        raise Rejected(Code.PIN_WEAK, digits=PIN_DIGITS_MIN)
    row = {
        "code": code, "name": name, "badge_hash": badge_hash(badge), "language": language,
        "pin_hash": pin_hash(pin, pepper) if pin else "",
        "permissions": verbs_stored(permissions),
    }  # fmt: skip
    return int(tx.execute(insert(people).values(row).returning(people.c.id)).scalar_one())


def refuse_unknown(permissions: Sequence[str]) -> None:
    """Refuse `PERMISSION_UNKNOWN` where one of *permissions* means nothing."""
    unknown = [verb for verb in permissions if verb not in PERMISSIONS]
    if unknown:
        raise Rejected(Code.PERMISSION_UNKNOWN, permission=unknown[0], known=", ".join(PERMISSIONS))


def of_code(tx: Tx, code: str) -> Person:
    """The person with this number (E042). Refuses `REFERENCE_UNKNOWN`."""
    found = _found(tx, people.c.code == code)
    if found is None:
        raise Rejected(Code.REFERENCE_UNKNOWN, field="person", value=shown(code))
    return found


def end(tx: Tx, *, code: str) -> int:
    """End a badge at once, lost or left behind: nobody is signed in with it any more, and what its
    owner had claimed of tasks is open to others. Returns how many tasks that were."""
    person = of_code(tx, code)
    tx.execute(update(people).where(people.c.id == person.id).values(active=0))
    _sign_off(tx, person.id)
    mine = (tasks.c.person_id == person.id) & (tasks.c.state == "claimed")
    free = {"state": "open", "person_id": None, "claimed_ms": None}
    return tx.execute(update(tasks).where(mine).values(free)).rowcount


def new_badge(tx: Tx, *, code: str, badge: str) -> None:
    """Give a person a new badge: the old one opens nothing from now on. Their work stays theirs."""
    person = of_code(tx, code)
    fresh = {"badge_hash": badge_hash(badge), "active": 1, "failures": 0, "locked_until_ms": 0}
    tx.execute(update(people).where(people.c.id == person.id).values(fresh))
    _sign_off(tx, person.id)


def new_pin(tx: Tx, *, code: str, pin: str, pepper: str) -> None:
    """Set a person's PIN. Refuses `PIN_WEAK`."""
    person = of_code(tx, code)
    fresh = {"pin_hash": pin_hash(pin, pepper), "failures": 0, "locked_until_ms": 0}
    tx.execute(update(people).where(people.c.id == person.id).values(fresh))


def _sign_off(tx: Tx, person: int) -> None:
    gone = {"person_id": None, "state": "{}", "version": terminals.c.version + 1}
    tx.execute(update(terminals).where(terminals.c.person_id == person).values(gone))


def by_badge(tx: Tx, token: str) -> Person | None:
    """The active person whose badge this is."""
    mine = (people.c.badge_hash == badge_hash(token)) & (people.c.active == 1)
    return _found(tx, mine)


def by_id(tx: Tx, person: int) -> Person:
    """The person with this id (which we stored ourselves)."""
    rows = tx.execute(_of_id(), {"person": person}).all()
    assert rows, person
    return _person(rows)


def may(tx: Tx, person: int, verb: str, owner: str = "") -> bool:
    """Whether *person* may do *verb* with the goods of *owner* ("" = everybody's) at this moment.

    It reads the book: what was taken away a moment ago is gone. Who has left may nothing.
    """
    found = by_id(tx, person)
    return found.active and found.may(verb, owner)


def must(tx: Tx, person: int, verb: str, owner: str = "") -> None:
    """Refuse `PERMISSION_MISSING`, naming *verb* and *owner*, unless `may`."""
    if not may(tx, person, verb, owner):
        raise Rejected(Code.PERMISSION_MISSING, permission=f"{verb} {owner}".strip())


def check_pin(tx: Tx, person: int, pin: str, *, pepper: str, now: int) -> bool:
    """Whether *pin* is right. Counts failures and locks the badge after five of them.

    Refuses `BADGE_LOCKED` while it is locked, without looking at the PIN.
    """
    row = tx.execute(select(people).where(people.c.id == person).with_for_update()).one()
    if row.locked_until_ms > now:
        raise Rejected(Code.BADGE_LOCKED, seconds=_seconds(row.locked_until_ms - now))
    right = _verify(row.pin_hash, pin, pepper)
    failures = 0 if right else row.failures + 1
    locked_until = 0
    if failures >= FAILURES_MAX:
        pause_s = min(LOCK_S_MIN * 2 ** (failures - FAILURES_MAX), LOCK_S_MAX)
        locked_until = now + pause_s * 1000
    changed = {"failures": failures, "locked_until_ms": locked_until}
    tx.execute(update(people).where(people.c.id == person).values(changed))
    return right


def locked_s(tx: Tx, person: int, *, now: int) -> int:
    """For how many seconds more the badge of *person* is locked; 0 when it is not."""
    query = select(people.c.locked_until_ms).where(people.c.id == person)
    until: int = tx.execute(query).scalar_one()
    return _seconds(max(until - now, 0))


def _seconds(wait_ms: int) -> int:
    return -(-wait_ms // 1000)


def set_language(tx: Tx, person: int, language: Language) -> None:
    """Remember the language in which *person* reads screens."""
    tx.execute(update(people).where(people.c.id == person).values(language=language))


def _verify(stored: str, pin: str, pepper: str) -> bool:
    try:
        return _hasher().verify(stored, _peppered(pin, pepper))
    except (VerificationError, InvalidHashError):
        return False


def _peppered(pin: str, pepper: str) -> str:
    return hmac.new(pepper.encode(), pin.encode(), hashlib.sha256).hexdigest()


def _found(tx: Tx, which: ColumnElement[bool]) -> Person | None:
    """The one person of *which*, with what each of their roles allows."""
    rows = tx.execute(_with_roles().where(which)).all()
    return _person(rows) if rows else None


@cache
def _with_roles() -> Select[Any]:
    return (
        select(people, roles.c.permissions.label("of_role"), person_roles.c.owner)
        .outerjoin(person_roles, person_roles.c.person_id == people.c.id)
        .outerjoin(roles, roles.c.code == person_roles.c.role)
    )


@cache
def _of_id() -> Select[Any]:
    """Every scan asks who it is several times, so this is built once."""
    return _with_roles().where(people.c.id == bindparam("person"))


def _person(rows: Sequence[Row[Any]]) -> Person:
    row = rows[0]
    owners: defaultdict[str, set[str]] = defaultdict(set)  # of each verb; "" = everybody's goods
    for verb in verbs_of(row.permissions):
        owners[verb].add("")
    for each in rows:
        if each.of_role is not None:
            for verb in verbs_of(each.of_role):
                owners[verb].add(each.owner)
    limited = {verb: frozenset(only) for verb, only in owners.items() if "" not in only}
    return Person(
        row.id, row.code, row.name, frozenset(owners), row.language, bool(row.pin_hash),
        bool(row.active), limited,
    )  # fmt: skip


def verbs_stored(permissions: Sequence[str]) -> str:
    """What a `permissions` column holds of these verbs."""
    return msgspec.json.encode(sorted(permissions)).decode()


def verbs_of(stored: str) -> list[str]:
    """The verbs of a `permissions` column; a role that was made without any has none."""
    return [] if stored == "{}" else msgspec.json.decode(stored, type=list[str])
