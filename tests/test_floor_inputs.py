"""Triggers that bounce, and whatever else may come out of a scanner: nothing breaks the floor."""

from collections.abc import Iterator

import pytest

from tests.floor_site import (
    JAN,
    ON_BOTH,
    FloorSite,
    Hand,
    floor_at,
)
from tests.picking_site import ANNA
from wms.errors import Code

TEA, CUP = f"]E0{JAN['TEA']}", f"]E0{JAN['CUP']}"


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def site(engine: str, request: pytest.FixtureRequest) -> Iterator[FloorSite]:
    with floor_at(request.getfixturevalue(f"new_{engine}")()) as site:
        yield site
        site.check()


@pytest.fixture
def picker(site: FloorSite) -> Hand:
    """Anna at A-01, three teas and a cup to pick, a tote on her cart."""
    site.stock_up()
    site.release([site.order(("TEA", 3), ("CUP", 1))])
    hand = site.signed_in("HT-01", ANNA, work="pick")
    hand.expect("pick.bind", "1", "key")
    hand.expect("pick.place", "T-01")
    hand.expect("pick.item", "A-01")
    return hand


# Bounces


@ON_BOTH
def test_a_bouncing_trigger_counts_once(site: FloorSite, picker: Hand) -> None:
    assert picker.scan(TEA).prompt.focus.qty == 2
    for after_ms in (20, 100, 150):  # 270 ms in all
        bounced = picker.scan(TEA, after_ms=after_ms)
        assert (bounced.fate, bounced.prompt.focus.qty) == ("repeat", 2)
    assert picker.scan(TEA, after_ms=30).prompt.focus.qty == 1, "300 ms after the pull"


def test_a_bounce_is_known_by_the_trigger_s_own_time(site: FloorSite, picker: Hand) -> None:
    picker.scan(TEA)
    late = picker.send(TEA, "scan", after_ms=900, age_ms=880)
    assert late.fate == "repeat", "the network was slow, the trigger was not"
    assert picker.send(TEA, "scan", after_ms=10, age_ms=0).fate == "applied"


def test_the_terminal_s_own_clock_says_what_a_bounce_is_however_long_each_input_was_under_way(
    site: FloorSite, picker: Hand
) -> None:
    picker.send(TEA, "scan", clock_ms=70_000)
    assert picker.send(TEA, "scan", after_ms=900, clock_ms=70_020).fate == "repeat"
    assert picker.send(TEA, "scan", after_ms=10, clock_ms=70_600).fate == "applied", "in a batch"


def test_a_clock_that_began_anew_does_not_swallow_a_scan(site: FloorSite, picker: Hand) -> None:
    picker.send(TEA, "scan", clock_ms=70_000)
    assert picker.send(TEA, "scan", clock_ms=5).fate == "applied"


def test_the_bounce_is_the_site_s_to_set(site: FloorSite, picker: Hand) -> None:
    site.settings = type(site.settings)(rng=site.settings.rng, bounce_ms=0)
    picker.scan(TEA)
    assert picker.scan(TEA, after_ms=1).fate == "applied"


def test_keys_and_commands_do_not_bounce(site: FloorSite, picker: Hand) -> None:
    for _ in range(3):
        assert picker.send("language", "command", after_ms=1).fate == "applied"


def test_a_badge_that_bounces_is_no_mistake(site: FloorSite) -> None:
    hand = site.at("HT-01")
    hand.expect("menu.menu", "BADGE:anna")
    assert hand.scan("BADGE:anna", after_ms=50).fate == "repeat"
    assert not hand.prompt.locked


def test_no_badge_is_remembered_readable(site: FloorSite) -> None:
    hand = site.signed_in("HT-01", ANNA)
    assert hand.scan("BADGE:carol").fate == "refused"
    kept = str([*site.journal(), site.session(ANNA)])
    assert "carol" not in kept
    assert "BADGE:anna" not in kept


# What may come out of a scanner

HOSTILE = (
    "\x1b]52;c;aGk=\x07", "\x1b[2J\x1b[H", "\x9b31m", "A-01\rB-02", "\u202eA-01", "A-\u200b01",
    "\x00", "A\x00B", "\ud800", "x" * 10_000, "^FS^XZ~JR^XA", "=HYPERLINK(1)", "'; DROP TABLE--",
    "]C1", "]C101", "]d2]d2]d2", "]C1\x1d\x1d", "]Q3990" * 40, "]C10104901234567895", "\x1d" * 50,
    "²", "١٢٣", "𠮷" * 300, "CMD:", "CMD:\x1b[2J", "CMD:" + "y" * 600, "BADGE:", "a" * 512, " ",
    "\t", "]F0aa", "%s%n", "{expected}", "{0}", "A-01\ufffd",
)  # fmt: skip


@pytest.mark.parametrize("via", ["scan", "key", "command", "device"])
def test_hostile_text_breaks_nothing(sqlite_url: str, via: str) -> None:
    with floor_at(sqlite_url) as site:
        site.stock_up()
        site.release([site.order(("TEA", 3))])
        hand = site.signed_in("HT-01", ANNA, work="pick")
        hand.expect("pick.bind", "1", "key")
        hand.expect("pick.place", "T-01")
        before = hand.prompt
        for text in HOSTILE:
            answer = hand.send(text, via)  # type: ignore[arg-type]
            assert answer.fate == "refused", text
            message = answer.prompt.message
            assert message is not None
            shown = message.text + message.expected + message.scanned
            assert shown.isprintable(), text
            assert len(message.scanned) <= 40
            hand.command("ok")
        assert hand.prompt == before
        assert len(site.journal()) == 4 + 2 * len(HOSTILE)
        assert max(len(line.text) for line in site.journal()) <= 512
        assert "\x1b" not in str(site.journal())
        site.check()


@ON_BOTH
def test_hostile_text_can_be_kept_on_both_databases(site: FloorSite) -> None:
    hand = site.at("HT-01")
    for text in HOSTILE:
        assert hand.scan(text).fate == "refused"
    site.signed_in("HT-01", ANNA)
    for text in HOSTILE:
        assert hand.scan(text).fate == "refused"
        hand.command("ok")


def test_a_damaged_or_endless_scan_is_said_to_be_so(site: FloorSite, picker: Hand) -> None:
    for text in ("x" * 513, "A-0\ufffd", "A\x00B"):
        broken = picker.scan(text).prompt
        assert broken.message is not None
        assert broken.message.code == Code.SCAN_INVALID
        picker.command("ok")
    message = picker.scan("x" * 512).prompt.message
    assert message is not None and message.code == "pick.wrong_item"
