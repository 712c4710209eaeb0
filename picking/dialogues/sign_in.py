"""Sign in: a badge, and a PIN where the person has one. The one dialogue without a person.

Transitions:
* badge -> in: the badge of a person without a PIN
* badge -> pin: the badge of a person with a PIN
* pin -> in: the PIN is right
* pin -> pin: the PIN is wrong; after five failures the badge is locked for a while
* pin -> badge: back, or another badge
"""

from typing import Literal

from msgspec import Struct

from picking.dialogues.base import Say, Seen, options, wrong
from wms import people
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.messages import Language, say
from wms.people import Person
from wms.prompts import Await, Prompt


class State(Struct, frozen=True, kw_only=True):
    """`person` has shown a badge and still owes the PIN."""

    at: Literal["badge", "pin"] = "badge"
    person: int = 0


def step(
    tx: Tx, state: State, seen: Seen, *, pepper: str, now: int
) -> tuple[State, Person | None, Say | None]:
    """The next state, the person who is in now (or None), and what to say.

    Not pure, unlike every other dialogue: checking a PIN counts failures in the book.
    """
    if seen.kind == "badge":
        person = people.by_id(tx, seen.id)
        if person.has_pin:
            return State(at="pin", person=person.id), None, None
        return State(), person, None
    if state.at == "badge":
        return state, None, wrong("sign_in.not_a_badge", expected="BADGE", scanned=seen.text)
    if seen.kind == "command" and seen.code == "back":
        return State(), None, None
    try:
        right = people.check_pin(tx, state.person, seen.code, pepper=pepper, now=now)
    except Rejected as refusal:
        assert refusal.code == Code.BADGE_LOCKED
        return State(), None, Say(refusal.code, "error", params=refusal.params)
    if right:
        return State(), people.by_id(tx, state.person), None
    return state, None, Say("sign_in.wrong_pin", "error")


def prompt(state: State, language: Language) -> Prompt:
    """What a terminal shows that nobody is signed in at."""
    secret = state.at == "pin"
    return Prompt(
        dialogue="sign_in", step=state.at, title=say("sign_in.title", language),
        ask=say(f"sign_in.ask.{state.at}", language),
        awaits=(Await.PIN,) if secret else (Await.BADGE,), secret=secret, language=language,
        options=options(language, "back", "language") if secret else options(language, "language"),
    )  # fmt: skip
