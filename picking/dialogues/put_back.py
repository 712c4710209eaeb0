"""Putting goods back, as steps of the task dialogue: item, lot, shelf. Pure but for the effects.

What is to be put back is what lies free in the container of the task; the shelf that is proposed
is the one that it came from. The table of transitions stands in `task.py`.
"""

from dataclasses import dataclass

from msgspec.structs import replace

from picking.dialogues.base import Say, Seen, Step, Who, not_now, wrong
from picking.dialogues.task_facts import At, Facts, State, Task
from wms.db import Tx
from wms.messages import Language, say
from wms.orders import cancel
from wms.rooms.prompts import Await, Focus, Option, Prompt
from wms.storage import put_back, put_back_missing
from wms.storage.put_back import Goods

STEPS = ("item", "lot", "shelf")
# What goods come back out of that is no tote, and what is scanned of it.
CONTAINERS: dict[str, tuple[Await, ...]] = {
    "carton": (Await.PARCEL,), "pallet": (Await.TOTE,), "slot": (Await.PLACE,),
}  # fmt: skip
KEYED_ABOVE = 5  # more pieces than this are counted by the hand and keyed


@dataclass(frozen=True, slots=True)
class Found:
    """The box that was looked for is in this hand: it is opened."""

    parcel: int


@dataclass(frozen=True, slots=True)
class PutBack:
    """*qty* of the goods lie on the shelf *place*."""

    task: int
    container: str
    goods: Goods
    qty: int
    place: str


@dataclass(frozen=True, slots=True)
class NotInside:
    """What should be in the container is not: it is counted."""

    task: int


@dataclass(frozen=True, slots=True)
class NotFound:
    """The container is not where it should be."""

    task: int


@dataclass(frozen=True, slots=True)
class UndoPutBack:
    """What was put back last is in its container again."""


def is_container(task: Task, seen: Seen) -> bool:
    """Whether the container of *task* was scanned: a tote, a slot of a wall, or a box by either of
    its barcodes."""
    if seen.kind in ("tote", "place", "parcel") and seen.code == task.container:
        return True
    return bool(task.parcel) and seen.kind in ("parcel", "tracking") and seen.id == task.parcel


def other_container(task: Task, seen: Seen) -> Say:
    """Something else than the container of *task* was scanned, which is called what it is."""
    params: dict[str, str | int] = {"expected": task.container, "scanned": seen.name}
    known = task.holds if task.holds in CONTAINERS else "tote"
    words = {"what": f"task.is.{known}"}
    return Say("task.wrong_tote", "error", task.container, seen.name, params, words)


def arrive(state: State, task: Task, goods: tuple[Goods, ...]) -> State:
    """Where the hands are, given what still lies in the container."""
    if state.tote != task.container:
        return State(at="tote")
    chosen = chosen_of(state, goods)
    if chosen is None or state.hand > chosen.qty:
        return emptied(state)
    if state.at == "lot":
        return state
    return replace(state, at="shelf" if state.hand == chosen.qty else "item")


def chosen_of(state: State, goods: tuple[Goods, ...]) -> Goods | None:
    """The goods in the hand; before anything was scanned, those that are asked for."""
    if not state.goods:
        return goods[0] if goods else None
    return next((one for one in goods if one.key == state.goods), None)


def emptied(state: State) -> State:
    """Nothing is in the hand; the container is still at hand."""
    return State(at="item", tote=state.tote)


def step(state: State, seen: Seen, facts: Facts, task: Task) -> Step[State]:
    """One input at `item`, `lot` or `shelf`."""
    if seen.is_command("undo"):
        return _undo(state, facts)
    if seen.is_command("back"):
        return Step(emptied(state) if state.hand else State(at="tote"))
    if seen.is_command("short") and state.at == "item":
        if state.hand:
            return Step(state, say=Say("put_back.hand_first", "error"))
        return Step(State(), (NotInside(task.id),))
    if seen.kind == "command":
        return Step(state, say=not_now(seen))
    if state.at == "lot":
        return _lot(state, seen, facts)
    if state.hand and seen.kind == "place":
        return _shelf(state, seen, facts, task)
    if state.at == "shelf":
        chosen = chosen_of(state, facts.goods)
        expected = chosen.place if chosen is not None and chosen.place else "PLACE"
        return Step(state, say=wrong("put_back.no_shelf", expected=expected, scanned=seen.name))
    return _item(state, seen, facts)


def _undo(state: State, facts: Facts) -> Step[State]:
    if state.hand:
        return Step(emptied(state), say=Say("pick.hand_emptied"))
    if facts.undo_tote:
        return Step(emptied(state), (UndoPutBack(),))
    return Step(state, say=Say("undo.nothing", "error"))


def _item(state: State, seen: Seen, facts: Facts) -> Step[State]:
    if seen.kind == "number":
        return _keyed(state, seen, facts)
    mine = [one for one in facts.goods if seen.item(one.item) is not None]
    if state.goods:
        mine = [one for one in mine if one.key == state.goods]
    if not mine:
        chosen = chosen_of(state, facts.goods)
        expected = chosen.sku if chosen is not None else "-"
        return Step(state, say=wrong("put_back.wrong_item", expected=expected, scanned=seen.name))
    meant = seen.item(mine[0].item)
    assert meant is not None, "only what the barcode may mean is among them"
    if seen.lot or seen.serial:
        named = [one for one in mine if _is_named(one, seen)]
        if not named:
            expected = ", ".join(one.serial or one.lot for one in mine)[:40]
            read = seen.serial or seen.lot
            return Step(state, say=wrong("put_back.wrong_lot", expected=expected, scanned=read))
        mine = named
    if len({(one.lot, one.serial) for one in mine}) > 1 or (mine[0].serial and not seen.serial):
        return Step(replace(emptied(state), at="lot", item=mine[0].item, unproven=meant.qty))
    return _counted(state, mine[0], meant.qty)


