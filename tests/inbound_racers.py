"""What racing processes do to one delivery; `tests.racing` starts them together."""

from tests.picking_site import NOON, TODAY
from wms.db import Book
from wms.errors import Rejected
from wms.inbound import deliveries, receiving, tagged
from wms.inbound.receiving import Last, Receipt


def receive_many(book: Book, number: int, item: int, times: int, over: str) -> int:
    """Receive one piece after another. Returns how many were taken."""
    return sum(_one(book, f"r{number}-{n}", item, over) for n in range(times))


def receive_same(book: Book, _number: int, item: int, times: int) -> int:
    """Everybody books the same receipts."""
    return sum(_one(book, f"same-{n}", item, "") for n in range(times))


def receive_serials(book: Book, _number: int, item: int, times: int) -> int:
    """Everybody scans the same serial numbers."""
    return sum(
        _one(book, f"s{_number}-{n}", item, "", serials=(f"SN-{n}",)) for n in range(times)
    )  # fmt: skip


def accept_tags(book: Book, number: int, line: int, epcs: list[str]) -> int:
    """Everybody accepts what the gate has read."""
    return book.write_now(
        tagged.receive_tags, delivery=1, tags=[(line, epc) for epc in epcs], place="DOCK",
        key=f"tags-{number}", actor=f"person:{number}", today=TODAY, now=NOON,
    )  # fmt: skip


def close_or_receive(book: Book, number: int, item: int, times: int) -> int:
    """One closes while the others still receive. Returns how many pieces were taken."""
    if number == 0:
        book.write_now(deliveries.close, 1, now=NOON, reason="comes_later")
        return 0
    return sum(_one(book, f"c{number}-{n}", item, "supplier_over") for n in range(times))


def undo_same(book: Book, number: int, last: Last) -> int:
    """Everybody takes the same receipt back."""
    try:
        book.write_now(receiving.undo, last, key=f"undo-{number}", actor="person:21", now=NOON)
    except Rejected:
        return 0
    return 1


def _one(book: Book, key: str, item: int, over: str, serials: tuple[str, ...] = ()) -> int:
    what = Receipt(inbound=1, item=item, qty=1, place="DOCK", over=over, serials=serials)
    try:
        return book.write_now(
            receiving.receive, what, key=key, actor=f"person:{key[1]}", today=TODAY, now=NOON
        )
    except Rejected:
        return 0
