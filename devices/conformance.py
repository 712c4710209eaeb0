"""What every driver must keep, ours or a third party's: the promises, to be run against a twin.

A driver joins with one entry, a `Case`; in this project a file of its own in `devices/cases/`, in
a package of somebody else's an entry point (`docs/drivers.md` has a whole one):

    class Bench:                                  # a `Rig`: the twin and what to do with it
        def __init__(self) -> None:
            self.twin = MyTwin()
        async def up(self) -> None: ...           # power on; every time at the same address
        async def down(self) -> None: ...         # power off; may be called twice
        def options(self) -> dict[str, Any]: ...  # what config.toml would say (fast time-outs)
        def freeze(self) -> None: ...             # keep the connection, answer nothing
        def thaw(self) -> None: ...
        async def cut(self) -> None: ...          # cut a message in the middle and power cycle
        async def act(self, floor: Floor) -> None:
            await floor.driver(LabelPrinter).print_label("J1", b"^XA^XZ", 1)
        def effect(self, floor: Floor) -> int:    # how often `act` has had its effect so far
            return len(self.twin.printed)

    CASE = Case(name="my-printer", driver=MyPrinter, capability=LabelPrinter, rig=Bench,
                bad_options={"host": 7}, when_frozen=Health.DEGRADED)

`act` does one thing the device is for and returns when it is done; it starts from
`floor.driver(...)`, so that it raises `Unavailable` when there is no link. A device that only
speaks (a scanner) acts by being used: `act` makes its twin speak and awaits `floor.heard_more`.
`effect` then counts in `floor.heard`. `options` must not be asked before `up`.

`genba driver check NAME` runs all of it. From elsewhere: `await check(CASE, promise)` for each of
`PROMISES`; it raises `AssertionError` with what was broken.
"""

import asyncio
import random
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from devices.capabilities import Driver, DriverFactory, Health, Unavailable
from devices.patience import Policy
from devices.supervisor import Supervisor
from wms.rooms.signals import Signal

NAME = "device"
PATIENCE_S = 8.0  # how long a promise may take to come true
STOP_MAX_S = 3.0
LOOK_EVERY_S = 0.01
FLAPS = 5
FAST = Policy(
    open_timeout_s=4.0,
    close_timeout_s=2.0,
    liveness_s=1.2,
    backoff_min_s=0.05,
    backoff_max_s=0.3,
    stable_after_s=10.0,
)
Capability = TypeVar("Capability")


class Rig(Protocol):
    """A twin on the bench and the hands that use it. The module's docstring says what each does."""

    async def up(self) -> None: ...
    async def down(self) -> None: ...
    def options(self) -> Mapping[str, Any]: ...
    def freeze(self) -> None: ...
    def thaw(self) -> None: ...
    async def cut(self) -> None: ...
    async def act(self, floor: "Floor") -> None: ...
    def effect(self, floor: "Floor") -> int: ...


@dataclass(frozen=True, slots=True)
class Case:
    """A driver under test.

    `capability` is the protocol it offers beside `Driver` (`Driver` itself for one that only
    speaks); `bad_options` must be refused with `ConfigFault`; `when_frozen` is what the lead must
    see while the peer keeps the connection and says nothing: `OFFLINE`, `DEGRADED` for a printer
    that is known to fall silent when a person is needed, or `None` for a device that cannot be
    told from an idle one.
    """

    name: str
    driver: DriverFactory
    capability: type[Any]
    rig: Callable[[], Rig]
    bad_options: Mapping[str, Any]
    when_frozen: Health | None = Health.OFFLINE


class Floor:
    """One supervised device, and all that was told and heard of it."""

    def __init__(self, case: Case) -> None:
        self.told: list[tuple[Health, str]] = []
        self.heard: list[Signal] = []
        loop = asyncio.get_running_loop()
        self.supervisor = Supervisor(
            load={case.name: case.driver}.__getitem__,
            on_health=self._on_health,
            clock=loop.time,
            random=random.Random(1),  # noqa: S311 - jitter, and the same on every run
            policy=FAST,
        )
        self._driver_name = case.name
        self._listening: asyncio.Task[None] | None = None

    async def _on_health(self, _device: str, health: Health, reason: str) -> None:
        self.told.append((health, reason))

    async def _listen(self) -> None:
        while True:
            self.heard.append(await self.supervisor.queue.get())

    async def start(self, options: Mapping[str, Any]) -> None:
        """Put the device under supervision."""
        self._listening = asyncio.create_task(self._listen(), name="conformance listener")
        await self.supervisor.start(NAME, self._driver_name, options)

    async def stop(self) -> None:
        """Stop everything; may be called again."""
        await self.supervisor.stop_all()
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait({self._listening})
            self._listening = None

    @property
    def health(self) -> Health:
        """How the device is now."""
        return self.supervisor.health(NAME)[0]

    @property
    def session(self) -> int:
        """Which session this is, from 1."""
        return self.supervisor.session(NAME)

    def driver(self, capability: Callable[..., Capability]) -> Capability:
        """The live driver; raises `Unavailable` when there is no link."""
        return self.supervisor.need(NAME, capability)

    async def heard_more(self, than: int) -> None:
        """Wait until more than *than* signals were heard."""
        await until(lambda: len(self.heard) > than, f"a signal after {than}")

    async def seen(self, health: Health, *, after_session: int = 0) -> None:
        """Wait until the device is so, in a session later than *after_session*."""
        await until(
            lambda: self.health is health and self.session > after_session,
            lambda: f"{health.value}, but it is {self.supervisor.health(NAME)}",
        )


