"""Dock doors that read tags: what goes out through one must be on the truck in front of it.

Reading moves nothing. A tag says which box or cage it is: its own (of a place), or that of goods
whose box was packed while the bench's reader saw them. Then the box must be loaded; if it is not,
somebody is told at the door why it must not leave, until it is loaded or came back in.
"""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, and_, func, or_, select

from wms.db import Tx
from wms.errors import Code, Rejected
from wms.schema import (
    barcodes,
    manifests,
    order_lines,
    parcel_lines,
    parcels,
    places,
    stations,
    tag_reads,
)
from wms.shipping import loading
from wms.site.epc import gtin_of
from wms.site.items import CHUNK

ALARM_MS = 600_000  # so long a door remembers what went out
PACKED_MS = 60_000  # a tag that was read shortly before its box was closed lies in it
RED = "red"


def alarms(tx: Tx, *, reader: str, manifest: int, now: int) -> tuple[Rejected, ...]:
    """Why boxes that went out past *reader* should not have: not loaded, on another truck than
    *manifest* (0: on any open one is well), stopped... Each says which box; () when all is well."""
    out = (tag_reads.c.device == reader) & (tag_reads.c.way == "out")
    query = select(tag_reads.c.epc).where(out, tag_reads.c.passed_ms >= now - ALARM_MS)
    epcs = sorted(tx.scalars(query))
    if not epcs:
        return ()
    numbers = sorted(_by_container(tx, epcs) | _by_goods(tx, epcs))
    trucks = manifests.c.id == manifest if manifest else manifests.c.state == "open"
    rows = tx.execute(select(manifests).where(trucks).order_by(manifests.c.id)).all()
    to = [(row, loading.day_of(tx, row)) for row in rows]  # as many as carriers come
    found = []
    for start in range(0, len(numbers), CHUNK):
        chosen = loading.chosen().where(parcels.c.id.in_(numbers[start : start + CHUNK]))
        for row in tx.execute(chosen.order_by(parcels.c.id)):
            found += [why for why in (_why(row, to),) if why is not None]
    return tuple(found)


def _why(row: Row[Any], to: Sequence[tuple[Row[Any], str]]) -> Rejected | None:
    """Why a box must not leave with the trucks *to*, each with its day. Pure."""
    on_board = any(row.manifest_id == truck.id for truck, _ in to)
    if row.state == "shipped" or (row.state == "loaded" and on_board):
        return None
    fitting = [one for one in to if one[0].carrier == row.carrier] or list(to)
    why = loading.refusal(row, *fitting[0]) if fitting else None
    return why or Rejected(Code.DOOR_NOT_LOADED, parcel=row.code)


def _by_container(tx: Tx, epcs: Collection[str]) -> set[int]:
    """Boxes that have such a tag themselves, or ride in a cage that has."""
    box, cage = places.alias("box"), places.alias("cage")
    found: set[int] = set()
    for start in range(0, len(epcs), CHUNK):
        some = list(epcs)[start : start + CHUNK]
        query = (
            select(parcels.c.id)
            .join(box, box.c.code == parcels.c.code)
            .outerjoin(cage, cage.c.code == box.c.parent)
            .where(or_(box.c.epc.in_(some), cage.c.epc.in_(some)), parcels.c.state != "shipped")
        )
        found.update(tx.scalars(query))
    return found


def _by_goods(tx: Tx, epcs: Collection[str]) -> set[int]:
    """Boxes that were packed while their bench's reader saw such tags, of goods in them."""
    at_bench = tag_reads.alias("at_bench")
    packed = and_(
        at_bench.c.first_ms <= func.coalesce(parcels.c.verified_ms, parcels.c.created_ms),
        at_bench.c.last_ms >= parcels.c.created_ms - PACKED_MS,
    )
    found: set[int] = set()
    for start in range(0, len(epcs), CHUNK):
        query = (
            select(parcels.c.id, at_bench.c.epc, barcodes.c.code)
            .join(stations, stations.c.code == parcels.c.station)
            .join(at_bench, and_(at_bench.c.device == stations.c.reader, packed))
            .join(parcel_lines, parcel_lines.c.parcel_id == parcels.c.id)
            .join(order_lines, order_lines.c.id == parcel_lines.c.line_id)
            .join(barcodes, barcodes.c.item_id == order_lines.c.item_id)
            .where(stations.c.reader != "", parcels.c.state != "shipped")
            .where(at_bench.c.epc.in_(list(epcs)[start : start + CHUNK]))
        )
        found.update(row.id for row in tx.execute(query) if gtin_of(row.epc) == row.code)
    return found


def lights(tx: Tx, now: int) -> list[tuple[str, int, str]]:
    """Device, channel and colour of each door's light: red while something left that should not."""
    query = select(stations).where(stations.c.light != "", stations.c.reader != "")
    found = []
    for row in tx.execute(query.order_by(stations.c.code)).all():  # as many as there are doors
        device, _, channel = row.light.partition(":")
        stop = alarms(tx, reader=row.reader, manifest=0, now=now)
        found.append((device, int(channel or 0), RED if stop else ""))
    return found
