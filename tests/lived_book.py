"""A book in which everything has happened once: what the audit looks at is there to be spoiled."""

from random import Random

from sqlalchemy import insert, select, update

from sync import outbox
from tests.counted_book import counted
from tests.ledger_site import ACTOR, FOOD, NOON, PEN, RADIO, SOMEONE
from tests.ledger_world import World
from tests.lived_returns import came_back
from wms import stock, tasks
from wms.db import Tx
from wms.inbound import deliveries as inbound
from wms.inbound import receiving
from wms.orders import lifecycle
from wms.orders.new import NewLine, NewOrder
from wms.promises import allocation
from wms.record import commands, seals
from wms.robots import missions, roster
from wms.rooms import gaps as gap_book
from wms.schema import (
    deliveries,
    devices,
    owners,
    parcels,
    print_jobs,
    requests,
    scans,
    tag_reads,
    terminals,
    versions,
)
from wms.schema import places as places_table
from wms.site import tags
from wms.stock import Key
from wms.storage import handling

TOTE, OTHER = "T-2", "T-3"  # carried by robots


def live(world: World) -> None:
    """Let things happen. Orders 1 to 6, parcels 1 and 2, jobs a, b and c; clean at the end."""
    _goods(world)
    _shipped_order(world)
    _orders_under_way(world)
    world.relocate("T-1", "DOCK", "BENCH")
    world.relocate("T-1", "BENCH", "DOCK")
    world.book.write_now(_put_away)
    world.book.write_now(_replenishment)
    world.book.write_now(_deliveries)
    world.book.write_now(counted)
    world.book.write_now(_robots)
    world.book.write_now(_carried_by_hand)
    world.book.write_now(_inputs)
    world.book.write_now(_tags)
    world.book.write_now(_cancelled_before_it_came)
    world.book.write_now(came_back)
    world.book.write_now(_listen)
    world.book.write_now(_deliver)
    while world.book.write_now(seals.seal):
        pass


def _goods(world: World) -> None:
    world.receive("A-1", PEN, "", "", 20)
    world.receive("A-2", PEN, "", "", 5)
    world.receive("DOCK", PEN, "", "", 2)
    world.carry(Key("DOCK", PEN, "", "available", ""), "A-1", 2)
    world.receive("A-2", FOOD, "old", "", 6)
    world.receive("A-2", FOOD, "new", "", 6)
    world.receive("B-1", RADIO, "", "S1", 1)
    world.receive("A-2", RADIO, "", "S2", 1)
    world.regrade(Key("A-1", PEN, "", "available", ""), "damaged", 1)


def _shipped_order(world: World) -> None:
    """Order 1, parcel 1: all the way to the customer."""
    world.order((PEN, 2), (FOOD, 1))
    world.allocate()
    for number in sorted(world.held):
        world.pick(number, world.held[number].qty, "T-1")
    world.pack(1)
    for _ in range(3):
        world.send(1)
    world.book.write_now(_count_copy, 1)


def _count_copy(tx: Tx, parcel: int) -> None:
    tx.execute(insert(print_jobs).values(
        key=f"label:{parcel}:1", station="PACK-1", template="shipping", parcel_id=parcel,
        created_ms=NOON, state="confirmed",
    ))  # fmt: skip
    tx.execute(update(parcels).where(parcels.c.id == parcel).values(copies=1))


def _orders_under_way(world: World) -> None:
    """Order 2 is half picked, 3 and 4 share a total, 5 is half packed and labelled, 6 waits."""
    world.order((PEN, 3))
    world.order((PEN, 1))
    world.order((PEN, 1))
    world.order((FOOD, 2))
    world.allocate()
    promised = {one.order: number for number, one in world.held.items()}
    world.pick(promised[2], 2, "T-1")
    world.pick(promised[5], 1, "T-1")
    world.pack(5)
    world.send(2)
    world.order((RADIO, 2))


def _put_away(tx: Tx) -> None:
    """Two pens go from the dock to where a radio lies."""
    arrived = stock.Move(key="receive-two", item=PEN, qty=2, source="@supplier", target="DOCK")
    stock.move(tx, arrived, actor=ACTOR, now=NOON)
    handling.carry(
        tx, takes={Key("DOCK", PEN, "", "available", ""): 2}, to="B-1",
        why=handling.Why(verb="putaway"), key="put-1", actor=ACTOR, now=NOON, today="2026-11-22",
    )  # fmt: skip


def _replenishment(tx: Tx) -> None:
    """Three pens of the dock are promised to a task; one of them is on its way."""
    task = tasks.open_task(tx, key="replenish:A-1", kind="replenish", now=NOON, place="A-1")
    assert task is not None
    pens = Key("DOCK", PEN, "", "quarantine", "")
    line = stock.Move(
        key="receive-pens", item=PEN, qty=3, source="@supplier", target="DOCK",
        condition="quarantine",
    )  # fmt: skip
    stock.move(tx, line, actor=ACTOR, now=NOON)
    (promised,) = allocation.reserve(tx, task=task, takes={pens: 3}, now=NOON)
    allocation.pick(tx, promised, qty=1, to="C-2", key="fetch-1", actor=ACTOR, now=NOON)


