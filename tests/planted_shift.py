"""Bugs for `tests.plant_bugs`: one in each flow of the shift, each with the test that tells."""

from tests.planted import Bug


def _in(file: str, name: str) -> tuple[str, ...]:
    return (f"tests/{file}.py", "-k", f"{name} and not postgresql")


SHIFT = (
    Bug(
        what="one piece that came back is graded twice",
        file="wms/returns_grade.py",
        right="(after >= 0) & (after <= order_lines.c.shipped)",
        wrong="(after >= 0) & (after <= order_lines.c.shipped + 1)",
        tests=_in("test_returns", "double_grade"),
    ),
    Bug(
        what="the same grade sent again is another one",
        file="wms/returns_grade.py",
        right="    if before is not None:\n        return _the_same(",
        wrong="    if before is not None and before.undone:\n        return _the_same(",
        tests=_in("test_returns", "double_grade"),
    ),
    Bug(
        what="an exchange is shipped twice",
        file="wms/returns_orders.py",
        right='    if order is None or order.state != "held":\n        return ""\n    accepted',
        wrong='    if order is None:\n        return ""\n    accepted',
        tests=_in("test_returns_orders", "exchange_shipped_twice"),
    ),
    Bug(
        what="what was refused of an exchange is sent all the same",
        file="wms/returns_orders.py",
        right="        sent = min(qty, line.qty - line.cancelled)",
        wrong="        sent = max(qty, line.qty - line.cancelled)",
        tests=_in("test_returns_orders", "only_what_was_accepted"),
    ),
    Bug(
        what="a replacement is let go by hand before its original was looked at",
        file="wms/holds.py",
        right="    if row.state_reason in OF_A_RETURN and not by_return:\n",
        wrong="    if row.state_reason in OF_A_RETURN[:0]:\n",
        tests=_in("test_returns_orders", "set_aside_at_grading"),
    ),
    Bug(
        what="a swapped serial number is restocked",
        file="wms/returns_rules.py",
        right='(grade in NEVER_SOLD and disposition in ("restock", "repair"))',
        wrong='(grade in NEVER_SOLD and disposition in ("repair",))',
        tests=_in("test_returns", "swapped_serial"),
    ),
    Bug(
        what="goods are disposed of without a second person",
        file="wms/returns_grade.py",
        right='    if unit.disposition == "dispose" and not approver:\n',
        wrong='    if unit.disposition == "none" and not approver:\n',
        tests=_in("test_returns", "disposal_needs"),
    ),
    Bug(
        what="a parcel that came back unopened is sent once more, and again",
        file="wms/returns_close.py",
        right="    if row.decision == decision:\n"
        '        return f"{row.code}-P" if decision == "reship" else ""\n'
        '    if row.decision or not is_undelivered(row) or row.state != "arrived":\n',
        wrong="    if not is_undelivered(row):\n",
        tests=_in("test_returns_orders", "undelivered_parcel_is_sent_once_more"),
    ),
    Bug(
        what="a count loses goods and keeps the promise of them",
        file="picking/count_settle.py",
        right="    gone = _make_room(tx, moves)\n",
        wrong="    gone = {}\n",
        tests=_in("test_floor_count_hard", "loses_an_allocation"),
    ),
    Bug(
        what="a stocktake is signed, and booked, twice",
        file="wms/stocktakes.py",
        right="    if row.state not in RUNNING:\n        raise Rejected(Code.STOCKTAKE_OVER, "
        "stocktake=code)\n    if not clean(",
        wrong="    if not clean(",
        tests=_in("test_stocktakes", "freezing_to_signature"),
    ),
    Bug(
        what="goods are put back among another owner's",
        file="wms/put_back.py",
        right="    if stranger is not None:\n",
        wrong="    if stranger is not None and not row.kind:\n",
        tests=_in("test_floor_put_back", "wrong_owner"),
    ),
    Bug(
        what="what was put back is asked for once more",
        file="wms/put_back.py",
        right="    if not left:\n        settle(tx, container, now=now)\n    return left",
        wrong="    return left",
        tests=_in("test_floor_put_back", "shelves_that_they_came_from"),
    ),
    Bug(
        what="put away mixes owners where one item may lie",
        file="wms/putaway.py",
        right="        if goods.owner != wanted.owner:\n",
        wrong="        if goods.owner == '?':\n",
        tests=_in("test_putaway", "each_refusal"),
    ),
    Bug(
        what="replenishment takes stock that is promised",
        file="wms/replenish_tasks.py",
        right="row.qty - row.allocated, row.expiry)",
        wrong="row.qty, row.expiry)",
        tests=_in("test_replenish", "left_alone"),
    ),
    Bug(
        what="a parcel is loaded twice, by itself and with its cage",
        file="wms/loading.py",
        right='    if row.state in ("loaded", "shipped"):\n        code = Code.LOAD_TWICE',
        wrong='    if row.state in ("shipped",):\n        code = Code.LOAD_TWICE',
        tests=_in("test_floor_loading", "every_reason or cage"),
    ),
    Bug(
        what="the parcel of a cancelled order is loaded",
        file="wms/loading.py",
        right='STOPPED = ("held", "cancelled")',
        wrong='STOPPED = ("held",)',
        tests=_in("test_floor_loading", "every_reason or cage"),
    ),
    Bug(
        what="a truck takes as many parcels as the driver says",
        file="wms/loading.py",
        right="    if len(rows) != count:\n",
        wrong="    if len(rows) < 0:\n",
        tests=_in("test_floor_loading", "count_loads_all"),
    ),
    Bug(
        what="a kit takes too few of its parts",
        file="wms/work_done.py",
        right="    used = {item: each * qty for item, each in _each(tx, row).items()}",
        wrong="    used = {item: qty for item, each in _each(tx, row).items()}",
        tests=_in("test_floor_work", "kits_are_made"),
    ),
    Bug(
        what="more kits are made than their parts allow",
        file="wms/work_done.py",
        right="    return min([left, *(have",
        wrong="    return max([left, *(have",
        tests=_in("test_floor_work", "some_can_be_made"),
    ),
    Bug(
        what="work that is cancelled keeps its materials",
        file="wms/work_orders.py",
        right="allocation.release(tx, [one.id for one in allocation.reserved(tx, task)])",
        wrong="allocation.release(tx, [])",
        tests=_in("test_floor_work", "given_back_at_a_cancel"),
    ),
    Bug(
        what="a receipt is taken back although its goods went on",
        file="wms/inbound_receipt.py",
        right="    except Rejected:\n        raise Rejected(Code.UNDO_TOO_LATE) from None\n    "
        "_uncount(tx, booked)",
        wrong="    except Rejected:\n        pass\n    _uncount(tx, booked)",
        tests=_in("test_inbound", "went_on_are_not"),
    ),
    Bug(
        what="the bill counts what was undone",
        file="wms/billing.py",
        right="for sign, which in ((1, done), (-1, undone)):",
        wrong="for sign, which in ((1, done), (1, undone)):",
        tests=_in("test_billing", "undone_pick"),
    ),
    Bug(
        what="the bill counts a move for each of its two places",
        file="wms/billing.py",
        right='sums[row.owner, "pieces"] += sign * row.qty',
        wrong='sums[row.owner, "pieces"] += 2 * sign * row.qty',
        tests=_in("test_billing", "undone_pick or film or receipts"),
    ),
    Bug(
        what="a unit is sorted into another order's slot",
        file="picking/walls.py",
        right="    if row is None or row.order_id != goods.order_id:\n",
        wrong="    if row is None:\n",
        tests=_in("test_floor_zones", "never_booked_into"),
    ),
    Bug(
        what="a robot that says done twice moves the tote twice",
        file="wms/missions.py",
        right='    if not change(tx, known, "done", come_from=OPEN, now=now, accepted=1, '
        "settled_ms=now):\n        return False\n",
        wrong='    change(tx, known, "done", come_from=OPEN, now=now)\n',
        tests=_in("test_mission_book", "done_moves_the_tote_once"),
    ),
)
