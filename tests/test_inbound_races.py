"""People on one delivery at the same moment, and receipts at random: no piece lost or doubled."""

from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from sqlalchemy import func, select

from tests import inbound_racers as racers
from tests.picking_site import TODAY
from tests.racing import RACERS, race
from tests.receive_site import ROSA, SORA, ReceiveSite, dock_at, line
from wms.errors import Rejected
from wms.inbound import deliveries, lpn, receiving
from wms.inbound.receiving import Receipt
from wms.schema import inbound_lines, moves


@pytest.fixture
def site(database_url: str) -> Iterator[ReceiveSite]:
    with dock_at(database_url) as site:
        yield site


def test_two_people_racing_lose_no_piece_and_take_none_too_much(site: ReceiveSite) -> None:
    delivery = site.asn(("SOAP", 25))
    (taken,) = race(site.book.url, (racers.receive_many, site.item("SOAP"), 10, ""))
    assert sum(taken) == 25, "exactly what was announced, whoever was first"
    assert site.lines(delivery) == [("SOAP", 25, 25, 0)]
    (more,) = race(site.book.url, (racers.receive_many, site.item("SOAP"), 10, "free_goods"))
    assert sum(more) == 40 - sum(taken), "the keys that were used before have no effect"
    assert site.lines(delivery) == [("SOAP", 25, 40, 0)]


def test_the_same_receipt_from_everywhere_is_booked_once(site: ReceiveSite) -> None:
    delivery = site.asn(("SOAP", 25), ("RADIO", 8))
    same, serials = race(
        site.book.url, (racers.receive_same, site.item("SOAP"), 6),
        (racers.receive_serials, site.item("RADIO"), 5),
    )  # fmt: skip
    assert (sum(same), sum(serials)) == (6, 5)
    assert site.lines(delivery) == [("SOAP", 25, 6, 0), ("RADIO", 8, 5, 0)]


def test_tags_that_everybody_accepts_are_received_once(site: ReceiveSite) -> None:
    epcs = [f"{number:024x}" for number in range(1, 9)]
    delivery = site.announce(line("SHIRT", 8, epcs=tuple(epcs[:5]))).inbound_id
    number = int(site.scalar(select(inbound_lines.c.id)))
    (taken,) = race(site.book.url, (racers.accept_tags, number, epcs))
    assert sorted(taken) == [0] * (RACERS - 1) + [8]
    assert site.lines(delivery) == [("SHIRT", 8, 8, 0)]


def test_a_delivery_that_closes_while_others_receive_tells_what_came(site: ReceiveSite) -> None:
    delivery = site.asn(("SOAP", 100))
    (taken,) = race(site.book.url, (racers.close_or_receive, site.item("SOAP"), 12))
    assert site.lines(delivery) == [("SOAP", 100, sum(taken), 0)]
    assert site.delivery(delivery).state == "received"
    assert site.told("inbound.received") == 1


def test_a_receipt_is_taken_back_once(site: ReceiveSite) -> None:
    delivery = site.asn(("SOAP", 9))
    site.receive(delivery, "SOAP", 4)
    last = site.read(receiving.last_receipt, f"person:{ROSA}", delivery)
    (done,) = race(site.book.url, (racers.undo_same, last))
    assert sum(done) == 1
    assert site.lines(delivery) == [("SOAP", 9, 0, 0)]


# --- at random -----------------------------------------------------------------------------------

LOTS = {"A": "2027-05-31", "B": "2027-06-30", "OLD": "2026-11-01"}
STEPS = 120


