"""Where goods may lie: the pure rule, whatever the house looks like, and each refusal by name."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wms.errors import Code
from wms.storage.putaway import (
    QUARANTINE,
    SOFT,
    Goods,
    Spot,
    fitting,
    propose,
    propose_whole,
    refusals,
)

TEA = Goods(
    item=1, sku="TEA", owner="acme", qty=10, weight_g=100, height_mm=50, volume_mm3=100_000,
    velocity="A",
)  # fmt: skip
CUP = replace(TEA, item=2, sku="CUP")
FOOD = replace(TEA, item=3, sku="FOOD", lot="L2", expiry="2027-06-01")
OTHERS = replace(TEA, item=9, sku="HAT", owner="beta")
BIN = Spot(code="A-01", kind="bin")
LANE = Spot(code="R-01", kind="reserve")

EXPIRIES = st.sampled_from(["", "2026-12-01", "2027-06-01"])
GOODS = st.builds(
    Goods, item=st.integers(1, 3), sku=st.just("SKU"), owner=st.sampled_from(["acme", "beta"]),
    qty=st.integers(1, 30), lot=st.sampled_from(["", "L1", "L2"]), expiry=EXPIRIES,
    condition=st.sampled_from(["available", "quarantine", "damaged", "expired", "returned"]),
    storage=st.sampled_from(["ambient", "chilled"]), velocity=st.sampled_from(["", "A", "C"]),
    weight_g=st.integers(0, 12_000), height_mm=st.integers(0, 400),
    volume_mm3=st.integers(0, 3_000_000),
)  # fmt: skip
SPOTS = st.lists(
    st.builds(
        Spot, code=st.text("AB12", min_size=1, max_size=3),
        kind=st.sampled_from(["bin", "reserve", "dock", "buffer", "station", "tote", "outside"]),
        storage=st.sampled_from(["", "ambient", "chilled"]),
        velocity=st.sampled_from(["", "A", "C"]), mix=st.sampled_from(["", "item", "lot"]),
        weight_g_max=st.sampled_from([0, 5_000, 90_000]), height_mm_max=st.sampled_from([0, 200]),
        volume_ml_max=st.sampled_from([0, 4_000]), level=st.integers(0, 4),
        blocked=st.sampled_from(["", QUARANTINE, "count"]),
        contents=st.lists(GOODS, max_size=2).map(tuple),
        face_of=st.lists(st.tuples(st.integers(1, 3), st.integers(0, 40)), max_size=2).map(tuple),
    ),
    max_size=4, unique_by=lambda spot: spot.code,
)  # fmt: skip


@given(goods=GOODS, spots=SPOTS)
def test_what_is_proposed_is_never_refused(goods: Goods, spots: list[Spot]) -> None:
    by_code = {spot.code: spot for spot in spots}
    for one in propose(goods, spots):
        assert 0 < one.qty <= goods.qty
        assert one.reasons
        assert refusals([replace(goods, qty=one.qty)], by_code[one.place]) == ()


@given(load=st.lists(GOODS, max_size=4), spots=SPOTS)
def test_a_container_is_never_proposed_where_it_is_refused(
    load: list[Goods], spots: list[Spot]
) -> None:
    by_code = {spot.code: spot for spot in spots}
    for one in propose_whole(load, spots):
        assert refusals(load, by_code[one.place], as_container=True) == ()


@given(goods=GOODS, spots=SPOTS, order=st.randoms())
def test_the_same_house_gives_the_same_answer(
    goods: Goods, spots: list[Spot], order: object
) -> None:
    shuffled = list(spots)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    assert propose(goods, spots) == propose(goods, shuffled)


@given(goods=GOODS, spots=SPOTS)
def test_no_place_is_proposed_twice_and_none_is_forgotten(goods: Goods, spots: list[Spot]) -> None:
    """Every place that takes all of it, and is nobody's full pick face, is among them."""
    proposed = [one.place for one in propose(goods, spots)]
    assert len(proposed) == len(set(proposed))
    for spot in spots:
        if not refusals([goods], spot) and not spot.face_of:
            assert spot.code in proposed


@given(goods=GOODS, spots=SPOTS)
def test_as_many_as_fit_are_not_refused_for_room_and_one_more_is(
    goods: Goods, spots: list[Spot]
) -> None:
    def room(qty: int, spot: Spot) -> set[Code]:
        found = {one.code for one in refusals([replace(goods, qty=qty)], spot)}
        return found & {Code.PUTAWAY_FULL, Code.PUTAWAY_TOO_HEAVY}

    for spot in spots:
        if spot.blocked == QUARANTINE:
            continue  # what may not be sold always fits there
        fit = fitting(goods, spot)
        assert not (fit and room(fit, spot))
        assert fit == goods.qty or room(fit + 1, spot)


