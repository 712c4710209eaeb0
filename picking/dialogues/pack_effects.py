"""What a packer's steps do to the book."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from picking import bench, fitness
from picking.dialogues import pack_proof as proof
from picking.dialogues.base import Say, Station, Who
from picking.dialogues.pack_facts import load
from picking.dialogues.pack_state import State
from picking.taken_back import take_back
from wms.db import Tx
from wms.papers import documents
from wms.robots import evidence
from wms.schema import allocations, items, stock
from wms.schema import parcels as boxes
from wms.shipping import parcels, service_change, weights


@dataclass(frozen=True, slots=True)
class Take:
    """A tote was scanned: is it here, and is its order complete?"""

    tote: str


@dataclass(frozen=True, slots=True)
class TakeUp:
    """A box that was set aside, here or at another bench, goes on here."""

    parcel: int


@dataclass(frozen=True, slots=True)
class BindOne:
    """One unit of a total goes to the order that waits most urgently."""

    allocation: int


@dataclass(frozen=True, slots=True)
class Close:
    """The proven pieces are in the box."""

    order: int
    contents: tuple[parcels.Packed, ...]
    box: str
    weight_g: int
    predicted_g: int
    papers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangeService:
    """The goods do not fit the service that was asked for; the owner allows another."""

    order: int
    service: str


@dataclass(frozen=True, slots=True)
class Redirect:
    """Paper of this bench comes out at another station from now on; "" = at home again."""

    to: str


@dataclass(frozen=True, slots=True)
class IssueLabels:
    """Every box of the order is closed: number them and print their labels."""

    order: int


@dataclass(frozen=True, slots=True)
class MatchSlip:
    """A slip that was issued before is on the box."""

    parcel: int
    tracking: str


@dataclass(frozen=True, slots=True)
class Verify:
    """The parcel's own label was scanned on it."""

    parcel: int
    tracking: str


@dataclass(frozen=True, slots=True)
class SetAside:
    """This box waits, and the bench goes on with others."""

    parcel: int
    code: str


@dataclass(frozen=True, slots=True)
class Reprint:
    """A marked copy of the label."""

    parcel: int


@dataclass(frozen=True, slots=True)
class ReprintSlip:
    """The packing slip once more."""

    order: int


def run(tx: Tx, effect: object, who: Who) -> Say | None:
    """Carry out one effect in the open transaction."""
    station = who.station
    assert station is not None, "the menu opens packing only at a bench"
    match effect:
        case Take():
            return _take(tx, effect.tote, who, station)
        case TakeUp():
            code = select(boxes.c.code).where(boxes.c.id == effect.parcel)
            _refuse_others_goods(tx, tx.execute(code).scalar_one(), who)
            parcels.take_up(tx, parcel=effect.parcel, station=station.code)
        case BindOne():
            order = bench.bind_one(tx, allocation=effect.allocation)
            bench.print_papers(tx, order=order, station=station.code, now=who.now)
        case Close():
            return _close(tx, effect, who, station)
        case ChangeService():
            service_change.change(tx, order=effect.order, service=effect.service, now=who.now)
            return Say("pack.service_changed", "attention", params={"service": effect.service})
        case Redirect():
            return _redirect(tx, effect, station)
        case IssueLabels():
            bench.issue_labels(tx, order=effect.order, station=station.code, now=who.now)
        case _:
            return _on_the_box(tx, effect, who, station)
    return None


def _close(tx: Tx, effect: Close, who: Who, station: Station) -> Say | None:
    """Looked at once more: since the tote was taken midnight may have passed, or the right to pack
    for this owner been taken away."""
    scanned = allocations.c.id.in_([part.allocation for part in effect.contents])
    found = select(allocations.c.place).where(scanned, allocations.c.state == "picked").distinct()
    totes = tx.scalars(found.order_by(allocations.c.place)).all()
    if "pack" in who.person.limited:
        for tote in totes:
            _refuse_others_goods(tx, tote, who)
    if (taken_out := _take_out(tx, totes, who)) is not None:
        return taken_out
    parcel = parcels.pack(
        tx, order=effect.order, contents=effect.contents, station=station.code,
        place=station.place, box=effect.box, weight_g=effect.weight_g,
        predicted_g=effect.predicted_g, key=who.key, actor=who.actor, now=who.now,
    )  # fmt: skip
    service_change.count_further_box(tx, parcel=parcel)
    if effect.papers:
        documents.put_in(tx, order=effect.order, codes=effect.papers, parcel=parcel)
    return None


def _take_out(tx: Tx, totes: Sequence[str], who: Who) -> Say | None:
    """What may not be sent any more of what lies in *totes* is not packed: since it was picked its
    day has passed, or its lot was recalled."""
    unfit: dict[int, fitness.Unfit] = {}
    for tote in totes:
        unfit |= fitness.unfit_in(tx, tote, today=who.today)
    if not unfit:
        return None
    take_back(tx, list(unfit), key=who.key, today=who.today, now=who.now)
    first = next(iter(unfit.values()))
    return Say("pack.taken_out", "error", params={"item": first.sku, "lot": first.lot},
               words={"why": first.why})  # fmt: skip


def _redirect(tx: Tx, effect: Redirect, station: Station) -> Say:
    bench.redirect(tx, station=station.code, to=effect.to)
    if not effect.to:
        return Say("pack.prints_here", params={"station": station.code})
    return Say("pack.prints_there", "attention", params={"station": effect.to})


def _take(tx: Tx, tote: str, who: Who, station: Station) -> Say | None:
    """Refuses what cannot be packed before anybody has begun; prints the papers of what can."""
    evidence.seen_at(
        tx, container=tote, place=station.place, person=who.person.id, now=who.now, rng=who.rng
    )
    bench.take(tx, tote=tote, place=station.place)
    _refuse_others_goods(tx, tote, who)
    if (taken_out := _take_out(tx, [tote], who)) is not None:
        return taken_out
    facts = load(tx, State(tote=tote), who)
    refusal = proof.not_ready(facts) or proof.preflight(facts, who.person.language)
    if refusal is not None:
        raise refusal
    if facts.order is not None:
        bench.print_papers(tx, order=facts.order.id, station=station.code, now=who.now)
    return None


def _refuse_others_goods(tx: Tx, place: str, who: Who) -> None:
    """Refuses the goods of an owner for whom this person does not pack."""
    query = (
        select(items.c.owner)
        .join(stock, stock.c.item_id == items.c.id)
        .where(stock.c.place == place, stock.c.qty > 0)
        .distinct()
    )
    who.must_touch("pack", tx.scalars(query.order_by(items.c.owner)))


def _on_the_box(tx: Tx, effect: object, who: Who, station: Station) -> Say | None:
    match effect:
        case MatchSlip():
            parcels.match_slip(tx, parcel=effect.parcel, tracking=effect.tracking, now=who.now)
        case Verify():
            parcels.verify(tx, parcel=effect.parcel, tracking=effect.tracking, now=who.now)
            weights.learn(tx, effect.parcel)
            return Say("pack.closed")
        case SetAside():
            bench.set_aside(tx, parcel=effect.parcel, station=station, key=who.key, now=who.now)
            return Say("pack.set_aside", "attention", params={"parcel": effect.code})
        case Reprint():
            return bench.reprint(tx, parcel=effect.parcel, station=station.code, now=who.now)
        case ReprintSlip():
            bench.print_papers(
                tx, order=effect.order, station=station.code, now=who.now, again=True
            )
            return Say("print.slip_requested", "attention")
        case _:
            raise AssertionError(effect)
    return None
