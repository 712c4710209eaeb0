"""What devices say becomes rows, and rows become inputs: in order, at their own time, once."""

import asyncio
from collections.abc import Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any, NoReturn

import pytest
from sqlalchemy import select, text

from devices import intake
from devices.capabilities import Health
from devices.conformance import until
from devices.intake import Heard, Memory, worth_writing
from devices.signal_queue import SignalQueue
from picking import dialogues, facts
from tests.floor_site import CAROL, JAN, ON_BOTH, FloorSite, floor_at
from wms.rooms.signals import ReaderBlind, RobotState, Scan, Signal, TagGone, TagSeen, Weight
from wms.schema import device_facts, device_gaps, devices, events, stations, tag_reads, terminals

TEA, CUP = f"]E0{JAN['TEA']}", f"]E0{JAN['CUP']}"
PACK_1 = stations.c.code == "PACK-1"


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def site(engine: str, request: pytest.FixtureRequest) -> Iterator[FloorSite]:
    with floor_at(request.getfixturevalue(f"new_{engine}")()) as site:
        site.stock_up()
        site.set(stations, PACK_1, scanner="scanner-1", scale="scale-1", reader="reader-1")
        yield site


def tag(epc: str, count: int = 1, rssi: int = -60, antenna: int = 1) -> TagSeen:
    return TagSeen("reader-1", epc, antenna, rssi, count)


def facts_of(site: FloorSite) -> list[tuple[str, str, int]]:
    rows = site.rows(select(device_facts).order_by(device_facts.c.id))
    return [(row.kind, row.text, row.at_ms) for row in rows]


# Intake


@ON_BOTH
def test_facts_keep_their_order_and_their_time(site: FloorSite) -> None:
    heard: list[Signal] = [
        Scan("scanner-1", TEA), Weight("scale-1", 512, True), Scan("scanner-1", CUP),
    ]  # fmt: skip
    site.write(intake.record, heard=[Heard(10 + n, one) for n, one in enumerate(heard)])
    assert facts_of(site) == [("scan", TEA, 10), ("weight", "512", 11), ("scan", CUP, 12)]


@ON_BOTH
def test_tags_of_one_reader_add_up(site: FloorSite) -> None:
    site.write(intake.record, heard=[Heard(10, tag("aa", 3, -70)), Heard(20, tag("aa", 2, -50, 2))])
    assert site.scalar(select(tag_reads.c.antenna)) == 2, "where it was strongest"
    site.write(intake.record, heard=[Heard(30, tag("aa", 1, -65)), Heard(30, tag("bb"))])
    rows = site.rows(select(tag_reads).order_by(tag_reads.c.epc))
    assert [(row.epc, row.count, row.first_ms, row.last_ms, row.rssi) for row in rows] == [
        ("aa", 6, 10, 30, -65), ("bb", 1, 30, 30, -60),
    ]  # fmt: skip


def test_a_weight_is_news_when_it_is_stable_and_moved() -> None:
    memory = Memory()

    def kept(*grams: int, stable: bool = True, scale: str = "s") -> list[int]:
        heard = [Heard(1, Weight(scale, one, stable)) for one in grams]
        signals = [one.signal for one in worth_writing(heard, memory)]
        return [signal.grams for signal in signals if isinstance(signal, Weight)]

    assert kept(0, 1, 2, 512, 513, 511) == [0, 512]
    assert kept(300, stable=False) == []
    assert kept(512, scale="another") == [512]
    assert kept(0, 512) == [0, 512], "the same box, put on again"
    states: list[Heard] = [Heard(1, RobotState("r", "auto", "none", 0, 0, 0))]
    assert worth_writing(states, memory) == [], "whoever conducts a robot writes its state"


@ON_BOTH
def test_a_scan_that_no_database_can_keep_is_kept_as_damaged(site: FloorSite) -> None:
    site.write(intake.record, heard=[Heard(1, Scan("scanner-1", "A\x00B\x1b[2J\x1dC"))])
    assert facts_of(site) == [("scan", "A\ufffdB\ufffd[2J\x1dC", 1)]


@asynccontextmanager
async def intake_running(site: FloorSite, queue: SignalQueue) -> Any:
    """Intake at work; each signal that it takes comes a millisecond later."""
    ticks = iter(range(1_000, 100_000))
    task = asyncio.create_task(intake.run(site.book, queue, now=lambda: next(ticks)))
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_nothing_is_lost_while_the_book_is_away(
    site: FloorSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "RETRY_S", 0.01)
    queue = SignalQueue()
    rename = "ALTER TABLE {} RENAME TO {}"
    async with intake_running(site, queue) as task:
        queue.put(Scan("scanner-1", "first"))
        await until(lambda: len(facts_of(site)) == 1, "the first scan")
        site.write(lambda tx: tx.execute(text(rename.format("device_facts", "away"))))
        for n in range(5):
            queue.put(Scan("scanner-1", f"scan {n}"))
        await asyncio.sleep(0.05)
        assert not task.done(), "it waits for the book"
        site.write(lambda tx: tx.execute(text(rename.format("away", "device_facts"))))
        await until(lambda: len(facts_of(site)) == 6, "all of them")
    assert [words for _, words, _ in facts_of(site)] == ["first", *(f"scan {n}" for n in range(5))]
    times = [at_ms for _, _, at_ms in facts_of(site)]
    assert times == sorted(set(times)), "each at its own time, whenever it was written"


