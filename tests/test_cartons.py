"""Boxes for goods: never one without a packing that shows it, and few that are missed."""

from collections import Counter
from itertools import combinations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wms.shipping.cartons import OWN_BOX, Carton, Filled, Limits, Piece, propose
from wms.shipping.cuboids import Sides, packing

SMALL = Carton("S", 200, 150, 100, 100)
LARGE = Carton("L", 400, 300, 200, 300)
BOXES = (SMALL, LARGE)
ANY = Limits()


def shows(filled: Filled) -> None:
    """The packing is one: inside the box, turned only, no overlap, nothing on what breaks."""
    for placed in filled.inside:
        assert all(start >= 0 for start in placed.corner)
        fits = zip(placed.end, filled.box.sides, strict=True)
        assert all(end <= side for end, side in fits), "over the edge"
        one = placed.pieces[0]
        assert len(set(placed.pieces)) == 1
        volume = placed.sides[0] * placed.sides[1] * placed.sides[2]
        assert volume == len(placed.pieces) * one.length_mm * one.width_mm * one.height_mm
        if len(placed.pieces) == 1:
            assert sorted(placed.sides) == sorted(one.sides), "turned, never squeezed"
    for a, b in combinations(filled.inside, 2):
        apart = [a.end[n] <= b.corner[n] or b.end[n] <= a.corner[n] for n in range(3)]
        assert any(apart), "overlap"
        if not (apart[0] or apart[1]):
            lower, upper = sorted((a, b), key=lambda one: one.corner[2])
            assert not lower.fragile, f"{upper} stands on what breaks"


def codes(found: tuple[Filled, ...]) -> list[str]:
    return [filled.box.code for filled in found]


SIDES = st.integers(10, 260)
PIECES = st.lists(
    st.builds(
        Piece, st.integers(1, 4), SIDES, SIDES, SIDES, st.integers(0, 900), st.booleans(),
        st.just(False),
    ),
    min_size=1, max_size=14,
)  # fmt: skip


@given(PIECES, st.sampled_from([ANY, Limits(600), Limits(0, 120), Limits(0, 0, 2_000)]))
def test_whatever_is_proposed_is_shown(pieces: list[Piece], limits: Limits) -> None:
    found = propose(tuple(pieces), BOXES, limits)
    for filled in found:
        shows(filled)
        assert limits.take(filled.box.sides)
        assert limits.carry(filled.box.tare_g + sum(one.weight_g for one in filled.pieces))
    if found:
        assert Counter(one for filled in found for one in filled.pieces) == Counter(pieces)
    assert propose(tuple(pieces), BOXES, limits) == found, "the same goods, the same boxes"


def test_the_smallest_that_holds_them_is_proposed() -> None:
    cup = Piece(1, 100, 90, 100)
    assert codes(propose((cup,), BOXES, ANY)) == ["S"]
    assert codes(propose((cup, cup), BOXES, ANY)) == ["S"]
    assert codes(propose((cup, cup, cup), BOXES, ANY)) == ["L"]


def test_what_is_too_long_does_not_fit_whatever_its_volume_says() -> None:
    rod = Piece(1, 350, 10, 10)
    assert codes(propose((rod,), BOXES, ANY)) == ["L"]
    assert propose((Piece(1, 410, 10, 10),), BOXES, ANY) == (), "longer than every box"


def test_goods_are_turned() -> None:
    assert codes(propose((Piece(1, 90, 190, 140),), BOXES, ANY)) == ["S"]


@pytest.mark.parametrize(
    ("sides", "count", "box"),
    [
        ((50, 50, 50), 24, (200, 150, 100)),  # a grid without a gap
        ((100, 50, 50), 12, (200, 150, 100)),
        ((75, 50, 40), 20, (200, 150, 100)),
        ((20, 20, 20), 300, (200, 150, 100)),  # in blocks
    ],
)
def test_grids_are_found(sides: Sides, count: int, box: Sides) -> None:
    found = packing((Piece(1, *sides),) * count, box)
    assert found is not None
    shows(Filled(Carton("X", *box), found))


def test_boxes_that_were_cut_apart_are_mostly_put_together_again() -> None:
    """A box cut into a few cuboids can be packed without any gap: how often is it seen?"""
    random, found, tries = Random(5), 0, 60
    for _ in range(tries):
        pieces = tuple(Piece(1, *sides) for sides in _cut((400, 300, 200), 3, random))
        found += packing(pieces, LARGE.sides) is not None
    assert found >= tries * 3 // 4, found


def _cut(sides: Sides, times: int, random: Random) -> list[Sides]:
    cuts = [sides]
    for _ in range(times):
        cuts.sort(key=lambda one: one[0] * one[1] * one[2])
        widest = list(cuts.pop())
        axis = widest.index(max(widest))
        at = random.randint(widest[axis] // 4, widest[axis] * 3 // 4)
        for part in (at, widest[axis] - at):
            widest[axis] = part
            cuts.append((widest[0], widest[1], widest[2]))
    return cuts


def test_several_boxes_when_one_does_not_do() -> None:
    found = propose((Piece(1, 390, 290, 190),) * 2 + (Piece(2, 50, 50, 50),), BOXES, ANY)
    assert codes(found) == ["L", "L", "S"]


def test_a_heavy_order_is_split_by_the_service_s_weight() -> None:
    found = propose((Piece(1, 50, 50, 50, 900),) * 4, BOXES, Limits(weight_g_max=2_000))
    assert [len(filled.pieces) for filled in found] == [2, 2]


def test_an_item_travels_in_its_own_box() -> None:
    kettle = Piece(7, 300, 250, 200, 1_500, own_box=True)
    found = propose((kettle, Piece(1, 50, 40, 30)), BOXES, ANY)
    assert codes(found) == [OWN_BOX, "S"]
    assert propose((kettle,), BOXES, Limits(sides_mm_max=600)) == (), "its service does not take it"


def test_nothing_stands_on_what_breaks() -> None:
    glass, brick = Piece(1, 200, 150, 50, fragile=True), Piece(2, 200, 150, 50)
    (filled,) = propose((glass, brick), BOXES, ANY)
    shows(filled)
    assert [placed.fragile for placed in filled.inside] == [False, True], "it goes on top"
    assert codes(propose((glass, glass), (SMALL,), ANY)) == ["S", "S"]


def test_a_size_that_is_not_known_shows_nothing() -> None:
    assert propose((Piece(1, 0, 40, 30),), BOXES, ANY) == ()


def test_nobody_waits_for_a_proposal_of_very_many_kinds() -> None:
    pieces = tuple(Piece(n, 20 + n, 30, 20) for n in range(31))
    assert propose(pieces, BOXES, ANY) == ()
    assert codes(propose(pieces[:12], BOXES, ANY)) == ["S"]


def test_a_flat_service_takes_flat_boxes() -> None:
    mailer = Carton("MAIL", 300, 220, 28)
    flat = Limits(600, 30, 1_000)
    assert codes(propose((Piece(1, 200, 150, 20),), (mailer, *BOXES), flat)) == ["MAIL"]
    assert propose((Piece(1, 200, 150, 40),), (mailer, *BOXES), flat) == ()