@pytest.mark.parametrize(
    ("goods", "spot", "code"),
    [
        (TEA, replace(BIN, kind="tote"), Code.PUTAWAY_NOT_STORAGE),
        (TEA, replace(BIN, blocked="count"), Code.PUTAWAY_BLOCKED),
        (TEA, replace(BIN, blocked=QUARANTINE), Code.PUTAWAY_BLOCKED),
        (replace(TEA, condition="returned"), BIN, Code.PUTAWAY_CONDITION),
        (replace(TEA, condition="quarantine"), BIN, Code.PUTAWAY_CONDITION),
        (replace(TEA, condition="damaged"), BIN, Code.PUTAWAY_CONDITION),
        (replace(TEA, condition="expired"), BIN, Code.PUTAWAY_CONDITION),
        (TEA, replace(BIN, storage="frozen"), Code.PUTAWAY_STORAGE),
        (TEA, replace(BIN, height_mm_max=49), Code.PUTAWAY_TOO_HIGH),
        (TEA, replace(BIN, weight_g_max=999), Code.PUTAWAY_TOO_HEAVY),
        (TEA, replace(BIN, volume_ml_max=999), Code.PUTAWAY_FULL),
        (TEA, replace(BIN, mix="item", contents=(CUP,)), Code.PUTAWAY_MIXES_ITEMS),
        (TEA, replace(BIN, mix="item", contents=(OTHERS,)), Code.PUTAWAY_MIXES_OWNERS),
        (FOOD, replace(BIN, mix="lot", contents=(replace(FOOD, lot="L1"),)),
         Code.PUTAWAY_MIXES_LOTS),
        (FOOD, replace(LANE, contents=(replace(FOOD, lot="L1", expiry="2026-12-01"),)),
         Code.PUTAWAY_BEFORE_OLDER),
    ],
)  # fmt: skip
def test_each_refusal_has_its_reason(goods: Goods, spot: Spot, code: Code) -> None:
    (found,) = refusals([goods], spot)
    assert found.code is code
    assert propose(goods, [spot]) == () or propose(goods, [spot])[0].qty < goods.qty


def test_a_container_goes_to_reserve_and_not_into_a_bin() -> None:
    (found,) = refusals([TEA], BIN, as_container=True)
    assert found.code is Code.PUTAWAY_BY_PIECE
    assert [one.place for one in propose_whole([TEA, CUP], [BIN, LANE])] == ["R-01"]
    assert propose_whole([], [LANE]) == (), "an empty container needs no place"


def test_goods_nobody_may_sell_go_where_nobody_picks() -> None:
    apart = Spot(code="Q-01", kind="bin", blocked=QUARANTINE)
    returned = replace(TEA, condition="returned")
    assert [one.place for one in propose(returned, [BIN, LANE, apart])] == ["Q-01", "R-01"]


def test_its_pick_face_comes_first_and_gets_no_more_than_belongs_there() -> None:
    face = Spot(code="Z-09", kind="bin", face_of=((1, 12),), contents=(replace(TEA, qty=8),))
    found = propose(TEA, [BIN, LANE, face])
    assert [(one.place, one.qty) for one in found] == [("Z-09", 4), ("R-01", 10), ("A-01", 10)]
    assert found[0].reasons[0] == "putaway.why.face"


def test_somebody_else_s_pick_face_is_the_last_choice() -> None:
    others = Spot(code="A-00", kind="bin", face_of=((2, 50),))
    assert [one.place for one in propose(TEA, [others, BIN])] == ["A-01", "A-00"]


def test_the_same_lot_then_the_same_item_then_an_empty_place() -> None:
    same_lot = replace(BIN, code="C-01", contents=(FOOD,))
    same_item = replace(BIN, code="B-01", contents=(replace(FOOD, lot="L1"),))
    mixed = replace(BIN, code="A-00", contents=(CUP,))
    found = propose(FOOD, [mixed, BIN, same_item, same_lot])
    assert [one.place for one in found] == ["C-01", "B-01", "A-01", "A-00"]


def test_fast_goods_lie_near_and_heavy_ones_low() -> None:
    near, far = replace(BIN, code="Z-01", velocity="A"), replace(BIN, code="B-01", velocity="C")
    assert propose(TEA, [near, far])[0].place == "Z-01"
    low, high = replace(BIN, code="Z-02", level=1), replace(BIN, code="B-02", level=4)
    assert propose(TEA, [low, high])[0].place == "B-02"
    assert propose(replace(TEA, weight_g=15_000), [low, high])[0].place == "Z-02"


def test_what_the_lead_may_decide_is_neither_law_nor_weight() -> None:
    hard = {Code.PUTAWAY_STORAGE, Code.PUTAWAY_TOO_HEAVY, Code.PUTAWAY_CONDITION,
            Code.PUTAWAY_BLOCKED, Code.PUTAWAY_NOT_STORAGE}  # fmt: skip
    assert not SOFT & hard
