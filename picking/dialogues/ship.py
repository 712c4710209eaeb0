"""Ship: every parcel is scanned onto its carrier's pickup; closing hands them over.

Transitions:
* manifest -> load: a manifest was scanned, or chosen by its digit
* manifest -> manifest: anything else is refused
* manifest -> menu: back
* load -> load: one more parcel is on the truck
* load -> load: what must not leave with it is refused: another carrier's, loaded, unproven, stopped
* load -> load: a stopped parcel that is on the truck comes off again
* load -> close: full; what is loaded and what would stay behind is shown
* load -> manifest: back; or somebody else closed it
* close -> manifest: `1` closed it: labelled = handed over, the rest rolls over
* close -> load: `2` or back: there is more to load
* close -> close: anything else is refused
* load -> list: the parcels that still wait are shown; back or any scan leaves it
"""

from dataclasses import dataclass
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from picking import pickups
from picking.dialogues.base import (
    Dialogue,
    Say,
    Seen,
    Severity,
    Step,
    Who,
    choices,
    not_now,
    options,
    unexpected,
    wrong,
)
from picking.pickups import Pickup
from wms import parcels, print_jobs
from wms.db import Tx
from wms.messages import Language, reason_words, say
from wms.prompts import Await, Focus, Option, Prompt
from wms.slip_data import manifest_data

LINES_MAX = 5
AWAITS: dict[str, tuple[Await, ...]] = {
    "manifest": (Await.MANIFEST, Await.CHOICE), "load": (Await.PARCEL,), "close": (Await.CHOICE,),
}  # fmt: skip


class State(Struct, frozen=True, kw_only=True):
    """The manifest at hand; how full it is, is the book's to know."""

    at: Literal["manifest", "load", "close"] = "manifest"
    manifest: int = 0
    listing: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """The open pickups, and the codes of what waits for the one at hand."""

    pickups: tuple[Pickup, ...]
    behind: tuple[str, ...] = ()

    def at(self, state: State) -> Pickup | None:
        """The pickup at hand, while it is open."""
        return next((pickup for pickup in self.pickups if pickup.id == state.manifest), None)


@dataclass(frozen=True, slots=True)
class Load:
    """The parcel is on the truck."""

    manifest: int
    parcel: int


@dataclass(frozen=True, slots=True)
class CloseOut:
    """The truck leaves."""

    manifest: int
    code: str


def facts(tx: Tx, state: State, who: Who) -> Facts:
    """Read them."""
    known = Facts(pickups.listed(tx, zone=who.zone))
    at = known.at(state)
    return known if at is None else Facts(known.pickups, pickups.behind(tx, at.carrier))


def arrive(state: State, facts: Facts) -> State:
    """A manifest that somebody closed meanwhile cannot be loaded any more."""
    return state if state.at == "manifest" or facts.at(state) is not None else State()


def step(state: State, seen: Seen, facts: Facts) -> Step[State]:
    """Decide what one input means here. Pure."""
    if state.listing:
        state = replace(state, listing=False)
        if seen.is_command("list", "back"):
            return Step(state)
    pickup = facts.at(state)
    if state.at == "manifest" or pickup is None:
        return _manifest(state, seen, facts)
    if state.at == "close":
        return _close(state, seen, pickup)
    if seen.is_command("list"):
        return Step(replace(state, listing=True))
    if seen.is_command("full"):
        return Step(replace(state, at="close"))
    if seen.is_command("back"):
        return Step(State())
    if seen.kind == "command":
        return Step(state, say=not_now(seen))
    if seen.kind in ("parcel", "tracking") and seen.id:
        return Step(state, (Load(state.manifest, seen.id),))
    if seen.kind == "tracking":
        return Step(state, say=wrong("ship.which_parcel", expected="P...", scanned=seen.text))
    return Step(state, say=wrong("ship.wrong_parcel", expected="P...", scanned=seen.name))


