"""The machine in trouble: nothing is acknowledged that was not written, and all of it is said."""

import asyncio
import resource
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from litestar.testing import TestClient
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import OperationalError

from app import logs
from app.http import HttpSettings, make_app
from app.machine import broken, notify, pulse, rows
from app.machine.disk import HOLD_S, Ballast, DiskWatch, Room
from app.machine.notify import Manager
from app.machine.pulse import Pulse
from devices.capabilities import Health
from picking import http as doors
from tests.bad_machine import BadMachine
from tests.floor_site import TOKEN, FloorSite, floor_at
from tests.ledger_site import NOON
from tui.layout import message_lines
from tui.text import cells
from wms.db import TRIES, Book, Tx
from wms.errors import Code, Rejected
from wms.messages import say
from wms.record import events
from wms.rooms.prompts import Message
from wms.schema import devices, meta
from wms.trouble import Trouble, name_of, trouble_of
from wms.upkeep import backup

GB = 10**9
Seen = list[tuple[Trouble, str]]


@pytest.fixture
def seen() -> Seen:
    """What the book told of its machine."""
    return []


@pytest.fixture
def book(sqlite_url: str, seen: Seen) -> Iterator[Book]:
    book = Book(sqlite_url, troubled=lambda kind, why: seen.append((kind, why)))
    yield book
    book.close()


@pytest.fixture
def machine(book: Book) -> BadMachine:
    machine = BadMachine()
    machine.attach(book)
    return machine


def put(tx: Tx, key: str, size: int = 100_000) -> None:
    tx.execute(insert(meta).values(key=key, value="x" * size))


def keys(book: Book) -> list[str]:
    query = select(meta.c.key).where(meta.c.key.like("k%")).order_by(meta.c.key)
    return list(book.read_now(lambda tx: tx.scalars(query).all()))


def test_f7_a_full_disk_takes_no_command_and_keeps_what_it_took(
    book: Book, machine: BadMachine, seen: Seen
) -> None:
    book.write_now(put, "k1")
    machine.full = True
    with pytest.raises(OperationalError) as full:
        book.write_now(put, "k2")
    assert trouble_of(full.value) == "full"
    assert (book.full, seen) == (True, [("full", name_of(full.value))])
    machine.full = False
    with pytest.raises(OperationalError) as untried:
        book.write_now(put, "k3")
    assert trouble_of(untried.value) == "full", "read-only until somebody has looked"
    book.write_anyway_now(put, "k4")
    assert keys(book) == ["k1", "k4"]
    book.full = False
    book.write_now(put, "k2")
    assert keys(book) == ["k1", "k2", "k4"]


def test_f6_a_writer_that_holds_the_lock_is_said_and_then_forgotten(
    book: Book, machine: BadMachine, seen: Seen
) -> None:
    with machine.locked(book):
        with pytest.raises(OperationalError) as busy:
            book.write_now(put, "k1")
        assert trouble_of(busy.value) == "busy"
        assert (book.full, [kind for kind, _ in seen]) == (False, ["busy"])
        assert keys(book) == [], "readers wait for nobody"
    book.write_now(put, "k1")
    assert keys(book) == ["k1"]


def test_f5_a_lock_that_is_not_given_is_asked_for_again_and_then_said(
    postgresql_url: str, seen: Seen
) -> None:
    book = Book(postgresql_url, troubled=lambda kind, why: seen.append((kind, why)))
    book.write_now(put, "k1", 10)
    tries = []

    def change(tx: Tx) -> None:
        tries.append(1)
        tx.execute(text("SET LOCAL lock_timeout = '5ms'"))
        tx.execute(update(meta).where(meta.c.key == "k1").values(value="y"))

    with book.writing.begin() as other:
        other.execute(update(meta).where(meta.c.key == "k1").values(value="z"))
        with pytest.raises(OperationalError) as busy:
            book.write_now(change)
    assert (trouble_of(busy.value), len(tries)) == ("busy", TRIES)
    assert seen == [("busy", "55P03")], "said once, and not of each try"
    book.write_now(change)
    assert not book.full
    book.close()


