"""Reads what a packer's next step depends on, fresh from the book on every input."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import Integer, Row, Select, bindparam, exists, func, or_, select

from picking.dialogues import pack_station, pack_tags
from picking.dialogues.base import Station, Who
from picking.dialogues.pack_state import (
    Box,
    Content,
    Facts,
    Gift,
    Needs,
    Order,
    Paper,
    Parcel,
    Printing,
    State,
    Upgrade,
)
from wms.db import Tx
from wms.orders import gift_papers
from wms.papers import documents
from wms.schema import (
    allocations,
    boxes,
    items,
    label_modes,
    order_lines,
    orders,
    owners,
    parcels,
    places,
    print_jobs,
    service_upgrades,
    services,
    slips,
)
from wms.shipping import weights
from wms.shipping.tracking_numbers import to_give
from wms.shipping.weights import Learned

LIVE = (allocations.c.state == "picked") & allocations.c.task_id.is_(None)
LIMITS = ("sides_mm_max", "weight_g_max", "thickness_mm_max", "pieces_max")


def load(tx: Tx, state: State, who: Who) -> Facts:
    """The facts for the tote at hand ("" before one was scanned)."""
    assert who.station is not None, "the menu opens packing only at a bench"
    station = who.station
    bench = pack_station.look(tx, station)
    parcel = _parcel(tx, station.code)
    contents = contents_of(tx, state.tote, station.place) if state.tote else ()
    line = next((content.line for content in contents if content.line is not None), None)
    order = order_of(tx, line) if line is not None else None
    papers = _papers(tx, order.id) if order is not None else ()
    at_hand = parcel.order if parcel is not None else order.id if order is not None else 0
    blind = pack_tags.blind(tx, station.reader, who.zone, who.now) if station.reader else ""
    sees = station.reader and not blind
    return Facts(
        station=station.code, place=station.place, contents=contents, order=order, parcel=parcel,
        scale=bench.scale, printer=bench.printer, stopped=bench.stopped,
        slip_printer=bool(bench.slip_printer), paper_stopped=bench.paper_stopped,
        redirected=bench.redirected, helper=bench.helper, own_works=bench.own_works,
        needs=_needs(tx, contents, papers, order), papers=papers,
        upgrades=_upgrades(tx, at_hand) if at_hand else (),
        slip=_slip(tx, order.id) if order is not None and bench.slip_printer else None,
        boxes=_boxes(tx), slip_numbers=_slip_numbers(tx, parcel), weight_g=bench.weight_g,
        tags=_tags(tx, station, contents, who.now) if sees else None, blind=blind,
        near=pack_tags.near(tx, contents, station.place) if state.at == "weigh" else (),
    )  # fmt: skip


def _tags(tx: Tx, station: Station, contents: Sequence[Content], now: int) -> Any:
    return pack_tags.tags(tx, station.reader, contents, station.place, now)


def contents_of(tx: Tx, tote: str, place: str) -> tuple[Content, ...]:
    """What lies in *tote*; if that is one order's, what it has in its other totes as well."""
    order = tx.execute(_order_in(), {"tote": tote}).scalar()
    bound = {"tote": tote} if order is None else {"tote": tote, "order": order}
    rows = tx.execute(_lying(of_order=order is not None), bound).all()
    known = weights.learned(tx, [row.item_id for row in rows])
    return tuple(_content(row, place, known) for row in rows)


@cache
def _order_in() -> Select[Any]:
    """The order of what lies in a tote. The statements of a bench are asked with every scan there,
    twice; building them costs more than asking, so it is done once."""
    return (
        select(order_lines.c.order_id)
        .join(allocations, allocations.c.line_id == order_lines.c.id)
        .join(orders, orders.c.id == order_lines.c.order_id)
        .where(LIVE, allocations.c.place == bindparam("tote"))
        .order_by(  # several share a tote of identical baskets: the most urgent that is complete
            orders.c.state != "picked", orders.c.priority.desc(), orders.c.accepted_ms, orders.c.id
        )
        .limit(1)
    )


@cache
def _lying(*, of_order: bool) -> Select[Any]:
    mine = allocations.c.place == bindparam("tote")
    if of_order:
        lines = select(order_lines.c.id).where(order_lines.c.order_id == bindparam("order"))
        mine = allocations.c.line_id.in_(lines) | (mine & allocations.c.line_id.is_(None))
    return (
        select(allocations, items, order_lines.c.kind.label("line_kind"), places.c.parent)
        .join(items, items.c.id == allocations.c.item_id)
        .join(places, places.c.code == allocations.c.place)
        .outerjoin(order_lines, order_lines.c.id == allocations.c.line_id)
        .where(LIVE, mine)
        .order_by(allocations.c.id)
    )


