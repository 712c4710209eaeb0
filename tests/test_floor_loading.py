"""Loading on the real floor: every reason to refuse, cages, counts, a close-out that adds up."""

import json
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from tests.floor_site import (
    CAROL,
    DAVE,
    FIRST_NUMBER,
    JAN,
    LEA,
    ON_BOTH,
    PIN,
    FloorSite,
    Hand,
    floor_at,
    refused,
)
from wms.errors import Code
from wms.orders import lifecycle as order_book
from wms.papers.slip_data import manifest_data
from wms.schema import (
    events,
    manifests,
    moves,
    orders,
    owners,
    parcels,
    people,
    person_roles,
    places,
    roles,
    services,
)
from wms.shipping.parcels import number_of

TEA, CUP = f"]E0{JAN['TEA']}", f"]E0{JAN['CUP']}"
YAMATO, SAGAWA = "M-YAMATO-261122-1700", "M-SAGAWA-261122-1800"
BASKET = (("TEA", 1), ("CUP", 1))


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def site(engine: str, request: pytest.FixtureRequest) -> Iterator[FloorSite]:
    with floor_at(request.getfixturevalue(f"new_{engine}")()) as site:
        site.stock_up()
        for code in ("CAGE-1", "CAGE-2"):
            site.add(places, {"code": code, "kind": "cart", "parent": "DROP"})
        yield site
        site.check()


def packed(site: FloorSite, count: int) -> list[str]:
    """*count* orders, boxed and inspected: the codes of their parcels."""
    hand, totes = site.packing(*[BASKET] * count)
    for number, tote in enumerate(totes):
        for text in (tote, TEA, CUP, "BX-S", number_of(FIRST_NUMBER + number)):
            assert hand.scan(text).fate == "applied", hand.prompt
    return [row.code for row in site.rows(select(parcels.c.code).order_by(parcels.c.id))]


def at_truck(site: FloorSite, manifest: str = YAMATO) -> Hand:
    hand = site.signed_in("DOCK-1", DAVE, work="ship")
    hand.expect("ship.load", manifest)
    return hand


@ON_BOTH
def test_every_reason_not_to_load_is_said_in_its_own_words(site: FloorSite) -> None:
    (code, other) = packed(site, 2)
    hand = at_truck(site)

    def why(expected: Code, text: str = code) -> tuple[str, str]:
        answer = hand.scan(text)
        refused(answer, expected)
        hand.command("ok")
        assert answer.prompt.message is not None
        return answer.prompt.message.expected, answer.prompt.message.scanned

    mine = parcels.c.code == code
    site.set(parcels, mine, ship_date="2026-11-24")
    assert why(Code.LOAD_OTHER_PICKUP) == ("2026-11-22", "2026-11-24")
    site.set(parcels, mine, ship_date="2026-11-22", weight_g=31_000)
    site.set(services, services.c.code == "yamato", weight_g_max=30_000)
    assert why(Code.LOAD_TOO_HEAVY) == ("30000 g", "31000 g")
    site.set(parcels, mine, weight_g=0, state="labelled", verified_ms=None)
    why(Code.LOAD_UNPROVEN)
    site.set(parcels, mine, state="closed", verified_ms=site.now)
    site.set(orders, orders.c.id == 1, state="held")
    why(Code.LOAD_STOPPED)
    site.set(orders, orders.c.id == 1, state="cancelled")
    why(Code.LOAD_CANCELLED)
    site.set(orders, orders.c.id == 1, state="packed")
    hand.expect("ship.load", code)
    why(Code.LOAD_TWICE)
    tomorrow = site.scalar(select(manifests.c.id).where(manifests.c.code == SAGAWA))
    site.set(manifests, manifests.c.id == tomorrow, carrier="yamato")
    site.set(parcels, mine, manifest_id=tomorrow)
    assert why(Code.LOAD_OTHER_PICKUP) == (YAMATO, SAGAWA)
    site.set(parcels, mine, manifest_id=1 if tomorrow == 2 else 2)
    site.set(manifests, manifests.c.id == tomorrow, carrier="sagawa")
    assert other


