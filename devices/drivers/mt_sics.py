"""A scale that speaks MT-SICS, on a serial port or on TCP.

Options in `config.toml`:

    port              a serial port by its device file, best a name that stays, such as
                      /dev/serial/by-id/...; with `host`, a TCP port number
    host              name or address of a scale or serial converter on the network
    baud              9600, on a serial port
    poll_s            0.2   how often its weight is asked for
    connect_timeout_s 2.0
    answer_timeout_s  1.0   silence for this long is a lost scale
    settle_timeout_s  5.0   how long `weigh` waits for a stable weight

Its weight is asked for with `SI`, which answers at once and says whether it is stable; each answer
is also the sign of life. `S` would keep the scale busy until it settles. Units: g, kg, lb.
"""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any, Protocol

import msgspec

from devices import options as device_options
from devices import patience
from devices.capabilities import ConfigFault, Link, NeedsHuman, Unavailable
from devices.codecs import mt_sics
from devices.drivers.serial_wire import open_serial
from wms.rooms.signals import Weight

READ_BYTES = 4096
UNREACHABLE = "device.unreachable"
SILENT = "device.silent"
GARBAGE = "scale.garbage"
UNSTABLE = "scale.unstable"
TROUBLES = {
    mt_sics.State.OVERLOAD: "scale.overload",
    mt_sics.State.UNDERLOAD: "scale.underload",
    mt_sics.State.BUSY: "",
    mt_sics.State.DONE: "",
}


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """See the module's docstring."""

    port: device_options.TcpPort | device_options.Text
    host: str = ""
    baud: Annotated[int, msgspec.Meta(ge=300, le=921_600)] = 9600
    poll_s: device_options.Seconds = 0.2
    connect_timeout_s: device_options.Seconds = 2.0
    answer_timeout_s: device_options.Seconds = 1.0
    settle_timeout_s: device_options.Seconds = 5.0


class _Wire(Protocol):
    @property
    def reader(self) -> asyncio.StreamReader: ...

    def send(self, data: bytes) -> None: ...

    def close(self) -> None: ...


class _TcpWire:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self._writer = reader, writer

    def send(self, data: bytes) -> None:
        self._writer.write(data)

    def close(self) -> None:
        self._writer.close()


class MtSicsScale:
    """See the module's docstring. A `Driver` and a `Scale`."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = device_options.read(options, Options)
        if isinstance(self._options.port, int) != bool(self._options.host):
            raise ConfigFault("`port` must be a device file, or a number beside `host`")
        self._turn = asyncio.Lock()
        self._replies = mt_sics.Replies()
        self._link: Link | None = None
        self._wire: _Wire | None = None
        self._last: Weight | None = None

    async def open(self, link: Link) -> None:
        """Raises `Unavailable` when no scale answers."""
        self._link = link
        try:
            async with asyncio.timeout(self._options.connect_timeout_s):
                self._wire = await self._connect()
        except OSError as error:
            raise Unavailable(UNREACHABLE) from error
        await self._poll()

    async def run(self) -> None:
        """Ask for the weight until no answer comes (`Unavailable`)."""
        while True:
            await asyncio.sleep(self._options.poll_s)
            await self._poll()

    async def close(self) -> None:
        """Let the port or connection go."""
        self._link = None
        if self._wire is not None:
            self._wire.close()
            self._wire = None

    async def weigh(self) -> int:
        """The next stable net weight in whole grams; it may be zero or less.

        `NeedsHuman` when it does not settle in time, or is over or under load; `Unavailable` when
        the scale does not answer.
        """
        clock = asyncio.get_running_loop().time
        until = clock() + self._options.settle_timeout_s
        while True:
            reply = await self._poll()
            if isinstance(reply, mt_sics.Reading) and reply.stable:
                return reply.grams
            if clock() >= until:
                raise NeedsHuman(_trouble(reply) or UNSTABLE)
            await asyncio.sleep(self._options.poll_s)

    async def _connect(self) -> _Wire:
        port = self._options.port
        if isinstance(port, int):
            return _TcpWire(*await asyncio.open_connection(self._options.host, port))
        try:
            return open_serial(port, self._options.baud)
        except ValueError as error:
            raise ConfigFault(str(error)) from error

    async def _poll(self) -> mt_sics.Reply:
        """Ask once, and tell the link what came."""
        async with self._turn:
            wire, link = self._wire, self._link
            if wire is None or link is None:
                raise Unavailable(UNREACHABLE)
            noise = self._replies.noise
            try:
                reply = await self._ask(wire)
            except OSError as error:
                raise Unavailable(UNREACHABLE) from error
            finally:
                link.missed(patience.GARBAGE, self._replies.noise - noise)
            link.alive()
            link.degraded(_trouble(reply))
            if isinstance(reply, mt_sics.Reading):
                weight = Weight(link.device, reply.grams, reply.stable)
                if weight != self._last:
                    self._last = weight
                    link.emit(weight)
            return reply

    async def _ask(self, wire: _Wire) -> mt_sics.Reply:
        """The answer to one `SI`. `Unavailable` when none comes, `OSError` when the link ends."""
        await self._forget_the_unasked(wire)
        noise = self._replies.noise
        wire.send(mt_sics.SEND_NOW)
        try:
            async with asyncio.timeout(self._options.answer_timeout_s):
                while True:
                    for reply in self._replies.feed(await _read(wire)):
                        if _is_answer(reply):
                            return reply
        except TimeoutError as error:
            heard = self._replies.noise > noise
            raise Unavailable(GARBAGE if heard else SILENT) from error

    async def _forget_the_unasked(self, wire: _Wire) -> None:
        """Drop what came since the last answer (someone pressed PRINT): it is not about now."""
        try:
            async with asyncio.timeout(0):
                while True:
                    self._replies.feed(await _read(wire))
        except TimeoutError:
            return


async def _read(wire: _Wire) -> bytes:
    data = await wire.reader.read(READ_BYTES)
    if not data:
        raise ConnectionResetError("the scale closed the link")
    return data


def _is_answer(reply: mt_sics.Reply) -> bool:
    """It can be the answer to `SI`."""
    if isinstance(reply, mt_sics.Answered):
        return reply.command == "S"
    return isinstance(reply, mt_sics.Reading | mt_sics.NotUnderstood)


def _trouble(reply: mt_sics.Reply) -> str:
    if isinstance(reply, mt_sics.Answered):
        return TROUBLES[reply.state]
    return GARBAGE if isinstance(reply, mt_sics.NotUnderstood) else ""
