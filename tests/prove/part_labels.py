"""Labels under storm: printers that break in every way they know, a server that is killed, people.

Real printer drivers speak to real twins on sockets, under the real supervisor and printing worker,
with a book on SQLite. Somebody looks after whatever is uncertain: when the printer is quiet they
look into its tray, and ask for a copy where nothing lies. Then every wanted label lies in a tray,
no job came out twice, and whatever was called confirmed is there. Jobs come rendered: what a label
looks like is shown elsewhere. A seed gives the same faults; the sockets' own timing is the
machine's.
"""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import structlog
from sqlalchemy import Row, insert, select

from app.mirror import set_up
from devices import intake, printing, registry
from devices.capabilities import Health
from devices.patience import Policy
from devices.supervisor import Supervisor
from devices.twins.printer import PrinterTwin
from tests.postgres import memory_folder
from tests.prove import Broken, Part
from tests.prove.books import empty_book
from wms.config import Config, check
from wms.db import Book, Tx
from wms.schema import print_jobs

PRINTERS = ("label-1", "label-2", "label-3", "label-4")
LABELS = 400  # a round
STORMS = 3_000  # of a seed
AT_ONCE = 2  # one alone waits more than it works
CHUNK = 20
QUICK = {
    "poll_s": 0.1, "connect_timeout_s": 0.5, "answer_timeout_s": 0.1, "label_timeout_s": 0.4,
}  # fmt: skip
POLICY = Policy(backoff_min_s=0.02, backoff_max_s=0.1, stable_after_s=0.5)
RETRY_S = 0.02
CLOCK = 50  # the floor's clock runs so many times as fast: neighbours help out soon
STUCK_S = 120.0
OPEN = ("ready", "blocked", "sending")


@dataclass(slots=True)
class Story:
    """What one round is about."""

    seed: int
    book: Book
    twins: dict[str, PrinterTwin]
    done: Counter[str] = field(default_factory=Counter)
    looked: set[int] = field(default_factory=set)  # uncertain jobs that a person has dealt with
    storm: bool = True

    def now(self) -> int:
        return 1_795_316_400_000 + int(asyncio.get_running_loop().time() * 1000) * CLOCK

    def came_out(self) -> Counter[int]:
        """How often each job lies in a tray, in which its whole label says what it should."""
        found: Counter[int] = Counter()
        for twin in self.twins.values():
            for label in twin.labels:
                wanted, job = label.fields
                if not wanted.startswith("LABEL-"):
                    raise self.broken(f"a label that nobody wanted: {label.fields}")
                found[int(job)] += 1
        return found

    def broken(self, what: str) -> Broken:
        again = f"from tests.prove.part_labels import told; told({self.seed})"
        return Broken(f'{what}\npython -c "{again}"')


def rounds(seed: int) -> Iterator[Counter[str]]:
    """Storms that no other seed has, some at once. Raises `Broken`."""
    for number in count(seed * STORMS, AT_ONCE):
        yield told(*range(number, number + AT_ONCE))


def told(*numbers: int) -> Counter[str]:
    """The storms of these *numbers* at once, each over `LABELS` labels in a book of its own."""
    # A twin that hangs up in the middle of everything is no news.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    printing.RETRY_S = RETRY_S  # this process is for nothing else
    with tempfile.TemporaryDirectory(prefix="genba-labels-", dir=memory_folder()) as name:
        books = [Path(name) / f"{number}.db" for number in numbers]
        for book in books:
            book.write_bytes(empty_book())
        found = asyncio.run(_at_once(dict(zip(numbers, books, strict=True))))
    return sum(found, Counter[str]())


async def _at_once(books: dict[int, Path]) -> list[Counter[str]]:
    storms = [one_round(number, f"sqlite:///{book}") for number, book in books.items()]
    return await asyncio.gather(*storms)


