"""The grader's commands: find the box, grade what is in it, put it away, close it."""

from dataclasses import dataclass

from picking.dialogues.base import Say, Severity, Who
from picking.dialogues.returns_facts import State, find
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.returns import cases, closing, grading
from wms.returns.finding import Candidate
from wms.returns.grading import Unit


@dataclass(frozen=True, slots=True)
class Find:
    """What may this be? One answer is taken at once; a name never is."""

    state: State


@dataclass(frozen=True, slots=True)
class Take:
    """This one it is; *over*: although somebody else is at it."""

    candidate: Candidate
    over: bool = False


@dataclass(frozen=True, slots=True)
class TakeUnknown:
    """Nobody knows the box, but whose goods are in it."""

    owner: str


@dataclass(frozen=True, slots=True)
class Leave:
    """Anybody may go on with it."""

    number: int


@dataclass(frozen=True, slots=True)
class Aside:
    """持ち戻り: unopened, it stands at *place*."""

    number: int
    place: str


@dataclass(frozen=True, slots=True)
class Put:
    """A unit was graded and put away."""

    number: int
    unit: Unit


@dataclass(frozen=True, slots=True)
class PutAllBack:
    """An unopened parcel is as it was: all of it goes back to *place*, and the return is over."""

    number: int
    place: str


@dataclass(frozen=True, slots=True)
class TakeBack:
    """The last grade was a slip of the hand."""

    number: int


@dataclass(frozen=True, slots=True)
class Close:
    """All of it was looked at."""

    number: int


Effect = Find | Take | TakeUnknown | Leave | Aside | Put | PutAllBack | TakeBack | Close


def run(tx: Tx, effect: Effect, who: Who) -> Say | None:
    """Carry out one effect in the open transaction."""
    match effect:
        case Find():
            return _find(tx, effect, who)
        case Take():
            return _take(tx, effect.candidate, who, over=effect.over)
        case TakeUnknown():
            _refuse_owner(who, effect.owner)
            cases.arrive_unknown(
                tx, owner=effect.owner, person=who.person.id, station=_station(who), now=who.now
            )
        case Leave():
            cases.put_aside(tx, effect.number, person=who.person.id)
        case Aside():
            cases.undelivered(
                tx, effect.number, place=effect.place, key=who.key, actor=who.actor, now=who.now
            )
            return Say("returns.aside", params={"place": effect.place})
        case Put():
            return _put(tx, effect, who)
        case TakeBack():
            sku = grading.undo(tx, effect.number, key=who.key, actor=who.actor, now=who.now)
            if not sku:
                return Say("returns.nothing_to_undo", "attention")
            return Say("returns.taken_back", params={"sku": sku})
        case PutAllBack():
            return _put_all_back(tx, effect, who)
        case Close():
            return _close(tx, effect.number, who)
    return None


def _station(who: Who) -> str:
    return who.station.code if who.station else ""


def _refuse_owner(who: Who, owner: str) -> None:
    if not who.may_touch("returns", owner):
        raise Rejected(Code.PERMISSION_MISSING, permission=f"returns {owner}")


def _find(tx: Tx, effect: Find, who: Who) -> Say | None:
    """One candidate is taken at once, unless somebody else is at it, or only a name led to it."""
    found = find(tx, effect.state, who.now)
    if not found:
        code = "returns.nobody" if effect.state.words else "returns.nothing_known"
        scanned = "" if effect.state.words else effect.state.sought
        return Say(code, "attention", scanned=scanned, params={"scanned": scanned})
    if effect.state.words or len(found) > 1:
        return Say("returns.which", "attention")
    try:
        return _take(tx, found[0], who, over=False)
    except Rejected as refusal:
        if refusal.code is not Code.RETURN_WITH_OTHER:
            raise
        return Say(refusal.code, "attention", params=refusal.params)


def _take(tx: Tx, candidate: Candidate, who: Who, *, over: bool) -> Say | None:
    number = cases.arrive(
        tx, number=candidate.number, parcel=candidate.parcel,
        order=0 if candidate.parcel else candidate.order, person=who.person.id,
        station=_station(who), now=who.now, over=over,
    )  # fmt: skip
    _refuse_owner(who, cases.owner_of(tx, number))
    return None


def _put(tx: Tx, effect: Put, who: Who) -> Say:
    unit = effect.unit
    grading.grade(
        tx, effect.number, unit, person=who.person.id, key=who.key, actor=who.actor, now=who.now
    )
    return Say(
        "returns.put", params={"place": unit.place if unit.condition else "-"},
        words={"grade": f"returns.grade.{unit.grade}",
               "what": f"returns.disposition.{unit.disposition}"},
    )  # fmt: skip


def _put_all_back(tx: Tx, effect: PutAllBack, who: Who) -> Say:
    """Every unit of an unopened parcel is as good as it was."""
    for n, (item, lot, serial, qty) in enumerate(closing.unopened(tx, effect.number)):
        unit = Unit(item=item, grade="A", disposition="restock", qty=qty, lot=lot, serial=serial,
                    place=effect.place)  # fmt: skip
        grading.grade(
            tx, effect.number, unit, person=who.person.id, key=f"{who.key}:{n}", actor=who.actor,
            now=who.now,
        )  # fmt: skip
    return _close(tx, effect.number, who)


def _close(tx: Tx, number: int, who: Who) -> Say:
    closed = closing.close(
        tx, number, person=who.person.id, key=who.key, actor=who.actor, now=who.now
    )
    severity: Severity = "attention" if closed.missing else "ok"
    if closed.following:
        return Say("returns.closed_following", severity,
                   params={"missing": closed.missing, "order": closed.following})  # fmt: skip
    return Say("returns.closed", severity, params={"missing": closed.missing})
