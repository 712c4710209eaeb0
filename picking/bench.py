"""The packer's commands: take a tote, give a one-piece total to an order, ask for paper."""

from typing import Any

import msgspec
from sqlalchemy import Row, Select, func, insert, select, update

from picking.dialogues.base import Say, Station
from wms import tasks
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.orders import gift_papers
from wms.papers import bills, print_jobs
from wms.papers.documents import HERE
from wms.papers.label_data import shipping_data
from wms.papers.slip_data import is_slip_wanted, slip_data, slip_template
from wms.promises import allocation as promises
from wms.schema import (
    allocations,
    documents,
    items,
    order_lines,
    orders,
    places,
    stations,
    stock,
)
from wms.schema import parcels as parcels_table
from wms.schema import print_jobs as jobs
from wms.shipping import parcels

__all__ = [
    "bind_one", "issue_labels", "print_papers", "redirect", "reprint", "set_aside",
    "shipping_data", "take",
]  # fmt: skip

UNFINISHED = ("requested", "ready", "sending", "blocked")  # the label may still come out
NEVER_CAME_OUT = ("failed", "void")
SERVED = ("picked", "packed")  # states of a unit that a one-piece order has


def take(tx: Tx, *, tote: str, place: str) -> None:
    """Refuses `TOTE_ELSEWHERE`, `TOTE_EMPTY`, and `TOTE_UNWANTED` when its goods go back."""
    row = tx.execute(select(places).where(places.c.code == tote)).one()
    if row.parent != place:
        raise Rejected(Code.TOTE_ELSEWHERE, tote=tote, place=row.parent or "?")
    picked = select(allocations.c.id).where(
        allocations.c.place == tote, allocations.c.state == "picked",
        allocations.c.task_id.is_(None),
    )  # fmt: skip
    if tx.execute(picked.limit(1)).first() is None:
        filled = select(stock.c.qty).where(stock.c.place == tote, stock.c.qty > 0)
        if tx.execute(filled.limit(1)).first() is not None:
            raise Rejected(Code.TOTE_UNWANTED, tote=tote)
        raise Rejected(Code.TOTE_EMPTY, tote=tote)


def bind_one(tx: Tx, *, allocation: int) -> int:
    """Give one unit of a wave's total to its most urgent waiting order. Returns the order.

    Refuses `TOTAL_NOBODY_WAITS` when every order for it has its unit, or the total was used up.
    """
    unit = select(allocations).where(
        allocations.c.id == allocation, allocations.c.state == "picked",
        allocations.c.line_id.is_(None), allocations.c.wave_id.is_not(None),
    )  # fmt: skip
    row = tx.execute(unit.with_for_update()).first()
    waiting = _most_urgent(tx, row.wave_id, row.item_id) if row is not None else None
    if waiting is None:
        lost = tx.execute(select(allocations).where(allocations.c.id == allocation)).one()
        sku = tx.execute(select(items.c.sku).where(items.c.id == lost.item_id)).scalar_one()
        raise Rejected(Code.TOTAL_NOBODY_WAITS, item=sku, tote=lost.place)
    promises.bind(tx, allocation, line=waiting.line_id)
    return int(waiting.order_id)


def _most_urgent(tx: Tx, wave: int, item: int) -> Row[Any] | None:
    """The order that gets the next unit, locked.

    On PostgreSQL the search sees the book as it was when it began; another bench may have served
    that order before it was locked here. So it is looked at again behind the lock.
    """
    while (found := tx.execute(_waiting(wave, item)).first()) is not None:
        has = (allocations.c.line_id == found.line_id) & allocations.c.state.in_(SERVED)
        if tx.execute(select(allocations.c.id).where(has).limit(1)).first() is None:
            return found
    return None


def _waiting(wave: int, item: int) -> Select[Any]:
    """The most urgent one-piece order of *wave* that wants *item* and has no unit yet."""
    served = select(allocations.c.line_id).where(
        allocations.c.wave_id == wave, allocations.c.item_id == item,
        allocations.c.line_id.is_not(None), allocations.c.state.in_(SERVED),
    )  # fmt: skip
    paperless = select(documents.c.order_id).where(~HERE)
    return (
        select(order_lines.c.id.label("line_id"), orders.c.id.label("order_id"))
        .join(orders, orders.c.id == order_lines.c.order_id)
        .where(
            orders.c.wave_id == wave, orders.c.one_piece == 1, order_lines.c.item_id == item,
            orders.c.state.in_(("released", "picked")),
            order_lines.c.packed + order_lines.c.cancelled < order_lines.c.qty,
            order_lines.c.id.not_in(served), orders.c.id.not_in(paperless),
        )
        .order_by(orders.c.priority.desc(), orders.c.accepted_ms, orders.c.id)
        .limit(1)
        .with_for_update(of=orders, skip_locked=True)
    )  # fmt: skip


def issue_labels(tx: Tx, *, order: int, station: str, now: int) -> None:
    """Number every closed box of *order* and ask the press for their labels: 1/n to n/n."""
    unlabelled = select(parcels_table.c.id).where(
        parcels_table.c.order_id == order, parcels_table.c.state == "open"
    )
    boxes = tx.scalars(unlabelled.order_by(parcels_table.c.piece)).all()
    for parcel in boxes:
        parcels.label(tx, parcel=parcel, now=now)
    for parcel in boxes:
        _request_label(tx, parcel, station, copy=1, now=now)


