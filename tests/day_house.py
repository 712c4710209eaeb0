"""What the house itself does, as the commands that its workers and robots call: totes are sent and
carried, counts chosen and stocktakes signed, sets made, faces filled, the bill read; time passes.
"""

from collections import Counter
from typing import Any

from sqlalchemy import select

from picking import pickups, recall, replenisher, stocktaking, sweep
from picking.dispatch import deliver, dispatch
from picking.floor import TOKYO
from sync import outbox
from tests.day_hands import Day
from tests.day_site import SHIRT
from wms import stock as ledger
from wms.counts import chosen, counting, stocktakes
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.look import billing
from wms.record import seals
from wms.replenish import refills
from wms.robots import missions, roster
from wms.schema import items, lots, places, stock, tag_reads, tasks, tour_totes, tours
from wms.schema import missions as missions_table
from wms.schema import moves as moves_table
from wms.schema import stocktakes as stocktakes_table
from wms.schema import work_orders as work_table
from wms.site.epc import sgtin96
from wms.work import jobs
from wms.work.jobs import Kind, NewWork

MADE: tuple[Kind, ...] = ("kit", "kit", "bundle", "unkit", "relabel")
LATER_MS = (1_800_000, 7_200_000, 43_200_000)

# Totes and robots


def send(day: Day) -> Any:
    """Totes that are ready get their bench, and somebody to carry them."""
    return day.site.write(dispatch, now=day.site.now, rng=day.site.rng)


def carry(day: Day) -> Any:
    """Somebody brings a tote to its bench without being asked by a screen."""
    here = places.c.code.like("T-%") & places.c.parent.in_(("DROP", "WALL", "PASS"))
    query = select(places.c.code).join(stock, stock.c.place == places.c.code)
    ready = query.where(here, places.c.parent == "DROP", stock.c.allocated > 0)
    tote = day.some(ready.where(stock.c.condition == "returned")) or day.some(ready)
    return tote and day.site.write(
        deliver, tote=tote, place=day.chance.choice(("BENCH-1", "BENCH-2")),
        key=day.site.key("carry"), actor="person:2", now=day.site.now,
    )  # fmt: skip


def robot(day: Day) -> Any:
    """The robot takes the next job, or something becomes of the one that it has."""
    site, now = day.site, day.site.now
    mine = missions_table.c.robot == "agv-1"
    open_ = site.rows(select(missions_table).where(
        mine, missions_table.c.state.in_(("assigning", "assigned", "voiding"))
    ))  # fmt: skip
    if not open_:
        seq = day.memo["seq"] = day.memo.get("seq", 0) + 1
        site.write(roster.use_seq, robot="agv-1", fence=1, seq=seq)
        return site.write(missions.assign, robot="agv-1", fence=1, seq=seq, boot_id=1, now=now)
    row = open_[0]
    dice = day.chance.random()
    if row.state == "voiding":
        if dice < 0.3:
            return site.write(missions.too_late, mission=row.id, now=now)
        return site.write(missions.voided, mission=row.id, now=now, rng=site.rng)
    if row.state == "assigning" and dice < 0.8:
        return site.write(missions.accepted, mission=row.id, now=now)
    if dice < 0.08:
        site.write(missions.silent, robot="agv-1", now=now)
        return day.maybe(0.5) and site.write(missions.came_back, robot="agv-1", now=now)
    if dice < 0.14:
        return site.write(missions.quarantine, mission=row.id, why="robot.silent", now=now)
    if dice < 0.20:
        return site.write(missions.start_void, mission=row.id, why="robot.silent", now=now)
    if dice < 0.28:
        return site.write(missions.settle_failed, mission=row.id, error=2, now=now, rng=site.rng)
    done = site.write(missions.settle_done, mission=row.id, now=now)
    assert not site.write(missions.settle_done, mission=row.id, now=now), "settled twice"
    return done


# Counts


