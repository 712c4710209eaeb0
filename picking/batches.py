"""Which orders ride on one cart. Pure: where their goods lie in, carts out.

Orders whose places are near one another go together, so that a cart is filled in few aisles.
One-piece orders ride as a total: their items, in walking order, cut into walks.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from picking.layout import Layout
from picking.routes import sweep

Lane = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Basket:
    """An order and the places its goods are picked from."""

    order: int
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pieces:
    """A promised quantity at a place, for the wave's total."""

    allocation: int
    place: str
    qty: int


@dataclass(slots=True)
class _Cart:
    baskets: list[Basket]
    lanes: set[Lane]
    stops: int


def carts(
    baskets: Sequence[Basket], layout: Layout, *, totes: int, stops_max: int
) -> list[tuple[int, ...]]:
    """Orders by cart: at most *totes* orders and *stops_max* stops (a bigger order rides alone).

    *baskets* come most urgent first: each cart begins with the most urgent one left, and takes the
    ones that lead into the fewest new aisles, then those nearest to its first.
    """
    lanes = {one.order: {layout.place(code).lane for code in one.places} for one in baskets}
    centre = {one.order: _centre(one, layout) for one in baskets}
    rest = list(baskets)
    filled = []
    while rest:
        first = rest.pop(0)
        cart = _Cart([first], set(lanes[first.order]), len(first.places))
        while len(cart.baskets) < totes:
            fitting = [one for one in rest if cart.stops + len(one.places) <= stops_max]
            if not fitting:
                break
            nearest = min(
                fitting,
                key=lambda one: (
                    len(lanes[one.order] - cart.lanes),
                    _apart_mm(centre[one.order], centre[first.order]),
                ),
            )
            rest.remove(nearest)
            cart.baskets.append(nearest)
            cart.lanes |= lanes[nearest.order]
            cart.stops += len(nearest.places)
        filled.append(tuple(one.order for one in cart.baskets))
    return filled


def totals(
    pieces: Sequence[Pieces], layout: Layout, *, pieces_max: int
) -> list[tuple[Pieces, ...]]:
    """The wave's total cut into walks of at most *pieces_max* eaches (a bigger stop goes alone).

    Neighbours in walking order stay together.
    """
    rank = {code: n for n, code in enumerate(sweep((one.place for one in pieces), layout))}
    walks: list[list[Pieces]] = []
    room = 0
    for one in sorted(pieces, key=lambda one: (rank[one.place], one.allocation)):
        if not walks or one.qty > room:
            walks.append([])
            room = pieces_max
        walks[-1].append(one)
        room -= one.qty
    return [tuple(walk) for walk in walks]


def _centre(basket: Basket, layout: Layout) -> tuple[int, int]:
    stand = [layout.place(code) for code in basket.places]
    return (
        sum(place.x_mm for place in stand) // len(stand),
        sum(place.y_mm for place in stand) // len(stand),
    )


def _apart_mm(one: tuple[int, int], other: tuple[int, int]) -> int:
    return abs(one[0] - other[0]) + abs(one[1] - other[1])
