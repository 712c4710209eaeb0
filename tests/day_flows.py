"""What counts as done: the evidence of each flow, in the book or in what the hands were told.

A query counts in the book at the end of a world; what begins with `=` is the name of something
that was counted on the way. A driver in which one of these never happens proves nothing about it.
"""

from collections import Counter

from sqlalchemy import text

from tests.day_site import DaySite

MOVES = "SELECT COUNT(*) FROM moves WHERE "
EVENTS = "SELECT COUNT(*) FROM events WHERE kind = "
LINES = "SELECT COUNT(*) FROM inbound_lines WHERE "
ORDERS = "SELECT COUNT(*) FROM orders WHERE state = 'shipped' AND "
RETURNS = "SELECT COUNT(*) FROM returns WHERE state = 'closed' AND kind = "
UNITS = "SELECT COUNT(*) FROM return_units WHERE undone = 0 AND "
COUNTS = "SELECT COUNT(*) FROM counts WHERE state = 'done' AND kind = "
WORK = "SELECT COUNT(*) FROM work_orders WHERE state = 'done' AND kind = "
APPROVALS = "SELECT COUNT(*) FROM approvals WHERE verb = "
TASKS = "SELECT COUNT(*) FROM tasks WHERE state = 'done' AND kind = "
MISSIONS = "SELECT COUNT(*) FROM missions WHERE state = "
TOURS = "SELECT COUNT(*) FROM tours WHERE state = 'done' AND kind = "
STEPS = "=step "
OVER, SHORT = "received + damaged > qty AND qty > 0", "received + damaged < qty AND reason <> ''"
OF_LINES = (
    "EXISTS (SELECT 1 FROM order_lines l WHERE l.order_id = orders.id AND l.shipped > 0"
    " AND l.kind = "
)