async def test_tags_wait_for_their_like_and_scans_for_nobody(site: FloorSite) -> None:
    queue = SignalQueue()
    async with intake_running(site, queue):
        for n in range(50):
            queue.put(tag("aa"))
            queue.put(tag(f"{n:02x}"))
        queue.put(Scan("scanner-1", "now"))
        await until(lambda: len(facts_of(site)) == 1, "the scan")
        await until(lambda: len(site.rows(select(tag_reads))) >= 50, "the tags")
    assert sum(row.count for row in site.rows(select(tag_reads))) == 100


@ON_BOTH
def test_health_is_told_once_a_change(site: FloorSite) -> None:
    site.write(intake.register, configured={"label-1": "zpl-tcp"}, holder="one", now=1)
    for health, reason in (
        (Health.ONLINE, ""), (Health.ONLINE, ""), (Health.OFFLINE, "device.unreachable"),
        (Health.OFFLINE, "device.unreachable"), (Health.ONLINE, ""),
    ):  # fmt: skip
        site.write(
            intake.record_health, device="label-1", health=health, reason=reason, now=site.now
        )
    assert site.told("device.changed") == 3
    site.write(intake.record_health, device="nobody", health=Health.FAULT, reason="", now=2)
    assert site.told("device.changed") == 3


@ON_BOTH
def test_a_new_holder_raises_the_fence_and_what_is_gone_is_offline(site: FloorSite) -> None:
    site.write(intake.register, configured={"a": "x", "b": "y"}, holder="one", now=1)
    site.write(intake.register, configured={"b": "z", "c": "y"}, holder="two", now=2)
    rows = site.rows(select(devices).order_by(devices.c.name))
    assert [(row.name, row.driver, row.holder, row.fence, row.health) for row in rows] == [
        ("a", "x", "one", 1, "offline"), ("b", "z", "two", 2, "starting"),
        ("c", "y", "two", 1, "starting"),
    ]  # fmt: skip
    assert rows[0].reason == "device.not_configured"


@ON_BOTH
def test_when_a_device_was_away_is_kept(site: FloorSite) -> None:
    def gaps_of() -> list[tuple[int, int | None]]:
        rows = site.rows(select(device_gaps).order_by(device_gaps.c.id))
        return [(row.from_ms, row.until_ms) for row in rows]

    def say_health(health: Health, now: int, reason: str = "") -> None:
        site.write(intake.record_health, device="reader-1", health=health, reason=reason, now=now)

    site.write(intake.register, configured={"reader-1": "llrp"}, holder="one", now=1_000)
    assert gaps_of() == [(0, None)], "nobody knows what was before"
    say_health(Health.ONLINE, 2_000)
    say_health(Health.OFFLINE, 60_000, "device.silent")
    say_health(Health.FAULT, 61_000, "a wrong antenna")
    say_health(Health.ONLINE, 70_000)
    assert gaps_of() == [(0, 2_000), (55_000, 70_000)], "blind since it was heard last"
    site.write(intake.record, heard=[Heard(80_000, tag("aa"))])
    site.write(intake.register, configured={"reader-1": "llrp"}, holder="two", now=99_000)
    assert gaps_of()[-1] == (80_000, None), "the server was killed at some moment after that"
    say_health(Health.ONLINE, 99_500)
    blind = ReaderBlind("reader-1", 3_000, "reader.quiet")
    site.write(intake.record, heard=[Heard(110_000, blind)])
    assert gaps_of()[-2:] == [(80_000, 99_500), (107_000, 110_000)]
    say_health(Health.OFFLINE, 120_000, "device.unreachable")
    say_health(Health.ONLINE, 119_000)
    assert gaps_of()[-1] == (120_000, 120_000), "the clock was set right meanwhile"


@ON_BOTH
def test_a_tag_that_is_gone_is_not_here_until_it_is_seen_again(site: FloorSite) -> None:
    def gone_ms() -> int:
        return int(site.scalar(select(tag_reads.c.gone_ms)))

    gone = TagGone("reader-1", "aa")
    site.write(intake.record, heard=[Heard(10, tag("aa")), Heard(20, gone)])
    assert gone_ms() == 20
    site.write(intake.record, heard=[Heard(30, gone), Heard(31, tag("aa"))])
    assert gone_ms() == 0


# Facts become inputs


def say(site: FloorSite, words: str, *, device: str = "scanner-1", kind: str = "scan") -> None:
    """A fact that waits to be handled, two seconds after the last one."""
    site.now += 2_000
    row = {"device": device, "kind": kind, "text": words, "at_ms": site.now}
    site.add(device_facts, row)


