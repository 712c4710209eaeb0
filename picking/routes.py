"""In which order to walk. Pure functions of the layout: the same places give the same walk.

The rule is a plain sweep (S-shape): aisle after aisle, each in the other direction than the one
before, beginning at the side where the walk starts. A better solver replaces `sweep` and nothing
else; `length_mm` says how much better it is.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from picking.layout import Bin, Layout


def sweep(codes: Iterable[str], layout: Layout, *, start: str = "", end: str = "") -> list[str]:
    """The places *codes* (each once) in walking order, from *start* to *end* where given.

    >>> plan = Layout.of(Bin(f"{aisle}-{bay}", "Z", aisle, bay, 0, x_mm, bay * 1_000)
    ...                  for aisle, x_mm in (("A", 0), ("B", 3_000)) for bay in (1, 2, 3))
    >>> sweep(["B-1", "A-3", "A-1", "B-3"], plan)
    ['A-1', 'A-3', 'B-3', 'B-1']
    """
    lanes: dict[tuple[str, str], list[Bin]] = {}
    for code in sorted(set(codes)):
        lanes.setdefault(layout.place(code).lane, []).append(layout.place(code))
    order = _lanes_in_order(lanes, layout)
    walks = [
        _there_and_back(order, first_up=first_up)
        for order in (order, order[::-1])
        for first_up in (True, False)
    ]
    if not (start or end):
        return walks[0]
    return min(walks, key=lambda walk: length_mm(walk, layout, start=start, end=end))


def length_mm(codes: Sequence[str], layout: Layout, *, start: str = "", end: str = "") -> int:
    """How far it is to walk *codes* in this order, from *start* and to *end* where given."""
    stations = [code for code in (start, *codes, end) if code]
    return sum(layout.walk_mm(one, other) for one, other in pairwise(stations))


def where_to_insert(
    ahead: Sequence[str], extra: str, layout: Layout, *, here: str, end: str = ""
) -> int:
    """The index in *ahead* before which a detour to *extra* costs the fewest steps.

    The walker stands at *here* and keeps the order of the places that are ahead.
    """
    before = [here, *ahead]
    after: list[str] = [*ahead, end]

    def detour_mm(index: int) -> int:
        one, other = before[index], after[index]
        if not other:
            return layout.walk_mm(one, extra)
        return (
            layout.walk_mm(one, extra) + layout.walk_mm(extra, other) - layout.walk_mm(one, other)
        )

    return min(range(len(before)), key=detour_mm)


def _lanes_in_order(lanes: dict[tuple[str, str], list[Bin]], layout: Layout) -> list[list[Bin]]:
    """Zone by zone, and in a zone from one side to the other; bays of an aisle rising."""

    def across(lane: tuple[str, str]) -> tuple[str, int, int, str]:
        low, _high = layout.ends.get(lane, (lanes[lane][0],) * 2)
        return lane[0], low.x_mm, low.y_mm, lane[1]

    return [
        sorted(lanes[lane], key=lambda place: (place.bay, place.level, place.code))
        for lane in sorted(lanes, key=across)
    ]


def _there_and_back(lanes: Sequence[Sequence[Bin]], *, first_up: bool) -> list[str]:
    walk: list[str] = []
    up = first_up
    for lane in lanes:
        walk.extend(place.code for place in (lane if up else reversed(lane)))
        up = not up
    return walk
