"""The whole data model. Tables are data; behaviour lives elsewhere."""

from wms.schema.base import metadata
from wms.schema.goods import (
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
from wms.schema.orders import (
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
from wms.schema.people import api_tokens, people, scans, sessions, terminals
from wms.schema.record import (
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
from wms.schema.work import (
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
