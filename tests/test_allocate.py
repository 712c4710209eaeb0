"""Allocation decides honestly: first expiry first, whole orders, and the fewest stops."""

from collections import Counter
from itertools import chain, combinations

from hypothesis import example, given
from hypothesis import strategies as st

from wms.promises.allocate import NEVER, Free, Need, Plan, plan
from wms.stock import Key

SHELVES = (("A", 1), ("B", 3), ("C", 3), ("D", 2))
EXPIRIES = ("", "2027-01-01", "2027-02-01", "2027-03-01")
PLACES = ("A", "B", "C", "D", "E")

shelves = st.dictionaries(
    st.builds(
        Key, place=st.sampled_from(PLACES), item=st.integers(1, 3),
        lot=st.sampled_from(("", "l1", "l2")), condition=st.just("available"), serial=st.just(""),
    ),
    st.tuples(st.integers(1, 6), st.sampled_from(EXPIRIES)),
    max_size=9,
).map(lambda found: [Free(key, qty, expiry) for key, (qty, expiry) in found.items()])  # fmt: skip
wishes = st.lists(
    st.tuples(
        st.lists(st.tuples(st.integers(1, 3), st.integers(1, 8)), min_size=1, max_size=3),
        st.sampled_from(("", "2027-01-15", "2027-02-15")),
    ),
    min_size=1, max_size=5,
)  # fmt: skip
Wishes = list[tuple[list[tuple[int, int]], str]]


def needs_of(wished: Wishes) -> list[Need]:
    return [
        Need(order, 100 * order + line, item, qty, expiry_min)
        for order, (lines, expiry_min) in enumerate(wished, start=1)
        for line, (item, qty) in enumerate(lines)
    ]


def left_after(free: list[Free], made: Plan) -> Counter[Key]:
    left = Counter({shelf.key: shelf.qty for shelf in free})
    left.subtract({key: 0 for key in left})
    for take in made.takes:
        left[take.key] -= take.qty
    return left


@given(shelves, wishes)
def test_never_more_than_is_free(free: list[Free], wished: Wishes) -> None:
    made = plan(needs_of(wished), free)
    assert all(take.qty > 0 for take in made.takes)
    assert min(left_after(free, made).values(), default=0) >= 0


@given(shelves, wishes)
def test_an_order_gets_all_or_nothing(free: list[Free], wished: Wishes) -> None:
    needs = needs_of(wished)
    made = plan(needs, free)
    got: Counter[int] = Counter()
    for take in made.takes:
        got[take.line] += take.qty
    lacking = {one.order for one in made.missing}
    for need in needs:
        assert got[need.line] == (0 if need.order in lacking else need.qty)
    item_of = {need.line: need.item for need in needs}
    assert all(take.key.item == item_of[take.line] for take in made.takes)


@given(shelves, wishes)
def test_what_expires_first_leaves_first(free: list[Free], wished: Wishes) -> None:
    needs = needs_of(wished)
    made = plan(needs, free)
    left = left_after(free, made)
    expires = {shelf.key: shelf.expires for shelf in free}
    asked = {need.line: need.expiry_min for need in needs}
    for take in made.takes:
        earlier = [
            key for key, qty in left.items()
            if qty > 0 and key.item == take.key.item
            and asked[take.line] <= expires[key] < expires[take.key]
        ]  # fmt: skip
        assert expires[take.key] >= asked[take.line], "too old for this order"
        assert not earlier


@given(shelves, wishes)
def test_only_what_cannot_be_served_is_missing(free: list[Free], wished: Wishes) -> None:
    """The first order sees all stock: it lacks exactly what there is not."""
    needs = [need for need in needs_of(wished) if need.order == 1]
    made = plan(needs, free)
    for item in {need.item for need in needs}:
        wanted = sum(need.qty for need in needs if need.item == item)
        there = sum(
            shelf.qty for shelf in free
            if shelf.key.item == item and shelf.expires >= needs[0].expiry_min
        )  # fmt: skip
        lacking = sum(one.qty for one in made.missing if one.item == item)
        assert lacking == max(0, wanted - there)


@given(shelves, wishes)
@example(
    [
        Free(Key("A", 1, "", "available", ""), 3), Free(Key("B", 2, "", "available", ""), 3),
        Free(Key("C", 1, "", "available", ""), 2), Free(Key("C", 2, "", "available", ""), 2),
    ],
    [([(1, 1), (2, 1)], "")],
)  # fmt: skip
@example(
    [Free(Key(place, 1, "", "available", ""), qty) for place, qty in SHELVES],
    [([(1, 6)], "")],
)
def test_no_choice_of_places_has_fewer_stops(free: list[Free], wished: Wishes) -> None:
    needs = [need for need in needs_of(wished) if need.order == 1]
    made = plan(needs, free)
    if not made.missing:
        assert len({take.key.place for take in made.takes}) == fewest_places(needs, free)


def fewest_places(needs: list[Need], free: list[Free]) -> int:
    """By trying every set of places: which is the smallest that holds what first expiry asks?"""
    asked: Counter[tuple[int, str]] = Counter()
    for item in {need.item for need in needs}:
        wanted = sum(need.qty for need in needs if need.item == item)
        fit = [
            shelf for shelf in free
            if shelf.key.item == item and (shelf.expiry or NEVER) >= needs[0].expiry_min
        ]  # fmt: skip
        for shelf in sorted(fit, key=lambda shelf: shelf.expiry or NEVER):
            qty = min(wanted, shelf.qty)
            asked[item, shelf.expiry] += qty
            wanted -= qty
    return min(len(chosen) for chosen in subsets(PLACES) if holds(chosen, asked, free))


def subsets(places: tuple[str, ...]) -> list[tuple[str, ...]]:
    return list(chain.from_iterable(combinations(places, n) for n in range(len(places) + 1)))


def holds(chosen: tuple[str, ...], asked: Counter[tuple[int, str]], free: list[Free]) -> bool:
    return all(
        qty <= sum(
            shelf.qty for shelf in free
            if shelf.key.place in chosen and (shelf.key.item, shelf.expiry) == wanted
        )
        for wanted, qty in asked.items()
    )  # fmt: skip


def test_a_wave_keeps_to_the_places_it_visits_already() -> None:
    """Among places that serve an order equally well, the one that another order uses anyway."""
    free = [Free(Key(place, 1, "", "available", ""), 10) for place in ("A", "B")]
    made = plan([Need(order, order, 1, 2) for order in (1, 2, 3, 4, 5)], free)
    assert {take.key.place for take in made.takes} == {"A"}


def test_the_most_urgent_order_is_served_first() -> None:
    made = plan([Need(1, 1, 1, 2), Need(2, 2, 1, 2)], [Free(Key("A", 1, "", "available", ""), 3)])
    assert [take.order for take in made.takes] == [1]
    assert [(one.order, one.qty) for one in made.missing] == [(2, 1)]