def _content(row: Row[Any], place: str, known: Mapping[int, Learned]) -> Content:
    learned = known.get(row.item_id)
    return Content(
        row.id, row.line_id, row.item_id, row.sku, row.name, row.picture, row.line_kind or "goods",
        weights.best_g(learned, row.weight_g), (row.length_mm, row.width_mm, row.height_mm),
        bool(row.rfid_tagged), row.lot, row.serial, row.qty, row.place, row.parent == place,
        fragile=bool(row.fragile), own_box=bool(row.own_box),
        deviation_g=learned.deviation_g if learned is not None else 0,
    )  # fmt: skip


def _label_mode(service: Any) -> Any:
    """How the label of *service* (a column) comes about: the owner's rule for it, or for all."""
    of_service = select(label_modes.c.mode).where(
        label_modes.c.owner == owners.c.code, label_modes.c.service == service
    )
    return func.coalesce(of_service.scalar_subquery(), owners.c.label_mode).label("label_mode")


def _needs(
    tx: Tx, contents: Sequence[Content], papers: Sequence[Paper], order: Order | None
) -> Needs:
    """What the owners of these goods demand of a bench, before anything was scanned."""
    numbers = sorted({content.item for content in contents})
    query = (
        select(owners.c.label_mode, owners.c.must_weigh)
        .join(items, items.c.owner == owners.c.code)
        .where(items.c.id.in_(numbers))
        .distinct()
    )
    rows = tx.execute(query).all() if numbers else []
    modes = [order.label_mode] if order is not None else [row.label_mode for row in rows]
    return Needs(
        label="immediate" in modes,
        paper=any(paper.here and not paper.packed for paper in papers),
        weight=any(row.must_weigh for row in rows),
    )


def order_of(tx: Tx, line: int) -> Order:
    """The order of an order line, and what is missing for it to be complete."""
    row = tx.execute(_whose(), {"line": line}).one()
    left, picked, pieces = (tx.execute(one, {"order": row.id}).scalar_one() for one in _counts())
    return Order(
        row.id, row.code, row.state, row.service, row.label_mode, row.weight_tolerance_g,
        int(left) - int(picked), pieces=pieces,
        must_weigh=bool(row.must_weigh), trust_tags=bool(row.trust_tags),
        trust_one_item=bool(row.trust_one_item), gift=_gift(row.gift),
        no_numbers=None if row.numbers_left else (row.owner, row.carrier),
        **{name: row._mapping[name] for name in LIMITS},
    )  # fmt: skip


@cache
def _whose() -> Select[Any]:
    return (
        select(
            orders, _label_mode(orders.c.service), owners.c.weight_tolerance_g,
            owners.c.must_weigh, owners.c.trust_tags, owners.c.trust_one_item,
            services.c.carrier, _numbers_left().label("numbers_left"),
            *(services.c[name] for name in LIMITS),
        )
        .join(order_lines, order_lines.c.order_id == orders.c.id)
        .join(owners, owners.c.code == orders.c.owner)
        .join(services, services.c.code == orders.c.service)
        .where(order_lines.c.id == bindparam("line"))
    )  # fmt: skip


@cache
def _counts() -> tuple[Select[Any], Select[Any], Select[Any]]:
    """Of an order: pieces that are not packed yet, those that were picked, its boxes."""
    wanted = order_lines.c.qty - order_lines.c.cancelled - order_lines.c.packed
    order = bindparam("order", type_=Integer)
    mine = order_lines.c.order_id == order
    picked = (
        select(func.coalesce(func.sum(allocations.c.qty), 0))
        .join(order_lines, order_lines.c.id == allocations.c.line_id)
        .where(mine, allocations.c.state == "picked")
    )
    boxed = (parcels.c.order_id == order) & (parcels.c.state != "void")
    left = select(func.coalesce(func.sum(wanted), 0)).where(mine)
    return left, picked, select(func.count()).where(boxed)


def _numbers_left() -> Any:
    """Whether the order's owner has a tracking number of its carrier to give."""
    return exists().where(to_give(orders.c.owner, services.c.carrier))


def _gift(document: str) -> Gift | None:
    asked: dict[str, Any] = msgspec.json.decode(document)
    names = ("wrapping", "noshi", "noshi_name", "message", "without_slip")
    return Gift(**{name: asked[name] for name in names if name in asked}) if asked else None


