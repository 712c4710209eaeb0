"""What comes from outside or from workers of the server, as the same commands that the doors call:
deliveries, orders and second thoughts about them, waves, robots, returns, counts, sets, the bill.
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, Literal

from msgspec.structs import replace
from sqlalchemy import select

from picking import pickups, planner, tours
from picking.floor import TOKYO
from picking.release import Settings, release_wave
from tests import day_house as house
from tests.day_hands import Day
from tests.day_site import OWNERS, SELLABLE, SHIRT, choose_rules
from tests.picking_site import SOMEONE
from tests.returns_site import send
from wms.errors import Rejected
from wms.inbound import deliveries
from wms.inbound.deliveries import NewInbound, NewInboundLine
from wms.orders import cancel, changes, holds, lifecycle
from wms.orders.changes import Change
from wms.orders.new import Gift, NewLine, NewOrder
from wms.returns import cases, closing, grading, onward
from wms.returns.grading import Unit
from wms.returns.new import NewReturn, NewReturnLine
from wms.returns.onward import ToOwner
from wms.returns.rules import Disposition
from wms.schema import inbounds, items, order_lines, parcel_lines, parcels, tag_reads
from wms.schema import orders as orders_table
from wms.schema import returns as returns_table
from wms.site.epc import sgtin96

DAY_MS = 86_400_000
WAVES = Settings(cart_totes=4, total_pieces_max=12)

Purpose = Literal["return", "exchange", "repair"]
PURPOSES: tuple[Purpose, ...] = ("return", "exchange", "exchange", "repair", "repair")
DECISIONS: tuple[closing.Decision, ...] = ("reship", "cancel")
Deed = Callable[[Day], Any]


# Deliveries


def announce(day: Day) -> Any:
    """A delivery of a few lines; tags of tagged goods, of which the portal misses some."""
    chance, site = day.chance, day.site
    owner = chance.choice(OWNERS)
    known = [*SELLABLE[owner], "LOOSE"] if owner == "acme" else list(SELLABLE[owner])
    lines = []
    if owner == "acme" and day.maybe(0.3):
        known = ["SHIRT"]
    for sku in chance.sample(known, min(len(known), chance.randint(1, 3))):
        qty = chance.randint(1, 15)
        epcs: tuple[str, ...] = ()
        if sku == "SHIRT":
            qty, first = chance.randint(1, 4), chance.randint(1, 10**6) * 10
            epcs = tuple(sgtin96(SHIRT, first + n, prefix_digits=7) for n in range(qty))
            _read(day, epcs[: chance.randint(0, qty)])
        lines.append(NewInboundLine(sku=sku, qty=qty, epcs=epcs))
    row = NewInbound(owner=owner, external_id=site.key("ASN"), lines=tuple(lines), supplier="S")
    first_time = site.write(deliveries.announce, row, now=site.now)
    again = site.write(deliveries.announce, row, now=site.now)
    assert (first_time.inbound_id, again.new) == (again.inbound_id, False)
    return first_time


def _read(day: Day, epcs: tuple[str, ...]) -> None:
    """The portal sees these from now on, and one of nobody's."""
    now = day.site.now
    for epc in (*epcs, sgtin96(SHIRT, day.chance.randint(1, 10**6), prefix_digits=7)):
        row = {"device": "gate-1", "epc": epc, "first_ms": now, "last_ms": now + 10**9, "count": 3,
               "rssi": -50}  # fmt: skip
        if not day.site.rows(select(tag_reads.c.epc).where(tag_reads.c.epc == epc)):
            day.site.add(tag_reads, row)


def not_coming(day: Day) -> Any:
    number = day.some(select(inbounds.c.id).where(inbounds.c.state == "expected"), 0)
    return number and day.site.write(deliveries.cancel, number, now=day.site.now)


# Orders


def order(day: Day) -> Any:
    """An order comes in, and once more."""
    row = _wanted(day)
    taken = day.site.write(lifecycle.accept, row, now=day.site.now)
    if day.maybe(0.2):
        assert not day.site.write(lifecycle.accept, row, now=day.site.now).new
    return taken


def _wanted(day: Day) -> NewOrder:
    """A basket, one piece, a gift, something for later, or an address that is not whole."""
    chance, site = day.chance, day.site
    owner = chance.choices(OWNERS, (6, 2, 2))[0]
    one_piece = day.maybe(0.4)
    chosen = chance.sample(SELLABLE[owner], 1 if one_piece else min(2, chance.randint(1, 3)))
    lines = [NewLine(sku=sku, qty=1 if one_piece else chance.randint(1, 3)) for sku in chosen]
    gift = None
    if owner == "acme" and not one_piece and day.maybe(0.25):
        lines.append(NewLine(sku="WRAP", qty=1, kind="gift"))
        gift = Gift(wrapping="赤", noshi="内祝", message="ありがとう")
    to = SOMEONE
    if day.maybe(0.04):
        to = replace(to, address="東京都港区六本木")
    later = _later(day) if day.maybe(0.15) else ""
    small = 0 if later else 1
    service = chance.choices(("yamato", "sagawa", "yamato-nekopos"), (6, 3, small))[0]
    day.tally[f"order {'gift' if gift else 'one piece' if one_piece else 'basket'}"] += 1
    return NewOrder(
        owner=owner, shop=f"{owner}-shop", external_id=site.key("order"), service=service,
        recipient=to, lines=tuple(lines), gift=gift, delivery_date=later,
        priority=chance.choice((0, 0, 0, 5)),
    )  # fmt: skip


