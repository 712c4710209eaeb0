"""Print jobs become bytes once, whatever runs beside the press, and a bad one stops no other."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest
from sqlalchemy import Row, insert, select, update

from labels import press
from labels.templates import TEMPLATES, Template, render
from labels.tote import Tote
from picking.bench import shipping_data
from tests.label_reading import one, prints
from tests.label_samples import SHIPPING, SLIP
from wms.db import Book, Tx
from wms.schema import events, orders, owners, parcels, print_jobs, services, shops

NOW = 1_764_000_000_000


@pytest.fixture
def book(database_url: str) -> Iterator[Book]:
    """An empty book, on each engine."""
    result = Book(database_url)
    yield result
    result.close()


def ask(tx: Tx, key: str, template: str, data: object, /, **changes: object) -> None:
    """Request a print as the floor does."""
    text = data if isinstance(data, str) else msgspec.json.encode(data).decode()
    row = {"key": key, "station": "PACK-01", "template": template, "data": text, **changes}
    tx.execute(insert(print_jobs).values(created_ms=NOW, **row))


def jobs(book: Book) -> list[Row[Any]]:
    """All print jobs in the order in which they were asked for."""
    return book.read_now(lambda tx: list(tx.execute(select(print_jobs).order_by(print_jobs.c.id))))


def settle(book: Book, **dots: int) -> int:
    """Press one batch."""
    return book.write_now(press.render_requested, now=NOW, dots_per_mm=dots)


def test_a_requested_label_becomes_ready_bytes(book: Book) -> None:
    book.write_now(ask, "a", "shipping", SHIPPING)
    book.write_now(ask, "b", "packing_slip", SLIP)
    assert settle(book) == 2
    label, slip = jobs(book)
    assert (label.state, label.format, label.reason) == ("ready", "zpl", "")
    assert bytes(label.payload) == render("shipping", SHIPPING)
    assert (slip.state, slip.format) == ("ready", "pdf")
    assert bytes(slip.payload).startswith(b"%PDF")
    assert settle(book) == 0


def test_a_copy_and_the_station_s_resolution_are_honoured(book: Book) -> None:
    book.write_now(ask, "a", "shipping", SHIPPING, copy_no=2, station="PACK-02")
    settle(book, **{"PACK-02": 12})
    (job,) = jobs(book)
    assert bytes(job.payload) == render("shipping", SHIPPING, dots_per_mm=12, copy=2)


@pytest.mark.parametrize(
    ("template", "data", "reason"),
    [
        ("tote", {"code": "T-1", "note": "👍"}, "label.glyph field=note character=👍"),
        ("tote", {"cod": "T-1"}, "label.data field=cod "),
        ("tote", "not json", "label.data field=data"),
        ("tote", "[1]", "label.data field=data"),
        ("tote", '{"code": "\\ud800"}', "label.data field=data"),
        ("no_such", {}, "label.template template=no_such"),
    ],
)
def test_a_refused_label_fails_with_its_reason_and_stops_no_other(
    book: Book, template: str, data: object, reason: str
) -> None:
    book.write_now(ask, "bad", template, data)
    book.write_now(ask, "good", "tote", {"code": "T-1"})
    assert settle(book) == 2
    bad, good = jobs(book)
    assert bad.state == "failed"
    assert bad.reason.startswith(reason)
    assert bad.done_ms == NOW
    assert bad.payload is None
    assert good.state == "ready"
    assert settle(book) == 0


def test_a_mistake_in_a_layout_costs_one_label_only(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mistaken(_data: Tote, _dots_per_mm: int, _copy: int) -> bytes:
        raise AssertionError("runs off the label")

    monkeypatch.setitem(TEMPLATES, "mistaken", Template(Tote, mistaken, "zpl"))
    book.write_now(ask, "a", "mistaken", {"code": "T-1"})
    book.write_now(ask, "b", "tote", {"code": "T-1"})
    assert settle(book) == 2
    bad, good = jobs(book)
    assert bad.reason == "label.layout template=mistaken reason=runs off the label"
    assert (bad.state, good.state) == ("failed", "ready")


def test_a_job_voided_while_it_was_rendered_stays_void(book: Book) -> None:
    book.write_now(ask, "a", "tote", {"code": "T-1"})
    pressed = press.press(book.read_now(press.requested), {})
    book.write_now(lambda tx: tx.execute(update(print_jobs).values(state="void")))
    assert book.write_now(press.record, pressed=pressed, now=NOW) == 0
    (job,) = jobs(book)
    assert (job.state, job.payload) == ("void", None)


def test_two_presses_settle_a_job_once(book: Book) -> None:
    book.write_now(ask, "a", "tote", {"code": "T-1"})
    first, second = (press.press(book.read_now(press.requested), {}) for _ in range(2))
    assert book.write_now(press.record, pressed=first, now=NOW) == 1
    assert book.write_now(press.record, pressed=second, now=NOW) == 0
    told = book.read_now(lambda tx: list(tx.execute(select(events.c.kind, events.c.body))))
    assert [kind for kind, _ in told] == ["print.changed"]
    assert msgspec.json.decode(told[0].body)["state"] == "ready"


def test_the_oldest_are_pressed_first_in_small_batches(book: Book) -> None:
    for number in range(press.BATCH + 2):
        book.write_now(ask, str(number), "tote", {"code": f"T-{number}"})
    assert settle(book) == press.BATCH
    assert [job.state for job in jobs(book)] == ["ready"] * press.BATCH + ["requested"] * 2


def order_with_parcel(tx: Tx, gift: dict[str, str]) -> int:
    """A labelled parcel of an order as the intake stores it."""
    to = {
        "name": "髙﨑 𠮷太郎", "company": "株式会社現場", "phone": "090-1234-5678",
        "postal": "160-0022", "prefecture": "東京都", "address": "新宿区新宿1-2-3",
        "building": "𠮷野ビル 5F",
    }  # fmt: skip
    tx.execute(insert(owners).values(code="OWN"))
    tx.execute(insert(shops).values(
        code="SHOP", owner="OWN", name="店", sender_name="現場商店", sender_postal="135-0064",
        sender_address="東京都江東区青海2-4-32", sender_phone="0120-000-000",
    ))  # fmt: skip
    tx.execute(insert(services).values(code="yamato-takkyubin", carrier="yamato", name="宅急便"))
    order = tx.execute(insert(orders).values(
        owner="OWN", shop="SHOP", external_id="E1", code="O0000001", state="picked",
        service="yamato-takkyubin", carrier="yamato", ship_date="2025-11-22", time_slot="0812",
        recipient=msgspec.json.encode(to).decode(), gift=msgspec.json.encode(gift).decode(),
        body_hash="", accepted_ms=NOW, state_ms=NOW,
    ).returning(orders.c.id)).scalar_one()  # fmt: skip
    return int(tx.execute(insert(parcels).values(
        code="P0000001-1", order_id=order, state="labelled", service="yamato-takkyubin",
        carrier="yamato", tracking="262492160324", created_ms=NOW,
    ).returning(parcels.c.id)).scalar_one())  # fmt: skip


@pytest.mark.parametrize(
    ("gift", "sender"), [({}, "現場商店"), ({"sender_name": "贈り主花子"}, "贈り主花子")]
)
def test_what_the_bench_asks_for_is_printed_whole(
    book: Book, gift: dict[str, str], sender: str
) -> None:
    """Building and company are on the label, and a gift comes from its purchaser."""
    parcel = book.write_now(order_with_parcel, gift)
    label = one(render("shipping", book.read_now(shipping_data, parcel, "PACK-01")))
    for words in (
        "株式会社現場",
        "髙﨑 𠮷太郎 様",
        "東京都新宿区新宿1-2-3 𠮷野ビル 5F",
        "午前中",
        sender,
    ):
        assert prints(label, [words]), words


async def test_the_worker_presses_what_comes_and_waits_for_the_bell(database_url: str) -> None:
    book = Book(database_url, threads=True)
    with ThreadPoolExecutor(1) as renderer:
        worker = asyncio.create_task(
            press.run(book, now=lambda: NOW, dots_per_mm={}, executor=renderer)
        )
        for number in range(8):
            await book.write(ask, str(number), "tote", {"code": f"T-{number}"})
        async with asyncio.timeout(20):
            while any(job.state != "ready" for job in await book.read(_all)):
                await book.bell.wait(book.bell.count)
        worker.cancel()
        with pytest.raises(asyncio.CancelledError):
            await worker
    book.close()


def _all(tx: Tx) -> list[Row[Any]]:
    return list(tx.execute(select(print_jobs)))
