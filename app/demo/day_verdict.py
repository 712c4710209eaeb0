"""What a whole shift adds to the verdict: hands, ledger and bill must tell the same numbers."""

from collections import Counter
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from app.demo import special
from app.demo.bill import CERTIFICATE, BillUnreadable, certified
from app.demo.report import rows_of
from app.demo.shift import Dose
from app.demo.verdict import Verdict
from wms.db import Tx
from wms.look.billing import Span
from wms.schema import (
    inbound_lines,
    inbounds,
    items,
    order_lines,
    orders,
    places,
    return_units,
    returns,
    stock,
    tasks,
)

MUST = ("deliveries", "put away", "returns", "graded", "gifts", "pictures shown")
MUST_OF_A_WHOLE = (
    "pallets stored", "replenished", "counts", "put back", "papers scanned", "service changed",
    "stopped", "kits", "stocktake signed", "loaded in a cage", "loaded by count", "undelivered",
    "photo seen", "put back unopened", "passed on", "sorted", "lights followed", "slots emptied",
)  # fmt: skip

Lies = dict[str, Counter[tuple[str, str]]]  # place: units by sku and lot


def judge_day(
    tx: Tx, tally: dict[str, Any], verdict: Verdict, *, span: Span, folder: Path, dose: Dose,
    now: int,
) -> None:  # fmt: skip
    """Compare what was done in one snapshot; the bill of *span* lies in *folder* as files."""
    try:
        verdict.report = rows_of(tx, tally, span, folder, now=now)
    except BillUnreadable as error:
        verdict.faults.append(f"bill: {error}")
    for row in verdict.report:
        verdict.claim(row.agrees, f"the day report differs: {row.words}")
    judge_flows(tx, tally, verdict, dose)
    verdict.claim(tally["exchanged"] >= 1, "no exchange was shipped")
    if dose.whole:
        _certificate(folder, verdict)
    flows = tally["flows"]
    for flow in (*MUST, *(MUST_OF_A_WHOLE if dose.whole else ())):
        verdict.claim(flows.get(flow, 0) > 0, f"{flow}: did not happen")
    done = ", ".join(f"{flow} {count}" for flow, count in sorted(flows.items()))
    verdict.lines.append(("shift", done))


def judge_flows(tx: Tx, tally: dict[str, Any], verdict: Verdict, dose: Dose) -> None:
    """What was done by hand is what the book says, in each flow that *dose* has."""
    if dose.trucks_each:
        _deliveries(tx, tally, verdict)
    _cancelled(tx, tally, verdict, ("put_back", "stop", *(("count",) if dose.has("count") else ())))
    _returned(tx, tally, verdict)
    _shelves(tx, tally, verdict)
    if special.GIFT in dose.specials:
        _gift(tx, verdict)


def _deliveries(tx: Tx, tally: dict[str, Any], verdict: Verdict) -> None:
    """Every delivery is closed, and what differed from its papers is written on its lines."""
    open_ones = list(tx.scalars(select(inbounds.c.code).where(inbounds.c.state != "received")))
    verdict.claim(not open_ones, f"deliveries are open: {open_ones[:5]}")
    came = inbound_lines.c.received + inbound_lines.c.damaged
    query = (
        select(
            func.sum(func.abs(came - inbound_lines.c.qty)).label("differ"),
            func.sum(inbound_lines.c.damaged).label("damaged"),
        )
    )  # fmt: skip
    row = tx.execute(query).one()
    verdict.claim(row.differ == 2, f"one too few and one too many, but {row.differ} pieces differ")
    broken = tally["broken"]
    verdict.claim(row.damaged == broken, f"{broken} were broken, but {row.damaged} are booked")
    verdict.lines.append(("deliveries", f"{row.differ} pieces differ, {row.damaged} damaged"))


def _cancelled(tx: Tx, tally: dict[str, Any], verdict: Verdict, kinds: tuple[str, ...]) -> None:
    """What the shops were told is cancelled is, and goods nobody wants lie on shelves again: no
    task of these *kinds* is left."""
    states = dict(tx.execute(select(orders.c.external_id, orders.c.state)).tuples().all())
    wrong = [name for name in tally["cancelled"] if states.get(name) != "cancelled"]
    verdict.claim(not wrong, f"told that it was cancelled, but it is not: {wrong[:5]}")
    gone = {name for name, state in states.items() if state == "cancelled"}
    verdict.claim(gone == set(tally["cancelled"]), "the book cancelled what nobody asked for")
    open_tasks = select(tasks.c.kind).where(
        tasks.c.kind.in_(kinds), tasks.c.state.in_(("open", "claimed"))
    )
    left = Counter(tx.scalars(open_tasks))
    verdict.claim(not left, f"nobody did: {dict(left)}")
    prepared = tx.scalar(select(func.count()).select_from(returns))
    verdict.claim(bool(tally["answers"]), "nobody thought again")
    told = ", ".join(f"{count} {word}" for word, count in sorted(tally["answers"].items()))
    verdict.lines.append(("second thoughts", f"{told or 'none'}; {prepared} returns prepared"))