def handle(site: FloorSite) -> int:
    """Handle all facts that wait. Returns how many there were."""
    count = 0
    while site.read(facts.is_waiting):
        site.write(facts.take_next, now=site.now, settings=site.settings)
        count += 1
    return count


@ON_BOTH
def test_a_bench_s_scanner_speaks_for_whoever_works_there(site: FloorSite) -> None:
    hand, (tote,) = site.packing((("TEA", 2), ("CUP", 1)))
    for words in (tote, TEA, TEA, CUP, "BX-S"):
        say(site, words)
    assert handle(site) == 5
    assert hand.prompt.step == "weigh"
    assert handle(site) == 0, "each fact is an input once"
    assert [row.via for row in site.journal()[-5:]] == ["device"] * 5


@ON_BOTH
def test_a_kill_between_two_facts_loses_and_doubles_nothing(site: FloorSite) -> None:
    hand, (tote,) = site.packing((("TEA", 2), ("CUP", 1)))
    for words in (tote, TEA):
        say(site, words)

    class Killed(Exception):
        pass

    def die(tx: Any) -> NoReturn:
        facts.take_next(tx, now=site.now, settings=site.settings)
        raise Killed

    for _ in range(2):
        before = site.counts()
        with pytest.raises(Killed):
            site.write(die)
        assert site.counts() == before
        site.write(facts.take_next, now=site.now, settings=site.settings)
    assert (hand.prompt.step, hand.prompt.done) == ("item", 1)


def test_a_bounce_is_known_however_late_it_is_read(site: FloorSite) -> None:
    hand, (tote,) = site.packing((("TEA", 3), ("CUP", 1)))
    say(site, tote)
    for after_ms in (2_000, 60, 900):
        site.now += after_ms
        site.add(device_facts, {"device": "scanner-1", "kind": "scan", "text": TEA,
                                "at_ms": site.now})  # fmt: skip
    site.now += 30_000  # the server was away
    handle(site)
    assert hand.prompt.done == 2
    assert [row.fate for row in site.journal()[-3:]] == ["applied", "repeat", "applied"]


@ON_BOTH
def test_a_weight_counts_only_where_a_box_is_waited_for(site: FloorSite) -> None:
    hand, (tote,) = site.packing((("TEA", 2), ("CUP", 1)))
    say(site, "512", device="scale-1", kind="weight")
    for words in (tote, TEA, TEA, CUP, "BX-S"):
        say(site, words)
    say(site, "0", device="scale-1", kind="weight")
    handle(site)
    assert hand.prompt.step == "weigh"
    lines = len(site.journal())
    say(site, "999", device="scale-1", kind="weight")
    handle(site)
    assert hand.prompt.locked
    say(site, "560", device="scale-1", kind="weight")
    handle(site)
    assert len(site.journal()) == lines + 1, "a scale does not refuse behind an error"
    hand.command("ok")
    say(site, "561", device="scale-1", kind="weight")
    handle(site)
    assert (hand.prompt.step, site.parcel("P0000001-1").weight_g) == ("verify", 561)


def test_a_scanner_belongs_to_its_terminal_or_to_who_is_at_the_bench(site: FloorSite) -> None:
    site.set(terminals, terminals.c.id == "BENCH-2", station="PACK-1")
    site.set(terminals, terminals.c.id == "HT-01", scanner="ring-1")
    say(site, "BADGE:anna", device="ring-1")
    handle(site)
    assert site.at("HT-01").prompt.person == "Anna"
    site.at("BENCH-2").sign_in(CAROL)
    say(site, "x")
    handle(site)
    assert site.at("BENCH-2").prompt.locked, "the first terminal at the bench has nobody"
    say(site, "y", device="nobody's")
    assert handle(site) == 1


def test_a_bug_of_ours_costs_one_fact_and_not_the_benches(
    site: FloorSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand, (tote,) = site.packing((("TEA", 2), ("CUP", 1)))

    def trip(*_: object) -> NoReturn:
        raise AssertionError("a bug")

    broken = replace(dialogues.DIALOGUES["pack"], step=trip)
    with monkeypatch.context() as patched:
        patched.setitem(dialogues.DIALOGUES, "pack", broken)
        say(site, tote)
        before = site.counts()
        assert handle(site) == 1
        assert {**site.counts(), "cursors": 0} == {**before, "cursors": 0}
    say(site, tote)
    handle(site)
    assert hand.prompt.step == "item"


async def test_the_worker_follows_the_bell(site: FloorSite) -> None:
    hand, (tote,) = site.packing((("TEA", 2), ("CUP", 1)))
    worker = asyncio.create_task(facts.run(site.book, now=lambda: site.now, settings=site.settings))
    queue = SignalQueue()
    async with intake_running(site, queue):
        queue.put(Scan("scanner-1", tote))
        await until(lambda: hand.prompt.step == "item", "the tote's goods")
    worker.cancel()
    with suppress(asyncio.CancelledError):
        await worker
    assert site.scalar(select(events.c.id).limit(1))
