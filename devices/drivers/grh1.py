"""A robot that speaks profile GRH-1 over Modbus TCP: watched, kept company, and told what to do.

Options in `config.toml`:

    host              name or address of the robot's PLC (on a network of its own: Modbus has no
                      passwords)
    port              502
    unit              1      Modbus unit id
    command           1000   first register of each block; a vendor may have moved them
    heartbeat         1030
    status            2000
    journal           2100
    poll_s            0.2    how often STATUS is read
    beat_s            0.5    how often the floor's heartbeat is written; at most 1.0
    frozen_s          1.0    ROBOT_HB unchanged for this long is a frozen robot
    reply_timeout_s   0.5    silence for this long on a request ends the connection
    patience_s        3.0    wrong PROTOCOL, MAGIC or addresses for this long are a fault

One session is one connection. Anything wrong on it ends it, and the next one reads before it
writes. What to do is decided elsewhere (`devices/robot_rules.py`).
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Annotated, Any, TypeVar

import msgspec

from devices import options as device_options
from devices.capabilities import ConfigFault, Link, Unavailable
from devices.codecs import grh1
from devices.codecs.grh1 import Command, Mode, Sighting, Status
from devices.drivers.registers import ModbusTcp, Refused, Registers
from devices.transporter import Handoff
from wms.rooms.signals import RobotState

TRIES = 8  # of a read that was torn, or of a journal that belongs to no single moment
E_STOP, FAULT = "robot.e_stop", "robot.fault"
WRONG_PROFILE, FROZEN = "robot.wrong_profile", "robot.frozen"

Value = TypeVar("Value")

Unit = Annotated[int, msgspec.Meta(ge=0, le=255)]
Beat = Annotated[float, msgspec.Meta(gt=0, le=1)]
Address = Annotated[int, msgspec.Meta(ge=0, le=65_535 - grh1.STATUS_COUNT)]


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """See the module's docstring."""

    host: device_options.Text
    port: device_options.TcpPort = 502
    unit: Unit = 1
    command: Address = 1000
    heartbeat: Address = 1030
    status: Address = 2000
    journal: Address = 2100
    poll_s: device_options.Seconds = 0.2
    beat_s: Beat = 0.5
    frozen_s: device_options.Seconds = 1.0
    reply_timeout_s: device_options.Seconds = 0.5
    patience_s: device_options.Seconds = 3.0


def modbus(options: Options) -> Registers:
    """The live connection."""
    return ModbusTcp(options.host, options.port, options.unit, options.reply_timeout_s)


class Mistaken(Unavailable):
    """Something else answers there, or at other addresses. Writing has stopped."""


