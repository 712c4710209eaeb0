"""Which walks fetch a wave's goods: totals, carts, zone after zone, order by order, or batches.

How a zone is picked is the site's to say (`wms.site.picking_rules`):

* cart: several orders on one cart, a tote each, wherever they lie;
* pass: the same, cut into legs at the borders of zones; the totes pass from leg to leg;
* single: each order is a walk of its own;
* batch: by item into common totes, sorted into orders at a put wall.

Identical baskets need no sorting: where the site asks for it, as many of them as are worth it share
a tote without a wall, and the bench packs one after the other.

An order whose goods lie in zones that are picked differently goes on a cart, in legs if any of its
zones wants that. Pure.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from picking.batches import Basket, Pieces, carts, totals
from picking.layout import Layout
from picking.routes import sweep
from wms.config import Picking
from wms.promises.allocation import Promised
from wms.site.picking_rules import zone as rules_of


@dataclass(frozen=True, slots=True)
class Wall:
    """A put wall: its station, where it stands, and how many orders it holds."""

    code: str
    place: str
    slots: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How big a walk may be: orders on a cart, its stops, pieces of a total. So many identical
    baskets share a tote (0: they never do)."""

    totes: int
    stops_max: int
    pieces_max: int
    identical_min: int = 0


@dataclass(frozen=True, slots=True)
class Stop:
    """A promise to be fetched into a slot of the cart."""

    place: str
    slot: int
    allocation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """A tour to be: the orders of its slots (None: a common tote), and its stops in order.

    `follows`: it goes on with the totes of the walk before it in the list. `drop_place` is where
    it must end, "" = any drop place.
    """

    kind: str
    orders: tuple[int | None, ...]
    stops: tuple[Stop, ...]
    priority: int
    zone: str
    drop_place: str = ""
    wall: str = ""
    follows: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Where the walks go: the floor plan, the drop place they begin and end at, rules and walls."""

    plan: Layout
    door: str
    rules: Picking
    size: Size
    walls: Mapping[str, Wall] = field(default_factory=dict)


def plan_walks(
    promised: Sequence[Promised], order_of: Mapping[int, int], orders: Sequence[int],
    urgency: Mapping[int, int], total_urgency: int, ground: Ground,
) -> list[Walk]:  # fmt: skip
    """The walks for what was *promised*: totals first (they are quick), then the others.

    *order_of* a line; *orders* most urgent first; *urgency* of each (higher goes first).
    """
    pieces = [
        Pieces(one.allocation, one.key.place, one.qty) for one in promised if one.line is None
    ]
    walks = [
        _walk("total", (None,), [Stop(one.place, 1, one.allocation) for one in walk],
              total_urgency, ground)
        for walk in totals(pieces, ground.plan, pieces_max=ground.size.pieces_max)
    ]  # fmt: skip
    own: dict[int, list[Promised]] = {order: [] for order in orders}
    for one in promised:
        if one.line is not None:
            own[order_of[one.line]].append(one)
    by_method: dict[tuple[str, str], list[int]] = defaultdict(list)
    for order, parts in own.items():
        if parts:
            by_method[_method(parts, ground)].append(order)
    for together in _identical(by_method.get(("cart", ""), []), own, ground):
        urgent = max(urgency[order] for order in together)
        walks.append(_batch(together, own, urgent, None, ground))
        by_method["cart", ""] = [one for one in by_method["cart", ""] if one not in together]
    for (method, wall), chosen in sorted(by_method.items()):
        walks += _of_method(method, wall, {order: own[order] for order in chosen}, urgency, ground)
    return walks


def _identical(
    orders: Sequence[int], own: Mapping[int, Sequence[Promised]], ground: Ground
) -> list[list[int]]:
    """Orders that want the same goods, as many at a time as a total may hold; none with a serial
    number, and none where too few are left to be worth a tote of their own."""
    size = ground.size
    alike: dict[tuple[tuple[int, int], ...], list[int]] = defaultdict(list)
    for order in orders:
        goods: Counter[int] = Counter()
        for one in own[order]:
            goods[one.key.item] += one.qty
        if not any(one.key.serial for one in own[order]):
            alike[tuple(sorted(goods.items()))].append(order)
    found = []
    for goods_of, chosen in sorted(alike.items()):
        at_once = size.pieces_max // sum(qty for _item, qty in goods_of)
        for start in range(0, len(chosen), max(at_once, 1)):
            together = chosen[start : start + max(at_once, 1)]
            if 1 < size.identical_min <= len(together):
                found.append(together)
    return found


def _method(parts: Sequence[Promised], ground: Ground) -> tuple[str, str]:
    """How an order is picked, and at which wall it is sorted ("" = none)."""
    zones = {ground.plan.place(one.key.place).zone for one in parts}
    asked = {(rules_of(ground.rules, zone).method, rules_of(ground.rules, zone).wall)
             for zone in zones}  # fmt: skip
    methods = {method for method, _wall in asked}
    if methods == {"single"}:
        return "single", ""
    if methods == {"batch"} and len(asked) == 1:
        wall = asked.pop()[1]
        if wall in ground.walls and ground.walls[wall].slots > 0:
            return "batch", wall
    return ("pass" if "pass" in methods else "cart"), ""


def _of_method(
    method: str, wall: str, own: Mapping[int, Sequence[Promised]], urgency: Mapping[int, int],
    ground: Ground,
) -> list[Walk]:  # fmt: skip
    baskets = [
        Basket(order, tuple(sorted({one.key.place for one in parts})))
        for order, parts in own.items()
    ]
    at_once = {"single": 1, "batch": ground.walls[wall].slots if wall else 0}
    filled = carts(
        baskets, ground.plan, totes=at_once.get(method, ground.size.totes),
        stops_max=ground.size.stops_max,
    )  # fmt: skip
    walks: list[Walk] = []
    for cart in filled:
        urgent = max(urgency[order] for order in cart)
        if method == "batch":
            walks.append(_batch(cart, own, urgent, ground.walls[wall], ground))
            continue
        on_cart = [
            Stop(one.key.place, slot, one.allocation)
            for slot, order in enumerate(cart, start=1)
            for one in own[order]
        ]
        if method == "pass":
            walks += _legs(cart, on_cart, urgent, ground)
        else:
            kind = "single" if method == "single" else "cart"
            walks.append(_walk(kind, cart, on_cart, urgent, ground))
    return walks


def _batch(
    cart: Sequence[int], own: Mapping[int, Sequence[Promised]], urgent: int, wall: Wall | None,
    ground: Ground,
) -> Walk:  # fmt: skip
    together = [Stop(one.key.place, 1, one.allocation) for order in cart for one in own[order]]
    item = {one.allocation: one.key for order in cart for one in own[order]}
    together.sort(key=lambda stop: (item[stop.allocation], stop.allocation))
    return _walk(
        "batch", (None,), together, urgent, ground, drop_place=wall.place if wall else "",
        wall=wall.code if wall else "", keys=item,
    )  # fmt: skip


def _legs(
    cart: tuple[int, ...], on_cart: Sequence[Stop], urgent: int, ground: Ground
) -> list[Walk]:  # fmt: skip
    """One walk a zone, in the order in which a sweep passes them."""
    by_zone: dict[str, list[Stop]] = defaultdict(list)
    for stop in on_cart:
        by_zone[ground.plan.place(stop.place).zone].append(stop)
    zones = sorted(by_zone)
    legs = []
    for zone in zones:
        last = zone == zones[-1]
        ends = "" if last else rules_of(ground.rules, zone).pass_place
        legs.append(_walk("cart", cart, by_zone[zone], urgent, ground, drop_place=ends,
                          follows=zone != zones[0]))  # fmt: skip
    return legs


def _walk(
    kind: str, of_orders: Sequence[int | None], on_tour: Sequence[Stop], priority: int,
    ground: Ground, *, drop_place: str = "", wall: str = "", follows: bool = False,
    keys: Mapping[int, object] | None = None,
) -> Walk:  # fmt: skip
    """Put the stops of one tour in walking order, from the drop place and back to it.

    With *keys* of allocations, equal goods at one place come one after another, the least urgent
    order's first: that stop stays open until all of them are picked (`tours.pick_stop`).
    """
    end = drop_place or ground.door
    order = sweep((stop.place for stop in on_tour), ground.plan, start=ground.door, end=end)
    rank = {place: n for n, place in enumerate(order)}
    in_order = sorted(
        on_tour,
        key=lambda stop: (
            rank[stop.place], str(keys[stop.allocation]) if keys else "", stop.slot,
            -stop.allocation if keys else stop.allocation,
        ),
    )  # fmt: skip
    zones = {ground.plan.place(stop.place).zone for stop in on_tour}
    return Walk(
        kind=kind, orders=tuple(of_orders), stops=tuple(in_order), priority=priority,
        zone=zones.pop() if len(zones) == 1 else "", drop_place=drop_place, wall=wall,
        follows=follows,
    )  # fmt: skip
