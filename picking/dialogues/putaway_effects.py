"""What putting away does to the book."""

from dataclasses import dataclass

from picking.dialogues.base import Say, Who
from picking.dialogues.putaway_words import in_words
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.schema.goods import MOVING
from wms.stock import Key
from wms.storage import contents, handling
from wms.storage.handling import PUT_AWAY, Why
from wms.storage.putaway import SOFT, Goods

VERB = "putaway"
SOURCES = ("dock", "buffer", "station")  # places where goods lie that were not put away yet


@dataclass(frozen=True, slots=True)
class Open:
    """Something may be taken from there."""

    source: str


@dataclass(frozen=True, slots=True)
class Check:
    """The goods might be put at *place*, although *proposed* was proposed."""

    load: tuple[Goods, ...]
    place: str
    whole: bool
    proposed: str
    is_lead: bool


@dataclass(frozen=True, slots=True)
class Put:
    """These units lie at *place* now."""

    takes: tuple[tuple[Key, int], ...]
    place: str
    owners: tuple[str, ...]
    proposed: str
    by_lead: bool


@dataclass(frozen=True, slots=True)
class PutWhole:
    """The container stands at *place* now, with all that is in it."""

    container: str
    place: str
    owners: tuple[str, ...]
    proposed: str
    by_lead: bool


@dataclass(frozen=True, slots=True)
class Undo:
    """What was put away last goes back."""


@in_words
def run(tx: Tx, effect: object, who: Who) -> Say | None:
    """Carry out one effect in the open transaction; refusals come in the worker's words."""
    match effect:
        case Open():
            open_source(tx, effect.source, who, kinds=SOURCES)
        case Check():
            return check(tx, effect, who)
        case Put():
            refuse_owners(who, VERB, effect.owners)
            qty = handling.carry(
                tx, takes=dict(effect.takes), to=effect.place, key=who.key, actor=who.actor,
                why=Why(verb=PUT_AWAY, proposed=effect.proposed, by_lead=effect.by_lead),
                now=who.now, today=who.today,
            )  # fmt: skip
            return Say("putaway.done", params={"qty": qty, "place": effect.place})
        case PutWhole():
            refuse_owners(who, VERB, effect.owners)
            qty = handling.carry_container(
                tx, container=effect.container, to=effect.place, key=who.key, actor=who.actor,
                why=Why(verb=PUT_AWAY, proposed=effect.proposed, by_lead=effect.by_lead),
                now=who.now, today=who.today,
            )  # fmt: skip
            return Say("putaway.done", params={"qty": qty, "place": effect.place})
        case Undo():
            handling.undo(tx, key=who.key, actor=who.actor, now=who.now)
            return Say("putaway.undone", "attention")
        case _:
            raise AssertionError(effect)
    return None


def open_source(tx: Tx, code: str, who: Who, *, kinds: tuple[str, ...]) -> None:
    """Refuses a place of another kind, and what holds nothing that is free."""
    found = contents.holder(tx, code, today=who.today)
    if found is None or found.kind not in (*kinds, *MOVING):
        raise Rejected(Code.PUTAWAY_NOT_SOURCE, scanned=code, expected="LPN")
    handling.refuse_in_use(tx, code)
    inside = contents.all_inside(tx, code, today=who.today) if found.is_container else found.lines
    if not inside:
        raise Rejected(Code.GOODS_NONE, place=code)


def check(tx: Tx, effect: Check, who: Who) -> Say:
    """Refuses where the goods may not lie; the lead is asked where the lead may decide."""
    strict = Say("putaway.other_place", "attention", params={
        "place": effect.place, "expected": effect.proposed or "-",
    })  # fmt: skip
    try:
        handling.check(
            tx, load=effect.load, to=effect.place, today=who.today, as_container=effect.whole
        )
    except Rejected as refusal:
        if not (effect.is_lead and refusal.code in SOFT):
            raise
        handling.check(
            tx, load=effect.load, to=effect.place, today=who.today, as_container=effect.whole,
            by_lead=True,
        )  # fmt: skip
        return Say("putaway.lead_decides", "attention", params={"place": effect.place})
    return strict


def refuse_owners(who: Who, verb: str, owners: tuple[str, ...]) -> None:
    """Refuses the goods of an owner that this person has nothing to do with."""
    if not all(who.may_touch(verb, owner) for owner in owners):
        raise Rejected(Code.PERMISSION_MISSING, permission=verb)