class Walk:
    """Two people who receive, undo, retry and close whatever comes; a model counts with them."""

    def __init__(self, site: ReceiveSite, seed: int) -> None:
        self.site, self.rng = site, Random(seed)
        self.done: list[tuple[Receipt, str, str]] = []
        self.expected: Counter[tuple[str, str, str, str]] = Counter()
        self.deliveries = [
            site.announce(
                line("SOAP", 20), line("PILL", 9, lot="A"), line("PILL", 9), line("RADIO", 9),
                external_id=f"ASN-{number}",
            ).inbound_id
            for number in range(3)
        ]  # fmt: skip
        self.deliveries.append(
            site.write(deliveries.blind, owner="acme", person=ROSA, key="walk", now=site.now)
        )

    def step(self, number: int) -> None:
        choice = self.rng.random()
        if choice < 0.70:
            self.receive(number)
        elif choice < 0.80:
            self.again()
        elif choice < 0.95:
            self.undo(number)
        elif choice < 0.96:
            self.close()
        else:
            self.pallet(number)

    def what(self, number: int) -> tuple[str, Receipt]:
        rng, sku = self.rng, self.rng.choice(("SOAP", "SOAP", "PILL", "RADIO", "MILK"))
        lot = rng.choice(sorted(LOTS)) if sku in ("PILL", "MILK") else ""
        qty = rng.randint(1, 4)
        return sku, Receipt(
            inbound=rng.choice(self.deliveries), item=self.site.item(sku), qty=qty,
            place=rng.choice(("DOCK", "PL-1", "PL-2", "A-01")), lot=lot,
            expiry=LOTS.get(lot, ""), condition=rng.choice(("available", "damaged", "expired")),
            serials=tuple(f"{number}-{n}" for n in range(qty)) if sku == "RADIO" else (),
            over=rng.choice(("", "free_goods")), extra=rng.random() < 0.3, why="wet",
        )  # fmt: skip

    def receive(self, number: int) -> None:
        sku, what = self.what(number)
        actor = f"person:{self.rng.choice((ROSA, SORA))}"
        key = f"walk-{number}"
        if self.book(what, key, actor):
            self.done.append((what, key, actor))
            self.expected[sku, what.lot, what.condition, what.place] += what.qty

    def again(self) -> None:
        """The same command once more: a terminal that was not answered."""
        if self.done:
            what, key, actor = self.rng.choice(self.done)
            assert self.book(what, key, actor) == 0

    def book(self, what: Receipt, key: str, actor: str) -> int:
        try:
            return self.site.write(
                receiving.receive, what, key=key, actor=actor, today=TODAY, now=self.site.now
            )
        except Rejected:
            return 0

    def undo(self, number: int) -> None:
        delivery, actor = self.rng.choice(self.deliveries), f"person:{ROSA}"
        last = self.site.read(receiving.last_receipt, actor, delivery)
        if last is None:
            return
        try:
            self.site.write(
                receiving.undo, last, key=f"undo-{number}", actor=actor, now=self.site.now
            )
        except Rejected:
            return
        what = next(what for what, key, _ in self.done if key == last.key)
        sku = {self.site.item(sku): sku for sku in ("SOAP", "PILL", "RADIO", "MILK")}[what.item]
        self.expected[sku, what.lot, what.condition, what.place] -= what.qty

    def close(self) -> None:
        delivery = self.rng.choice(self.deliveries[1:])  # one stays open to the end
        self.site.write(deliveries.close, delivery, now=self.site.now, reason="comes_later")

    def pallet(self, number: int) -> None:
        self.site.write(
            lpn.new_pallet, delivery=self.deliveries[0], station="RECV-1", kind="pallet",
            key=f"p{number}", now=self.site.now,
        )  # fmt: skip

    def check(self) -> None:
        self.site.check()
        booked: Counter[tuple[str, str, str, str]] = Counter()
        for place in ("DOCK", "PL-1", "PL-2"):
            for sku, lot, condition, _serial, qty in self.site.at_place(place):
                booked[sku, lot, condition, place] += qty
        assert booked == +self.expected


@pytest.mark.parametrize("seed", [11, 23])
def test_receiving_at_random_leaves_a_clean_book(site: ReceiveSite, seed: int) -> None:
    walk = Walk(site, seed)
    for number in range(STEPS):
        site.now += 1_000
        walk.step(number)
        if number % 10 == 9:
            walk.check()
    walk.check()
    assert len(walk.done) > STEPS // 8, "the walk received something"
    lines: Any = site.scalar(select(func.sum(inbound_lines.c.received + inbound_lines.c.damaged)))
    back = select(func.sum(moves.c.qty)).where(moves.c.reason == receiving.UNDO)
    assert lines == sum(what.qty for what, _, _ in walk.done) - int(site.scalar(back) or 0)
