"""Ship: every parcel is scanned onto its carrier's pickup; closing hands them over.

Transitions:
* manifest -> load: a manifest was scanned or chosen by its digit
* load -> load: one more parcel is on the truck
* load -> close: the command `full`: what is loaded and what would stay behind is shown
* close -> manifest: `1` closed it: labelled = handed over, the rest rolls over
* close -> load: `2` or back: there is more to load
* load -> manifest: back
"""

from dataclasses import dataclass
from typing import Literal

from msgspec import Struct

from picking.dialogues.base import Dialogue, Say, Seen, Step, Who, choices, options, wrong
from picking.pickups import Pickup, listed
from wms import parcels
from wms.db import Tx
from wms.messages import Language, say
from wms.prompts import Await, Focus, Option, Prompt


class State(Struct, frozen=True, kw_only=True):
    """The manifest at hand; how full it is, is the book's to know."""

    at: Literal["manifest", "load", "close"] = "manifest"
    manifest: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    pickups: tuple[Pickup, ...]


@dataclass(frozen=True, slots=True)
class Load:
    manifest: int
    parcel: int


@dataclass(frozen=True, slots=True)
class CloseOut:
    manifest: int


def facts(tx: Tx, _state: State, who: Who) -> Facts:
    return Facts(listed(tx, zone=who.zone))


def arrive(state: State, facts: Facts) -> State:
    """A manifest that somebody closed meanwhile cannot be loaded any more."""
    if state.at != "manifest" and _at(state, facts) is None:
        return State()
    return state


def _at(state: State, facts: Facts) -> Pickup | None:
    return next((pickup for pickup in facts.pickups if pickup.id == state.manifest), None)


def step(state: State, seen: Seen, facts: Facts) -> Step[State]:
    """Decide what one input means here. Pure."""
    digit = seen.number or (int(seen.code) if seen.code.isdigit() and len(seen.code) == 1 else 0)
    if state.at == "manifest":
        return _manifest(state, seen, digit, facts)
    if state.at == "close":
        if digit == 1:
            return Step(State(), (CloseOut(state.manifest),))
        if digit == 2 or (seen.kind == "command" and seen.code == "back"):
            return Step(State(at="load", manifest=state.manifest))
        return Step(state, say=wrong("scan.unexpected", expected="1 / 2", scanned=seen.text))
    if seen.kind == "command" and seen.code == "full":
        return Step(State(at="close", manifest=state.manifest))
    if seen.kind == "command" and seen.code == "back":
        return Step(State())
    if seen.kind in ("parcel", "tracking"):
        return Step(state, (Load(state.manifest, seen.id),))
    return Step(state, say=wrong("ship.wrong_parcel", expected="PARCEL", scanned=seen.text))


def _manifest(state: State, seen: Seen, digit: int, facts: Facts) -> Step[State]:
    if seen.kind == "command" and seen.code == "back":
        return Step(state, go="menu")
    for n, pickup in enumerate(facts.pickups, start=1):
        if digit == n or (seen.kind == "manifest" and seen.code == pickup.code):
            return Step(State(at="load", manifest=pickup.id))
    expected = f"1-{len(facts.pickups)}"
    return Step(state, say=wrong("ship.wrong_manifest", expected=expected, scanned=seen.text))


def run(tx: Tx, effect: object, who: Who) -> Say | None:
    """Carry out one effect in the open transaction."""
    match effect:
        case Load():
            parcels.load(tx, parcel=effect.parcel, manifest=effect.manifest, now=who.now)
            return Say("ship.loaded")
        case CloseOut():
            closed = parcels.close_out(
                tx, manifest=effect.manifest, key=who.key, actor=who.actor, now=who.now
            )
            severity: Literal["ok", "attention"] = "attention" if closed.left_behind else "ok"
            return Say(
                "ship.closed", severity,
                params={"count": closed.handed_over, "behind": len(closed.left_behind)},
            )  # fmt: skip
        case _:
            raise AssertionError(effect)


def prompt(state: State, facts: Facts, language: Language) -> Prompt:
    """What the shipper sees. Pure."""
    pickup = _at(state, facts)
    keys: tuple[Option, ...] = options(language, "back")
    lines: tuple[str, ...] = ()
    if state.at == "manifest":
        keys = tuple(
            Option(key=str(n), command=str(n), label=f"{each.carrier} {each.time}")
            for n, each in enumerate(facts.pickups, start=1)
        ) + keys  # fmt: skip
    if state.at == "load":
        keys = (*options(language, "full"), *keys)
    if state.at == "close":
        keys = choices(language, "yes", "no")
    focus = Focus()
    if pickup is not None:
        focus = Focus(place=pickup.carrier, qty=pickup.waiting)
        lines = (say("ship.progress", language, loaded=pickup.loaded, waiting=pickup.waiting),)
    return Prompt(
        dialogue="ship", step=state.at, title=say("ship.title", language),
        ask=say(f"ship.ask.{state.at}", language),
        awaits={
            "manifest": (Await.MANIFEST, Await.CHOICE), "load": (Await.PARCEL,),
            "close": (Await.CHOICE,),
        }[state.at],
        focus=focus, lines=lines, done=pickup.loaded if pickup else 0,
        total=pickup.loaded + pickup.waiting if pickup else 0, options=keys, language=language,
    )  # fmt: skip


SHIP: Dialogue[State, Facts] = Dialogue(
    name="ship", state=State, permission="ship", facts=facts, step=step, arrive=arrive,
    prompt=prompt, run=run,
)  # fmt: skip
