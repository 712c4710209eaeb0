"""A recall: nothing of a lot leaves any more, wherever it is; and the last look at the bench."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from app.__main__ import cli
from picking import recall
from picking.recall import LotNamed
from tests.floor_site import FIRST_NUMBER, JAN, ON_BOTH, FloorSite, floor_at
from tests.picking_site import TODAY, refused
from tests.test_floor_pick_shelf import FOOD, food, said
from wms.errors import Code
from wms.schema import allocations, events, lots, orders, tasks
from wms.shipping.parcels import number_of

TEA, CUP = (f"]E0{JAN[sku]}" for sku in ("TEA", "CUP"))
LOT = LotNamed(owner="acme", sku="FOOD", lot="L1", reason="異物混入")
OLDER, NEWER = "2027-01-31", "2027-02-28"


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def site(engine: str, request: pytest.FixtureRequest) -> Iterator[FloorSite]:
    with floor_at(request.getfixturevalue(f"new_{engine}")()) as site:
        site.stock_up()
        yield site
        site.check()


def hold(site: FloorSite) -> recall.Whereabouts:
    site.now += 1
    return site.write(recall.hold, LOT, key=site.key("recall"), today=TODAY, now=site.now)


def kinds(site: FloorSite) -> list[str]:
    mine = events.c.kind.like("lot.%")
    return list(site.read(lambda tx: tx.scalars(select(events.c.kind).where(mine)).all()))


@ON_BOTH
def test_a_recalled_lot_leaves_nowhere_and_the_answer_says_where_it_is(site: FloorSite) -> None:
    food(site, ("L1", OLDER))
    hand, (boxed, _picked) = site.packing((("FOOD", 2), ("TEA", 1)), (("FOOD", 1), ("CUP", 1)))
    for text in (boxed, FOOD, FOOD, TEA, "BX-S", number_of(FIRST_NUMBER)):
        assert hand.scan(text).fate == "applied", hand.prompt
    site.put("A-01", "FOOD", 5, lot="L2", expiry=NEWER)
    site.release([site.order(("FOOD", 1), ("HAT", 1))])
    tour = site.claim()
    assert {stop.lot for stop in tour.stops} == {"L1", ""}

    found = hold(site)
    assert [site.state(number) for number in (1, 2, 3)] == ["held", "short", "released"]
    assert (found.held, found.expiry, found.waiting) == (True, OLDER, ("O0000002",))
    assert sum(one.qty for one in found.places) == 5, "every piece is somewhere"
    assert [(one.order, one.stage, one.qty) for one in found.orders] == [("O0000001", "closed", 2)]
    site.walk(tour.id)
    own = (allocations.c.state == "picked") & (allocations.c.lot != "")
    assert [row.lot for row in site.rows(select(allocations).where(own))] == ["L2"]
    back = site.rows(select(tasks.c.ref).where(tasks.c.kind == "put_back"))
    assert [row.ref for row in back] == ["tote:T-02"]
    assert site.release([2]).orders == (2,), "others are picked for it, and it lies in two totes"
    hold(site)
    assert kinds(site) == ["lot.held"], "the same again changes nothing"

    let_go = site.write(recall.release, LOT, today=TODAY, now=site.now)
    assert (let_go.held, site.state(1), kinds(site)) == (
        False,
        "packed",
        ["lot.held", "lot.released"],
    )


def test_what_a_recall_does_not_know_is_refused(site: FloorSite) -> None:
    for named in (LOT, LotNamed(owner="acme", sku="TEA", lot="L9")):
        with refused(Code.REFERENCE_UNKNOWN):
            site.read(recall.where, named)


@pytest.mark.parametrize("why", ["held", "expired"])
def test_what_may_not_be_sent_by_now_is_taken_out_at_the_bench(site: FloorSite, why: str) -> None:
    """Promise, pick and bench go by one rule: yesterday's tote is looked at again."""
    food(site, ("L1", OLDER), ("L2", NEWER))
    hand, (tote,) = site.packing((("FOOD", 2), ("TEA", 1)))
    spoilt = {"held": 1} if why == "held" else {"expiry": "2026-11-21"}
    site.set(lots, lots.c.lot == "L1", **spoilt)
    answer = hand.scan(tote)
    assert (answer.fate, said(hand)) == ("refused", "pack.taken_out")
    assert site.state(1) == "short"
    hand.command("ok")
    hand.expect("pack.tote", "back", "command")
    assert site.release([1]).orders == (1,), "the other lot is there"
    site.walk(site.claim().id)
    (task,) = site.rows(select(tasks).where(tasks.c.kind == "put_back"))
    assert task.ref == f"tote:{tote}"


def test_a_total_of_spoilt_units_leaves_its_orders_short(site: FloorSite) -> None:
    food(site, ("L1", OLDER))
    hand, (tote,) = site.packing((("FOOD", 1),), (("FOOD", 1),))
    site.set(lots, lots.c.lot == "L1", held=1)
    hand.scan(tote)
    assert said(hand) == "pack.taken_out"
    assert [site.state(number) for number in (1, 2)] == ["short", "short"]
    assert site.scalar(select(orders.c.wave_id).where(orders.c.id == 1)) is None


def test_a_recall_by_the_command_line(
    site: FloorSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    food(site, ("L1", OLDER))
    file = tmp_path / "config.toml"
    file.write_text(f'[site]\nname = "T"\n[database]\nurl = "{site.book.url}"\n')
    told = []
    for words in (["hold"], ["where"], ["release"]):
        asked = ["lots", *words, "acme", "FOOD", "L1", "--config", str(file)]
        done = CliRunner().invoke(cli, asked)
        assert done.exit_code == 0, done.output
        told.append(done.output.splitlines())
    assert told[0] == told[1] == [f"acme FOOD L1  HELD  {OLDER}", "  D-01  sound  5"]
    assert told[2][0] == f"acme FOOD L1  free  {OLDER}"
