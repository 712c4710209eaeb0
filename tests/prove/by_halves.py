"""Commands that break their word when somebody dies: the kills have to find that out."""

from wms import stock
from wms.db import Tx
from wms.stock import SUPPLIER, Move

PEN, ACTOR, NOON = 1, "test", 1_795_316_400_000  # as in `tests.ledger_site`


def line(key: str, qty: int = 1) -> Move:
    return Move(key=key, item=PEN, qty=qty, source=SUPPLIER, target="A-1")


def by_halves(tx: Tx, first: Move, second: Move) -> None:
    """What no command may do: keep its first half whatever becomes of the second."""
    stock.move(tx, first, actor=ACTOR, now=NOON)
    tx.exec_driver_sql("COMMIT")
    tx.exec_driver_sql("BEGIN IMMEDIATE")
    stock.move(tx, second, actor=ACTOR, now=NOON)


def without_key(tx: Tx, qty: int) -> None:
    """Another key each time that it is asked, so that a repeat is another command."""
    known = tx.exec_driver_sql("SELECT COUNT(*) FROM moves").scalar()
    stock.move(tx, line(f"some-{known}", qty), actor=ACTOR, now=NOON)