FLOWS: dict[str, str] = {
    # Goods come in
    "delivery received": "SELECT COUNT(*) FROM inbounds WHERE state = 'received'"
                         " AND kind <> 'blind'",
    "blind delivery received": "SELECT COUNT(*) FROM inbounds WHERE state = 'received'"
                               " AND kind = 'blind'",
    "delivery cancelled": EVENTS + "'inbound.cancelled'",
    "goods received": MOVES + "reason = 'receive'",
    "more than announced": LINES + OVER,
    "less than announced": LINES + SHORT,
    "not announced": LINES + "qty = 0 AND received > 0",
    "damaged on arrival": LINES + "damaged > 0",
    "onto a pallet of its own": MOVES + "source = '@supplier' AND LENGTH(target) = 18",
    "tags of a portal received": "SELECT COUNT(*) FROM inbound_units WHERE kind = 'epc'"
                                 " AND seen_ms IS NOT NULL",
    "receipt undone": MOVES + "target = '@supplier'",
    "barcode bound": STEPS + "receive.inside",
    # and find their place
    "put away": MOVES + "reason = 'putaway' AND container IS NULL",
    "put away elsewhere": MOVES + "reason = 'putaway.override'",
    "container put away": MOVES + "reason LIKE 'putaway%' AND container IS NOT NULL",
    "moved": MOVES + "reason LIKE 'move%' AND container IS NULL",
    "container moved": MOVES + "reason LIKE 'move%' AND container IS NOT NULL",
    "fetched from reserve": MOVES + "reason = 'fetch'",
    "face replenished": MOVES + "reason = 'replenish'",
    # Orders
    "one-piece order shipped": ORDERS + "one_piece = 1",
    "basket shipped": ORDERS + "one_piece = 0 AND kind = ''",
    "gift shipped": ORDERS + OF_LINES + "'gift')",
    "insert shipped": ORDERS + OF_LINES + "'insert')",
    "order for later shipped": ORDERS + "delivery_date <> ''",
    "order of bloom shipped": ORDERS + "owner = 'bloom'",
    "serial number shipped": "SELECT COUNT(*) FROM moves WHERE target = '@customer'"
                             " AND serial <> ''",
    "lot shipped": MOVES + "target = '@customer' AND lot <> ''",
    "order was short": EVENTS + "'order.short'",
    "order shortened": EVENTS + "'order.shortened'",
    "lead decided a short order": TASKS + "'decide_short'",
    "held": "=deed stop", "released from hold": "=deed go_on", "line reduced": "=deed less",
    "changed": "=change: changed", "change refused": "=change: refused",
    "cancelled waiting": "=cancel at waiting: cancelled",
    "cancelled promised": "=cancel at promised: cancelled",
    "cancelled picked": "=cancel at picked: cancelled",
    "cancelled in its box": "=cancel at closed", "cancelled on the truck": "=cancel at loaded",
    "cancel refused after shipping": "=cancel at shipped: refused",
    "put back": MOVES + "reason = 'put_back'",
    "stopped box found": TASKS + "'stop'",
    # Picking
    "walk done": TOURS + "'cart'", "total walk done": TOURS + "'total'",
    "single walk done": TOURS + "'single'", "batch walk done": TOURS + "'batch'",
    "picked": MOVES + "reason = 'pick'", "pick undone": MOVES + "reason = 'undo'",
    "shelf was short": EVENTS + "'pick.short'",
    "damaged at the shelf": MOVES + "reason = 'damaged'",
    "tote full": STEPS + "pick.tote", "zero check": STEPS + "pick.zero",
    "handed over or taken over": MOVES + "reason = 'hand_over'",
    "lead asked at the shelf": STEPS + "pick.ask",
    "sorted at the wall": MOVES + "reason = 'sort'", "slot emptied": MOVES + "reason = 'empty'",
    "passed to the next zone": STEPS + "pick.fetch",
    # Bench and dock
    "packed": MOVES + "reason = 'pack'",
    "second box": "SELECT COUNT(*) FROM parcels WHERE piece > 1 AND state <> 'void'",
    "service changed": EVENTS + "'order.service_changed'",
    "label void": "SELECT COUNT(*) FROM parcels WHERE state = 'void'",
    "box weighed": "SELECT COUNT(*) FROM parcels WHERE weight_g > 0 AND state <> 'void'",
    "loaded": EVENTS + "'parcel.loaded'", "into a cage": MOVES + "reason = 'cage'",
    "by count": "=way ship.count -> ship.load", "truck left": EVENTS + "'manifest.closed'",
    "shipped": MOVES + "reason = 'ship'",
    # What comes back
    "return closed": RETURNS + "'return'", "exchange closed": RETURNS + "'exchange'",
    "repair closed": RETURNS + "'repair'", "unknown box closed": RETURNS + "'unknown'",
    "undelivered box decided": EVENTS + "'return.decided'",
    "return cancelled": EVENTS + "'return.cancelled'",
    "restocked": UNITS + "disposition = 'restock'",
    "into quarantine": UNITS + "disposition = 'quarantine'",
    "disposed of": UNITS + "disposition = 'dispose'", "to be repaired": UNITS
    + "disposition = 'repair'", "set aside for its owner": UNITS + "disposition = 'to_owner'",
    "wrong item": UNITS + "grade = 'wrong_item'", "missing": UNITS + "grade = 'missing'",
    "swapped serial": UNITS + "grade = 'swapped'", "grade undone": EVENTS + "'return.ungraded'",
    "exchange shipped": ORDERS + "kind = 'exchange'", "repair shipped": ORDERS + "kind = 'repair'",
    "shipped once more": ORDERS + "kind = 'reship'", "sent to its owner": ORDERS
    + "kind = 'transfer'", "disposal approved": APPROVALS + "'approve_disposal'",
    # Counts
    "cycle count": COUNTS + "'cycle'", "count of a short shelf": COUNTS + "'short'",
    "RFID sweep": COUNTS + "'sweep'", "zero count": COUNTS + "'zero'",
    "stocktake count": COUNTS + "'stocktake'", "stocktake signed": "=stocktake signed",
    "difference booked": MOVES + "reason = 'count'",
    "difference approved": APPROVALS + "'approve_count'", "recount": STEPS + "count.again",
    "lot recalled": "=deed recalled",
    # Sets and other work
    "kit made": WORK + "'kit'", "bundle made": WORK + "'bundle'", "kit taken apart": WORK
    + "'unkit'", "relabelled": WORK + "'relabel'", "repaired": WORK + "'repair'",
    "work given up": "SELECT COUNT(*) FROM work_orders WHERE state = 'cancelled'",
    # Robots and hands
    "robot delivered": MISSIONS + "'done'", "robot failed": MISSIONS + "'failed'",
    "robot let go": MISSIONS + "'voided'", "load found by a person": MISSIONS + "'settled'",
    "tote carried": TASKS + "'carry'",
    "another terminal": "=work taken up at another terminal",
    "the same input again": "=the same input again",
    "looked up": STEPS + "look.shown", "bill read": "=deed bill", "sealed": "=deed seal",
}  # fmt: skip


def done_in(site: DaySite) -> Counter[str]:
    """How often each flow was done, by what stands in the book."""
    return site.read(lambda tx: Counter({
        name: int(tx.execute(text(query)).scalar() or 0)
        for name, query in FLOWS.items() if not query.startswith("=")
    }))  # fmt: skip


def with_hands(tally: Counter[str]) -> Counter[str]:
    """*tally* with the flows that were counted on the way."""
    seen = Counter(tally)
    for name, query in FLOWS.items():
        if query.startswith("="):
            wanted = query[1:]
            seen[name] = sum(n for what, n in tally.items() if what.startswith(wanted))
    return seen
