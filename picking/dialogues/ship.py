"""Ship: every parcel is scanned onto its carrier's pickup; closing hands them over.

Transitions:
* manifest -> load: a manifest was scanned, or chosen by its digit
* manifest -> manifest: anything else is refused
* manifest -> menu: back
* load -> load: one more parcel is on the truck
* load -> load: what must not leave with it is refused: another carrier's or pickup's, loaded,
  unproven, stopped, cancelled, too heavy
* load -> load: a cage was scanned; every parcel in it is on the truck
* load -> load: a stopped parcel that is on the truck comes off again
* load -> load: undo; the parcel that was scanned last is off the truck again
* load -> close: full; what is loaded and what would stay behind is shown
* load -> manifest: back; or somebody else closed it
* close -> manifest: `1` closed it: labelled = handed over, the rest rolls over
* close -> load: `2` or back: there is more to load
* close -> close: anything else is refused
* load -> cage: `1`; parcels are to ride in a cage
* cage -> fill: the cage was scanned
* cage -> cage: anything else is refused
* cage -> load: back
* fill -> fill: one more parcel rides in it
* fill -> fill: what must not leave with this pickup does not get into its cages
* fill -> load: back, full
* load -> count: `2`; what is on the truck is counted
* count -> load: it is as many as were inspected; all of them are on the truck
* count -> count: it is not; each one has to be scanned
* count -> load: back
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
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.messages import Language, say
from wms.papers import print_jobs
from wms.papers.slip_data import manifest_data
from wms.rooms.prompts import Await, Focus, Option, Prompt
from wms.shipping import door, loading, parcels
from wms.site.carriers import called

LINES_MAX = 5
AWAITS: dict[str, tuple[Await, ...]] = {
    "manifest": (Await.MANIFEST, Await.CHOICE), "load": (Await.PARCEL,), "close": (Await.CHOICE,),
    "cage": (Await.TOTE,), "fill": (Await.PARCEL,), "count": (Await.QTY,),
}  # fmt: skip


class State(Struct, frozen=True, kw_only=True):
    """The manifest at hand; how full it is, is the book's to know."""

    at: Literal["manifest", "load", "cage", "fill", "count", "close"] = "manifest"
    manifest: int = 0
    cage: str = ""  # that is being filled
    last: int = 0  # the parcel that was scanned last, as long as that can be undone
    listing: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """The open pickups, the codes of what waits for the one at hand, how many parcels are in the
    cage at hand, and why some that went out of the door should not have."""

    pickups: tuple[Pickup, ...]
    behind: tuple[str, ...] = ()
    inside: int = 0
    door: tuple[Rejected, ...] = ()

    def at(self, state: State) -> Pickup | None:
        """The pickup at hand, while it is open."""
        return next((pickup for pickup in self.pickups if pickup.id == state.manifest), None)


@dataclass(frozen=True, slots=True)
class Load:
    """The parcel is on the truck."""

    manifest: int
    parcel: int


@dataclass(frozen=True, slots=True)
class Unload:
    """It was a mistake: the parcel is not on the truck."""

    manifest: int
    parcel: int


@dataclass(frozen=True, slots=True)
class LoadCage:
    """The cage is on the truck, with all that rides in it."""

    manifest: int
    cage: str


@dataclass(frozen=True, slots=True)
class UseCage:
    """Parcels are to ride in it: is it a cage?"""

    cage: str


@dataclass(frozen=True, slots=True)
class Fill:
    """The parcel rides in the cage."""

    manifest: int
    cage: str
    parcel: int


@dataclass(frozen=True, slots=True)
class LoadCounted:
    """So many parcels are on the truck."""

    manifest: int
    count: int


@dataclass(frozen=True, slots=True)
class CloseOut:
    """The truck leaves."""

    manifest: int
    code: str


