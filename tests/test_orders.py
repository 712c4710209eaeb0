"""Orders: taken once, dated by the calendar, held when the address is not enough."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import msgspec
import pytest
from msgspec.structs import replace
from sqlalchemy import insert, select

from tests.intake_site import DAY_MS, HOME, NOW, TODAY, accept, order, seeded
from wms.db import Book
from wms.errors import Code, Rejected
from wms.orders import lifecycle
from wms.orders.lifecycle import NewLine, NewOrder
from wms.orders.new import Gift, Recipient, has_house_number
from wms.record import events
from wms.record.events import Cursor
from wms.schema import order_lines, versions
from wms.schema import orders as order_table
from wms.site import owners


@pytest.fixture
def book(database_url: str) -> Book:
    return seeded(database_url)


def row_of(book: Book, order_id: int) -> dict[str, object]:
    query = select(order_table).where(order_table.c.id == order_id)
    return dict(book.read_now(lambda tx: tx.execute(query).one())._mapping)


def kinds_told(book: Book) -> list[str]:
    told = book.read_now(events.since, Cursor(), 1_000)
    return [one.event.kind for one in told if one.aggregate.startswith("order:")]


def test_an_order_is_taken_with_its_lines(book: Book) -> None:
    wanted = order(lines=(NewLine(sku="TEA", qty=2), NewLine(sku="CUP", qty=1, kind="gift")))
    (answer,) = accept(book, wanted)
    assert (answer.state, answer.ship_date, answer.new) == ("accepted", TODAY, True)
    assert answer.code == f"O{answer.order_id:07d}"
    kept = row_of(book, answer.order_id)
    assert (kept["pieces"], kept["one_piece"], kept["carrier"]) == (3, 0, "yamato")
    lines = select(order_lines.c.line_no, order_lines.c.qty, order_lines.c.kind)
    assert book.read_now(lambda tx: tx.execute(lines).all()) == [(1, 2, "goods"), (2, 1, "gift")]
    assert kinds_told(book) == ["order.accepted"]


def test_i10_the_same_order_again_gets_the_same_answer_and_changes_nothing(book: Book) -> None:
    (first,) = accept(book, order())
    (again,) = accept(book, order(), now=NOW + 400 * DAY_MS)
    assert again == replace(first, new=False)
    assert kinds_told(book) == ["order.accepted"]


def test_i10_another_order_under_the_same_id_is_refused(book: Book) -> None:
    accept(book, order())
    with pytest.raises(Rejected) as refused:
        accept(book, order(priority=1))
    assert refused.value.code == Code.KEY_REUSED
    other_owner = order(owner="B", shop="SB")
    assert accept(book, other_owner)[0].new, "another owner's ids are another matter"


def test_i10_the_same_order_at_the_same_moment_is_one_order(database_url: str) -> None:
    seeded(database_url).close()
    start = Barrier(4)

    def deliver(_number: int) -> list[bool]:
        book = Book(database_url)
        start.wait()
        new = [accept(book, order(f"E-{number}"))[0].new for number in range(10)]
        book.close()
        return new

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(deliver, range(4)))
    assert [sum(column) for column in zip(*answers, strict=True)] == [1] * 10


def test_many_orders_are_taken_together_or_not_at_all(book: Book) -> None:
    good = [order(f"E-{number}") for number in range(450)]
    with pytest.raises(Rejected):
        accept(book, *good, order("E-bad", shop="SB"))
    assert kinds_told(book) == []
    answers = accept(book, *good)
    assert [answer.external_id for answer in answers] == [one.external_id for one in good]
    assert len({answer.code for answer in answers}) == 450


def test_a_future_order_waits_for_its_day(book: Book) -> None:
    (answer,) = accept(book, order(delivery_date="2026-12-05"))
    assert (answer.state, answer.ship_date) == ("waiting_date", "2026-12-04")
    assert book.write_now(lifecycle.wake, today="2026-12-03", now=NOW) == []
    assert book.write_now(lifecycle.wake, today="2026-12-04", now=NOW) == [answer.order_id]
    assert book.write_now(lifecycle.wake, today="2026-12-04", now=NOW) == []
    assert row_of(book, answer.order_id)["state"] == "accepted"


def test_after_the_cutoff_an_order_waits_until_tomorrow(book: Book) -> None:
    book.write_now(owners.put_owners, [owners.NewOwner(code="A", order_cutoff="09:00")])
    assert accept(book, order("in time"))[0].state == "accepted"
    assert accept(book, order("late"), now=NOW + 1)[0].state == "waiting_date"


def test_an_address_without_a_house_number_is_held(book: Book) -> None:
    vague = replace(HOME, address="港区六本木")
    (answer,) = accept(book, order(recipient=vague))
    assert (answer.state, answer.state_reason) == ("held", "order.no_house_number")
    assert kinds_told(book) == ["order.accepted", "order.held"]
    book.write_now(lifecycle.release_hold, [answer.order_id], today=TODAY, now=NOW)
    assert row_of(book, answer.order_id)["state"] == "accepted"


def test_only_a_held_order_is_released(book: Book) -> None:
    (answer,) = accept(book, order())
    book.write_now(lifecycle.set_state, [answer.order_id], "released", now=NOW)
    with pytest.raises(Rejected) as refused:
        book.write_now(lifecycle.release_hold, [answer.order_id], today=TODAY, now=NOW)
    assert refused.value.code == Code.ORDER_STATE


@pytest.mark.parametrize(
    ("address", "there"),
    [("丸の内1-9-1", True), ("丸の内１－９－１", True), ("三田二丁目十五番", True),
     ("字中野無番地", True), ("三田", False), ("六本木ヒルズ", False), ("四条通烏丸", False)],
)  # fmt: skip
def test_a_kanji_numeral_in_a_name_is_no_house_number(address: str, there: bool) -> None:
    assert has_house_number(address) == there


def test_a_promise_that_cannot_be_kept_is_said(book: Book) -> None:
    (answer,) = accept(book, order(delivery_date=TODAY))
    assert (answer.ship_date, answer.state_reason) == (TODAY, "order.late")


def test_one_piece_is_one_unit_without_a_gift(book: Book) -> None:
    two = (NewLine(sku="TEA", qty=2),)
    answers = accept(book, order("1"), order("2", lines=two), order("3", gift=Gift(wrapping="赤")))
    flags = [row_of(book, answer.order_id)["one_piece"] for answer in answers]
    assert flags == [1, 0, 0]


def test_a_recipient_is_kept_as_paper_needs_it(book: Book) -> None:
    sent = Recipient(
        name="山田\u200b太郎", postal="1000001", address="東京都千代田区1-1\n", phone="+81312345678"
    )
    (answer,) = accept(book, order(recipient=sent))
    kept = msgspec.json.decode(str(row_of(book, answer.order_id)["recipient"]), type=Recipient)
    assert kept == Recipient(
        name="山田\ufffd太郎", postal="100-0001", prefecture="東京都", address="千代田区1-1",
        phone="03-1234-5678",
    )  # fmt: skip


def test_a_cancellation_that_came_first_is_remembered(book: Book) -> None:
    tombstone = {"owner": "A", "external_id": "E-1", "version": 2, "cancelled": 1}
    book.write_now(lambda tx: tx.execute(insert(versions), [tombstone]))
    (answer,) = accept(book, order())
    assert (answer.state, answer.state_reason) == ("cancelled", "order.cancelled_before")
    assert kinds_told(book) == ["order.accepted", "order.cancelled"]
    assert row_of(book, answer.order_id)["pieces"] == 0


WRONG = {
    "owner": (order(owner="nobody"), Code.SHOP_OF_ANOTHER_OWNER, "shop"),
    "shop": (order(shop="nowhere"), Code.REFERENCE_UNKNOWN, "shop"),
    "another's shop": (order(shop="SB"), Code.SHOP_OF_ANOTHER_OWNER, "shop"),
    "service": (order(service="pigeon"), Code.REFERENCE_UNKNOWN, "service"),
    "sku": (order(lines=(NewLine(sku="TEA", qty=1), NewLine(sku="NO", qty=1))),
            Code.REFERENCE_UNKNOWN, "lines[1].sku"),
    "no lines": (order(lines=()), Code.FIELD_TOO_SHORT, "lines"),
    "quantity": (order(lines=(NewLine(sku="TEA", qty=0),)), Code.FIELD_TOO_SMALL, "lines[0].qty"),
    "past date": (order(delivery_date="2026-11-21"), Code.DATE_RANGE, "delivery_date"),
    "far date": (order(delivery_date="2099-01-01"), Code.DATE_RANGE, "delivery_date"),
    "no date": (order(delivery_date="2026-02-30"), Code.DATE_WRONG, "delivery_date"),
    "retired slot": (order(time_slot="1214"), Code.TIME_SLOT_RETIRED, "time_slot"),
    "another's slot": (order(time_slot="52"), Code.TIME_SLOT_UNKNOWN, "time_slot"),
    "slot to a letter box": (order(service="yamato-nekopos", time_slot="0812"),
                             Code.SERVICE_WITHOUT_DATE, "time_slot"),
    "date to a letter box": (order(service="yamato-nekopos", delivery_date="2026-12-01"),
                             Code.SERVICE_WITHOUT_DATE, "delivery_date"),
    "postal": (order(recipient=replace(HOME, postal="12345")), Code.FIELD_PATTERN,
               "recipient.postal"),
    "phone": (order(recipient=replace(HOME, phone="+999 1234 5678")), Code.PHONE_WRONG,
              "recipient.phone"),
    "prefecture": (order(recipient=replace(HOME, prefecture="")), Code.PREFECTURE_WRONG,
                   "recipient.prefecture"),
    "hidden id": (order("E\u202e1"), Code.TEXT_UNSEEN, "external_id"),
    "NUL": (order(notes="a\x00b"), Code.TEXT_NUL, "notes"),
    "half a character": (order(gift=Gift(message="\ud83d")), Code.TEXT_SURROGATE, "gift.message"),
    "only hidden": (order(recipient=replace(HOME, name=" ")), Code.TEXT_EMPTY, "recipient.name"),
}  # fmt: skip


@pytest.mark.parametrize(("wanted", "code", "field"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_order_is_refused_with_its_field(
    book: Book, wanted: NewOrder, code: Code, field: str
) -> None:
    found = book.read_now(lifecycle.faults, [wanted], now=NOW)
    assert [(one.code, one.field) for one in found] == [(code, field)]
    with pytest.raises(Rejected):
        accept(book, wanted)
    assert kinds_told(book) == []


def test_every_wrong_order_of_a_batch_is_told(book: Book) -> None:
    wanted = [
        replace(one, external_id=one.external_id if number == 17 else f"{one.external_id}{number}")
        for number, (one, _, _) in enumerate(WRONG.values())
    ]
    told = {one.row for one in book.read_now(lifecycle.faults, wanted, now=NOW)}
    assert told == set(range(len(wanted)))
    twice = book.read_now(lifecycle.faults, [order(), order()], now=NOW)
    assert [(one.row, one.code) for one in twice] == [(1, Code.ROW_TWICE)]


@pytest.mark.parametrize(
    ("service", "slot", "kept"),
    [("yamato-takkyubin", "0812", "0812"), ("sagawa-hikyaku", "04", "04"),
     ("japanpost-yupack", "52", "52"), ("japanpost-yupack", "00", "")],
)  # fmt: skip
def test_each_carrier_has_its_own_time_slots(
    book: Book, service: str, slot: str, kept: str
) -> None:
    (answer,) = accept(book, order(service=service, time_slot=slot))
    assert row_of(book, answer.order_id)["time_slot"] == kept


def test_orders_change_state_only_along_allowed_ways(book: Book) -> None:
    first, second = (answer.order_id for answer in accept(book, order("1"), order("2")))
    assert book.write_now(lifecycle.set_state, [first, second], "short", now=NOW) == 2
    assert book.write_now(lifecycle.set_state, [first, second], "short", now=NOW) == 0
    book.write_now(lifecycle.set_state, [first], "released", now=NOW)
    with pytest.raises(Rejected) as refused:
        book.write_now(lifecycle.set_state, [first, second], "picked", now=NOW)
    assert refused.value.params["state"] == "short"
    assert row_of(book, first)["state"] == "released", "all of them or none"


@pytest.mark.parametrize("end", ["shipped", "cancelled"])
def test_nothing_comes_back_from_an_end(end: str) -> None:
    assert all(end not in befores for befores in lifecycle.WAYS.values())
