"""What was made finds its place: never a closed one; and new labels, of which nothing moves."""

import json
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from tests.floor_site import ON_BOTH, FloorSite, floor_at, refused
from tests.picking_site import BERT
from tests.test_floor_work import add_set, fetched, released, total, working
from wms.errors import Code
from wms.schema import barcodes, people, places, print_jobs, stations, terminals


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def site(engine: str, request: pytest.FixtureRequest) -> Iterator[FloorSite]:
    with floor_at(request.getfixturevalue(f"new_{engine}")()) as site:
        site.stock_up()
        site.set(people, people.c.id == BERT, permissions=json.dumps(["task", "work"]))
        site.write(add_set)
        yield site
        site.check()


def test_a_kit_never_becomes_stock_in_a_closed_or_a_quarantine_place(site: FloorSite) -> None:
    released(site, "kit")
    hand = working(site)
    fetched(site, hand)
    shown = hand.expect("work.target", "3", "key")
    best = shown.focus.place
    assert best, "a good place is proposed"
    for place in ("D-01", "BENCH-2"):
        for why in ("quarantine", "repair"):
            site.set(places, places.c.code == place, blocked=why)
            refused(hand.scan(place), Code.PUT_BACK_BLOCKED)
            assert hand.prompt.focus.place == best, "and stays on the screen"
            hand.command("ok")
    site.set(places, places.c.code == "D-01", blocked="quarantine")
    site.set(places, places.c.code == "T-07", parent="D-01")
    refused(hand.scan("T-07"), Code.PUT_BACK_BLOCKED)  # it stands there
    hand.command("ok")
    assert total(site, "SET") == 0
    hand.expect("work.get", best)
    assert total(site, "SET") == 3


@ON_BOTH
def test_relabelling_prints_labels_and_binds_a_barcode(site: FloorSite) -> None:
    site.put("D-05", "BARE", 4)
    site.add(stations, {"code": "WORK-1", "kind": "work", "place": "BENCH-2", "printer": "label-9"})
    site.set(terminals, terminals.c.id == "HT-02", station="WORK-1")
    released(site, "relabel", sku="BARE", qty=4)
    hand = working(site)
    site.set(stations, stations.c.code == "WORK-1", printer="")
    refused(hand.key("1"), Code.STATION_NO_PRINTER)  # before anybody has begun
    hand.command("ok")
    site.set(stations, stations.c.code == "WORK-1", printer="label-9")
    hand.expect("work.make", "1", "key")
    hand.expect("work.get", "4", "key")
    (job,) = site.rows(select(print_jobs))
    assert (job.station, job.template, job.copies) == ("WORK-1", "item", 4)
    bound = select(barcodes.c.code).where(barcodes.c.item_id == site.good("BARE"))
    assert site.scalar(bound) == "BARE"
    assert total(site, "BARE") == 4, "nothing moves"