def facts(tx: Tx, state: State, who: Who) -> Facts:
    """Read them."""
    known = Facts(pickups.listed(tx, zone=who.zone))
    at = known.at(state)
    if at is None:
        return known
    inside = loading.in_cage(tx, state.cage) if state.cage else 0
    reader = who.station.reader if who.station is not None else ""
    stop = door.alarms(tx, reader=reader, manifest=at.id, now=who.now) if reader else ()
    return Facts(known.pickups, pickups.behind(tx, at.carrier), inside, stop)


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
    if state.at in ("cage", "fill", "count"):
        return {"cage": _cage, "fill": _fill, "count": _count}[state.at](state, seen, pickup)
    return _load(state, seen)


def _load(state: State, seen: Seen) -> Step[State]:
    if seen.is_command("list"):
        return Step(replace(state, listing=True))
    if seen.is_command("full"):
        return Step(replace(state, at="close"))
    if seen.is_command("back"):
        return Step(State())
    if seen.digit in (1, 2):
        return Step(replace(state, at="cage" if seen.digit == 1 else "count", last=0))
    if seen.is_command("undo"):
        if not state.last:
            return Step(state, say=Say("undo.nothing", "error"))
        return Step(replace(state, last=0), (Unload(state.manifest, state.last),))
    if seen.kind == "command":
        return Step(state, say=not_now(seen))
    if seen.kind == "tote":
        return Step(replace(state, last=0), (LoadCage(state.manifest, seen.code),))
    refusal = _no_parcel(seen)
    if refusal is not None:
        return Step(state, say=refusal)
    return Step(replace(state, last=seen.id), (Load(state.manifest, seen.id),))


def _no_parcel(seen: Seen) -> Say | None:
    """Why this scan names no parcel, or not one alone."""
    if seen.kind in ("parcel", "tracking") and seen.id:
        return None
    if seen.kind == "tracking":
        return wrong("ship.which_parcel", expected="PARCEL", scanned=seen.text)
    return wrong("ship.wrong_parcel", expected="PARCEL", scanned=seen.name)


def _cage(state: State, seen: Seen, _pickup: Pickup) -> Step[State]:
    if seen.is_command("back"):
        return Step(replace(state, at="load"))
    if seen.kind == "tote":
        return Step(replace(state, at="fill", cage=seen.code), (UseCage(seen.code),))
    return Step(state, say=unexpected(seen, expected="CAGE", code="ship.wrong_cage"))


def _fill(state: State, seen: Seen, _pickup: Pickup) -> Step[State]:
    if seen.is_command("back", "full"):
        return Step(replace(state, at="load", cage=""))
    if seen.kind == "command":
        return Step(state, say=not_now(seen))
    refusal = _no_parcel(seen)
    if refusal is not None:
        return Step(state, say=refusal)
    return Step(state, (Fill(state.manifest, state.cage, seen.id),))


def _count(state: State, seen: Seen, pickup: Pickup) -> Step[State]:
    if seen.is_command("back"):
        return Step(replace(state, at="load"))
    if seen.kind == "number" and seen.number > 0:
        return Step(replace(state, at="load"), (LoadCounted(pickup.id, seen.number),))
    said = unexpected(seen, expected=str(pickup.waiting), code="ship.wrong_count")
    return Step(state, say=said)


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
    """Carry out one effect in the open transaction; a refusal names carriers as people do."""
    try:
        return _run(tx, effect, who)
    except Rejected as refusal:
        raise pickups.spoken(refusal, who.person.language) from refusal


def _run(tx: Tx, effect: object, who: Who) -> Say | None:
    match effect:
        case Load():
            loading.refuse_others(tx, who.person, parcel=effect.parcel)
            if parcels.take_off(tx, parcel=effect.parcel, manifest=effect.manifest):
                return Say("ship.taken_off", "attention")
            parcels.load(tx, parcel=effect.parcel, manifest=effect.manifest, now=who.now)
            return Say("ship.loaded")
        case Unload():
            loading.refuse_others(tx, who.person, parcel=effect.parcel)
            if loading.take_off(tx, parcel=effect.parcel, manifest=effect.manifest, undone=True):
                return Say("ship.undone", "attention")
            raise Rejected(Code.UNDO_TOO_LATE)
        case CloseOut():
            return _close_out(tx, effect, who)
        case _:
            return _many(tx, effect, who)