def cycle_counts(day: Day) -> Any:
    """The day's counts are chosen; or a lead asks for one."""
    site = day.site
    if day.maybe(0.5):
        return site.write(chosen.open_today, limit=3, today=site.today, now=site.now)
    place = str(day.some(select(stock.c.place).join(places, places.c.code == stock.c.place).where(
        places.c.kind == "bin", stock.c.qty > 0
    ), "A-01"))  # fmt: skip
    return site.write(counting.open_all, [place], kind="cycle", key=site.key("count"), now=site.now)


def rfid_sweep(day: Day) -> Any:
    """A reader is walked past a shelf with tagged goods; it sees most of the tags."""
    site = day.site
    shirt = select(items.c.id).where(items.c.sku == "SHIRT").scalar_subquery()
    rows = site.rows(select(stock.c.place, stock.c.qty).where(
        stock.c.item_id == shirt, stock.c.qty > 0
    ))  # fmt: skip
    if not rows:
        return 0
    row = day.chance.choice(rows)
    seen = row.qty if day.maybe(0.6) else day.chance.randint(0, row.qty)
    site.write(_forget_reads)
    for number in range(seen):
        epc = sgtin96(SHIRT, 10**8 + number, prefix_digits=7)
        read = {"device": "wand", "epc": epc, "first_ms": site.now, "last_ms": site.now,
                "count": 1, "rssi": -40}  # fmt: skip
        site.add(tag_reads, read)
    return site.write(
        sweep.sweep, place=row.place, device="wand", since_ms=site.now - 1_000,
        key=site.key("sweep"), actor="person:5", now=site.now, today=site.today,
    )  # fmt: skip


def _forget_reads(tx: Tx) -> None:
    tx.execute(tag_reads.delete().where(tag_reads.c.device == "wand"))


def stocktake(day: Day) -> Any:
    """A zone or an owner's goods are frozen; or the owner signs what two people have counted."""
    site = day.site
    running = stocktakes_table.c.state.in_(("frozen", "counted"))
    code = str(day.some(select(stocktakes_table.c.code).where(running)))
    if not code:
        scope = {"zone": "R"} if day.maybe(0.8) else {"owner": "cedar"}
        return day.maybe(0.3) and site.write(stocktakes.start, now=site.now, **scope)
    done = site.write(
        stocktaking.sign, code, by="The owner", actor="person:5", key=code, now=site.now,
        today=site.today,
    )  # fmt: skip
    day.tally["stocktake signed"] += 1
    assert_refused(day, code)
    return done


def assert_refused(day: Day, code: str) -> None:
    """Nobody signs twice."""
    site = day.site
    try:
        site.write(stocktaking.sign, code, by="Again", actor="x", key=f"{code}:2", now=site.now,
                   today=site.today)  # fmt: skip
    except Rejected as refusal:
        assert refusal.code is Code.STOCKTAKE_OVER
    else:
        raise AssertionError("a stocktake was signed twice")


def count_again(day: Day) -> Any:
    running = stocktakes_table.c.state.in_(("frozen", "counted"))
    code = str(day.some(select(stocktakes_table.c.code).where(running)))
    place = f"RS-{day.chance.randint(1, 4)}"
    return code and day.site.write(stocktakes.recount, code, place)


def recalled(day: Day) -> Any:
    """An owner holds a lot, wherever it lies; or it is sound after all."""
    site = day.site
    lot = day.chance.choice(("L1", "L2", "L3"))
    named = recall.LotNamed(owner="acme", sku="FOOD", lot=lot)
    held = site.scalar(
        select(lots.c.held).join(items, items.c.id == lots.c.item_id)
        .where(items.c.sku == "FOOD", lots.c.lot == lot)
    )  # fmt: skip
    if held is None or (not held and day.maybe(0.7)):
        return 0
    if held:
        return site.write(recall.release, named, today=site.today, now=site.now)
    return site.write(recall.hold, named, key=site.key("recall"), today=site.today, now=site.now)


# Sets, reserves, the bill, and what workers of the server do


