"""The menu: what this person may do at this terminal, one digit each.

Transitions:
* menu -> pick, pack, ship, task: its digit was keyed
* menu -> menu: anything else is refused with the digits that work
"""

from dataclasses import dataclass

from msgspec import Struct

from picking.dialogues.base import Dialogue, Say, Seen, Step, Who, choices, options, wrong
from wms.db import Tx
from wms.messages import Language, say
from wms.prompts import Await, Prompt


class State(Struct, frozen=True, kw_only=True):
    """The menu remembers nothing."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The dialogues that are open to this worker here, in the order of their digits."""

    open: tuple[str, ...]


def facts(_tx: Tx, _state: State, who: Who) -> Facts:
    may = who.person.permissions
    at_bench = who.station.kind if who.station else ""
    allowed = {
        "pick": "pick" in may,
        "pack": "pack" in may and at_bench == "pack",
        "ship": "ship" in may,
        "task": "task" in may,
    }
    return Facts(tuple(name for name, yes in allowed.items() if yes))


def step(state: State, seen: Seen, facts: Facts) -> Step[State]:
    digit = seen.number or (int(seen.code) if seen.code.isdigit() else 0)
    if 1 <= digit <= len(facts.open):
        return Step(state, go=facts.open[digit - 1])
    if seen.kind == "command" and seen.code in facts.open:
        return Step(state, go=seen.code)
    expected = f"1-{len(facts.open)}"
    return Step(state, say=wrong("scan.unexpected", expected=expected, scanned=seen.text))


def arrive(state: State, _facts: Facts) -> State:
    return state


def prompt(_state: State, facts: Facts, language: Language) -> Prompt:
    return Prompt(
        dialogue="menu", step="menu", title=say("menu.title", language),
        ask=say("menu.ask", language), awaits=(Await.CHOICE,), language=language,
        options=(
            *choices(language, *(f"menu.{name}" for name in facts.open)),
            *options(language, "language", "assist"),
        ),
    )  # fmt: skip


def run(_tx: Tx, effect: object, _who: Who) -> Say | None:
    raise AssertionError(f"the menu has no effects, got {effect}")


MENU: Dialogue[State, Facts] = Dialogue(
    name="menu", state=State, permission="", facts=facts, step=step, arrive=arrive, prompt=prompt,
    run=run,
)  # fmt: skip
