"""Print jobs and real printer twins: every label comes out once, or a person is asked."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from devices import intake, printing, registry
from devices.capabilities import Health, Link, Printed
from devices.conformance import until
from devices.patience import Policy
from devices.printing import NEIGHBOUR_AFTER_MS
from devices.supervisor import Supervisor
from devices.twins.printer import PrinterTwin
from tests.devices_bench import printer
from wms.db import Book, Tx
from wms.schema import devices, events, places, print_jobs, stations

POLICY = Policy(backoff_min_s=0.05, backoff_max_s=0.1, liveness_s=2.0)
QUICK = {"poll_s": 0.03, "connect_timeout_s": 0.5, "answer_timeout_s": 0.2, "label_timeout_s": 0.6}
LABEL = "^XA^CI28^FO20,20^A0N,30,30^FD{0}^FS^XZ"


@dataclass
class Site:
    """A book with two benches, their printers, and the worker between them."""

    book: Book
    supervisor: Supervisor
    now: int = 1_000_000

    async def add(self, name: str, twin: PrinterTwin) -> None:
        options = {"host": twin.host, "port": twin.port, **QUICK}
        await self.supervisor.start(name, "zpl-tcp", options)
        await until(lambda: self.supervisor.health(name)[0] is Health.ONLINE, f"{name} online")

    def job(self, key: str, station: str = "PACK-1", **values: Any) -> int:
        row = {
            "key": key, "station": station, "template": "tote", "state": "ready",
            "payload": LABEL.format(key).encode(), "created_ms": self.now,
        }  # fmt: skip
        return self.book.write_now(_add, {**row, **values})

    def state(self, job: int) -> tuple[str, str, str]:
        row = self.read(select(print_jobs).where(print_jobs.c.id == job))[0]
        return row.state, row.reason, row.printer

    def read(self, query: Any) -> list[Any]:
        return self.book.read_now(lambda tx: list(tx.execute(query)))

    async def comes_to(self, job: int, state: str) -> tuple[str, str]:
        """Wait until *job* is in *state*. Returns its reason and printer."""
        await until(lambda: self.state(job)[0] == state, lambda: f"{state}: {self.state(job)}")
        return self.state(job)[1:]

    @asynccontextmanager
    async def printing(self) -> AsyncIterator[asyncio.Task[None]]:
        """The worker is at work."""
        task = asyncio.create_task(printing.run(self.book, self.supervisor, now=lambda: self.now))
        try:
            yield task
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def _is_down(health: Callable[[str], tuple[Health, str]], name: str) -> bool:
    return health(name)[0] is not Health.ONLINE


def _add(tx: Tx, row: dict[str, Any]) -> int:
    return int(tx.execute(insert(print_jobs).values(row).returning(print_jobs.c.id)).scalar_one())


def _furnish(tx: Tx) -> None:
    tx.execute(insert(places).values(code="BENCH", kind="station"))
    tx.execute(insert(stations), [
        {"code": "PACK-1", "kind": "pack", "place": "BENCH", "printer": "label-1",
         "slip_printer": "a4-1", "neighbour": "PACK-2"},
        {"code": "PACK-2", "kind": "pack", "place": "BENCH", "printer": "label-2",
         "slip_printer": "", "neighbour": ""},
        {"code": "PACK-3", "kind": "pack", "place": "BENCH", "printer": "",
         "slip_printer": "", "neighbour": ""},
    ])  # fmt: skip
    intake.register(tx, configured={"label-1": "zpl-tcp", "label-2": "zpl-tcp"}, holder="me", now=1)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A printer that is down is looked at often."""
    monkeypatch.setattr(printing, "RETRY_S", 0.03)


@pytest.fixture
def url(sqlite_url: str) -> Iterator[str]:
    yield sqlite_url


@asynccontextmanager
async def site_at(url: str) -> AsyncIterator[Site]:
    book = Book(url)
    book.write_now(_furnish)

    async def on_health(device: str, health: Health, reason: str) -> None:
        await book.write(intake.record_health, device=device, health=health, reason=reason, now=1)

    supervisor = Supervisor(
        load=registry.load, on_health=on_health, clock=time.monotonic, random=Random(1),
        policy=POLICY,
    )  # fmt: skip
    try:
        yield Site(book, supervisor)
    finally:
        await supervisor.stop_all()
        book.close()


