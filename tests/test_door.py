"""What goes out of a dock door is on the truck, or the screen and the light say why it must not."""

from collections.abc import Iterator

import pytest
from sqlalchemy import insert, select

from devices import intake
from devices.intake import Heard
from devices.lights import Wanted, wanted
from tests.floor_site import JAN, ON_BOTH, FloorSite, floor_at
from tests.test_floor_ship import BASKET, SAGAWA, at_truck, packed
from wms.rooms.signals import TagPassed
from wms.schema import parcels, places, stations, tag_reads, terminals
from wms.site.epc import sgtin96

CAGE, TEA_TAG = "e2" * 12, sgtin96(JAN["TEA"], 7, prefix_digits=7)
RED, DARK = Wanted("lights-1", 4, "red", ""), Wanted("lights-1", 4, "", "")


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def site(engine: str, request: pytest.FixtureRequest) -> Iterator[FloorSite]:
    with floor_at(request.getfixturevalue(f"new_{engine}")()) as site:
        site.stock_up()
        site.add(places, {"code": "DOOR-1", "kind": "station"})
        site.add(places, {"code": "CAGE-1", "kind": "cart", "epc": CAGE})
        row = {"code": "DOOR-1", "kind": "ship", "place": "DOOR-1", "reader": "door-1",
               "light": "lights-1:4"}  # fmt: skip
        site.write(lambda tx: tx.execute(insert(stations).values(row)))
        site.set(terminals, terminals.c.id == "DOCK-1", station="DOOR-1")
        site.set(stations, stations.c.code == "PACK-1", reader="reader-1")
        yield site
        site.check()


def passes(site: FloorSite, epc: str, way: str = "out") -> None:
    """The tag goes through the door."""
    site.now += 1_000
    passed = TagPassed("door-1", epc, way, 3, -50)
    site.write(intake.record, heard=[Heard(site.now, passed)])


def light(site: FloorSite) -> list[Wanted]:
    return site.read(wanted, site.now)


@ON_BOTH
def test_a_cage_that_leaves_before_it_is_loaded_stops_the_door(site: FloorSite) -> None:
    codes = packed(site, BASKET, BASKET)
    hand = at_truck(site)
    hand.expect("ship.cage", "1", "key")
    hand.expect("ship.fill", "CAGE-1")
    for code in codes:
        hand.expect("ship.fill", code)
    assert light(site) == [DARK]
    passes(site, CAGE)
    stopped = hand.expect("ship.load", "back", "command").lines
    assert stopped[0] == "STOP: 2 out of the door"
    assert stopped[1] == f"{codes[0]} went out of the door and is not on the truck"
    assert light(site) == [RED]
    assert hand.expect("ship.load", "CAGE-1").lines[0].startswith("Loaded 2"), "loaded: all is well"
    assert light(site) == [DARK]


def test_a_box_through_the_door_of_another_carrier_is_named(site: FloorSite) -> None:
    (code,) = packed(site, BASKET)
    site.set(places, places.c.code == code, epc="e3" * 12)
    passes(site, "e3" * 12)
    hand = at_truck(site, SAGAWA)
    assert "truck is" in hand.prompt.lines[1], hand.prompt.lines
    assert code in hand.prompt.lines[1]
    passes(site, "e3" * 12, "in")
    assert not any("truck is" in words for words in hand.prompt.lines), "it came back"


def test_goods_name_the_box_that_they_were_packed_in(site: FloorSite) -> None:
    (code,) = packed(site, BASKET)
    box = site.rows(select(parcels))[0]
    site.add(tag_reads, {"device": "reader-1", "epc": TEA_TAG, "first_ms": box.created_ms - 9_000,
                         "last_ms": box.created_ms})  # fmt: skip
    passes(site, TEA_TAG)
    hand = at_truck(site)
    assert hand.prompt.lines[1] == f"{code} went out of the door and is not on the truck"
    hand.expect("ship.load", code)
    assert not any("door" in words for words in hand.prompt.lines)
    passes(site, sgtin96(JAN["TEA"], 8, prefix_digits=7))
    assert light(site) == [DARK], "a tag that no bench saw names no box"
