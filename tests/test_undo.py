"""The last step of a worker can be undone where physics allows: every dialogue says so."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from picking.dialogues import DIALOGUES
from tests.floor_site import FloorSite, floor_at, refused
from tests.test_floor_ship import BASKET, YAMATO, at_truck, packed

ROOT = Path(__file__).parent.parent
# Dialogues that book nothing to take back, and why.
NOTHING_TO_UNDO = {
    "menu": "it only leads elsewhere", "look": "it only reads",
    "approve_short": "a decision was told to others: the next one is another decision",
}  # fmt: skip


@pytest.fixture
def site(sqlite_url: str) -> Iterator[FloorSite]:
    with floor_at(sqlite_url) as site:
        site.stock_up()
        yield site
        site.check()


@pytest.mark.parametrize("name", DIALOGUES)
def test_each_dialogue_undoes_or_says_why_not(name: str) -> None:
    text = (ROOT / "picking" / "dialogues" / f"{name}.py").read_text("utf-8")
    listed = text.partition('"""')[2].partition('"""')[0]
    assert ("undo" in listed) != (name in NOTHING_TO_UNDO), name


def test_a_parcel_that_was_loaded_by_mistake_is_taken_off(site: FloorSite) -> None:
    codes = packed(site, BASKET, BASKET)
    hand = at_truck(site)
    refused(hand.command("undo"), "undo.nothing")
    hand.command("ok")
    hand.expect("ship.load", codes[0])
    hand.expect("ship.load", codes[1])
    assert "undo" in [option.command for option in hand.prompt.options]
    answer = hand.command("undo")
    assert answer.prompt.message is not None
    assert (answer.prompt.message.code, hand.prompt.done) == ("ship.undone", 1)
    assert [site.parcel(code).state for code in codes] == ["loaded", "closed"]
    refused(hand.command("undo"), "undo.nothing")
    hand.command("ok")
    hand.expect("ship.load", codes[1])
    other = site.at("LEAD-1")  # somebody else closes the truck meanwhile
    other.scan("BADGE:lea")
    other.key("314159")
    other.command("ship")
    other.expect("ship.load", YAMATO)
    other.command("full")
    other.key("1")
    hand.command("undo")
    assert site.parcel(codes[1]).state == "shipped", "what has left has left"
    assert hand.prompt.step == "manifest"
