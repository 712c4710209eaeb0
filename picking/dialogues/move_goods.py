"""Taking goods from where they lie, as put-away and moves do: which item, lot, serial, how many.

Pure. A dialogue that takes goods has a state that is a `Taking`; it decides itself where they go.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from picking.dialogues.base import Say, Seen, Step, not_now, unexpected, wrong
from wms.messages import Language, say
from wms.rooms.prompts import Focus, Option
from wms.stock import Key
from wms.storage.contents import Line
from wms.storage.putaway import SOUND

At = Literal["source", "item", "which", "serial", "count", "place"]
NAMED_MAX = 3  # SKUs that an error names
LISTED_MAX = 9


class Taking(Struct, frozen=True, kw_only=True):
    """What is being taken from *source*. `qty` 0: not counted yet. `other`: a place that was
    scanned once and waits to be scanned again. `whole`: the container itself moves."""

    at: At = "source"
    source: str = ""
    item: int = 0
    lot: str = ""
    condition: str = ""  # of the book; "" with an item: several piles of it lie here
    serial: str = ""
    qty: int = 0
    other: str = ""
    whole: bool = False
    listing: bool = False


T = TypeVar("T", bound=Taking)


@dataclass(frozen=True, slots=True)
class Pile:
    """Free units of one lot in one condition in one place, maybe each with its serial number."""

    lines: tuple[Line, ...]

    @property
    def first(self) -> Line:
        return self.lines[0]

    @property
    def of(self) -> tuple[int, str, str]:
        key = self.first.key
        return key.item, key.lot, key.condition

    @property
    def qty(self) -> int:
        return sum(line.goods.qty for line in self.lines)

    @property
    def serials(self) -> tuple[str, ...]:
        return tuple(line.key.serial for line in self.lines if line.key.serial)

    def takes(self, qty: int, serial: str) -> tuple[tuple[Key, int], ...]:
        """*qty* units, or the unit *serial*, by balance."""
        if serial:
            return tuple((line.key, 1) for line in self.lines if line.key.serial == serial)
        found, left = [], qty
        for line in self.lines:
            some = min(left, line.goods.qty)
            if some:
                found.append((line.key, some))
            left -= some
        return tuple(found)


def piles(lines: Iterable[Line]) -> tuple[Pile, ...]:
    """The free units among *lines*, by item, lot and condition, in the order of the lines."""
    found: dict[tuple[int, str, str], list[Line]] = {}
    for line in lines:
        if line.goods.qty > 0:
            found.setdefault((line.key.item, line.key.lot, line.key.condition), []).append(line)
    return tuple(Pile(tuple(of_pile)) for of_pile in found.values())


def meant(found: Iterable[Pile], state: Taking) -> tuple[Pile, ...]:
    """The piles that *state* may mean."""
    of_item = [pile for pile in found if pile.of[0] == state.item]
    if state.condition:
        return tuple(p for p in of_item if p.of[1:] == (state.lot, state.condition))
    return tuple(p for p in of_item if not state.serial or state.serial in p.serials)


def pile_of(found: Iterable[Pile], state: Taking) -> Pile | None:
    """The one pile that is being taken from, once it is known."""
    mine = meant(found, state)
    return mine[0] if state.item and len(mine) == 1 else None


def settled(state: T, found: Sequence[Pile]) -> T:
    """Where the worker stands while goods are chosen, given what lies there now."""
    mine = meant(found, state) if state.item else ()
    if not mine:
        return replace(emptied(state), at="item", other=state.other)
    if len(mine) > 1:
        return replace(state, at="which", qty=0)
    (pile,) = mine
    item, lot, condition = pile.of
    state = replace(state, item=item, lot=lot, condition=condition)
    if pile.serials and state.serial not in pile.serials:
        if len(pile.serials) > 1:
            return replace(state, at="serial", serial="", qty=0)
        state = replace(state, serial=pile.serials[0])
    if state.serial or pile.qty == 1:
        return replace(state, at="place", qty=1)
    if not state.qty:
        return replace(state, at="count")
    return replace(state, at="place", qty=min(state.qty, pile.qty))


def emptied(state: T) -> T:
    """Nothing is chosen of what lies in the source."""
    return replace(state, item=0, lot="", condition="", serial="", qty=0, other="", whole=False)


def item(state: T, seen: Seen, found: Sequence[Pile]) -> Step[T]:
    """An item that lies here was scanned, or nothing that does."""
    here = {pile.of[0]: pile for pile in found}
    chosen = next((one for one in seen.items if one.id in here), None)
    if chosen is None:
        names = list(dict.fromkeys(pile.first.goods.sku for pile in found))
        expected = " / ".join(names[:NAMED_MAX]) + (" ..." if len(names) > NAMED_MAX else "")
        return Step(state, say=unexpected(seen, expected=expected, code="goods.not_here"))
    numbered = any(pile.serials for pile in found if pile.of[0] == chosen.id)
    read = seen.serial if numbered else ""
    state = replace(emptied(state), at="item", item=chosen.id, serial=read)
    mine = meant(found, state)
    if seen.lot:
        mine = tuple(pile for pile in mine if pile.of[1] == seen.lot)
    if not mine:
        known = [pile for pile in found if pile.of[0] == chosen.id]
        lots = " / ".join(dict.fromkeys(pile.of[1] or "-" for pile in known))
        said = wrong("goods.wrong_lot", expected=lots, scanned=seen.serial or seen.lot)
        return Step(replace(emptied(state), at="item"), say=said)
    if len(mine) == 1:
        _, lot, condition = mine[0].of
        return Step(replace(state, lot=lot, condition=condition))
    return Step(state)


def which(state: T, seen: Seen, found: Sequence[Pile]) -> Step[T]:
    """One of several piles of the item: by its digit, or by its lot's barcode."""
    mine = meant(found, state)
    if 1 <= seen.digit <= len(mine):
        return Step(_of(state, mine[seen.digit - 1]))
    if seen.kind in ("item", "lot", "unknown"):
        read = seen.lot or (seen.code if seen.kind != "item" else "")
        of_lot = [pile for pile in mine if read and pile.of[1] == read]
        if len(of_lot) == 1:
            return Step(_of(state, of_lot[0]))
    expected = f"1-{len(mine)}"
    return Step(state, say=unexpected(seen, expected=expected))


