"""The small site of picking with people who work at terminals, and benches with printers.

Anna picks (HT-01), Bert does tasks (HT-02), Carol packs at PACK-1 (BENCH-1), Dave ships (DOCK-1),
Lea is the lead, with a PIN (LEAD-1). A badge is its owner's name in small letters.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any, ClassVar

import pytest
from sqlalchemy import Table, delete, func, insert, select, update

from picking import floor, pickups, tours
from picking.floor import Answer, Settings, Via
from tests.picking_site import ANNA, BERT, HOUR_MS, NOON, Lines, Site
from wms import audit
from wms.audit import auditor
from wms.db import Book, Tx
from wms.people import staff
from wms.people.tokens import token_hash
from wms.rooms.prompts import Prompt
from wms.schema import (
    barcodes,
    boxes,
    events,
    items,
    moves,
    owners,
    parcels,
    places,
    print_jobs,
    scans,
    services,
    sessions,
    stations,
    terminals,
    tracking_ranges,
)
from wms.schema import people as people_table
from wms.schema import (
    pickups as pickups_table,
)

CAROL, DAVE, LEA = 3, 4, 5
PIN, PEPPER = "314159", "salt and pepper"
BADGES = {ANNA: "anna", BERT: "bert", CAROL: "carol", DAVE: "dave", LEA: "lea"}
RIGHTS = {
    ANNA: ("pick",), BERT: ("task",), CAROL: ("pack", "pick"), DAVE: ("ship",),
    LEA: ("lead", "pick", "pack", "ship", "task"),
}  # fmt: skip
TERMINALS = {"HT-01": "", "HT-02": "", "BENCH-1": "PACK-1", "BENCH-2": "PACK-2", "DOCK-1": "",
             "LEAD-1": ""}  # fmt: skip
TOKEN = "token-of-"
# For tests of what engines may do differently; others run on the faster one.
ON_BOTH = pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
FIRST_NUMBER = 26_249_216_032
STOCK = (("TEA", "A-01", 80), ("CUP", "B-02", 300), ("HAT", "C-03", 120))
JAN = {"TEA": "4901234567894", "CUP": "4902345678905", "HAT": "4903456789016"}


@dataclass(frozen=True, slots=True)
class Hand:
    """A terminal in somebody's hand. Two seconds pass before each input unless told otherwise.

    `twice` (in the long mode): every input is sent once more, and must change nothing.
    """

    twice: ClassVar[bool] = False
    site: "FloorSite"
    terminal: str

    def scan(self, text: str, *, after_ms: int = 2_000, scan_id: str = "") -> Answer:
        return self.send(text, "scan", after_ms=after_ms, scan_id=scan_id)

    def key(self, text: str) -> Answer:
        return self.send(text, "key")

    def command(self, name: str) -> Answer:
        return self.send(name, "command")

    def send(
        self, text: str, via: Via, *, after_ms: int = 2_000, scan_id: str = "", age_ms: int = 0,
        clock_ms: int | None = None, answers: int | None = None,
    ) -> Answer:  # fmt: skip
        self.site.now += after_ms
        now = self.site.now
        sent: dict[str, Any] = {
            "terminal": self.terminal, "scan_id": scan_id or self.site.key("scan"), "text": text,
            "via": via, "settings": self.site.settings, "pulled_ms": now - age_ms,
            "clock_ms": clock_ms, "answers": answers,
        }  # fmt: skip
        answer = self.site.write(floor.scan, now=now, **sent)
        if Hand.twice:  # the answer was lost on its way: the terminal sends the same again
            before = self.site.read(_newest)
            again = self.site.write(floor.scan, now=now + 900, **sent)
            assert (again, self.site.read(_newest)) == (answer, before), "it happened twice"
        return answer

    def sign_in(self, person: int) -> Prompt:
        return self.scan(f"BADGE:{BADGES[person]}").prompt

    @property
    def prompt(self) -> Prompt:
        """What the terminal shows now."""
        return self.shown()[0]

    def shown(self) -> tuple[Prompt, int]:
        return self.site.read(
            floor.show, terminal=self.terminal, now=self.site.now, settings=self.site.settings
        )

    def expect(self, step: str, text: str, via: Via = "scan") -> Prompt:
        """Send *text*; it must be applied and lead to *step*."""
        answer = self.send(text, via)
        message = answer.prompt.message
        assert answer.fate == "applied", message
        assert f"{answer.prompt.dialogue}.{answer.prompt.step}" == step, message
        return answer.prompt


class FloorSite(Site):
    """The site, its terminals, and shorthands for a day's work on them."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.settings = Settings(rng=Random(3), pepper=PEPPER)
        self.write(_furnish)

    @classmethod
    def reopened(cls, url: str) -> "FloorSite":
        """A site whose book is there already, an hour later."""
        site = cls.__new__(cls)
        site.book, site.rng, site.now = Book(url), Random(7), NOON + HOUR_MS
        site._number = 1_000_000
        site.settings = Settings(rng=Random(3), pepper=PEPPER)
        return site

    def at(self, terminal: str) -> Hand:
        return Hand(self, terminal)

    def signed_in(self, terminal: str, person: int, *, work: str = "") -> Hand:
        """Somebody at a terminal, in the dialogue *work* if one is named."""
        hand = self.at(terminal)
        if hand.sign_in(person).dialogue != work and work:
            assert hand.command(work).prompt.dialogue == work
        return hand

    def good(self, sku: str, **values: Any) -> int:
        """Change an item; returns its id."""
        mine = items.c.sku == sku
        if values:
            self.set(items, mine, **values)
        return int(self.scalar(select(items.c.id).where(mine)))

    def stock_up(self) -> None:
        """Ten each of TEA at A-01, CUP at B-02 and HAT at C-03, all with barcodes and weights."""
        for sku, place, weight_g in STOCK:
            self.put(place, sku, 10)
            size = {"length_mm": 50, "width_mm": 40, "height_mm": 30}
            item = self.good(sku, weight_g=weight_g, **size)
            self.add(barcodes, {"code": JAN[sku], "item_id": item, "qty": 1})

    def set(self, table: Table, where: Any, **values: Any) -> None:
        """Change rows behind everybody's back."""
        self.write(_change, table, where, values)

    def add(self, table: Table, *rows: dict[str, Any]) -> None:
        """Put rows there behind everybody's back."""
        for row in rows:
            self.write(_add, table, row)

    def at_bench(self, wanted: Sequence[Lines], place: str = "BENCH-1") -> dict[int, list[str]]:
        """Orders that were picked and stand at a bench: their totes; one-piece totals under 0."""
        numbers = self.orders(wanted)
        self.release(numbers)
        totes: dict[int, list[str]] = {}
        while (tour := self.write(tours.claim, person=ANNA, now=self.now)) is not None:
            self.claim()
            self.walk(tour)
            for slot in self.view(tour).slots:
                totes.setdefault(slot.order or 0, []).append(str(slot.tote))
            self.drop(tour, place)
        return totes

    def packing(self, *wanted: Lines) -> tuple[Hand, list[str]]:
        """Carol packs at PACK-1, where the totes of *wanted* stand."""
        totes = self.at_bench(wanted)
        hand = self.signed_in("BENCH-1", CAROL, work="pack")
        return hand, [tote for each in sorted(totes) for tote in totes[each]]

    def jobs(self, template: str = "shipping") -> list[Any]:
        """Print jobs of one template, oldest first."""
        mine = print_jobs.c.template == template
        return self.rows(select(print_jobs).where(mine).order_by(print_jobs.c.id))

    def parcel(self, code: str) -> Any:
        return self.rows(select(parcels).where(parcels.c.code == code))[0]

    def journal(self) -> list[Any]:
        """The scan journal, oldest first."""
        return self.rows(select(scans).order_by(scans.c.id))

    def session(self, person: int) -> Any:
        return self.rows(select(sessions).where(sessions.c.person_id == person))[0]

    def counts(self) -> dict[str, int]:
        """How many rows every table has."""
        tables = scans.metadata.sorted_tables
        return {
            table.name: int(self.scalar(select(func.count()).select_from(table)))
            for table in tables
        }

    def check(self) -> None:
        """The book keeps every promise, by both auditors."""
        findings = self.read(audit.audit), self.read(auditor.agree)
        assert findings == ([], [])