def _later(day: Day) -> str:
    """A day soon, tomorrow mostly: a world is two or three days long."""
    days = day.chance.choice((1, 1, 1, 2, 3))
    return (date.fromisoformat(day.site.today) + timedelta(days=days)).isoformat()


def waves(day: Day) -> Any:
    """The planner: what waits is released, in waves of a carrier's pickup."""
    site = day.site
    site.write(lifecycle.wake, today=site.today, now=site.now)
    todo = site.read(planner.look, now=site.now, settings=WAVES, all_due=day.maybe(0.8))
    for wave in todo.waves:
        done = site.write(
            release_wave, wave, settings=WAVES, today=todo.today, now=site.now
        )  # fmt: skip
        day.tally["orders that were short at once"] += len(done.short)
    return todo.waves


def _any_order(day: Day, *states: str) -> int:
    query = select(orders_table.c.id)
    if states:
        query = query.where(orders_table.c.state.in_(states))
    return int(day.some(query, 0))


def no_more(day: Day) -> Any:
    """The OMS cancels an order, whatever became of it."""
    states = ("accepted", "short", "released", "picked", "packed", "packed", "held", "shipped")
    number = _any_order(day, day.chance.choice(states))
    if not number:
        return 0
    answer = day.site.write(cancel.cancel, number, now=day.site.now)
    day.tally[f"cancel at {answer.stage}: {answer.outcome}"] += 1
    return answer


def less(day: Day) -> Any:
    number = _any_order(day, "accepted", "released", "picked", "short")
    lines = day.site.rows(select(order_lines).where(order_lines.c.order_id == number))
    if not lines:
        return 0
    line = day.chance.choice(lines)
    wanted = {line.line_no: day.chance.randint(0, line.qty)}
    return day.site.write(cancel.reduce, number, wanted=wanted, now=day.site.now)


def stop(day: Day) -> Any:
    """出荷止め: wherever it is."""
    number = _any_order(day, "accepted", "released", "picked", "packed", "waiting_date")
    return number and day.site.write(holds.hold, number, now=day.site.now)


def go_on(day: Day) -> Any:
    site, number = day.site, _any_order(day, "held")
    return number and site.write(holds.release, number, today=site.today, now=site.now)


def change(day: Day) -> Any:
    """Another note, day or service; too late is an answer."""
    number = _any_order(day)
    if not number:
        return 0
    wanted = day.chance.choice((
        Change(notes=day.site.key("note"), relabel=True), Change(service="sagawa", relabel=True),
        Change(delivery_date=_later(day)),
        Change(recipient=SOMEONE, relabel=True),
    ))  # fmt: skip
    answer = day.site.write(changes.change, number, wanted, now=day.site.now)
    day.tally[f"change: {answer.outcome}"] += 1
    return answer


# What comes back


def rma(day: Day) -> Any:
    """A customer announces what comes back: for money, for another, or to be repaired."""
    site, chance = day.site, day.chance
    number = _any_order(day, "shipped")
    if not number:
        return 0
    query = (
        select(order_lines.c.qty, items.c.sku, items.c.owner, orders_table.c.external_id)
        .join(items, items.c.id == order_lines.c.item_id)
        .join(orders_table, orders_table.c.id == order_lines.c.order_id)
        .where(order_lines.c.order_id == number, items.c.kind == "")
    )
    rows = site.rows(query)
    if not rows:
        return 0
    row = chance.choice(rows)
    kind = chance.choice(PURPOSES)
    line = NewReturnLine(sku=row.sku, qty=chance.randint(1, row.qty))
    asked = NewReturn(
        owner=row.owner,
        external_id=site.key("RMA"),
        kind=kind,
        order=row.external_id,
        lines=(line,),
    )
    answer = site.write(cases.announce, asked, now=site.now)
    assert not site.write(cases.announce, asked, now=site.now).new
    return answer


def decide(day: Day) -> Any:
    """An owner says what becomes of a parcel that came back unopened."""
    waits = (returns_table.c.kind == "undelivered") & (returns_table.c.state == "arrived")
    number = day.some(select(returns_table.c.id).where(waits), 0)
    if not number:
        return 0
    said = day.chance.choice(DECISIONS)
    answer = day.site.write(closing.decide, number, said, now=day.site.now)
    day.tally[f"undelivered: {said}"] += 1
    return answer or True


