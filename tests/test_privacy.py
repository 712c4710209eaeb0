"""Names and addresses are gone when their time is over, everywhere, and the book adds up (I21)."""

import asyncio
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import BigInteger, Integer, insert, select, update

from tests.returns_site import RITA, ReturnsSite, returns_at
from wms.config import Privacy
from wms.db import Book, Tx
from wms.errors import Code, Rejected
from wms.papers.label_data import shipping_data
from wms.people import staff
from wms.privacy import daily, forgetting
from wms.privacy import subject as privacy_subject
from wms.privacy.columns import PERSONAL, PLAIN
from wms.privacy.forgetting import DAY_MS
from wms.privacy.subject import Subject
from wms.record import events, seals
from wms.record.event_kinds import OrderCancelled, OrderHeld
from wms.returns import closing
from wms.schema import (
    commands,
    device_facts,
    documents,
    metadata,
    order_lines,
    parcels,
    photos,
    print_jobs,
    return_units,
    returns,
    sessions,
    tasks,
)
from wms.schema import orders as orders_table
from wms.schema import owners as owners_table
from wms.schema import people as people_table

dumps = partial(json.dumps, ensure_ascii=False)  # as the book writes it
CANARY = "金糸雀Canary"
PHONE, MAIL = "080-1234-9876", "canary@example.jp"
KEEP = Privacy()
LATER_MS = (30 + 90 + forgetting.DELIVERY_DAYS + 1) * DAY_MS
TO = {
    "name": CANARY, "postal": "136-0082", "prefecture": "東京都", "address": f"{CANARY}町1-2-3",
    "building": CANARY, "company": CANARY, "phone": PHONE, "email": MAIL,
}  # fmt: skip
GIFT = {
    "wrapping": "リボン", "noshi": "御祝", "noshi_name": CANARY, "message": CANARY,
    "sender_name": CANARY, "sender_phone": "03-9999-1111",
}  # fmt: skip
JPEG = b"\xff\xd8\xff" + CANARY.encode() + b"\xff\xd9"


def test_every_column_is_personal_or_plain() -> None:
    """Numbers and references are plain by nature; a new column of text belongs to one of both."""
    for table in metadata.sorted_tables:
        there = {
            column.name for column in table.columns
            if not isinstance(column.type, Integer | BigInteger) and not column.foreign_keys
        }  # fmt: skip
        told, plain = set(PERSONAL.get(table.name, {})), set(PLAIN.get(table.name, "").split())
        assert told | plain == there, table.name
        assert not told & plain, table.name
    assert {*PERSONAL, *PLAIN} <= set(metadata.tables)


@pytest.fixture
def site(request: pytest.FixtureRequest) -> Iterator[ReturnsSite]:
    engine = getattr(request, "param", "sqlite")
    with returns_at(request.getfixturevalue(f"{engine}_url")) as made:
        yield made
        made.check()


def lived(site: ReturnsSite) -> tuple[int, int]:
    """Two orders that were sent; of the first a piece came back. Everything says the canary."""
    first, second = (row.order_id for row in site.ship([("TEA", 2)], [("CUP", 1)]))
    number = site.arrive(number=site.announce(first, ("TEA", 1)))
    site.grade(number, "TEA", note=CANARY)
    site.write(closing.close, number, person=RITA, key="end", actor="person:6", now=site.now)
    site.signed_in("HT-01", 1).scan(CANARY)
    site.write(speak, first, number, site.now)
    return first, second


def speak(tx: Tx, order: int, number: int, now: int) -> None:
    """Put the canary wherever somebody may have put a name of theirs."""
    tx.execute(update(orders_table).values(
        recipient=dumps(TO), gift=dumps(GIFT), notes=CANARY, customer=CANARY,
        state_reason=CANARY,
    ))  # fmt: skip
    tx.execute(update(order_lines).values(note=CANARY))
    tx.execute(update(returns).values(reason=CANARY))
    tx.execute(update(return_units).values(note=CANARY))
    tx.execute(insert(photos).values(
        key="p", ref=f"return:{number}", type="image/jpeg", image=JPEG, at_ms=now
    ))  # fmt: skip
    tx.execute(insert(photos).values(
        key="q", ref="inbound_line:1", type="image/jpeg", image=JPEG, at_ms=now
    ))  # fmt: skip
    parcel = tx.scalar(select(parcels.c.id).where(parcels.c.order_id == order))
    for kind, pdf, bill in (("invoice", CANARY.encode(), "{}"),
                            ("receipt", None, dumps({"to": CANARY}))):  # fmt: skip
        tx.execute(insert(documents).values(
            order_id=order, kind=kind, code=kind, pdf=pdf, bill=bill, parcel_id=parcel, at_ms=now
        ))  # fmt: skip
    for key, state, template in (
        (f"slip:{order}:1", "confirmed", "packing_slip"), ("slip:99:1", "ready", "packing_slip"),
        ("badge:1", "confirmed", "badge"),
    ):  # fmt: skip
        tx.execute(insert(print_jobs).values(
            key=key, station="PACK-1", template=template, data=dumps({"to": CANARY}),
            payload=CANARY.encode(), parcel_id=parcel, state=state, created_ms=now, reason=CANARY,
        ))  # fmt: skip
    tx.execute(insert(device_facts).values(device="s", kind="scan", text=CANARY, at_ms=now))
    tx.execute(insert(tasks).values(
        key="a", kind="assist", state="done", ref="person:1", body=dumps({"person": CANARY}),
        created_ms=now,
    ))  # fmt: skip
    tx.execute(update(sessions).values(state=dumps({"words": CANARY}), last_text=CANARY))
    about: dict[str, Any] = {
        "owner": "acme",
        "order_id": order,
        "external_id": "E",
        "reason": CANARY,
    }
    events.emit(tx, OrderHeld(**about), OrderCancelled(**about), now=now)