def test_f8_after_a_failed_write_the_process_ends_and_the_next_one_proves_the_book(
    sqlite_url: str,
) -> None:
    left: list[int] = []
    end = broken.end_loudly(sqlite_url, leave=left.append)
    book, machine = Book(sqlite_url, troubled=end), BadMachine()
    machine.attach(book)
    book.write_now(put, "k1")
    machine.broken = True
    with pytest.raises(OperationalError) as failed:
        book.write_now(put, "k2")
    assert trouble_of(failed.value) == "broken"
    assert left == [broken.EXIT_CODE]
    doubt = broken.doubt_of(sqlite_url)
    assert doubt is not None
    assert doubt.exists()
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 0
    book.close()
    broken.settle(sqlite_url)
    assert not doubt.exists(), "the book is whole"
    book = Book(sqlite_url)
    assert keys(book) == ["k1"]
    book.close()
    doubt.write_text("again")
    file = doubt.with_suffix("")
    pages = bytearray(file.read_bytes())
    pages[4096 * 3 : 4096 * 9] = b"\xff" * 4096 * 6
    file.write_bytes(pages)
    with pytest.raises(Rejected) as refused:
        broken.settle(sqlite_url)
    assert refused.value.code == Code.BOOK_DOUBTFUL
    assert doubt.exists(), "until a backup is restored"


class Disk:
    """A disk that says what a test wants, under a watch whose clock the test moves."""

    def __init__(self, book: Book, folder: Path) -> None:
        self.now_s = 0.0
        self.free = 50 * GB
        self.ballast = folder / "ballast"
        self.watch = DiskWatch(
            book, lambda: Room(100 * GB, self.free), Ballast(self.ballast), lambda: self.now_s,
            lambda: NOON + int(self.now_s * 1000),
        )  # fmt: skip

    async def after(self, free: int, *, wait_s: float = 5.0) -> tuple[str, str]:
        """The level, and what the board would read, once there is so much room."""
        self.free, self.now_s = free, self.now_s + wait_s
        await self.watch.look()
        query = select(devices.c.health, devices.c.reason).where(devices.c.name == rows.DISK)
        row = self.watch.book.read_now(lambda tx: tx.execute(query).first())
        return self.watch.level, f"{row.health} {row.reason}" if row else ""


async def test_f7_the_disk_is_watched_closed_in_time_and_opened_again(
    book: Book, tmp_path: Path
) -> None:
    disk = Disk(book, tmp_path)
    assert await disk.after(50 * GB) == ("ok", "")
    assert disk.ballast.stat().st_blocks * 512 >= disk.watch.free.reserve, "really there"
    assert await disk.after(9 * GB) == ("low", "degraded disk.low")
    assert await disk.after(4 * GB) == ("scarce", "fault disk.scarce")
    assert not book.full
    assert await disk.after(1_000_000) == ("full", "fault disk.full")
    assert book.full
    assert not disk.ballast.exists(), "its room is for the alarm"
    assert await disk.after(40 * GB, wait_s=1) == ("full", "fault disk.full"), "not at once"
    assert await disk.after(50_000_000, wait_s=HOLD_S) == ("full", "fault disk.full")
    assert await disk.after(40 * GB) == ("ok", "")
    assert disk.ballast.exists()
    book.write_now(put, "k1")
    told = book.read_now(events.since, events.Cursor(), 100)
    assert [getattr(one.event, "reason", None) for one in told] == [
        "disk.low", "disk.scarce", "disk.full", "",
    ]  # fmt: skip


async def test_f7_the_alarm_is_written_as_soon_as_it_can_be(
    book: Book, machine: BadMachine, tmp_path: Path
) -> None:
    """A quota, or a database server's own disk: nothing is seen before a command fails."""
    disk = Disk(book, tmp_path)
    await disk.after(50 * GB)
    book.full = True
    with machine.locked(book):
        assert await disk.after(50 * GB) == ("full", "")
    assert await disk.after(50 * GB) == ("full", "fault disk.full")
    assert await disk.after(50 * GB, wait_s=HOLD_S) == ("ok", "")
    assert not book.full


async def test_f13_a_stall_of_the_loop_is_counted_and_says_where(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[dict[str, list[str]]] = []
    monkeypatch.setattr(pulse.log, "warning", lambda _event, **told: said.append(told))
    watched = Pulse(time.monotonic, lag_s=0.15)
    task = asyncio.create_task(watched.run())
    await asyncio.sleep(0.05)
    until = time.monotonic() + 30
    while not watched.blocked and time.monotonic() < until:
        _blocks_everybody()
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert any("_blocks_everybody" in line for line in said[0]["frames"])


def _blocks_everybody() -> None:
    time.sleep(0.5)


async def test_the_manager_hears_ready_and_life_but_not_of_a_writer_that_hangs(
    tmp_path: Path,
) -> None:
    hangs = asyncio.Event()

    async def breathe() -> None:
        if hangs.is_set():
            await asyncio.sleep(60)

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(tmp_path / "ear"))
        ear.settimeout(10)
        told = {"NOTIFY_SOCKET": str(tmp_path / "ear"), "WATCHDOG_USEC": "200000"}
        manager = Manager({**told, "WATCHDOG_PID": "7"}, 7)
        manager.tell(notify.READY)
        feeding = asyncio.create_task(manager.feed(breathe))
        heard = [(await asyncio.to_thread(ear.recv, 100)).decode() for _ in range(3)]
        assert heard == ["READY=1", "WATCHDOG=1", "WATCHDOG=1"]
        hangs.set()
        await asyncio.sleep(0.3)
        ear.setblocking(False)
        with pytest.raises(BlockingIOError):
            while True:
                ear.recv(100)
        await asyncio.sleep(0.3)
        with pytest.raises(BlockingIOError):
            ear.recv(100)
        feeding.cancel()
    assert Manager({**told, "WATCHDOG_PID": "8"}, 7).watchdog_s == 0, "it is for somebody else"
    Manager(told, 7).tell(notify.STOPPING)  # nobody listens any more: no trouble
    Manager({}, 7).tell(notify.READY)


