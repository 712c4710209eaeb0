"""What a picker's steps do to the book."""

from dataclasses import dataclass

from sqlalchemy import select

from picking import fitness, hands, shortage, swaps, tours, zero
from picking.dialogues import approval
from picking.dialogues.base import Say, Who
from picking.elsewhere import Shorted
from picking.shortage import VERDICTS
from wms.db import Tx
from wms.people import approvals
from wms.promises.allocation import LastPick
from wms.replenish import refills
from wms.schema import allocations, stops


@dataclass(frozen=True, slots=True)
class Claim:
    """Ask for the next tour."""


@dataclass(frozen=True, slots=True)
class Bind:
    """Put an empty tote on the cart."""

    tour: int
    slot: int
    tote: str


@dataclass(frozen=True, slots=True)
class Pick:
    """The units in the hand are in the tote now."""

    stop: int
    qty: int
    tote: str


@dataclass(frozen=True, slots=True)
class Short:
    """The shelf does not hold what is still wanted from it."""

    stop: int


@dataclass(frozen=True, slots=True)
class Later:
    """Every other place comes first."""

    stop: int


@dataclass(frozen=True, slots=True)
class ToteFull:
    """The slot's tote takes no more."""

    tour: int
    slot: int


@dataclass(frozen=True, slots=True)
class Undo:
    """The last pick goes back to its shelf."""

    pick: LastPick


@dataclass(frozen=True, slots=True)
class Drop:
    """Every tote was set down here: the walk is over."""

    tour: int
    place: str


@dataclass(frozen=True, slots=True)
class Fetch:
    """A tote that the zone before has filled is on the cart now."""

    tour: int
    tote: str


@dataclass(frozen=True, slots=True)
class HandOver:
    """The walk goes to the colleague whose badge was scanned."""

    tour: int
    person: int


@dataclass(frozen=True, slots=True)
class TakeOver:
    """Go on with a colleague's walk: by their badge, or by their cart."""

    person: int = 0
    cart: str = ""


@dataclass(frozen=True, slots=True)
class Renew:
    """The goods at this stop may not be sent any more: look for others."""

    stop: int
    in_hand: bool


@dataclass(frozen=True, slots=True)
class Swap:
    """Another lot or serial number, or what stands here in a container, is taken."""

    stop: int
    container: str
    code: str


@dataclass(frozen=True, slots=True)
class Damaged:
    """Units at this stop are damaged; they lie in *to* now."""

    stop: int
    qty: int
    to: str


@dataclass(frozen=True, slots=True)
class Counted:
    """What was seen on a shelf that the book has as empty."""

    place: str
    qty: int


@dataclass(frozen=True, slots=True)
class Decide:
    """What becomes of a short order, as a lead has just said yes to."""

    order: int
    verdict: str
    ref: str


def run(tx: Tx, effect: object, who: Who) -> Say | None:
    """Carry out one effect in the open transaction.

    Whatever leads to another stop looks whether that one may still be made.
    """
    match effect:
        case Claim() | Fetch() | Bind() | Pick() | Later() | ToteFull() | Renew() | Swap():
            said = _walk(tx, effect, who)
        case Short() | Damaged():
            said = _short(tx, effect, who)
        case Counted():
            said = _looked(tx, effect, who)
        case Undo():
            _undo(tx, effect, who)
            return Say("pick.undone", "attention")
        case Drop():
            tours.drop(tx, tour=effect.tour, place=effect.place, key=who.key, actor=who.actor,
                       now=who.now, rng=who.rng)  # fmt: skip
            return Say("pick.tour_done")
        case HandOver() | TakeOver():
            return _change_hands(tx, effect, who)
        case Decide():
            return _decide(tx, effect, who)
        case approval.Look() | approval.Approve():
            return approval.run(tx, effect, who)
        case _:
            raise AssertionError(effect)
    return _freshened(tx, who) or said


def _walk(tx: Tx, effect: object, who: Who) -> Say | None:
    """One step of the walk as it was planned."""
    person, now = who.person.id, who.now
    match effect:
        case Claim():
            claimed = tours.claim(tx, person=person, now=now)
            return Say("pick.no_work", "attention") if claimed is None else None
        case Fetch():
            hands.fetch(tx, tour=effect.tour, tote=effect.tote, person=person, now=now)
        case Bind():
            tours.bind_tote(tx, tour=effect.tour, slot=effect.slot, tote=effect.tote,
                            person=person, now=now)  # fmt: skip
        case Pick():
            key = f"{who.key}:stop:{effect.stop}"  # an undo reads the stop from it
            tours.pick_stop(tx, stop=effect.stop, qty=effect.qty, tote=effect.tote, key=key,
                            actor=who.actor, now=now, today=who.today)  # fmt: skip
        case Later():
            moved = tours.later(tx, stop=effect.stop)
            return None if moved else Say("pick.nothing_else", "attention")
        case ToteFull():
            tours.tote_full(tx, tour=effect.tour, slot=effect.slot, now=now)
        case Swap():
            taken = swaps.swap(tx, stop=effect.stop, person=person, today=who.today,
                               container=effect.container, code=effect.code)  # fmt: skip
            return Say("pick.swapped", "attention", params={"taken": taken})
        case Renew():
            return _renewed(tx, effect.stop, who, in_hand=effect.in_hand)
    return None


