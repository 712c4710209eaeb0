"""The bill adds up with the ledger: counted once more here, forwards and day by day."""

from collections import Counter
from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import msgspec
import pytest
from sqlalchemy import insert, select, update
from typer.testing import CliRunner

from app.__main__ import cli
from tests.ledger_site import furnish
from wms import stock
from wms.db import Book, Tx
from wms.errors import Code, Rejected
from wms.look.billing import Entry, bill, month, shared
from wms.schema import (
    items,
    lots,
    missions,
    moves,
    orders,
    owners,
    parcels,
    people,
    places,
    return_lines,
    return_units,
    returns,
    robots,
    shops,
    work_orders,
    work_spans,
)
from wms.schema import stock as balances
from wms.stock import CUSTOMER, SUPPLIER, Move

TOKYO = ZoneInfo("Asia/Tokyo")
NOVEMBER = month("2026-11", TOKYO)
OTHER = 9  # an item of the second owner
SPOTS = ("A-1", "A-2", "B-1", "DOCK", "T-1")
DAY_MS = 86_400_000
NUMBERS = count()


def at(day: int, hour: int = 12) -> int:
    """Noon of a day of November, by the site's clock; October's days count down from 0."""
    moment = datetime(2026, 11, 1, hour, tzinfo=TOKYO) + timedelta(days=day - 1)
    return int(moment.timestamp() * 1000)


@pytest.fixture
def book(database_url: str) -> Book:
    book = Book(database_url)
    book.write_now(furnish)
    book.write_now(_second_owner)
    return book


def _second_owner(tx: Tx) -> None:
    tx.execute(insert(owners).values(code="birch", name="Birch"))
    tx.execute(insert(shops).values(code="birch-shop", owner="birch"))
    tx.execute(insert(items).values(id=OTHER, owner="birch", sku="LEAF", name="Leaf"))
    tx.execute(insert(lots).values(item_id=OTHER, lot=""))


def moved(
    book: Book, day: int, qty: int, source: str, target: str, *, item: int = 1, reason: str = "",
    hour: int = 12,
) -> None:  # fmt: skip
    line = Move(
        key=f"m{next(NUMBERS)}", item=item, qty=qty, source=source, target=target, reason=reason
    )
    book.write_now(stock.move, line, actor="test", now=at(day, hour))


def billed(book: Book, owner: str = "") -> dict[tuple[str, str, str], int]:
    found = book.read_now(bill, NOVEMBER, now=at(40), owner=owner)
    assert all(one.owner == owner for one in found if owner)
    return {(one.activity, one.detail, one.unit): one.qty for one in found}


def test_storage_of_a_third_is_what_it_began_with_and_what_came_in(book: Book) -> None:
    moved(book, -3, 100, SUPPLIER, "A-1", reason="opening")
    moved(book, 5, 40, SUPPLIER, "DOCK")
    moved(book, 6, 40, "DOCK", "A-2")
    moved(book, 12, 60, "A-1", CUSTOMER)
    moved(book, 25, 5, CUSTOMER, "A-1", reason="return")
    moved(book, 33, 500, SUPPLIER, "A-1")  # in December
    found = billed(book, "acme")
    thirds = {detail: qty for (activity, detail, unit), qty in found.items()
              if unit == "piece_thirds"}  # fmt: skip
    assert thirds == {"2026-11-01": 140, "2026-11-11": 140, "2026-11-21": 85}
    assert found["storage", "", "place_days"] == 30 + 25, "A-1 all month, A-2 from the 6th"
    assert (found["receipts", "", "lines"], found["receipts", "", "pieces"]) == (1, 40)


def test_a_month_that_goes_on_is_counted_until_now(book: Book) -> None:
    moved(book, 5, 40, SUPPLIER, "A-1")

    def stored(now: int) -> dict[tuple[str, str], int]:
        found = book.read_now(bill, NOVEMBER, now=now)
        return {(one.detail, one.unit): one.qty for one in found if one.activity == "storage"}

    assert stored(at(12)) == {
        ("2026-11-01", "piece_thirds"): 40, ("2026-11-11", "piece_thirds"): 40,
        ("", "place_days"): 7,
    }, "the evenings of the 5th to the 11th; the last third has not begun"  # fmt: skip
    assert stored(at(5, hour=23)) == {("2026-11-01", "piece_thirds"): 40}
    assert stored(at(40))["", "place_days"] == 26


