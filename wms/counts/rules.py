"""What a count means: eyes against the book, and what follows from a difference. Pure.

Whoever counts is blind: they never see what the book says. One count that agrees with the book is
enough; a difference is counted again, and only two counts that tell the same difference (or a third
one, which has the last word) change the book.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

ROUNDS_MAX = 3  # the third count has the last word
AVAILABLE = "available"
Verdict = Literal["agreed", "recount", "settle"]


class Goods(NamedTuple):
    """What a balance of one place is kept for."""

    item: int
    lot: str
    condition: str
    serial: str


class Tally(NamedTuple):
    """What eyes saw: so many eaches of a lot, or the one piece with a serial number."""

    item: int
    lot: str
    serial: str
    qty: int


class Line(NamedTuple):
    """The book and the eyes about the same goods."""

    goods: Goods
    book: int
    counted: int


def match(book: Mapping[Goods, int], seen: Iterable[Tally]) -> tuple[Line, ...]:
    """The lines of a count: what the book has, and what was seen, by goods.

    Eyes do not tell conditions apart. What is missing is missing of the sellable goods first, and
    what is too many is sellable; where the book knows goods here in another condition only, it is
    of that.

    >>> damaged = Goods(1, "", "damaged", "")
    >>> sound = Goods(1, "", "available", "")
    >>> match({sound: 5, damaged: 2}, [Tally(1, "", "", 6)])  # doctest: +ELLIPSIS
    (Line(...'available', serial=''), book=5, counted=4), Line(...'damaged'...), book=2, counted=2))
    """
    counted: Counter[tuple[int, str, str]] = Counter()
    for tally in seen:
        counted[tally.item, tally.lot, tally.serial] += tally.qty
    known: defaultdict[tuple[int, str, str], dict[str, int]] = defaultdict(dict)
    for goods, qty in book.items():
        known[goods.item, goods.lot, goods.serial][goods.condition] = qty
    lines = [
        Line(Goods(item, lot, condition, serial), have.get(condition, 0), qty)
        for (item, lot, serial), have in _both(known, counted)
        for condition, qty in _spread(have, counted[item, lot, serial]).items()
    ]
    return tuple(sorted(lines))


def _both(
    known: Mapping[tuple[int, str, str], dict[str, int]],
    counted: Mapping[tuple[int, str, str], int],
) -> list[tuple[tuple[int, str, str], dict[str, int]]]:
    return [(key, known.get(key, {})) for key in {**known, **counted}]


def _spread(have: Mapping[str, int], counted: int) -> dict[str, int]:
    """*counted* pieces over the conditions that the book has of them."""
    first = AVAILABLE if AVAILABLE in have or not have else max(have, key=lambda one: have[one])
    others = [condition for condition in have if condition != first]
    spread: dict[str, int] = {}
    left = counted
    for condition in sorted(others):  # these are believed before what can be sold
        spread[condition] = min(have[condition], left)
        left -= spread[condition]
    return {first: left, **spread}


def differences(lines: Iterable[Line]) -> dict[Goods, int]:
    """Eaches too many (or, negative, too few), of all goods where the eyes differ from the book."""
    return {line.goods: line.counted - line.book for line in lines if line.counted != line.book}


def verdict(
    rounds: Sequence[Mapping[Goods, int]], *, twice: bool = False
) -> Verdict:  # fmt: skip
    """What the differences that each round found so far lead to; *twice*: one count is no count.

    >>> tea = Goods(1, "", "available", "")
    >>> verdict([{}]), verdict([{tea: -2}]), verdict([{tea: -2}, {tea: -2}])
    ('agreed', 'recount', 'settle')
    >>> verdict([{tea: -2}, {tea: -1}]), verdict([{tea: -2}, {tea: -1}, {tea: -1}])
    ('recount', 'settle')
    >>> verdict([{}], twice=True), verdict([{}, {}], twice=True)
    ('recount', 'agreed')
    """
    last = rounds[-1]
    if len(rounds) == 1:
        return "recount" if last or twice else "agreed"
    if not last and not twice:
        return "agreed"
    if rounds[-2] == last or len(rounds) >= ROUNDS_MAX:
        return "settle" if last else "agreed"
    return "recount"


def worth(differing: Mapping[Goods, int], value_of: Mapping[int, int]) -> int:
    """What a difference is worth, in minor units: too many and too few do not cancel out.

    >>> worth({Goods(1, "", "available", ""): -2, Goods(2, "", "available", ""): 1}, {1: 50, 2: 9})
    109
    """
    return sum(abs(qty) * value_of.get(goods.item, 0) for goods, qty in differing.items())