def _is_named(goods: Goods, seen: Seen) -> bool:
    """Whether a barcode that says lot or serial number may be about *goods*."""
    lot_fits = not seen.lot or not goods.lot or goods.lot == seen.lot
    return lot_fits and (not goods.serial or goods.serial == seen.serial)


def _lot(state: State, seen: Seen, facts: Facts) -> Step[State]:
    read = seen.serial or seen.lot or seen.code or seen.text
    mine = [one for one in facts.goods if one.item == state.item]
    named = [one for one in mine if read == (one.serial or one.lot)]
    if not named:
        expected = ", ".join(one.serial or one.lot for one in mine)[:40]
        return Step(state, say=wrong("put_back.wrong_lot", expected=expected, scanned=seen.name))
    return _counted(emptied(state), named[0], state.unproven)


def _counted(state: State, goods: Goods, qty: int) -> Step[State]:
    hand = state.hand + qty
    if hand > goods.qty:
        said = wrong("pick.too_many", expected=str(goods.qty), scanned=str(hand))
        return Step(state, say=said)
    at: At = "shelf" if hand == goods.qty else "item"
    return Step(State(at=at, tote=state.tote, goods=goods.key, hand=hand))


def _keyed(state: State, seen: Seen, facts: Facts) -> Step[State]:
    """A keyed count holds only once the item itself was scanned, and only above five."""
    chosen = chosen_of(state, facts.goods)
    if chosen is None or not state.hand:
        expected = chosen.sku if chosen is not None else "-"
        return Step(state, say=wrong("pick.scan_first", expected=expected, scanned=seen.text))
    if chosen.qty <= KEYED_ABOVE:
        return Step(state, say=wrong("pick.count_by_scan", expected=chosen.sku, scanned=seen.text))
    return _counted(replace(state, hand=0), chosen, seen.number)


def _shelf(state: State, seen: Seen, facts: Facts, task: Task) -> Step[State]:
    """The proposed shelf at once; another one when it is scanned a second time on purpose."""
    chosen = chosen_of(state, facts.goods)
    assert chosen is not None, "arrive() leaves a hand whose goods are gone"
    if seen.code != chosen.place and not (seen.code == state.place and seen.deliberate):
        params: dict[str, str | int] = {"expected": chosen.place or "?", "scanned": seen.code}
        said = Say("put_back.other_shelf", "attention", chosen.place, seen.code, params)
        return Step(replace(state, place=seen.code), say=said)
    done = PutBack(task.id, task.container, chosen, state.hand, seen.code)
    return Step(emptied(state), (done,))


def run(tx: Tx, effect: object, who: Who) -> Say | None:
    """Carry out one effect in the open transaction."""
    match effect:
        case Found():
            cancel.found(tx, effect.parcel, now=who.now)
            return Say("put_back.found", "attention")
        case PutBack():
            who.must_touch("task", (effect.goods.owner,))
            left = put_back.put(
                tx, task=effect.task, container=effect.container, goods=effect.goods,
                qty=effect.qty, place=effect.place, key=f"{who.key}:put_back", actor=who.actor,
                now=who.now,
            )  # fmt: skip
            return Say("put_back.left", params={"left": left}) if left else Say("task.settled")
        case NotInside():
            counted = put_back_missing.not_inside(
                tx, task=effect.task, person=who.person.name, now=who.now
            )  # fmt: skip
            return Say("put_back.counted" if counted else "put_back.sought", "attention")
        case NotFound():
            put_back_missing.not_found(tx, task=effect.task, person=who.person.name, now=who.now)
            return Say("put_back.sought", "attention")
        case UndoPutBack():
            done = put_back.undo(
                tx, person=who.person.id, key=f"{who.key}:undo", actor=who.actor, now=who.now
            )
            return Say("put_back.undone" if done else "undo.nothing", "attention")
        case _:
            raise AssertionError(effect)


def missing_key(at: str, language: Language) -> tuple[Option, ...]:
    """The way out where something is not there: the container, or what should be in it."""
    code = {"tote": "put_back.not_here", "item": "put_back.not_inside"}.get(at)
    return (Option(key="F2", command="short", label=say(code, language)),) if code else ()


AWAITS = {"item": (Await.ITEM,), "lot": (Await.SERIAL,), "shelf": (Await.PLACE,)}


def with_focus(page: Prompt, state: State, facts: Facts, task: Task, language: Language) -> Prompt:
    """What is in the hand, where it goes, and how much is left in the container."""
    chosen = chosen_of(state, facts.goods)
    if state.at not in STEPS or chosen is None:
        return page
    awaits = AWAITS[state.at]
    if state.at == "item" and state.hand:
        more = (Await.QTY,) if chosen.qty > KEYED_ABOVE else ()
        awaits = (*awaits, Await.PLACE, *more)
    qty = state.unproven if state.at == "lot" else chosen.qty - state.hand
    if state.at == "shelf":
        qty = state.hand
    left = say("put_back.left", language, left=sum(one.qty for one in facts.goods))
    focus = Focus(
        place=chosen.place, item=chosen.name, sku=chosen.sku, lot=chosen.lot,
        expiry=chosen.expiry, qty=qty, tote=task.container, called=called(task, language),
        picture=chosen.picture,
    )  # fmt: skip
    return replace(page, awaits=awaits, focus=focus, lines=(left,))


def called(task: Task, language: Language) -> str:
    """What the container of *task* is called where it is no tote; "" where it is one."""
    return say(f"task.is.{task.holds}", language) if task.holds in CONTAINERS else ""