def _newest(tx: Tx) -> tuple[Any, ...]:
    """What grows with whatever happens."""
    last = (select(func.max(table.c.id)).scalar_subquery() for table in (moves, events, scans))
    return tuple(tx.execute(select(*last, func.sum(terminals.c.version))).one())


def _change(tx: Tx, table: Table, where: Any, values: dict[str, Any]) -> None:
    tx.execute(update(table).where(where).values(values))


def _add(tx: Tx, table: Table, row: dict[str, Any]) -> None:
    tx.execute(insert(table).values(row))


@contextmanager
def floor_at(url: str) -> Iterator[FloorSite]:
    """The site in the empty book at *url*."""
    site = FloorSite(url)
    try:
        yield site
    finally:
        site.book.close()


def refused(answer: Answer, code: str) -> None:
    """The input was refused with *code*, and the screen is locked."""
    message = answer.prompt.message
    assert (answer.fate, answer.prompt.locked) == ("refused", True), answer.prompt
    assert message is not None
    assert message.code == code, message


def data(job: Any) -> dict[str, Any]:
    """What a print job is to say."""
    found: dict[str, Any] = json.loads(job.data)
    return found


@cache
def _pin() -> str:
    """Hashing a PIN is slow on purpose."""
    return staff.pin_hash(PIN, PEPPER)


