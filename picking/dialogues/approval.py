"""A second badge at the point of work: a part that any dialogue puts into its own table.

Whoever may say yes comes over, scans their badge and keys their PIN; the worker stays signed in,
and the next prompt is the worker's again. A dialogue uses it like this:

    class State(Struct, frozen=True, kw_only=True):
        approval: Asked | None = None

    def facts(tx, state, who):      # say(..., approved=)
        approved = approval.given(tx, state.approval)

    def arrive(state, facts):       # the yes is a row of the book: from here on it goes on
        if state.approval is not None and facts.approved:
            return replace(state, approval=None)

    def step(state, seen, facts):
        if state.approval is not None:
            asked, effects, said = approval.step(state.approval, seen)
            doing = (*effects, Do(...)) if approval.decides(effects) else effects
            return Step(replace(state, approval=asked), doing, said)

    def run(tx, effect, who):
        match effect:
            case approval.Look() | approval.Approve():
                return approval.run(tx, effect, who)
            case Do():              # the guarded command asks `approvals.given` itself
                if not approvals.given(tx, "approve_count", ref):
                    return None

    def prompt(state, facts, language):
        if state.approval is not None:
            return approval.prompt(state.approval, language, dialogue="count", title=...)

    Dialogue(..., secret=lambda state: approval.is_secret(state.approval))

To ask, a step sets `approval=Asked(verb="approve_count", ref="count:5", owner="acme")`. F3 gives
up: `step` returns None for the question, and the dialogue says where the worker stands then.
"""

from dataclasses import dataclass
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from picking.dialogues.base import Say, Seen, Who, not_now, options, wrong
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.messages import Language, say
from wms.people import approvals, staff, terminals
from wms.rooms.prompts import Await, Focus, Prompt


class Asked(Struct, frozen=True, kw_only=True):
    """A question to somebody who may *verb*: yes to *ref*? `by` has shown a badge already."""

    verb: str
    ref: str  # what it is about: count:5
    owner: str = ""  # whose goods; "" needs the permission for everybody's
    by: int = 0


@dataclass(frozen=True, slots=True)
class Look:
    """Is this a badge that may say yes?"""

    asked: Asked


@dataclass(frozen=True, slots=True)
class Approve:
    """They key their PIN: that is the yes."""

    asked: Asked
    pin: str

    def __repr__(self) -> str:
        return f"Approve({self.asked})"  # a PIN has no place in a traceback


Answer = tuple[Asked | None, tuple[Look | Approve, ...], Say | None]


def step(asked: Asked, seen: Seen) -> Answer:
    """What one input means while the question stands: the question now, effects, what to say.

    None for the question: it was given up. The PIN's effect comes last; whether it was right is the
    book's to know, and `given` tells. Pure.
    """
    if seen.is_command("back"):
        return None, (), None
    if seen.kind == "badge":
        if not seen.id:
            return asked, (), wrong(Code.BADGE_UNKNOWN, expected="BADGE", scanned=seen.text)
        shown = replace(asked, by=seen.id)
        return shown, (Look(shown),), None
    if seen.kind == "command":
        return asked, (), not_now(seen)
    if asked.by and seen.kind == "secret":
        return asked, (Approve(asked, seen.code),), None
    return asked, (), wrong("approval.not_a_badge", expected="BADGE", scanned=seen.text)


def decides(effects: tuple[Any, ...]) -> bool:
    """Whether the question may be answered by these effects: the guarded command goes along."""
    return any(isinstance(effect, Approve) for effect in effects)


def given(tx: Tx, asked: Asked | None) -> bool:
    """Whether somebody has said yes to what stands open."""
    return asked is not None and approvals.given(tx, asked.verb, asked.ref)


def is_secret(asked: Asked | None) -> bool:
    """Whether a PIN is awaited now."""
    return asked is not None and asked.by != 0


def run(tx: Tx, effect: Look | Approve, who: Who) -> Say | None:
    """Carry out one effect: check the badge, or the PIN and everything again.

    A wrong PIN is said and not raised: the failure must be counted although nothing else happens.
    """
    asked = effect.asked
    terminals.refuse_paused(tx, who.terminal, now=who.now)
    if isinstance(effect, Look):
        wait_s = staff.locked_s(tx, asked.by, now=who.now)
        if wait_s:
            raise Rejected(Code.BADGE_LOCKED, seconds=wait_s)
        approvals.check_giver(
            tx, verb=asked.verb, owner=asked.owner, giver=asked.by, asker=who.person.id
        )
        return None
    right = approvals.give(
        tx, verb=asked.verb, ref=asked.ref, owner=asked.owner, giver=asked.by,
        asker=who.person.id, pin=effect.pin, pepper=who.pepper, now=who.now,
    )  # fmt: skip
    if right:
        return Say("approval.given")
    terminals.wrong_pin(tx, who.terminal, now=who.now)
    return Say("sign_in.wrong_pin", "error")


def prompt(
    asked: Asked, language: Language, *, dialogue: str, title: str, focus: Focus | None = None,
    lines: tuple[str, ...] = (),
) -> Prompt:  # fmt: skip
    """The question as it is seen: whose badge, and then the PIN. Pure.

    *focus* and *lines* say what it is about, so that nobody says yes to they know not what.
    """
    at = "pin" if asked.by else "badge"
    wanted = say(f"approval.{asked.verb}", language)
    return Prompt(
        dialogue=dialogue, step=f"approval_{at}", title=title,
        ask=say(f"approval.ask.{at}", language), help=say(f"help.approval.{at}", language),
        lines=(wanted, *lines),
        awaits=(Await.PIN, Await.BADGE) if asked.by else (Await.BADGE,), secret=bool(asked.by),
        focus=focus or Focus(), options=options(language, "back"), language=language,
    )  # fmt: skip
