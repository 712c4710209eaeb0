"""What racers do to one shelf: some count it short, the others promise what lies on it."""

from app import count_doors
from app.count_doors import NewStocktake
from picking import count_settle
from tests.racing import release_all
from wms.counts import counting
from wms.counts.rules import Tally
from wms.db import Book
from wms.errors import Code, Rejected

LOST_TO = (Code.COUNT_TAKEN, Code.COUNT_CLOSED)


def begin(book: Book, number: int, place: str, people: list[int], now: int) -> bool:
    """Stand in front of the place. True for whoever counts it."""
    try:
        book.write_now(
            counting.begin, place=place, person=people[number], key=f"race-{number}", now=now
        )
    except Rejected as refusal:
        assert refusal.code == Code.COUNT_TAKEN, refusal
        return False
    return True


def finish(
    book: Book, number: int, count: int, round: int, item: int, qty: int, now: int, today: str
) -> str:
    """Record the same round as everybody else; how it ended."""
    try:
        ended = book.write_now(
            count_settle.finish, count=count, round=round, person=1,
            seen=[Tally(item, "", "", qty)], actor="person:1", key=f"race-{number}", now=now,
            today=today,
        )  # fmt: skip
    except Rejected as refusal:
        assert refusal.code in LOST_TO, refusal
        return refusal.code
    return ended.ending


def count_or_release(
    book: Book, number: int, of_racer: list[list[int]], count: int, item: int, left: int,
    today: str, now: int,
) -> int:  # fmt: skip
    """Racer 0 finds *left* pieces, twice; the others release their orders one by one."""
    if number == 0:
        for round in (1, 2):
            finish(book, number, count, round, item, left, now, today)
        return 0
    return sum(release_all(book, number, [order], today, now) for order in of_racer[number])


def take_stock(book: Book, number: int, now: int) -> str:
    """Ask for the very stocktake that everybody else asks for; its code."""
    wanted = NewStocktake(key="once", owner="acme")
    return book.write_now(
        count_doors.start, wanted, actor="api:office", device=f"api{number}", now=now
    ).code
