"""The second auditor: replays the ledger in plain Python, and must find what the SQL found.

It reads rows one by one and keeps books of its own in dictionaries: no sums, joins or windows of
the database, so that a wrong query and a wrong balance cannot hide one another.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import Row, Table, select

from wms.audit import CHECKS, Finding, offending
from wms.db import Tx
from wms.record import seals
from wms.schema import (
    allocations,
    lots,
    moves,
    order_lines,
    orders,
    parcel_lines,
    parcels,
    places,
    stock,
    tasks,
)

BLOCK = 2_000
COMPARED = ("I1", "I2", "I3", "I4", "I5", "I6", "I15")  # what both auditors look at,
TAGS = "audit.tag"  # but for this
Balance = tuple[str, int, str, str, str]


@dataclass(slots=True)
class Books:
    """What the moves alone say."""

    balances: Counter[Balance] = field(default_factory=Counter)
    touched: set[Balance] = field(default_factory=set)
    between: Counter[tuple[int, str, str]] = field(default_factory=Counter)
    stands: dict[str, str] = field(default_factory=dict)
    faults: list[Finding] = field(default_factory=list)


class Step(NamedTuple):
    """A part of the whole audit: an invariant, the code of its sentence, and what looks at it."""

    invariant: str
    code: str
    run: Callable[[Tx], list[Finding]]


def steps() -> list[Step]:
    """The whole audit: each check in SQL, the second auditor, and the chain of seals."""
    in_sql = [
        Step(check.invariant, check.code, partial(offending, check=check)) for check in CHECKS
    ]  # fmt: skip
    return [
        *in_sql, Step("agree", "audit.agree", agree), Step("I13", "audit.chain", chain)
    ]  # fmt: skip


def full(tx: Tx) -> list[Finding]:
    """Everything that the whole audit finds, in one snapshot."""
    return [finding for step in steps() for finding in step.run(tx)]


def chain(tx: Tx) -> list[Finding]:
    """Sealed rows that are not what they were."""
    faults = (fault.partition(": ") for fault in seals.verify(tx))
    return [Finding("I13", where, what) for where, _, what in faults]


def agree(tx: Tx) -> list[Finding]:
    """Where the two auditors differ about one snapshot. Empty: they agree."""
    checks = [check for check in CHECKS if check.invariant in COMPARED and check.code != TAGS]
    theirs = {(one.invariant, one.where): one for check in checks for one in offending(tx, check)}
    ours = {(one.invariant, one.where): one for one in replay(tx)}
    alone = [
        *((one, "found=sql") for key, one in theirs.items() if key not in ours),
        *((one, "found=replay") for key, one in ours.items() if key not in theirs),
    ]
    return sorted(
        Finding("agree", f"{one.invariant} {one.where}", f"{by} {one.what}") for one, by in alone
    )


def replay(tx: Tx) -> list[Finding]:
    """Read everything again, line by line, and compare it with what the book says."""
    known = {row.code: row for row in _rows(tx, places)}
    books = Books()
    for line in _rows(tx, moves):
        _book(books, line, known)
    found = books.faults
    found += [
        Finding("I1", f"{item}/{lot}/{serial}", f"vanished={qty}")
        for (item, lot, serial), qty in books.between.items()
        if qty
    ]
    promised, of_line = _promises(tx)
    found += _balances(tx, books, promised)
    found += _containers(books, known)
    found += _lines(tx, of_line)
    found += _soundness(tx, known)
    return sorted(found)


def _rows(tx: Tx, table: Table) -> Iterator[Row[Any]]:
    """Every row, in the order of its key, a block at a time."""
    query = select(table).order_by(*table.primary_key.columns)
    yield from tx.execute(query, execution_options={"yield_per": BLOCK})


def _book(books: Books, line: Row[Any], known: dict[str, Row[Any]]) -> None:
    """One line of the ledger."""
    there = line.source in known and line.target in known
    malformed = line.source == line.target or not there
    if line.container is not None:
        if malformed or line.item_id is not None or line.qty != 0:
            books.faults.append(_malformed(line))
        before = books.stands.get(line.container, line.source)
        if before != line.source:
            what = f"move={line.id} before={before} source={line.source}"
            books.faults.append(Finding("I5", line.container, what))
        books.stands[line.container] = line.target
        return
    if malformed or line.item_id is None or line.qty <= 0 or (line.serial and line.qty != 1):
        books.faults.append(_malformed(line))
    for place, qty in ((line.target, line.qty), (line.source, -line.qty)):
        if place == "@regrade":
            books.between[line.item_id, line.lot, line.serial] += qty
        if not place.startswith("@"):
            balance = (place, line.item_id, line.lot, line.condition, line.serial)
            books.balances[balance] += qty
            books.touched.add(balance)


def _malformed(line: Row[Any]) -> Finding:
    what = f"source={line.source} target={line.target} qty={line.qty}"
    return Finding("I1", f"move {line.id}", what)


def _promises(tx: Tx) -> tuple[Counter[Balance], dict[int, Counter[str]]]:
    """Live promises by balance; and by line, how much is live and how much was packed."""
    promised: Counter[Balance] = Counter()
    of_line: dict[int, Counter[str]] = defaultdict(Counter)
    for row in _rows(tx, allocations):
        live = row.state in ("open", "picked")
        if live:
            promised[row.place, row.item_id, row.lot, row.condition, row.serial] += row.qty
        if row.line_id is not None and (live or row.state == "packed"):
            of_line[row.line_id]["live" if live else "packed"] += row.qty
    return promised, of_line


def _balances(tx: Tx, books: Books, promised: Counter[Balance]) -> Iterator[Finding]:
    """Balances against moves and promises, and one unit of each serial number."""
    told: set[Balance] = set()
    units: dict[tuple[int, str], list[int]] = defaultdict(list)
    for row in _rows(tx, stock):
        balance = (row.place, row.item_id, row.lot, row.condition, row.serial)
        told.add(balance)
        where = _name(balance)
        if row.qty != books.balances[balance] or balance not in books.touched:
            yield Finding("I2", where, f"qty={row.qty} moves={books.balances[balance]}")
        if row.qty < 0:
            yield Finding("I3", where, f"qty={row.qty}")
        if row.allocated != promised[balance] or row.allocated < 0 or 0 <= row.qty < row.allocated:
            what = f"qty={row.qty} allocated={row.allocated} allocations={promised[balance]}"
            yield Finding("I4", where, what)
        if row.serial and row.qty:
            units[row.item_id, row.serial].append(row.qty)
    for balance, qty in books.balances.items():
        if qty and balance not in told:
            yield Finding("I2", _name(balance), f"qty=0 moves={qty}")
    for balance, qty in promised.items():
        if qty and balance not in told:
            yield Finding("I4", _name(balance), f"allocated=0 allocations={qty}")
    for (item, serial), quantities in units.items():
        if len(quantities) > 1 or sum(quantities) > 1:
            yield Finding("I5", f"{item}/{serial}", f"places={len(quantities)}")


def _name(balance: Balance) -> str:
    return "/".join(map(str, balance))


def _containers(books: Books, known: dict[str, Row[Any]]) -> Iterator[Finding]:
    """Containers stand where they went last, and never in themselves."""
    for container, place in books.stands.items():
        stands = known[container].parent if container in known else None
        if stands != place:
            yield Finding("I5", container, f"last_move={place} stands={stands}")
    for code in known:
        seen: set[str] = set()
        above = known[code].parent
        while above is not None and above in known and above not in seen:
            seen.add(above)
            above = known[above].parent
        if code in seen:
            yield Finding("I5", code, f"parent={known[code].parent}")


def _lines(tx: Tx, of_line: dict[int, Counter[str]]) -> Iterator[Finding]:
    """Every line's arithmetic, with what its parcels and promises say."""
    state_of = {row.id: row.state for row in _rows(tx, parcels)}
    boxed: dict[int, Counter[str]] = defaultdict(Counter)
    for row in _rows(tx, parcel_lines):
        state = state_of[row.parcel_id]
        boxed[row.line_id]["packed"] += row.qty * (state != "void")
        boxed[row.line_id]["shipped"] += row.qty * (state == "shipped")
    order_of = {row.id: row for row in _rows(tx, orders)}
    lacking: Counter[int] = Counter()
    sent: Counter[int] = Counter()
    for line in _rows(tx, order_lines):
        where, promises, boxes = f"line {line.id}", of_line[line.id], boxed[line.id]
        lacking[line.order_id] += line.qty - line.cancelled - line.shipped
        sent[line.order_id] += line.shipped
        if promises["live"] and promises["live"] + line.packed + line.cancelled > line.qty:
            yield Finding("I4", where, f"promised={promises['live']}")
        sound = 0 <= line.shipped <= line.packed and line.cancelled >= 0 < line.qty
        sound = sound and line.packed + line.cancelled <= line.qty
        same = line.packed == boxes["packed"] == promises["packed"]
        if not sound or not same or line.shipped != boxes["shipped"]:
            what = f"packed={line.packed} boxed={boxes['packed']} promised={promises['packed']}"
            yield Finding("I6", where, what)
    for number, order in order_of.items():
        if (order.state == "shipped") != (lacking[number] == 0 and sent[number] > 0):
            yield Finding("I6", f"order {order.code}", f"lacking={lacking[number]}")


