"""Counting while others work: on both databases nothing is lost silently, and once is once."""

from collections.abc import Iterator
from random import Random

import pytest
from sqlalchemy import func, select

from picking import count_settle, stocktaking, tours
from picking.dialogues.count_effects import give_back
from tests import count_racers
from tests.floor_site import FloorSite, floor_at
from tests.picking_site import ANNA, BERT, TODAY
from tests.racing import RACERS, race
from wms.counts import counting, stocktakes
from wms.counts.rules import Tally
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.schema import allocations, moves, orders, places, stock, tasks
from wms.schema import counts as counts_table
from wms.schema import stocktakes as stocktakes_table

PERSONS = [1, 2, 3, 4]


@pytest.fixture
def site(database_url: str) -> Iterator[FloorSite]:
    with floor_at(database_url) as site:
        site.stock_up()
        yield site
        site.check()


def test_a_count_that_loses_goods_races_with_orders_that_want_them(
    site: FloorSite, database_url: str
) -> None:
    basket = [("TEA", 1), ("CUP", 1)]
    of_racer = [site.orders([basket] * 4) if number else [] for number in range(RACERS)]
    count = site.write(counting.begin, place="A-01", person=BERT, key="r", now=site.now)
    tea = site.good("TEA")
    (released,) = race(
        database_url,
        (count_racers.count_or_release, of_racer, count, tea, 3, TODAY, site.now),
    )
    held = site.scalar(select(stock.c.qty).where(stock.c.place == "A-01"))
    promised = site.scalar(select(stock.c.allocated).where(stock.c.place == "A-01"))
    row = site.rows(select(counts_table))[0]
    lost = site.rows(select(moves).where(moves.c.reason == "count"))
    assert (row.state, held, [move.qty for move in lost]) == ("done", 3, [7])
    assert promised <= 3, released
    live = select(func.sum(allocations.c.qty)).where(
        allocations.c.state == "open", allocations.c.item_id == tea
    )
    assert site.scalar(live) == promised
    states = [one.state for one in site.rows(select(orders.c.state))]
    assert states.count("released") == promised, "each of them has its goods"
    assert set(states) <= {"released", "short", "accepted"}


def test_one_round_is_recorded_once_whoever_sends_it(site: FloorSite, database_url: str) -> None:
    count = site.write(counting.begin, place="A-01", person=BERT, key="r", now=site.now)
    tea = site.good("TEA")
    asked = (count, 1, tea, 8, site.now, TODAY)
    again = (count, 2, tea, 8, site.now, TODAY)
    first, second = race(database_url, (count_racers.finish, *asked), (count_racers.finish, *again))
    assert sorted(first) == [*[Code.COUNT_CLOSED] * (RACERS - 1), "recount"]
    assert sorted(second) == [*[Code.COUNT_CLOSED] * (RACERS - 1), "settled"]
    assert site.scalar(select(stock.c.qty).where(stock.c.place == "A-01")) == 8


def test_a_place_is_one_person_s_to_count(site: FloorSite, database_url: str) -> None:
    (begun,) = race(database_url, (count_racers.begin, "A-01", PERSONS, site.now))
    assert sorted(begun) == [False, False, False, True]
    assert site.scalar(select(func.count()).select_from(counts_table)) == 1
    assert site.scalar(select(func.count()).where(tasks.c.kind == "count")) == 1


@pytest.mark.long
def test_one_request_that_comes_four_times_at_once_is_one_stocktake(
    site: FloorSite, database_url: str
) -> None:
    (begun,) = race(database_url, (count_racers.take_stock, site.now))
    assert len(begun) == RACERS
    assert len(set(begun)) == 1
    assert len(site.rows(select(stocktakes_table))) == 1


