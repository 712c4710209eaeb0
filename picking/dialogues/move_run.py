"""What moving does to the book."""

from dataclasses import dataclass

from picking.dialogues.base import Say, Who
from picking.dialogues.putaway_effects import refuse_owners
from picking.dialogues.putaway_words import in_words
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.schema.goods import MOVING
from wms.stock import Key
from wms.storage import contents, handling
from wms.storage.handling import MOVE, Why
from wms.storage.putaway import STANDING

VERB = "move"


@dataclass(frozen=True, slots=True)
class Open:
    """Something may be taken from there."""

    source: str


@dataclass(frozen=True, slots=True)
class Held:
    """Somebody was promised what is wanted: say who."""

    key: Key


@dataclass(frozen=True, slots=True)
class Carry:
    """These units lie at *place* now."""

    takes: tuple[tuple[Key, int], ...]
    place: str
    owners: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CarryWhole:
    """The container stands at *place* now, with all that is in it."""

    container: str
    place: str
    owners: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Undo:
    """What was moved last goes back."""


@in_words
def run(tx: Tx, effect: object, who: Who) -> Say | None:
    """Carry out one effect in the open transaction; refusals come in the worker's words."""
    why = Why(verb=MOVE)
    match effect:
        case Open():
            _open(tx, effect.source, who)
            return None
        case Held():
            handling.refuse_promised(tx, effect.key, today=who.today)
            return None
        case Carry():
            refuse_owners(who, VERB, effect.owners)
            qty = handling.carry(
                tx, takes=dict(effect.takes), to=effect.place, why=why, key=who.key,
                actor=who.actor, now=who.now, today=who.today,
            )  # fmt: skip
            return Say("move.done", params={"what": f"{qty}", "place": effect.place})
        case CarryWhole():
            refuse_owners(who, VERB, effect.owners)
            handling.carry_container(
                tx, container=effect.container, to=effect.place, why=why, key=who.key,
                actor=who.actor, now=who.now, today=who.today,
            )  # fmt: skip
            return Say("move.done", params={"what": effect.container, "place": effect.place})
        case Undo():
            handling.undo(tx, key=who.key, actor=who.actor, now=who.now)
            return Say("putaway.undone", "attention")
        case _:
            raise AssertionError(effect)


def _open(tx: Tx, code: str, who: Who) -> None:
    """Refuses what nothing can be moved from."""
    found = contents.holder(tx, code, today=who.today)
    if found is None or found.kind not in (*STANDING, *MOVING):
        raise Rejected(Code.MOVE_NOT_SOURCE, scanned=code, expected="LPN")
    if found.is_container and not any(line.promised for line in found.lines):
        handling.refuse_in_use(tx, code)
    elif not found.lines and not found.inside:
        raise Rejected(Code.GOODS_NONE, place=code)
