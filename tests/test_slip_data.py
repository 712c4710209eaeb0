"""Paper says what the book says: who sent it, to whom, what is in the box, what the truck took."""

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, update

from labels.templates import render
from tests.intake_site import NOW, accept, order, seeded
from tests.test_labels_pdf import texts
from wms.db import Book, Tx
from wms.errors import Code, Rejected
from wms.orders.new import Gift, NewLine
from wms.papers.slip_data import is_slip_wanted, manifest_data, slip_data
from wms.schema import manifests, order_lines, parcels, places, shops, tour_totes
from wms.schema import tours as tours_table
from wms.schema import waves as waves_table

TOKYO = ZoneInfo("Asia/Tokyo")
LINES = (NewLine(sku="TEA", qty=2), NewLine(sku="CUP", qty=1, note="割れ物"))


@pytest.fixture
def book(database_url: str) -> Iterator[Book]:
    book = seeded(database_url)
    book.write_now(lambda tx: tx.execute(update(shops).where(shops.c.code == "SA").values(
        name="みどり茶舗", sender_postal="260-0001", sender_address="千葉県千葉市1-2",
        sender_phone="043-000-0000", slip_message="ありがとうございます",
    )))  # fmt: skip
    yield book
    book.close()


def slip(book: Book, **changes: Any) -> dict[str, Any]:
    (accepted,) = accept(book, order("E-1", **changes))
    return book.read_now(slip_data, accepted.order_id)


def test_a_slip_says_who_sends_what_to_whom(book: Book) -> None:
    data = slip(book, lines=LINES)
    assert data["order"] == "O0000001"
    assert data["external_order"] == "E-1"
    assert data["sender"] == {
        "name": "みどり茶舗", "postal": "260-0001", "address": "千葉県千葉市1-2",
        "phone": "043-000-0000", "honorific": "",
    }  # fmt: skip
    assert data["recipient"]["address"] == "東京都千代田区千代田1-1"
    assert [(line["sku"], line["qty"], line["note"]) for line in data["lines"]] == [
        ("TEA", 2, ""), ("CUP", 1, "割れ物"),
    ]  # fmt: skip


def test_the_press_takes_it_as_it_is(book: Book) -> None:
    paper = render("packing_slip", slip(book, lines=LINES))
    (text,) = texts(paper)
    for words in ("山田 太郎 様", "みどり茶舗", "お茶", "カップ", "ありがとうございます", "E-1"):
        assert words in text


def test_what_was_cancelled_is_not_on_it(book: Book) -> None:
    (accepted,) = accept(book, order("E-1", lines=LINES))
    book.write_now(lambda tx: tx.execute(update(order_lines).values(cancelled=1)))
    data = book.read_now(slip_data, accepted.order_id)
    assert [(line["sku"], line["qty"]) for line in data["lines"]] == [("TEA", 1)]
    book.write_now(lambda tx: tx.execute(update(order_lines).values(cancelled=order_lines.c.qty)))
    with pytest.raises(Rejected) as refusal:
        book.read_now(slip_data, accepted.order_id)
    assert refusal.value.code == Code.ORDER_NOTHING_LEFT


def test_a_leaflet_is_not_on_it_unless_it_is_all_there_is(book: Book) -> None:
    leaflet = NewLine(sku="CUP", qty=1, kind="insert")
    data = slip(book, lines=(NewLine(sku="TEA", qty=1), leaflet))
    assert [line["sku"] for line in data["lines"]] == ["TEA"]
    (alone,) = accept(book, order("E-2", lines=(leaflet,)))
    data = book.read_now(slip_data, alone.order_id)
    assert [line["sku"] for line in data["lines"]] == ["CUP"]


def test_a_gift_comes_from_its_purchaser(book: Book) -> None:
    gift = Gift(sender_name="鈴木 一郎", sender_address="大阪府大阪市1-1", without_slip=True)
    data = slip(book, gift=gift)
    assert data["gift"]
    assert data["sender"]["name"] == "鈴木 一郎"
    assert data["sender"]["postal"] == ""
    assert not book.read_now(is_slip_wanted, 1)
    accept(book, order("E-2"))
    assert book.read_now(is_slip_wanted, 2)


def test_an_unknown_order_is_refused(book: Book) -> None:
    with pytest.raises(Rejected) as refusal:
        book.read_now(slip_data, 99)
    assert refusal.value.code == Code.ORDER_UNKNOWN


def test_it_names_the_totes_that_still_hold_the_order(book: Book) -> None:
    (accepted,) = accept(book, order("E-1"))
    book.write_now(
        _put_into_totes, accepted.order_id, {"T-1": "", "T-2": "empty", "T-3": "dropped"}
    )
    assert book.read_now(slip_data, accepted.order_id)["tote"] == "T-1 T-3"
    book.write_now(_put_into_totes, accepted.order_id, {f"TOTE-{n:03d}": "" for n in range(9)})
    assert len(book.read_now(slip_data, accepted.order_id)["tote"]) == 30


def _put_into_totes(tx: Tx, order_id: int, totes: dict[str, str]) -> None:
    wave = insert(waves_table).values(carrier="yamato", pickup_ms=NOW + len(totes), created_ms=NOW)
    (wave_id,) = tx.execute(wave.returning(waves_table.c.id)).one()
    tour = insert(tours_table).values(wave_id=wave_id, kind="cart", created_ms=NOW)
    (tour_id,) = tx.execute(tour.returning(tours_table.c.id)).one()
    for slot, (tote, state) in enumerate(totes.items(), start=1):
        tx.execute(insert(places).values(code=tote, kind="tote"))
        tx.execute(insert(tour_totes).values(
            tour_id=tour_id, slot=slot, order_id=order_id, tote=tote, state=state
        ))  # fmt: skip


def test_a_manifest_lists_what_is_on_the_truck_and_counts_what_is_not(book: Book) -> None:
    accept(book, *(order(f"E-{n}") for n in range(4)))
    book.write_now(_load)
    data = book.read_now(manifest_data, "M-1", zone=TOKYO, site="新木場 FC")
    assert [parcel["parcel"] for parcel in data["parcels"]] == ["P-2", "P-1"]
    assert data["parcels"][0] == {
        "tracking": "262492160324", "parcel": "P-2", "order": "O0000002", "piece": 1, "pieces": 1,
        "cage": "",
    }  # fmt: skip
    assert (data["pickup_day"], data["pickup_time"], data["left_behind"]) == (
        "2026-11-22", "10:00", 1,
    )  # fmt: skip
    (text,) = texts(render("manifest", data))
    assert "2624-9216-0324" in text
    with pytest.raises(Rejected):
        book.read_now(manifest_data, "M-2", zone=TOKYO)


def _load(tx: Tx) -> None:
    """Two parcels on the truck (the second came first), one left behind, one not labelled."""
    code = insert(manifests).values(code="M-1", carrier="yamato", pickup_ms=NOW + 3_600_000)
    (manifest,) = tx.execute(code.returning(manifests.c.id)).one()
    for number, (state, loaded_ms) in enumerate(
        [("loaded", NOW + 2), ("shipped", NOW + 1), ("closed", None), ("open", None)], start=1
    ):
        tx.execute(insert(parcels).values(
            code=f"P-{number}", order_id=number, piece=1, state=state, service="yamato-takkyubin",
            carrier="yamato", tracking="262492160324" if number == 2 else "", loaded_ms=loaded_ms,
            manifest_id=manifest if loaded_ms else None, created_ms=NOW,
        ))  # fmt: skip