def _deliveries(tx: Tx) -> None:
    """One delivery was closed a box of food short, one is awaited."""
    lines = (inbound.NewInboundLine(sku="FOOD", qty=5, epcs=("e" * 24,)),)
    for name in ("ASN-1", "ASN-2"):
        row = inbound.NewInbound(
            owner="acme", external_id=name,
            lines=lines if name == "ASN-1" else (inbound.NewInboundLine(sku="PEN", qty=1),),
        )  # fmt: skip
        inbound.announce(tx, row, now=NOON)
    for number, qty in enumerate((3, 1)):  # the last one is wet
        what = receiving.Receipt(
            inbound=1, item=FOOD, qty=qty, place="C-1", lot="in", expiry="2027-12-31",
            condition="damaged" if number else "available", why="wet" if number else "",
        )  # fmt: skip
        receiving.receive(tx, what, key=f"asn-{number}", actor=ACTOR, today="2026-11-22", now=NOON)
    inbound.close(tx, 1, now=NOON, reason="supplier_short")


def _robots(tx: Tx) -> None:
    """Job a was delivered, b is under way, c waits."""
    for code, station in (("DOCK", 1), ("BENCH", 2)):
        here = places_table.c.code == code
        tx.execute(update(places_table).where(here).values(robot_station=station))
    for code, kind in (("R-1", "robot"), ("Q-1", "buffer")):
        tx.execute(insert(places_table).values(code=code, kind=kind))
    tx.execute(insert(devices).values(
        name="agv-1", driver="grh1", since_ms=NOON, fence=1, holder="77"
    ))  # fmt: skip
    roster.enrol(tx, robot="agv-1", place="R-1", quarantine="Q-1")
    roster.take_over(tx, robot="agv-1", fence=5, was=0)
    rng = Random(1)
    for n, (job, container) in enumerate((("a", TOTE), ("b", OTHER), ("c", "C-1"))):
        missions.request(
            tx, job=job, container=container, source="DOCK", target="BENCH", now=NOON + n, rng=rng
        )  # fmt: skip
    for seq, done in ((1, True), (2, False)):
        roster.use_seq(tx, robot="agv-1", fence=5, seq=seq)
        given = missions.assign(tx, robot="agv-1", fence=5, seq=seq, boot_id=1, now=NOON)
        assert given is not None
        missions.accepted(tx, mission=given.id, now=NOON)
        if done:
            missions.settle_done(tx, mission=given.id, now=NOON)


def _carried_by_hand(tx: Tx) -> None:
    for key, source, target in (("hand-1", "BENCH", "DOCK"), ("hand-2", "DOCK", "BENCH")):
        stock.relocate(
            tx, key=key, container=TOTE, source=source, target=target, actor=ACTOR, now=NOON
        )  # fmt: skip


def _inputs(tx: Tx) -> None:
    tx.execute(insert(terminals).values(id="HT-1", token_hash="x", seen_ms=NOON))
    for scan in ("s1", "s2"):
        tx.execute(insert(scans).values(
            terminal_id="HT-1", scan_id=scan, via="scan", fate="applied", at_ms=NOON
        ))  # fmt: skip
        commands.record(
            tx, actor="person:1", device="HT-1", permission="pick", name="scan",
            key=f"HT-1:{scan}", now=NOON,
        )  # fmt: skip
    commands.record(tx, actor="cli", device="cli", permission="admin", name="import", now=NOON)
    tasks.open_task(tx, key="count:1", kind="count", now=NOON)
    tx.execute(insert(requests).values(
        scope="api:shop", key="r1", body_hash="x", status=201, at_ms=NOON
    ))  # fmt: skip


def _tags(tx: Tx) -> None:
    """A label's tag was written, another is perhaps; one came in by a gate that is away now."""
    tx.execute(update(owners).where(owners.c.code == "acme").values(company_prefix="4901234"))
    for key, state in (("tag-1", "confirmed"), ("tag-2", "uncertain")):
        job = int(tx.execute(insert(print_jobs).values(
            key=key, station="BENCH", template="item", state=state, created_ms=NOON,
        ).returning(print_jobs.c.id)).scalar_one())  # fmt: skip
        epc = tags.make(tx, item=PEN, gtin="4901234567894", job=job, now=NOON)
        tags.labels_are(tx, jobs=(job,), state=state, now=NOON)
        tx.execute(insert(tag_reads).values(
            device="agv-1", epc=epc, first_ms=NOON, last_ms=NOON,
            way="in" if key == "tag-1" else "by", passed_ms=NOON if key == "tag-1" else 0,
        ))  # fmt: skip
    for reason in ("first", "again"):
        gap_book.end(tx, device="agv-1", now=NOON)
        gap_book.begin(tx, device="agv-1", from_ms=NOON, reason=reason)


def _cancelled_before_it_came(tx: Tx) -> None:
    tx.execute(insert(versions).values(owner="acme", external_id="early", version=2, cancelled=1))
    order = NewOrder(
        owner="acme", shop="acme-shop", external_id="early", service="yamato", recipient=SOMEONE,
        lines=(NewLine(sku="PEN", qty=1),),
    )  # fmt: skip
    assert lifecycle.accept(tx, order, now=NOON).state == "cancelled"


def _listen(tx: Tx) -> None:
    outbox.configure(tx, [outbox.Endpoint(name="oms", url="https://oms.test", secret="env:OMS")])


def _deliver(tx: Tx) -> None:
    """What was told by now waits for the OMS; the first two webhooks of order 1 arrived."""
    while outbox.collect(tx, now=NOON):
        pass
    first = select(deliveries.c.id).where(deliveries.c.aggregate == "order:1").order_by("id")
    for delivery in list(tx.scalars(first.limit(2))):
        sent = {"state": "delivered", "attempts": 1, "done_ms": NOON}
        tx.execute(update(deliveries).where(deliveries.c.id == delivery).values(sent))
