"""A small warehouse with a memory of its own, for tests that drive the ledger any way they like.

`World` does what it is told, and knows from plain dictionaries what must come of it: each step is
either applied or refused with the expected code, and afterwards the book, both auditors and the
memory must agree.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from tests.ledger_site import (
    ACTOR,
    BINS,
    CONTAINERS,
    LIVE,
    NOON,
    PEN,
    SKUS,
    SOMEONE,
    allocate_wave,
    code_of,
    furnish,
    hand_over,
    look,
    unserved,
    verify,
)
from wms import stock
from wms.db import Book
from wms.errors import Code, Rejected
from wms.orders import lifecycle
from wms.orders.new import NewLine, NewOrder
from wms.promises import allocation
from wms.shipping import parcels
from wms.stock import REGRADE, SUPPLIER, Key, Move


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A live promise as the memory has it; `of` the allocation that it was split from."""

    order: int | None
    line: int | None
    key: Key
    qty: int
    state: str
    came_from: str = ""
    of: int | None = None


class World:
    """A book, and what is remembered about it."""

    def __init__(self, url: str) -> None:
        self.book = Book(url)
        self.qty: Counter[Key] = Counter()
        self.promised: Counter[Key] = Counter()
        self.held: dict[int, Held] = {}
        self.parents = {**dict.fromkeys(CONTAINERS, "DOCK")}
        self.boxes: dict[int, tuple[str, str, Counter[Key]]] = {}  # parcel -> code, state, contents
        self.waiting: list[int] = []  # orders without promises
        self.moves: list[Move] = []
        self.ways: list[tuple[str, str, str, str]] = []  # key, container, source, target
        self.picks: list[tuple[str, int, int, str, int]] = []  # key, allocation, qty, to, part
        self.log: list[str] = []
        self._number = 0
        self.book.write_now(furnish)

    def close(self) -> None:
        self.book.close()

    def do(self, code: Code | None, command: Callable[..., Any], *args: Any, **named: Any) -> Any:
        """Run a command that must be applied (*code* None) or refused with *code*."""
        self.log.append(f"{command.__name__} {args} {named} -> {code or 'applied'}")
        try:
            result = self.book.write_now(command, *args, **named)
        except Rejected as refusal:
            assert refusal.code == code, f"{refusal} instead of {code or 'applied'}"
            return None
        assert code is None, f"applied instead of {code}"
        return result

    def key(self, of: str = "key") -> str:
        self._number += 1
        return f"{of}-{self._number}"

    @property
    def now(self) -> int:
        return NOON + self._number

    def free(self, key: Key) -> int:
        return self.qty[key] - self.promised[key]

    # What is done

    def receive(self, place: str, item: int, lot: str, serial: str, qty: int) -> None:
        key = Key(place, item, lot, "available", serial)
        units = {(one.item, one.serial) for one, there in self.qty.items() if there}
        second = Code.SERIAL_HERE if serial and (item, serial) in units else None
        line = self._line(key, SUPPLIER, place, qty)
        if self.do(second, stock.move, line, actor=ACTOR, now=self.now):
            self._booked(line)

    def carry(self, key: Key, target: str, qty: int) -> None:
        """Move free units by hand."""
        line = self._line(key, key.place, target, qty)
        short = Code.STOCK_SHORT if qty > self.free(key) else None
        if self.do(short, stock.move, line, actor=ACTOR, now=self.now):
            self._booked(line)

    def regrade(self, key: Key, condition: str, qty: int) -> None:
        line = self._line(key, key.place, REGRADE, qty)
        short = Code.STOCK_SHORT if qty > self.free(key) else None
        if self.do(short, stock.regrade, line, condition=condition, actor=ACTOR, now=self.now):
            self._booked(line)
            self._booked(replace(
                line, key=f"{line.key}:back", source=REGRADE, target=key.place, condition=condition
            ))  # fmt: skip

    def relocate(self, container: str, source: str, target: str, key: str = "") -> None:
        way = (key or self.key("way"), container, source, target)
        code = None
        if self.is_inside(target, container):
            code = Code.CONTAINER_INSIDE
        elif self.parents[container] != source:
            code = Code.CONTAINER_ELSEWHERE
        named = {"key": way[0], "container": container, "source": source, "target": target}
        if self.do(code, stock.relocate, **named, actor=ACTOR, now=self.now):
            self.parents[container] = target
            self.ways.append(way)

    def is_inside(self, place: str, container: str) -> bool:
        above: str | None = place
        while above is not None and above != container:
            above = self.parents.get(above)
        return above == container

    def order(self, *lines: tuple[int, int]) -> None:
        wanted = tuple(NewLine(sku=SKUS[item], qty=qty) for item, qty in lines)
        order = NewOrder(
            owner="acme", shop="acme-shop", external_id=self.key("order"), service="yamato",
            recipient=SOMEONE, lines=wanted,
        )  # fmt: skip
        accepted = self.do(None, lifecycle.accept, order, now=self.now)
        self.waiting.append(accepted.order_id)

    def allocate(self) -> None:
        """Promise stock to every waiting order that can have all it wants."""
        served = self.do(None, allocate_wave, list(self.waiting), self.now)
        for row in self.book.read_now(lambda tx: list(tx.execute(LIVE))):
            if row.id not in self.held:
                key = allocation.key_of(row)
                assert key.place in BINS and key.condition == "available" and key.lot != "gone"
                self.promised[key] += row.qty
                self.held[row.id] = Held(
                    order=row.order_id, line=row.line_id, key=key, qty=row.qty, state="open"
                )  # fmt: skip
        self.waiting = [order for order in self.waiting if order not in served]

    def pick(self, number: int, qty: int, tote: str, key: str = "") -> None:
        was = self.held[number]
        key = key or self.key("pick")
        closed = was.state != "open" or qty > was.qty
        part = self.do(Code.ALLOCATION_CLOSED if closed else None, allocation.pick, number, qty=qty,
                       to=tote, key=key, actor=ACTOR, now=self.now)  # fmt: skip
        if part is not None:
            self.picks.append((key, number, qty, tote, part))
            self._split(number, part, qty, "picked", tote, was.key.place)
            self._promise_moves(was.key, tote, qty)

    def unpick(self, number: int) -> None:
        """Back to the shelf it came from, and to the promise it was split from, if that is open."""
        was = self.held[number]
        rest = was.of if was.of in self.held and self.held[was.of].state == "open" else None
        closed = was.state != "picked"
        here = was.came_from or was.key.place
        self.do(Code.ALLOCATION_CLOSED if closed else None, allocation.unpick, number, to=here,
                key=self.key("undo"), actor=ACTOR, now=self.now, rest=rest)  # fmt: skip
        if closed:
            return
        self._promise_moves(was.key, here, was.qty)
        back = replace(was, state="open", key=was.key._replace(place=here), came_from="", of=None)
        if rest is None:
            self.held[number] = back
        else:
            del self.held[number]
            self.held[rest] = replace(self.held[rest], qty=self.held[rest].qty + was.qty)

    def bind(self, number: int) -> None:
        """Give a picked unit of a wave's total to the first of its orders that has none."""
        was = self.held[number]
        waits = self.book.read_now(unserved, number)
        if was.line is not None or was.state != "picked" or waits is None:
            return
        part = self.do(None, allocation.bind, number, line=waits.line, qty=1)
        self._split(number, part, 1, "picked", was.key.place, was.came_from)
        self.held[part] = replace(self.held[part], order=waits.order_id, line=waits.line, of=None)

    def pack(self, order: int) -> None:
        """Everything that was picked for an order goes into a box."""
        mine = {n: one for n, one in self.held.items() if one.order == order and one.line}
        picked = {n: one for n, one in mine.items() if one.state == "picked"}
        if not picked:
            return
        contents = [parcels.Packed(n, one.qty) for n, one in sorted(picked.items())]
        parcel = self.do(
            None, parcels.pack, order=order, contents=contents, station="PACK-1", place="BENCH",
            box="", weight_g=0, predicted_g=0, key=self.key("pack"), actor=ACTOR, now=self.now,
        )  # fmt: skip
        code = self.book.read_now(code_of, parcel)
        inside: Counter[Key] = Counter()
        for n, one in picked.items():
            del self.held[n]
            self.promised[one.key] -= one.qty
            self.qty[one.key] -= one.qty
            inside[one.key._replace(place=code)] += one.qty
        self.qty.update(inside)
        self.boxes[parcel] = (code, "open", inside)

    def release(self, number: int) -> None:
        was = self.held.pop(number)
        self.promised[was.key] -= was.qty
        self.do(None, allocation.release, [number])
        if was.order is not None and was.order not in self.waiting:
            self.waiting.append(was.order)

    def send(self, parcel: int) -> None:
        """Label, prove, load and hand over one box; each step may have to wait for another day."""
        code, state, inside = self.boxes[parcel]
        match state:
            case "open":
                self.do(Code.LABEL_OTHER_PARCEL, parcels.verify, parcel=parcel, tracking="1",
                        now=self.now)  # fmt: skip
                self.do(None, parcels.label, parcel=parcel, now=self.now)
                state = "labelled"
            case "labelled":
                self.do(None, verify, parcel, self.now)
                state = "closed"
            case "closed":
                self.do(None, hand_over, parcel, self.key("truck"), self.now)
                self.qty.subtract(inside)
                state = "shipped"
            case _:
                self.do(Code.LOAD_TWICE, hand_over, parcel, self.key("truck"), self.now)
        self.boxes[parcel] = (code, state, inside)

    # What must have no effect

    def repeat_move(self, number: int) -> None:
        line = self.moves[number % len(self.moves)]
        assert self.do(None, stock.post, [line], actor=ACTOR, now=self.now) == 0

    def reuse_key(self, number: int, other: str) -> None:
        """The key of a move that was booked, for something else."""
        line = self.moves[number % len(self.moves)]
        if other == "qty":
            line = replace(line, qty=line.qty + 1)
        elif other == "place":
            others = [spot for spot in BINS if spot not in (line.source, line.target)]
            line = replace(line, target=others[0])
        elif other == "lot":
            line = replace(line, lot=f"{line.lot}?")
        else:
            self.do(Code.KEY_REUSED, stock.relocate, key=line.key, container="T-1", target="A-1",
                    source=self.parents["T-1"], actor=ACTOR, now=self.now)  # fmt: skip
            return
        self.do(Code.KEY_REUSED, stock.move, line, actor=ACTOR, now=self.now)

    def repeat_way(self, number: int) -> None:
        key, container, source, target = self.ways[number % len(self.ways)]
        named = {"key": key, "container": container, "source": source, "target": target}
        assert self.do(None, stock.relocate, **named, actor=ACTOR, now=self.now) is False

    def repeat_pick(self, number: int, qty: int) -> None:
        key, of, picked, tote, part = self.picks[number % len(self.picks)]
        code = None if qty == picked else Code.KEY_REUSED
        again = self.do(code, allocation.pick, of, qty=qty, to=tote, key=key, actor=ACTOR,
                        now=self.now)  # fmt: skip
        assert again in (None, part)

    def fail_late(self, place: str, qty: int) -> None:
        """A command whose last line is refused: nothing of its first lines may stay."""
        key = Key("DOCK", PEN, "", "available", "")
        lines = [
            self._line(key, SUPPLIER, place, qty),
            self._line(key, "DOCK", place, self.free(key) + 1),
        ]
        self.do(Code.STOCK_SHORT, stock.post, lines, actor=ACTOR, now=self.now)

    # What must hold

    def check(self) -> None:
        """The book, the SQL, the replay and the memory are of one mind."""
        by_sql, by_replay, rows, stands = self.book.read_now(look)
        assert by_sql == []
        assert by_replay == []
        there = {allocation.key_of(row): (row.qty, row.allocated) for row in rows}
        keys = set(there) | {key for key, qty in self.qty.items() if qty}
        mine = {key: (self.qty[key], self.promised[key]) for key in keys}
        assert there == mine
        assert stands == self.parents

    # The memory

    def _line(self, key: Key, source: str, target: str, qty: int) -> Move:
        return Move(
            key=self.key("move"), item=key.item, qty=qty, source=source, target=target,
            lot=key.lot, condition=key.condition, serial=key.serial,
        )  # fmt: skip

    def _booked(self, line: Move) -> None:
        self.moves.append(line)
        if not stock.is_outside(line.source):
            self.qty[line.at(line.source)] -= line.qty
        if not stock.is_outside(line.target):
            self.qty[line.at(line.target)] += line.qty

    def _promise_moves(self, key: Key, target: str, qty: int) -> None:
        to = key._replace(place=target)
        for counter in (self.qty, self.promised):
            counter[key] -= qty
            counter[to] += qty

    def _split(self, number: int, part: int, qty: int, state: str, place: str, was: str) -> None:
        whole = self.held[number]
        changed = replace(
            whole, qty=qty, state=state, key=whole.key._replace(place=place), came_from=was
        )  # fmt: skip
        if part != number:
            self.held[number] = replace(whole, qty=whole.qty - qty)
            changed = replace(changed, of=number)
        self.held[part] = changed


@contextmanager
def world_at(url: str) -> Iterator[World]:
    """A world in the fresh book at *url*; a failure shows its last steps."""
    world = World(url)
    try:
        yield world
    except AssertionError as error:
        for line in world.log[-12:]:
            error.add_note(line)
        raise
    finally:
        world.close()
