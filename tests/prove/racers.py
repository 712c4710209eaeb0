"""What racing processes do to boxes, numbers and places of which there is only one."""

import time

from sqlalchemy import insert, select, update

from tests.ledger_site import ACTOR, NOON, PEN
from wms import stock
from wms.db import Book, Tx
from wms.errors import Code, Rejected
from wms.schema import moves
from wms.schema import stock as balances
from wms.shipping import parcels
from wms.shipping.parcels import Packed


def box_same(book: Book, number: int, order: int, contents: list[tuple[int, int]]) -> int | str:
    """Everybody closes the same picked goods in a box of their own."""
    try:
        return book.write_now(
            parcels.pack, order=order, contents=[Packed(*one) for one in contents],
            station="PACK-1", place="BENCH", box="", weight_g=0, predicted_g=0,
            key=f"box-{number}", actor=ACTOR, now=NOON,
        )  # fmt: skip
    except Rejected as refusal:
        assert refusal.code in (Code.ALLOCATION_CLOSED, Code.STOCK_SHORT), refusal
        return str(refusal.code)


def number_same(book: Book, _number: int, parcel: int, times: int) -> list[str]:
    """Everybody labels the same box."""
    return [book.write_now(parcels.label, parcel=parcel, now=NOON) for _ in range(times)]


def number_own(book: Book, number: int, of_racer: list[list[int]]) -> list[str]:
    """Everybody labels boxes of their own, from one range; it may be used up."""
    found = []
    for parcel in of_racer[number]:
        try:
            found.append(book.write_now(parcels.label, parcel=parcel, now=NOON))
        except Rejected as refusal:
            assert refusal.code == Code.TRACKING_EXHAUSTED, refusal
            found.append("")
    return found


def tote_same(book: Book, number: int, tote: str, stands: list[str]) -> bool:
    """Everybody carries the same tote away from the dock, each to another place."""
    try:
        return book.write_now(
            stock.relocate, key=f"tote-{number}", container=tote, source="DOCK",
            target=stands[number % len(stands)], actor=ACTOR, now=NOON,
        )  # fmt: skip
    except Rejected as refusal:
        assert refusal.code == Code.CONTAINER_ELSEWHERE, refusal
        return False


def take_naively(book: Book, number: int, place: str, times: int) -> int:
    """What the ledger must not do: look, and then write what is left, with a CHECK as its guard."""
    got = 0
    for n in range(times):
        left = book.read_now(_left, place)
        if left > 0:
            time.sleep(0.002)
            book.write_now(_write, place, left - 1, f"naive-{number}-{n}")
            got += 1
    return got


def _left(tx: Tx, place: str) -> int:
    return int(tx.scalar(select(balances.c.qty).where(balances.c.place == place)) or 0)


def _write(tx: Tx, place: str, left: int, key: str) -> None:
    tx.execute(update(balances).where(balances.c.place == place).values(qty=left))
    row = {"key": key, "item_id": PEN, "lot": "", "condition": "available", "serial": "", "qty": 1,
           "source": place, "target": stock.LOST, "actor": ACTOR, "at_ms": NOON}  # fmt: skip
    tx.execute(insert(moves).values(row))
