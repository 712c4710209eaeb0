"""What a replenisher's steps do to the book."""

from dataclasses import dataclass

import msgspec
from sqlalchemy import select

from picking.dialogues.base import Say, Who
from picking.dialogues.putaway_words import in_words
from picking.dialogues.replenish_facts import can_be_done
from wms import tasks
from wms.db import Tx
from wms.replenish import refills
from wms.schema import tasks as tasks_table

VERB = "replenish"
CLAIM_MAX = 20  # open tasks that are tried, the most urgent first


@dataclass(frozen=True, slots=True)
class Claim:
    """Ask for the most urgent task."""


@dataclass(frozen=True, slots=True)
class Fetch:
    """These units of a promise are on the cart now."""

    promised: int
    qty: int


@dataclass(frozen=True, slots=True)
class Short:
    """What is left of the promise is not in its place."""

    promised: int
    task: int


@dataclass(frozen=True, slots=True)
class Put:
    """So many of what is on the cart lie in the face now."""

    task: int
    qty: int
    face: str


@dataclass(frozen=True, slots=True)
class PutBack:
    """The rest did not fit and lies at *place* now."""

    task: int
    qty: int
    place: str


@dataclass(frozen=True, slots=True)
class GiveBack:
    """Somebody else may have the task."""

    task: int
    later: bool = False


@dataclass(frozen=True, slots=True)
class Undo:
    """What was fetched last goes back."""

    task: int


@in_words
def run(tx: Tx, effect: object, who: Who) -> Say | None:
    """Carry out one effect in the open transaction; refusals come in the worker's words."""
    match effect:
        case Claim():
            return _claim(tx, who)
        case Fetch():
            refills.fetch(
                tx, promised=effect.promised, qty=effect.qty, person=who.person.id,
                key=f"{who.key}:fetch", actor=who.actor, now=who.now,
            )  # fmt: skip
        case Short():
            return _short(tx, effect, who)
        case Put():
            left = _put(tx, effect.task, effect.qty, effect.face, who, refills.REASON)
            return Say("replenish.put", params={"qty": effect.qty, "left": left})
        case PutBack():
            _put(tx, effect.task, effect.qty, effect.place, who, refills.BACK)
            return Say("replenish.put_back", params={"qty": effect.qty, "place": effect.place})
        case GiveBack():
            refills.give_back(tx, task=effect.task, later=effect.later)
        case Undo():
            refills.undo_fetch(
                tx, task=effect.task, key=f"{who.key}:undo", actor=who.actor, now=who.now
            )
            return Say("replenish.undone", "attention")
        case _:
            raise AssertionError(effect)
    return None


def _claim(tx: Tx, who: Who) -> Say | None:
    """The most urgent one that can be done."""
    query = select(tasks_table.c.id, tasks_table.c.body).where(can_be_done())
    order = query.order_by(tasks_table.c.priority.desc(), tasks_table.c.id).limit(CLAIM_MAX)
    for row in tx.execute(order.with_for_update(skip_locked=True)).all():
        owner = str(msgspec.json.decode(row.body, type=dict[str, str | int])["owner"])
        if who.may_touch(VERB, owner) and tasks.claim(
            tx, task=row.id, person=who.person.id, now=who.now
        ):
            return None
    return Say("replenish.none", "attention")


def _put(tx: Tx, task: int, qty: int, place: str, who: Who, reason: str) -> int:
    return refills.put(
        tx, task=task, qty=qty, to=place, key=f"{who.key}:put", actor=who.actor, now=who.now,
        today=who.today, reason=reason,
    )  # fmt: skip


def _short(tx: Tx, effect: Short, who: Who) -> Say:
    found = refills.short(
        tx, promised=effect.promised, key=who.key, actor=who.actor, now=who.now, today=who.today
    )
    if found.elsewhere:
        return Say("replenish.short_elsewhere", "attention", params={"qty": found.elsewhere})
    return Say("replenish.short_nowhere", "attention", params={"missing": found.missing})