def test_a_log_on_a_full_disk_stops_nobody(tmp_path: Path) -> None:
    file = tmp_path / "log"
    with file.open("wb") as there, Path("/dev/full").open("wb") as full:
        lines = logs.Unfailing(full.fileno())
        for number in range(3):
            assert lines.write(f'{{"n": {number}}}\n') > 0
        lines.handle = there.fileno()
        lines.write('{"n": 3}\n')
        lines.write('{"n": 4}\n')
    assert file.read_text().splitlines() == [
        '{"event": "log.dropped", "lines": 3}', '{"n": 3}', '{"n": 4}',
    ]  # fmt: skip


def test_a_backup_that_finds_no_room_is_refused_and_leaves_nothing(
    sqlite_url: str, tmp_path: Path
) -> None:
    book = Book(sqlite_url)
    for number in range(20):
        book.write_now(put, f"k{number}", 100_000)
    book.close()
    most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, most[1]))
    try:
        with pytest.raises(Rejected) as refused:
            backup.make(sqlite_url, tmp_path, now=NOON)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, most)
    assert refused.value.code == Code.BACKUP_NOT_MADE
    assert list(tmp_path.iterdir()) == []


def test_health_rows_of_the_machine_are_there_while_something_is_wrong(book: Book) -> None:
    def note(health: Health, reason: str) -> None:
        book.write_now(rows.note, part=rows.CLOCK, health=health, reason=reason, now=NOON)

    note(Health.ONLINE, "")
    note(Health.FAULT, "clock.leapt_behind minutes=60")
    note(Health.FAULT, "clock.leapt_behind minutes=60")
    note(Health.ONLINE, "")
    told = book.read_now(events.since, events.Cursor(), 100)
    assert Counter(one.aggregate for one in told) == {f"device:{rows.CLOCK}": 2}


Move = Callable[[int, int], None]


@pytest.fixture
def floor(new_sqlite: Callable[[], str]) -> Iterator[FloorSite]:
    with floor_at(new_sqlite()) as site:
        site.stock_up()
        yield site
        site.check()


def test_f7_every_screen_says_that_the_disk_is_full_and_a_scan_waits(floor: FloorSite) -> None:
    app = make_app(
        floor.book, clock_ms=lambda: floor.now, settings=HttpSettings(),
        routers=[doors.routes(floor.settings)],
    )  # fmt: skip
    path, headers = "/v1/terminals/HT-01", {"Authorization": f"Bearer {TOKEN}HT-01"}
    badge = {"scan_id": "s1", "text": "BADGE:anna"}
    with TestClient(app, raise_server_exceptions=False) as client:
        floor.book.full = True
        refused = client.post(f"{path}/scans", headers=headers, json=badge)
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "book.full")
        for asked in (
            client.get(path, headers=headers),
            client.post("/v1/terminals", headers=headers, json={"terminal": "HT-01"}),
        ):
            message = asked.json()["prompt"]["message"]
            assert (asked.status_code, message["code"]) == (200, "book.full")
        floor.book.full = False
        taken = client.post(f"{path}/scans", headers=headers, json=badge).json()
        assert (taken["fate"], taken["prompt"]["person"]) == ("applied", "Anna")
        shown = client.get(path, headers=headers).json()["prompt"]
        assert shown.get("message") is None
        machine = BadMachine()
        with machine.locked(floor.book):
            busy = client.post(f"{path}/scans", headers=headers, json={**badge, "scan_id": "s2"})
        assert (busy.status_code, busy.json()["error"]["code"]) == (503, "book.busy")


def test_the_words_for_a_full_disk_fit_the_smallest_screen() -> None:
    for language in ("ja", "en"):
        text = say("floor.disk_full", language)
        lines = message_lines(Message(severity="error", text=text), language, 20)
        assert len(lines) <= 2, lines
        assert cells(say("screen.disk_full", language, seconds=99)) <= 20
        assert cells(say("screen.busy", language, seconds=99)) <= 20
