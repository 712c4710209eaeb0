"""Counts in a book that has lived, for the audit to look at."""

from sqlalchemy import insert, update

from tests.ledger_site import ACTOR, NOON, PEN
from wms import stock
from wms.counts import counting
from wms.counts.rules import Tally
from wms.db import Tx, insert_once
from wms.schema import approvals, people, places, stocktakes, tasks

AMY, BEN = 91, 92


def counted(tx: Tx) -> None:
    """K-1 was counted two pens short and a lead said yes; K-2 is counted for a stocktake."""
    for number, name in ((1, "Pat"), (AMY, "Amy"), (BEN, "Ben")):
        row = {"id": number, "code": name, "name": name, "badge_hash": name, "pin_hash": "x"}
        insert_once(tx, people, {**row, "permissions": "[]"})
    for place in ("K-1", "K-2", "K-3"):
        tx.execute(insert(places).values(code=place, kind="bin"))
        line = stock.Move(key=f"fill-{place}", item=PEN, qty=5, source="@supplier", target=place)
        stock.move(tx, line, actor=ACTOR, now=NOON)
    _found_short(tx)
    row = {"code": "ST-1", "zone": "K", "state": "frozen", "frozen_ms": NOON}
    tx.execute(insert(stocktakes).values(id=1, **row))
    tx.execute(update(places).where(places.c.code == "K-2").values(blocked="stocktake"))
    counting.open_all(tx, ["K-2"], kind="stocktake", key="st", now=NOON, stocktake=1)
    for number, person in enumerate((AMY, BEN), 1):
        count = counting.begin(tx, place="K-2", person=person, key="k2", now=NOON)
        seen = [Tally(PEN, "", "", 5)]
        counting.record(tx, count=count, round=number, person=person, seen=seen, now=NOON)
        free = {"state": "open", "person_id": None, "claimed_ms": None}
        if number == 1:
            _let_go(tx, count, free)
    counting.begin(tx, place="K-3", person=AMY, key="k3", now=NOON)


def _let_go(tx: Tx, count: int, free: dict[str, str | None]) -> None:
    task = counting.read(tx, count).task_id
    tx.execute(update(tasks).where(tasks.c.id == task).values(free))


def _found_short(tx: Tx) -> None:
    count = counting.begin(tx, place="K-1", person=AMY, key="k1", now=NOON)
    for number in (1, 2):
        seen = [Tally(PEN, "", "", 3)]
        counting.record(tx, count=count, round=number, person=AMY, seen=seen, now=NOON)
    ref = counting.ref_of(count, 2, "acme")
    tx.execute(insert(approvals).values(
        key=f"approve_count:{ref}", verb="approve_count", ref=ref, asked_by=AMY, given_by=BEN,
        at_ms=NOON,
    ))  # fmt: skip
    row = counting.read(tx, count)
    moves = counting.moves_of(tx, row, counting.found_in(tx, count, 2))
    counting.post(tx, moves, actor=ACTOR, now=NOON)
    counting.close(tx, count=count, now=NOON)
