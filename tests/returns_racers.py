"""Runners for races about returns: each racer does the same to one return at the same moment."""

from typing import Any

from wms.db import Book
from wms.errors import Rejected
from wms.returns import cases, closing, grading
from wms.returns.grading import Unit


def grade_it(book: Book, number: int, of_return: int, item: int, now: int) -> str:
    """Grade one unit under a key of one's own. Returns what came of it."""
    unit = Unit(item=item, grade="A", disposition="restock", place="T-RET")
    return _tried(book, grading.grade, of_return, unit, person=6, key=f"racer-{number}",
                  actor="person:6", now=now)  # fmt: skip


def close_it(book: Book, number: int, of_return: int, now: int) -> str:
    """Close the return, once."""
    return _tried(book, closing.close, of_return, person=6, key=f"close-{number}",
                  actor="person:6", now=now)  # fmt: skip


def decide_it(book: Book, number: int, of_return: int, now: int) -> str:
    """Two say reship, two say cancel."""
    decision = "reship" if number % 2 else "cancel"
    return _tried(book, closing.decide, of_return, decision, now=now)


def arrive_it(book: Book, number: int, parcel: int, now: int) -> str:
    """One of them gets the box."""
    return _tried(book, cases.arrive, parcel=parcel, person=number + 1, station="", now=now)


def _tried(book: Book, command: Any, *args: Any, **more: Any) -> str:
    try:
        book.write_now(command, *args, **more)
    except Rejected as refusal:
        return str(refusal.code)
    return "done"
