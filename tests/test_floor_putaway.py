"""Putting away at a terminal: the real book, real people, and the audit after every test."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import insert, select

from tests.floor_site import LEA, ON_BOTH, PIN, FloorSite, Hand, floor_at, refused
from tests.picking_site import ANNA, BERT
from tests.picking_site import refused as refused_by_the_book
from wms.db import Tx
from wms.errors import Code
from wms.schema import moves, people, places, stock
from wms.stock import Key
from wms.storage import contents, handling
from wms.storage.handling import Why
from wms.storage.putaway import QUARANTINE

RIGHTS = '["putaway", "move", "replenish", "pick"]'


def furnish(tx: Tx) -> None:
    tx.execute(insert(places), [
        {"code": "DOCK", "kind": "dock", "parent": None},
        {"code": "R-01", "kind": "reserve", "parent": None},
        {"code": "R-02", "kind": "reserve", "parent": None},
        {"code": "LPN-1", "kind": "pallet", "parent": "DOCK"},
        {"code": "LPN-2", "kind": "carton", "parent": "DOCK"},
    ])  # fmt: skip


def furnished(site: FloorSite) -> None:
    """A dock with two containers, two reserve places, and people who may put away."""
    site.write(furnish)
    site.set(people, people.c.id.in_((ANNA, BERT)), permissions=RIGHTS)
    site.set(people, people.c.id == LEA, permissions='["lead", "putaway", "move"]')


@pytest.fixture
def site(sqlite_url: str) -> Iterator[FloorSite]:
    with floor_at(sqlite_url) as site:
        furnished(site)
        yield site
        site.check()


def anna(site: FloorSite) -> Hand:
    return site.signed_in("HT-01", ANNA, work="putaway")


def lies(site: FloorSite, place: str) -> dict[int, int]:
    rows = site.rows(select(stock.c.item_id, stock.c.qty).where(stock.c.place == place))
    return {row.item_id: row.qty for row in rows if row.qty}


def last(site: FloorSite) -> Any:
    return site.rows(select(moves).order_by(moves.c.id.desc()).limit(1))[0]


def limit(site: FloorSite, place: str, **values: Any) -> None:
    site.set(places, places.c.code == place, **values)


def test_a_container_moves_as_one_line_with_all_that_is_in_it(site: FloorSite) -> None:
    site.put("LPN-1", "TEA", 24)
    site.put("LPN-1", "CUP", 6)
    hand = anna(site)
    prompt = hand.expect("putaway.place", "LPN-1")
    assert (prompt.focus.place, prompt.focus.qty) == ("R-01", 30)
    done = hand.expect("putaway.source", "R-01")
    assert done.message is not None
    assert done.message.text == "30 at R-01"
    move = last(site)
    assert (move.container, move.target, move.reason) == ("LPN-1", "R-01", "putaway")
    assert site.scalar(select(places.c.parent).where(places.c.code == "LPN-1")) == "R-01"


def test_goods_go_piece_by_piece_into_bins(site: FloorSite) -> None:
    site.put("LPN-2", "TEA", 5)
    site.put("A-03", "TEA", 1)
    tea = site.good("TEA")
    limit(site, "R-01", blocked="repair")
    limit(site, "R-02", blocked="repair")
    hand = anna(site)
    hand.expect("putaway.item", "LPN-2")
    assert hand.expect("putaway.count", "TEA").focus.qty == 5
    assert hand.expect("putaway.place", "3", "key").focus.place == "A-03", (
        "the same item lies there"
    )
    hand.expect("putaway.item", "A-03")
    hand.expect("putaway.count", "TEA")
    hand.expect("putaway.source", "A-03")
    assert lies(site, "A-03") == {tea: 6}
    assert lies(site, "LPN-2") == {}


def test_goods_are_not_put_where_they_lie(site: FloorSite) -> None:
    site.put("DOCK", "TEA", 2)
    hand = anna(site)
    hand.expect("putaway.item", "DOCK")
    hand.expect("putaway.count", "TEA")
    hand.expect("putaway.place", "2", "key")
    hand.scan("DOCK")
    refused(hand.scan("DOCK"), Code.GOODS_THERE)
    assert lies(site, "DOCK") == {site.good("TEA"): 2}


def test_another_place_needs_a_second_scan_and_is_kept_as_an_override(site: FloorSite) -> None:
    site.put("DOCK", "TEA", 1)
    hand = anna(site)
    hand.expect("putaway.place", "TEA")
    proposed = hand.prompt.focus.place
    assert proposed != "C-05"
    asked = hand.scan("C-05").prompt
    assert asked.step == "place"
    assert asked.message is not None
    assert asked.message.code == "putaway.other_place"
    assert hand.scan("C-05", after_ms=500).prompt.message is not None, "that was too soon"
    assert lies(site, "C-05") == {}
    hand.expect("putaway.source", "C-05")
    move = last(site)
    assert (move.target, move.reason, move.ref) == (
        "C-05",
        "putaway.override",
        f"proposed:{proposed}",
    )


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ({"storage": "frozen"}, Code.PUTAWAY_STORAGE),
        ({"weight_g_max": 100}, Code.PUTAWAY_TOO_HEAVY),
        ({"height_mm_max": 10}, Code.PUTAWAY_TOO_HIGH),
        ({"volume_ml_max": 100}, Code.PUTAWAY_FULL),
        ({"mix": "item"}, Code.PUTAWAY_MIXES_ITEMS),
        ({"blocked": "count"}, Code.PUTAWAY_BLOCKED),
    ],
)
def test_where_it_does_not_fit_is_refused_with_its_reason(
    site: FloorSite, rule: dict[str, Any], code: Code
) -> None:
    site.put("A-09", "CUP", 3)
    site.put("DOCK", "TEA", 4)
    site.good("TEA", weight_g=80, length_mm=50, width_mm=50, height_mm=40)
    limit(site, "A-09", **rule)
    hand = anna(site)
    hand.expect("putaway.count", "TEA")
    for _ in range(2):  # again and again
        refused(hand.scan("A-09"), code)
        hand.command("ok")
    assert hand.prompt.step == "count"
    assert lies(site, "DOCK") == {site.good("TEA"): 4}


def test_goods_that_were_returned_never_go_into_a_pick_bin(site: FloorSite) -> None:
    site.put("DOCK", "TEA", 2)
    site.set(stock, stock.c.place == "DOCK", condition="returned")
    site.set(moves, moves.c.target == "DOCK", condition="returned")
    limit(site, "D-10", blocked=QUARANTINE)
    hand = anna(site)
    assert hand.expect("putaway.count", "TEA").focus.qty == 2
    answer = hand.scan("A-05")
    refused(answer, Code.PUTAWAY_CONDITION)
    assert answer.prompt.message is not None
    assert answer.prompt.message.text == "A-05 is for sound goods, these are returned"
    hand.command("ok")
    assert hand.expect("putaway.place", "2", "key").focus.place == "D-10"
    hand.expect("putaway.source", "D-10")


def test_what_has_expired_is_put_apart_although_the_book_calls_it_available(
    site: FloorSite,
) -> None:
    site.put("DOCK", "FOOD", 2, lot="L1", expiry="2026-11-21")
    limit(site, "D-10", blocked=QUARANTINE)
    hand = anna(site)
    hand.expect("putaway.count", "FOOD")
    assert hand.expect("putaway.place", "2", "key").focus.place == "D-10"


def test_nothing_newer_is_put_in_front_of_what_expires_first(site: FloorSite) -> None:
    site.put("R-01", "FOOD", 5, lot="L1", expiry="2026-12-01")
    site.put("LPN-1", "FOOD", 5, lot="L2", expiry="2027-06-01")
    hand = anna(site)
    assert hand.expect("putaway.place", "LPN-1").focus.place == "R-02"
    refused(hand.scan("R-01"), Code.PUTAWAY_BEFORE_OLDER)


def test_a_lead_may_decide_that_it_fits_and_the_ledger_says_so(site: FloorSite) -> None:
    site.put("A-09", "CUP", 3)
    site.put("DOCK", "TEA", 1)
    limit(site, "A-09", mix="item")
    lead = site.at("LEAD-1")
    lead.sign_in(LEA)
    lead.key(PIN)
    lead.command("putaway")
    lead.expect("putaway.place", "TEA")
    asked = lead.scan("A-09").prompt.message
    assert asked is not None
    assert asked.code == "putaway.lead_decides"
    lead.expect("putaway.source", "A-09")
    assert last(site).reason == "putaway.override"


def test_a_tote_that_somebody_walks_with_is_not_put_away(site: FloorSite) -> None:
    site.put("A-01", "TEA", 5)
    site.release([site.order(("TEA", 2))])
    tour = site.claim(BERT)
    site.pick(tour.id)
    tote = site.view(tour.id).slots[0].tote or ""
    refused(anna(site).scan(tote), Code.CONTAINER_IN_USE)


def test_what_was_put_away_last_can_be_taken_back_until_it_is_promised(site: FloorSite) -> None:
    site.put("DOCK", "TEA", 4)
    hand = anna(site)
    hand.expect("putaway.count", "TEA")
    hand.expect("putaway.source", "A-01")
    undone = hand.command("undo").prompt
    assert undone.message is not None
    assert undone.message.code == "putaway.undone"
    assert lies(site, "DOCK") == {site.good("TEA"): 4}
    assert hand.command("undo").prompt.message is not None, "an undo is not undone"
    hand.command("ok")
    hand.expect("putaway.count", "TEA")
    hand.expect("putaway.source", "A-01")
    site.release([site.order(("TEA", 1))])
    refused(hand.command("undo"), Code.UNDO_TOO_LATE)


def test_a_container_is_taken_back_too(site: FloorSite) -> None:
    site.put("LPN-1", "TEA", 24)
    hand = anna(site)
    hand.expect("putaway.place", "LPN-1")
    hand.expect("putaway.source", "R-01")
    hand.command("undo")
    assert site.scalar(select(places.c.parent).where(places.c.code == "LPN-1")) == "DOCK"


def test_the_conversation_goes_on_at_another_terminal(site: FloorSite) -> None:
    site.put("DOCK", "TEA", 4)
    hand = anna(site)
    hand.expect("putaway.count", "TEA")
    hand.expect("putaway.place", "3", "key")
    assert site.at("HT-02").sign_in(ANNA).step == "place"


def test_an_owner_s_goods_are_put_away_by_those_who_may(site: FloorSite) -> None:
    site.put("DOCK", "TEA", 1)
    site.write(_limited, ANNA, "beta")
    hand = anna(site)
    hand.expect("putaway.place", "TEA")
    refused(hand.scan(hand.prompt.focus.place), Code.PERMISSION_MISSING)


def _limited(tx: Tx, person: int, owner: str) -> None:
    """This person may put away the goods of one owner only."""
    from wms.schema import person_roles, roles

    tx.execute(people.update().where(people.c.id == person).values(permissions="[]"))
    tx.execute(insert(roles).values(code="putter", name="?", permissions='["putaway"]'))
    tx.execute(insert(person_roles).values(person_id=person, role="putter", owner=owner))


@ON_BOTH
def test_two_people_who_were_shown_the_same_room_do_not_both_fill_it(
    engine: str, request: pytest.FixtureRequest
) -> None:
    """A proposal is no promise: the place is judged again, locked, when something is put there."""
    make: Callable[[], str] = request.getfixturevalue(f"new_{engine}")
    with floor_at(make()) as site:
        furnished(site)
        site.put("LPN-1", "TEA", 4)
        site.put("LPN-2", "TEA", 4)
        tea = site.good("TEA", weight_g=100)
        limit(site, "A-01", weight_g_max=500)
        sources = [Key(lpn, tea, "", "available", "") for lpn in ("LPN-1", "LPN-2")]
        fits = [site.read(contents.spots, ["A-01"], today="2026-11-22")["A-01"] for _ in sources]
        assert fits[0] == fits[1]

        def put(source: Key) -> None:
            site.write(
                handling.carry, takes={source: 4}, to="A-01", why=Why(verb="putaway"),
                key=site.key("put"), actor="person:1", now=site.now, today="2026-11-22",
            )  # fmt: skip

        put(sources[0])
        with refused_by_the_book(Code.PUTAWAY_TOO_HEAVY):
            put(sources[1])
        assert lies(site, "A-01") == {tea: 4}
        site.check()
