"""Replenishment: what faces and orders want, once, first expiry first, promised while it comes."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, insert, select

from picking import replenisher
from tests.floor_site import ON_BOTH, FloorSite, floor_at
from tests.picking_site import ANNA, TODAY, refused
from tests.racing import race
from wms import tasks
from wms.counts import chosen as count_choice
from wms.counts import counting as counts
from wms.db import Book, Tx
from wms.errors import Code, Rejected
from wms.promises import allocation
from wms.promises.allocate import NEVER, Free, Need
from wms.replenish import refills as replenish_tasks
from wms.replenish.wanted import Face, Lack, Refill, decide, lacking, takes
from wms.schema import allocations, events, owners, pick_faces, places, stock
from wms.schema import counts as counts_table
from wms.schema import tasks as tasks_table
from wms.stock import Key

PILES = st.lists(
    st.builds(
        lambda place, item, qty, expiry: Free(
            Key(f"R-{place}", item, expiry, "available", ""), qty, expiry
        ),
        st.integers(1, 6), st.integers(1, 3), st.integers(1, 40),
        st.sampled_from(["", "2026-12-01", "2027-06-01"]),
    ),
    max_size=8, unique_by=lambda pile: pile.key,
)  # fmt: skip
FACES = st.lists(
    st.builds(
        lambda place, item, least, more, there, task: Face(
            place=f"A-{place}", item=item, qty_min=least, qty_max=least + more, there=there,
            task=task,
        ),
        st.integers(1, 6), st.integers(1, 3), st.integers(0, 20), st.integers(0, 20),
        st.integers(0, 30), st.sampled_from([0, 0, 0, 7]),
    ),
    max_size=5, unique_by=lambda face: (face.place, face.item),
)  # fmt: skip
LACKS = st.dictionaries(
    st.integers(1, 3),
    st.builds(Lack, st.integers(1, 30), st.sampled_from(["", "2027-01-01"])),
    max_size=3,
)


@given(piles=PILES, qty=st.integers(1, 100))
def test_what_expires_first_is_fetched_first(piles: list[Free], qty: int) -> None:
    of_item = [pile for pile in piles if pile.key.item == 1]
    chosen = dict(takes(of_item, qty))
    assert sum(chosen.values()) == min(qty, sum(pile.qty for pile in of_item))
    dates = [pile.expires for pile in of_item if pile.key in chosen]
    for pile in of_item:
        left = pile.qty - chosen.get(pile.key, 0)
        assert left >= 0
        assert not (left and any(date > pile.expires for date in dates)), "an older one was left"


@given(faces=FACES, lacks=LACKS, piles=PILES)
def test_no_unit_is_given_twice_and_no_face_gets_two_tasks(
    faces: list[Face], lacks: dict[int, Lack], piles: list[Free]
) -> None:
    todo = decide(faces, lacks, piles)
    used: Counter[Key] = Counter()
    for refill in todo.refills:
        assert refill.qty > 0
        for key, qty in refill.takes:
            assert key.item == refill.item
            used[key] += qty
    assert all(used[pile.key] <= pile.qty for pile in piles)
    chosen = [(refill.place, refill.item) for refill in todo.refills]
    assert len(chosen) == len(set(chosen))
    busy = {(face.place, face.item) for face in faces if face.task}
    assert not busy & set(chosen)


@given(faces=FACES, lacks=LACKS, piles=PILES)
def test_a_face_that_has_enough_is_left_alone(
    faces: list[Face], lacks: dict[int, Lack], piles: list[Free]
) -> None:
    by_place = {(face.place, face.item): face for face in faces}
    for refill in decide(faces, lacks, piles).refills:
        if not refill.place:
            continue
        face = by_place[refill.place, refill.item]
        assert face.there < face.qty_min or face.item in lacks
        lack = lacks.get(face.item)
        assert refill.qty <= max(face.qty_max - face.there, lack.qty if lack else 0)


@given(faces=FACES, lacks=LACKS, piles=PILES, order=st.randoms())
def test_the_same_faces_give_the_same_tasks(
    faces: list[Face], lacks: dict[int, Lack], piles: list[Free], order: Any
) -> None:
    shuffled, other = list(faces), list(piles)
    order.shuffle(shuffled)
    order.shuffle(other)
    one, two = decide(faces, lacks, piles), decide(shuffled, lacks, other)
    assert sorted(one.refills, key=str) == sorted(two.refills, key=str)


def test_nothing_is_brought_that_would_expire_before_the_orders_may_have_it() -> None:
    old = Free(Key("R-1", 1, "old", "available", ""), 9, "2026-12-01")
    new = Free(Key("R-2", 1, "new", "available", ""), 9, "2027-06-01")
    face = Face(place="A-1", item=1, qty_min=0, qty_max=9, there=0)
    needs = [Need(7, 70, 1, 4, "2027-01-01")]
    lacks = lacking(needs, [Free(Key("A-1", 1, "old", "available", ""), 9, "2026-12-01")], {})
    assert lacks == {1: Lack(4, "2027-01-01")}
    (refill,) = decide([face], lacks, [old, new]).refills
    assert refill.takes == ((new.key, 4),)
    assert old.expires < NEVER


# --- in the book -------------------------------------------------------------------------------


@pytest.fixture
def site(sqlite_url: str) -> Iterator[FloorSite]:
    with floor_at(sqlite_url) as site:
        site.write(furnish)
        yield site
        site.check()


def furnish(tx: Tx) -> None:
    tx.execute(insert(places), [
        {"code": code, "kind": "reserve", "aisle": "R", "bay": n}
        for n, code in enumerate(("R-01", "R-02", "R-03"))
    ])  # fmt: skip
    tx.execute(insert(places).values(code="P-01", kind="pallet", parent="R-03"))


def face(site: FloorSite, place: str, sku: str, least: int, most: int) -> None:
    site.add(pick_faces, {
        "place": place, "item_id": site.good(sku), "qty_min": least, "qty_max": most,
    })  # fmt: skip


def look(site: FloorSite) -> list[int]:
    return asyncio.run(replenisher.replenish_once(site.book, now=site.now))


def promised(site: FloorSite, task: int) -> dict[str, int]:
    query = select(allocations.c.place, allocations.c.qty).where(allocations.c.task_id == task)
    live = allocations.c.state.in_(("open", "picked"))
    return {row.place: row.qty for row in site.rows(query.where(live))}


def task_of(site: FloorSite, number: int) -> Any:
    return site.rows(select(tasks_table).where(tasks_table.c.id == number))[0]


def test_a_face_below_its_minimum_is_filled_up_to_its_maximum_once(site: FloorSite) -> None:
    site.put("A-01", "TEA", 3)
    site.put("P-01", "TEA", 50)
    face(site, "A-01", "TEA", 5, 20)
    (task,) = look(site)
    assert promised(site, task) == {"P-01": 17}
    assert (task_of(site, task).place, task_of(site, task).priority) == ("A-01", 1)
    assert look(site) == [], "it is coming already"
    tea = site.good("TEA")
    assert site.read(replenish_tasks.coming, [tea]) == {tea: 17}


def test_a_face_that_has_its_minimum_waits(site: FloorSite) -> None:
    site.put("A-01", "TEA", 5)
    site.put("R-01", "TEA", 50)
    face(site, "A-01", "TEA", 5, 20)
    assert look(site) == []


def test_what_is_promised_of_the_reserve_is_left_alone(site: FloorSite) -> None:
    site.put("R-01", "TEA", 10)
    for number, place in enumerate(("A-01", "A-02")):
        face(site, place, "TEA", 8, 8)
        (task,) = look(site)
        assert promised(site, task) == {"R-01": (8, 2)[number]}


def test_picks_blocked_by_replenishment_are_served_from_the_reserve(
    site: FloorSite,
) -> None:
    """Hard case: picks blocked by replenishment. The reserve is brought, never promised."""
    site.put("A-01", "TEA", 3)
    site.put("R-01", "TEA", 50)
    face(site, "A-01", "TEA", 0, 4)
    order = site.order(("TEA", 10))
    assert site.release([order]).orders == ()
    assert site.state(order) == "short"
    (task,) = look(site)
    assert promised(site, task) == {"R-01": 7}
    assert task_of(site, task).priority == replenish_tasks.URGENT
    fetch_and_put(site, task)
    assert site.release([order]).orders != ()


def fetch_and_put(site: FloorSite, task: int) -> None:
    site.write(tasks.claim, task=task, person=1, now=site.now)
    rows = site.write(allocation.reserved, task)
    for row in rows:
        site.write(
            replenish_tasks.fetch, promised=row.id, qty=row.qty, person=1, key=site.key(),
            actor="person:1", now=site.now,
        )  # fmt: skip
    site.write(
        replenish_tasks.put, task=task, qty=sum(row.qty for row in rows),
        to=task_of(site, task).place, key=site.key(), actor="person:1", now=site.now, today=TODAY,
    )  # fmt: skip
    assert task_of(site, task).state == "done"


def test_a_task_that_orders_wait_for_by_now_is_hurried(site: FloorSite) -> None:
    site.put("R-01", "TEA", 50)
    face(site, "A-01", "TEA", 5, 6)
    (task,) = look(site)
    assert task_of(site, task).priority == replenish_tasks.USUAL
    site.order(("TEA", 30))
    assert look(site) == []
    assert task_of(site, task).priority == replenish_tasks.URGENT


def test_an_item_without_a_face_gets_a_bin_when_orders_wait_for_it(site: FloorSite) -> None:
    site.put("R-01", "TEA", 50)
    site.put("C-07", "TEA", 1)
    site.order(("TEA", 6))
    (task,) = look(site)
    assert (task_of(site, task).place, promised(site, task)) == ("C-07", {"R-01": 5})


def test_the_next_time_a_face_runs_low_there_is_another_task(site: FloorSite) -> None:
    site.put("R-01", "TEA", 50)
    face(site, "A-01", "TEA", 2, 5)
    (first,) = look(site)
    fetch_and_put(site, first)
    site.release([site.order(("TEA", 4))])
    (second,) = look(site)
    assert second != first


@pytest.mark.parametrize(
    "spoil",
    [
        lambda site: site.set(places, places.c.code == "R-01", blocked="count"),
        lambda site: site.set(stock, stock.c.place == "R-01", allocated=0, qty=0),
    ],
)
def test_what_may_not_be_taken_is_not_promised(sqlite_url: str, spoil: Any) -> None:
    with floor_at(sqlite_url) as site:
        site.write(furnish)
        site.put("R-01", "TEA", 50)
        face(site, "A-01", "TEA", 5, 20)
        spoil(site)
        assert look(site) == []


def test_what_has_expired_is_not_brought(site: FloorSite) -> None:
    site.put("R-01", "FOOD", 5, lot="gone", expiry="2026-11-21")
    site.put("R-02", "FOOD", 5, lot="new", expiry="2027-06-01")
    site.put("R-03", "FOOD", 5, lot="old", expiry="2026-12-01")
    face(site, "A-01", "FOOD", 1, 7)
    (task,) = look(site)
    assert promised(site, task) == {"R-03": 5, "R-02": 2}


def test_where_the_reserve_is_empty_the_place_is_closed_and_the_rest_looked_for(
    site: FloorSite,
) -> None:
    site.put("R-01", "TEA", 5)
    site.put("R-02", "TEA", 50)
    face(site, "A-01", "TEA", 5, 5)
    (task,) = look(site)
    (row,) = site.write(allocation.reserved, task)
    assert row.place == "R-01"
    found = site.write(
        replenish_tasks.short, promised=row.id, key="k", actor="person:1", now=site.now,
        today=TODAY,
    )  # fmt: skip
    assert (found.missing, found.elsewhere) == (5, 5)
    assert promised(site, task) == {"R-02": 5}
    counting = site.rows(select(tasks_table).where(tasks_table.c.kind == "count"))
    assert [one.place for one in counting] == ["R-01"]
    (doubt,) = site.read(count_choice.doubts, now=site.now, codes=["R-01"])
    assert "confidence.shorts" in [one.code for one in doubt.sure.reasons], "as sure as of a bin"
    count = site.write(counts.begin, place="R-01", person=ANNA, key="c", now=site.now)
    assert site.scalar(select(counts_table.c.kind).where(counts_table.c.id == count)) == "short"


@ON_BOTH
def test_two_replenishers_open_one_task_and_promise_nothing_twice(
    engine: str, request: pytest.FixtureRequest
) -> None:
    """Both looked at the same moment: the second finds the task, or the reserve, gone."""
    make: Callable[[], str] = request.getfixturevalue(f"new_{engine}")
    with floor_at(make()) as site:
        site.write(furnish)
        site.put("R-01", "TEA", 10)
        face(site, "A-01", "TEA", 8, 8)
        face(site, "A-02", "TEA", 8, 8)
        _, todo = site.read(replenisher.look, now=site.now)
        assert [refill.qty for refill in todo.refills] == [8, 2]
        for _ in range(2):
            site.write(replenish_tasks.open_refill, todo.refills[0], today=TODAY, now=site.now)
        greedy = Refill("A-02", site.good("TEA"), todo.refills[0].takes, False)
        with refused(Code.STOCK_SHORT):
            site.write(replenish_tasks.open_refill, greedy, today=TODAY, now=site.now)
        opened = site.rows(select(tasks_table).where(tasks_table.c.kind == "replenish"))
        assert [one.place for one in opened] == ["A-01"]
        site.check()


def test_the_picker_hears_that_it_is_coming_and_no_order_is_cut_meanwhile(site: FloorSite) -> None:
    """An owner who ships short ships short of stock, not short of a pallet ten metres up."""
    site.put("A-01", "TEA", 5)
    site.put("A-02", "CUP", 5)
    site.put("R-01", "TEA", 50)
    site.set(owners, owners.c.code == "acme", short_policy="ship_short")
    order = site.order(("TEA", 4), ("CUP", 1))
    site.release([order])
    hand = site.signed_in("HT-01", ANNA, work="pick")
    hand.expect("pick.bind", "1", "key")
    hand.expect("pick.place", "T-01")
    hand.expect("pick.short", "short", "command")
    said = hand.expect("pick.place", "1", "key").message
    assert said is not None
    assert said.text == "Replenishment brings 50. Go on"
    assert site.state(order) == "short"
    (event,) = site.rows(select(events.c.body).where(events.c.kind == "order.short"))
    assert json.loads(event.body)["coming"] == 4


def refill_all(book: Book, _number: int, refills: Sequence[Refill], now: int) -> int:
    """Open these tasks. Returns how many this racer opened."""
    opened = 0
    for refill in refills:
        try:
            task = book.write_now(replenish_tasks.open_refill, refill, today=TODAY, now=now)
        except Rejected as refusal:
            assert refusal.code is Code.STOCK_SHORT
            continue
        opened += task is not None
    return opened


@ON_BOTH
def test_four_replenishers_at_once_promise_each_unit_once(
    engine: str, request: pytest.FixtureRequest
) -> None:
    make: Callable[[], str] = request.getfixturevalue(f"new_{engine}")
    url = make()
    with floor_at(url) as site:
        site.write(furnish)
        site.put("R-01", "TEA", 10)
        site.put("R-02", "CUP", 4)
        face(site, "A-01", "TEA", 8, 8)
        face(site, "A-02", "TEA", 8, 8)
        face(site, "A-03", "CUP", 6, 6)
        _, todo = site.read(replenisher.look, now=site.now)
        (opened,) = race(url, (refill_all, todo.refills, site.now))
        assert sum(opened) == 3
        left = select(func.sum(stock.c.qty - stock.c.allocated)).where(stock.c.place.like("R-%"))
        assert site.scalar(left) == 0
        site.check()