def _manifest(state: State, seen: Seen, facts: Facts) -> Step[State]:
    if seen.is_command("back"):
        return Step(state, go="menu")
    for number, pickup in enumerate(facts.pickups, start=1):
        if seen.digit == number or (seen.kind == "manifest" and seen.code == pickup.code):
            return Step(State(at="load", manifest=pickup.id))
    numbers = {0: "-", 1: "1"}
    expected = numbers.get(len(facts.pickups), f"1-{len(facts.pickups)}")
    return Step(state, say=unexpected(seen, expected=expected, code="ship.wrong_manifest"))


def _close(state: State, seen: Seen, pickup: Pickup) -> Step[State]:
    if seen.digit == 1:
        return Step(State(), (CloseOut(pickup.id, pickup.code),))
    if seen.digit == 2 or seen.is_command("back"):
        return Step(replace(state, at="load"))
    return Step(state, say=unexpected(seen, expected="1 / 2"))


def run(tx: Tx, effect: object, who: Who) -> Say | None:
    """Carry out one effect in the open transaction."""
    match effect:
        case Load():
            if parcels.take_off(tx, parcel=effect.parcel, manifest=effect.manifest):
                return Say("ship.taken_off", "attention")
            parcels.load(tx, parcel=effect.parcel, manifest=effect.manifest, now=who.now)
            return Say("ship.loaded")
        case CloseOut():
            return _close_out(tx, effect, who)
        case _:
            raise AssertionError(effect)


def _close_out(tx: Tx, effect: CloseOut, who: Who) -> Say:
    """The truck leaves; the next pickup stands ready for what stayed behind."""
    closed = parcels.close_out(
        tx, manifest=effect.manifest, key=who.key, actor=who.actor, now=who.now
    )
    pickups.ensure(tx, now=who.now, zone=who.zone)
    if who.station is not None and who.station.slip_printer:
        print_jobs.request(
            tx, key=f"manifest:{effect.code}", station=who.station.code, template="manifest",
            data=manifest_data(tx, effect.code, zone=who.zone), paper="pdf", now=who.now,
        )  # fmt: skip
    severity: Severity = "attention" if closed.left_behind else "ok"
    counts: dict[str, str | int] = {"count": closed.handed_over, "behind": len(closed.left_behind)}
    return Say("ship.closed", severity, params=counts)


def prompt(state: State, facts: Facts, language: Language) -> Prompt:
    """What the shipper sees. Pure."""
    pickup = facts.at(state)
    page = Prompt(
        dialogue="ship", step=state.at, title=say("ship.title", language),
        ask=say(f"ship.ask.{state.at}", language), help=say(f"help.ship.{state.at}", language),
        awaits=AWAITS[state.at], options=_keys(state, facts, language), language=language,
    )  # fmt: skip
    if pickup is None:
        return page
    if state.listing:
        return replace(
            page, step="list", ask=say("ship.ask.list", language), lines=facts.behind,
            help=say("help.ship.list", language), awaits=(Await.NOTHING,),
            options=options(language, "back"),
        )  # fmt: skip
    progress = say("ship.progress", language, loaded=pickup.loaded, waiting=len(facts.behind))
    behind = facts.behind[:LINES_MAX] if state.at == "close" else ()
    return replace(
        page, focus=Focus(place=pickup.carrier, qty=pickup.waiting), lines=(progress, *behind),
        done=pickup.loaded, total=pickup.loaded + pickup.waiting,
    )  # fmt: skip


def _keys(state: State, facts: Facts, language: Language) -> tuple[Option, ...]:
    back = options(language, "back")
    if state.at == "close":
        return (*choices(language, "yes", "no"), *back)
    if state.at == "load":
        close = Option(key="F6", command="full", label=say("ship.close_out", language))
        return (close, *options(language, "list"), *back)
    digits = tuple(
        Option(key=str(n), command=str(n), label=_pickup(each, language))
        for n, each in enumerate(facts.pickups, start=1)
    )
    return (*digits, *back)


def _pickup(pickup: Pickup, language: Language) -> str:
    code = f"label.carrier.{pickup.carrier}"
    words = reason_words(code, language)
    return f"{pickup.carrier if words == code else words} {pickup.time}"


SHIP: Dialogue[State, Facts] = Dialogue(
    name="ship", state=State, permission="ship", facts=facts, step=step, arrive=arrive,
    prompt=prompt, run=run,
)  # fmt: skip
