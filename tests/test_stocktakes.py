"""Stocktaking, on both databases: two people, one signature, and nothing lost on the way."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from app import count_doors
from app.count_doors import NewStocktake
from picking import stocktaking
from tests.floor_site import JAN, LEA, ON_BOTH, FloorSite, Hand, floor_at, refused
from tests.picking_site import ANNA, BERT
from wms.counts import frozen, stocktakes
from wms.errors import Code, Rejected
from wms.schema import (
    allocations,
    moves,
    people,
    places,
    stock,
    tasks,
)
from wms.schema import commands as commands_table
from wms.schema import counts as counts_table

TEA, CUP, HAT = (f"]E0{JAN[sku]}" for sku in ("TEA", "CUP", "HAT"))
TODAY = "2026-11-22"


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def site(engine: str, request: pytest.FixtureRequest) -> Iterator[FloorSite]:
    with floor_at(request.getfixturevalue(f"new_{engine}")()) as site:
        site.stock_up()
        for person in (ANNA, BERT, LEA):
            site.set(people, people.c.id == person, permissions='["count", "pick"]', pin_hash="")
        yield site
        site.check()


def at(site: FloorSite, person: int) -> Hand:
    hand = site.at({ANNA: "HT-01", BERT: "HT-02", LEA: "LEAD-1"}[person])
    if hand.prompt.dialogue == "sign_in":
        hand.sign_in(person)
    if hand.prompt.dialogue != "count":
        hand.command("count")
    return hand


def count(hand: Hand, place: str, *texts: str) -> str:
    """Count what lies at *place*; what was said then."""
    if hand.prompt.step == "get":
        hand.expect("count.item", place)
    for text in texts:
        answer = hand.key(text) if len(text) < 5 else hand.scan(text)
        assert answer.fate == "applied", answer.prompt.message
    hand.command("full")
    if hand.prompt.step == "empty":
        hand.key("1")
    message = hand.prompt.message
    return message.code if message is not None else ""


def start(site: FloorSite, **scope: str) -> stocktakes.Stocktake:
    return site.write(stocktakes.start, now=site.now, **scope)


def sign(site: FloorSite, code: str, by: str = "Sato") -> tuple[stocktakes.Stocktake, Any]:
    return site.write(
        stocktaking.sign, code, by=by, actor="cli", key=f"sign:{code}", now=site.now, today=TODAY
    )


def blocked(site: FloorSite) -> dict[str, str]:
    query = select(places.c.code, places.c.blocked).where(places.c.blocked.not_in(("", "totes")))
    return {row.code: row.blocked for row in site.rows(query)}


@ON_BOTH
def test_a_stocktake_from_freezing_to_signature(site: FloorSite) -> None:
    begun = start(site, owner="acme")
    assert (begun.code, begun.places, begun.counted) == ("ST000001", 3, 0)
    assert blocked(site) == dict.fromkeys(("A-01", "B-02", "C-03"), "stocktake")
    released = site.release([site.order(("TEA", 1), ("CUP", 1))])
    assert site.state(1) == "short", released
    for person, teas in ((ANNA, "8"), (BERT, "8")):
        hand = at(site, person)
        assert count(hand, "A-01", TEA, teas) in ("count.second_counts", "count.said.counted")
        assert count(hand, "B-02", CUP, "10") in ("count.second_counts", "count.said.counted")
        with pytest.raises(Rejected, match=Code.STOCKTAKE_UNFINISHED):
            sign(site, begun.code)
        assert count(hand, "C-03", HAT, "11") in ("count.second_counts", "count.said.counted")
    assert site.rows(select(moves).where(moves.c.reason == "count")) == [], "not before he signed"
    shown = site.read(stocktakes.show, begun.code)
    assert (shown.counted, shown.differing) == (3, 2)
    differing = site.read(stocktakes.entries, begun.code, only_differences=True)
    assert [(one.place, one.sku, one.book, one.counted, one.differs) for one in differing] == [
        ("A-01", "TEA", 10, 8, -2), ("C-03", "HAT", 10, 11, 1),
    ]  # fmt: skip
    done, orders = sign(site, begun.code)
    assert (done.state, done.signed_by, orders) == ("signed", "Sato", ())
    assert blocked(site) == {}
    assert {row.place: row.qty for row in site.rows(select(stock).where(stock.c.qty > 0))} == {
        "A-01": 8, "B-02": 10, "C-03": 11,
    }  # fmt: skip
    assert len(site.read(stocktakes.entries, begun.code)) == 3, "the certificate has every line"
    with pytest.raises(Rejected, match=Code.STOCKTAKE_OVER):
        sign(site, begun.code)


@ON_BOTH
def test_a_place_counted_by_one_person_twice_is_not_two_counts(site: FloorSite) -> None:
    start(site, zone="")
    hand = at(site, ANNA)
    assert count(hand, "A-01", TEA, "10") == "count.second_counts"
    assert hand.prompt.step == "get"
    refused(hand.scan("A-01"), Code.COUNT_SECOND)
    hand.command("ok")
    hand.key("1")
    assert hand.prompt.focus.place != "A-01", "it is not given to her either"
    bert = at(site, BERT)
    assert count(bert, "A-01", TEA, "10") == "count.said.counted"
    row = site.rows(select(counts_table).where(counts_table.c.place == "A-01"))[0]
    assert (row.state, row.first_person_id, row.person_id) == ("counted", ANNA, BERT)
    refused(bert.scan("A-01"), Code.COUNT_CLOSED)


@ON_BOTH
def test_two_who_disagree_are_followed_by_a_third(site: FloorSite) -> None:
    begun = start(site, owner="acme")
    for person, teas, said in (
        (ANNA, "8", "count.second_counts"), (BERT, "9", "count.second_counts"),
        (LEA, "9", "count.said.counted"),
    ):  # fmt: skip
        assert count(at(site, person), "A-01", TEA, teas) == said
    (entry,) = site.read(stocktakes.entries, begun.code)
    assert (entry.book, entry.counted) == (10, 9)


@ON_BOTH
def test_a_stocktake_that_loses_promised_goods_finds_others_or_says_so(site: FloorSite) -> None:
    site.release([site.order(("TEA", 9), ("CUP", 1))])
    begun = start(site, owner="acme")
    for person in (ANNA, BERT):
        hand = at(site, person)
        count(hand, "A-01", TEA, "7")
        count(hand, "B-02", CUP, "10")
        count(hand, "C-03", HAT, "10")
    _done, orders = sign(site, begun.code)
    assert len(orders) == 1
    assert site.state(1) == "short"
    site.put("D-01", "TEA", 5)
    live = site.rows(select(allocations).where(allocations.c.state == "open"))
    assert sum(row.qty for row in live) == 8


@ON_BOTH
def test_a_stocktake_that_is_given_up_changes_nothing(site: FloorSite) -> None:
    site.write(places_blocked, site)
    begun = start(site)
    count(at(site, ANNA), "A-01", TEA, "7")
    with pytest.raises(Rejected, match=Code.STOCKTAKE_RUNNING):
        start(site, owner="acme")
    site.write(stocktakes.end, begun.code, now=site.now)
    assert blocked(site) == {"D-09": "broken"}, "what was closed before stays closed"
    assert site.read(stocktakes.show, begun.code).state == "void"
    assert site.scalar(select(tasks.c.id).where(tasks.c.state == "open")) is None
    with pytest.raises(Rejected, match=Code.STOCKTAKE_OVER):
        site.write(stocktakes.end, begun.code, now=site.now)
    start(site, owner="acme")


@ON_BOTH
def test_a_shelf_found_short_stays_closed_when_a_stocktake_is_given_up(site: FloorSite) -> None:
    site.set(places, places.c.code == "A-01", blocked="count")
    row = {"key": "s", "kind": "count", "place": "A-01", "ref": "stop:1", "created_ms": site.now}
    site.add(tasks, row)
    at(site, BERT).expect("count.item", "A-01")
    begun = start(site, owner="acme")
    assert blocked(site)["A-01"] == "stocktake"
    assert at(site, BERT).prompt.step == "get", "his count is part of the stocktake now"
    site.write(stocktakes.end, begun.code, now=site.now)
    assert blocked(site) == {"A-01": "count"}
    bert = at(site, BERT)
    bert.expect("count.place", "1", "key")
    bert.expect("count.item", "A-01")
    assert count(bert, "A-01", TEA, "10") == "count.said.agreed"
    assert blocked(site) == {}


@ON_BOTH
def test_a_stocktake_asked_for_again_is_the_same_one(site: FloorSite) -> None:
    """The answer was lost: whoever asks again gets it, whatever has become of it meanwhile."""

    def ask(key: str, zone: str = "", actor: str = "api:office") -> stocktakes.Stocktake:
        wanted = NewStocktake(key=key, owner="" if zone else "acme", zone=zone)
        return site.write(count_doors.start, wanted, actor=actor, device="api", now=site.now)

    first = ask("autumn")
    assert ask("autumn") == first
    with pytest.raises(Rejected, match=Code.KEY_REUSED):
        ask("autumn", zone="A")
    with pytest.raises(Rejected, match=Code.STOCKTAKE_RUNNING):
        ask("winter")
    with pytest.raises(Rejected, match=Code.STOCKTAKE_RUNNING):
        ask("autumn", actor="api:shop")  # somebody else's key
    site.write(stocktakes.end, first.code, now=site.now)
    assert ask("autumn") == first
    assert blocked(site) == {}, "a late repeat freezes nothing"
    begun = site.rows(select(commands_table).where(commands_table.c.name == "stocktake.start"))
    assert len(begun) == 1
    assert ask("winter").code == "ST000002"


def places_blocked(tx: Any, site: FloorSite) -> None:
    from sqlalchemy import update

    tx.execute(update(places).where(places.c.code == "D-09").values(blocked="broken"))


def test_what_cannot_be_counted_is_refused(site: FloorSite) -> None:
    for scope, code in (
        ({"owner": "nobody"}, Code.REFERENCE_UNKNOWN), ({"zone": "NO"}, Code.STOCKTAKE_EMPTY),
    ):  # fmt: skip
        with pytest.raises(Rejected, match=code):
            start(site, **scope)
    begun = start(site, owner="acme")
    with pytest.raises(Rejected, match=Code.REFERENCE_UNKNOWN):
        site.read(stocktakes.show, "ST999999")
    with pytest.raises(Rejected, match=Code.STOCKTAKE_UNFINISHED):
        sign(site, begun.code)
    with pytest.raises(Rejected, match=Code.REFERENCE_UNKNOWN):
        site.write(stocktakes.recount, begun.code, "A-01")


def test_goods_in_quarantine_are_counted_and_stay_there(site: FloorSite) -> None:
    """On a shelf that is kept apart, in a tote that stands at a bench or nowhere, on the bench."""
    bench, first, second = "BENCH-1", "T-01", "T-02"
    site.add(places, {"code": "Q-1", "kind": "buffer", "blocked": "quarantine"})
    site.add(places, {"code": "Q-2", "kind": "bin", "blocked": "quarantine"})
    site.set(places, places.c.code == first, parent=bench)
    site.set(places, places.c.code == second, parent=None)
    for place in ("Q-1", first, second, bench):
        site.put(place, "HAT", 2)
    apart = stock.c.place.in_(("Q-1", first, second, bench))
    site.set(stock, apart, condition="quarantine")
    begun = start(site)
    counted = set(site.rows(select(counts_table.c.place)))
    assert {(place,) for place in ("Q-1", "Q-2", first, second, bench)} <= {*map(tuple, counted)}
    assert blocked(site)["Q-1"] == "quarantine"
    site.read(frozen.refuse, [bench])  # work goes on there
    for place in ("Q-1", "Q-2", second):
        with pytest.raises(Rejected, match=begun.code):
            site.read(frozen.refuse, [place])
    site.write(stocktakes.end, begun.code, now=site.now)
    assert blocked(site) == {"Q-1": "quarantine", "Q-2": "quarantine"}
    site.read(frozen.refuse, ["Q-1", second])
    of_owner = start(site, owner="acme")
    assert of_owner.places == 3 + 4, "where something of theirs lies, sound or not"
    site.write(stocktakes.end, of_owner.code, now=site.now)
    site.set(stock, apart, condition="available")  # as it came, for the end of this test


@ON_BOTH
def test_goods_that_left_a_frozen_place_are_counted_once_more(site: FloorSite) -> None:
    from wms import stock as ledger
    from wms.stock import Move

    begun = start(site, owner="acme")
    for person in (ANNA, BERT):
        hand = at(site, person)
        count(hand, "A-01", TEA)
        count(hand, "B-02", CUP, "10")
        count(hand, "C-03", HAT, "10")
    out = Move(key="out", item=site.good("TEA"), qty=5, source="A-01", target="D-01")
    site.write(ledger.move, out, actor="t", now=site.now)
    with pytest.raises(Rejected, match=Code.COUNT_MOVED):
        sign(site, begun.code)
    site.write(stocktakes.recount, begun.code, "A-01")
    assert count(at(site, ANNA), "A-01", TEA, TEA, TEA, TEA, TEA) == "count.said.counted"
    done, _orders = sign(site, begun.code)
    assert (done.state, done.differing) == ("signed", 0)