def _soundness(tx: Tx, known: dict[str, Row[Any]]) -> Iterator[Finding]:
    """Live promises are of sound goods in bins, of the right item, for orders that still want;
    or to a task that goes on, of whatever it needs."""
    lot_of = {(row.item_id, row.lot): row for row in _rows(tx, lots)}
    line_of = {row.id: row for row in _rows(tx, order_lines)}
    order_of = {row.id: row for row in _rows(tx, orders)}
    in_wave: dict[tuple[int, int], list[str]] = defaultdict(list)
    for line in line_of.values():
        order = order_of[line.order_id]
        if order.one_piece and order.wave_id is not None:
            in_wave[order.wave_id, line.item_id].append(order.ship_date)
    going_on = {row.id for row in _rows(tx, tasks) if row.state in ("open", "claimed")}
    for row in _rows(tx, allocations):
        where, live = f"allocation {row.id}", row.state in ("open", "picked")
        if live and row.task_id is not None:
            if row.task_id not in going_on or row.line_id is not None or row.wave_id is not None:
                yield Finding("I4", where, f"task={row.task_id}")
            continue
        wanted = line_of[row.line_id] if row.line_id is not None else None
        if wanted is not None and row.state != "released" and row.item_id != wanted.item_id:
            yield Finding("I15", where, f"item={row.item_id} wanted={wanted.item_id}")
        if not live:
            continue
        wants = order_of[wanted.order_id] if wanted is not None else None
        if wants is not None and wants.state in ("shipped", "cancelled"):
            yield Finding("I6", where, f"order_state={wants.state}")
        if row.override:
            continue
        lot = lot_of[row.item_id, row.lot]
        stays = row.state == "open" and known[row.place].kind != "bin"
        if row.condition != "available" or lot.held or stays:
            yield Finding("I15", where, f"condition={row.condition} held={lot.held}")
        dates = [wants.ship_date] if wants else in_wave[row.wave_id or 0, row.item_id]
        if lot.expiry and dates and lot.expiry < min(dates):
            yield Finding("I15", where, f"expiry={lot.expiry} ship_date={min(dates)}")
