"""A small site with robots on real sockets: a book, twins, a floor process that can be killed.

Each tote has two places of its own, A and B, and goes to and fro between them, so that at any
moment one can say where it must be: in the book and on the floor.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

from sqlalchemy import Row, insert, select

from devices import registry
from devices.capabilities import DriverFactory, Health
from devices.conformance import until
from devices.patience import Policy
from devices.robots import Settings, Transporter, conduct
from devices.supervisor import Supervisor
from devices.twins.grh1 import Delivery, Grh1Twin, Pace, Stations
from wms.db import Book, Tx
from wms.robots import missions, roster
from wms.robots.rows import UNSETTLED, Mission, latest, parent
from wms.schema import missions as missions_table
from wms.schema import moves, people, places, tasks

LIMBO = "Q"
PARKING = 99  # where robots wait
PERSON = 1
SOON = Settings(
    poll_s=0.005, answer_s=0.08, patience_s=0.5, stuck_s=60, rest_s=0.05, show_s=0.2
)  # fmt: skip
QUICK = Pace(speed=400)
SLOW = Pace(travel_s=0.3, hand_off_s=0.3)  # slow enough to be met on the way
DRIVER = {"poll_s": 0.01, "beat_s": 0.05, "frozen_s": 0.25, "reply_timeout_s": 0.1}
POLICY = Policy(backoff_min_s=0.02, backoff_max_s=0.1, liveness_s=2)
# These are asked all the time.
WANTED = select(tasks).where(tasks.c.state.in_(("open", "claimed")))
IN_HAND = select(missions_table.c.container).where(missions_table.c.state.in_(UNSETTLED))


class Killed(BaseException):
    """The floor process dies at this instruction."""


@dataclass
class Floor:
    """One life of the floor process."""

    supervisor: Supervisor
    conductors: list[asyncio.Task[None]]

    @property
    def is_dead(self) -> bool:
        """Whether it was killed at a point."""
        return any(task.done() for task in self.conductors)


@dataclass
class Site:
    """The whole. `reached(robot, point)` may raise `Killed`."""

    url: str
    names: Sequence[str] = ("agv-1",)
    totes: int = 1
    seed: int = 1
    pace: Pace = QUICK
    settings: Settings = SOON
    remembers: bool = True
    reached: Callable[[str, str], None] = lambda _robot, _point: None
    clock: Callable[[], float] = time.monotonic
    floor: Floor | None = None
    lives: int = 0
    jobs: int = 0
    world: Stations = field(default_factory=Stations)
    twins: dict[str, Grh1Twin] = field(default_factory=dict)
    health: dict[str, tuple[Health, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rng = Random(self.seed)
        self.book = Book(self.url)
        self.book.write_now(self._furnish)

    def _furnish(self, tx: Tx) -> None:
        tx.execute(insert(places), [{"code": LIMBO, "kind": "buffer"}])
        tx.execute(insert(people), [{"id": PERSON, "code": "P", "name": "P", "badge_hash": "b"}])
        for number in range(self.totes):
            for side, station in (("A", 2 * number + 1), ("B", 2 * number + 2)):
                place = {"code": f"{side}{number}", "kind": "buffer", "robot_station": station}
                tx.execute(insert(places).values(place))
            tote = {"code": f"T{number}", "kind": "tote", "parent": f"A{number}"}
            tx.execute(insert(places).values(tote))
            self.world.loads[2 * number + 1] = [f"T{number}"]
        for name in self.names:
            tx.execute(insert(places).values(code=name, kind="robot"))
            roster.enrol(tx, robot=name, place=name, quarantine=LIMBO)

    async def __aenter__(self) -> "Site":
        for number, name in enumerate(self.names):
            twin = Grh1Twin(
                stations=(PARKING, *range(1, 2 * self.totes + 1)), clock=self.clock,
                world=self.world, pace=self.pace, scan_s=0.004, remembers=self.remembers,
                unit=number + 1,
            )  # fmt: skip
            self.twins[name] = twin
            await twin.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.kill()
        for twin in self.twins.values():
            await twin.stop()
        self.book.close()

    def now_ms(self) -> int:
        """Milliseconds that go on, whichever floor process asks."""
        return 1_790_000_000_000 + int(self.clock() * 1000)

    def load(self, name: str) -> DriverFactory:
        """The driver, on the real wire."""
        return registry.load(name)

    @property
    def twin(self) -> Grh1Twin:
        """The first robot."""
        return self.twins[self.names[0]]

    async def boot(self) -> None:
        """Start a floor process."""
        self.lives += 1
        supervisor = Supervisor(
            load=self.load, on_health=self._on_health, clock=self.clock,
            random=Random(self.lives), policy=POLICY,
        )  # fmt: skip
        await self.connect(supervisor)
        self.floor = Floor(supervisor, [self._conductor(supervisor, name) for name in self.names])

    async def connect(self, supervisor: Supervisor) -> None:
        """Give the supervisor every robot that there is."""
        for name, twin in self.twins.items():
            options = {"host": "127.0.0.1", "port": twin.port, "unit": twin.server.unit, **DRIVER}
            await supervisor.start(name, "grh1", options)

    def _conductor(self, supervisor: Supervisor, name: str) -> asyncio.Task[None]:
        return asyncio.create_task(
            conduct(
                self.book, name, lambda: supervisor.need(name, Transporter), clock_ms=self.now_ms,
                clock=self.clock, rng=Random(f"{self.seed}:{self.lives}:{name}"),
                settings=self.settings, reached=lambda point: self.reached(name, point),
            )
        )  # fmt: skip

    async def _on_health(self, name: str, health: Health, reason: str) -> None:
        self.health[name] = (health, reason)

    async def kill(self) -> None:
        """The floor process is gone, at whatever it was."""
        if self.floor is None:
            return
        floor, self.floor = self.floor, None
        for task in floor.conductors:
            task.cancel()
        await asyncio.wait(floor.conductors)
        await floor.supervisor.stop_all()
        for task in floor.conductors:
            error = None if task.cancelled() else task.exception()
            if error is not None and not isinstance(error, Killed):
                raise error

    async def reboot_if_dead(self) -> bool:
        """Start the floor process again when it was killed at a point."""
        if self.floor is not None and not self.floor.is_dead:
            return False
        await self.kill()
        await self.boot()
        return True

    async def until_with_reboots(self, wish: Callable[[], bool], within_s: float = 30.0) -> None:
        """Wait until *wish* comes true; whenever the floor process is dead, start it again."""
        end_s = self.clock() + within_s
        while not wish():
            if self.clock() > end_s:
                raise AssertionError(f"life {self.lives}: {self.described()}")
            await self.reboot_if_dead()
            await asyncio.sleep(0.005)

    def described(self) -> str:
        """What there is to know when something did not come true."""
        rows = self.book.read_now(lambda tx: list(tx.execute(select(missions_table))))
        memories = [twin.plc.memory for twin in self.twins.values()]
        tasks = self.floor.conductors if self.floor else []
        return f"{rows}\n{memories}\n{self.health}\n{tasks}\n{self.all_tasks()}"

    # What is wanted, and what came of it.

    def request(self, tote: int = 0, *, priority: int = 0) -> str:
        """Have a tote carried to its other side. Returns the job."""
        here = self.where_book(tote)
        there = f"{'B' if here[0] == 'A' else 'A'}{here[1:]}"
        self.jobs += 1
        job = f"job-{self.jobs}"
        self.book.write_now(
            missions.request, job=job, container=f"T{tote}", source=here, target=there,
            now=self.now_ms(), rng=self.rng, priority=priority,
        )  # fmt: skip
        return job

    def mission(self, job: str) -> Mission:
        """The latest attempt at *job*."""
        found = self.book.read_now(latest, job)
        assert found is not None
        return found

    def attempts(self, job: str) -> list[str]:
        """The states of all attempts at *job*, in order."""
        query = select(missions_table.c.state).where(missions_table.c.job == job)
        query = query.order_by(missions_table.c.attempt)
        return self.book.read_now(lambda tx: list(tx.execute(query).scalars()))

    def where_book(self, tote: int) -> str:
        """Where the book has a tote."""
        return self.book.read_now(parent, f"T{tote}")

    def where_world(self, tote: int) -> str | None:
        """Where a tote really stands; None while it is on a robot or lost."""
        station = self.world.where(f"T{tote}")
        return None if station is None else f"{'BA'[station % 2]}{(station - 1) // 2}"

    @property
    def deliveries(self) -> list[Delivery]:
        """All that robots have physically moved."""
        return [delivery for twin in self.twins.values() for delivery in twin.deliveries]

    def tasks(self, kind: str = "") -> list[Row[Any]]:
        """Tasks that someone still has to do."""
        rows = self.book.read_now(lambda tx: tx.execute(WANTED).all())
        return [row for row in rows if kind in ("", row.kind)]

    def busy(self) -> set[str]:
        """The totes that are to be carried, or that somebody looks for."""
        return self.book.read_now(lambda tx: set(tx.scalars(IN_HAND)))

    def all_tasks(self) -> list[Row[Any]]:
        """Every task there ever was."""
        return self.book.read_now(lambda tx: list(tx.execute(select(tasks))))

    def moves(self) -> list[Row[Any]]:
        """The ledger."""
        return self.book.read_now(lambda tx: list(tx.execute(select(moves))))

    def scan(self, job: str, place: str) -> int | None:
        """A person scans the tote of *job* at *place*."""
        return self.book.write_now(
            missions.verdict, mission=self.mission(job).id, place=place, person=PERSON,
            now=self.now_ms(), rng=self.rng,
        )  # fmt: skip

    async def until_state(self, job: str, state: str, within_s: float = 30.0) -> Mission:
        """Wait until the latest attempt is so."""
        await until(
            lambda: self.mission(job).state == state,
            lambda: f"{state}: {self.mission(job)}, {self.twin.plc.memory}",
            within_s,
        )
        return self.mission(job)

    async def until_idle(self, within_s: float = 30.0) -> None:
        """Wait until every robot has nothing in hand any more."""
        await until(
            lambda: not any(twin.plc.memory.mission for twin in self.twins.values()),
            self.described,
            within_s,
        )

    def faults(self) -> list[str]:
        """Whatever is not as it must be once all is quiet: every mission moved its tote once."""
        query = select(missions_table.c.id, missions_table.c.job, missions_table.c.state)
        rows = self.book.read_now(lambda tx: list(tx.execute(query)))
        carried = Counter(delivery.mission for delivery in self.deliveries)
        done = Counter(row.id for row in rows if row.state == "done")
        booked = Counter(row.key for row in self.moves() if row.key.startswith("job:"))
        wanted = Counter(f"job:job-{number}" for number in range(1, self.jobs + 1))
        found = []
        if carried != done:
            found.append(f"carried, not booked: {carried - done}; the reverse: {done - carried}")
        if booked != wanted:
            found.append(f"moved, not wanted: {booked - wanted}; the reverse: {wanted - booked}")
        for tote in range(self.totes):
            if self.where_book(tote) != self.where_world(tote):
                found.append(f"T{tote}: {self.where_book(tote)} but {self.where_world(tote)}")
        return found


@asynccontextmanager
async def site(url: str, **fields: Any) -> AsyncIterator[Site]:
    """A site with its floor process running."""
    async with Site(url, **fields) as made:
        await made.boot()
        yield made