def _many(tx: Tx, effect: object, who: Who) -> Say | None:
    """Cages and counts."""
    match effect:
        case UseCage():
            loading.refuse_other_places(tx, effect.cage)
            return None
        case Fill():
            loading.refuse_others(tx, who.person, parcel=effect.parcel)
            new = loading.put_in_cage(
                tx, parcel=effect.parcel, cage=effect.cage, manifest=effect.manifest,
                key=f"{who.key}:cage", actor=who.actor, now=who.now,
            )  # fmt: skip
            return Say("ship.in_cage" if new else "ship.in_cage_already")
        case LoadCage():
            loading.refuse_others(tx, who.person, cage=effect.cage)
            count = loading.load_cage(tx, cage=effect.cage, manifest=effect.manifest, now=who.now)
            return Say("ship.cage_loaded", params={"cage": effect.cage, "count": count})
        case LoadCounted():
            loading.refuse_others(tx, who.person, manifest=effect.manifest)
            count = loading.load_counted(
                tx, count=effect.count, manifest=effect.manifest, now=who.now
            )
            return Say("ship.counted", params={"count": count})
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
        return page if facts.pickups else replace(page, lines=(say("ship.none", language),))
    if state.listing:
        return replace(
            page, step="list", ask=say("ship.ask.list", language), lines=facts.behind,
            help=say("help.ship.list", language), awaits=(Await.NOTHING,),
            options=options(language, "back"),
        )  # fmt: skip
    waiting = None if state.at == "close" else pickup.waiting  # there the sum says it
    focus = Focus(place=called(pickup.carrier, language), qty=waiting, tote=state.cage)
    stop = tuple(say(why.code, language, **why.params) for why in facts.door[:LINES_MAX])
    if stop:
        stop = (say("ship.door_stop", language, count=len(facts.door)), *stop)
    return replace(
        page, focus=focus, lines=(*stop, *_lines(state, facts, pickup, language)),
        done=pickup.loaded, total=pickup.loaded + pickup.waiting,
    )  # fmt: skip


def _lines(state: State, facts: Facts, pickup: Pickup, language: Language) -> tuple[str, ...]:
    waiting = len(facts.behind)
    if state.at == "close":  # labelled = counted = handed over
        labelled = pickup.loaded + waiting
        adds_up = say(
            "ship.adds_up", language, labelled=labelled, loaded=pickup.loaded, waiting=waiting
        )
        return (adds_up, *facts.behind[:LINES_MAX])
    if state.at == "fill":
        return (say("ship.cage_holds", language, cage=state.cage, count=facts.inside),)
    return (say("ship.progress", language, loaded=pickup.loaded, waiting=waiting),)


def _keys(state: State, facts: Facts, language: Language) -> tuple[Option, ...]:
    back = options(language, "back")
    if state.at == "close":
        return (*choices(language, "yes", "no"), *back)
    if state.at == "load":
        close = Option(key="F6", command="full", label=say("ship.close_out", language))
        ways = choices(language, "ship.key_cage", "ship.key_count")
        undo = options(language, "undo") if state.last else ()
        return (*ways, close, *options(language, "list"), *undo, *back)
    if state.at != "manifest":
        return back
    digits = tuple(
        Option(key=str(n), command=str(n), label=_pickup(each, language))
        for n, each in enumerate(facts.pickups, start=1)
    )
    return (*digits, *back)


def _pickup(pickup: Pickup, language: Language) -> str:
    return f"{called(pickup.carrier, language)} {pickup.time}"


SHIP: Dialogue[State, Facts] = Dialogue(
    name="ship", state=State, permission="ship", facts=facts, step=step, arrive=arrive,
    prompt=prompt, run=run,
)  # fmt: skip