@ON_BOTH
def test_a_cage_is_filled_loaded_in_one_scan_and_named_on_the_paper(site: FloorSite) -> None:
    codes = packed(site, 3)
    hand = at_truck(site)
    for step in ("ship.load", "ship.cage"):
        if step == "ship.cage":
            hand.expect(step, "1", "key")
        refused(hand.scan("T-30"), Code.CAGE_WRONG)
        hand.command("ok")
    hand.expect("ship.fill", "CAGE-1")
    for code in codes[:2]:
        hand.expect("ship.fill", code)
    again = hand.expect("ship.fill", codes[0])
    assert again.message is not None
    assert (again.message.code, again.lines) == ("ship.in_cage_already", ("CAGE-1: 2",))
    rows = site.rows(select(moves).where(moves.c.reason == "cage"))
    assert [(row.container, row.target) for row in rows] == [
        (codes[0], "CAGE-1"), (codes[1], "CAGE-1"),
    ]  # fmt: skip
    hand.expect("ship.load", "back", "command")
    loaded = hand.expect("ship.load", "CAGE-1")
    assert loaded.message is not None
    assert (loaded.message.text, loaded.done) == ("CAGE-1: 2 loaded", 2)
    refused(hand.scan("CAGE-1"), Code.LOAD_TWICE)
    hand.command("ok")
    hand.expect("ship.load", codes[2])
    paper = site.read(manifest_data, YAMATO, zone=site.settings.zone)
    assert [one["cage"] for one in paper["parcels"]] == ["CAGE-1", "CAGE-1", ""]
    hand.command("full")
    hand.expect("ship.manifest", "1", "key")
    assert {site.state(n) for n in (1, 2, 3)} == {"shipped"}


@ON_BOTH
def test_a_cage_with_one_that_must_not_leave_is_refused_as_a_whole(site: FloorSite) -> None:
    codes = packed(site, 2)
    hand = at_truck(site)
    hand.key("1")
    hand.expect("ship.fill", "CAGE-1")
    for code in codes:
        hand.expect("ship.fill", code)
    hand.command("back")
    site.write(order_book.set_state, [2], "held", now=site.now, reason="test")
    stopped = hand.scan("CAGE-1")
    refused(stopped, Code.LOAD_STOPPED)
    assert stopped.prompt.message is not None
    assert codes[1] in stopped.prompt.message.text, "it says which one to take out"
    assert {row.state for row in site.rows(select(parcels.c.state))} == {"closed"}


def test_a_cage_rides_on_one_truck_and_is_free_when_that_has_left(site: FloorSite) -> None:
    codes = packed(site, 3)
    hand = at_truck(site)
    later = "M-YAMATO-261122-1900"
    pickup_ms = site.scalar(select(manifests.c.pickup_ms).where(manifests.c.code == YAMATO))
    site.add(manifests, {"code": later, "carrier": "yamato", "pickup_ms": pickup_ms + 7_200_000})
    fill(hand, *codes[:2])
    hand.expect("ship.load", "CAGE-1")
    refused(hand.scan("CAGE-1"), Code.LOAD_TWICE)
    hand.command("ok")
    other = site.signed_in("HT-01", LEA)
    other.key(PIN)
    other.command("ship")
    other.expect("ship.load", later)
    refused(other.scan("CAGE-1"), Code.LOAD_OTHER_PICKUP)
    other.command("ok")
    other.expect("ship.cage", "1", "key")
    other.expect("ship.fill", "CAGE-1")
    refused(other.scan(codes[2]), Code.LOAD_OTHER_PICKUP)
    other.command("ok")
    hand.expect("ship.close", "full", "command")
    hand.expect("ship.manifest", "1", "key")
    refused(other.scan(codes[0]), Code.LOAD_TWICE)
    other.command("ok")
    assert other.expect("ship.fill", codes[2]).lines == ("CAGE-1: 1",)
    other.expect("ship.load", "back", "command")
    other.expect("ship.load", "CAGE-1")
    assert site.parcel(codes[2]).state == "loaded"


