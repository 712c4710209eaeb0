"""The supervisor: whatever a driver does, its device is known, retried and kept from the others."""

import asyncio
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import pytest

from devices import registry
from devices.capabilities import (
    ConfigFault,
    Driver,
    Health,
    LabelPrinter,
    Link,
    NeedsHuman,
    Scale,
    Unavailable,
)
from devices.conformance import until
from devices.patience import Policy
from devices.signal_queue import SignalQueue
from devices.supervisor import Supervisor
from tests.virtual_time import VirtualLoop, run
from wms.signals import Scan, Signal, TagSeen, Weight

POLICY = Policy()


class Peer:
    """What the driver of these tests will meet, and what it did so far."""

    def __init__(self) -> None:
        self.there = True
        self.why = "nobody there"
        self.speaks = True
        self.on_open: Callable[[], None] = lambda: None
        self.opens: list[float] = []
        self.live = 0
        self.link: Link | None = None
        self.lost = asyncio.Event()
        self.error: Exception = Unavailable("gone")


class OneDriver:
    """A driver that does what its `Peer` (given as an option) lets it do."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        if "peer" not in options:
            raise ConfigFault("peer missing")
        self.peer: Peer = options["peer"]

    async def open(self, link: Link) -> None:
        peer = self.peer
        peer.opens.append(link.clock())
        peer.live += 1
        peer.on_open()
        if not peer.there:
            raise Unavailable(peer.why)
        peer.link = link
        peer.lost.clear()

    async def run(self) -> None:
        assert self.peer.link is not None
        while True:
            if self.peer.speaks:
                self.peer.link.alive()
            with suppress(TimeoutError):
                await asyncio.wait_for(self.peer.lost.wait(), 1)
                raise self.peer.error

    async def close(self) -> None:
        self.peer.live -= 1

    async def weigh(self) -> int:
        return 250


class Scene:
    """A supervisor, with all it told."""

    def __init__(self, queue: SignalQueue | None = None, **drivers: type) -> None:
        self.told: list[tuple[str, Health, str]] = []
        self.times: list[float] = []
        self.loop = asyncio.get_running_loop()
        self.tell_error: Exception | None = None
        known = {"one": OneDriver, **drivers}

        def load(name: str) -> Callable[[Mapping[str, Any]], Driver]:
            return known[name] if name in known else registry.load(name)

        self.supervisor = Supervisor(
            load=load,
            on_health=self.on_health,
            clock=self.loop.time,
            random=random.Random(7),
            queue=queue,
        )

    async def on_health(self, device: str, health: Health, reason: str) -> None:
        if self.tell_error is not None:
            error, self.tell_error = self.tell_error, None
            raise error
        self.told.append((device, health, reason))
        self.times.append(self.loop.time())

    def words(self, device: str = "d") -> list[str]:
        return [f"{health} {why}".strip() for name, health, why in self.told if name == device]


def test_many_tries_are_one_outage() -> None:
    async def scene() -> None:
        s, peer = Scene(), Peer()
        peer.there = False
        await s.supervisor.start("d", "one", {"peer": peer})
        await asyncio.sleep(300)
        peer.why = "no route"  # another word for the same outage
        await asyncio.sleep(300)
        assert len(peer.opens) > 10
        assert s.supervisor.health("d") == (Health.OFFLINE, "no route")
        assert s.words() == ["starting", "offline nobody there"]
        peer.there = True
        await asyncio.sleep(60)
        assert s.words() == ["starting", "offline nobody there", "online"]
        await s.supervisor.stop_all()
        assert s.words()[-1] == "offline device.stopped"
        assert peer.live == 0

    run(scene())


def test_waits_grow_to_a_limit_and_are_never_the_same() -> None:
    async def scene() -> None:
        s, peer = Scene(), Peer()
        peer.there = False
        await s.supervisor.start("d", "one", {"peer": peer})
        await asyncio.sleep(400)
        waits = [later - sooner for sooner, later in zip(peer.opens, peer.opens[1:], strict=False)]
        for number, wait in enumerate(waits):
            middle = min(POLICY.backoff_min_s * 2**number, POLICY.backoff_max_s)
            assert middle * 0.8 <= wait <= middle * 1.2
        assert len({round(wait, 6) for wait in waits}) == len(waits)
        await s.supervisor.stop_all()

    run(scene())


@pytest.mark.parametrize(("online_s", "quick"), [(60, True), (3, False)])
def test_only_a_stable_device_starts_with_the_shortest_wait_again(
    online_s: float, quick: bool
) -> None:
    async def scene() -> None:
        s, peer = Scene(), Peer()
        peer.there = False
        await s.supervisor.start("d", "one", {"peer": peer})
        await asyncio.sleep(100)
        peer.there = True
        await until(lambda: s.supervisor.health("d")[0] is Health.ONLINE, "online", 60)
        await asyncio.sleep(online_s)
        lost_at = s.loop.time()
        peer.lost.set()
        await asyncio.sleep(100)
        wait_s = peer.opens[-1] - lost_at
        assert (wait_s <= POLICY.backoff_min_s * 1.2) == quick
        await s.supervisor.stop_all()

    run(scene())


def test_a_wrong_configuration_stops_until_it_is_replaced() -> None:
    async def scene() -> None:
        s, peer = Scene(), Peer()
        await s.supervisor.start("d", "one", {})
        await asyncio.sleep(1000)
        assert s.words() == ["starting", "fault peer missing"]
        assert s.supervisor.metrics("d").opens == 1
        await s.supervisor.replace("d", "one", {"peer": peer})
        await asyncio.sleep(1)
        assert s.words()[2:] == ["starting", "online"]
        await s.supervisor.stop_all()

    run(scene())


def test_an_unknown_driver_is_a_fault_that_names_a_near_one() -> None:
    async def scene() -> None:
        s = Scene()
        await s.supervisor.start("d", "zpl-tpc", {})
        await asyncio.sleep(1)
        assert s.words()[-1] == "fault no driver 'zpl-tpc'; did you mean 'zpl-tcp'?"
        await s.supervisor.stop_all()

    run(scene())


def test_silence_of_the_peer_ends_the_session_and_our_own_noise_does_not_save_it() -> None:
    async def scene() -> None:
        s, peer = Scene(), Peer()
        await s.supervisor.start("d", "one", {"peer": peer})
        await asyncio.sleep(1000)
        assert s.words() == ["starting", "online"]
        peer.speaks = False
        silent_at = s.loop.time()
        await asyncio.sleep(POLICY.liveness_s + 0.1)
        assert s.words()[2] == "offline device.silent"
        assert s.times[2] - silent_at <= POLICY.liveness_s
        assert s.supervisor.metrics("d").silences == 1
        await s.supervisor.stop_all()

    run(scene())


def test_a_suspended_server_does_not_blame_its_devices() -> None:
    async def scene() -> None:
        s, peer = Scene(), Peer()
        await s.supervisor.start("d", "one", {"peer": peer})
        await asyncio.sleep(10.5)
        assert isinstance(s.loop, VirtualLoop)
        s.loop.leap(3600)
        await asyncio.sleep(30)
        assert s.words() == ["starting", "online"]
        await s.supervisor.stop_all()

    run(scene())


def test_a_driver_bug_is_one_devices_trouble() -> None:
    class Buggy(OneDriver):
        async def run(self) -> None:
            raise KeyError("oops")

    async def scene() -> None:
        s, peer, other = Scene(buggy=Buggy), Peer(), Peer()
        await s.supervisor.start("bad", "buggy", {"peer": other})
        await s.supervisor.start("d", "one", {"peer": peer})
        await asyncio.sleep(100)
        assert s.words() == ["starting", "online"]
        assert "offline device.bug" in s.words("bad")
        assert s.supervisor.metrics("bad").driver_bugs > 3
        assert len(s.words("bad")) <= 2 * s.supervisor.metrics("bad").opens + 1
        await s.supervisor.stop_all()
        assert (peer.live, other.live) == (0, 0)

    run(scene())


class CloseRaises(OneDriver):
    async def close(self) -> None:
        self.peer.live -= 1
        raise RuntimeError("close failed")


class CloseHangs(OneDriver):
    async def close(self) -> None:
        self.peer.live -= 1
        await asyncio.Event().wait()


class OpenHangs(OneDriver):
    async def open(self, link: Link) -> None:
        await super().open(link)
        if len(self.peer.opens) < 3:
            await asyncio.Event().wait()


class Stubborn(OneDriver):
    async def run(self) -> None:
        end = asyncio.get_running_loop().time() + 200
        while asyncio.get_running_loop().time() < end:
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(1)


class GivesUp(OneDriver):
    async def run(self) -> None:
        if len(self.peer.opens) < 3:
            raise asyncio.CancelledError
        await super().run()


class InAGroup(OneDriver):
    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(super().run())


@pytest.mark.parametrize(
    "driver", [CloseRaises, CloseHangs, OpenHangs, Stubborn, GivesUp, InAGroup]
)
def test_a_misbehaving_driver_is_opened_again_and_can_be_stopped(driver: type) -> None:
    async def scene() -> None:
        s, peer = Scene(odd=driver), Peer()
        await s.supervisor.start("d", "odd", {"peer": peer})
        await asyncio.sleep(60)
        peer.lost.set()
        peer.speaks = driver is not Stubborn
        await asyncio.sleep(60)
        assert len(peer.opens) >= 2
        assert peer.live <= 1
        before = s.loop.time()
        await s.supervisor.stop_all()
        assert s.loop.time() - before <= 3 * POLICY.close_timeout_s
        assert peer.live == 0
        assert s.words()[-1].startswith("offline")
        assert not any("bug" in words for words in s.words())
        await asyncio.sleep(300)

    run(scene())


def test_a_driver_that_needs_a_human_is_degraded_and_its_link_is_kept() -> None:
    async def scene() -> None:
        s, peer = Scene(), Peer()
        await s.supervisor.start("d", "one", {"peer": peer})
        await asyncio.sleep(5)
        assert peer.link is not None
        first = peer.link
        for reason in ("paper out", "paper out", "head open", ""):
            first.degraded(reason)
            await asyncio.sleep(1)
        assert s.words() == [
            "starting", "online", "degraded paper out", "degraded head open", "online",
        ]  # fmt: skip
        assert await s.supervisor.need("d", Scale).weigh() == 250
        peer.lost.set()
        await asyncio.sleep(5)
        first.degraded("an old session speaks")
        first.alive()
        assert s.supervisor.health("d") == (Health.ONLINE, "")
        await s.supervisor.stop_all()

    run(scene())


def test_a_session_that_ends_for_a_human_is_degraded_and_tried_again() -> None:
    async def scene() -> None:
        s, peer = Scene(), Peer()
        peer.error = NeedsHuman("e-stop")
        await s.supervisor.start("d", "one", {"peer": peer})
        await asyncio.sleep(5)
        peer.lost.set()
        await asyncio.sleep(0.1)
        assert s.words()[2:] == ["degraded e-stop"]
        with pytest.raises(Unavailable, match="e-stop"):
            s.supervisor.need("d", Scale)
        await asyncio.sleep(5)
        assert s.words()[3:] == ["online"]
        await s.supervisor.stop_all()

    run(scene())


def test_need_gives_the_live_driver_or_says_why_not() -> None:
    async def scene() -> None:
        s, peer = Scene(), Peer()
        with pytest.raises(Unavailable, match="no device 'd'"):
            s.supervisor.need("d", Scale)
        peer.there = False
        await s.supervisor.start("d", "one", {"peer": peer})
        await asyncio.sleep(1)
        with pytest.raises(Unavailable, match="d is offline nobody there"):
            s.supervisor.need("d", Scale)
        peer.there = True
        await asyncio.sleep(60)
        assert await s.supervisor.need("d", Scale).weigh() == 250
        with pytest.raises(ConfigFault, match=r"d .one. is no LabelPrinter"):
            s.supervisor.need("d", LabelPrinter)
        await s.supervisor.stop("d")
        with pytest.raises(Unavailable, match="stopped"):
            s.supervisor.need("d", Scale)
        await s.supervisor.restart("d")
        await asyncio.sleep(1)
        assert await s.supervisor.need("d", Scale).weigh() == 250
        await s.supervisor.stop_all()

    run(scene())


def test_replacing_closes_the_old_before_the_new_opens_and_keeps_the_counters() -> None:
    async def scene() -> None:
        s, old, new = Scene(slow=SlowClose), Peer(), Peer()
        new.on_open = lambda: overlaps.append(old.live)
        overlaps: list[int] = []
        await s.supervisor.start("d", "slow", {"peer": old})
        await asyncio.sleep(5)
        old.lost.set()  # the stop must also wait for a close that is already under way
        await asyncio.sleep(0.1)
        await s.supervisor.replace("d", "slow", {"peer": new})
        await asyncio.sleep(5)
        assert overlaps == [0]
        assert s.supervisor.metrics("d").opens == 2
        assert s.supervisor.session("d") == 2
        await s.supervisor.stop_all()

    run(scene())


class SlowClose(OneDriver):
    async def close(self) -> None:
        await asyncio.sleep(1)
        self.peer.live -= 1


def test_health_that_could_not_be_told_stays_due() -> None:
    async def scene() -> None:
        s, peer = Scene(), Peer()
        s.tell_error = OSError("the book is away")
        await s.supervisor.start("d", "one", {"peer": peer})
        await asyncio.sleep(0.1)
        assert s.words() == []
        await asyncio.sleep(5)
        assert s.words() == ["online"]
        peer.there = False
        s.tell_error = OSError("the book is away")
        peer.lost.set()
        await asyncio.sleep(0.1)
        assert s.words() == ["online"]
        await asyncio.sleep(5)
        assert s.words() == ["online", "offline gone"]
        await s.supervisor.stop_all()

    run(scene())


def test_facts_are_never_dropped_and_push_back() -> None:
    async def scene() -> None:
        queue = SignalQueue(facts_max=3)
        s, peer = Scene(queue), Peer()
        await s.supervisor.start("d", "one", {"peer": peer})
        await asyncio.sleep(1)
        link = peer.link
        assert link is not None
        for number in range(5):
            link.emit(Scan("d", str(number)))
        waiting = asyncio.ensure_future(link.room())
        got: list[Signal] = []
        for _ in range(5):
            await asyncio.sleep(1)
            assert waiting.done() == (len(queue) < 3)
            got.append(await queue.get())
        assert got == [Scan("d", str(number)) for number in range(5)]
        assert s.supervisor.metrics("d").facts == 5
        await s.supervisor.stop_all()

    run(scene())


def test_states_are_renewed_counted_and_let_facts_pass() -> None:
    async def scene() -> None:
        queue = SignalQueue(states_max=3)
        s, peer = Scene(queue), Peer()
        await s.supervisor.start("d", "one", {"peer": peer})
        await asyncio.sleep(1)
        link = peer.link
        assert link is not None
        for grams in range(100):
            link.emit(Weight("d", grams, stable=False))
        link.emit(TagSeen("d", "aa", antenna=1, rssi=-70, count=2))
        link.emit(TagSeen("d", "aa", antenna=2, rssi=-60, count=1))
        link.emit(TagSeen("d", "aa", antenna=1, rssi=-50, count=1))
        link.emit(TagSeen("d", "aa", antenna=1, rssi=-65, count=4))
        link.emit(TagSeen("d", "bb", antenna=1, rssi=-65, count=4))
        link.emit(Scan("d", "X"))
        assert [await queue.get() for _ in range(len(queue))] == [
            Scan("d", "X"),
            Weight("d", 99, stable=False),
            TagSeen("d", "aa", antenna=1, rssi=-50, count=7),
            TagSeen("d", "aa", antenna=2, rssi=-60, count=1),
        ]
        metrics = s.supervisor.metrics("d")
        assert (metrics.facts, metrics.states, metrics.coalesced, metrics.dropped) == (1, 3, 101, 1)
        await s.supervisor.stop_all()

    run(scene())


def test_every_name_in_the_registry_leads_to_a_driver() -> None:
    for name in registry.names():
        assert callable(registry.load(name)), name


def test_an_unknown_name_lists_what_there_is() -> None:
    with pytest.raises(ConfigFault, match="there are grh1, llrp, mt-sics"):
        registry.load("qqqq")
