"""What was said to a screen that a cable has changed meanwhile is not taken for the new one."""

import json
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from picking import facts
from picking.floor import Answer
from picking.pulls import REMEMBERED
from tests.floor_site import JAN, ON_BOTH, FloorSite, Hand, floor_at
from wms.schema import device_facts, sessions, stations

TEA, CUP = f"]E0{JAN['TEA']}", f"]E0{JAN['CUP']}"


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def site(engine: str, request: pytest.FixtureRequest) -> Iterator[FloorSite]:
    with floor_at(request.getfixturevalue(f"new_{engine}")()) as site:
        site.stock_up()
        site.set(stations, stations.c.code == "PACK-1", scanner="scanner-1")
        yield site
        site.check()


def by_cable(site: FloorSite, *texts: str) -> None:
    """The bench's own scanner reads *texts*, two seconds apart."""
    for text in texts:
        site.now += 2_000
        row = {"device": "scanner-1", "kind": "scan", "text": text, "at_ms": site.now}
        site.add(device_facts, row)
        while site.write(facts.take_next, now=site.now, settings=site.settings):
            pass


@pytest.fixture
def hand(site: FloorSite) -> Hand:
    """A packer who has ten teas and a cup before them."""
    hand, (tote,) = site.packing((("TEA", 10), ("CUP", 1)))
    by_cable(site, tote)
    return hand


def refused_as_outdated(answer: Answer) -> bool:
    message = answer.prompt.message
    assert message is not None
    assert not answer.prompt.locked, "there is nothing to acknowledge: it was no mistake"
    told = (answer.fate, message.code, message.severity)
    return told == ("refused", "scan.outdated", "attention")


@ON_BOTH
def test_a_label_that_the_cable_read_late_is_not_counted_again_by_the_camera(
    site: FloorSite, hand: Hand
) -> None:
    """Nothing happened, so the packer took the camera; twice, and then it had all been heard."""
    _, seen = hand.shown()
    by_cable(site, TEA)
    first = hand.send(JAN["TEA"], "scan", answers=seen, scan_id="late")
    assert refused_as_outdated(first)
    assert hand.send(JAN["TEA"], "scan", answers=seen, scan_id="late") == first
    assert refused_as_outdated(hand.send(TEA, "scan", answers=seen))
    typed = hand.send(JAN["TEA"], "key", answers=seen)
    assert refused_as_outdated(typed)
    assert (hand.prompt.done, typed.version) == (1, hand.shown()[1])
    assert hand.send(TEA, "scan", answers=typed.version).fate == "applied"
    assert hand.prompt.done == 2, "the next piece, by somebody who has seen the first counted"


def test_pieces_scanned_quickly_are_all_counted(site: FloorSite, hand: Hand) -> None:
    """Nobody waits for an answer between them, and another label says for itself what it is."""
    by_cable(site, TEA)
    _, seen = hand.shown()
    for _ in range(2):
        assert hand.send(TEA, "scan", after_ms=330, answers=seen).fate == "applied"
    _, seen = hand.shown()
    by_cable(site, TEA)
    assert hand.send(CUP, "scan", answers=seen).fate == "applied"
    assert hand.prompt.done == 5


def test_a_key_pressed_before_the_cable_read_is_not_for_the_screen_that_came_of_it(
    site: FloorSite, hand: Hand
) -> None:
    by_cable(site, TEA)
    _, seen = hand.shown()
    by_cable(site, CUP)
    early = hand.send("undo", "command", answers=seen, age_ms=5_000)
    assert refused_as_outdated(early)
    assert refused_as_outdated(hand.send("1234", "key", answers=seen, age_ms=9_000))
    assert site.journal()[-1].text == "", "perhaps it was a PIN"
    assert hand.send("language", "command", answers=seen, age_ms=9_000).fate == "applied"
    assert hand.prompt.done == 2
    assert hand.send("undo", "command", answers=seen).fate == "applied", "pressed after it"
    assert hand.prompt.done == 1


def test_a_terminal_that_does_not_say_what_it_showed_is_believed(
    site: FloorSite, hand: Hand
) -> None:
    by_cable(site, *[TEA] * 9)
    assert hand.send(TEA, "scan").fate == "applied"
    assert hand.prompt.done == 10
    kept = site.scalar(select(sessions.c.moved).where(sessions.c.moved != ""))
    assert len(json.loads(kept)) == REMEMBERED, "it does not grow"
    assert JAN["TEA"] not in kept
