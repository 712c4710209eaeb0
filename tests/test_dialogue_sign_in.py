"""Signing in, on both databases: it is the one dialogue whose steps write to the book."""

from collections.abc import Iterator

import pytest
from sqlalchemy import insert, select, update

from tests.floor_site import CAROL, LEA, PIN, FloorSite, Hand, floor_at
from tests.picking_site import ANNA
from wms.db import Tx
from wms.people.staff import FAILURES_MAX, LOCK_S_MIN, badge_hash
from wms.people.terminals import FORGOTTEN_S, WRONG_PINS_MAX
from wms.schema import people, scans, terminals


@pytest.fixture
def site(database_url: str) -> Iterator[FloorSite]:
    with floor_at(database_url) as site:
        yield site


def lea_at(site: FloorSite) -> Hand:
    """Lea's badge was read; her PIN is asked for."""
    hand = site.at("LEAD-1")
    hand.expect("sign_in.pin", "BADGE:lea")
    return hand


def test_badge_to_in_without_a_pin(site: FloorSite) -> None:
    prompt = site.at("HT-01").expect("menu.menu", "BADGE:anna")
    assert (prompt.person, prompt.language, prompt.message) == ("Anna", "en", None)


def test_badge_to_pin_with_one(site: FloorSite) -> None:
    prompt = lea_at(site).prompt
    assert prompt.secret
    assert prompt.person == "", "who stands there is nobody's business before the PIN"


def test_badge_to_badge_when_it_is_none(site: FloorSite) -> None:
    hand = site.at("HT-01")
    for text in ("A-01", "BADGE:nobody", "BADGE:", "4901234567894"):
        answer = hand.scan(text)
        assert (answer.fate, answer.prompt.step, answer.prompt.locked) == (
            "refused",
            "badge",
            False,
        )
        assert answer.prompt.message is not None
        assert answer.prompt.message.code == "sign_in.not_a_badge"
    site.set(people, people.c.id == ANNA, active=0)
    assert hand.scan("BADGE:anna").fate == "refused", "who has left has no badge"


def test_pin_to_in_when_it_is_right(site: FloorSite) -> None:
    lea_at(site).expect("menu.menu", PIN, "key")


@pytest.mark.parametrize("via", ["key", "scan", "command"])
def test_pin_to_pin_when_it_is_wrong(site: FloorSite, via: str) -> None:
    hand = lea_at(site)
    for text in ("000000", "T-01", "CMD:undo", ""):
        answer = hand.send(text, via)  # type: ignore[arg-type]
        assert (answer.fate, answer.prompt.step) == ("refused", "pin")
    assert [row.text for row in site.journal()] == [""] * 5, "neither badge nor PIN is written down"
    assert PIN not in str(site.rows(select(scans)))


def test_pin_to_badge_by_back(site: FloorSite) -> None:
    hand = lea_at(site)
    hand.expect("sign_in.badge", "back", "command")
    hand.expect("sign_in.pin", "BADGE:lea")
    hand.expect("menu.menu", "BADGE:carol")


def test_pin_to_badge_when_it_was_wrong_too_often(site: FloorSite) -> None:
    hand = lea_at(site)
    for _ in range(FAILURES_MAX - 1):
        assert hand.key("999999").prompt.step == "pin"
    locked = hand.key("999999")
    assert (locked.fate, locked.prompt.step) == ("refused", "badge")
    assert locked.prompt.message is not None
    assert locked.prompt.message.code == "badge.locked"
    assert hand.scan("BADGE:lea").prompt.message is not None, "not even the PIN is asked for"
    site.now += LOCK_S_MIN * 1_000
    hand.expect("sign_in.pin", "BADGE:lea")
    again = hand.key("999999")
    assert again.prompt.message is not None
    assert again.prompt.message.text.count(" 60 "), "each lock is twice as long"
    site.now += 60_000
    hand.expect("sign_in.pin", "BADGE:lea")
    hand.expect("menu.menu", PIN, "key")
    assert site.scalar(select(people.c.failures).where(people.c.id == LEA)) == 0


def test_pin_to_badge_when_one_pin_is_tried_on_every_badge(site: FloorSite) -> None:
    """No badge is locked by it, so the terminal takes no PIN; who needs none still comes in."""
    site.write(_many_leads, 12)
    hand = site.at("LEAD-1")
    for number in range(WRONG_PINS_MAX):
        hand.expect("sign_in.pin", f"BADGE:lead{number}")
        wrong = hand.key("271828")
        assert wrong.prompt.message is not None
        assert wrong.prompt.message.code == "sign_in.wrong_pin"
        hand.command("back")
    for badge in ("BADGE:lead11", "BADGE:lea"):
        answer = hand.scan(badge)
        assert (answer.fate, answer.prompt.step) == ("refused", "badge")
        assert answer.prompt.message is not None
        assert answer.prompt.message.code == "terminal.paused"
    hand.expect("menu.menu", "BADGE:anna")
    hand.command("sign_off")
    site.at("HT-01").expect("sign_in.pin", "BADGE:lea")
    site.at("HT-01").expect("menu.menu", PIN, "key")
    site.now += FORGOTTEN_S * 1_000
    hand.expect("sign_in.pin", "BADGE:lea")
    hand.expect("menu.menu", PIN, "key")


def _many_leads(tx: Tx, count: int) -> None:
    pin = tx.execute(select(people.c.pin_hash).where(people.c.id == LEA)).scalar_one()
    tx.execute(insert(people), [
        {"code": f"L{n}", "name": f"L{n}", "badge_hash": badge_hash(f"lead{n}"), "pin_hash": pin,
         "permissions": '["lead"]'}
        for n in range(count)
    ])  # fmt: skip


def test_the_language_is_the_terminal_s_until_somebody_is_in(site: FloorSite) -> None:
    hand = site.at("HT-01")
    assert hand.prompt.language == "ja"
    assert hand.command("language").prompt.language == "en"
    site.set(people, people.c.id == CAROL, language="ja")
    assert hand.scan("BADGE:carol").prompt.language == "ja"
    hand.command("sign_off")
    assert hand.prompt.language == "ja"


def test_keys_that_change_nothing_are_no_mistakes(site: FloorSite) -> None:
    hand = site.at("HT-01")
    for name in ("ok", "help", "back"):
        assert hand.command(name).fate == "applied"


def test_a_state_of_an_older_version_begins_anew(site: FloorSite) -> None:
    site.set(terminals, terminals.c.id == "HT-01", state='{"at":"retina"}')
    site.at("HT-01").expect("menu.menu", "BADGE:anna")


def test_nobody_signs_in_with_an_unknown_person(site: FloorSite) -> None:
    site.write(lambda tx: tx.execute(update(people).values(active=0)))
    assert site.at("LEAD-1").scan("BADGE:lea").fate == "refused"
