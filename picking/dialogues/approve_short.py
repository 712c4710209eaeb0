"""Decide: a lead says what becomes of short orders whose owner wants to be asked.

The same decision can be made at the shelf, by badge (`picking.dialogues.pick`). Whoever signs in
here has shown badge and PIN already.

Transitions:
* none -> none: nothing is asked; `1` looks again
* none -> order: a short order waits for a decision
* none -> menu: back
* order -> order: 1, 2 or 3 decides; the next one is shown
* order -> none: that was the last one
* order -> order: later; the others come first
* order -> menu: back
"""

from dataclasses import dataclass
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from picking import shortage
from picking.dialogues.base import (
    Dialogue,
    Say,
    Seen,
    Step,
    Who,
    choices,
    not_now,
    options,
    unexpected,
)
from picking.shortage import VERDICTS, Undecided, Verdict
from wms.db import Tx
from wms.messages import Language, say
from wms.people import staff
from wms.rooms.prompts import Await, Prompt


class State(Struct, frozen=True, kw_only=True):
    """Which order is on the screen; those in `put_off` come after all others."""

    at: Literal["none", "order"] = "none"
    order: int = 0
    put_off: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """The orders that wait for a word, the oldest question first."""

    waiting: tuple[Undecided, ...] = ()

    def question(self, state: State) -> Undecided | None:
        """The one on the screen, while it is still asked; else the first that was not put off."""
        here = (one for one in self.waiting if one.order == state.order)
        fresh = (one for one in self.waiting if one.order not in state.put_off)
        return next(here, None) or next(fresh, None) or next(iter(self.waiting), None)


@dataclass(frozen=True, slots=True)
class Decide:
    """What becomes of a short order."""

    question: Undecided
    verdict: Verdict


def load(tx: Tx, _state: State, who: Who) -> Facts:
    """Read them: of owners for whom this person may decide."""
    waiting = shortage.undecided(tx)
    return Facts(tuple(one for one in waiting if who.may_touch("approve_short", one.owner)))


def arrive(state: State, facts: Facts) -> State:
    """The first question that is open, or none."""
    question = facts.question(state)
    if question is None:
        return State()
    return replace(state, at="order", order=question.order)


def step(state: State, seen: Seen, facts: Facts) -> Step[State]:
    """Decide what one input means here. Pure."""
    if seen.is_command("back"):
        return Step(state, go="menu")
    question = facts.question(state)
    if question is None:
        return Step(state, say=None if seen.digit == 1 else unexpected(seen, expected="1"))
    if seen.is_command("later"):
        put_off = (*(one for one in state.put_off if one != question.order), question.order)
        return Step(State(put_off=put_off))
    if 1 <= seen.digit <= len(VERDICTS):
        decide = Decide(question, VERDICTS[seen.digit - 1])
        return Step(State(put_off=state.put_off), (decide,))
    if seen.kind == "command":
        return Step(state, say=not_now(seen))
    return Step(state, say=unexpected(seen, expected="1-3"))


def run(tx: Tx, effect: object, who: Who) -> Say | None:
    """Carry out one effect in the open transaction; the permission is looked up in it."""
    assert isinstance(effect, Decide), effect
    staff.must(tx, who.person.id, "approve_short", effect.question.owner)
    shortage.decide(
        tx, order=effect.question.order, verdict=effect.verdict, now=who.now, today=who.today
    )
    return Say(f"short_decided.{effect.verdict}")


def prompt(state: State, facts: Facts, language: Language) -> Prompt:
    """What the lead sees. Pure."""
    page = Prompt(
        dialogue="approve_short", step=state.at, title=say("approve_short.title", language),
        ask=say(f"approve_short.ask.{state.at}", language),
        help=say(f"help.approve_short.{state.at}", language), awaits=(Await.CHOICE,),
        options=options(language, "back"), language=language,
    )  # fmt: skip
    question = facts.question(state)
    if question is None:
        return replace(page, lines=(say("approve_short.none", language),))
    verdicts = choices(language, *(f"short.{verdict}" for verdict in VERDICTS))
    return replace(
        page, options=(*verdicts, *options(language, "later", "back")),
        total=len(facts.waiting), lines=(
            f"{question.code} {question.owner}",
            say("short.lacking", language, missing=question.missing),
        ),
    )  # fmt: skip


APPROVE_SHORT: Dialogue[State, Facts] = Dialogue(
    name="approve_short", state=State, permission="approve_short", facts=load, step=step,
    arrive=arrive, prompt=prompt, run=run,
)  # fmt: skip
