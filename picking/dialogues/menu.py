"""The menu: what this person may do at this terminal, one digit each; 0 signs off.

Transitions:
* menu -> pick: its digit was keyed
* menu -> pack: its digit was keyed, at a bench
* menu -> ship: its digit was keyed
* menu -> task: its digit was keyed
* menu -> menu: anything else is refused with the digits that work
* menu -> badge: 0; the terminal is free for somebody else
"""

from dataclasses import dataclass

from msgspec import Struct

from picking.dialogues.base import Dialogue, Say, Seen, Step, Who, choices, options, unexpected
from wms.db import Tx
from wms.messages import Language, say
from wms.prompts import Await, Option, Prompt

SIGN_OFF = "sign_off"
WAYS = {"pick": "", "pack": "pack", "ship": "", "task": ""}  # dialogue: kind of its station


class State(Struct, frozen=True, kw_only=True):
    """The menu remembers nothing."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The dialogues that are open to this worker here, in the order of their digits."""

    open: tuple[str, ...]


def facts(_tx: Tx, _state: State, who: Who) -> Facts:
    """What this person may do here: a dialogue is named like the permission that it needs."""
    return Facts(tuple(name for name, station in WAYS.items() if who.may(name, station)))


def step(state: State, seen: Seen, facts: Facts) -> Step[State]:
    """Decide what one input means here. Pure."""
    if 1 <= seen.digit <= len(facts.open):
        return Step(state, go=facts.open[seen.digit - 1])
    if seen.kind == "command" and seen.code in facts.open:
        return Step(state, go=seen.code)
    if (seen.kind == "number" and seen.code == "0") or seen.is_command("0"):
        return Step(state, go=SIGN_OFF)
    expected = f"0-{len(facts.open)}"
    return Step(state, say=unexpected(seen, expected=expected))


def arrive(state: State, _facts: Facts) -> State:
    """The menu is where it is."""
    return state


def prompt(_state: State, facts: Facts, language: Language) -> Prompt:
    """The digits. Pure."""
    off = Option(key="0", command=SIGN_OFF, label=say("menu.sign_off", language))
    return Prompt(
        dialogue="menu", step="menu", title=say("menu.title", language),
        ask=say("menu.ask", language), awaits=(Await.CHOICE,), language=language,
        help=say("help.menu", language),
        options=(
            *choices(language, *(f"menu.{name}" for name in facts.open)), off,
            *options(language, "language", "assist"),
        ),
    )  # fmt: skip


def run(_tx: Tx, effect: object, _who: Who) -> Say | None:
    """The menu has no effects."""
    raise AssertionError(effect)


MENU: Dialogue[State, Facts] = Dialogue(
    name="menu", state=State, permission="", facts=facts, step=step, arrive=arrive, prompt=prompt,
    run=run,
)  # fmt: skip
