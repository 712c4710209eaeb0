"""What a robot says that it has brought, where its word is no proof: a scan confirms it."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from tests.floor_site import CAROL, FloorSite, floor_at
from tests.picking_site import BERT
from wms.db import Tx
from wms.errors import Code
from wms.robots import evidence, missions, roster
from wms.robots.rows import parent
from wms.schema import missions as missions_table
from wms.schema import places, tasks


@pytest.fixture
def site(sqlite_url: str) -> Iterator[FloorSite]:
    with floor_at(sqlite_url) as site:
        yield site
        site.check()


def brought(site: FloorSite) -> str:
    """A picked tote that a vehicle says it carried from DROP to the bench."""
    site.stock_up()
    (tote,) = next(iter(site.at_bench([(("TEA", 2),)], "DROP").values()))
    site.write(_carry, site.now)
    assert site.scalar(select(tasks.c.kind).where(tasks.c.state == "open")) == "confirm"
    assert site.read(parent, tote) == "DROP"
    return tote


def _carry(tx: Tx, now: int) -> None:
    tx.execute(places.insert().values(code="R-vda-1", kind="robot"))
    tx.execute(places.insert().values(code="Q-vda-1", kind="buffer"))
    roster.enrol(tx, robot="vda-1", place="R-vda-1", quarantine="Q-vda-1")
    given = missions.assign(tx, robot="vda-1", fence=1, seq=1, boot_id=1, now=now)
    assert given is not None
    missions.accepted(tx, mission=given.id, now=now)
    evidence.await_scan(tx, mission=given.id, now=now)


def test_a_delivery_is_confirmed_on_the_handheld(site: FloorSite) -> None:
    tote = brought(site)
    bert = site.signed_in("HT-02", BERT, work="task")
    shown = bert.expect("task.tote", "1", "key")
    assert shown.lines[:2] == ("Confirm a delivery", "vda-1")
    assert shown.focus.tote == tote
    bert.expect("task.place", tote)
    bert.expect("task.get", "BENCH-1")
    assert site.read(parent, tote) == "BENCH-1"
    assert site.scalar(select(missions_table.c.state)) == "settled"


def test_the_bench_that_it_was_for_confirms_it_by_beginning(site: FloorSite) -> None:
    tote = brought(site)
    elsewhere = site.signed_in("BENCH-2", CAROL, work="pack")
    refused = elsewhere.scan(tote).prompt
    assert refused.message is not None
    assert refused.message.code == Code.TOTE_ELSEWHERE
    assert site.read(parent, tote) == "DROP"
    elsewhere.command("ok")
    carol = site.signed_in("BENCH-1", CAROL, work="pack")
    carol.expect("pack.item", tote)
    assert site.read(parent, tote) == "BENCH-1"
    assert site.scalar(select(missions_table.c.state)) == "settled"
    assert site.rows(select(tasks).where(tasks.c.state == "open")) == []