def said(book: Book, *words: str) -> list[str]:
    """Where any of *words* stands in the book: each cell of each table is looked at."""

    def look(tx: Tx) -> list[str]:
        found = []
        for table in metadata.sorted_tables:
            for row in tx.execute(select(table)):
                for name, value in row._mapping.items():
                    raw = bytes(value) if isinstance(value, bytes | memoryview) else b""
                    shown = raw.decode("utf-8", "replace") or str(value)
                    if any(word in shown for word in words):
                        found.append(f"{table.name}.{name}")
        return sorted(set(found))

    return book.read_now(look)


def forget(site: ReturnsSite, after_ms: int, keep: Privacy = KEEP) -> dict[str, int]:
    now = site.now + after_ms
    return asyncio.run(forgetting.mask(site.book, keep, actor="worker:privacy", device="", now=now))


WORDS = (CANARY, PHONE, MAIL, "03-9999-1111", "136-0082")
# What it is put into: all that is called personal, but names of the staff and of businesses, and
# what keeps hashes only.
SPEAKS = sorted(
    f"{table}.{name}" for table, names in PERSONAL.items() for name, rule in names.items()
    if rule not in ("person", "stays") and name != "moved"
)  # fmt: skip


@pytest.mark.parametrize(
    "site", ["sqlite", pytest.param("postgresql", marks=pytest.mark.long)], indirect=True
)
def test_after_its_days_nothing_in_the_book_tells_whom_an_order_was_for(site: ReturnsSite) -> None:
    first, second = lived(site)
    assert set(SPEAKS) - set(said(site.book, *WORDS)) == set(), "it is everywhere"
    sealed = site.write(seals.seal)
    assert sealed
    done = forget(site, LATER_MS)
    assert said(site.book, *WORDS) == []
    assert (done["orders"], done["photos"]) == (2, 1), "the other photo went with its return"
    assert forget(site, LATER_MS) == {}, "once is enough"
    kept = site.rows(select(orders_table).where(orders_table.c.id.in_((first, second))))
    for row in kept:
        to = json.loads(row.recipient)
        assert (to["postal"], to["prefecture"]) == ("136-0000", "東京都"), "statistics stay"
        assert json.loads(row.gift)["wrapping"] == "リボン"
    records = site.rows(select(commands).where(commands.c.name.like("privacy.%")))
    assert {row.name for row in records} >= {"privacy.orders", "privacy.scans"}
    assert not any(word in str(row) for word in WORDS for row in records)
    if site.book.is_sqlite:
        assert site.read(seals.verify) == []
        assert forgetting.clear_log(site.book)
        file = Path(str(site.book.writing.url.database))
        there = file.read_bytes() + file.with_name(file.name + "-wal").read_bytes()
        assert not [word for word in WORDS if word.encode() in there], "nor in the file itself"


@pytest.mark.long
def test_each_thing_is_kept_for_its_own_days(site: ReturnsSite) -> None:
    lived(site)
    assert "print_jobs.payload" in said(site.book, CANARY)
    assert forget(site, 0) == {"labels": 1}, "a badge's token at once"
    forget(site, 8 * DAY_MS)
    waits = {"print_jobs.data", "print_jobs.payload", "print_jobs.reason"}  # one was never printed
    assert waits <= set(said(site.book, CANARY))
    forget(site, 31 * DAY_MS)
    left = said(site.book, CANARY)
    assert not {"scans.text", "scans.answer", "device_facts.text", "tasks.body"} & set(left)
    assert {"orders.recipient", "photos.image", "documents.pdf"} <= set(left)
    forget(site, 121 * DAY_MS)
    assert "photos.image" not in said(site.book, CANARY)
    site.set(owners_table, owners_table.c.code == "acme", keep_days=400)
    forget(site, LATER_MS)
    assert "orders.recipient" in said(site.book, CANARY), "this owner keeps them for longer"


