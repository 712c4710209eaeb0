"""Keeps every device alive: open, watch, close, wait, open again; and says once how each one is.

A driver may fail in any way it likes: its device goes `offline` or `fault` and the others go on.
Time and chance come from outside (`clock`, `random`, the event loop's timers), so a whole site
can be simulated on a virtual clock.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from random import Random
from typing import Any, TypeVar, cast

import structlog

from devices.capabilities import ConfigFault, Driver, DriverFactory, Health, Link, Unavailable
from devices.containment import BUG, CLOSED, Hands, contained, result, sound, verdict
from devices.patience import Backoff, Metrics, Policy, Spill
from devices.signal_queue import SignalQueue
from wms.rooms.signals import Signal
from wms.text import storable

log = structlog.get_logger(__name__)

OnHealth = Callable[[str, Health, str], Awaitable[None]]
Capability = TypeVar("Capability")
REPORT_RETRY_S = 1.0
REASON_CHARACTERS = 300

# Reasons that are the supervisor's own have words in `wms/words`.
SILENT = "device.silent"
SLOW = "device.slow"
STOPPED = "device.stopped"
QUARANTINED = "device.quarantined"
REMOVED = "device.not_configured"


class _Device:
    """The life of one device under one configuration, in one task."""

    def __init__(
        self, name: str, driver_name: str, options: Mapping[str, Any], supervisor: "Supervisor"
    ) -> None:
        self.name, self.driver_name, self.options = name, driver_name, options
        self.metrics, self._spill = Metrics(), Spill()
        self.health, self.reason = Health.STARTING, ""
        self.driver: Driver | None = None
        self.hands: Hands | None = None  # the driver, for others
        self.task: asyncio.Task[None] | None = None
        self.session = 0
        self._supervisor = supervisor
        self._policy = supervisor.policy
        self._clock = supervisor.clock
        self._backoff = Backoff(supervisor.policy, supervisor.random)
        self._alive_at = 0.0
        self._trouble = ""  # what the driver says a person must see to
        self._bugs = 0  # of its driver, since it was last stable
        # Stopping is asked for, never forced: a cancelled close would leave its threads behind.
        self._stopping = asyncio.get_running_loop().create_future()
        self._broken: asyncio.Future[Exception]  # a bug met by whoever used the driver

    async def live(self) -> None:
        """Session after session, until a fault or until asked to stop."""
        while not self._stopping.done():
            health, reason = await self._one_session()
            if self._stopping.done():
                return
            self.metrics.failures += 1
            if self._bugs >= self._policy.bugs_max:
                self.metrics.quarantines += 1
                health, reason = Health.FAULT, QUARANTINED
            self.say(health, reason)
            if health is Health.FAULT:
                return
            await asyncio.wait({self._stopping}, timeout=self._backoff.next_s())

    async def stop(self) -> None:
        """End the session in good order; returns when its driver is closed."""
        if self.task is None:
            return
        if not self._stopping.done():
            self._stopping.set_result(None)
        await asyncio.wait({self.task})
        self.task = None
        self.say(Health.OFFLINE, STOPPED)

    def say(self, health: Health, reason: str) -> None:
        """Note the health; tell it when it changed. Retries of one outage are one outage."""
        reason = storable(reason[:REASON_CHARACTERS])  # a device's own words may be in it
        same = health is self.health and (reason == self.reason or health is Health.OFFLINE)
        self.health, self.reason = health, reason
        if not same:
            self._supervisor.report(self.name, health, reason)

    async def _one_session(self) -> tuple[Health, str]:
        self.session += 1
        self._trouble = ""
        self._broken = asyncio.get_running_loop().create_future()
        driver: Driver | None = None
        try:
            self.metrics.opens += 1
            driver = self._supervisor.load(self.driver_name)(self.options)
            await self._open(driver)
            if not self._stopping.done():
                await self._online(driver)
        # A driver is anyone's code: whatever it raises ends its session and nothing else.
        except Exception as error:
            health, reason = verdict(error)
            if reason == BUG:
                self._bug("driver bug", error)
            return health, reason
        finally:
            self.driver = None
            if driver is not None:
                await self._close(driver)
        return Health.OFFLINE, CLOSED

    def _bug(self, what: str, error: BaseException) -> None:
        self._bugs += 1
        self.metrics.driver_bugs += 1
        log.error(what, device=self.name, driver=self.driver_name, exc_info=error)

    async def _open(self, driver: Driver) -> None:
        timeout_s = self._policy.open_timeout_s
        work, name = partial(driver.open, self._link()), f"open {self.name}"
        opening = asyncio.create_task(contained(work), name=name)
        try:
            await self._wait(opening, timeout_s)
            if opening.done():
                result(opening)
            elif not self._stopping.done():
                raise Unavailable(SLOW)
        finally:
            await self._end(opening)

    def _link(self) -> Link:
        session = self.session

        def alive() -> None:
            if session == self.session:
                self._alive_at = self._clock()

        def degraded(reason: str) -> None:
            if session == self.session:
                self._trouble = reason
                if self.driver is not None:
                    self._say_online()

        return Link(
            device=self.name,
            session=session,
            emit=self._emit,
            alive=alive,
            degraded=degraded,
            clock=self._clock,
            room=self._supervisor.queue.room,
            missed=self.metrics.miss,
        )

    def _emit(self, signal: Signal) -> None:
        if not sound(signal, self.name):
            error = TypeError(f"{self.name} may not say {signal!r:.200}")
            _note_first(self._broken, error)
            raise error
        kept = self._supervisor.queue.put(signal)
        self.metrics.count(kept)
        for more in self._spill.after(signal, kept, self._clock()):
            self._emit(more)

    def _say_online(self) -> None:
        health = Health.DEGRADED if self._trouble else Health.ONLINE
        self.say(health, self._trouble)

    async def _online(self, driver: Driver) -> None:
        """Run *driver* until it ends or its peer falls silent (`Unavailable`)."""
        since = self._alive_at = self._clock()
        self.driver, self.hands = driver, Hands(driver, partial(_note_first, self._broken))
        self._say_online()
        running = asyncio.create_task(contained(driver.run), name=f"run {self.name}")
        try:
            await self._watch(running)
        finally:
            self.driver = None
            await self._end(running)
            online_s = self._clock() - since
            self.metrics.online_s += online_s
            if online_s >= self._policy.stable_after_s:
                self._backoff.reset()
                self._bugs = 0

    async def _watch(self, running: asyncio.Task[None]) -> None:
        patience_s = self._policy.liveness_s
        while not (running.done() or self._stopping.done() or self._broken.done()):
            asked = self._clock()
            quiet_until = self._alive_at + patience_s
            if asked >= quiet_until:
                self.metrics.silences += 1
                raise Unavailable(SILENT)
            await self._wait(running, quiet_until - asked)
            # We may have been the ones who were not there (a suspended machine, a blocked loop):
            # then what the peer sent is still unread, and its silence proves nothing.
            if self._clock() > quiet_until + patience_s / 2:
                self._alive_at = self._clock()
        if self._broken.done():
            raise self._broken.result()
        if running.done():
            result(running)

    async def _wait(self, task: asyncio.Task[None], timeout_s: float) -> None:
        """Wait until *task* is done, the time is over, or this device is to stop or broken."""
        ends = {task, self._stopping, self._broken}
        await asyncio.wait(ends, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)

    async def _close(self, driver: Driver) -> None:
        task = asyncio.create_task(contained(driver.close), name=f"close {self.name}")
        done, _ = await asyncio.wait({task}, timeout=self._policy.close_timeout_s)
        if not done:
            self.metrics.close_timeouts += 1
            log.warning("close took too long", device=self.name)
            await self._end(task)
        elif not task.cancelled() and (error := task.exception()) is not None:
            self._bug("driver bug: close raised", error)

    async def _end(self, task: asyncio.Task[None]) -> None:
        """Cancel *task* if it still runs; leave it behind when it will not listen."""
        if not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=self._policy.close_timeout_s)
        if not task.done():
            self.metrics.abandoned += 1
            self._bugs += 1
            self._supervisor.abandon(task)
            log.error("driver bug: it ignores being cancelled", device=self.name)
        elif not task.cancelled():
            task.exception()  # fetched, so that the loop does not report it once more


def _note_first(broken: asyncio.Future[Exception], error: Exception) -> None:
    if not broken.done():
        broken.set_result(error)


class Supervisor:
    """All devices of this server.

    `load` finds a driver by name (`registry.load`); `on_health(device, health, reason)` is awaited
    once per change, in order, again after a failure; `clock` gives monotonic seconds and must
    agree with the event loop's timers; `random` is for jitter.
    """

    def __init__(
        self,
        *,
        load: Callable[[str], DriverFactory],
        on_health: OnHealth,
        clock: Callable[[], float],
        random: Random,
        policy: Policy | None = None,
        queue: SignalQueue | None = None,
    ) -> None:
        self.load, self.clock, self.random = load, clock, random
        self.policy = policy or Policy()
        self.queue = SignalQueue() if queue is None else queue
        self._on_health = on_health
        self._devices: dict[str, _Device] = {}
        self._changing = asyncio.Lock()
        self._unsaid: dict[str, tuple[Health, str]] = {}
        self._said: dict[str, tuple[Health, str]] = {}
        self._news = asyncio.Event()
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._herald: asyncio.Task[None] | None = None
        self._abandoned: set[asyncio.Task[None]] = set()

    async def start(self, name: str, driver: str, options: Mapping[str, Any]) -> None:
        """Keep device *name* alive from now on, or under this configuration if it is known."""
        async with self._changing:
            device = _Device(name, driver, options, self)
            if name in self._devices:
                known = self._devices[name]
                await known.stop()
                device.metrics, device.session = known.metrics, known.session
            self._devices[name] = device
            self._said.pop(name, None)  # its row may have been begun anew
            self.report(name, Health.STARTING, "")
            device.task = asyncio.create_task(device.live(), name=f"device {name}")

    async def replace(self, name: str, driver: str, options: Mapping[str, Any]) -> None:
        """Hot replace: stop this one device and start it with another configuration."""
        await self.start(name, driver, options)

    async def restart(self, name: str) -> None:
        """Stop and start *name* as it is configured; also the way out of a fault."""
        device = self._known(name)
        await self.start(name, device.driver_name, device.options)

    async def stop(self, name: str) -> None:
        """Close *name* and leave it offline. It stays known: `restart` brings it back."""
        async with self._changing:
            await self._known(name).stop()

    async def remove(self, name: str) -> None:
        """Close *name* and forget it: it is configured no more."""
        async with self._changing:
            await self._known(name).stop()
            del self._devices[name]
            self.report(name, Health.OFFLINE, REMOVED)

    async def stop_all(self) -> None:
        """Close every device (all at once) and see that their last health was told."""
        async with self._changing:
            await asyncio.gather(*(device.stop() for device in self._devices.values()))
        with suppress(TimeoutError):
            async with asyncio.timeout(self.policy.close_timeout_s):
                await self._quiet.wait()
        if self._herald is not None:
            self._herald.cancel()
            await asyncio.wait({self._herald})
            self._herald = None

    def need(self, name: str, capability: Callable[..., Capability]) -> Capability:
        """The live driver of *name*, to be used at once and never kept.

        Raises `Unavailable` when it has no link now, `ConfigFault` when it cannot do that at all.
        """
        device = self._known(name)
        if device.driver is None:
            raise Unavailable(f"{name} is {device.health.value} {device.reason}".rstrip())
        kind = cast(type[Capability], capability)
        if not isinstance(device.driver, kind):
            raise ConfigFault(f"{name} ({device.driver_name}) is no {kind.__name__}")
        return cast(Capability, device.hands)

    def names(self) -> list[str]:
        """Every known device, sorted."""
        return sorted(self._devices)

    def configured(self) -> dict[str, tuple[str, Mapping[str, Any]]]:
        """Driver and options of every known device."""
        return {name: (one.driver_name, one.options) for name, one in self._devices.items()}

    def health(self, name: str) -> tuple[Health, str]:
        """How *name* is now, and why."""
        device = self._known(name)
        return device.health, device.reason

    def session(self, name: str) -> int:
        """How many sessions *name* has begun."""
        return self._known(name).session

    def metrics(self, name: str) -> Metrics:
        """The counters of *name*; they go on through restarts and replacements."""
        return self._known(name).metrics

    def _known(self, name: str) -> _Device:
        if name not in self._devices:
            raise Unavailable(f"there is no device {name!r}")
        return self._devices[name]

    def report(self, name: str, health: Health, reason: str) -> None:
        """Have the newest health of *name* told (used by the devices)."""
        self._unsaid[name] = (health, reason)
        self._quiet.clear()
        self._news.set()
        if self._herald is None:
            self._herald = asyncio.create_task(self._tell(), name="device health")

    def abandon(self, task: asyncio.Task[None]) -> None:
        """Hold on to a task that would not end, or it would vanish with a warning."""
        self._abandoned.add(task)
        task.add_done_callback(self._abandoned.discard)

    async def _tell(self) -> None:
        """Tell every change; while the telling waits, only the newest of each device is kept."""
        while True:
            if not self._unsaid:
                self._quiet.set()
                self._news.clear()
                await self._news.wait()
            name = next(iter(self._unsaid))
            news = self._unsaid.pop(name)
            if self._said.get(name) == news:
                continue
            try:
                await self._on_health(name, *news)
                self._said[name] = news
            # The book may be unreachable for a moment. The news stays due until it was told.
            except Exception:
                log.exception("health could not be told", device=name, health=news[0].value)
                self._unsaid.setdefault(name, news)
                await asyncio.sleep(REPORT_RETRY_S)
