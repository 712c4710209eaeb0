"""From the devices to the floor: one bounded queue; facts wait in it, states are renewed."""

import asyncio
from collections import deque
from dataclasses import replace
from enum import StrEnum

from wms.rooms.signals import FACTS, Signal, TagGone, TagSeen, ZoneSeen

FACTS_MAX = 1_000  # from here on, drivers are asked to wait before they take more
STATES_MAX = 5_000  # different tags, robots and scales in view at one moment


class Kept(StrEnum):
    """What became of a signal that was put in: only a state can be `dropped`."""

    FACT = "fact"
    STATE = "state"
    COALESCED = "coalesced"
    DROPPED = "dropped"


class SignalQueue:
    """Facts first and in order; of each state only the newest.

    A fact is never refused: past `facts_max` the queue still takes it, and `room` makes drivers
    wait before they read on, so what comes on top is at most the chunk already read.
    """

    def __init__(self, facts_max: int = FACTS_MAX, states_max: int = STATES_MAX) -> None:
        self._facts_max = facts_max
        self._states_max = states_max
        self._facts: deque[Signal] = deque()
        self._states: dict[tuple[str | int, ...], Signal] = {}
        self._filled = asyncio.Event()
        self._roomy = asyncio.Event()
        self._roomy.set()

    def __len__(self) -> int:
        return len(self._facts) + len(self._states)

    def put(self, signal: Signal) -> Kept:
        """Take *signal*; never waits."""
        kept = self._put_fact(signal) if isinstance(signal, FACTS) else self._put_state(signal)
        self._filled.set()
        return kept

    def _put_fact(self, signal: Signal) -> Kept:
        self._facts.append(signal)
        if len(self._facts) >= self._facts_max:
            self._roomy.clear()
        return Kept.FACT

    def _put_state(self, signal: Signal) -> Kept:
        key = _state_key(signal)
        old = self._states.get(key)
        if old is not None:
            self._states[key] = _renewed(old, signal)
            return Kept.COALESCED
        if len(self._states) >= self._states_max:
            return Kept.DROPPED
        self._states[key] = signal
        return Kept.STATE

    async def get(self) -> Signal:
        """The next fact, or else the state that has waited longest. For one consumer."""
        while not self._facts and not self._states:
            self._filled.clear()
            await self._filled.wait()
        if not self._facts:
            return self._states.pop(next(iter(self._states)))
        fact = self._facts.popleft()
        if len(self._facts) < self._facts_max:
            self._roomy.set()
        return fact

    async def room(self) -> None:
        """Wait until there is room for another fact."""
        await self._roomy.wait()


def _state_key(signal: Signal) -> tuple[str | int, ...]:
    """Two states with the same key speak of the same thing: the newer one replaces the older."""
    if isinstance(signal, TagSeen):
        return ("TagSeen", signal.device, signal.epc, signal.antenna)
    if isinstance(signal, TagGone):
        return ("TagGone", signal.device, signal.epc)
    if isinstance(signal, ZoneSeen):
        return ("ZoneSeen", signal.device, signal.zone)
    return (type(signal).__name__, signal.device)


def _renewed(old: Signal, new: Signal) -> Signal:
    """*new*, but reads of one tag add up and keep their strongest signal: they are evidence."""
    if isinstance(old, TagSeen) and isinstance(new, TagSeen):
        return replace(new, count=old.count + new.count, rssi=max(old.rssi, new.rssi))
    return new
