"""The tables of revision 0001: a copy of `wms.schema` that stays as it is.

Until the first release the copy follows `wms.schema` (`python -m tests.copy_schema`); after it,
whatever changes there becomes a migration of its own.
"""

from wms.migrations.first.base import metadata
from wms.migrations.first.goods import (
    barcodes,
    boxes,
    items,
    lots,
    meta,
    moves,
    owners,
    places,
    shops,
    stock,
)
from wms.migrations.first.orders import (
    allocations,
    holidays,
    manifests,
    order_lines,
    orders,
    parcel_lines,
    parcels,
    pickups,
    services,
    slips,
    tracking_ranges,
    transit,
    waves,
)
from wms.migrations.first.people import api_tokens, people, scans, sessions, terminals
from wms.migrations.first.record import (
    commands,
    cursors,
    deliveries,
    endpoints,
    event_seqs,
    events,
    requests,
    seals,
    versions,
)
from wms.migrations.first.work import (
    device_facts,
    devices,
    missions,
    print_jobs,
    robots,
    stations,
    stops,
    tag_reads,
    tasks,
    tour_totes,
    tours,
)

__all__ = [
    "allocations", "api_tokens", "barcodes", "boxes", "commands", "cursors", "deliveries",
    "device_facts", "devices", "endpoints", "event_seqs", "events", "holidays", "items", "lots",
    "manifests", "meta", "metadata", "missions", "moves", "order_lines", "orders", "owners",
    "parcel_lines", "parcels", "people", "pickups", "places", "print_jobs", "requests", "robots",
    "scans", "seals", "services", "sessions", "shops", "slips", "stations", "stock", "stops",
    "tag_reads", "tasks", "terminals", "tour_totes", "tours", "tracking_ranges", "transit",
    "versions", "waves",
]  # fmt: skip