def _returned(tx: Tx, tally: dict[str, Any], verdict: Verdict) -> None:
    """Every box that came back is graded and closed; every exchange was shipped once."""
    sent_back = tally["flows"].get("sent back", 0)
    closed = tx.scalar(
        select(func.count()).select_from(returns)
        .where(returns.c.state == "closed", returns.c.external_id.like("RMA-%"))
    )  # fmt: skip
    verdict.claim(closed == sent_back, f"{sent_back} boxes came back, {closed} returns are closed")
    units = tx.scalar(select(func.coalesce(func.sum(return_units.c.qty), 0)))
    graded = tally["flows"].get("graded", 0)
    verdict.claim(units == graded, f"{graded} pieces graded by hand, {units} booked")
    states = Counter(tx.scalars(select(orders.c.state).where(orders.c.kind == "exchange")))
    sent = tally["exchanged"]
    verdict.claim(
        states["shipped"] == sent, f"{sent} exchanges heard of, {states['shipped']} booked"
    )
    told = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
    verdict.lines.append(("returns", f"{sent_back} boxes, {units} graded; exchanges: {told}"))


def _gift(tx: Tx, verdict: Verdict) -> None:
    """The gift left with its ribbon and its card, and with the leaflet of its owner's rule."""
    query = (
        select(items.c.sku)
        .join(order_lines, order_lines.c.item_id == items.c.id)
        .join(orders, orders.c.id == order_lines.c.order_id)
        .where(orders.c.external_id == special.GIFT, order_lines.c.shipped == order_lines.c.qty)
    )
    sent = set(tx.scalars(query))
    wanted = {special.TOWEL, special.SOAP, special.RIBBON, special.CARD, special.LEAFLET}
    verdict.claim(sent == wanted, f"the gift left with {sorted(sent)}, not {sorted(wanted)}")


def _certificate(folder: Path, verdict: Verdict) -> None:
    """The certificate names every place that was frozen."""
    file = folder / CERTIFICATE
    named = certified(file) if file.exists() else set()
    missing = [place for place in special.STOCKTAKE_BINS if place not in named]
    verdict.claim(not missing, f"the certificate of the stocktake does not name {missing}")


def _shelves(tx: Tx, tally: dict[str, Any], verdict: Verdict) -> None:
    """What lies in every bin and on every pallet is what the book says. Where a bin was empty from
    the start and nobody has looked, the book has just that much more."""
    booked: Lies = {}
    query = (
        select(stock.c.place, items.c.sku, stock.c.lot, stock.c.qty)
        .join(items, items.c.id == stock.c.item_id)
        .join(places, places.c.code == stock.c.place)
        .where(places.c.kind.in_(("bin", "reserve", "pallet")), stock.c.qty > 0)
    )
    for row in tx.execute(query):
        booked.setdefault(row.place, Counter())[row.sku, row.lot] += row.qty
    real, emptied = _lies(tally["places"]), _lies(tally["emptied"])
    differ = [place for place in {*booked, *real} if booked.get(place) != real.get(place)]
    unseen = [
        place for place in differ
        if place in emptied and booked[place] == real.get(place, Counter()) + emptied[place]
    ]  # fmt: skip
    wrong = sorted(set(differ) - set(unseen))
    shown = "; ".join(
        f"{place} holds {dict(real.get(place, {}))}, booked {dict(booked.get(place, {}))}"
        for place in wrong[:3]
    )
    verdict.claim(not wrong, f"{len(wrong)} places differ: {shown}")
    verdict.lines.append((
        "places", f"{len(booked)} booked, {len(unseen)} empty ones that nobody has found yet"
    ))  # fmt: skip


def _lies(told: dict[str, list[tuple[str, str, int]]]) -> Lies:
    return {
        place: Counter({(sku, lot): qty for sku, lot, qty in units})
        for place, units in told.items()
    }
