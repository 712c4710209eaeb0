"""The part of a reader twin that outlives connections: its specs, and the inventory they start.

As with a real reader, an inventory and the access it was told to make go on when the client is
gone, until somebody deletes them or the power fails.
"""

import asyncio
from collections.abc import Awaitable, Callable
from random import Random

from devices.twins.llrp_field import Field, Tag, WriteResult
from devices.twins.llrp_specs import (
    AccessSpec,
    ROSpec,
    Sighting,
    State,
    read_access_spec,
    read_result,
    read_rospec,
    write_result,
)
from devices.twins.llrp_wire import (
    Malformed,
    Status,
    Type,
    air_capabilities,
    configuration,
    general_capabilities,
    llrp_capabilities,
    parameters,
    regulatory_capabilities,
    unpack,
)

EPOCH_US = 1_700_000_000_000_000  # the reader's clock when it left the factory
Report = Callable[[ROSpec, list[Sighting]], Awaitable[None]]


class Radio:
    """Obeys commands (bytes in, bytes of the answer out) and reads the `Field`.

    `report` is awaited with what was seen. `awake` holds everything up while it is not set.
    """

    def __init__(
        self, field: Field, antennas: int, random: Random, round_s: float, report: Report
    ) -> None:
        self.field, self.antennas = field, antennas
        self.rospecs: dict[int, ROSpec] = {}
        self.access_specs: dict[int, AccessSpec] = {}
        self.keepalive_ms = 0
        self.awake = asyncio.Event()
        self.awake.set()
        self._random, self._round_s, self._report = random, round_s, report
        self._running: dict[int, asyncio.Task[None]] = {}
        self.commands: dict[int, Callable[[bytes], bytes]] = {
            Type.GET_READER_CAPABILITIES: self._get_capabilities,
            Type.GET_READER_CONFIG: self._get_configuration,
            Type.SET_READER_CONFIG: self._configure,
            Type.ADD_ROSPEC: self._add_rospec,
            Type.DELETE_ROSPEC: self._delete_rospec,
            Type.START_ROSPEC: self._start_rospec,
            Type.STOP_ROSPEC: self._stop_rospec,
            Type.ENABLE_ROSPEC: self._enable_rospec,
            Type.DISABLE_ROSPEC: self._disable_rospec,
            Type.ADD_ACCESSSPEC: self._add_access_spec,
            Type.DELETE_ACCESSSPEC: self._delete_access_spec,
            Type.ENABLE_ACCESSSPEC: self._enable_access_spec,
            Type.DISABLE_ACCESSSPEC: self._disable_access_spec,
        }

    def power_off(self) -> None:
        """Stop, and forget all that a reader keeps in volatile memory."""
        for rospec in list(self.rospecs.values()):
            self._halt(rospec, State.DISABLED)
        self.rospecs.clear()
        self.access_specs.clear()
        self.keepalive_ms = 0

    def now_us(self) -> int:
        """The reader's own clock, microseconds UTC as it believes."""
        return EPOCH_US + int(asyncio.get_running_loop().time() * 1_000_000)

    def _get_capabilities(self, body: bytes) -> bytes:
        (wanted,) = unpack("B", body)
        parts = {
            1: general_capabilities(self.antennas),
            2: llrp_capabilities(),
            3: regulatory_capabilities(),
            4: air_capabilities(),
        }
        return b"".join(part for kind, part in parts.items() if wanted in (0, kind))

    def _get_configuration(self, _body: bytes) -> bytes:
        return configuration(self.antennas, self.keepalive_ms)

    def _configure(self, body: bytes) -> bytes:
        (flags,) = unpack("B", body)
        if flags & 0x80:
            self.power_off()
        for kind, value in parameters(body[1:]):
            if kind == 220:
                trigger, interval_ms = unpack("BI", value)
                self.keepalive_ms = interval_ms if trigger == 1 else 0
        return b""

    def _add_rospec(self, body: bytes) -> bytes:
        rospec = read_rospec(body)
        if rospec.id in self.rospecs:
            raise Malformed(f"ROSpec {rospec.id} is there already", Status.FIELD_ERROR)
        if max(rospec.antennas) > self.antennas:
            raise Malformed(f"there is no antenna {max(rospec.antennas)}", Status.FIELD_ERROR)
        self.rospecs[rospec.id] = rospec
        return b""

    def _rospecs(self, body: bytes) -> list[ROSpec]:
        (wanted,) = unpack("I", body)
        if wanted == 0:
            return list(self.rospecs.values())
        if wanted not in self.rospecs:
            raise Malformed(f"there is no ROSpec {wanted}", Status.FIELD_ERROR)
        return [self.rospecs[wanted]]

    def _delete_rospec(self, body: bytes) -> bytes:
        for rospec in self._rospecs(body):
            self._halt(rospec, State.DISABLED)
            del self.rospecs[rospec.id]
        return b""

    def _enable_rospec(self, body: bytes) -> bytes:
        for rospec in self._rospecs(body):
            if rospec.state is not State.DISABLED:
                raise Malformed(f"ROSpec {rospec.id} is enabled already", Status.FIELD_ERROR)
            rospec.state = State.INACTIVE
            if rospec.starts_at_once:
                self._begin(rospec)
        return b""

    def _start_rospec(self, body: bytes) -> bytes:
        for rospec in self._rospecs(body):
            if rospec.state is State.DISABLED:
                raise Malformed(f"ROSpec {rospec.id} is not enabled", Status.FIELD_ERROR)
            if rospec.state is State.INACTIVE:
                self._begin(rospec)
        return b""

    def _stop_rospec(self, body: bytes) -> bytes:
        for rospec in self._rospecs(body):
            self._halt(rospec, State.INACTIVE)
        return b""

    def _disable_rospec(self, body: bytes) -> bytes:
        for rospec in self._rospecs(body):
            self._halt(rospec, State.DISABLED)
        return b""

    def _add_access_spec(self, body: bytes) -> bytes:
        spec = read_access_spec(body)
        if spec.id in self.access_specs:
            raise Malformed(f"AccessSpec {spec.id} is there already", Status.FIELD_ERROR)
        self.access_specs[spec.id] = spec
        return b""

    def _access_specs(self, body: bytes) -> list[AccessSpec]:
        (wanted,) = unpack("I", body)
        if wanted == 0:
            return list(self.access_specs.values())
        if wanted not in self.access_specs:
            raise Malformed(f"there is no AccessSpec {wanted}", Status.FIELD_ERROR)
        return [self.access_specs[wanted]]

    def _delete_access_spec(self, body: bytes) -> bytes:
        for spec in self._access_specs(body):
            del self.access_specs[spec.id]
        return b""

    def _enable_access_spec(self, body: bytes) -> bytes:
        for spec in self._access_specs(body):
            spec.enabled = True
        return b""

    def _disable_access_spec(self, body: bytes) -> bytes:
        for spec in self._access_specs(body):
            spec.enabled = False
        return b""

    def _begin(self, rospec: ROSpec) -> None:
        rospec.state = State.ACTIVE
        task = asyncio.create_task(self._inventory(rospec), name=f"ROSpec {rospec.id}")
        self._running[rospec.id] = task

    def _halt(self, rospec: ROSpec, state: State) -> None:
        rospec.state = state
        if rospec.id in self._running:
            self._running.pop(rospec.id).cancel()

    async def _inventory(self, rospec: ROSpec) -> None:
        """Rounds of reading; a report when an AISpec ends or there is enough to say (13.2.3)."""
        seen: dict[tuple[bytes, int], Sighting] = {}
        observations, began_us = 0, self.now_us()
        while True:
            await asyncio.sleep(self._round_s)
            await self.awake.wait()
            for tag, antenna in self._answering(rospec):
                observations += 1
                self._note(seen, tag.epc, tag, antenna)
                await self._access(rospec, tag, antenna)
            ends = _aispec_ends(rospec, observations, (self.now_us() - began_us) // 1000)
            if ends:
                observations, began_us = 0, self.now_us()
            enough = 0 < rospec.report_n <= len(seen)
            due = enough or (ends and rospec.report_trigger == 1)
            if seen and rospec.report_trigger and due:
                await self._report(rospec, list(seen.values()))
                seen.clear()

    def _answering(self, rospec: ROSpec) -> list[tuple[Tag, int]]:
        antennas = rospec.antennas
        if antennas == [0]:
            antennas = list(range(1, self.antennas + 1))
        return [
            (tag, antenna)
            for antenna in antennas
            for tag in self.field.tags
            if antenna in tag.antennas and self._random.random() < tag.chance
        ]

    def _note(
        self, seen: dict[tuple[bytes, int], Sighting], epc: bytes, tag: Tag, antenna: int
    ) -> None:
        now_us = self.now_us()
        rssi = max(-128, min(0, tag.rssi + self._random.randint(-2, 2)))
        known = seen.get((epc, antenna))
        if known is None:
            seen[epc, antenna] = Sighting(epc, antenna, rssi, now_us, now_us)
        else:
            known.last_us, known.count = now_us, known.count + 1
            known.rssi = max(known.rssi, rssi)

    async def _access(self, rospec: ROSpec, tag: Tag, antenna: int) -> None:
        """Do the first AccessSpec that means this tag, and report it under the tag's old EPC."""
        for spec in list(self.access_specs.values()):
            if not (
                spec.enabled and spec.antenna in (0, antenna) and spec.rospec in (0, rospec.id)
            ):
                continue
            if not all(mask.fits(tag) for mask in spec.masks):
                continue
            sighting = Sighting(tag.epc, antenna, tag.rssi, self.now_us(), self.now_us())
            sighting.access_spec = spec.id
            for write in spec.writes:
                result = write.onto(tag)
                words = len(write.data) // 2 if result is WriteResult.DONE else 0
                sighting.results += write_result(result, write.op_spec, words)
            for read in spec.reads:
                sighting.results += read_result(read.op_spec, read.of(tag))
            spec.done += 1
            if spec.done == spec.stop_count:
                self.access_specs.pop(spec.id, None)
            await self._report(rospec, [sighting])
            return


def _aispec_ends(rospec: ROSpec, observations: int, elapsed_ms: int) -> bool:
    """Without a stop trigger an AISpec never ends, and reports that wait for its end never come."""
    if rospec.stop_duration_ms:
        return elapsed_ms >= rospec.stop_duration_ms
    if rospec.stop_tags and observations >= rospec.stop_tags:
        return True
    return bool(rospec.stop_timeout_ms and elapsed_ms >= rospec.stop_timeout_ms)