def _of(state: T, pile: Pile) -> T:
    _, lot, condition = pile.of
    return replace(state, lot=lot, condition=condition, at="item")


def serial(state: T, seen: Seen, found: Sequence[Pile]) -> Step[T]:
    """The serial number of the unit in the hand."""
    pile = pile_of(found, state)
    known = pile.serials if pile is not None else ()
    read = seen.serial or seen.code or seen.text
    if read in known:
        return Step(replace(state, serial=read, qty=1))
    expected = " / ".join(known[:NAMED_MAX])
    return Step(state, say=unexpected(seen, expected=expected, code="goods.wrong_serial"))


def count(state: T, seen: Seen, found: Sequence[Pile]) -> Step[T]:
    """How many are taken, keyed; a place that is scanned instead gets all of them."""
    pile = pile_of(found, state)
    assert pile is not None, "settled() leaves `count` when the pile is gone"
    if seen.kind == "number":
        if not 1 <= seen.number <= pile.qty:
            said = wrong("goods.too_many", expected=str(pile.qty), scanned=seen.text)
            return Step(state, say=said)
        return Step(replace(state, qty=seen.number))
    expected = f"1-{pile.qty}"
    return Step(state, say=unexpected(seen, expected=expected))


def back(state: T) -> Step[T]:
    """One step back: from the source to the menu, from an item to the source."""
    if state.at == "source":
        return Step(state, go="menu")
    if state.at == "item" or state.whole:
        return Step(type(state)())
    return Step(replace(emptied(state), at="item"))


def command(state: T, seen: Seen, undo: object | None) -> Step[T] | None:
    """Keys that mean the same wherever goods are taken; None: it is none of these.

    *undo* is the effect that takes the last step back, None when there is nothing to take back.
    """
    if seen.is_command("back"):
        return back(state)
    if seen.is_command("list"):
        return Step(replace(state, listing=True))
    if seen.is_command("undo"):
        if undo is None:
            return Step(state, say=Say("undo.nothing", "error"))
        return Step(type(state)(source=state.source), (undo,))
    if seen.kind == "command" and not seen.digit:
        return Step(state, say=not_now(seen))
    return None


def told_apart(pile: Pile, language: Language) -> str:
    """A pile among others of its item: what is different comes first."""
    goods = pile.first.goods
    sound = "" if goods.condition == SOUND else say(f"condition.{goods.condition}", language)
    apart = [part for part in (sound, goods.lot or goods.expiry) if part]
    return " ".join([*(apart or [goods.sku]), f"x{pile.qty}"])


def pile_options(state: Taking, found: Iterable[Pile], language: Language) -> tuple[Option, ...]:
    """A digit for each of the piles that *state* may mean."""
    return tuple(
        Option(key=str(n), command=str(n), label=told_apart(pile, language))
        for n, pile in enumerate(meant(found, state)[:LISTED_MAX], start=1)
    )


def focus(state: Taking, pile: Pile | None, *, place: str, qty: int) -> Focus:
    """The big things: where to, what, how many."""
    if pile is None:
        return Focus(place=place or state.source)
    goods = pile.first.goods
    return Focus(
        place=place or state.source, item=pile.first.name, sku=goods.sku, lot=goods.lot,
        expiry=goods.expiry, qty=qty, picture=pile.first.picture,
    )  # fmt: skip


def called(kind: str, language: Language) -> str:
    """What a container of *kind* is called in words; "" for a tote, which needs none."""
    return say("screen.lpn", language) if kind not in ("", "tote") else ""


def described(pile: Pile, language: Language) -> str:
    """A pile in a line of the screen: how many of what, its lot, its condition."""
    goods = pile.first.goods
    parts = [f"{goods.sku} x{pile.qty}", goods.lot or goods.expiry]
    if goods.condition != SOUND:
        parts.append(say(f"condition.{goods.condition}", language))
    return " ".join(part for part in parts if part)
