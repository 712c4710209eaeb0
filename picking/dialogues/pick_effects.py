"""What a picker's steps do to the book."""

from dataclasses import dataclass

from picking import tours
from picking.dialogues.base import Say, Who
from wms.allocation import LastPick
from wms.db import Tx


@dataclass(frozen=True, slots=True)
class Claim:
    """Ask for the next tour."""


@dataclass(frozen=True, slots=True)
class Bind:
    """Put an empty tote on the cart."""

    tour: int
    slot: int
    tote: str


@dataclass(frozen=True, slots=True)
class Pick:
    """The units in the hand are in the tote now."""

    stop: int
    qty: int
    tote: str


@dataclass(frozen=True, slots=True)
class Short:
    """The shelf does not hold what is still wanted from it."""

    stop: int


@dataclass(frozen=True, slots=True)
class Later:
    """Every other place comes first."""

    stop: int


@dataclass(frozen=True, slots=True)
class ToteFull:
    """The slot's tote takes no more."""

    tour: int
    slot: int


@dataclass(frozen=True, slots=True)
class Undo:
    """The last pick goes back to its shelf."""

    pick: LastPick


@dataclass(frozen=True, slots=True)
class Drop:
    """Every tote was set down here: the walk is over."""

    tour: int
    place: str


def run(tx: Tx, effect: object, who: Who) -> Say | None:
    """Carry out one effect in the open transaction."""
    match effect:
        case Claim():
            claimed = tours.claim(tx, person=who.person.id, now=who.now)
            return Say("pick.no_work", "attention") if claimed is None else None
        case Bind():
            tours.bind_tote(tx, tour=effect.tour, slot=effect.slot, tote=effect.tote,
                            person=who.person.id, now=who.now)  # fmt: skip
        case Pick():
            key = f"{who.key}:stop:{effect.stop}"  # an undo reads the stop from it
            tours.pick_stop(tx, stop=effect.stop, qty=effect.qty, tote=effect.tote, key=key,
                            actor=who.actor, now=who.now)  # fmt: skip
        case Short():
            return _short(tx, effect, who)
        case Later():
            moved = tours.later(tx, stop=effect.stop, now=who.now)
            return None if moved else Say("pick.nothing_else", "attention")
        case ToteFull():
            tours.tote_full(tx, tour=effect.tour, slot=effect.slot, now=who.now)
        case Undo():
            _undo(tx, effect, who)
            return Say("pick.undone", "attention")
        case Drop():
            tours.drop(tx, tour=effect.tour, place=effect.place, key=who.key, actor=who.actor,
                       now=who.now, rng=who.rng)  # fmt: skip
            return Say("pick.tour_done")
        case _:
            raise AssertionError(effect)
    return None


def _undo(tx: Tx, effect: Undo, who: Who) -> None:
    """The key of a pick ends in its stop: the one that is to be open again."""
    stop = int(effect.pick.key.rpartition(":")[2])
    tours.undo_pick(
        tx, stop=stop, allocation=effect.pick.allocation, pick_key=effect.pick.key,
        key=f"{who.key}:undo", actor=who.actor, now=who.now,
    )  # fmt: skip


def _short(tx: Tx, effect: Short, who: Who) -> Say:
    shorted = tours.short(
        tx, stop=effect.stop, person=who.person.id, key=who.key, actor=who.actor, now=who.now,
        today=who.today,
    )  # fmt: skip
    if shorted.places:
        return Say("pick.short_elsewhere", "attention", params={"place": shorted.places[0]})
    return Say("pick.short_nowhere", "attention", params={"missing": shorted.missing})