async def one_round(seed: int, url: str, labels: int = LABELS) -> Counter[str]:
    """One storm, from the first label to the quiet after it."""
    random = Random(seed)
    twins = {name: PrinterTwin(now_ms=lambda: 0, label_ms=1) for name in PRINTERS}
    for twin in twins.values():
        await twin.start()
    book = Book(url)
    story = Story(seed, book, twins)
    config = _config(twins)
    book.write_now(set_up, config, holder="1", now=story.now())

    async def told(device: str, health: Health, reason: str) -> None:
        await book.write(
            intake.record_health, device=device, health=health, reason=reason, now=story.now()
        )

    supervisor = Supervisor(
        load=registry.load, on_health=told, clock=asyncio.get_running_loop().time, random=random,
        policy=POLICY,
    )  # fmt: skip
    for name, device in config.devices.items():
        await supervisor.start(name, device.driver, device.options)
    tasks = [
        asyncio.create_task(_server(story, supervisor, random)),
        asyncio.create_task(_trouble(story, random)),
        asyncio.create_task(_person(story)),
    ]
    try:
        await _floor(story, labels, tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await supervisor.stop_all()
        for twin in twins.values():
            await twin.stop()
        book.close()
    return story.done


def _config(twins: dict[str, PrinterTwin]) -> Config:
    devices = {
        name: {"driver": "zpl-tcp", "host": twin.host, "port": twin.port, **QUICK}
        for name, twin in twins.items()
    }
    names = list(twins)
    stations = {
        f"PACK-{at}": {
            "place": f"PACK-{at}", "printer": name,
            "neighbour": f"PACK-{(at + 1) % len(names)}" if at % 2 else "",
        }
        for at, name in enumerate(names)
    }  # fmt: skip
    return check({"site": {"name": "x"}, "devices": devices, "stations": stations}, "labels")


async def _floor(story: Story, labels: int, tasks: list[asyncio.Task[None]]) -> None:
    """Ask for labels, chunk after chunk; then the storm is over and everything is looked at."""
    for first in range(0, labels, CHUNK):
        await story.book.write(_ask, list(range(first, min(first + CHUNK, labels))), story.now())
        await _until(story, tasks, lambda: _waiting(story) < CHUNK)
    story.storm = False
    await _until(story, tasks, lambda: not _waiting(story) and not _unlooked(story))
    _judge(story, labels)


def _ask(tx: Tx, numbers: list[int], now: int) -> None:
    tx.execute(insert(print_jobs), [
        _job(f"LABEL-{number:05d}", 1, f"PACK-{number % len(PRINTERS)}", now) for number in numbers
    ])  # fmt: skip


def _job(label: str, copy: int, station: str, now: int) -> dict[str, object]:
    return {
        "key": f"{label}:{copy}", "station": station, "template": "tote", "format": "zpl",
        "data": "{}", "copies": 1, "copy_no": copy, "state": "ready", "created_ms": now,
        "payload": f"^XA^CI28^FO20,20^A0N,30,30^FD{label}^FS^XZ".encode(),
    }  # fmt: skip


async def _until(story: Story, tasks: list[asyncio.Task[None]], wish: object) -> None:
    assert callable(wish)
    clock = asyncio.get_running_loop().time
    end = clock() + STUCK_S
    while not wish():
        for task in tasks:
            if task.done():
                task.result()
        if clock() > end:
            raise story.broken(f"stuck: {_waiting(story)} wait, {_unlooked(story)} uncertain")
        await asyncio.sleep(0.03)


def _waiting(story: Story) -> int:
    query = select(print_jobs.c.id).where(print_jobs.c.state.in_(OPEN))
    return len(story.book.read_now(lambda tx: tx.scalars(query).all()))


def _unlooked(story: Story) -> int:
    query = select(print_jobs.c.id).where(print_jobs.c.state == "uncertain")
    found = story.book.read_now(lambda tx: tx.scalars(query).all())
    return len(set(found) - story.looked)  # a copy that was asked for is among those that wait


async def _server(story: Story, supervisor: Supervisor, random: Random) -> None:
    """The printing worker; killed now and then in the middle of whatever it does."""
    while True:
        work = asyncio.create_task(printing.run(story.book, supervisor, now=story.now))
        try:
            life_s = random.uniform(0.3, 2.0) if story.storm else None
            await asyncio.wait({work}, timeout=life_s)
        finally:
            work.cancel()
            await asyncio.wait({work})
        if not work.cancelled():
            work.result()
        story.done["servers killed"] += 1


async def _trouble(story: Story, random: Random) -> None:
    """One fault after the other, at any printer; each is mended a little later."""
    faults = [name for name in dir(Trouble) if not name.startswith("_")]
    while story.storm:
        await asyncio.sleep(random.uniform(0.005, 0.04))
        name, twin = random.choice(faults), random.choice(list(story.twins.values()))
        await getattr(Trouble, name)(twin, random)
        story.done[name.replace("_", " ")] += 1
        await asyncio.sleep(random.uniform(0.002, 0.05))
        await _mend(twin)
    for twin in story.twins.values():
        await _mend(twin)


async def _mend(twin: PrinterTwin) -> None:
    twin.mute = twin.garbage = twin.cut_next_answer = twin.echoes_to_newest = False
    twin.answers_when_blocked, twin.cut_after_bytes, twin.answer_delay_s = False, None, 0.0
    twin.ribbon_is_out = False
    twin.reload()
    twin.close_head()
    twin.resume()
    await twin.plug_in()


class Trouble:
    """What goes wrong at a printer."""

    @staticmethod
    async def paper_out_at_once(twin: PrinterTwin, random: Random) -> None:
        twin.answers_when_blocked = random.random() < 0.5
        twin.paper_out()

    @staticmethod
    async def paper_out_soon(twin: PrinterTwin, random: Random) -> None:
        twin.paper_out(after=random.randint(1, 3))

    @staticmethod
    async def head_opened(twin: PrinterTwin, random: Random) -> None:
        twin.answers_when_blocked = random.random() < 0.5
        twin.open_head()

    @staticmethod
    async def ribbon_out(twin: PrinterTwin, _random: Random) -> None:
        twin.ribbon_is_out = True

    @staticmethod
    async def paused(twin: PrinterTwin, _random: Random) -> None:
        twin.pause()

    @staticmethod
    async def cable_out(twin: PrinterTwin, _random: Random) -> None:
        twin.unplug()

    @staticmethod
    async def switched_off_and_on(twin: PrinterTwin, _random: Random) -> None:
        twin.power_cycle()

    @staticmethod
    async def silent(twin: PrinterTwin, _random: Random) -> None:
        twin.mute = True

    @staticmethod
    async def talks_garbage(twin: PrinterTwin, _random: Random) -> None:
        twin.garbage = True

    @staticmethod
    async def answer_cut(twin: PrinterTwin, _random: Random) -> None:
        twin.cut_next_answer = True

    @staticmethod
    async def job_cut(twin: PrinterTwin, random: Random) -> None:
        twin.cut_after_bytes = random.randint(1, 120)

    @staticmethod
    async def slow_answers(twin: PrinterTwin, random: Random) -> None:
        twin.answer_delay_s = random.uniform(0.01, 0.15)

    @staticmethod
    async def tells_somebody_else(twin: PrinterTwin, _random: Random) -> None:
        twin.echoes_to_newest = True


def _uncertain(tx: Tx) -> list[Row[Any]]:
    names = ("id", "key", "printer", "copy_no", "station")
    columns = (print_jobs.c[name] for name in names)
    return list(tx.execute(select(*columns).where(print_jobs.c.state == "uncertain")))


def _add(tx: Tx, job: dict[str, object]) -> None:
    tx.execute(insert(print_jobs), [job])


async def _person(story: Story) -> None:
    """Looks after what is uncertain, and asks for a copy of what is not in the tray."""
    while True:
        await asyncio.sleep(0.05)
        found = [row for row in story.book.read_now(_uncertain) if row.id not in story.looked]
        came_out = story.came_out() if found else Counter[int]()
        for row in found:
            twin = story.twins[row.printer]
            if not twin.is_idle or twin.is_blocked:
                continue
            story.done["looked at by people"] += 1
            if not came_out[row.id]:
                label = row.key.partition(":")[0]
                again = _job(label, row.copy_no + 1, row.station, story.now())
                await story.book.write(_add, again)
                story.done["copies asked for by people"] += 1
            story.looked.add(row.id)


def _judge(story: Story, labels: int) -> None:
    """Nothing twice, nothing lost, nothing called confirmed that is not there."""
    came_out = story.came_out()
    rows = story.book.read_now(lambda tx: tx.execute(select(print_jobs)).all())
    of_label: Counter[str] = Counter()
    for row in rows:
        times = came_out[row.id]
        if times > 1:
            raise story.broken(f"job {row.id} ({row.key}) came out {times} times, {row.state}")
        if row.state == "confirmed" and not times:
            raise story.broken(f"job {row.id} ({row.key}) was called confirmed and is not there")
        if row.state not in ("confirmed", "uncertain"):
            raise story.broken(f"job {row.id} ({row.key}) ended as {row.state} {row.reason}")
        of_label[row.key.partition(":")[0]] += times
        story.done[row.state] += 1
    lost = [label for label, times in of_label.items() if not times]
    if lost or len(of_label) != labels:
        raise story.broken(f"lost: {lost[:5]}, {len(of_label)} of {labels}")
    story.done["labels"] += labels


PART = Part(name="labels", wanted={"labels": 100_000}, rounds=rounds)