@pytest.mark.long
def test_what_is_under_way_is_not_forgotten(site: ReturnsSite) -> None:
    first, second = lived(site)
    site.announce(first, ("TEA", 1))
    (third,) = site.orders([[("HAT", 1)]])
    forget(site, LATER_MS)
    masked = {row.id: row.masked_ms for row in site.rows(select(orders_table))}
    assert [masked[one] is None for one in (first, second, third)] == [True, False, True]


@pytest.mark.long
def test_a_masked_order_prints_nothing_and_a_repeated_scan_changes_nothing(
    site: ReturnsSite,
) -> None:
    lived(site)
    hand = site.at("HT-01")
    hand.scan("A-01", scan_id="old")
    forget(site, LATER_MS)
    with pytest.raises(Rejected) as refused:
        site.read(shipping_data, 1, "PACK-1")
    assert refused.value.code is Code.ORDER_ERASED
    again = hand.scan("A-01", scan_id="old")
    assert again.fate == "repeat"
    assert site.at("HT-02").sign_in(2).dialogue != "sign_in", "terminals go on"


def test_somebody_is_told_what_is_known_and_erased_when_they_ask(site: ReturnsSite) -> None:
    lived(site)
    (third,) = site.orders([[("HAT", 1)]])
    site.set(orders_table, orders_table.c.id == third, recipient=dumps(TO))
    asked: dict[str, Any] = {"actor": "cli", "device": "cli", "now": site.now}
    told = site.write(privacy_subject.export, Subject(phone="+81 80 1234 9876"), **asked)
    assert [one.recipient["name"] for one in told.orders] == [CANARY] * 3
    assert told.orders[0].returns[0]["notes"] == [CANARY]
    for other in (Subject(email=MAIL.upper()), Subject(customer=CANARY), Subject(phone=PHONE)):
        found = site.write(privacy_subject.export, other, **asked)
        assert {one.order for one in found.orders} >= {told.orders[0].order}
    done = site.write(privacy_subject.erase, Subject(email=MAIL), **asked)
    assert (done.orders, len(done.waiting)) == (2, 1), "what is under way is kept, and named"
    left = said(site.book, CANARY)
    assert not {"order_lines.note", "documents.pdf", "returns.reason"} & set(left) - {
        "order_lines.note"
    }
    for wrong, code in (
        (Subject(phone="090-0000-0000"), Code.PRIVACY_NOBODY), (Subject(), Code.PRIVACY_ONE),
        (Subject(order="O1", phone=PHONE), Code.PRIVACY_ONE),
    ):  # fmt: skip
        with pytest.raises(Rejected) as refused:
            site.write(privacy_subject.erase, wrong, **asked)
        assert refused.value.code is code
    records = site.rows(select(commands).where(commands.c.name.like("privacy.%")))
    assert not any(word in str(row) for word in WORDS for row in records), "not even by what"


@pytest.mark.long
def test_whoever_has_left_becomes_a_number(site: ReturnsSite) -> None:
    hand = site.signed_in("HT-01", 1)
    hand.scan("A-01")
    site.set(people_table, people_table.c.id == 1, name=CANARY, code="E042-canary")
    hand.scan("B-02")
    asked: dict[str, Any] = {"actor": "cli", "device": "cli", "now": site.now}
    subject = Subject(person="E042-canary")
    assert site.write(privacy_subject.export, subject, **asked).people[0].scans == 3
    with pytest.raises(Rejected) as refused:
        site.write(privacy_subject.erase, subject, **asked)
    assert refused.value.code is Code.PERSON_ACTIVE
    site.write(staff.end, code="E042-canary")
    site.write(privacy_subject.erase, subject, **asked)
    assert said(site.book, CANARY, "E042-canary") == []


def test_the_server_forgets_once_a_day_at_its_hour(site: ReturnsSite) -> None:
    lived(site)
    zone, keep = site.settings.zone, Privacy(hour=13)  # it is after noon

    def once(after_ms: int) -> dict[str, int]:
        now = site.now + after_ms
        return asyncio.run(daily.once(site.book, now=now, zone=zone, keep=keep))

    assert once(LATER_MS - 10 * 3_600_000) == {}, "it is too early in the day"
    assert once(LATER_MS + 3 * 3_600_000)["orders"] == 2
    site.set(orders_table, orders_table.c.id > 0, masked_ms=None)
    assert once(LATER_MS + 4 * 3_600_000) == {}, "today it is done"
    assert once(LATER_MS + 27 * 3_600_000)["orders"] == 2