def fill(hand: Hand, *codes: str, cage: str = "CAGE-1") -> None:
    """These parcels ride in a cage; it is not loaded yet."""
    hand.expect("ship.cage", "1", "key")
    hand.expect("ship.fill", cage)
    for code in codes:
        hand.expect("ship.fill", code)
    hand.expect("ship.load", "back", "command")


def test_parcels_of_two_carriers_never_share_a_cage(site: FloorSite) -> None:
    codes = packed(site, 2)
    hand = at_truck(site)
    hand.key("1")
    hand.expect("ship.fill", "CAGE-1")
    hand.expect("ship.fill", codes[0])
    hand.expect("ship.load", "back", "command")
    hand.expect("ship.manifest", "back", "command")
    hand.expect("ship.load", SAGAWA)
    hand.key("1")
    hand.expect("ship.fill", "CAGE-1")
    refused(hand.scan(codes[1]), Code.LOAD_OTHER_CARRIER)
    hand.command("ok")
    site.set(parcels, parcels.c.code == codes[1], carrier="sagawa", service="sagawa")
    refused(hand.scan(codes[1]), Code.CAGE_OTHER_CARRIER)
    site.set(parcels, parcels.c.code == codes[1], carrier="yamato", service="yamato")


@ON_BOTH
def test_a_count_loads_all_only_when_it_is_right(site: FloorSite) -> None:
    codes = packed(site, 3)
    site.write(order_book.set_state, [2], "held", now=site.now, reason="test")
    hand = at_truck(site)
    hand.expect("ship.count", "2", "key")
    differs = hand.key("3")
    refused(differs, Code.COUNT_DIFFERS)
    assert differs.prompt.message is not None
    assert (differs.prompt.message.expected, differs.prompt.message.scanned) == ("2", "3")
    hand.command("ok")
    counted = hand.expect("ship.load", "2", "key")
    assert (counted.done, site.parcel(codes[1]).state) == (2, "closed"), "the stopped one stays"
    asked = hand.expect("ship.close", "full", "command")
    assert asked.lines[0] == "Labels 3=2+1"
    hand.expect("ship.manifest", "1", "key")
    (told,) = site.rows(select(events).where(events.c.kind == "manifest.closed"))
    body = json.loads(told.body)
    assert (body["parcels"], body["left_behind"]) == (2, 1)


# Hard case: tracking is sent before inspection


@ON_BOTH
def test_tracking_is_never_sent_before_inspection(site: FloorSite) -> None:
    hand, (tote,) = site.packing(BASKET)
    for text in (tote, TEA, CUP, "BX-S"):
        hand.scan(text)
    number = number_of(FIRST_NUMBER)
    told = site.rows(select(events.c.body))
    assert not any(number in row.body for row in told), "a label that was printed is no proof"
    hand.expect("pack.tote", number)
    (inspected,) = site.rows(select(events).where(events.c.kind == "parcel.inspected"))
    assert json.loads(inspected.body)["tracking"] == number


def test_whoever_packs_and_ships_for_one_owner_touches_nothing_of_another(site: FloorSite) -> None:
    """A right may be for one owner's goods: the bench and the dock ask for it, too."""
    (code,) = packed(site, 1)
    site.at_bench([BASKET])
    site.add(owners, {"code": "bolt"})
    for person, verb in ((CAROL, "pack"), (DAVE, "ship")):
        site.add(roles, {"code": f"bolt-{verb}", "permissions": f'["{verb}"]'})
        site.set(people, people.c.id == person, permissions="[]")
        mine = {"person_id": person, "role": f"bolt-{verb}", "owner": "bolt"}
        site.add(person_roles, mine)
    hand = at_truck(site)
    for step in ((code,), ("2", "1")):
        answers = [hand.key(text) if len(text) == 1 else hand.scan(text) for text in step]
        refused(answers[-1], Code.PERMISSION_MISSING)
        hand.command("ok")
    bench = site.at("BENCH-1")
    refused(bench.scan("T-02"), Code.PERMISSION_MISSING)
    assert site.parcel(code).state == "closed"