async def until(
    wish: Callable[[], bool], wanted: str | Callable[[], str], within_s: float = PATIENCE_S
) -> None:
    """Wait until *wish* comes true; `AssertionError` with what was *wanted* when it does not."""
    clock = asyncio.get_running_loop().time
    end = clock() + within_s
    while not wish():
        if clock() >= end:
            said = wanted if isinstance(wanted, str) else wanted()
            raise AssertionError(f"waited {within_s:g} s for {said}")
        await asyncio.sleep(LOOK_EVERY_S)


@asynccontextmanager
async def _floor(case: Case, rig: Rig) -> AsyncIterator[Floor]:
    """The device under supervision and online; stopped at the end."""
    floor = Floor(case)
    try:
        await floor.start(rig.options())
        await floor.seen(Health.ONLINE)
        yield floor
    finally:
        await floor.stop()


async def _works(rig: Rig, floor: Floor) -> None:
    """The device does its one thing, once."""
    before = rig.effect(floor)
    await asyncio.wait_for(rig.act(floor), PATIENCE_S)
    await until(lambda: rig.effect(floor) > before, "an effect")
    assert rig.effect(floor) == before + 1, f"{rig.effect(floor) - before} effects of one command"


async def it_speaks_the_protocols(case: Case, rig: Rig) -> None:
    """A driver made from good options has the methods of `Driver` and of its capability."""
    driver = case.driver(rig.options())
    assert isinstance(driver, Driver), "no Driver"
    assert isinstance(driver, case.capability), f"no {case.capability.__name__}"


async def it_comes_online(case: Case, rig: Rig) -> None:
    """Told as starting, then online, and nothing else."""
    async with _floor(case, rig) as floor:
        await until(lambda: len(floor.told) >= 2, "two changes of health")
        told = [health for health, _ in floor.told]
        assert told == [Health.STARTING, Health.ONLINE], told


async def it_stays_online_while_idle(case: Case, rig: Rig) -> None:
    """Signs of life go on when there is nothing to do."""
    async with _floor(case, rig) as floor:
        await asyncio.sleep(1.5 * FAST.liveness_s)
        assert floor.session == 1, f"it was lost: {floor.told}"
        assert floor.health is Health.ONLINE, floor.told


async def bad_options_are_a_fault_once(case: Case, rig: Rig) -> None:
    """Options that can never work stop the device at the first look, with a reason."""
    floor = Floor(case)
    try:
        await floor.start(case.bad_options)
        await floor.seen(Health.FAULT)
        await asyncio.sleep(4 * FAST.backoff_max_s)
        assert floor.supervisor.metrics(NAME).opens == 1, "it tried again"
        assert floor.told[-1][0] is Health.FAULT
        assert floor.told[-1][1], "no reason was given"
    finally:
        await floor.stop()


async def an_absent_peer_is_awaited(case: Case, rig: Rig) -> None:
    """Offline is told once for many tries, with a reason; the peer's appearance is noticed."""
    options = rig.options()
    await rig.down()
    floor = Floor(case)
    try:
        await floor.start(options)
        await until(lambda: floor.supervisor.metrics(NAME).failures >= 3, "three tries")
        told = [health for health, _ in floor.told]
        assert told == [Health.STARTING, Health.OFFLINE], told
        assert floor.told[-1][1], "no reason was given"
        await rig.up()
        await floor.seen(Health.ONLINE)
        await _works(rig, floor)
    finally:
        await floor.stop()


async def it_survives_a_restart_of_its_peer(case: Case, rig: Rig) -> None:
    """Switched off: offline. Switched on: a new session, and it works."""
    async with _floor(case, rig) as floor:
        session = floor.session
        await rig.down()
        await floor.seen(Health.OFFLINE)
        await rig.up()
        await floor.seen(Health.ONLINE, after_session=session)
        await _works(rig, floor)