def to_owner(day: Day) -> Any:
    """What was set aside for an owner goes back to them."""
    owner = day.chance.choice(OWNERS)
    asked = ToOwner(
        owner=owner, shop=f"{owner}-shop", external_id=day.site.key("back"), service="yamato",
        recipient=SOMEONE,
    )  # fmt: skip
    return day.site.write(onward.send_to_owner, asked, now=day.site.now)


def other_rules(day: Day) -> Any:
    """The site picks in another way from now on."""
    day.site.write(choose_rules, day.chance)
    return True


def not_returning(day: Day) -> Any:
    number = day.some(select(returns_table.c.id).where(returns_table.c.state == "announced"), 0)
    return number and day.site.write(cases.cancel, number, now=day.site.now)


DEEDS: dict[Deed, int] = {
    announce: 10, not_coming: 1, order: 60, waves: 25, no_more: 7, less: 5, stop: 4, go_on: 9,
    change: 6, rma: 16, decide: 8, to_owner: 5, not_returning: 1, house.send: 25, house.carry: 14,
    house.robot: 30, house.cycle_counts: 4, house.rfid_sweep: 4, house.stocktake: 9,
    house.count_again: 1, house.work: 14, house.refill: 8, house.bill: 2, house.seal: 3,
    house.tell: 3, house.time_passes: 6, other_rules: 4, house.tidy: 8, house.recalled: 2,
}  # fmt: skip


def begin(day: Day) -> None:
    """The morning: what left yesterday may come back, orders of the night are on the floor, and
    some of yesterday that were to wait for today; trucks stand at the docks."""
    site = day.site
    _came_back(day, _sent_yesterday(day))
    site.write(choose_rules, day.chance)
    rows = [replace(_wanted(day), service="yamato", delivery_date=site.today) for _ in range(3)]
    site.write(lifecycle.accept_all, rows, now=site.now - DAY_MS)
    site.write(lifecycle.accept_all, [_wanted(day) for _ in range(14)], now=site.now)
    for _ in range(4):
        announce(day)
    waves(day)


def _sent_yesterday(day: Day) -> list[int]:
    """A few orders of every owner, picked, packed and handed over. Returns them."""
    site = day.site
    rows = [replace(_wanted(day), service="yamato", delivery_date="") for _ in range(6)]
    accepted = site.write(lifecycle.accept_all, rows, now=site.now)
    going = site.release([one.order_id for one in accepted if one.state == "accepted"]).orders
    while (tour := site.write(tours.claim, person=1, now=site.now)) is not None:
        site.claim(1)
        site.walk(tour)
        site.drop(tour, "BENCH-1")
    site.now += 1_000
    site.write(send, list(going), site.now)
    site.write(pickups.ensure, now=site.now, zone=TOKYO)
    return list(going)


def _came_back(day: Day, sent: list[int]) -> None:
    """The evening shift looked at a few boxes that came back: they are to go out once more, to be
    repaired, or to go to their owner."""
    site = day.site
    boxes = select(parcels).where(parcels.c.order_id.in_(sent), parcels.c.state == "shipped")
    became: list[Disposition | Literal["reship"]] = ["reship", "repair", "to_owner"]
    for box, what in zip(site.rows(boxes.order_by(parcels.c.id)), became, strict=False):
        if day.maybe(0.25):
            continue
        now, actor = site.now, "person:10"
        number = site.write(cases.arrive, parcel=box.id, person=10, station="", now=now)
        if what == "reship":
            site.write(
                cases.undelivered, number, place="RETURNS", key=site.key("back"), actor=actor,
                now=now,
            )  # fmt: skip
            site.write(closing.decide, number, "reship", now=now)
            continue
        for line in site.rows(
            select(parcel_lines, order_lines.c.item_id)
            .join(order_lines, order_lines.c.id == parcel_lines.c.line_id)
            .where(parcel_lines.c.parcel_id == box.id, order_lines.c.kind == "goods")
        ):
            unit = Unit(
                item=line.item_id, grade="C", disposition=what, qty=line.qty, lot=line.lot,
                serial=line.serial, place=day.chance.choice(("QUARANTINE", "RETURNS")),
            )  # fmt: skip
            site.write(
                grading.grade, number, unit, person=10, key=site.key("grade"), actor=actor,
                now=now,
            )  # fmt: skip
        site.write(closing.close, number, person=10, key=site.key("closed"), actor=actor, now=now)


def deed(day: Day) -> None:
    """One of them. A refusal is an answer."""
    chosen = day.chance.choices(list(DEEDS), list(DEEDS.values()))[0]
    name = chosen.__name__
    day.said.append(name)
    day.site.now += 500
    try:
        done = chosen(day)
    except Rejected as refusal:
        day.said[-1] += f" refused: {refusal}"
        day.tally[f"refused {name} {refusal.code}"] += 1
    else:
        if done:
            day.tally[f"deed {name}"] += 1
