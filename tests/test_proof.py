"""The three-way proof as a table: scans, tags and weight, and whom they accuse together."""

import pytest

from wms.shipping.proof import (
    Part,
    Suspect,
    TagFault,
    Tags,
    Weighing,
    predicted_g,
    suspects,
    tag_faults,
)

TEA = Part(1, "TEA", 2, 80)
CUP = Part(2, "CUP", 1, 300)
HAT = Part(3, "HAT", 1, 120)
BASKET = (TEA, CUP)  # with its box 560 g
SHELF = (("S", 100), ("L", 300))


def on_scale(grams: int, tolerance_g: int = 30) -> Weighing:
    return Weighing(grams, 100, tolerance_g, "S", SHELF)


def likely(
    parts: tuple[Part, ...], grams: int, *tags: TagFault, near: tuple[Part, ...] = ()
) -> str:
    found = suspects(parts, on_scale(grams), tags=tags, strangers=near)
    if found is None:
        return "fits"
    return f"{found[0].why} {found[0].name} {found[0].instead}".strip() if found else "nobody"


@pytest.mark.parametrize(
    ("grams", "said"),
    [
        (560, "fits"),
        (590, "fits"),
        (530, "fits"),
        (642, "extra TEA"),
        (478, "missing TEA"),
        (855, "extra CUP"),
        (262, "missing CUP"),
        (760, "box L S"),
        (710, "nobody"),
        (782, "swapped CUP TEA"),  # a second cup where a tea should be
        (338, "swapped TEA CUP"),
    ],
)
def test_the_scale_alone(grams: int, said: str) -> None:
    assert likely(BASKET, grams) == said


def test_182_g_names_the_culprit() -> None:
    mug = Part(9, "CUP", 1, 180)
    found = suspects((TEA, mug), Weighing(100 + 160 + 180 + 182, 100, 30))
    assert found is not None
    assert found[0] == Suspect("extra", "CUP", 180, 2)


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ((Tags(1, "TEA", 2),), ()),
        ((), (TagFault(1, "TEA", -2),)),
        ((Tags(1, "TEA", 3, "O9"),), (TagFault(1, "TEA", 1, "O9"),)),
        ((Tags(1, "TEA", 2), Tags(3, "HAT", 1, "O7")), (TagFault(3, "HAT", 1, "O7"),)),
        ((Tags(1, "TEA", 2), Tags(2, "CUP", 5)), ()),  # cups are not expected to have any
        ((Tags(1, "TEA", 1, "O9"),), (TagFault(1, "TEA", -1),)),
    ],
)
def test_tags_against_scans(tags: tuple[Tags, ...], said: tuple[TagFault, ...]) -> None:
    tagged = Part(1, "TEA", 2, 80, tagged=True)
    assert tag_faults((tagged, CUP), tags) == said


def test_two_witnesses_that_agree_come_first() -> None:
    light = Part(4, "CARD", 1, 78)
    parts = (TEA, light)
    heavy = 100 + 160 + 78 + 81
    assert likely(parts, heavy) == "extra TEA"
    assert likely(parts, heavy, TagFault(4, "CARD", 1, "O8")) == "extra CARD"
    found = suspects(parts, on_scale(heavy), tags=[TagFault(4, "CARD", 1, "O8")])
    assert found is not None
    assert (found[0].seen, found[0].order) == (True, "O8")
    missing = TagFault(4, "CARD", -1)
    assert likely(parts, heavy, missing) == "extra TEA", "a missing tag weighs nothing"


def test_a_stranger_from_this_bench_is_named() -> None:
    assert likely((TEA,), 100 + 160 + 121) == "nobody"
    assert likely((TEA,), 100 + 160 + 121, near=(HAT,)) == "extra HAT"
    assert likely((TEA,), 100 + 160 + 41, near=(HAT,)) == "swapped HAT TEA"


def test_the_owner_s_tolerance_decides() -> None:
    assert suspects(BASKET, on_scale(600, tolerance_g=40)) is None
    assert suspects(BASKET, on_scale(600, tolerance_g=39)) == ()


def test_what_is_not_known_proves_nothing() -> None:
    unknown = (TEA, Part(5, "BAG", 1))
    assert predicted_g(unknown, 100) is None
    assert suspects(unknown, on_scale(9_999)) is None
    assert predicted_g((), 100) == 100


def test_what_weighs_differently_each_time_is_named_from_farther_away() -> None:
    bread = Part(6, "BREAD", 1, 200, deviation_g=20)
    assert likely((bread, Part(7, "JAM", 1, 400)), 100 + 600 + 255) == "extra BREAD"