async def a_frozen_peer_is_noticed(case: Case, rig: Rig) -> None:
    """A peer that keeps the connection but has stopped is not shown as online."""
    async with _floor(case, rig) as floor:
        rig.freeze()
        try:
            if case.when_frozen is None:
                await asyncio.sleep(FAST.liveness_s)
                assert floor.health is Health.ONLINE, "an idle device was taken for a dead one"
            else:
                await floor.seen(case.when_frozen)
        finally:
            rig.thaw()
        await floor.seen(Health.ONLINE)
        await _works(rig, floor)


async def it_survives_a_cut_in_mid_message(case: Case, rig: Rig) -> None:
    """Half a message and then a power cycle: the next session starts clean."""
    async with _floor(case, rig) as floor:
        session = floor.session
        await rig.cut()
        await floor.seen(Health.ONLINE, after_session=session)
        await _works(rig, floor)


async def it_does_what_it_is_told_once(case: Case, rig: Rig) -> None:
    """One command, one effect; and again."""
    async with _floor(case, rig) as floor:
        await _works(rig, floor)
        await _works(rig, floor)


async def without_a_link_it_is_unavailable(case: Case, rig: Rig) -> None:
    """A command to a device that is off says so, and is not carried out later."""
    async with _floor(case, rig) as floor:
        before = rig.effect(floor)
        session = floor.session
        await rig.down()
        await floor.seen(Health.OFFLINE)
        try:
            await asyncio.wait_for(rig.act(floor), PATIENCE_S)
        except Unavailable:
            pass
        else:
            raise AssertionError("a command to a dead device did not fail")
        await rig.up()
        await floor.seen(Health.ONLINE, after_session=session)
        assert rig.effect(floor) == before, "it was carried out after all"


async def it_stops_cleanly(case: Case, rig: Rig) -> None:
    """Stopping is quick and leaves no thread and no task behind."""
    threads, tasks = _threads(), asyncio.all_tasks()
    clock = asyncio.get_running_loop().time
    async with _floor(case, rig) as floor:
        await _works(rig, floor)
        began = clock()
        await floor.stop()
        took_s = clock() - began
        assert took_s < STOP_MAX_S, f"stopping took {took_s:.1f} s"
        metrics = floor.supervisor.metrics(NAME)
        assert (metrics.close_timeouts, metrics.abandoned, metrics.driver_bugs) == (0, 0, 0)
    await _nothing_left(threads)
    names = {task.get_name() for task in asyncio.all_tasks() - tasks}
    assert not {name for name in names if name.endswith(f" {NAME}")}, names


async def it_can_be_replaced_while_it_works(case: Case, rig: Rig) -> None:
    """New options for one device: the old session ends before the new one begins."""
    async with _floor(case, rig) as floor:
        session = floor.session
        await floor.supervisor.replace(NAME, case.name, rig.options())
        await floor.seen(Health.ONLINE, after_session=session)
        await _works(rig, floor)
        assert floor.supervisor.metrics(NAME).failures == 0, "the sessions got in each other's way"


async def it_survives_flapping(case: Case, rig: Rig) -> None:
    """Off and on at any moment of opening: online at last, and no thread is left of it."""
    threads = _threads()
    async with _floor(case, rig) as floor:
        for flap in range(FLAPS):
            await rig.down()
            await asyncio.sleep(0.03 * (flap + 1))
            await rig.up()
            await asyncio.sleep(0.05 * (flap + 1))
        await rig.down()
        await floor.seen(Health.OFFLINE)
        await rig.up()
        await floor.seen(Health.ONLINE)
        await _works(rig, floor)
    await _nothing_left(threads)


def _threads() -> set[threading.Thread]:
    """Threads a driver could have left; those of the event loop's own pool stay by design."""
    return {thread for thread in threading.enumerate() if not thread.name.startswith("asyncio_")}


async def _nothing_left(before: set[threading.Thread]) -> None:
    await until(
        lambda: not _threads() - before,
        lambda: f"these threads to end: {[thread.name for thread in _threads() - before]}",
        within_s=1.0,
    )


Promise = Callable[[Case, Rig], Awaitable[None]]
PROMISES: tuple[Promise, ...] = (
    it_speaks_the_protocols,
    it_comes_online,
    it_stays_online_while_idle,
    bad_options_are_a_fault_once,
    an_absent_peer_is_awaited,
    it_survives_a_restart_of_its_peer,
    a_frozen_peer_is_noticed,
    it_survives_a_cut_in_mid_message,
    it_does_what_it_is_told_once,
    without_a_link_it_is_unavailable,
    it_stops_cleanly,
    it_can_be_replaced_while_it_works,
    it_survives_flapping,
)


async def check(case: Case, promise: Promise) -> None:
    """Run one promise on a fresh rig. Raises `AssertionError` with what was broken."""
    rig = case.rig()
    await rig.up()
    try:
        await promise(case, rig)
    finally:
        await rig.down()
