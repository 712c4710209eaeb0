"""In front of the shelf, when all is as the book says: place, item, lot, number, tote. Pure."""

from msgspec.structs import replace

from picking.dialogues.base import Say, Seen, Step, not_now, wrong
from picking.dialogues.pick_effects import Later, Pick, Short, Swap, ToteFull
from picking.dialogues.pick_facts import At, Facts, State
from picking.dialogues.pick_prompt import KEYED_ABOVE
from picking.tours import StopView, TourView

GOODS = ("place", "tote")  # kinds of places


def step(state: State, seen: Seen, facts: Facts, tour: TourView, stop: StopView) -> Step[State]:
    """What one input means at the stop at hand."""
    if seen.kind == "command":
        return _command(state, seen, tour, stop)
    if state.other and state.at in ("item", "lot", "serial") and _read(seen) == state.other:
        return _again(state, seen, stop)
    state = replace(state, other="")
    if state.at == "item":
        return _item(state, seen, stop, facts.lots_here)
    if state.at == "tote":
        return _tote(state, seen, tour, stop)
    return {"place": _place, "lot": _lot, "serial": _serial}[state.at](state, seen, stop)


def resumed(state: State, stop: StopView) -> At:
    """The step at which the stop goes on."""
    if state.hand:
        return "tote" if state.hand == stop.qty or state.after else "item"
    return "item" if state.place == stop.place else "place"


def emptied(state: State, *, place: str) -> State:
    """Nothing is in the hand, and nothing is to follow. *place* is what stays confirmed."""
    return State(at="place", stop=state.stop, place=place, put_off=state.put_off)


def _read(seen: Seen) -> str:
    """What could be meant instead of the promised goods: a lot, a number, or a container."""
    if seen.kind == "tote":
        return seen.code
    return seen.lot or seen.serial or (seen.code if seen.kind in ("unknown", "lot") else "")


def _again(state: State, seen: Seen, stop: StopView) -> Step[State]:
    """Another lot, number or container, read a second time on purpose: it is to be taken."""
    if not seen.deliberate:
        return Step(state, say=Say("scan.too_soon", "attention", scanned=seen.text))
    if state.hand:
        return Step(replace(state, at="tote", after="swap", other="", unproven=0))
    container = seen.code if seen.kind == "tote" else ""
    swap = Swap(stop.id, container, "" if container else state.other)
    return Step(replace(state, at="item", other="", unproven=0, lot=""), (swap,))


def _place(state: State, seen: Seen, stop: StopView) -> Step[State]:
    by_digits = seen.kind == "number" and stop.check_digits != "" and seen.text == stop.check_digits
    if by_digits or (seen.kind in GOODS and seen.code == stop.place):
        return Step(replace(state, at="item", place=stop.place))
    return Step(state, say=wrong("pick.wrong_place", expected=stop.place, scanned=seen.name))


def _item(state: State, seen: Seen, stop: StopView, lots_here: int) -> Step[State]:
    if seen.kind == "number":
        return _keyed(state, seen, stop)
    item = seen.item(stop.item)
    if item is None:
        other = seen.code if seen.kind == "tote" else ""
        said = wrong("pick.wrong_item", expected=stop.sku, scanned=seen.name)
        if seen.kind in ("place", "tote"):
            said = wrong("pick.item_first", expected=stop.sku, scanned=seen.name)
        return Step(replace(state, other=other), say=said)
    if stop.lot and seen.lot and seen.lot != stop.lot:
        said = wrong("pick.wrong_lot", expected=stop.lot, scanned=seen.lot)
        return Step(replace(state, other=seen.lot), say=said)
    if stop.serial and seen.serial and seen.serial != stop.serial:
        said = wrong("pick.wrong_serial", expected=stop.serial, scanned=seen.serial)
        return Step(replace(state, other=seen.serial), say=said)
    if state.hand + item.qty > stop.qty:
        return Step(state, say=_too_many(state.hand + item.qty, stop))
    if stop.serial and not seen.serial:
        return Step(replace(state, at="serial", unproven=item.qty))
    if lots_here > 1 and not (seen.lot or state.lot):
        return Step(replace(state, at="lot", unproven=item.qty))
    counted = replace(state, hand=state.hand + item.qty, lot=seen.lot or state.lot)
    return Step(_counted(counted, stop))