def _papers(tx: Tx, order: int) -> tuple[Paper, ...]:
    return tuple(
        Paper(one.code, one.kind, one.here, one.parcel != 0, _failed(tx, one))
        for one in documents.of_order(tx, order)
    )  # fmt: skip


def _failed(tx: Tx, paper: documents.Document) -> str:
    """Why a card or のし does not come out of the press, however often it is asked for."""
    if paper.kind not in gift_papers.OWN:
        return ""
    job = _printing(tx, print_jobs.c.key.like(f"document:{paper.id}:%"))
    return job.reason if job is not None and job.state == "failed" else ""


def _upgrades(tx: Tx, order: int) -> tuple[Upgrade, ...]:
    """The services that the owner allows instead, the cheapest first."""
    query = (
        select(services.c.code, services.c.name, service_upgrades.c.cost)
        .join(service_upgrades, service_upgrades.c.upgrade == services.c.code)
        .join(
            orders,
            (orders.c.owner == service_upgrades.c.owner)
            & (orders.c.service == service_upgrades.c.service),
        )
        .where(orders.c.id == order, service_upgrades.c.upgrade != service_upgrades.c.service)
        .order_by(service_upgrades.c.cost, services.c.code)
    )
    return tuple(Upgrade(row.code, row.name or row.code, row.cost) for row in tx.execute(query))


def _parcel(tx: Tx, station: str) -> Parcel | None:
    """The oldest parcel here without its proven label; one of an order that goes on in another
    box waits until the last box is closed, for only then is it known how many there are."""
    row = tx.execute(_waiting_box(), {"station": station}).first()
    if row is None:
        return None
    pieces = select(func.max(parcels.c.piece)).where(
        parcels.c.order_id == row.order_id, parcels.c.state != "void"
    )
    of_parcel = print_jobs.c.parcel_id == row.id
    return Parcel(
        row.id, row.code, row.order_id, row.state, row.tracking, box=row.box, piece=row.piece,
        pieces=int(tx.execute(pieces).scalar_one()), label_mode=row.label_mode,
        printing=_printing(tx, of_parcel & (print_jobs.c.template == "shipping")),
    )  # fmt: skip


@cache
def _waiting_box() -> Select[Any]:
    more_to_come = exists().where(
        allocations.c.state == "picked", allocations.c.line_id == order_lines.c.id,
        order_lines.c.order_id == parcels.c.order_id,
    )  # fmt: skip
    waits = or_(parcels.c.state == "labelled", (parcels.c.state == "open") & ~more_to_come)
    return (
        select(parcels, _label_mode(parcels.c.service))
        .join(orders, orders.c.id == parcels.c.order_id)
        .join(owners, owners.c.code == orders.c.owner)
        .where(parcels.c.station == bindparam("station"), waits)
        .order_by(parcels.c.id)
        .limit(1)
    )


def _slip(tx: Tx, order: int) -> Printing | None:
    return _printing(tx, print_jobs.c.key.like(f"slip:{order}:%"))


def _printing(tx: Tx, chosen: Any) -> Printing | None:
    """The newest of the chosen print jobs."""
    columns = (print_jobs.c.state, print_jobs.c.reason, print_jobs.c.printer)
    newest = select(*columns).where(chosen).order_by(print_jobs.c.id.desc()).limit(1)
    row = tx.execute(newest).first()
    return Printing(row.state, row.reason, row.printer) if row else None


def _boxes(tx: Tx) -> tuple[Box, ...]:
    made = [
        Box(
            row.code, row.name, (row.length_mm, row.width_mm, row.height_mm), row.tare_g,
            _services(row.services),
        )
        for row in tx.execute(select(boxes))
    ]  # fmt: skip
    return tuple(sorted(made, key=lambda box: (box.volume_mm3, box.code)))


def _services(document: str) -> tuple[str, ...]:
    """A list of services; the empty object that the column begins with is none."""
    listed = msgspec.json.decode(document)
    return tuple(listed) if isinstance(listed, list) else ()


def _slip_numbers(tx: Tx, parcel: Parcel | None) -> tuple[str, ...]:
    if parcel is None or parcel.state != "open":
        return ()
    query = (
        select(slips.c.tracking)
        .where(slips.c.order_id == parcel.order, slips.c.state == "imported")
        .order_by(slips.c.id)
    )
    return tuple(tx.scalars(query))
