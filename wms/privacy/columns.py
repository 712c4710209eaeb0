"""Which columns tell of people, and by which rule each forgets. A test knows every column.

Numbers, and references to other rows, are plain by nature. Every other column stands here, either
under the rule by which `wms.privacy.forgetting` empties it, or among those that never hold personal
data.
"""

from typing import Literal

Rule = Literal["order", "return", "label", "photo", "journal", "session", "call", "person", "stays"]

# `order`: masked with its order; `return`: emptied with its return; `label`: when a job is over;
# `photo`, `journal`, `session`, `call` (for help): after the site's days; `person`: when somebody
# who has left is erased. `stays`: what a business says of itself, as its papers show it.
PERSONAL: dict[str, dict[str, Rule]] = {
    "orders": dict.fromkeys(("customer", "recipient", "gift", "notes", "state_reason"), "order"),
    "order_lines": {"note": "order"},
    "documents": {"pdf": "order", "bill": "order"},
    "events": {"body": "order"},  # what somebody wrote as the reason of a hold or a cancel
    "returns": {"reason": "return"},
    "return_units": {"note": "return"},
    "print_jobs": {"data": "label", "payload": "label", "reason": "label"},
    "photos": {"image": "photo"},
    "scans": {"text": "journal", "answer": "journal"},
    "device_facts": {"text": "journal"},
    "sessions": dict.fromkeys(("state", "message", "last_text", "moved"), "session"),
    "tasks": {"body": "call"},
    "people": {"code": "person", "name": "person", "pin_hash": "person"},
    "shops": dict.fromkeys(
        ("sender_name", "sender_postal", "sender_address", "sender_phone", "slip_message",
         "contact", "registration"), "stays"),
    "inbounds": {"supplier": "stays", "notes": "stays"},
    "stocktakes": {"signed_by": "stays"},
    "owners": {"name": "stays"},
}  # fmt: skip

PLAIN: dict[str, str] = {
    "allocations": "condition serial state override",
    "api_tokens": "name token_hash scopes owner",
    "approvals": "key verb ref reason",
    "barcodes": "code",
    "boxes": "code name services",
    "commands": "actor device permission name key body",
    "conveyor_zones": "device zone state trouble day",
    "count_lines": "lot condition serial",
    "counts": "kind state reason expected",
    "cursors": "name",
    "deliveries": "aggregate webhook_id state last_error",
    "device_facts": "device kind",
    "device_gaps": "device reason",
    "devices": "name driver health reason holder",
    "documents": "kind code",
    "endpoints": "name url owner secret kinds",
    "event_seqs": "aggregate",
    "events": "kind aggregate owner",
    "holidays": "scope date",
    "inbound_lines": "lot expiry reason",
    "inbound_units": "kind code seen_by",
    "inbounds": "code external_id kind state expected_date dock body_hash",
    "insert_rules": "shop from_date until_date wish wish_words",
    "items": "sku name storage picture kind velocity",
    "label_modes": "mode",
    "lots": "lot expiry",
    "manifests": "code carrier state closed_by",
    "meta": "key value",
    "missions": "job state reason",
    "moves": "key lot condition serial promise reason actor ref",
    "order_lines": "kind",
    "orders": "external_id code state carrier delivery_date time_slot ship_date kind origin depot"
              " leave_at before_hold body_hash",
    "owners": "code label_mode order_cutoff company_prefix short_policy",
    "parcel_lines": "lot serial",
    "parcels": "code state station box carrier tracking ship_date",
    "people": "badge_hash permissions language",
    "person_roles": "owner",
    "photos": "key ref type",
    "pickups": "carrier at",
    "places": "code kind zone aisle check_digits blocked epc storage velocity mix",
    "print_jobs": "key station printer template format state",
    "requests": "scope key body_hash response",
    "return_lines": "serial",
    "return_rules": "grade disposition",
    "return_units": "key lot serial grade disposition condition place",
    "returns": "code external_id kind state decision place body_hash station",
    "robots": "device hold mode state waits wish",
    "roles": "code name permissions",
    "scans": "scan_id via fate code dialogue step",
    "seals": "kind hash",
    "services": "code carrier name format",
    "sessions": "dialogue",
    "shops": "code name slip_template card noshi notify",
    "slips": "carrier tracking state",
    "stations": "code kind printer slip_printer scale scanner reader light neighbour redirect",
    "stock": "condition serial",
    "stocktakes": "code owner zone state",
    "stops": "state",
    "tag_reads": "device epc way",
    "tags": "epc gtin serial state",
    "tasks": "key kind state place ref outcome",
    "terminals": "id token_hash station scanner state language",
    "tour_totes": "station state",
    "tours": "kind zone state cart drop_place wall",
    "tracking_ranges": "carrier",
    "transit": "carrier prefecture",
    "versions": "owner external_id",
    "wall_slots": "light colour shown",
    "waves": "carrier state",
    "work_orders": "code external_id kind state station origin",
}  # fmt: skip
