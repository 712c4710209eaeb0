"""What the world can testify, and what in it is not done yet: plain figures, as JSON takes them."""

from collections.abc import Mapping
from typing import Any

from app.demo.bots import Bot
from app.demo.flows import Flows
from app.demo.oms import Oms
from app.demo.physical import World
from app.demo.site import Site

# A shift is over when these have nothing left to do.
IDLE_LAST = ("task", "count", "replenish", "work")
IDLE_TURNS = 5


def tally_of(
    *, oms: Oms, world: World, site: Site, flows: Flows | None,
    labels: dict[str, list[list[str]]], deliveries: dict[str, list[list[Any]]],
) -> dict[str, Any]:  # fmt: skip
    """The shops' inbox, the printers' trays, the robots' own logs, boxes, shelves and pallets."""
    return {
        "posted": oms.posted, "inbox": oms.inbox, "heard": dict(oms.heard),
        "forged": oms.forged, "webhook_deliveries": oms.deliveries,
        "webhook_failures": oms.failures, "labels": labels, "deliveries": deliveries,
        "boxes": world.packed(), "shelves": world.left(), "flows": dict(world.flows),
        "pieces": [[*key, qty] for key, qty in sorted(world.pieces.items())],
        "places": world.lying(), "emptied": {
            place: [(sku, lot, qty) for (sku, lot), qty in site.shelves[place].items()]
            for place in sorted(world.emptied)
        },
        "broken": sum(units.total() for units in world.broken.values()),
        "cancelled": sorted(flows.cancelled) if flows else [],
        "answers": dict(flows.answers) if flows else {},
        "stocktake": flows.stocktake if flows else "",
        "exchanged": flows.exchanges_sent() if flows else 0,
    }  # fmt: skip


def busy(flows: Flows | None, world: World, bots: Mapping[str, Bot]) -> list[str]:
    """What of a shift is not done yet, by the names of those who wait or work."""
    if flows is None:
        return []
    trucks = [truck.external_id for truck in world.trucks if not truck.done]
    standing = [
        pallet for truck in world.trucks for pallet in truck.pallets
        if world.where.get(pallet) == truck.dock and world.totes[pallet].total()
    ]  # fmt: skip
    active = [
        name for name, bot in bots.items()
        if bot.worker.role in IDLE_LAST and bot.idle < IDLE_TURNS
    ]  # fmt: skip
    boxes = [back.parcel for back in world.back if not back.done]
    returning = flows.returning > 0
    waits = (
        ("returns", returning and not flows.sent_back),
        ("exchanges", returning and flows.exchanges_left() > 0),
    )
    return [
        *trucks, *standing, *boxes, *(name for name, true in waits if true),
        *sorted(flows.waiting), *active,
    ]  # fmt: skip
