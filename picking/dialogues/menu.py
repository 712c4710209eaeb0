"""The menu: what this person may do at this terminal, one digit each; 0 signs off.

Who may do a lot turns the page with 9: the smallest screen shows six rows.

Transitions:
* menu -> pick: its digit was keyed
* menu -> pack: its digit was keyed, at a bench
* menu -> ship: its digit was keyed
* menu -> task: its digit was keyed
* menu -> receive: its digit was keyed
* menu -> putaway: its digit was keyed
* menu -> replenish: its digit was keyed
* menu -> move: its digit was keyed
* menu -> sort: its digit was keyed, at a put wall
* menu -> approve: the digit of short orders was keyed, by whoever decides on them
* menu -> count: its digit was keyed
* menu -> returns: its digit was keyed
* menu -> work: its digit was keyed
* menu -> look: its digit was keyed, or anything with a barcode was scanned
* menu -> menu: 9 shows the next page
* menu -> menu: back shows the first page; there is nothing before it, and no harm in asking
* menu -> menu: anything else is refused with the digits that work
* menu -> badge: 0; the terminal is free for somebody else
"""

from dataclasses import dataclass

from msgspec import Struct
from msgspec.structs import replace

from picking.dialogues import look
from picking.dialogues.base import Dialogue, Say, Seen, Step, Who, choices, options, unexpected
from wms.db import Tx
from wms.messages import Language, say
from wms.rooms.prompts import Await, Option, Prompt

SIGN_OFF = "sign_off"
# Each dialogue, and the kind of station that it needs.
WAYS = {
    "pick": "",
    "pack": "pack",
    "ship": "",
    "task": "",
    "sort": "wall",
    "putaway": "",
    "replenish": "",
    "move": "",
    "receive": "",
    "count": "",
    "returns": "",
    "approve_short": "",
    "work": "",
    "look": "",
}
# What a bench is there for stands first in its menu.
BENCH_WORK = {"return": "returns", "receive": "receive", "work": "work"}
PAGE = 4  # dialogues a page, where one page does not hold them
TURN = 9


class State(Struct, frozen=True, kw_only=True):
    """Which page of the menu is shown, from 0."""

    page: int = 0
    aside: bool = False  # it stands in for a dialogue that this terminal cannot show


@dataclass(frozen=True, slots=True)
class Facts:
    """The dialogues that are open to this worker here, in the order of their digits."""

    open: tuple[str, ...]

    @property
    def pages(self) -> tuple[tuple[str, ...], ...]:
        """What stands on each page; one row more fits where nobody turns pages."""
        if len(self.open) <= PAGE + 1:
            return (self.open,)
        return tuple(self.open[at : at + PAGE] for at in range(0, len(self.open), PAGE))


def facts(_tx: Tx, _state: State, who: Who) -> Facts:
    """What this person may do here: a dialogue is named like the permission that it needs."""
    first = BENCH_WORK.get(who.station.kind, "") if who.station else ""
    ways = sorted(WAYS.items(), key=lambda way: way[0] != first)
    return Facts(tuple(name for name, station in ways if who.may(name, station)))


def step(state: State, seen: Seen, facts: Facts) -> Step[State]:
    """Decide what one input means here. Pure."""
    pages = facts.pages
    shown = pages[state.page % len(pages)]
    if 1 <= seen.digit <= len(shown):
        return Step(state, go=shown[seen.digit - 1])
    if seen.digit == TURN and len(pages) > 1:
        return Step(State(page=(state.page + 1) % len(pages)))
    if seen.is_command("back"):
        return Step(replace(state, page=0))
    if seen.kind == "command" and seen.code in facts.open:
        return Step(state, go=seen.code)
    if (seen.kind == "number" and seen.code == "0") or seen.is_command("0"):
        return Step(state, go=SIGN_OFF)
    asked = None if state.aside else look.subject_of(seen)
    if asked is not None:
        return Step(state, (look.Check(asked),), go="look", start=look.shown(asked))
    expected = f"0-{len(shown)}" + (f", {TURN}" if len(pages) > 1 else "")
    return Step(state, say=unexpected(seen, expected=expected))


def arrive(state: State, _facts: Facts) -> State:
    """The menu is where it is."""
    return state


def prompt(state: State, facts: Facts, language: Language) -> Prompt:
    """The digits. Pure."""
    pages = facts.pages
    shown = pages[state.page % len(pages)]
    turn = (Option(key=str(TURN), command=str(TURN), label=say("menu.more", language)),)
    off = Option(key="0", command=SIGN_OFF, label=say("menu.sign_off", language))
    return Prompt(
        dialogue="menu", step="menu", title=say("menu.title", language),
        ask=say("menu.ask", language), awaits=(Await.CHOICE,), language=language,
        help=say("help.menu", language),
        options=(
            *choices(language, *(f"menu.{name}" for name in shown)),
            *(turn if len(pages) > 1 else ()), off,
            *options(language, "language", "assist"),
        ),
    )  # fmt: skip


def run(tx: Tx, effect: object, who: Who) -> Say | None:
    """Whether a code that was scanned is anything, so that the look-up has something to show."""
    return look.run(tx, effect, who)


MENU: Dialogue[State, Facts] = Dialogue(
    name="menu", state=State, permission="", facts=facts, step=step, arrive=arrive, prompt=prompt,
    run=run,
)  # fmt: skip