def _keyed(state: State, seen: Seen, stop: StopView) -> Step[State]:
    """A keyed count holds only once the item itself was scanned, and only above five."""
    if state.hand == 0:
        return Step(state, say=wrong("pick.scan_first", expected=stop.sku, scanned=seen.text))
    if stop.qty <= KEYED_ABOVE:
        return Step(state, say=wrong("pick.count_by_scan", expected=stop.sku, scanned=seen.text))
    if seen.number > stop.qty:
        return Step(state, say=_too_many(seen.number, stop))
    if seen.number < state.hand:
        return Step(
            state, say=wrong("pick.less_than_scanned", expected=str(state.hand), scanned=seen.text)
        )
    return Step(_counted(replace(state, hand=seen.number), stop))


def _counted(state: State, stop: StopView) -> State:
    return replace(state, at="tote" if state.hand == stop.qty else "item")


def _too_many(counted: int, stop: StopView) -> Say:
    return wrong("pick.too_many", expected=str(stop.qty), scanned=str(counted))


def _lot(state: State, seen: Seen, stop: StopView) -> Step[State]:
    read = seen.lot or seen.code or seen.text
    if read != stop.lot:
        said = wrong("pick.wrong_lot", expected=stop.lot, scanned=seen.lot or seen.name)
        return Step(replace(state, other=read), say=said)
    return Step(_proven(replace(state, lot=read), stop))


def _serial(state: State, seen: Seen, stop: StopView) -> Step[State]:
    read = seen.serial or seen.code or seen.text
    if read != stop.serial:
        said = wrong("pick.wrong_serial", expected=stop.serial, scanned=seen.serial or seen.name)
        return Step(replace(state, other=read), say=said)
    return Step(_proven(state, stop))


def _proven(state: State, stop: StopView) -> State:
    return _counted(replace(state, hand=state.hand + state.unproven, unproven=0), stop)


def _tote(state: State, seen: Seen, tour: TourView, stop: StopView) -> Step[State]:
    if seen.digit == 3 and state.after == "short":
        return Step(replace(state, after="damaged"))
    tote = tour.tote_of(stop.slot) or ""
    if seen.kind != "tote" or seen.code != tote:
        return Step(state, say=wrong("pick.wrong_tote", expected=tote, scanned=seen.name))
    effects: list[object] = [Pick(stop.id, state.hand, tote)]
    if state.after == "short":
        effects.append(Short(stop.id))
    if state.after == "full":
        effects.append(ToteFull(tour.id, stop.slot))
    done = replace(emptied(state, place=state.place), emptied=stop.place)
    at: At = "damaged" if state.after == "damaged" else resumed(done, stop)
    return Step(replace(done, at=at), tuple(effects))


def _command(state: State, seen: Seen, tour: TourView, stop: StopView) -> Step[State]:
    in_hand = state.hand > 0
    if seen.code == "back":
        if state.at == "place":
            return Step(state, go="menu")
        said = Say("pick.hand_emptied") if in_hand or state.unproven else None
        return Step(emptied(state, place=""), say=said)
    if seen.code == "short" and state.at in ("place", "item", "lot", "serial"):
        if in_hand:
            return Step(replace(state, at="tote", after="short", unproven=0, other=""))
        return Step(replace(state, at="short", unproven=0, other=""))
    if seen.code == "full" and state.at in ("place", "item", "tote"):
        if state.at == "item" and in_hand:
            return Step(replace(state, at="tote", after="full"))
        after = "" if state.after == "full" else state.after
        return Step(replace(state, at="bind", after=after), (ToteFull(tour.id, stop.slot),))
    if seen.code == "later" and state.at in ("place", "item") and not in_hand:
        return Step(replace(emptied(state, place=state.place), stop=0), (Later(stop.id),))
    return Step(state, say=not_now(seen))
