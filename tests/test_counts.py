"""Which places want to be counted, sweeps by RFID, and stocktakes, on both databases."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from picking import counter, sweep
from picking.floor import TOKYO
from tests.floor_site import JAN, LEA, ON_BOTH, FloorSite, Hand, floor_at
from tests.picking_site import ANNA, BERT
from wms.counts import chosen, counting, opening_stock
from wms.counts.chosen import Doubt
from wms.counts.confidence import DAY_MS, History, confidence
from wms.counts.opening_stock import NewStock
from wms.errors import Code, Rejected
from wms.rooms import gaps
from wms.schema import counts as counts_table
from wms.schema import (
    people,
    places,
    stock,
    tag_reads,
    tasks,
)
from wms.site import epc

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


def doubts(site: FloorSite, **choice: Any) -> list[Doubt]:
    return site.read(chosen.doubts, now=site.now, **choice)


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


# How sure the book is


def test_opening_stock_is_a_count(site: FloorSite) -> None:
    row = NewStock(owner="acme", sku="TEA", place="D-08", qty=4)
    site.write(opening_stock.put, [row], actor="cli", now=site.now)
    (doubt,) = doubts(site, codes=["D-08"])
    assert (doubt.sure.percent, doubt.sure.reasons) == (100, ())
    site.write(opening_stock.put, [row, row], actor="cli", now=site.now + DAY_MS)
    (doubt,) = doubts(site, codes=["D-08"])
    assert doubt.counted_ms == site.now, "goods that are added later are no count of the shelf"


def test_confidence_falls_with_what_happens_and_never_below_nought() -> None:
    fresh = confidence(History(counted_ms=5), now=5)
    assert (fresh.percent, fresh.reasons) == (100, ())
    never = confidence(History(counted_ms=0), now=5)
    assert (never.percent, never.reasons[0].code) == (60, "confidence.never")
    worst = History(counted_ms=0, moves=10**6, shorts=9, undone=99, overrides=99)
    assert confidence(worst, now=5).percent == 0
    for name in ("moves", "shorts", "undone", "overrides"):
        less = confidence(History(counted_ms=5, **{name: 8}), now=5)
        assert less.percent < 100
        assert [one.code for one in less.reasons] == [f"confidence.{name}"]


@ON_BOTH
def test_each_place_says_how_sure_the_book_is_and_why(site: FloorSite) -> None:
    site.good("TEA", velocity="A")
    site.good("CUP", velocity="C")
    assert {one.place: (one.sure.percent, one.velocity) for one in doubts(site)} == {
        "A-01": (60, "A"), "B-02": (60, "C"), "C-03": (60, ""),
    }  # fmt: skip
    count(at(site, BERT), "A-01", TEA, "10")
    site.release([site.order(("TEA", 1), ("CUP", 1)) for _ in range(5)])
    for _ in range(2):
        tour = site.claim()
        site.walk(tour.id)
        site.drop(tour.id, "BENCH-1")
        if site.scalar(select(stock.c.allocated).where(stock.c.place == "A-01")) == 0:
            break
    site.now += 10 * DAY_MS
    (tea,) = [one for one in doubts(site, zone="") if one.place == "A-01"]
    assert [(one.code, one.count, one.points) for one in tea.sure.reasons] == [
        ("confidence.days", 10, 5), ("confidence.moves", 5, 1),
    ]  # fmt: skip
    assert [one.place for one in doubts(site, owner="acme")][:1] == ["B-02"]
    assert doubts(site, owner="beta") == []
    assert [one.place for one in doubts(site, codes=["B-02"])] == ["B-02"]


@ON_BOTH
async def test_the_day_s_counts_are_chosen_once_by_doubt_and_velocity(site: FloorSite) -> None:
    site.good("HAT", velocity="A")

    async def choose(limit: int) -> int:
        return await counter.count_once(site.book, now=site.now, zone=TOKYO, per_day=limit)

    assert await choose(0) == 0, "the default asks for nothing"
    assert await choose(2) == 2
    asked = site.rows(select(tasks.c.place).where(tasks.c.kind == "count").order_by(tasks.c.id))
    assert [row.place for row in asked] == ["A-01", "C-03"], "hats first, then by name"
    assert await choose(2) == 0, "once a day"
    site.now += DAY_MS
    assert await choose(2) == 1, "the other two wait for their counts already"
    first = at(site, BERT).expect("count.place", "1", "key")
    assert first.focus.place in ("A-01", "C-03")


@ON_BOTH
def test_counts_that_are_asked_for_twice_are_made_once(site: FloorSite) -> None:
    def ask(key: str) -> int:
        wanted = ["A-01", "B-02", "NOWHERE"]
        return site.write(counting.open_all, wanted, kind="cycle", key=key, now=site.now)

    assert (ask("one"), ask("one"), ask("two")) == (2, 0, 0)
    bert = at(site, BERT)
    bert.expect("count.place", "1", "key")
    count(bert, "", *()) if bert.prompt.step == "get" else bert.scan("A-01")
    count(bert, "A-01", TEA, "10")
    assert (ask("one"), ask("two")) == (0, 1)


# RFID


def tags(site: FloorSite, sku: str, how_many: int) -> None:
    gtin = JAN[sku].zfill(14)
    for serial in range(how_many):
        code = epc.sgtin96(gtin, serial + 1, prefix_digits=7)
        row = {"device": "reader-1", "epc": code, "first_ms": site.now, "last_ms": site.now}
        site.add(tag_reads, row)


def swept(site: FloorSite, place: str = "A-01") -> str:
    ended = site.write(
        sweep.sweep, place=place, device="reader-1", since_ms=site.now - 1_000,
        key=site.key("sweep"), actor="cli", now=site.now, today=TODAY,
    )  # fmt: skip
    return ended.ending


@ON_BOTH
def test_a_sweep_that_agrees_is_a_count(site: FloorSite) -> None:
    site.good("TEA", rfid_tagged=1)
    site.put("A-01", "CUP", 3)
    tags(site, "TEA", 10)
    assert swept(site) == "agreed", "cups have no tags, and are believed"
    row = site.rows(select(counts_table))[0]
    assert (row.kind, row.state, row.person_id) == ("sweep", "done", None)
    counted_ms = site.scalar(select(places.c.counted_ms).where(places.c.code == "A-01"))
    assert counted_ms == site.now


@ON_BOTH
def test_a_sweep_that_differs_asks_somebody_to_look(site: FloorSite) -> None:
    site.good("TEA", rfid_tagged=1)
    tags(site, "TEA", 8)
    assert swept(site) == "recount"
    with pytest.raises(Rejected, match=Code.COUNT_TAKEN):
        swept(site)
    bert = at(site, BERT)
    bert.expect("count.place", "1", "key")
    bert.expect("count.item", "A-01")
    assert count(bert, "A-01", TEA, "10") == "count.said.agreed", "two tags were hidden"
    assert site.scalar(select(stock.c.qty).where(stock.c.place == "A-01")) == 10


def test_a_sweep_of_a_reader_that_was_away_misses_nothing(site: FloorSite) -> None:
    site.good("TEA", rfid_tagged=1)
    tags(site, "TEA", 8)
    away = gaps.Gap(site.now - 500, site.now - 100, "reader.quiet")
    site.write(lambda tx: gaps.note(tx, [("reader-1", away)]))
    with pytest.raises(Rejected, match=Code.COUNT_BLIND):
        swept(site)
    assert not site.rows(select(counts_table)), "nobody has to look for what was not looked at"
    site.add(tag_reads, *(
        {"device": "reader-1", "epc": epc.sgtin96(JAN["TEA"], serial, prefix_digits=7),
         "first_ms": site.now, "last_ms": site.now}
        for serial in (9, 10)
    ))  # fmt: skip
    assert swept(site) == "agreed", "all of it was seen all the same"


def test_the_commands_of_counting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from typer.testing import CliRunner

    from app.__main__ import cli

    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    config = tmp_path / "config.toml"
    config.write_text('[site]\nname = "Test"\n[database]\nurl = "sqlite:///data/genba.db"\n')

    def genba(*words: str) -> str:
        done = CliRunner().invoke(cli, [*words, "--config", str(config)])
        assert done.exit_code == 0, (done.output, done.exception)
        return done.stdout

    genba("token", "list")
    with floor_at(f"sqlite:///{tmp_path}/data/genba.db") as site:
        site.stock_up()
    assert genba("count", "open", "A-01") == "1 counts asked for\n"
    listed = genba("count", "list").splitlines()
    assert listed[0] == "A-01\t60 %*\t\tnever counted"
    assert '"place":"A-01"' in genba("count", "list", "--json")
    told = "ST000001 goes on: 0 of 3 places counted, 0 differ\n"
    assert genba("stocktake", "start", "--owner", "acme") == told
    assert genba("stocktake", "show") == told
    assert genba("stocktake", "show", "ST000001") == told
    file = tmp_path / "certificate.csv"
    assert "0 lines" in genba("stocktake", "show", "ST000001", "--out", str(file))
    assert file.read_text("utf-8-sig").startswith("Certificate of stock,ST000001,acme")
    paper = tmp_path / "certificate.pdf"
    genba("stocktake", "show", "ST000001", "--out", str(paper), "--owner", "acme")
    assert paper.read_bytes().startswith(b"%PDF")
    assert "given up" in genba("stocktake", "end", "ST000001")
