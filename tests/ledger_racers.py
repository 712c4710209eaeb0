"""What racing processes do to one ledger; `tests.racing` starts them together."""

from collections.abc import Callable
from typing import TypeVar

from tests.ledger_site import ACTOR, NOON, PEN
from wms import stock
from wms.db import Book
from wms.errors import Rejected
from wms.promises import allocation
from wms.stock import SUPPLIER, Move

T = TypeVar("T")


def take_free(book: Book, number: int, place: str, times: int) -> int:
    """Carry one unit after another away from *place*. Returns how many it got."""

    def one(n: int) -> bool:
        line = Move(key=f"take-{number}-{n}", item=PEN, qty=1, source=place, target="DOCK")
        return book.write_now(stock.move, line, actor=ACTOR, now=NOON)

    return _answers(one, times).count(True)


def pick_all(book: Book, number: int, promised: int, times: int) -> int:
    """Pick one unit after another of one allocation. Returns how many it got."""

    def one(n: int) -> bool:
        book.write_now(
            allocation.pick, promised, qty=1, to=f"T-{number % 3 + 1}", key=f"pick-{number}-{n}",
            actor=ACTOR, now=NOON,
        )  # fmt: skip
        return True

    return _answers(one, times).count(True)


def same_move(book: Book, _number: int, times: int) -> list[bool | str]:
    """Everybody books the same moves."""

    def one(n: int) -> bool:
        line = Move(key=f"same-{n}", item=PEN, qty=1, source=SUPPLIER, target="DOCK")
        return book.write_now(stock.move, line, actor=ACTOR, now=NOON)

    return _answers(one, times)


def same_pick(book: Book, _number: int, promised: int, times: int) -> list[int | str]:
    """Everybody picks the same units with the same keys; the answer is the picked allocation."""

    def one(n: int) -> int:
        return book.write_now(
            allocation.pick, promised, qty=1, to="T-1", key=f"scan-{n}", actor=ACTOR, now=NOON
        )  # fmt: skip

    return _answers(one, times)


def same_way(book: Book, _number: int, times: int) -> list[bool | str]:
    """Everybody carries the same container to and fro, with the same keys."""

    def one(n: int) -> bool:
        source, target = ("DOCK", "BENCH") if n % 2 == 0 else ("BENCH", "DOCK")
        return book.write_now(
            stock.relocate, key=f"way-{n}", container="T-2", source=source, target=target,
            actor=ACTOR, now=NOON,
        )  # fmt: skip

    return _answers(one, times)


def into_one_another(book: Book, number: int, times: int) -> list[bool | str]:
    """Two carts: half of the racers put the first on the second, half the second on the first."""
    first, second = ("C-1", "C-2") if number % 2 else ("C-2", "C-1")

    def one(n: int) -> bool:
        source, target = ("DOCK", second) if n % 2 == 0 else (second, "DOCK")
        return book.write_now(
            stock.relocate, key=f"in-{number}-{n}", container=first, source=source, target=target,
            actor=ACTOR, now=NOON,
        )  # fmt: skip

    return _answers(one, times)


def _answers(one: Callable[[int], T], times: int) -> list[T | str]:
    """What came of each; a refusal is its code."""
    found: list[T | str] = []
    for n in range(times):
        try:
            found.append(one(n))
        except Rejected as refusal:
            found.append(str(refusal.code))
    return found
