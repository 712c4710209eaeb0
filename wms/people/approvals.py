"""Approvals: a second person said yes at the point of work, with their badge and their PIN.

The command that is guarded asks `given` inside its own transaction; nothing else remembers it.
"""

from sqlalchemy import select

from wms.db import Tx, insert_once
from wms.errors import Code, Rejected
from wms.people import staff
from wms.people.staff import Person
from wms.schema import approvals


def given(tx: Tx, verb: str, ref: str) -> bool:
    """Whether somebody who may *verb* has said yes to *ref* (count:5)."""
    return giver(tx, verb, ref) != ""


def giver(tx: Tx, verb: str, ref: str) -> str:
    """Who said yes to *ref*, as an actor (person:7); "" when nobody did."""
    query = select(approvals.c.given_by).where(approvals.c.key == _key(verb, ref))
    person = tx.execute(query).scalar()
    return f"person:{person}" if person is not None else ""


def check_giver(tx: Tx, *, verb: str, owner: str, giver: int, asker: int) -> Person:
    """Refuse whoever cannot say yes: `APPROVAL_OWN`, `PERMISSION_MISSING`, `APPROVAL_PIN`.

    Nobody approves their own work, and nobody without a PIN approves anything.
    """
    if giver == asker:
        raise Rejected(Code.APPROVAL_OWN, permission=verb)
    staff.must(tx, giver, verb, owner)
    person = staff.by_id(tx, giver)
    if not person.has_pin:
        raise Rejected(Code.APPROVAL_PIN, name=person.name)
    return person


def give(
    tx: Tx, *, verb: str, ref: str, owner: str, giver: int, asker: int, pin: str, pepper: str,
    now: int, reason: str = "",
) -> bool:  # fmt: skip
    """Write down that *giver* said yes to *ref*, once. False when the PIN was wrong.

    A wrong PIN is counted against the badge in this transaction, so it must be committed. Refuses
    what `check_giver` does, and `BADGE_LOCKED`.
    """
    check_giver(tx, verb=verb, owner=owner, giver=giver, asker=asker)
    if not staff.check_pin(tx, giver, pin, pepper=pepper, now=now):
        return False
    row = {
        "key": _key(verb, ref), "verb": verb, "ref": ref, "asked_by": asker, "given_by": giver,
        "reason": reason, "at_ms": now,
    }  # fmt: skip
    insert_once(tx, approvals, row)
    return True


def _key(verb: str, ref: str) -> str:
    return f"{verb}:{ref}"