async def test_a_ready_job_is_printed_once_and_told(database_url: str) -> None:
    async with printer() as twin, site_at(database_url) as site:
        await site.add("label-1", twin)
        job = site.job("one", copies=2)
        async with site.printing():
            assert await site.comes_to(job, "confirmed") == ("", "label-1")
            await asyncio.sleep(0.1)
        assert [label.fields[0] for label in twin.labels] == ["one", "one"]
        told = site.read(select(events).where(events.c.kind == "print.changed"))
        assert ["confirmed" in row.body for row in told] == [True]
        row = site.read(select(print_jobs))[0]
        assert row.sent_ms == row.done_ms == site.now


async def test_jobs_of_one_printer_come_out_in_order_and_wait_for_no_other(url: str) -> None:
    async with printer() as first, printer() as second, site_at(url) as site:
        await site.add("label-1", first)
        await site.add("label-2", second)
        first.paper_out()
        stuck = [site.job(f"a{n}") for n in range(3)]
        free = [site.job(f"b{n}", "PACK-2") for n in range(3)]
        async with site.printing():
            for job in free:
                await site.comes_to(job, "confirmed")
            reason, _ = await site.comes_to(stuck[0], "blocked")
            assert reason == "printer.blocked"
            assert first.labels == []
            first.reload()
            for job in stuck:
                await site.comes_to(job, "confirmed")
        assert [label.fields[0] for label in first.labels] == ["a0", "a1", "a2"]
        assert [label.fields[0] for label in second.labels] == ["b0", "b1", "b2"]


async def test_a_printer_that_is_away_keeps_its_jobs_and_says_why(url: str) -> None:
    async with printer() as twin, site_at(url) as site:
        await site.add("label-1", twin)
        twin.unplug()
        health = site.supervisor.health
        await until(lambda: health("label-1")[0] is Health.OFFLINE, "offline")
        job = site.job("one")
        async with site.printing():
            await until(lambda: site.state(job)[1] != "", "a reason")
            state, reason, _ = site.state(job)
            assert (state, reason) == ("ready", "device.unreachable")
            await twin.plug_in()
            assert await site.comes_to(job, "confirmed") == ("", "label-1")
        assert len(twin.labels) == 1


async def test_a_link_that_drops_half_way_is_a_question_and_never_a_second_label(url: str) -> None:
    async with printer() as twin, site_at(url) as site:
        await site.add("label-1", twin)
        twin.cut_after_bytes = 20
        job, following = site.job("torn"), site.job("next")
        async with site.printing():
            await site.comes_to(job, "uncertain")
            await site.comes_to(following, "confirmed")
            await asyncio.sleep(0.2)
        assert site.state(job)[0] == "uncertain", "only a person may ask for another copy"
        assert [label.fields[0] for label in twin.labels] == ["next"]


async def test_what_was_being_sent_when_the_server_died_is_a_question(database_url: str) -> None:
    async with printer() as twin, site_at(database_url) as site:
        await site.add("label-1", twin)
        ours = site.job("ours", state="sending", printer="label-1")
        theirs = site.job("theirs", state="sending", printer="label-9")
        async with site.printing():
            assert await site.comes_to(ours, "uncertain") == ("print.killed", "label-1")
            await site.comes_to(site.job("next"), "confirmed")
        assert site.state(theirs)[0] == "sending", "another server's printer is its own affair"
        assert [label.fields[0] for label in twin.labels] == ["next"]


@pytest.mark.parametrize("at", ["before", "while", "after"])
async def test_killed_anywhere_at_most_one_label_comes_out(url: str, at: str) -> None:
    async with printer(label_ms=150) as twin, site_at(url) as site:
        await site.add("label-1", twin)
        job = site.job("one")
        async with site.printing() as worker:
            if at == "while":
                await until(lambda: twin.formats_received == 1, "it was sent")
            if at == "after":
                await site.comes_to(job, "confirmed")
            worker.cancel()
            with suppress(asyncio.CancelledError):
                await worker
        async with site.printing():
            wanted = {"before": "confirmed", "while": "uncertain", "after": "confirmed"}[at]
            await site.comes_to(job, wanted)
        await asyncio.sleep(0.2)
        assert len(twin.labels) == 1


async def test_a_label_that_no_printer_can_print_fails_and_stops_no_other(url: str) -> None:
    async with printer() as twin, site_at(url) as site:
        await site.add("label-1", twin)
        bad = site.job("bad", payload=b"not a format")
        good = site.job("good")
        async with site.printing():
            reason, _ = await site.comes_to(bad, "failed")
            assert reason
            await site.comes_to(good, "confirmed")


