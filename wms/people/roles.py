"""Roles: what a kind of worker may do, given to people for everybody's goods or for one owner's.

A permission is held by a person themselves (then for every owner's goods) or by a role. What is
given or taken here is so from the next input on: each reads it anew, inside its transaction.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select, update

from wms.db import Tx, insert_once, upsert
from wms.errors import Code, Rejected
from wms.people import staff as people
from wms.people.staff import APPROVALS, PERMISSIONS, Person
from wms.schema import owners, person_roles, roles
from wms.schema import people as people_table
from wms.text import clean, shown
from wms.text import code as code_text

NAME = "^[A-Za-z0-9._-]+$"
NAME_CHARACTERS_MAX = 40


@dataclass(frozen=True, slots=True)
class Role:
    """A role, and how many have it."""

    code: str
    name: str
    permissions: tuple[str, ...]
    people: int


@dataclass(frozen=True, slots=True)
class Grant:
    """A person's role; `owner` "" is for everybody's goods."""

    person: str
    role: str
    owner: str


def put(tx: Tx, *, code: str, permissions: Sequence[str], name: str = "") -> bool:
    """Make or change a role. True when it is new.

    Refuses `PERMISSION_UNKNOWN`, a code that is a permission's (`ROW_TWICE`), and verbs that need a
    PIN while somebody without one has the role (`APPROVAL_PIN`).
    """
    if not re.fullmatch(NAME, code_text(code, field="role", max=NAME_CHARACTERS_MAX)):
        raise Rejected(Code.FIELD_PATTERN, field="role")
    if code in PERMISSIONS:
        raise Rejected(Code.ROW_TWICE, field="role", value=code)
    people.refuse_unknown(permissions)
    if needs_pin(permissions):
        bare = (
            select(people_table.c.name)
            .join(person_roles, person_roles.c.person_id == people_table.c.id)
            .where(person_roles.c.role == code, people_table.c.pin_hash == "")
        )
        if (who := tx.execute(bare.limit(1)).scalar()) is not None:
            raise Rejected(Code.APPROVAL_PIN, name=who)
    fresh = tx.execute(select(roles.c.code).where(roles.c.code == code)).first() is None
    row = {
        "code": code, "name": clean(name, field="name", max=100),
        "permissions": people.verbs_stored(permissions),
    }  # fmt: skip
    changed = {"name": row["name"], "permissions": row["permissions"]}
    upsert(tx, roles, [row], key=("code",), update=lambda _new: changed)
    return fresh


def needs_pin(permissions: Sequence[str]) -> bool:
    """Whether one of *permissions* is nothing for a badge alone."""
    return not {"lead", *APPROVALS}.isdisjoint(permissions)


def listed(tx: Tx) -> list[Role]:
    """Every role, by code."""
    held: dict[str, set[str]] = {}
    for grant in granted(tx):
        held.setdefault(grant.role, set()).add(grant.person)
    return [
        Role(row.code, row.name, tuple(people.verbs_of(row.permissions)),
             len(held.get(row.code, ())))
        for row in tx.execute(select(roles).order_by(roles.c.code))
    ]  # fmt: skip


def granted(tx: Tx) -> list[Grant]:
    """Who has which role, by person, role and owner."""
    query = (
        select(people_table.c.code, person_roles.c.role, person_roles.c.owner)
        .join(people_table, people_table.c.id == person_roles.c.person_id)
        .order_by(people_table.c.code, person_roles.c.role, person_roles.c.owner)
    )
    return [Grant(row.code, row.role, row.owner) for row in tx.execute(query)]


def grant(tx: Tx, *, person: str, what: str, owner: str = "") -> bool:
    """Give the person with this code a role, for everybody's goods or for one *owner*'s; or a
    permission of their own, which is for everybody's. False when they had it.

    Refuses `REFERENCE_UNKNOWN`, and what needs a PIN to a person without one (`APPROVAL_PIN`).
    """
    found = people.of_code(tx, person)
    verbs = _verbs(tx, what, owner)
    if needs_pin(verbs) and not found.has_pin:
        raise Rejected(Code.APPROVAL_PIN, name=found.name)
    if what in PERMISSIONS:
        return _personal(tx, found, what, given=True)
    return insert_once(
        tx, person_roles, {"person_id": found.id, "role": what, "owner": owner}
    )  # fmt: skip


def revoke(tx: Tx, *, person: str, what: str, owner: str = "") -> bool:
    """Take back what `grant` gave, for that *owner*. False when they did not have it."""
    found = people.of_code(tx, person)
    _verbs(tx, what, owner)
    if what in PERMISSIONS:
        return _personal(tx, found, what, given=False)
    gone = delete(person_roles).where(
        person_roles.c.person_id == found.id, person_roles.c.role == what,
        person_roles.c.owner == owner,
    )  # fmt: skip
    return tx.execute(gone).rowcount == 1


def _verbs(tx: Tx, what: str, owner: str) -> list[str]:
    """What *what* allows. Refuses what is neither a permission nor a role, and unknown owners."""
    if what in PERMISSIONS:
        if owner:  # what somebody has by themselves is for everybody's goods: make a role of it
            raise Rejected(Code.REFERENCE_UNKNOWN, field="role", value=shown(what))
        return [what]
    stored = tx.execute(select(roles.c.permissions).where(roles.c.code == what)).scalar()
    if stored is None:
        raise Rejected(Code.REFERENCE_UNKNOWN, field="role", value=shown(what))
    if owner and tx.execute(select(owners.c.code).where(owners.c.code == owner)).first() is None:
        raise Rejected(Code.REFERENCE_UNKNOWN, field="owner", value=shown(owner))
    return people.verbs_of(stored)


def _personal(tx: Tx, person: Person, verb: str, *, given: bool) -> bool:
    mine = people_table.c.id == person.id
    query = select(people_table.c.permissions).where(mine).with_for_update()
    before = set(people.verbs_of(tx.execute(query).scalar_one()))
    after = before | {verb} if given else before - {verb}
    stored = people.verbs_stored(sorted(after))
    tx.execute(update(people_table).where(mine).values(permissions=stored))
    return after != before