class Grh1Robot:
    """See the module's docstring. A `Driver` and a `Transporter` (`devices/robots.py`).

    `handoff` says what a mission is worth: here the robot remembers, so it happens exactly once.
    """

    handoff = Handoff.EXACTLY_ONCE

    def __init__(
        self, options: Mapping[str, Any], connect: Callable[[Options], Registers] = modbus
    ) -> None:
        self._options = device_options.read(options, Options)
        self._connect = connect
        self._registers: Registers | None = None
        self._link: Link | None = None
        self._fence = 0  # 0: nobody has taken over the robot yet, and no heartbeat is written
        self._beat, self._beaten_s = 0, 0.0
        self._pulse: int | None = None  # the last ROBOT_HB
        self._pulse_s = 0.0
        self._wrong = ""
        self._wrong_since_s: float | None = None
        self._may_write = True
        self._said: RobotState | None = None

    async def open(self, link: Link) -> None:
        """Connect, and wait until ROBOT_HB has changed once.

        Raises `Unavailable` for a robot that is away or frozen, `ConfigFault` when something else
        answers there.
        """
        self._link, self._pulse_s = link, link.clock()
        self._registers = self._connect(self._options)
        await self._registers.connect()
        first: int | None = None
        while True:
            await self._poll(link)
            if first is not None and self._pulse != first:
                return
            first = self._pulse
            await asyncio.sleep(min(self._options.poll_s, self._options.frozen_s / 5))

    async def run(self) -> None:
        """Watch the robot and beat for it, until the link is lost or the robot freezes."""
        assert self._link is not None
        link, options = self._link, self._options
        is_well, polled_s = False, float("-inf")
        while True:
            if link.clock() - polled_s >= options.poll_s:
                polled_s = link.clock()
                is_well = await self._poll(link)
            due = link.clock() - self._beaten_s >= options.beat_s
            if is_well and due and self._fence:
                await self._write_beat(link)
            await asyncio.sleep(min(options.poll_s, options.beat_s))

    async def close(self) -> None:
        """Let go of the connection."""
        self._link = None
        if self._registers is not None:
            self._registers.close()

    async def look(self) -> Sighting:
        """STATUS, JOURNAL, STATUS of one moment. Raises `Unavailable`."""
        link = self._open_link()
        for _ in range(TRIES):
            with suppress(grh1.Torn):
                before = await self._status(link)
                journal = await self._read(
                    link, self._options.journal, grh1.JOURNAL_COUNT, grh1.parse_journal
                )
                after = await self._status(link)
                if grh1.agree(before, after):
                    return Sighting(after, journal)
        raise Unavailable("STATUS and JOURNAL would not hold still")

    async def take(self, fence: int) -> None:
        """Beat from now on as the floor process with this *fence*; the first beat is written."""
        self._fence = fence
        await self._write_beat(self._open_link())

    async def command(self, command: Command) -> None:
        """Write one command, once. `Unavailable`: not sent; `Uncertain`: look what became of it."""
        frame = grh1.command_frame(command)
        await self._write(self._open_link(), self._options.command, frame)

    async def _poll(self, link: Link) -> bool:
        """Read STATUS and draw the conclusions. False unless all is well with it."""
        status: Status | None = None
        with suppress(grh1.Torn, Mistaken):
            status = await self._status(link)
        if status is not None:
            self._note(link, status)
        if self._wrong_since_s is not None:
            self._endure(link, self._wrong_since_s)
            return False
        if link.clock() - self._pulse_s > self._options.frozen_s:
            raise Unavailable(FROZEN)
        return status is not None

    def _note(self, link: Link, status: Status) -> None:
        """What STATUS tells the lead, and whether the robot's heart beats."""
        if self._wrong_since_s is not None and self._may_write:
            self._wrong_since_s, self._pulse_s = None, link.clock()
        if status.heartbeat != self._pulse:
            if self._pulse is not None:
                link.alive()
            self._pulse, self._pulse_s = status.heartbeat, link.clock()
        if self._wrong_since_s is None:
            link.degraded({Mode.E_STOP: E_STOP, Mode.FAULT: FAULT}.get(status.mode, ""))
        state = RobotState(
            device=link.device, mode=status.mode.name.lower(), state=status.state.name.lower(),
            mission=status.mission, location=status.location, battery=status.battery,
        )  # fmt: skip
        if state != self._said:
            self._said = state
            link.emit(state)

    def _endure(self, link: Link, since_s: float) -> None:
        """Give a robot that answers wrongly some time; then it is a matter of configuration."""
        if link.clock() - since_s >= self._options.patience_s:
            raise ConfigFault(self._wrong)
        link.alive()  # it does answer; what is wrong with it is said by its health

    def _mistaken(self, link: Link, why: Exception) -> Mistaken:
        self._wrong = str(why)
        if self._wrong_since_s is None:
            self._wrong_since_s = link.clock()
            link.degraded(WRONG_PROFILE)
        return Mistaken(str(why))

    async def _status(self, link: Link) -> Status:
        return await self._read(link, self._options.status, grh1.STATUS_COUNT, grh1.parse_status)

    async def _read(
        self, link: Link, address: int, count: int, parse: Callable[[Sequence[int]], Value]
    ) -> Value:
        """Raises `Torn`, `Mistaken`, or `Unavailable`."""
        assert self._registers is not None
        try:
            return parse(await self._registers.read(address, count))
        except grh1.WrongProfile as error:
            raise self._mistaken(link, error) from error
        except Refused as error:
            if error.is_configuration:
                raise self._mistaken(link, error) from error
            raise

    async def _write(self, link: Link, address: int, values: Sequence[int]) -> None:
        """Raises `Unavailable` (not done) or `Uncertain`."""
        assert self._registers is not None
        if self._wrong_since_s is not None:
            raise Unavailable(WRONG_PROFILE)
        try:
            await self._registers.write(address, values)
        except Refused as error:
            if error.is_configuration:
                # Reading well again would not prove that writing does: this needs a person.
                self._may_write = False
                raise self._mistaken(link, error) from error
            raise

    async def _write_beat(self, link: Link) -> None:
        self._beat += 1
        self._beaten_s = link.clock()
        with suppress(Mistaken):
            frame = grh1.heartbeat_frame(self._beat, self._fence)
            await self._write(link, self._options.heartbeat, frame)

    def _open_link(self) -> Link:
        if self._link is None:
            raise Unavailable("the robot's link is closed")
        return self._link
