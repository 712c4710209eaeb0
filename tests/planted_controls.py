"""Negative controls: the careless way that everybody tries first, where it costs most.

Whatever proves the careful way has to notice them.
"""

from tests.planted import Bug, only

CONTROLS = (
    Bug(
        what="naive hand-off: a job goes to somebody else once a robot was told to forget it",
        file="devices/robot_rules.py",
        right='    return Wait("answer") if waiting else Send(Cmd.VOID, ours.id)\n',
        wrong="    return Voided(ours.id)\n",
        tests=("tests/test_robot_decide.py", "-k", "void"),
    ),
    Bug(
        what="id-cursor outbox: readers go on behind the highest number that they saw",
        file="wms/record/events.py",
        right="        .where(Later(table.c.xid, table.c.id, *at))\n"
        '        .where(table.c.xid < bindparam("horizon"))\n'
        "        .order_by(table.c.xid, table.c.id)\n",
        wrong="        .where(table.c.id > at[1])\n        .order_by(table.c.id)\n",
        tests=("tests/test_events.py",),
    ),
    Bug(
        what="CHECK-only reservation: nothing but the table's own check keeps units from two",
        file="wms/stock.py",
        right="    fits = (*_same_key(), allocated >= 0, allocated <= stock.c.qty)\n",
        wrong="    fits = _same_key()\n",
        tests=only("test_task_promises", "promised_to_nobody_else"),
    ),
)
