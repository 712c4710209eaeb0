"""Ways in which a book that has lived can be spoiled: SQL, and the one check that must see it.

`bare` names the tables whose constraints stand in the way: in a real book a wrong migration, a
hand-made repair or a broken disk would have passed them by.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Corruption:
    """What is done to the book, and the code of the check that reports it."""

    seen_by: str
    sql: tuple[str, ...]
    bare: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.seen_by.removeprefix("audit.")


def spoil(seen_by: str, *sql: str, bare: str = "") -> Corruption:
    return Corruption(f"audit.{seen_by}", sql, tuple(bare.split()))


LEDGER = [
    spoil("moves_whole", "UPDATE moves SET source = '@nobody' WHERE key = 'move-1'", bare="moves"),
    spoil("moves_whole", "UPDATE moves SET source = target WHERE key = 'hand-2'",
          "UPDATE moves SET target = source WHERE key = 'hand-1'", bare="moves"),
    spoil("regraded", "UPDATE moves SET source = '@supplier' WHERE source = '@regrade'"),
    spoil("fold", "UPDATE stock SET qty = qty + 1 WHERE place = 'A-1' AND item_id = 1"
          " AND condition = 'available'"),
    spoil("fold", "DELETE FROM stock WHERE serial = 'S1'"),
    spoil("fold", "INSERT INTO stock (place, item_id, lot, condition, serial, qty)"
          " VALUES ('A-2', 1, '', 'expired', '', 0)"),
    spoil("fold", "UPDATE moves SET qty = qty + 1 WHERE key = 'move-1'"),
    spoil("negative", "UPDATE stock SET qty = -2 WHERE place = 'DOCK' AND item_id = 1"
          " AND condition = 'available'",
          "UPDATE stock SET qty = qty + 2 WHERE place = 'A-2' AND item_id = 1"
          " AND condition = 'available'",
          "UPDATE moves SET target = 'A-2' WHERE key = 'move-3'", bare="stock"),
    spoil("promised_within",
          "UPDATE stock SET allocated = allocated + 100 WHERE place = 'A-1' AND item_id = 1"
          " AND condition = 'available'",
          "UPDATE allocations SET qty = qty + 100 WHERE line_id IS NULL AND place = 'A-1'",
          bare="stock"),
    spoil("promised", "UPDATE stock SET allocated = allocated + 1 WHERE place = 'A-2' AND qty > 5"),
    spoil("promised", "UPDATE allocations SET state = 'released' WHERE line_id IS NULL"),
    spoil("promised", "UPDATE allocations SET place = 'B-1' WHERE line_id IS NULL"),
    spoil("line_promised", "UPDATE order_lines SET qty = qty - 1 WHERE order_id = 2"),
    spoil("task_promised", "UPDATE tasks SET state = 'done' WHERE kind = 'replenish'"),
    spoil("serial", "UPDATE moves SET serial = 'S1' WHERE serial = 'S2'",
          "UPDATE stock SET serial = 'S1' WHERE serial = 'S2'", bare="stock"),
    spoil("tag", "UPDATE places SET epc = '3074257bf7194e4000001a85' WHERE kind = 'tote'"),
    spoil("cycle", "UPDATE places SET parent = 'C-2' WHERE code = 'C-1'",
          "UPDATE places SET parent = 'C-1' WHERE code = 'C-2'"),
    spoil("cycle", "UPDATE places SET parent = 'T-1' WHERE code = 'A-1'",
          "UPDATE places SET parent = 'A-1' WHERE code = 'DOCK'"),
    spoil("way", "UPDATE moves SET source = 'A-1' WHERE key = 'hand-2'"),
    spoil("stands", "UPDATE places SET parent = 'C-2' WHERE code = 'T-1'"),
    spoil("stands", "UPDATE places SET parent = NULL WHERE code = 'T-1'"),
    spoil("sound", "UPDATE lots SET held = 1 WHERE lot = 'old'"),
    spoil("sound", "UPDATE places SET kind = 'dock' WHERE code = 'A-1'"),
    spoil("expired", "UPDATE lots SET expiry = '2026-11-01' WHERE lot = 'old'"),
    spoil("expired", "UPDATE lots SET expiry = '2026-11-01' WHERE item_id = 1"),
    spoil("right_goods", "UPDATE order_lines SET item_id = 2 WHERE order_id = 2"),
]  # fmt: skip
WORK = [
    spoil("line_sums", "UPDATE order_lines SET cancelled = qty + 1 WHERE order_id = 6",
          bare="order_lines"),
    spoil("line_sums", "UPDATE order_lines SET cancelled = -1 WHERE order_id = 6",
          bare="order_lines"),
    spoil("line_parcels", "UPDATE order_lines SET shipped = 1 WHERE order_id = 5"),
    spoil("line_packed", "UPDATE allocations SET state = 'released' WHERE state = 'packed'"
          " AND item_id = 1"),
    spoil("finished", "UPDATE orders SET state = 'cancelled' WHERE id = 2"),
    spoil("shipped_whole", "UPDATE order_lines SET qty = qty + 1 WHERE order_id = 1"),
    spoil("tracking", "UPDATE parcels SET tracking = (SELECT tracking FROM parcels WHERE id = 1)"
          " WHERE id = 2", bare="parcels"),
    spoil("parcel_order", "UPDATE parcels SET order_id = 6 WHERE id = 2"),
    spoil("manifest", "UPDATE manifests SET state = 'open'"),
    spoil("manifest", "UPDATE parcels SET manifest_id = (SELECT id FROM manifests) WHERE id = 2"),
    spoil("manifest", "UPDATE manifests SET carrier = 'sagawa'"),
    spoil("box", "UPDATE parcel_lines SET lot = 'new' WHERE lot = 'old' AND parcel_id = 1"),
    spoil("box", "UPDATE moves SET target = '@lost' WHERE target = '@customer'"),
    spoil("shipped_once", "UPDATE events SET kind = 'order.held' WHERE kind = 'order.shipped'"),
    spoil("shipped_once", "UPDATE events SET kind = 'order.shipped' WHERE kind = 'order.accepted'"
          " AND aggregate = 'order:6'"),
    spoil("shipped_last", "UPDATE events SET seq = -seq WHERE kind = 'order.shipped'",
          "UPDATE events SET seq = seq + 1 WHERE kind = 'parcel.loaded'",
          "UPDATE events SET seq = -seq - 1 WHERE kind = 'order.shipped'"),
    spoil("label", "UPDATE parcels SET tracking = '' WHERE id = 1"),
    spoil("label", "UPDATE parcels SET tracking = '' WHERE id = 2"),
    spoil("told_number", "UPDATE events SET kind = 'order.held' WHERE kind = 'parcel.inspected'"),
    spoil("copies", "UPDATE parcels SET copies = 2 WHERE id = 1"),
    spoil("job_once", "UPDATE moves SET ref = (SELECT 'mission:' || id FROM missions"
          " WHERE job = 'a') WHERE key = 'hand-2'"),
    spoil("job_settled", "UPDATE missions SET state = 'failed' WHERE job = 'a'"),
    spoil("job_live", "UPDATE missions SET job = 'b', attempt = 2 WHERE job = 'c'"),
    spoil("job_live", "UPDATE missions SET attempt = 3 WHERE job = 'c'"),
    spoil("robot", "UPDATE missions SET state = 'assigned', robot = 'agv-1', fence = 5, seq = 2"
          " WHERE job = 'c'"),
    spoil("robot", "UPDATE missions SET robot = NULL WHERE job = 'b'"),
    spoil("holder", "UPDATE devices SET fence = 0"),
    spoil("holder", "INSERT INTO robots (device, place, quarantine) VALUES ('x', 'R-1', 'Q-1')"),
    spoil("fence", "UPDATE robots SET fence = 4"),
    spoil("fence", "UPDATE robots SET last_seq = 1"),
    spoil("fence", "UPDATE robots SET last_seq = 65535, fence = 65530"),
]  # fmt: skip
INBOUND = [
    spoil("inbound_booked", "UPDATE inbound_lines SET received = received + 1 WHERE inbound_id = 1",
          "UPDATE inbound_lines SET damaged = damaged - 1 WHERE inbound_id = 1"),
    spoil("inbound_booked", "UPDATE moves SET ref = 'inbound_line:99' WHERE key = 'asn-0:1'"),
    spoil("inbound_booked", "UPDATE inbound_lines SET item_id = 1 WHERE inbound_id = 1"),
    spoil("inbound_state", "UPDATE inbounds SET state = 'cancelled' WHERE id = 1"),
    spoil("inbound_short", "UPDATE inbound_lines SET reason = '' WHERE inbound_id = 1"),
    spoil("inbound_unit", "UPDATE inbound_units SET inbound_id = 2"),
    spoil("inbound_unit", "UPDATE inbound_units SET line_id = NULL, seen_ms = 1"),
]  # fmt: skip
PACKING = [
    spoil("paper_box", "INSERT INTO documents (order_id, kind, code, parcel_id, at_ms)"
          " VALUES (1, 'invoice', 'INV-1', 1, 0)"),
    spoil("paper_left", "INSERT INTO documents (order_id, kind, code, at_ms)"
          " VALUES (1, 'invoice', 'INV-1', 0)"),
    spoil("box_service", "UPDATE orders SET carrier = 'elsewhere' WHERE id = 1"),
]  # fmt: skip
RECORD = [
    spoil("key", "INSERT INTO requests SELECT * FROM requests", bare="requests"),
    spoil("key", "UPDATE moves SET key = 'hand-1' WHERE key = 'hand-2'", bare="moves"),
    spoil("key", "INSERT INTO print_jobs SELECT * FROM print_jobs", bare="print_jobs"),
    spoil("key", "INSERT INTO tasks SELECT * FROM tasks", bare="tasks"),
    spoil("input", "UPDATE commands SET name = 'look' WHERE key = 'HT-1:s1'"),
    spoil("input", "DELETE FROM scans WHERE scan_id = 's2'"),
    spoil("input", "UPDATE commands SET key = 'HT-1:s1', name = 'scan', permission = ''"
          " WHERE name = 'import'"),
    spoil("events", "DELETE FROM events WHERE aggregate = 'mission:a' AND seq = 2"),
    spoil("events", "UPDATE event_seqs SET seq = seq + 1 WHERE aggregate = 'order:1'"),
    spoil("events", "DELETE FROM event_seqs WHERE aggregate = 'order:1'"),
    spoil("event_twice", "UPDATE events SET seq = 1 WHERE aggregate = 'mission:a' AND seq = 2",
          bare="events"),
    spoil("moves_told", "UPDATE events SET kind = 'item.seen' WHERE kind = 'stock.moved'"
          " AND aggregate = 'item:3' AND seq = 1"),
    spoil("delivery", "UPDATE deliveries SET aggregate = 'order:99' WHERE aggregate = 'order:6'"),
    spoil("delivery", "UPDATE deliveries SET event_id = 999 WHERE aggregate = 'order:6'",
          bare="deliveries"),
    spoil("delivery_order", "UPDATE deliveries SET state = 'parked' WHERE id ="
          " (SELECT MIN(id) FROM deliveries WHERE aggregate = 'order:1')"),
    spoil("delivery_cursor", "UPDATE cursors SET xid = 0, position = 0 WHERE name = 'feeds'"),
    spoil("delivery_cursor", "DELETE FROM cursors WHERE name = 'feeds'"),
    spoil("delivery_done", "UPDATE deliveries SET done_ms = NULL WHERE aggregate = 'order:1'"),
    spoil("version", "UPDATE versions SET version = -1"),
    spoil("cancelled_first", "UPDATE orders SET state = 'accepted' WHERE external_id = 'early'"),
    spoil("seals", "UPDATE seals SET seq = seq + 1 WHERE seq = (SELECT MAX(seq) FROM seals)"),
    spoil("sealed_there", "DELETE FROM commands WHERE name = 'import'"),
    spoil("sealed", "DELETE FROM seals WHERE seq = (SELECT MAX(seq) FROM seals)"),
    spoil("sealed", "DELETE FROM cursors WHERE name = 'seal.move'"),
    spoil("sealed_order", "UPDATE seals SET row_id = -row_id WHERE kind = 'move' AND row_id < 3",
          "UPDATE seals SET row_id = row_id + 3 WHERE kind = 'move' AND row_id < 0"),
]  # fmt: skip
# What `tests.counted_book` has counted.
COUNTS = [
    spoil("known_actor", "UPDATE commands SET actor = 'person:77' WHERE key = 'HT-1:s1'"),
    spoil("known_actor", "UPDATE commands SET permission = 'fly' WHERE key = 'HT-1:s1'"),
    spoil("four_eyes", "UPDATE approvals SET given_by = asked_by", bare="approvals"),
    spoil("four_eyes", "UPDATE people SET pin_hash = '' WHERE id = 92"),
    spoil("four_eyes", "UPDATE approvals SET ref = 'count:9:9:acme'"),
    spoil("count_moves", "UPDATE moves SET reason = 'count' WHERE key = 'fill-K-1'"),
    spoil("count_moves", "UPDATE moves SET reason = 'loss' WHERE reason = 'count'"),
    spoil("count_sums", "UPDATE count_lines SET counted = counted + 1 WHERE count_id = 1"),
    spoil("count_task", "UPDATE tasks SET place = 'K-1' WHERE place = 'K-3'"),
    spoil("count_place", "UPDATE counts SET place = 'K-3' WHERE place = 'K-2'",
          "UPDATE places SET blocked = '' WHERE blocked = 'stocktake'"),
    spoil("count_done", "UPDATE counts SET done_ms = NULL WHERE place = 'K-1'"),
    spoil("count_twice", "UPDATE counts SET person_id = first_person_id WHERE place = 'K-2'"),
    spoil("count_frozen", "UPDATE stocktakes SET state = 'void'"),
]  # fmt: skip
# A book without walks gets some: columns in this order, then the faults.
_WALK = ("INSERT INTO tours (id, wave_id, kind, state, person_id, cart, created_ms, after)"
         " SELECT {0}, MIN(id), '{1}', '{2}', {3}, '{4}', 0, {5} FROM waves")  # fmt: skip


def _walk(
    number: int, kind: str = "cart", state: str = "done", person: str = "NULL", cart: str = "",
    after: str = "NULL",
) -> str:  # fmt: skip
    return _WALK.format(number, kind, state, person, cart, after)


WALKS = [
    spoil("walk_person", _walk(901, state="claimed")),
    spoil("walk_person", _walk(901, state="open", person="1")),
    spoil("walk_leg", _walk(901, state="open"), _walk(902, after="901")),
    spoil("walk_tote", _walk(901, state="open"), _walk(902, state="open"),
          "INSERT INTO tour_totes (tour_id, slot, tote) VALUES (901, 1, 'T-1'), (902, 1, 'T-1')"),
    spoil("walk_single", _walk(901, kind="single"),
          "INSERT INTO tour_totes (tour_id, slot, order_id) SELECT 901, 1, id FROM orders"),
    spoil("wall_slot", "INSERT INTO wall_slots (place, wall, position)"
          " SELECT MIN(place), 'W', 1 FROM allocations WHERE state IN ('open', 'picked')"
          " AND line_id IS NOT NULL", bare="wall_slots"),
    spoil("walk_done", _walk(901),
          "INSERT INTO stops (tour_id, seq, slot, allocation_id)"
          " SELECT 901, 1, 1, MIN(id) FROM allocations WHERE state = 'open'"),
]  # fmt: skip

_VOID = (
    "INSERT INTO parcels (code, order_id, piece, state, service, carrier, created_ms)"
    " SELECT '{0}', 1, 9, 'void', service, carrier, 0 FROM parcels WHERE id = 1"
)
_WORK = (
    "INSERT INTO work_orders (id, code, owner, kind, item_id, qty, done, state, created_ms)"
    " VALUES (9, 'W9', 'acme', '{0}', 1, 1, {1}, 'working', 0)"
)
_USED = "INSERT INTO work_materials (work_id, item_id, qty, used) VALUES (9, 1, 1, {0})"
CHANGES = [
    spoil("stopped_box", _VOID.format("V-1"), "UPDATE parcels SET state = 'open', order_id ="
          " (SELECT id FROM orders WHERE external_id = 'early') WHERE code = 'V-1'"),
    spoil("opened_box", _VOID.format("A-2")),
    spoil("unwanted_tote", _walk(901),
          "INSERT INTO tour_totes (tour_id, slot, tote, state) VALUES (901, 1, 'A-2', 'put_back')"),
    spoil("void_slip", _VOID.format("V-1"),
          "INSERT INTO slips (order_id, carrier, tracking, state, parcel_id, at_ms)"
          " SELECT 1, 'yamato', 'X', 'matched', id, 0 FROM parcels WHERE code = 'V-1'"),
    spoil("work_used", _WORK.format("unkit", 1), _USED.format(0)),
    spoil("work_moves", _WORK.format("unkit", 1), _USED.format(1)),
    spoil("work_made", _WORK.format("kit", 1)),
]  # fmt: skip

STORAGE = [
    spoil("limits", "UPDATE items SET weight_g = 100 WHERE id = 1",
          "UPDATE places SET weight_g_max = 150 WHERE code = 'B-1'"),
    spoil("limits", "UPDATE items SET length_mm = 10, width_mm = 10, height_mm = 10 WHERE id = 1",
          "UPDATE places SET volume_ml_max = 1 WHERE code = 'B-1'"),
    spoil("mixing", "UPDATE places SET mix = 'item' WHERE code = 'B-1'"),
]  # fmt: skip
RETURNS = [
    spoil("returned", "UPDATE order_lines SET returned = 0 WHERE order_id = 1"),
    spoil("returned", "UPDATE order_lines SET returned = shipped + 1 WHERE order_id = 6",
          bare="order_lines"),
    spoil("return_lines", "UPDATE return_lines SET graded = graded + 1 WHERE qty = 1"),
    spoil("return_orders", "UPDATE orders SET kind = 'exchange', origin = 'return:1'"
          " WHERE external_id = 'early'"),
    spoil("return_orders", "UPDATE orders SET origin = 'return:9' WHERE kind = 'exchange'",
          "UPDATE returns SET exchange_id = NULL"),
    spoil("return_moves", "UPDATE moves SET ref = 'return:9' WHERE key = 'worn:in'"),
    spoil("return_moves", "UPDATE return_units SET qty = 2 WHERE key = 'stray'",
          "UPDATE return_lines SET graded = 2 WHERE qty = 0"),
]  # fmt: skip
READERS = [
    spoil("gap_over", "UPDATE devices SET health = 'online' WHERE name = 'agv-1'"),
    spoil("gap_over", "UPDATE device_gaps SET until_ms = NULL WHERE device = 'agv-1'"),
    spoil("gap_over", "UPDATE device_gaps SET until_ms = from_ms - 1 WHERE reason = 'first'"),
    spoil("tag_way", "UPDATE tag_reads SET way = '' WHERE way = 'in'"),
    spoil("tag_way", "UPDATE tag_reads SET way = 'out' WHERE way = 'by'"),
    spoil("tag_way", "UPDATE tag_reads SET way = 'up' WHERE way = 'by'"),
    spoil("tag_once", "UPDATE tags SET serial = (SELECT MIN(serial) FROM tags)"),
    spoil("tag_once", "UPDATE meta SET value = (SELECT MAX(serial) FROM tags)"
          " WHERE key = 'sgtin.next:4901234567894'"),
    spoil("tag_once", "DELETE FROM meta WHERE key = 'sgtin.next:4901234567894'"),
    spoil("tag_label", "UPDATE tags SET done_ms = NULL WHERE state = 'uncertain'"),
    spoil("tag_label", "UPDATE tags SET state = 'asked', done_ms = NULL WHERE state = 'uncertain'"),
    spoil("tag_label", "UPDATE print_jobs SET state = 'confirmed' WHERE key = 'tag-2'"),
    spoil("tag_label", "UPDATE print_jobs SET state = 'void' WHERE key = 'tag-2'"),
    spoil("tag_told", "UPDATE events SET kind = 'item.seen' WHERE kind = 'tag.commissioned'"),
    spoil("tag_told", "UPDATE tags SET item_id = 2 WHERE state = 'written'"),
]  # fmt: skip
CORRUPTIONS = [
    *STORAGE, *CHANGES, *WALKS, *LEDGER, *WORK, *INBOUND, *PACKING, *RETURNS, *COUNTS, *RECORD,
    *READERS,
]  # fmt: skip
