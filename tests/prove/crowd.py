"""Hundreds of moves in one transaction, batch after batch, against a memory of plain dictionaries.

Most batches are sound. Some take a unit too many, bring a serial number that is here already, or
use a key for something else: those leave nothing behind, not even their sound lines. Some come a
second time, or half of them does: what was booked is not booked again.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from random import Random

from sqlalchemy import insert, select

from tests.ledger_site import ACTOR, BINS, NOON, RADIO, furnish
from wms import stock
from wms.audit import auditor
from wms.db import Book, Tx
from wms.errors import Code, Rejected
from wms.schema import items, lots, places
from wms.schema import stock as balances
from wms.stock import CUSTOMER, LOST, SUPPLIER, Key, Move

LINES = 400  # of a batch
MORE_BINS = tuple(f"M-{number:02d}" for number in range(30))
GOODS = range(10, 30)
REMEMBERED = 50  # batches that may come again
Lines = tuple[list[Move], list[Move], Code | None]


class Crowd:
    """A book at *url*, what must be in it, and a seed that says what happens next."""

    def __init__(self, url: str, chance: Random, post: Callable[..., int] = stock.post) -> None:
        self.book, self.chance, self.post = Book(url), chance, post
        self.qty: Counter[Key] = Counter()
        self.batches: list[list[Move]] = []
        self.number = self.booked = 0
        self.tally: Counter[str] = Counter()
        self.book.write_now(_furnish)

    def close(self) -> None:
        self.book.close()

    def batch(self, size: int = LINES) -> None:
        """One batch of some kind, and a look at every balance."""
        kinds = (self.sound, self.short, self.second, self.reused, self.again, self.half)
        lines, new, refused = self.chance.choices(kinds, (70, 9, 5, 4, 7, 5))[0](size)
        self.tally["ledger operations"] += len(lines)
        try:
            done = self.book.write_now(self.post, lines, actor=ACTOR, now=NOON + self.number)
        except Rejected as refusal:
            assert refusal.code == refused, f"{refusal} instead of {refused or 'applied'}"
            self.tally[f"refused with {refusal.code}"] += len(lines)
        else:
            assert refused is None, f"applied instead of {refused}"
            assert done == len(new), (done, len(new))
            self.tally["of them booked"] += len(new)
            self.tally["of them known already"] += len(lines) - len(new)
            self._remember(new)
        self.compare()

    def compare(self) -> None:
        """Every balance is what the memory says."""
        rows = self.book.read_now(lambda tx: list(tx.execute(select(balances))))
        there = {
            Key(row.place, row.item_id, row.lot, row.condition, row.serial): row.qty
            for row in rows if row.qty
        }  # fmt: skip
        assert there == +self.qty, dict(there.items() ^ (+self.qty).items())

    def audit(self) -> None:
        """Both auditors, and how many rows the ledger has."""
        found = self.book.read_now(auditor.full)
        assert found == [], found[:3]

    # Kinds of batches: the lines, those of them that are new, and the refusal if there is one

    def sound(self, size: int) -> Lines:
        taken: Counter[Key] = Counter()
        full = [key for key, qty in self.qty.items() if qty and not key.serial]
        lines = []
        for _ in range(size):
            key = self.chance.choice(full) if full else None
            if key is None or self.chance.random() < 0.4 or self.qty[key] <= taken[key]:
                lines.append(self._arrival())
            else:
                qty = self.chance.randint(1, self.qty[key] - taken[key])
                taken[key] += qty
                lines.append(self._way(key, qty))
        return lines, lines, None

    def short(self, size: int) -> Lines:
        """The last line takes one more than there was before the batch."""
        lines = [self._arrival() for _ in range(self.chance.randint(0, size - 1))]
        key = self.chance.choice(
            [key for key in self.qty if not key.serial]
            or [Key("A-1", GOODS[0], "", "available", "")]
        )
        return [*lines, self._way(key, self.qty[key] + 1)], [], Code.STOCK_SHORT

    def second(self, size: int) -> Lines:
        """A unit with a serial number arrives; if it is here already, that is refused."""
        lines = [self._arrival() for _ in range(self.chance.randint(0, size - 1))]
        serial = f"S{self.chance.randint(1, 30)}"
        here = any(key.serial == serial and qty for key, qty in self.qty.items())
        key = Key(self.chance.choice(BINS), RADIO, "", "available", serial)
        lines.append(self._line(key, SUPPLIER, key.place, 1))
        return (lines, [], Code.SERIAL_HERE) if here else (lines, lines, None)

    def reused(self, size: int) -> Lines:
        if not self.batches:
            return self.sound(size)
        lines = [self._arrival() for _ in range(self.chance.randint(0, size - 1))]
        old = self.chance.choice(self.chance.choice(self.batches))
        return [*lines, replace(old, qty=old.qty + 1)], [], Code.KEY_REUSED

    def again(self, size: int) -> Lines:
        if not self.batches:
            return self.sound(size)
        return self.chance.choice(self.batches), [], None

    def half(self, size: int) -> Lines:
        old = self.again(size)[0][: size // 2] if self.batches else []
        new = [self._arrival() for _ in range(size // 2)]
        return self.chance.sample([*old, *new], len(old) + len(new)), new, None

    def _arrival(self) -> Move:
        item = self.chance.choice(GOODS)
        lot = self.chance.choice(("", "", "L1", "L2"))
        key = Key(self.chance.choice(MORE_BINS), item, lot, "available", "")
        return self._line(key, SUPPLIER, key.place, self.chance.randint(1, 9))

    def _way(self, key: Key, qty: int) -> Move:
        away = (CUSTOMER,) if key.serial else (*MORE_BINS, CUSTOMER, CUSTOMER, CUSTOMER, LOST)
        target = self.chance.choice([place for place in away if place != key.place])
        return self._line(key, key.place, target, qty)

    def _line(self, key: Key, source: str, target: str, qty: int) -> Move:
        self.number += 1
        return Move(
            key=f"crowd-{self.number}", item=key.item, qty=qty, source=source, target=target,
            lot=key.lot, serial=key.serial, reason="crowd",
        )  # fmt: skip

    def _remember(self, new: list[Move]) -> None:
        for line in new:
            if not stock.is_outside(line.source):
                self.qty[line.at(line.source)] -= line.qty
            if not stock.is_outside(line.target):
                self.qty[line.at(line.target)] += line.qty
        self.booked += len(new)
        if new:
            self.batches = [*self.batches[-REMEMBERED:], new]


def _furnish(tx: Tx) -> None:
    furnish(tx)
    tx.execute(insert(items), [
        {"id": item, "owner": "acme", "sku": f"G{item}", "name": "goods"} for item in GOODS
    ])  # fmt: skip
    tx.execute(insert(lots), [
        {"item_id": item, "lot": lot, "expiry": "2027-06-01" if lot else ""}
        for item in GOODS for lot in ("", "L1", "L2")
    ])  # fmt: skip
    tx.execute(insert(places), [{"code": code, "kind": "bin"} for code in MORE_BINS])