class Buggy:
    """Somebody's driver: it opens and lives, and printing is what it cannot do."""

    def __init__(self, _options: Mapping[str, Any]) -> None:
        self.link: Link | None = None

    async def open(self, link: Link) -> None:
        self.link = link

    async def run(self) -> None:
        assert self.link is not None
        while True:
            self.link.alive()
            await asyncio.sleep(0.05)

    async def close(self) -> None:
        self.link = None

    async def print_label(self, job: str, payload: bytes, copies: int) -> Printed:
        raise KeyError(job)


async def test_a_driver_that_breaks_over_a_label_stops_no_other_printer(url: str) -> None:
    async with printer() as twin, site_at(url) as site:
        await site.add("label-1", twin)
        site.supervisor.load = {"buggy": Buggy}.__getitem__
        await site.supervisor.start("label-2", "buggy", {})
        await until(lambda: site.supervisor.health("label-2")[0] is Health.ONLINE, "it opens")
        doubted = site.job("doubted", "PACK-2")
        async with site.printing() as worker:
            assert await site.comes_to(doubted, "uncertain") == ("device.bug", "label-2")
            await site.comes_to(site.job("good"), "confirmed")
            assert not worker.done()
        assert len(twin.labels) == 1


async def test_the_neighbour_s_printer_helps_out_after_a_while(url: str) -> None:
    async with printer() as own, printer() as neighbour, site_at(url) as site:
        await site.add("label-1", own)
        await site.add("label-2", neighbour)
        own.paper_out()
        await until(
            lambda: site.supervisor.health("label-1")[0] is Health.DEGRADED, "paper is missed"
        )
        job = site.job("urgent")
        async with site.printing():
            await site.comes_to(job, "blocked")
            site.now += NEIGHBOUR_AFTER_MS
            assert await site.comes_to(job, "confirmed") == ("", "label-2")
        own.reload()
        await asyncio.sleep(0.1)
        assert (len(own.labels), [one.fields[0] for one in neighbour.labels]) == (0, ["urgent"])


async def test_a_neighbour_that_is_down_as_well_helps_nobody(url: str) -> None:
    async with printer() as own, printer() as neighbour, site_at(url) as site:
        await site.add("label-1", own)
        await site.add("label-2", neighbour)
        own.paper_out()
        neighbour.paper_out()
        health = site.supervisor.health
        for name in ("label-1", "label-2"):
            await until(partial(_is_down, health, name), "paper is missed")
        job = site.job("stuck")
        site.now += NEIGHBOUR_AFTER_MS
        async with site.printing():
            await site.comes_to(job, "blocked")
            own.reload()
            assert await site.comes_to(job, "confirmed") == ("", "label-1")
        assert neighbour.labels == []


async def test_paper_without_a_printer_waits_and_holds_nobody_up(url: str) -> None:
    async with printer() as twin, site_at(url) as site:
        await site.add("label-1", twin)
        nowhere = [site.job("x", "PACK-3"), site.job("y", "GONE")]
        unknown = site.job("slip", format="pdf", template="packing_slip")
        job = site.job("one")
        async with site.printing():
            await site.comes_to(job, "confirmed")
            await until(lambda: site.state(unknown)[1] != "", "a reason")
        assert [site.state(each)[:2] for each in nowhere] == [("ready", "")] * 2
        assert site.state(unknown)[:2] == ("ready", "print.no_printer")
        site.book.write_now(
            lambda tx: tx.execute(
                update(devices).where(devices.c.name == "label-2").values(holder="another server")
            )
        )
        theirs = site.job("theirs", "PACK-2")
        async with site.printing():
            await site.comes_to(site.job("two"), "confirmed")
        assert site.state(theirs)[:2] == ("ready", ""), "left to the server that has the printer"


async def test_two_workers_never_print_one_job_twice(url: str) -> None:
    async with printer() as twin, site_at(url) as site:
        await site.add("label-1", twin)
        jobs = [site.job(f"j{n}") for n in range(6)]
        async with site.printing(), site.printing():
            for job in jobs:
                await site.comes_to(job, "confirmed")
        assert sorted(label.fields[0] for label in twin.labels) == [f"j{n}" for n in range(6)]