def _freshened(tx: Tx, who: Who) -> Say | None:
    """The next stop is one that may be made: others are replaced before anybody walks there."""
    tour = tours.live(tx, person=who.person.id)
    said: Say | None = None
    while tour is not None and (unfit := fitness.unfit(tx, tour, today=who.today)):
        stop = tours.view(tx, tour).current
        fresh = _renewed(tx, stop.id, who) if stop is not None and stop.id in unfit else None
        if fresh is None:
            break
        said = fresh
    return said


def _renewed(tx: Tx, stop: int, who: Who, *, in_hand: bool = False) -> Say | None:
    done = tours.renew(
        tx, stop=stop, person=who.person.id, key=f"{who.key}:{stop}", now=who.now,
        today=who.today, in_hand=in_hand,
    )  # fmt: skip
    if done is None:
        return None
    words = {"why": done.why}
    if done.later or done.shorted is None:
        return Say("pick.renewed_later", "attention", words=words)
    if done.shorted.places:
        place = done.shorted.places[0]
        return Say("pick.renewed_place", "attention", words=words, params={"place": place})
    return Say("pick.renewed_nowhere", "attention", words=words)


def _change_hands(tx: Tx, effect: HandOver | TakeOver, who: Who) -> Say:
    if isinstance(effect, HandOver):
        name = hands.hand_over(tx, tour=effect.tour, person=who.person.id, to=effect.person,
                               key=who.key, now=who.now)  # fmt: skip
        return Say("pick.handed_over", params={"name": name})
    lead = "lead" in who.person.permissions
    name = hands.take_over(tx, person=who.person.id, key=who.key, now=who.now, of=effect.person,
                           cart=effect.cart, lead=lead)  # fmt: skip
    return Say("pick.taken_over", "attention", params={"name": name})


def _looked(tx: Tx, effect: Counted, who: Who) -> Say | None:
    agrees = zero.looked(
        tx, place=effect.place, qty=effect.qty, key=who.key, actor=who.actor, now=who.now
    )
    return None if agrees else Say("pick.count_asked", "attention", params={"place": effect.place})


def _decide(tx: Tx, effect: Decide, who: Who) -> Say | None:
    """Nothing without a lead's yes to this very verdict."""
    if not approvals.given(tx, "approve_short", effect.ref):
        return None
    verdict = next(one for one in VERDICTS if one == effect.verdict)
    shortage.decide(tx, order=effect.order, verdict=verdict, now=who.now, today=who.today)
    return Say(f"short_decided.{verdict}", "attention")


def _undo(tx: Tx, effect: Undo, who: Who) -> None:
    """The key of a pick ends in its stop: the one that is to be open again."""
    stop = int(effect.pick.key.rpartition(":")[2])
    tours.undo_pick(
        tx, stop=stop, allocation=effect.pick.allocation, pick_key=effect.pick.key,
        key=f"{who.key}:undo", actor=who.actor, now=who.now,
    )  # fmt: skip


def _short(tx: Tx, effect: Short | Damaged, who: Who) -> Say:
    if isinstance(effect, Damaged):
        found = tours.damaged(
            tx, stop=effect.stop, qty=effect.qty, to=effect.to, person=who.person.id, key=who.key,
            actor=who.actor, now=who.now, today=who.today,
        )  # fmt: skip
    else:
        found = tours.short(
            tx, stop=effect.stop, person=who.person.id, key=who.key, actor=who.actor,
            now=who.now, today=who.today,
        )  # fmt: skip
    said = _found(found)
    if said.code == "pick.short_nowhere":
        return _coming(tx, effect.stop) or said
    return said


def _coming(tx: Tx, stop: int) -> Say | None:
    """Replenishment brings what was not there: nobody needs to look for it."""
    query = select(allocations.c.item_id).join(stops, stops.c.allocation_id == allocations.c.id)
    item = tx.execute(query.where(stops.c.id == stop)).scalar_one()
    qty = refills.in_reserve(tx, [item]).get(item, 0)
    return Say("pick.short_coming", "attention", params={"qty": qty}) if qty else None


def _found(shorted: Shorted) -> Say:
    """Where the rest comes from, or what becomes of the orders that lack it."""
    if shorted.places:
        return Say("pick.short_elsewhere", "attention", params={"place": shorted.places[0]})
    if shorted.undecided:
        return Say("pick.short_undecided", "attention", params={"order": shorted.undecided[0]})
    if shorted.cut_orders:
        return Say("pick.short_cut", "attention", params={"missing": shorted.missing})
    return Say("pick.short_nowhere", "attention", params={"missing": shorted.missing})
