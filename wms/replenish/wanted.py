"""What the pick faces want from the reserve, and which reserve stock serves them. Pure.

A face wants filling when it is below its minimum, or when waiting orders ask for more than lies in
the bins. First expiry first out, also from the reserve.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from wms.promises.allocate import Free, Need
from wms.stock import Key


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """A pick face of one item, in eaches. `there` are free sound units; `coming` those that a live
    task brings. `task` is that task, 0 when there is none; `urgent`, whether it is for orders."""

    place: str
    item: int
    qty_min: int
    qty_max: int
    there: int
    coming: int = 0
    task: int = 0
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Lack:
    """What waiting orders want of an item beyond what lies in the bins and is coming.

    Nothing that expires before `expiry_min` (YYYY-MM-DD) helps any of them.
    """

    qty: int
    expiry_min: str = ""


@dataclass(frozen=True, slots=True)
class Refill:
    """A task to open: these eaches of the reserve go to *place* ("": no face; a bin is chosen)."""

    place: str
    item: int
    takes: tuple[tuple[Key, int], ...]
    urgent: bool

    @property
    def qty(self) -> int:
        return sum(qty for _, qty in self.takes)


@dataclass(frozen=True, slots=True)
class Todo:
    """Tasks to open, and live tasks that orders wait for by now."""

    refills: tuple[Refill, ...] = ()
    hurry: tuple[int, ...] = ()


def lacking(
    needs: Sequence[Need], free: Iterable[Free], coming: Mapping[int, int]
) -> dict[int, Lack]:
    """What *needs* want beyond the *free* stock of the bins and what is *coming*, by item.

    >>> shelf = [Free(Key("A", 1, "", "available", ""), 5)]
    >>> lacking([Need(7, 70, 1, 8)], shelf, {1: 1})
    {1: Lack(qty=2, expiry_min='')}

    An order for the very units that came back wants nothing of it.
    """
    shelves: dict[int, list[Free]] = defaultdict(list)
    for shelf in sorted(free, key=lambda shelf: (shelf.expires, shelf.key)):
        shelves[shelf.key.item].append(shelf)
    left = {shelf.key: shelf.qty for of_item in shelves.values() for shelf in of_item}
    unserved: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for need in (need for need in needs if not need.own):
        wanted = need.qty
        for shelf in shelves[need.item]:
            if wanted and shelf.expires >= need.expiry_min:
                some = min(wanted, left[shelf.key])
                left[shelf.key] -= some
                wanted -= some
        if wanted:
            unserved[need.item].append((wanted, need.expiry_min))
    found = {}
    for item, wishes in unserved.items():
        qty = sum(wish for wish, _ in wishes) - coming.get(item, 0)
        if qty > 0:
            found[item] = Lack(qty, min(expiry for _, expiry in wishes))
    return found


def takes(free: Iterable[Free], qty: int) -> tuple[tuple[Key, int], ...]:
    """*qty* eaches (or all there are) of *free*: first expiry first; of one date, the smallest pile
    that is enough, else the biggest ones, so that people walk little.

    >>> piles = [Free(Key("R1", 1, "", "available", ""), 30),
    ...          Free(Key("R2", 1, "", "available", ""), 8)]
    >>> [(key.place, n) for key, n in takes(piles, 6)], [n for _, n in takes(piles, 99)]
    ([('R2', 6)], [30, 8])
    """
    by_date: dict[str, list[Free]] = defaultdict(list)
    for pile in free:
        by_date[pile.expires].append(pile)
    found: list[tuple[Key, int]] = []
    for date in sorted(by_date):
        rest = by_date[date]
        while rest and qty > 0:
            enough = [pile for pile in rest if pile.qty >= qty]
            chosen = (
                min(enough, key=lambda pile: (pile.qty, pile.key)) if enough
                else max(rest, key=lambda pile: (pile.qty, pile.key))
            )  # fmt: skip
            rest = [pile for pile in rest if pile is not chosen]
            found.append((chosen.key, min(qty, chosen.qty)))
            qty -= found[-1][1]
    return tuple(found)


def decide(faces: Iterable[Face], lacks: Mapping[int, Lack], reserve: Iterable[Free]) -> Todo:
    """What is to be done, the most urgent first. No unit of the *reserve* is given twice.

    A face that a live task serves gets no second one; the task is hurried when orders wait for it.
    """
    left = {pile.key: pile for pile in reserve}
    wanting = dict(lacks)
    refills, hurry = [], []
    for face in sorted(faces, key=lambda face: _urgency(face, lacks)):
        if face.task:
            if not face.urgent and face.item in lacks:
                hurry.append(face.task)
            wanting.pop(face.item, None)
            continue
        refill = _refill(face, wanting.get(face.item), left)
        if refill is not None:
            refills.append(refill)
            wanting.pop(face.item, None)
    for item in sorted(wanting):
        chosen = takes(_usable(left.values(), item, wanting[item].expiry_min), wanting[item].qty)
        if chosen:
            refills.append(Refill("", item, chosen, True))
    return Todo(tuple(refills), tuple(hurry))


def _urgency(face: Face, lacks: Mapping[int, Lack]) -> tuple[bool, bool, int, str, int]:
    """Faces that orders wait for first; then the emptiest against what belongs there."""
    level = (face.there + face.coming) * 1_000 // max(face.qty_max, 1)
    return (face.item not in lacks, face.task == 0, level, face.place, face.item)


def _refill(face: Face, lack: Lack | None, left: dict[Key, Free]) -> Refill | None:
    level = face.there + face.coming
    fill = face.qty_max - level if level < face.qty_min else 0
    wanted = max(fill, lack.qty if lack is not None else 0)
    if wanted <= 0:
        return None
    usable = _usable(left.values(), face.item, lack.expiry_min if lack is not None else "")
    chosen = takes(usable, wanted)
    for key, qty in chosen:
        pile = left[key]
        left[key] = Free(pile.key, pile.qty - qty, pile.expiry)
    return Refill(face.place, face.item, chosen, lack is not None) if chosen else None


def _usable(piles: Iterable[Free], item: int, expiry_min: str) -> list[Free]:
    return [
        pile for pile in piles
        if pile.key.item == item and pile.qty > 0 and pile.expires >= expiry_min
    ]  # fmt: skip