def test_floor_is_billed_by_day_where_the_size_of_places_is_stated(book: Book) -> None:
    """0.45 m2 for 30 days are 13.5: fourteen begun ones. No size, no line."""
    sizes = {"volume_ml_max": 180_000, "height_mm_max": 400}
    a_1 = places.c.code == "A-1"
    book.write_now(lambda tx: tx.execute(update(places).where(a_1).values(sizes)))
    moved(book, -3, 10, SUPPLIER, "A-1")
    moved(book, -3, 10, SUPPLIER, "A-2", item=OTHER)
    assert billed(book, "acme")["storage", "", "m2_days"] == 14
    assert ("storage", "", "m2_days") not in billed(book, "birch")


def test_what_moves_at_midnight_belongs_to_the_day_that_begins(book: Book) -> None:
    moved(book, 11, 7, SUPPLIER, "A-1", hour=0)
    found = billed(book)
    assert ("storage", "2026-11-01", "piece_thirds") not in found
    assert found["storage", "2026-11-11", "piece_thirds"] == 7
    assert found["storage", "", "place_days"] == 20


def test_an_undone_pick_and_an_undone_receipt_are_not_billed(book: Book) -> None:
    moved(book, 2, 9, SUPPLIER, "A-1")
    moved(book, 2, 4, SUPPLIER, "A-1")
    moved(book, 2, 4, "A-1", SUPPLIER, reason="undo receipt")
    moved(book, 3, 3, "A-1", "T-1", reason="pick")
    moved(book, 3, 2, "A-1", "T-1", reason="pick")
    moved(book, 3, 2, "T-1", "A-1", reason="undo")
    found = billed(book)
    assert (found["receipts", "", "lines"], found["receipts", "", "pieces"]) == (1, 9)
    assert (found["picks", "", "lines"], found["picks", "", "pieces"]) == (1, 3)
    assert found["storage", "2026-11-01", "piece_thirds"] == 9


def test_parcels_returns_work_and_robots_are_counted_for_their_owner(book: Book) -> None:
    book.write_now(_everything)
    acme = billed(book, "acme")
    assert acme["parcels", "yamato", "parcels"] == 2
    assert acme["returns", "A", "units"] == 3
    assert acme["work", "kit", "minutes"] == 11, "ten minutes and a second are eleven"
    robot = [one for one in book.read_now(bill, NOVEMBER, now=at(40)) if one.activity == "robots"]
    assert robot == [Entry(owner="", activity="robots", detail="", unit="seconds", qty=40)]


def _everything(tx: Tx) -> None:
    common = {
        "owner": "acme", "shop": "acme-shop", "service": "yamato", "carrier": "yamato",
        "ship_date": "2026-11-22", "body_hash": "x", "accepted_ms": at(1), "state_ms": at(1),
    }  # fmt: skip
    for number, shipped in ((1, at(3)), (2, at(30)), (3, at(31))):
        row = {"id": number, "external_id": f"E{number}", "code": f"O{number}", "state": "shipped"}
        tx.execute(insert(orders).values(**common, **row))
        tx.execute(insert(parcels).values(
            code=f"P{number}", order_id=number, state="shipped", service="yamato",
            carrier="yamato", shipped_ms=shipped, created_ms=at(1),
        ))  # fmt: skip
    tx.execute(insert(people).values(id=1, code="a", name="A", badge_hash="h"))
    tx.execute(insert(returns).values(
        id=1, code="R1", owner="acme", external_id="RMA", kind="return", accepted_ms=at(4),
        state_ms=at(4),
    ))  # fmt: skip
    tx.execute(insert(return_lines).values(id=1, return_id=1, line_no=1, item_id=1, qty=3))
    tx.execute(insert(return_units).values(
        key="u1", return_id=1, line_id=1, item_id=1, qty=3, grade="A", disposition="restock",
        person_id=1, at_ms=at(4),
    ))  # fmt: skip
    tx.execute(insert(work_orders).values(
        id=1, code="W1", owner="acme", kind="kit", item_id=1, qty=5, created_ms=at(5)
    ))  # fmt: skip
    for began, ended in ((at(5), at(5) + 600_000), (at(6), at(6) + 1_000), (at(7), None)):
        tx.execute(
            insert(work_spans).values(work_id=1, person_id=1, began_ms=began, ended_ms=ended)
        )
    tx.execute(insert(places).values(code="AGV", kind="robot"))
    tx.execute(insert(robots).values(device="agv", place="AGV", quarantine="DOCK"))
    tx.execute(insert(missions).values(
        id=1, job="tote:7:1", container="T-1", source="DOCK", target="BENCH", state="done",
        robot="agv", created_ms=at(8), assigned_ms=at(8), settled_ms=at(8) + 40_999,
    ))  # fmt: skip


