"""The floor of `ledger_world`: its places and goods, and the commands that it is made of."""

from typing import Any

from sqlalchemy import insert, select

from wms.audit import audit, auditor
from wms.db import Tx
from wms.orders import lifecycle
from wms.orders.new import Recipient
from wms.promises import allocation
from wms.schema import (
    allocations,
    items,
    lots,
    manifests,
    order_lines,
    owners,
    services,
    shops,
    tracking_ranges,
    waves,
)
from wms.schema import orders as orders_table
from wms.schema import parcels as parcels_table
from wms.schema import places as places_table
from wms.schema import stock as balances
from wms.shipping import parcels
from wms.storage import places

NOON = 1_795_316_400_000  # 2026-11-22 12:00 in Tokyo
TODAY = "2026-11-22"
PEN, FOOD, RADIO = 1, 2, 3
SKUS = {PEN: "PEN", FOOD: "FOOD", RADIO: "RADIO"}
LOTS = {PEN: ("",), FOOD: ("old", "new", "gone"), RADIO: ("",)}
EXPIRIES = {"": "", "old": "2026-12-01", "new": "2027-06-01", "gone": "2026-11-01"}
SERIALS = ("S1", "S2", "S3")
BINS, TOTES, SPOTS = ("A-1", "A-2", "B-1"), ("T-1", "T-2", "T-3"), ("DOCK", "BENCH")
CARTS = ("C-1", "C-2")
CONTAINERS = (*TOTES, *CARTS)
STANDS = (*SPOTS, *CARTS, *TOTES)
CONDITIONS = ("available", "damaged", "quarantine")
ACTOR = "test"
SOMEONE = Recipient(
    name="山田 花子", postal="100-0005", address="東京都千代田区丸の内1-9-1", phone="03-1234-5678"
)

LIVE = (
    select(allocations, order_lines.c.order_id)
    .outerjoin(order_lines, order_lines.c.id == allocations.c.line_id)
    .where(allocations.c.state.in_(("open", "picked")))
)


def furnish(tx: Tx) -> None:
    places.ensure_outside(tx)
    tx.execute(insert(owners).values(code="acme", name="Acme"))
    tx.execute(insert(shops).values(code="acme-shop", owner="acme"))
    tx.execute(insert(services).values(code="yamato", carrier="yamato", format="mod7-12"))
    tx.execute(insert(tracking_ranges).values(owner="acme", carrier="yamato", next=1, last=9_999))
    for item, sku in SKUS.items():
        tx.execute(insert(items).values(id=item, owner="acme", sku=sku, name=sku))
        tx.execute(insert(lots), [
            {"item_id": item, "lot": lot, "expiry": EXPIRIES[lot]} for lot in LOTS[item]
        ])  # fmt: skip
    kinds = {**dict.fromkeys(BINS, "bin"), "DOCK": "dock", "BENCH": "station"}
    tx.execute(insert(places_table), [{"code": code, "kind": kind} for code, kind in kinds.items()])
    kinds = {**dict.fromkeys(TOTES, "tote"), **dict.fromkeys(CARTS, "cart")}
    tx.execute(insert(places_table), [
        {"code": code, "kind": kind, "parent": "DOCK"} for code, kind in kinds.items()
    ])  # fmt: skip


def allocate_wave(tx: Tx, order_ids: list[int], now: int) -> list[int]:
    """As a wave is released: whole orders, one-piece orders to the wave's total. Returns whose."""
    wave = tx.execute(
        insert(waves).values(carrier="yamato", pickup_ms=now, created_ms=now).returning(waves.c.id)
    ).scalar_one()
    one_piece = select(orders_table.c.id).where(
        orders_table.c.id.in_(order_ids), orders_table.c.one_piece == 1
    )
    missing = allocation.allocate(
        tx, order_ids, wave=wave, totals=frozenset(tx.scalars(one_piece)), today=TODAY, now=now
    )  # fmt: skip
    going = sorted(set(order_ids) - {one.order for one in missing})
    lifecycle.set_state(tx, going, "released", now=now)
    tx.execute(orders_table.update().where(orders_table.c.id.in_(going)).values(wave_id=wave))
    return going


def unserved(tx: Tx, number: int) -> Any:
    """A one-piece order of the allocation's wave and item that has no unit yet."""
    whole = tx.execute(select(allocations).where(allocations.c.id == number)).one()
    served = select(allocations.c.line_id).where(
        allocations.c.line_id.is_not(None), allocations.c.state != "released"
    )
    query = (
        select(order_lines.c.id.label("line"), order_lines.c.order_id)
        .join(orders_table, orders_table.c.id == order_lines.c.order_id)
        .where(orders_table.c.wave_id == whole.wave_id, orders_table.c.one_piece == 1)
        .where(order_lines.c.item_id == whole.item_id, order_lines.c.id.not_in(served))
        .order_by(order_lines.c.id)
    )
    return tx.execute(query).first()


def code_of(tx: Tx, parcel: int) -> str:
    return str(tx.scalar(select(parcels_table.c.code).where(parcels_table.c.id == parcel)))


def verify(tx: Tx, parcel: int, now: int) -> None:
    tracking = tx.scalar(select(parcels_table.c.tracking).where(parcels_table.c.id == parcel))
    parcels.verify(tx, parcel=parcel, tracking=str(tracking), now=now)


def hand_over(tx: Tx, parcel: int, key: str, now: int) -> None:
    manifest = tx.execute(
        insert(manifests)
        .values(code=key, carrier="yamato", pickup_ms=now)
        .returning(manifests.c.id)
    ).scalar_one()
    parcels.load(tx, parcel=parcel, manifest=manifest, now=now)
    parcels.close_out(tx, manifest=manifest, key=key, actor=ACTOR, now=now)


def look(tx: Tx) -> tuple[Any, Any, list[Any], dict[str, str]]:
    stands = select(places_table.c.code, places_table.c.parent).where(
        places_table.c.code.in_(CONTAINERS)
    )
    return (
        audit(tx), auditor.replay(tx), list(tx.execute(select(balances))),
        {row.code: row.parent for row in tx.execute(stands)},
    )  # fmt: skip
