"""The tables of revision 0001: a copy of `wms.schema` that stays as it is.

Until the first release the copy follows `wms.schema` (`python -m tests.copy_schema`); after it,
whatever changes there becomes a migration of its own.
"""

from wms.migrations.first.base import metadata
from wms.migrations.first.counts import count_lines, counts, stocktakes
from wms.migrations.first.goods import (
    barcodes,
    boxes,
    item_weights,
    items,
    kit_lines,
    lots,
    meta,
    moves,
    owners,
    pick_faces,
    places,
    shops,
    stock,
)
from wms.migrations.first.inbound import inbound_lines, inbound_units, inbounds
from wms.migrations.first.jobs import work_materials, work_orders, work_spans
from wms.migrations.first.orders import (
    allocations,
    documents,
    holidays,
    insert_rules,
    label_modes,
    manifests,
    order_lines,
    orders,
    parcel_lines,
    parcels,
    pickups,
    service_upgrades,
    services,
    slips,
    tracking_ranges,
    transit,
    waves,
)
from wms.migrations.first.people import (
    api_tokens,
    approvals,
    people,
    person_roles,
    roles,
    scans,
    sessions,
    terminals,
)
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
from wms.migrations.first.returns import photos, return_lines, return_rules, return_units, returns
from wms.migrations.first.work import (
    conveyor_zones,
    device_facts,
    device_gaps,
    devices,
    missions,
    print_jobs,
    robots,
    stations,
    stops,
    tag_reads,
    tags,
    tasks,
    tour_totes,
    tours,
    wall_slots,
)

__all__ = [
    "allocations", "api_tokens", "approvals", "barcodes", "boxes", "commands", "conveyor_zones",
    "count_lines", "counts", "cursors", "deliveries", "device_facts", "device_gaps", "devices",
    "documents", "endpoints",
    "event_seqs", "events", "holidays", "inbound_lines", "inbound_units", "inbounds",
    "insert_rules", "item_weights", "items", "kit_lines", "label_modes", "lots", "manifests",
    "meta", "metadata", "missions", "moves", "order_lines", "orders", "owners", "parcel_lines",
    "parcels", "people",
    "person_roles", "photos", "pick_faces", "pickups", "places", "print_jobs", "requests",
    "return_lines", "return_rules", "return_units", "returns", "robots", "roles", "scans", "seals",
    "service_upgrades", "services", "sessions", "shops", "slips", "stations", "stock",
    "stocktakes", "stops", "tag_reads", "tags", "tasks", "terminals", "tour_totes", "tours",
    "tracking_ranges", "transit", "versions", "wall_slots", "waves", "work_materials",
    "work_orders", "work_spans",
]  # fmt: skip
