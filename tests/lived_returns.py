"""For the book in which everything has happened once: an exchange that was refused."""

from sqlalchemy import func, insert, select

from tests.ledger_site import ACTOR, FOOD, NOON, PEN
from wms.db import Tx
from wms.returns import cases, closing
from wms.returns.grading import Unit, grade
from wms.returns.new import NewReturn, NewReturnLine
from wms.schema import orders, people


def came_back(tx: Tx) -> None:
    """Return 1: one of the pens of order 1, worn, and food that nobody sent."""
    newest = tx.scalar(select(func.coalesce(func.max(people.c.id), 0)))
    person = int(newest or 0) + 1
    tx.execute(insert(people).values(id=person, code="RET", name="Rita", badge_hash="rita"))
    order = tx.scalar(select(orders.c.external_id).where(orders.c.id == 1))
    asked = NewReturn(
        owner="acme", external_id="RMA-1", kind="exchange", order=str(order),
        lines=(NewReturnLine(sku="PEN", qty=1),),
    )  # fmt: skip
    number = cases.announce(tx, asked, now=NOON).return_id
    cases.arrive(tx, number=number, person=person, station="", now=NOON)
    worn = Unit(item=PEN, grade="C", disposition="quarantine", place="DOCK")
    grade(tx, number, worn, person=person, key="worn", actor=ACTOR, now=NOON)
    stray = Unit(item=FOOD, grade="wrong_item", disposition="quarantine", lot="gone", place="DOCK")
    grade(tx, number, stray, person=person, key="stray", actor=ACTOR, now=NOON)
    closing.close(tx, number, person=person, key="end", actor=ACTOR, now=NOON)
