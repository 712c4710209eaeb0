"""What racing processes put back out of one tote; `tests.racing` starts them together."""

from collections.abc import Sequence

from wms import put_back
from wms.db import Book
from wms.errors import Rejected


def put_it(book: Book, number: int, tote: str, skus: Sequence[str], shelf: str, now: int) -> str:
    """One piece of this racer's goods onto the shelf. Returns what came of it."""
    lying = {one.sku: one for one in book.read_now(put_back.goods, tote)}
    mine = lying.get(skus[number])
    if mine is None:
        return "nothing"
    try:
        book.write_now(
            put_back.put, task=1, container=tote, goods=mine, qty=1, place=shelf,
            key=f"racer-{number}", actor=f"person:{number + 1}", now=now,
        )  # fmt: skip
    except Rejected as refusal:
        return str(refusal.code)
    return "done"
