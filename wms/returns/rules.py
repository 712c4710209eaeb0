"""What becomes of a returned unit: each owner's table from its grade, else this one."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Literal, NamedTuple

import msgspec
from msgspec import Meta, Struct
from sqlalchemy import select

from wms.db import Tx, upsert
from wms.errors import Code, Rejected
from wms.schema import owners, return_rules
from wms.shape import refuse_first, shape_faults
from wms.text import shown

Grade = Literal["A", "B", "C", "damaged", "wrong_item", "missing", "swapped"]
Disposition = Literal["restock", "quarantine", "repair", "dispose", "to_owner", "none"]
# In the order of their digits on the screen.
BY_HAND: tuple[Grade, ...] = ("A", "B", "C", "damaged", "wrong_item", "missing")
CHOSEN: tuple[Disposition, ...] = ("restock", "quarantine", "repair", "dispose", "to_owner")
NEVER_SOLD: tuple[Grade, ...] = ("wrong_item", "swapped")  # these are not what was sent


class Rule(NamedTuple):
    """What is proposed for a grade, and whether the customer gets what they asked for."""

    disposition: Disposition
    accepted: bool


DEFAULTS: Mapping[Grade, Rule] = MappingProxyType({
    "A": Rule("restock", True),
    "B": Rule("quarantine", True),
    "C": Rule("quarantine", False),
    "damaged": Rule("quarantine", False),
    "wrong_item": Rule("quarantine", False),
    "missing": Rule("none", False),
    "swapped": Rule("quarantine", False),
})  # fmt: skip


class NewReturnRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A row of an owner's table. `accepted`: refunded, or exchanged."""

    owner: Annotated[str, Meta(min_length=1, max_length=32)]
    grade: Grade
    disposition: Disposition
    accepted: bool = False


def put_rules(tx: Tx, rows: Sequence[NewReturnRule]) -> None:
    """Add or replace rules by owner and grade.

    Refuses `REFERENCE_UNKNOWN`, and `RETURN_RULE` for what cannot be done with such a unit.
    """
    refuse_first(shape_faults(rows))
    known = set(tx.scalars(select(owners.c.code)))
    for row in rows:
        if row.owner not in known:
            raise Rejected(Code.REFERENCE_UNKNOWN, field="owner", value=shown(row.owner))
        refuse_impossible(row.grade, row.disposition)
    values = [
        msgspec.structs.asdict(row) | {"accepted": int(row.accepted)} for row in rows
    ]  # fmt: skip
    upsert(
        tx, return_rules, values, key=("owner", "grade"),
        update=lambda new: {"disposition": new.disposition, "accepted": new.accepted},
    )  # fmt: skip


def rules_of(tx: Tx, owner: str) -> dict[Grade, Rule]:
    """The whole table of *owner*: theirs, and ours where they say nothing."""
    mine = select(return_rules).where(return_rules.c.owner == owner)
    return dict(DEFAULTS) | {
        row.grade: Rule(row.disposition, bool(row.accepted)) for row in tx.execute(mine)
    }


def proposed(rules: Mapping[Grade, Rule], grade: Grade, *, kind: str) -> Disposition:
    """What the screen proposes: goods that came for repair are repaired, if they are theirs.

    >>> proposed(DEFAULTS, "A", kind="repair"), proposed(DEFAULTS, "swapped", kind="repair")
    ('repair', 'quarantine')
    """
    if kind == "repair" and grade in ("A", "B", "C", "damaged"):
        return "repair"
    return rules[grade].disposition


def refuse_impossible(grade: str, disposition: str) -> None:
    """Refuse `RETURN_RULE`: what is missing goes nowhere, and what is not ours is never sold."""
    nothing = (grade == "missing") != (disposition == "none") and grade != "wrong_item"
    if nothing or (grade in NEVER_SOLD and disposition in ("restock", "repair")):
        raise Rejected(Code.RETURN_RULE, field="disposition", grade=grade, disposition=disposition)
