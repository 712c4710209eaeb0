"""What people did: lines an hour and metres walked, by journal and ledger, without names."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.floor_site import JAN, ON_BOTH, FloorSite, Hand, floor_at
from tests.picking_site import ANNA, NOON
from wms.people.activity import PAUSE_MS, Activity, activity
from wms.schema import places

TEA, CUP = f"]E0{JAN['TEA']}", f"]E0{JAN['CUP']}"


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def site(engine: str, request: pytest.FixtureRequest) -> Iterator[FloorSite]:
    with floor_at(request.getfixturevalue(f"new_{engine}")()) as site:
        site.stock_up()
        yield site
        site.check()


def picked(site: FloorSite) -> Hand:
    """Anna picks two teas at A-01 and three cups at B-02."""
    site.release([site.order(("TEA", 2), ("CUP", 3))])
    hand = site.signed_in("HT-01", ANNA, work="pick")
    hand.key("1")
    tote = site.free_tote()
    hand.scan(tote)
    for _ in range(2):
        place = hand.prompt.focus.place
        hand.scan(place)
        goods, qty = (TEA, 2) if place == "A-01" else (CUP, 3)
        for _piece in range(qty):
            hand.scan(goods)
        hand.scan(tote)
    return hand


def done(site: FloorSite) -> dict[str, Activity]:
    found = site.read(activity, since_ms=NOON, until_ms=site.now + 1)
    assert {one.person for one in found} <= {"P1"}, "a code, and no name"
    return {one.dialogue: one for one in found}


@ON_BOTH
def test_lines_pieces_time_and_way_of_a_walk(site: FloorSite) -> None:
    hand = picked(site)
    one = done(site)["pick"]
    assert (one.lines, one.pieces, one.refused) == (2, 5, 0)
    assert one.inputs == 12, "each trigger pull that the pick dialogue answered"
    assert one.active_s == 24, "two seconds each"
    assert one.lines_per_hour == 300
    assert one.travel_m == 4, "to the next aisle three metres, and one along it"
    site.set(places, places.c.code == "B-02", x_mm=0, y_mm=0)
    assert done(site)["pick"].travel_m is None, "only one of the shelves stands on the floor plan"
    hand.scan("what?")
    assert done(site)["pick"].refused == 1


@ON_BOTH
def test_a_pause_is_no_work(site: FloorSite) -> None:
    hand = picked(site)
    before = done(site)["pick"].active_s
    hand.send("list", "command", after_ms=PAUSE_MS + 1)
    assert done(site)["pick"].active_s == before
    hand.send("back", "command", after_ms=PAUSE_MS)
    assert done(site)["pick"].active_s == before + PAUSE_MS // 1_000


def test_the_command_writes_csv_without_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from typer.testing import CliRunner

    from app.__main__ import cli

    config = tmp_path / "config.toml"
    config.write_text('[site]\nname = "Test"\n[database]\nurl = "sqlite:///data/genba.db"\n')
    assert CliRunner().invoke(cli, ["token", "list", "--config", str(config)]).exit_code == 0
    with floor_at(f"sqlite:///{tmp_path}/data/genba.db") as site:
        site.stock_up()
        picked(site)
    told = CliRunner().invoke(cli, ["activity", "2026-11-22", "--config", str(config)])
    assert told.exit_code == 0, told.output
    head, *rows = told.stdout.splitlines()
    assert head.startswith("person,dialogue,inputs,refused,lines,pieces")
    assert [row.split(",")[:2] for row in rows] == [["P1", "menu"], ["P1", "pick"]]
    assert "Anna" not in told.stdout
    wrong = CliRunner().invoke(cli, ["activity", "22.11.", "--config", str(config)])
    assert wrong.exit_code == 1
