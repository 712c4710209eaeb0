"""The queue behind the drivers: facts are never lost, states never pile up."""

import asyncio

from devices.signal_queue import SignalQueue
from tests.supervised import Peer, Scene
from tests.virtual_time import run
from wms.rooms.signals import Scan, Signal, TagSeen, Weight


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
