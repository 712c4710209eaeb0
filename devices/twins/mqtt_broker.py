"""The smallest MQTT 3.1.1 broker: topics, retained messages, last wills, and things that go wrong.

The faults:

    stop() / start()            every connection is reset; the same port again
    freeze() / thaw()           connections stay, nothing is answered or passed on
    hang_up()                   every connection is reset
    half_a_message()            every client gets the beginning of one, then the reset
    lose[NAME], repeat[NAME]    so many messages of topics that end so are lost, or come twice
    passwords                   who may come in; empty: everybody
"""

import asyncio
import itertools
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field, replace

from devices.twins import mqtt_wire as wire
from devices.twins.mqtt_wire import Broken, Hello, Message

GRACE = 1.5  # a client that is silent for so many keepalives is gone


@dataclass(slots=True, eq=False)
class _Caller:
    """A client that is connected."""

    writer: asyncio.StreamWriter
    hello: Hello
    wants: dict[str, int] = field(default_factory=dict)
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))


class MqttBroker:
    """See the module's docstring."""

    def __init__(self) -> None:
        self.host, self.port = "127.0.0.1", 0
        self.lose: Counter[str] = Counter()
        self.repeat: Counter[str] = Counter()
        self.passwords: dict[str, str] = {}
        self.retained: dict[str, Message] = {}
        self.said: list[Message] = []  # all that was published, for those who look later
        self._moving = asyncio.Event()
        self._moving.set()
        self._callers: list[_Caller] = []
        self._open: dict[asyncio.StreamWriter, None] = {}  # in the order in which they came
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen; every time on the same port."""
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, self.host, self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Gone. What is retained survives; nobody is left to say a last will."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self._callers.clear()
        self.thaw()
        while self._open:
            self.hang_up()
            await asyncio.sleep(0)

    def freeze(self) -> None:
        """Nothing moves any more."""
        self._moving.clear()

    def thaw(self) -> None:
        """It goes on where it stood."""
        self._moving.set()

    def hang_up(self) -> None:
        """Every connection is reset."""
        for writer in list(self._open):
            writer.transport.abort()

    def half_a_message(self) -> None:
        """The beginning of a message to everybody, and then nothing more."""
        for writer in list(self._open):
            writer.write(wire.published(Message("half/a/message", b"x" * 40))[:20])
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open[writer] = None
        caller: _Caller | None = None
        try:
            caller = await self._welcome(reader, writer)
            if caller is not None and not await self._converse(reader, caller):
                caller = replace(caller, hello=replace(caller.hello, will=None))
        except (EOFError, ConnectionError, TimeoutError, Broken, UnicodeDecodeError):
            pass
        finally:
            self._open.pop(writer, None)
            self._goodbye(writer, caller)

    def _goodbye(self, writer: asyncio.StreamWriter, caller: _Caller | None) -> None:
        """The last will of one who left without a word is published."""
        writer.transport.abort()
        was_here = any(each.writer is writer for each in self._callers)
        self._callers = [each for each in self._callers if each.writer is not writer]
        if was_here and caller is not None and caller.hello.will is not None:
            self._publish(caller.hello.will)

    async def _welcome(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> _Caller | None:
        kind, _, body = await wire.read_packet(reader)
        if kind != wire.CONNECT:
            raise Broken("no CONNECT")
        await self._moving.wait()
        hello = wire.parse_hello(body)
        if self.passwords and self.passwords.get(hello.name) != hello.password:
            writer.write(wire.packet(wire.CONNACK, b"\x00\x04"))
            await writer.drain()
            return None
        for other in list(self._callers):
            if hello.client and other.hello.client == hello.client:
                other.writer.transport.abort()  # as the standard has it: the newer one stays
        caller = _Caller(writer, hello)
        self._callers.append(caller)
        writer.write(wire.packet(wire.CONNACK, b"\x00\x00"))
        return caller

    async def _converse(self, reader: asyncio.StreamReader, caller: _Caller) -> bool:
        """Until the client says goodbye: False."""
        patience_s = caller.hello.keepalive_s * GRACE or None
        while True:
            async with asyncio.timeout(patience_s):
                kind, flags, body = await wire.read_packet(reader)
            await self._moving.wait()
            if kind == wire.DISCONNECT:
                return False
            if kind == wire.PINGREQ:
                caller.writer.write(wire.packet(wire.PINGRESP))
            elif kind == wire.PUBLISH:
                message = wire.parse_published(flags, body)
                if message.quality:
                    number = message.number.to_bytes(2, "big")
                    caller.writer.write(wire.packet(wire.PUBACK, number))
                self._publish(message)
            elif kind == wire.SUBSCRIBE:
                self._subscribe(caller, body)
            with suppress(ConnectionError):
                await caller.writer.drain()

    def _subscribe(self, caller: _Caller, body: bytes) -> None:
        at, granted = 2, bytearray()
        while at < len(body):
            topic, at = wire.take(body, at)
            quality = min(body[at], 1) if at < len(body) else 0
            at += 1
            caller.wants[topic.decode()] = quality
            granted.append(quality)
        caller.writer.write(wire.packet(wire.SUBACK, body[:2] + bytes(granted)))
        for message in self.retained.values():
            self._send(caller, message, is_old=True)

    def _publish(self, message: Message) -> None:
        self.said.append(message)
        if message.retain:
            self.retained[message.topic] = message
        name = message.topic.rpartition("/")[2]
        if self.lose[name]:
            self.lose[name] -= 1
            return
        times = 1
        if self.repeat[name]:
            self.repeat[name] -= 1
            times = 2
        for caller in list(self._callers):
            for _ in range(times):
                self._send(caller, message, is_old=False)

    def _send(self, caller: _Caller, message: Message, *, is_old: bool) -> None:
        wanted = [quality for topic, quality in caller.wants.items() if _fits(topic, message.topic)]
        if not wanted or caller.writer.is_closing():
            return
        quality = min(message.quality, max(wanted))
        number = next(caller.numbers) % 65_535 + 1 if quality else 0
        caller.writer.write(
            wire.published(replace(message, quality=quality, retain=is_old, number=number))
        )


def _fits(wanted: str, topic: str) -> bool:
    """Whether a filter with + and # takes *topic*.

    >>> _fits("a/+/c", "a/b/c"), _fits("a/#", "a/b/c"), _fits("a/b", "a/b/c")
    (True, True, False)
    """
    parts, names = wanted.split("/"), topic.split("/")
    for part, name in itertools.zip_longest(parts, names):
        if part == "#":
            return True
        if part is None or name is None or part not in ("+", name):
            return False
    return True