def test_the_film_run_backwards_shows_what_a_diary_kept_forwards_says(book: Book) -> None:
    random = Random(3)
    for day in sorted(random.randint(-9, 36) for _ in range(150)):
        owner_item = random.choice((1, OTHER))
        place = random.choice(SPOTS)
        held = book.read_now(_held, owner_item, place)
        source, target = random.choice((
            (SUPPLIER, place), (place, CUSTOMER), (place, random.choice(SPOTS)), (CUSTOMER, place)
        ))  # fmt: skip
        if source != target and (held or source.startswith("@")):
            qty = random.randint(1, held) if source == place else random.randint(1, 9)
            moved(book, day, qty, source, target, item=owner_item, hour=random.randint(0, 23))
    found = book.read_now(bill, NOVEMBER, now=at(40))
    storage = {(one.owner, one.detail): one.qty for one in found if one.activity == "storage"}
    assert storage == book.read_now(_diary)
    assert len(storage) >= 6


def _held(tx: Tx, item: int, place: str) -> int:
    query = select(balances.c.qty).where(balances.c.item_id == item, balances.c.place == place)
    return tx.execute(query).scalar() or 0


def _diary(tx: Tx) -> dict[tuple[str, str], int]:
    """Every move from the first on, forwards; each evening somebody walks round and writes."""
    whose = {row.id: row.owner for row in tx.execute(select(items.c.id, items.c.owner))}
    rows = tx.execute(select(moves).order_by(moves.c.at_ms, moves.c.id)).all()
    lies: Counter[tuple[str, str, int]] = Counter()
    found: Counter[tuple[str, str]] = Counter()
    for day in range(-10, 31):
        today = [row for row in rows if at(day, 0) <= row.at_ms < at(day, 0) + DAY_MS]
        if day in (1, 11, 21):
            third = date(2026, 11, day).isoformat()
            for (owner, _, _), qty in lies.items():
                found[owner, third] += qty
        for row in today:
            owner = whose[row.item_id]
            if not row.source.startswith("@"):
                lies[owner, row.source, row.item_id] -= row.qty
            elif day >= 1:
                found[
                    owner, date(2026, 11, 21 if day > 20 else 11 if day > 10 else 1).isoformat()
                ] += row.qty
            if not row.target.startswith("@"):
                lies[owner, row.target, row.item_id] += row.qty
        if day >= 1:
            full = {(owner, place) for (owner, place, _), qty in lies.items() if qty}
            for owner, place in full:
                found[owner, ""] += place in ("A-1", "A-2", "B-1")
    return {key: qty for key, qty in found.items() if qty}


def test_shared_seconds_add_up() -> None:
    random = Random(1)
    for _ in range(200):
        pieces = {name: random.randint(1, 9) for name in "ABCDE"[: random.randint(1, 5)]}
        seconds = random.randint(0, 500)
        assert sum(shared(seconds, pieces).values()) == seconds


@pytest.mark.parametrize("text", ["", "2026", "2026-13", "2026-11-01", "November", "2026-11\n"])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(Rejected) as refusal:
        month(text, TOKYO)
    assert refusal.value.code == Code.MONTH_WRONG


def test_the_command_writes_what_a_spreadsheet_opens(tmp_path: Path, sqlite_url: str) -> None:
    book = Book(sqlite_url)
    book.write_now(furnish)
    moved(book, 5, 40, SUPPLIER, "A-1")
    book.close()
    config = tmp_path / "config.toml"
    config.write_text(f'[site]\nname = "x"\n[database]\nurl = "{sqlite_url}"\n', "utf-8")

    def run(*words: str) -> str:
        done = CliRunner().invoke(cli, ["billing", *words, "--config", str(config)])
        assert done.exit_code == 0, done.output
        return done.output

    assert "40" in run("2026-11")
    told = msgspec.json.decode(run("2026-11", "--json"), type=list[Entry])
    assert {one.activity for one in told} == {"receipts", "storage"}
    assert "Nothing" in run("2026-10")
    for name in ("bill.csv", "bill.xlsx"):
        run("2026-11", "--out", str(tmp_path / name))
    assert (tmp_path / "bill.csv").read_text("utf-8-sig").startswith("owner,activity")
    assert (tmp_path / "bill.xlsx").read_bytes().startswith(b"PK")
    refused = CliRunner().invoke(cli, ["billing", "soon", "--config", str(config)])
    assert refused.exit_code == 1
    assert "2026-11" in refused.output
