"""Bugs for `tests.plant_bugs`: recalls, stocktakes, merged orders, baskets, slips, the evening."""

from tests.planted import Bug, only

RECALL = only("test_recall", "leaves_nowhere")
MERGED = only("test_merge", "leave_as_one")
SLIPS = only("test_parcels", "slip_is_used_once")
WALKS = only("test_floor_pick_people", "only_by_their_badge")

RULES = (
    Bug(
        what="two who put the last goods back leave their task to nobody",
        file="wms/storage/put_back.py",
        right="    _lock(tx, container)\n    line = Move(",
        wrong="    line = Move(",
        tests=("tests/test_floor_put_back.py", "-k", "two_who"),
    ),
    Bug(
        what="a box that was left behind leaves with what expired overnight",
        file="wms/shipping/loading.py",
        right="(row.expiry or day) < day and row.kind not in NO_SALE",
        wrong="(row.expiry or day) < day and row.kind in NO_SALE",
        tests=only("test_midnight", "left_behind"),
    ),
    Bug(
        what="what is sent once more cannot be fetched out of quarantine",
        file="picking/fitness.py",
        right="    if row.kind in OWN_GOODS and row.blocked != STOCKTAKE:\n",
        wrong="    if row.kind in OWN_GOODS and not row.blocked:\n",
        tests=only("test_own_goods", "keeps_a_sale_back and reship"),
    ),
    Bug(
        what="a customer's own repaired goods are replaced by some from the shelf",
        file="wms/promises/allocate.py",
        right=" and not lines[0].own\n",
        wrong="\n",
        tests=only("test_own_goods", "never_replaced and reship"),
    ),
    Bug(
        what="what is in a tote already is not recalled",
        file="picking/recall.py",
        right='in_(("open", "picked")), allocations.c.task_id.is_(None),',
        wrong='in_(("open",)), allocations.c.task_id.is_(None),',
        tests=RECALL,
    ),
    Bug(
        what="a box with goods of a recalled lot leaves",
        file="picking/recall.py",
        right="    for order in _boxed(tx, row):\n"
        "        holds.hold(tx, order, reason=REASON, now=now)\n",
        wrong="",
        tests=RECALL,
    ),
    Bug(
        what="goods go in and out of a shelf that a stocktake has frozen",
        file="wms/counts/frozen.py",
        right="    if frozen is None:\n",
        wrong="    if frozen is None or codes:\n",
        tests=only("test_frozen", "every_way_in_and_out"),
    ),
    Bug(
        what="orders of a shop that forbids it are merged",
        file="wms/orders/merge.py",
        right="owners.c.merge == 1, shops.c.never_merge == 0,",
        wrong="owners.c.merge == 1,",
        tests=only("test_merge", "never_merged_silently"),
    ),
    Bug(
        what="what was merged into another order is wanted twice",
        file="wms/orders/merge.py",
        right="    tx.execute(update(order_lines).where(line.order_id == other.id)"
        ".values(cancelled=line.qty))\n",
        wrong="",
        tests=MERGED,
    ),
    Bug(
        what="of equal baskets in one tote the least urgent is packed first",
        file="picking/dialogues/pack_facts.py",
        right='orders.c.state != "picked", orders.c.priority.desc(),',
        wrong='orders.c.state != "picked", orders.c.priority,',
        tests=only("test_identical_baskets", "share_a_tote"),
    ),
    Bug(
        what="a slip that was issued before is used on two boxes",
        file="wms/shipping/parcels.py",
        right='        & (slips.c.state == "imported")\n',
        wrong="",
        tests=SLIPS,
    ),
    Bug(
        what="a slip of another order is taken",
        file="wms/shipping/parcels.py",
        right="        (slips.c.order_id == row.order_id)\n",
        wrong="        (slips.c.order_id > 0)\n",
        tests=SLIPS,
    ),
    Bug(
        what="in the evening what was handed over was never labelled",
        file="app/board/evening.py",
        right="labelled=handed + len(here)",
        wrong="labelled=len(here)",
        tests=only("test_evening", "adds_up"),
    ),
    Bug(
        what="a walk is taken from somebody who is at work",
        file="picking/hands.py",
        right="    if cart and not lead and _is_at_work(",
        wrong="    if cart and lead and _is_at_work(",
        tests=WALKS,
    ),
)
