"""Cut-off slack: which orders miss the truck, and what would save them, in one sentence."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from app.board.facts import Facts, Order, Rate, Worker, read
from app.board.forecast import Rescue, forecast, rescue
from app.board.tiles import tiles
from tests.picking_site import NOON, site_at

MINUTE_MS, HOUR_MS = 60_000, 3_600_000


def order(number: int, state: str = "released") -> Order:
    return Order(number, f"O{number}", "yamato", state, "", 1, 0, number, NOON + number, False)


def people(**crew: int) -> tuple[Worker, ...]:
    return tuple(
        Worker(n, f"{dialogue}{n}", f"HT-{dialogue}-{n}", dialogue, None, 0)
        for dialogue, count in crew.items()
        for n in range(count)
    )


@pytest.fixture
def idle(sqlite_url: str) -> Iterator[Facts]:
    """A site at noon with nothing to do: Yamato comes at 13:00, ten boxes were closed in the last
    ten minutes, four people pick and two pack."""
    with site_at(sqlite_url) as site:
        found = site.read(read, now=NOON)
    yield replace(
        found, pickups={"yamato": ["13:00"]}, rate=Rate(10, 10 * MINUTE_MS),
        workers=people(pick=4, pack=2),
    )  # fmt: skip


def saved(found: Facts) -> Rescue | None:
    groups = [("yamato", NOON + HOUR_MS, [one for one in found.orders if one.state != "packed"])]
    return rescue(found, forecast(groups, found.rate, now=found.now))


def test_nobody_is_rescued_who_is_in_time(idle: Facts) -> None:
    assert saved(replace(idle, orders=tuple(order(n) for n in range(60)))) is None
    assert saved(replace(idle, orders=tuple(order(n) for n in range(61)))) is not None


@pytest.mark.parametrize(
    ("picking", "packing", "crew", "expected"),
    [
        (80, 0, {"pick": 4, "pack": 2}, ("pick", 2, "")),
        (80, 0, {"pick": 4, "pack": 6}, ("pick", 2, "pack")),
        (10, 80, {"pick": 6, "pack": 2}, ("pack", 1, "pick")),
        (10, 80, {"pick": 1, "pack": 2}, ("pack", 1, "")),
        (80, 0, {"pick": 0, "pack": 0}, ("pick", 1, "")),
    ],
)
def test_hands_go_where_the_queue_is(
    idle: Facts, picking: int, packing: int, crew: dict[str, int], expected: tuple[str, int, str]
) -> None:
    orders = [order(n) for n in range(picking)]
    orders += [order(100 + n, "picked") for n in range(packing)]
    found = saved(replace(idle, orders=tuple(orders), workers=people(**crew)))
    assert found is not None
    assert (found.work, found.people, found.from_work) == expected


def test_late_orders_that_are_nearest_to_their_box_come_first(idle: Facts) -> None:
    orders = [order(n) for n in range(58)]
    orders += [order(90, "accepted"), order(91, "picked"), order(92, "picked"), order(93)]
    found = saved(replace(idle, orders=tuple(orders)))
    assert found is not None
    assert [one.id for one in found.late] == [92, 93], "the last in line"
    assert [one.id for one in found.forward] == [92]


def test_the_board_says_it_in_a_sentence(idle: Facts) -> None:
    orders = [*(order(n) for n in range(70)), *(order(100 + n, "picked") for n in range(5))]
    found = replace(idle, orders=tuple(orders), workers=people(pick=2, pack=6))
    hints = {language: tiles(found, language)[1].hint for language in ("ja", "en")}
    assert hints["en"] == (
        "Yamato Transport: 15 will miss it. Move 1 from Pack to Pick. First O100 O101 O102"
    )
    assert hints["ja"].endswith("先に O100 O101 O102")