def _furnish(tx: Tx) -> None:
    tx.execute(delete(people_table))
    tx.execute(insert(people_table), [
        {
            "id": number, "code": f"P{number}", "name": badge.title(), "language": "en",
            "badge_hash": staff.badge_hash(badge), "permissions": json.dumps(RIGHTS[number]),
            "pin_hash": _pin() if number == LEA else "",
        }
        for number, badge in BADGES.items()
    ])  # fmt: skip
    tx.execute(insert(terminals), [
        {"id": name, "station": station, "token_hash": token_hash(TOKEN + name), "seen_ms": 0}
        for name, station in TERMINALS.items()
    ])  # fmt: skip
    tx.execute(insert(stations).values(code="PACK-2", kind="pack", place="BENCH-2"))
    tx.execute(update(stations).where(stations.c.code == "PACK-1").values(printer="label-1"))
    tx.execute(update(owners).values(name="Acme"))
    tx.execute(insert(boxes), [
        {"code": "BX-S", "name": "small", "length_mm": 200, "width_mm": 150, "height_mm": 100,
         "tare_g": 100},
        {"code": "BX-L", "name": "large", "length_mm": 400, "width_mm": 300, "height_mm": 200,
         "tare_g": 300},
    ])  # fmt: skip
    tx.execute(insert(services).values(code="sagawa", carrier="sagawa", format="mod7-12"))
    tx.execute(insert(pickups_table).values(carrier="sagawa", at="18:00"))
    tx.execute(insert(tracking_ranges), [
        {"owner": "acme", "carrier": carrier, "next": start, "last": start + 99}
        for carrier, start in (("yamato", FIRST_NUMBER), ("sagawa", FIRST_NUMBER + 1_000))
    ])  # fmt: skip
    tx.execute(update(places).where(places.c.code == "A-01").values(check_digits="64"))
    pickups.ensure(tx, now=NOON, zone=floor.TOKYO)
