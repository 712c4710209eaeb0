"""A zone-controlled conveyor: one PulseRoller ConveyLinx module (ERSC, Ai, ECO) on Modbus TCP.

A module has one or two zones, `up` and `down`. It is read and never asked to move anything: the
zones hand boxes on among themselves. The one thing it is told is where boxes are to stop. Set it
up in ZPA mode, with no PLC that writes the same accumulation control.

Options in `config.toml`:

    host              name or address of the module
    port              502
    unit              1
    zones             ["up", "down"]   those that there are
    offset            1     what is taken off a register's number in the guide to get its address;
                            0 where the module takes the number as it is
    poll_s            1.0   how often it is read; boxes between two reads are counted all the same
    frozen_s          10.0  its heartbeat (2 s) unchanged for this long: its program stands
    reply_timeout_s   1.0   silence for this long ends the connection

One session is one connection, and what went wrong on it ends it: a module that lost its power
cannot go on with an old one, which is how its counters are known to be the same.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

import msgspec

from devices import options as device_options
from devices.capabilities import ConfigFault, Link, Unavailable, Uncertain
from devices.codecs import conveylinx
from devices.drivers.registers import ModbusTcp, Refused, Registers
from wms.rooms.signals import ZoneSeen

FROZEN, NOT_HELD = "conveyor.frozen", "conveyor.not_held"


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """See the module's docstring."""

    host: device_options.Text
    port: device_options.TcpPort = 502
    unit: Annotated[int, msgspec.Meta(ge=0, le=255)] = 1
    zones: Annotated[
        tuple[Literal["up", "down"], ...], msgspec.Meta(min_length=1, max_length=2)
    ] = ("up", "down")  # fmt: skip
    offset: Annotated[int, msgspec.Meta(ge=0, le=1)] = 1
    poll_s: device_options.Seconds = 1.0
    frozen_s: device_options.Seconds = 10.0
    reply_timeout_s: device_options.Seconds = 1.0


def modbus(options: Options) -> Registers:
    """The live connection."""
    return ModbusTcp(options.host, options.port, options.unit, options.reply_timeout_s)


class Conveylinx:
    """See the module's docstring. A `Driver` and a `Conveyor`."""

    def __init__(
        self, options: Mapping[str, Any], connect: Callable[[Options], Registers] = modbus
    ) -> None:
        self._options = device_options.read(options, Options)
        self._connect = connect
        self._registers: Registers | None = None
        self._link: Link | None = None
        self._turn = asyncio.Lock()
        self._pulse: bool | None = None
        self._pulse_s = 0.0
        self._said = ""  # what a person must see to

    async def open(self, link: Link) -> None:
        """Raises `Unavailable` when nobody answers, `ConfigFault` when there is no such module."""
        self._link, self._pulse_s = link, link.clock()
        self._registers = self._connect(self._options)
        await self._registers.connect()
        await self._look(link)

    async def run(self) -> None:
        """Look again and again, until no answer comes (`Unavailable`)."""
        assert self._link is not None
        while True:
            await asyncio.sleep(self._options.poll_s)
            await self._look(self._link)

    async def close(self) -> None:
        """Let the connection go. Whatever is held stays held."""
        self._link = None
        if self._registers is not None:
            self._registers.close()

    async def hold(self, zone: str, held: bool) -> None:
        """Boxes stop at *zone*, or go on: written, and read back.

        `ConfigFault`: there is no such zone. `Unavailable`: nothing was written. `Uncertain`: it
        may have been; the same again does no harm.
        """
        if zone not in self._options.zones:
            raise ConfigFault(f"no zone {zone!r}, of {', '.join(self._options.zones)}")
        number = conveylinx.HOLD[zone]
        async with self._turn:  # what is read here is written back
            (control,) = await self._read(number, 1)
            wanted = conveylinx.with_hold(control, held=held)
            await self._write(number, wanted)
            try:
                (control,) = await self._read(number, 1)
            except Unavailable as error:
                raise Uncertain(str(error)) from error
        if conveylinx.is_held(control) != held:
            raise Uncertain(NOT_HELD)

    async def _look(self, link: Link) -> None:
        """Read the module once: a sign of life, and how each of its zones is."""
        registers = await self._read(conveylinx.INPUTS, conveylinx.INPUTS_COUNT)
        link.alive()
        reading = conveylinx.reading(registers)
        is_frozen = self._stands_still(reading.heartbeat, link.clock())
        trouble = ""
        for name in self._options.zones:
            zone = reading.zone(name)
            why = FROZEN if is_frozen else zone.trouble
            link.emit(ZoneSeen(
                device=link.device, session=link.session, zone=name,
                state="" if is_frozen else zone.state, trouble=why,
                arrived=zone.arrived, departed=zone.departed,
            ))  # fmt: skip
            trouble = trouble or (f"{why} zone={name}" if why else "")
        if trouble != self._said:
            self._said = trouble
            link.degraded(trouble)

    def _stands_still(self, pulse: bool, now_s: float) -> bool:
        """Its network part answers, and its program may stand: then nothing is as it says."""
        if pulse is not self._pulse:
            self._pulse, self._pulse_s = pulse, now_s
        return now_s - self._pulse_s > self._options.frozen_s

    async def _read(self, number: int, count: int) -> list[int]:
        try:
            return await self._open_registers().read(number - self._options.offset, count)
        except Refused as error:
            raise self._fault(error, number) from error

    async def _write(self, number: int, value: int) -> None:
        try:
            await self._open_registers().write(number - self._options.offset, [value])
        except Refused as error:
            raise self._fault(error, number) from error

    def _fault(self, error: Refused, number: int) -> Unavailable | ConfigFault:
        if error.is_configuration:
            why = f"Modbus exception {error.code} for 4:{number:04}: is offset right?"
            return ConfigFault(why)
        return error

    def _open_registers(self) -> Registers:
        if self._registers is None or self._link is None:
            raise Unavailable("device.unreachable")
        return self._registers
