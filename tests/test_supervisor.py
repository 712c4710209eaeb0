"""The supervisor: whatever a driver does, its device is known, retried and kept from the others."""

import asyncio
from contextlib import suppress

import pytest

from app.simulation.loop import VirtualLoop
from devices.capabilities import (
    ConfigFault,
    Health,
    LabelPrinter,
    Link,
    NeedsHuman,
    Scale,
    Unavailable,
)
from devices.conformance import until
from tests.supervised import POLICY, OneDriver, Peer, Scene
from tests.virtual_time import run


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


def test_a_reason_is_told_in_what_every_database_can_keep() -> None:
    async def scene() -> None:
        s, peer = Scene(), Peer()
        peer.there, peer.why = False, "no\x00 \ud800 reader\x1b[2J" + "!" * 10_000
        await s.supervisor.start("d", "one", {"peer": peer})
        await asyncio.sleep(1)
        assert s.words()[-1].startswith("offline no\ufffd \ufffd reader\ufffd[2J!!!")
        assert len(s.words()[-1]) < 400
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
