"""Walks are sweeps: every place once, aisle by aisle, the same way every time."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from picking.layout import Bin, Layout
from picking.routes import length_mm, sweep, where_to_insert

AISLES, BAYS = "ABCDE", 12
BINS = [
    Bin(f"{aisle}-{bay:02d}", "Z1", aisle, bay, 0, 3_000 * n, 1_000 * bay)
    for n, aisle in enumerate(AISLES)
    for bay in range(1, BAYS + 1)
]
DOOR, DOCK = Bin("DOOR", x_mm=0, y_mm=0), Bin("DOCK", x_mm=12_000, y_mm=0)
FLOOR = Layout.of([*BINS, DOOR, DOCK])
walks = st.lists(st.sampled_from([place.code for place in BINS]), max_size=25)


@given(walks)
def test_a_sweep_visits_every_place_once(codes: list[str]) -> None:
    assert sorted(sweep(codes, FLOOR)) == sorted(set(codes))


@given(walks.flatmap(lambda codes: st.tuples(st.just(codes), st.permutations(codes))))
def test_the_same_places_make_the_same_walk(both: tuple[list[str], list[str]]) -> None:
    codes, shuffled = both
    assert sweep(codes, FLOOR, start="DOOR") == sweep(shuffled, FLOOR, start="DOOR")


@given(walks)
def test_an_aisle_is_entered_once_and_walked_in_one_direction(codes: list[str]) -> None:
    walk = [FLOOR.place(code) for code in sweep(codes, FLOOR, start="DOOR", end="DOOR")]
    aisles = [place.aisle for place in walk]
    entered = [aisle for n, aisle in enumerate(aisles) if n == 0 or aisles[n - 1] != aisle]
    assert len(entered) == len(set(entered))
    ups = []
    for aisle in entered:
        bays = [place.bay for place in walk if place.aisle == aisle]
        assert bays in (sorted(bays), sorted(bays, reverse=True))
        if len(bays) > 1:
            ups.append((entered.index(aisle), bays == sorted(bays)))
    for (one, up), (other, up_too) in pairwise(ups):
        assert (up == up_too) == ((other - one) % 2 == 0), "there, and back in the next aisle"


def test_a_walk_begins_at_the_aisle_next_to_its_start() -> None:
    codes = ["A-03", "B-03", "E-03"]
    assert sweep(codes, FLOOR, start="DOOR", end="DOCK") == codes
    assert sweep(codes, FLOOR, start="DOCK", end="DOOR") == codes[::-1]


def test_racks_are_walked_around_not_through() -> None:
    assert FLOOR.walk_mm("A-06", "B-06") == 5_000 + 3_000 + 5_000
    assert FLOOR.walk_mm("A-01", "B-01") == 3_000
    assert FLOOR.walk_mm("A-02", "A-09") == 7_000


@given(
    st.sampled_from([place.code for place in BINS]), st.sampled_from(BINS), st.sampled_from(BINS)
)
def test_distances_are_symmetric_and_never_negative(start: str, one: Bin, other: Bin) -> None:
    there = FLOOR.walk_mm(one.code, other.code)
    assert there == FLOOR.walk_mm(other.code, one.code) >= 0
    assert FLOOR.walk_mm(start, start) == 0


@given(walks.filter(lambda codes: len(codes) > 1), st.sampled_from(BINS), st.sampled_from(BINS))
def test_a_detour_goes_where_it_is_shortest(codes: list[str], here: Bin, extra: Bin) -> None:
    ahead = sweep(codes, FLOOR)
    chosen = where_to_insert(ahead, extra.code, FLOOR, here=here.code, end="DOOR")

    def length(index: int) -> int:
        walk = [*ahead[:index], extra.code, *ahead[index:]]
        return length_mm(walk, FLOOR, start=here.code, end="DOOR")

    assert length(chosen) == min(length(index) for index in range(len(ahead) + 1))


def test_a_place_that_is_on_no_plan_is_still_visited() -> None:
    assert set(sweep(["A-01", "NEW"], FLOOR)) == {"A-01", "NEW"}