def work(day: Day) -> Any:
    """A work order comes in, is released, or is given up."""
    site, dice = day.site, day.chance.random()
    if dice < 0.5:
        kind = day.chance.choice(MADE)
        sku = "LOOSE" if kind == "relabel" else "SET"
        wanted = NewWork(owner="acme", external_id=site.key("work"), kind=kind, sku=sku,
                         qty=day.chance.randint(1, 4))  # fmt: skip
        made = site.write(jobs.create, wanted, now=site.now)
        assert not site.write(jobs.create, wanted, now=site.now).new
        return site.write(jobs.release, made.work_id, today=site.today, now=site.now)
    state = ("open",) if dice < 0.9 else ("open", "released", "working")
    number = int(day.some(select(work_table.c.id).where(work_table.c.state.in_(state)), 0))
    if not number:
        return 0
    if dice < 0.9:
        return site.write(jobs.release, number, today=site.today, now=site.now)
    return site.write(jobs.cancel, number, now=site.now)


def refill(day: Day) -> Any:
    """The replenisher looks at faces and at what waits."""
    site = day.site
    today, todo = site.read(replenisher.look, now=site.now)
    if todo.hurry:
        site.write(refills.hurry, todo.hurry)
    return [site.write(refills.open_refill, one, today=today, now=site.now) for one in todo.refills]


def bill(day: Day) -> Any:
    """The bill counts every piece that came in and was picked once, as the ledger has it."""
    site = day.site
    span = billing.month("2026-11", TOKYO)
    billed = Counter({
        (one.owner, one.activity): one.qty for one in site.read(billing.bill, span, now=site.now)
        if one.unit == "pieces" and one.activity in ("receipts", "picks")
    })  # fmt: skip
    begin, end = span.between
    booked: Counter[tuple[str, str]] = Counter()
    query = select(moves_table, items.c.owner).join(items, items.c.id == moves_table.c.item_id)
    for row in site.rows(query.where(moves_table.c.at_ms >= begin, moves_table.c.at_ms < end)):
        if row.reason == "opening":
            continue
        booked[row.owner, "receipts"] += row.qty * (
            (row.source == "@supplier") - (row.target == "@supplier")
        )
        booked[row.owner, "picks"] += row.qty * ((row.reason == "pick") - (row.reason == "undo"))
    assert +billed == +booked, (billed, booked)
    return billed


def seal(day: Day) -> Any:
    return day.site.write(seals.seal)


def tell(day: Day) -> Any:
    return day.site.write(outbox.collect, now=day.site.now)


def time_passes(day: Day) -> Any:
    """Half an hour, two, or the night; the next pickups stand ready."""
    day.site.now += day.chance.choices(LATER_MS, (6, 3, 3))[0]
    day.shown.clear()
    return day.site.write(pickups.ensure, now=day.site.now, zone=TOKYO) or True


def tidy(day: Day) -> Any:
    """Somebody brings empty totes and cages back to where they are taken from."""
    site = day.site
    in_use = (
        select(tour_totes.c.tote)
        .join(tours, tours.c.id == tour_totes.c.tour_id)
        .where(tours.c.state.in_(("open", "claimed")), tour_totes.c.tote.is_not(None))
    )
    full = select(stock.c.place).where(stock.c.qty > 0)
    wanted = select(tasks.c.ref).where(tasks.c.state.in_(("open", "claimed")))
    flying = select(missions_table.c.container).where(missions_table.c.settled_ms.is_(None))
    empty = select(places.c.code, places.c.parent).where(
        places.c.code.like("T-0%") | places.c.code.like("T-1%") | places.c.code.like("T-2%"),
        places.c.parent != "TOTES", places.c.code.not_in(in_use), places.c.code.not_in(full),
        places.c.code.not_in(flying),
    )  # fmt: skip
    busy = {row.ref for row in site.rows(wanted)}
    rows = [row for row in site.rows(empty) if f"tote:{row.code}" not in busy][:6]
    for row in rows:
        site.write(
            ledger.relocate, key=site.key("tidy"), container=row.code, source=row.parent,
            target="TOTES", actor="person:2", now=site.now,
        )  # fmt: skip
    return rows