def reprint(tx: Tx, *, parcel: int, station: str, now: int) -> Say:
    """Ask for a marked copy of the same label; while the last one may still come out: no.

    Labels that surely never came out (`NEVER_CAME_OUT`) are no copies: the next takes their place.
    """
    mine = (jobs.c.parcel_id == parcel) & (jobs.c.template == "shipping")
    mine &= jobs.c.created_ms >= _labelled_ms(tx, parcel)  # an older one has another number
    last = tx.execute(select(jobs).where(mine).order_by(jobs.c.id.desc()).limit(1)).first()
    if last is not None and last.state in UNFINISHED:
        return Say("print.still_coming", "attention")
    out = mine & jobs.c.state.not_in(NEVER_CAME_OUT)
    before = tx.execute(select(func.max(jobs.c.copy_no)).where(out)).scalar() or 0
    copy = int(before) + 1
    _request_label(tx, parcel, station, copy=copy, now=now)
    return Say("print.copy_requested", "attention", params={"copy": copy})


def _labelled_ms(tx: Tx, parcel: int) -> int:
    query = select(parcels_table.c.labelled_ms).where(parcels_table.c.id == parcel)
    return int(tx.execute(query).scalar_one() or 0)


def _request_label(tx: Tx, parcel: int, station: str, *, copy: int, now: int) -> None:
    mine = (jobs.c.parcel_id == parcel) & (jobs.c.template == "shipping")
    count: int = tx.execute(select(func.count()).select_from(jobs).where(mine)).scalar_one()
    data = shipping_data(tx, parcel, station)
    tx.execute(insert(jobs).values(
        key=f"label:{parcel}:{count + 1}", station=station, template="shipping", format="zpl",
        data=msgspec.json.encode(data).decode(), copy_no=copy, parcel_id=parcel, created_ms=now,
    ))  # fmt: skip
    counted = update(parcels_table).where(parcels_table.c.id == parcel)
    tx.execute(counted.values(copies=copy))


def print_papers(tx: Tx, *, order: int, station: str, now: int, again: bool = False) -> None:
    """The order's slip and its documents on the station's A4 printer: once, unless *again*.

    Nothing where the station has none; no slip where the purchaser of a gift wants none.
    """
    at = stations.c.code == station
    own = tx.execute(select(stations.c.slip_printer, stations.c.redirect).where(at)).one()
    used = select(stations.c.slip_printer).where(stations.c.code == own.redirect)
    if not (tx.execute(used).scalar() if own.redirect else own.slip_printer):
        return
    if own.slip_printer and is_slip_wanted(tx, order):  # a bench without slips redirects none
        count = _printed(tx, f"slip:{order}:")
        if not count or again:
            print_jobs.request(
                tx, key=f"slip:{order}:{count + 1}", station=station,
                template=slip_template(tx, order), data=slip_data(tx, order), paper="pdf", now=now,
            )  # fmt: skip
    _print_documents(tx, order, station, now, again)


def _print_documents(tx: Tx, order: int, station: str, now: int, again: bool) -> None:
    """PDFs of the OMS need no press: they are ready as they came; ours go through it. One that is
    packed stays so."""
    _print_own(tx, order, station, now, again)
    mine = (documents.c.order_id == order) & documents.c.parcel_id.is_(None)
    query = select(documents.c.id, documents.c.code, documents.c.pdf).order_by(documents.c.id)
    for row in tx.execute(query.where(mine, documents.c.pdf.is_not(None))).all():
        count = _printed(tx, f"document:{row.id}:")
        if count and not again:
            continue
        tx.execute(insert(jobs).values(
            key=f"document:{row.id}:{count + 1}", station=station, template="document",
            format="pdf", data=msgspec.json.encode({"code": row.code}).decode(),
            payload=row.pdf, copy_no=count + 1, state="ready", created_ms=now,
        ))  # fmt: skip


def _print_own(tx: Tx, order: int, station: str, now: int, again: bool) -> None:
    mine = (documents.c.order_id == order) & documents.c.parcel_id.is_(None)
    query = select(documents.c.id, documents.c.kind).where(mine, documents.c.pdf.is_(None), HERE)
    for row in tx.execute(query.order_by(documents.c.id)).all():
        count = _printed(tx, f"document:{row.id}:")
        if not count or again:
            of_gift = row.kind in gift_papers.OWN
            print_jobs.request(
                tx, key=f"document:{row.id}:{count + 1}", station=station,
                template=gift_papers.TEMPLATES[row.kind] if of_gift else bills.TEMPLATE,
                data=(gift_papers if of_gift else bills).data(tx, row.id), paper="pdf", now=now,
            )  # fmt: skip


def _printed(tx: Tx, key: str) -> int:
    count = select(func.count()).select_from(jobs).where(jobs.c.key.like(f"{key}%"))
    return int(tx.execute(count).scalar_one())


def redirect(tx: Tx, *, station: str, to: str) -> None:
    """Print the paper of *station* at its neighbour *to* from now on; "" is at home again.

    Only paper of which nothing was sent yet goes there. Refuses `NO_HELPER` for any other station.
    """
    here = stations.c.code == station
    allowed = here & (stations.c.neighbour == to) if to else here
    changed = update(stations).where(allowed).values(redirect=to)
    if tx.execute(changed).rowcount != 1:
        raise Rejected(Code.NO_HELPER, station=station)


def set_aside(tx: Tx, *, parcel: int, station: Station, key: str, now: int) -> None:
    """The box leaves the bench without its proven label, and somebody is asked to see to it."""
    code = parcels.set_aside(tx, parcel=parcel)
    tasks.open_task(
        tx, key=f"aside:{key}", kind="assist", now=now, place=station.place, priority=5,
        ref=f"parcel:{code}", body={"parcel": code},
    )  # fmt: skip
