"""What pieces weigh, learned from closed boxes: it converges, and nothing throws it off."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from wms.shipping.weights import Inside, Learned, best_g, samples, updated


def after(told_g: int, grams: list[int]) -> Learned:
    known: Learned | None = None
    for one in grams:
        known = updated(known, told_g, one * 1000)
    assert known is not None
    return known


def test_the_mean_goes_where_the_pieces_are() -> None:
    random = Random(3)
    known = after(80, [random.randint(88, 96) for _ in range(60)])
    assert abs(known.mean_g - 92) <= 1
    assert 1 <= known.deviation_g <= 4
    assert best_g(known, 80) == known.mean_g


def test_before_it_can_be_trusted_the_owner_s_word_counts() -> None:
    assert best_g(None, 80) == 80
    assert best_g(after(80, [95, 95]), 80) == 80
    assert best_g(after(0, [95]), 0) == 95, "better than nothing"
    assert best_g(None, 0) == 0


@given(st.integers(20, 5_000), st.integers(0, 200_000))
def test_one_wild_box_changes_little(grams: int, wild_g: int) -> None:
    known = after(grams, [grams] * 20)
    shaken = updated(known, grams, wild_g * 1000)
    assert abs(shaken.mean_mg - known.mean_mg) <= known.mean_mg // 100
    assert shaken.mean_mg > 0 and shaken.deviation_mg >= 0


def test_the_first_box_is_doubted_where_the_owner_told_something_else() -> None:
    assert after(80, [800]).mean_g == 120
    assert after(80, [85]).mean_g == 85


def test_packaging_that_changed_is_followed() -> None:
    assert abs(after(80, [80] * 100 + [86] * 100).mean_g - 86) <= 1


def test_one_item_alone_tells_its_weight() -> None:
    assert samples([Inside(1, 4, 80)], {}, 328) == {1: 82_000}


def test_among_several_the_difference_is_shared_by_weight() -> None:
    both = [Inside(1, 1, 100), Inside(2, 1, 300)]
    assert samples(both, {}, 404) == {1: 101_000, 2: 303_000}
    assert samples(both, {1: Learned(5, 104_000, 0)}, 404) == {1: 104_000, 2: 300_000}


def test_what_nobody_knew_is_what_the_others_leave() -> None:
    assert samples([Inside(1, 1, 100), Inside(2, 2, 0)], {}, 340) == {2: 120_000}
    assert samples([Inside(1, 1, 100), Inside(2, 2, 0)], {}, 90) == {}, "that cannot be"
    assert samples([Inside(1, 1, 0), Inside(2, 2, 0)], {}, 340) == {}


def test_two_that_are_always_sent_together_come_apart_by_their_other_boxes() -> None:
    """Tea weighs 90 where the owner says 80, cups are right: single boxes tell which it is."""
    known: dict[int, Learned] = {}
    for n in range(90):
        inside = [Inside(1, 1, 80), Inside(2, 1, 300)] if n % 3 else [Inside(1, 1, 80)]
        goods_g = 390 if n % 3 else 90
        for item, sample_mg in samples(inside, known, goods_g).items():
            known[item] = updated(known.get(item), 80 if item == 1 else 300, sample_mg)
    assert abs(known[1].mean_g - 90) <= 2
    assert abs(known[2].mean_g - 300) <= 3
