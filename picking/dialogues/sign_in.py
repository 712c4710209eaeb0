"""Sign in: a badge, and a PIN where the person has one. The one dialogue without a person.

Transitions:
* badge -> in: the badge of a person without a PIN
* badge -> pin: the badge of a person with a PIN
* badge -> badge: anything else is refused, and so is a badge that is locked or unknown
* pin -> in: the PIN is right
* pin -> pin: the PIN is wrong
* pin -> badge: back; or the fifth wrong PIN, which locks the badge for a while; or one of many
  at this terminal, whoever's badges they were for: it takes no PIN for a while
"""

from typing import Literal

from msgspec import Struct

from picking.dialogues.base import Say, Seen, options, wrong
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.messages import Language, say
from wms.people import staff, terminals
from wms.people.staff import Person
from wms.rooms.prompts import Await, Message, Prompt

Why = Literal["", "idle", "elsewhere"]


class State(Struct, frozen=True, kw_only=True):
    """`person` has shown a badge and still owes the PIN. `why` the last worker is out."""

    at: Literal["badge", "pin"] = "badge"
    person: int = 0
    why: Why = ""


def step(
    tx: Tx, state: State, seen: Seen, terminal: str, *, pepper: str, now: int
) -> tuple[State, Person | None, Say | None]:
    """The next state, the person who is in now (or None), and what to say.

    Not pure, unlike every other dialogue: checking a PIN counts failures in the book.
    """
    if seen.kind == "badge" and seen.id:
        return _badge(tx, seen.id, terminal, now)
    if seen.is_command("back"):
        return State(), None, None
    if seen.is_command("ok", "help"):
        return state, None, None
    if state.at == "badge" or seen.kind != "secret":
        said = wrong("sign_in.not_a_badge", expected="BADGE", scanned=seen.text)
        return state, None, said
    try:
        terminals.refuse_paused(tx, terminal, now=now)
        right = staff.check_pin(tx, state.person, seen.code, pepper=pepper, now=now)
    except Rejected as refusal:
        return _refused(refusal)
    if right:
        return State(), staff.by_id(tx, state.person), None
    terminals.wrong_pin(tx, terminal, now=now)
    wait_s = staff.locked_s(tx, state.person, now=now)
    if wait_s:
        return _refused(Rejected(Code.BADGE_LOCKED, seconds=wait_s))
    return State(at="pin", person=state.person), None, Say("sign_in.wrong_pin", "error")


def _badge(
    tx: Tx, badge: int, terminal: str, now: int
) -> tuple[State, Person | None, Say | None]:  # fmt: skip
    person = staff.by_id(tx, badge)
    wait_s = staff.locked_s(tx, badge, now=now)
    if wait_s:
        return _refused(Rejected(Code.BADGE_LOCKED, seconds=wait_s))
    if not person.has_pin:
        return State(), person, None
    try:
        terminals.refuse_paused(tx, terminal, now=now)
    except Rejected as refusal:
        return _refused(refusal)
    return State(at="pin", person=person.id), None, None


def _refused(refusal: Rejected) -> tuple[State, None, Say]:
    assert refusal.code in (Code.BADGE_LOCKED, Code.TERMINAL_PAUSED)
    return State(), None, Say(refusal.code, "error", params=refusal.params)


def prompt(state: State, language: Language) -> Prompt:
    """What a terminal shows that nobody is signed in at."""
    secret = state.at == "pin"
    message = None
    if state.why:
        code = f"sign_in.{state.why}"
        message = Message(severity="attention", code=code, text=say(code, language))
    return Prompt(
        dialogue="sign_in", step=state.at, title=say("sign_in.title", language),
        ask=say(f"sign_in.ask.{state.at}", language), message=message,
        help=say(f"help.sign_in.{state.at}", language),
        awaits=(Await.PIN,) if secret else (Await.BADGE,), secret=secret, language=language,
        options=options(language, "back", "language") if secret else options(language, "language"),
    )  # fmt: skip
