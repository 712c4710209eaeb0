"""A second badge at the point of work: who may say yes, with what, and what is written of it.

A small dialogue that does nothing else stands in for those that ask.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import func, select

from picking.dialogues import DIALOGUES, approval
from picking.dialogues.approval import Asked
from picking.dialogues.base import Dialogue, Say, Seen, Step, Who
from tests.floor_site import CAROL, LEA, ON_BOTH, PIN, FloorSite, Hand, floor_at, refused
from tests.picking_site import ANNA, BERT
from wms.db import Tx
from wms.errors import Code
from wms.messages import Language
from wms.people import approvals
from wms.people.staff import FAILURES_MAX
from wms.people.terminals import WRONG_PINS_MAX, wrong_pin
from wms.rooms.prompts import Await, Prompt
from wms.schema import approvals as table
from wms.schema import events, people, scans, sessions, terminals

ASKED = Asked(verb="approve_count", ref="count:5", owner="acme")


class State(Struct, frozen=True, kw_only=True):
    """`at` is where the worker stands once the question is over."""

    at: str = "asking"
    approval: Asked | None = ASKED


@dataclass(frozen=True, slots=True)
class Do:
    """What needs the yes."""


def step(state: State, seen: Seen, approved: bool) -> Step[State]:
    if state.approval is None:
        return Step(state, go="menu")
    asked, effects, said = approval.step(state.approval, seen)
    doing: tuple[Any, ...] = (*effects, Do()) if approval.decides(effects) else effects
    return Step(replace(state, approval=asked), doing, said)


def arrive(state: State, approved: bool) -> State:
    return replace(state, at="done", approval=None) if approved else state


def run(tx: Tx, effect: Any, who: Who) -> Say | None:
    if isinstance(effect, Do):
        done = approvals.given(tx, ASKED.verb, ASKED.ref)
        assert done, "a wrong PIN ends the step before it comes to this"
        return None
    return approval.run(tx, effect, who)


def prompt(state: State, approved: bool, language: Language) -> Prompt:
    if state.approval is not None:
        return approval.prompt(state.approval, language, dialogue="trial", title="Trial")
    return Prompt(dialogue="trial", step=state.at, title="T", ask="?", awaits=(Await.CHOICE,))


TRIAL: Dialogue[State, bool] = Dialogue(
    name="trial", state=State, permission="pick",
    facts=lambda tx, state, who: approval.given(tx, state.approval),
    step=step, arrive=arrive, prompt=prompt, run=run,
    secret=lambda state: approval.is_secret(state.approval),
)  # fmt: skip


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def site(
    engine: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FloorSite]:
    monkeypatch.setitem(DIALOGUES, "trial", TRIAL)
    with floor_at(request.getfixturevalue(f"new_{engine}")()) as site:
        site.set(people, people.c.id == ANNA, permissions='["pick"]')
        lead = '["lead", "pick", "approve_count"]'
        site.set(people, people.c.id == LEA, permissions=lead)
        yield site
        site.check()


@pytest.fixture
def anna(site: FloorSite) -> Hand:
    site.signed_in("HT-01", ANNA)
    site.set(sessions, sessions.c.person_id == ANNA, dialogue="trial")
    hand = site.at("HT-01")
    assert hand.prompt.step == "approval_badge"
    return hand


def rows(site: FloorSite) -> list[Any]:
    return site.rows(select(table))


@ON_BOTH
def test_a_badge_and_its_pin_say_yes_and_the_worker_goes_on(site: FloorSite, anna: Hand) -> None:
    assert not anna.prompt.secret
    asked = anna.expect("trial.approval_pin", "BADGE:lea")
    assert (asked.secret, asked.awaits[0], asked.person) == (True, Await.PIN, "Anna")
    assert asked.lines == ("Approve the count",)
    done = anna.expect("trial.done", PIN, "key")
    assert done.message is not None
    assert (done.message.code, done.person, done.secret) == ("approval.given", "Anna", False)
    (row,) = rows(site)
    assert (row.verb, row.ref, row.asked_by, row.given_by, row.at_ms) == (
        "approve_count", "count:5", ANNA, LEA, site.now,
    )  # fmt: skip
    assert site.read(approvals.given, "approve_count", "count:5")
    assert not site.read(approvals.given, "approve_count", "count:6")
    assert not site.read(approvals.given, "approve_short", "count:5")


@ON_BOTH
@pytest.mark.parametrize("locked", [False, True])
def test_no_pin_is_journaled_nor_kept_by_its_hash(
    site: FloorSite, anna: Hand, locked: bool
) -> None:
    anna.expect("trial.approval_pin", "BADGE:lea")
    if locked:
        refused(anna.key("999999"), "sign_in.wrong_pin")
        refused_behind = anna.key(PIN)
        assert (refused_behind.fate, refused_behind.prompt.locked) == ("refused", True)
        anna.command("ok")
    anna.expect("trial.done", PIN, "key")
    assert site.session(ANNA).last_text == "", "nor by its hash"
    hand = site.at("LEAD-1")
    hand.sign_in(LEA)
    hand.expect("menu.menu", PIN, "key")
    kept = str(
        [*site.rows(select(scans)), *site.rows(select(sessions)), *site.rows(select(events))]
    )
    mark = site.rows(select(sessions.c.last_text).where(sessions.c.person_id == LEA))[0].last_text
    assert PIN not in kept
    assert mark == "", "six digits are found from their hash in a second"
    assert "BADGE" not in str([row.text for row in site.journal()])


@ON_BOTH
def test_a_wrong_pin_is_counted_and_locks_that_badge(site: FloorSite, anna: Hand) -> None:
    anna.expect("trial.approval_pin", "BADGE:lea")
    for _ in range(FAILURES_MAX):
        refused(anna.key("999999"), "sign_in.wrong_pin")
        assert anna.prompt.step == "approval_pin", "the question stands"
        anna.command("ok")
    refused(anna.key(PIN), Code.BADGE_LOCKED)
    anna.command("ok")
    assert rows(site) == []
    refused(anna.scan("BADGE:lea"), Code.BADGE_LOCKED)
    anna.command("ok")
    site.now += 30_000
    anna.expect("trial.approval_pin", "BADGE:lea")
    anna.expect("trial.done", PIN, "key")


def test_a_terminal_at_which_many_pins_were_wrong_takes_none(site: FloorSite, anna: Hand) -> None:
    anna.expect("trial.approval_pin", "BADGE:lea")
    mine = terminals.c.id == "HT-01"
    for _ in range(WRONG_PINS_MAX - 1):
        site.write(wrong_pin, "HT-01", now=site.now)
    refused(anna.key("999999"), "sign_in.wrong_pin")
    anna.command("ok")
    refused(anna.key(PIN), Code.TERMINAL_PAUSED)
    anna.command("ok")
    assert rows(site) == []
    site.set(terminals, mine, pins_forgotten_ms=0)
    anna.expect("trial.done", PIN, "key")


@ON_BOTH
def test_who_may_not_cannot_say_yes(site: FloorSite, anna: Hand) -> None:
    refused(anna.scan("BADGE:bert"), Code.PERMISSION_MISSING)
    assert anna.prompt.message is not None
    assert "approve_count acme" in anna.prompt.message.text
    anna.command("ok")
    site.set(people, people.c.id == ANNA, permissions='["pick", "approve_count"]')
    refused(anna.scan("BADGE:anna"), Code.APPROVAL_OWN)
    anna.command("ok")
    site.set(people, people.c.id == CAROL, permissions='["approve_count"]')
    refused(anna.scan("BADGE:carol"), Code.APPROVAL_PIN)
    anna.command("ok")
    refused(anna.scan("BADGE:nobody"), Code.BADGE_UNKNOWN)
    anna.command("ok")
    refused(anna.scan("A-01"), "approval.not_a_badge")
    anna.command("ok")
    refused(anna.command("undo"), "key.not_now")
    anna.command("ok")
    assert anna.prompt.step == "approval_badge"
    assert rows(site) == []


@ON_BOTH
def test_a_right_that_was_taken_away_meanwhile_says_no_yes(site: FloorSite, anna: Hand) -> None:
    anna.expect("trial.approval_pin", "BADGE:lea")
    site.set(people, people.c.id == LEA, permissions='["lead"]')
    refused(anna.key(PIN), Code.PERMISSION_MISSING)
    anna.command("ok")
    site.set(people, people.c.id == LEA, permissions='["approve_count"]', active=0)
    refused(anna.key(PIN), Code.PERMISSION_MISSING)
    assert rows(site) == []


def test_another_badge_takes_over_and_back_gives_up(site: FloorSite, anna: Hand) -> None:
    pin_hash = site.scalar(select(people.c.pin_hash).where(people.c.id == LEA))
    bert = {"permissions": '["approve_count"]', "pin_hash": pin_hash}
    site.set(people, people.c.id == BERT, **bert)
    anna.expect("trial.approval_pin", "BADGE:lea")
    anna.expect("trial.approval_pin", "BADGE:bert")
    anna.expect("trial.asking", "back", "command")
    site.set(sessions, sessions.c.person_id == ANNA, state="{}")
    anna.expect("trial.approval_pin", "BADGE:lea")
    anna.expect("trial.approval_pin", "BADGE:bert")
    anna.expect("trial.done", PIN, "key")
    assert [row.given_by for row in rows(site)] == [BERT]


def test_two_who_ask_the_same_have_one_row(site: FloorSite, anna: Hand) -> None:
    anna.expect("trial.approval_pin", "BADGE:lea")
    site.set(people, people.c.id == BERT, permissions='["pick"]')
    site.signed_in("HT-02", BERT)
    site.set(sessions, sessions.c.person_id == BERT, dialogue="trial")
    other = site.at("HT-02")
    other.expect("trial.approval_pin", "BADGE:lea")
    other.expect("trial.done", PIN, "key")
    assert anna.prompt.step == "done", "somebody said yes meanwhile"
    assert site.scalar(select(func.count()).select_from(table)) == 1
    again = site.write(
        approvals.give, verb=ASKED.verb, ref=ASKED.ref, owner="acme", giver=LEA, asker=ANNA,
        pin=PIN, pepper=site.settings.pepper, now=site.now,
    )  # fmt: skip
    assert again, "the same yes again has no effect"
    assert site.scalar(select(func.count()).select_from(table)) == 1