class Shelves:
    """Somebody with random hands: orders, walks, counts and stocktakes in any order."""

    def __init__(self, site: FloorSite, rng: Random) -> None:
        self.site, self.rng = site, rng
        self.taking = ""
        self.done: dict[str, int] = {}

    def step(self) -> None:
        deeds = (self.order, self.walk, *[self.count] * 6, self.stocktake, self.refill)
        deed = self.rng.choice(deeds)
        self.site.now += 1_000
        deed()
        self.done[deed.__name__] = self.done.get(deed.__name__, 0) + 1

    def order(self) -> None:
        wanted = [
            [(sku, self.rng.randint(1, 3)) for sku in self.rng.sample(("TEA", "CUP", "HAT"), n)]
            for n in (1, 2)
        ]
        self.site.release(self.site.orders(wanted, priority=self.rng.randint(0, 3)))

    def refill(self) -> None:
        place = f"D-{self.rng.randint(1, 4):02d}"
        self.site.put(place, self.rng.choice(("TEA", "CUP", "HAT")), self.rng.randint(1, 9))

    def walk(self) -> None:
        tour = self.site.write(tours.claim, person=ANNA, now=self.site.now)
        if tour is None:
            return
        try:
            self.site.claim()
            self.site.walk(tour)
            self.site.drop(tour, "BENCH-1")
        except (Rejected, AssertionError):
            pass  # a shelf was frozen, or the totes have run out

    def count(self) -> None:
        place = self.rng.choice(("A-01", "B-02", "C-03", "D-01", "D-02"))
        person = self.rng.choice((BERT, 3, 4, 5))
        try:
            count = self.site.write(
                counting.begin,
                place=place,
                person=person,
                key=self.site.key("c"),
                now=self.site.now,
            )
        except Rejected as refusal:
            expected = (Code.COUNT_TAKEN, Code.COUNT_SECOND, Code.COUNT_CLOSED)
            assert refusal.code in expected, refusal
            return
        row = self.site.read(counting.read, count)
        if row.state != "approval":
            self.record(place, person, count, row.round)
        if self.rng.random() < 0.8:
            self.site.write(let_go, count)

    def record(self, place: str, person: int, count: int, round: int) -> None:
        book = self.site.read(counting.book_of, place)
        off = self.rng.choice((0, 0, 0, -1, -3, 2))
        seen = [
            Tally(goods.item, goods.lot, goods.serial, max(qty + off, 0))
            for goods, qty in book.items()
        ]
        self.site.write(
            count_settle.finish, count=count, round=round, person=person,
            seen=[one for one in seen if one.qty], actor=f"person:{person}",
            key=self.site.key("f"), now=self.site.now, today=TODAY,
        )  # fmt: skip

    def stocktake(self) -> None:
        if not self.taking:
            self.taking = self.site.write(stocktakes.start, zone="", owner="acme",
                                          now=self.site.now).code  # fmt: skip
            return
        if self.rng.random() < 0.1:
            self.site.write(stocktakes.end, self.taking, now=self.site.now)
            self.taking = ""
            return
        try:
            self.site.write(
                stocktaking.sign, self.taking, by="Sato", actor="cli", key=self.site.key("s"),
                now=self.site.now, today=TODAY,
            )  # fmt: skip
            self.taking = ""
        except Rejected as refusal:
            assert refusal.code in (Code.STOCKTAKE_UNFINISHED, Code.COUNT_MOVED), refusal


def let_go(tx: Tx, count: int) -> None:
    """Whoever counts leaves it to others."""
    task = counting.read(tx, count).task_id
    if task is not None:
        give_back(tx, task)


@pytest.mark.parametrize("seed", range(4))
def test_random_hands_leave_a_clean_book(sqlite_url: str, seed: int) -> None:
    with floor_at(sqlite_url) as site:
        site.stock_up()
        shelves = Shelves(site, Random(seed))
        for number in range(120):
            shelves.step()
            if number % 12 == 0:
                site.check()
        site.check()
        frozen = site.rows(select(places.c.code).where(places.c.blocked == "stocktake"))
        assert bool(frozen) == bool(shelves.taking)
        settled = site.scalar(
            select(func.count()).where(counts_table.c.state == "done", counts_table.c.round > 1)
        )
        assert settled >= 2, shelves.done
