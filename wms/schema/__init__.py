"""The whole data model. Tables are data; behaviour lives elsewhere."""

from wms.schema.base import metadata
from wms.schema.counts import count_lines, counts, stocktakes
from wms.schema.goods import (
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
from wms.schema.inbound import inbound_lines, inbound_units, inbounds
from wms.schema.jobs import work_materials, work_orders, work_spans
from wms.schema.orders import (
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
from wms.schema.people import (
    api_tokens,
    approvals,
    people,
    person_roles,
    roles,
    scans,
    sessions,
    terminals,
)
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
from wms.schema.returns import photos, return_lines, return_rules, return_units, returns
from wms.schema.work import (
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
