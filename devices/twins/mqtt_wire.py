"""MQTT 3.1.1 as bytes: packets in and out, and a small client for twins that can die unannounced.

Only what vehicles and their broker need: qualities 0 and 1, retained messages, last wills.
"""

import asyncio
import struct
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

CONNECT, CONNACK, PUBLISH, PUBACK = 1, 2, 3, 4
SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK = 8, 9, 10, 11
PINGREQ, PINGRESP, DISCONNECT = 12, 13, 14
LENGTH_MAX = 2_000_000
WILL, WILL_RETAIN, CLEAN = 0x04, 0x20, 0x02
HAS_PASSWORD, HAS_NAME = 0x40, 0x80


class Broken(Exception):
    """What came is no MQTT."""


@dataclass(frozen=True, slots=True)
class Message:
    """Something published."""

    topic: str
    payload: bytes
    quality: int = 0
    retain: bool = False
    number: int = 0  # of the packet, where quality is 1


@dataclass(frozen=True, slots=True)
class Hello:
    """What a client says of itself when it connects."""

    client: str
    keepalive_s: int
    will: Message | None
    name: str
    password: str


async def read_packet(reader: asyncio.StreamReader) -> tuple[int, int, bytes]:
    """Kind, flags and body of the next packet. `EOFError`, `ConnectionError`, `Broken`."""
    first = (await reader.readexactly(1))[0]
    length, shift = 0, 0
    while True:
        byte = (await reader.readexactly(1))[0]
        length |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            break
        if shift > 21:
            raise Broken("a length of more than four bytes")
    if length > LENGTH_MAX:
        raise Broken(f"{length} bytes")
    return first >> 4, first & 0x0F, await reader.readexactly(length)


def packet(kind: int, body: bytes = b"", flags: int = 0) -> bytes:
    """One packet."""
    length, head = len(body), bytearray([kind << 4 | flags])
    while True:
        byte, length = length & 0x7F, length >> 7
        head.append(byte | (0x80 if length else 0))
        if not length:
            return bytes(head) + body


def text(words: str) -> bytes:
    """A string with its length before it."""
    data = words.encode()
    return struct.pack(">H", len(data)) + data


def take(body: bytes, at: int) -> tuple[bytes, int]:
    """The field at *at*, with its length before it, and where the next one begins."""
    if at + 2 > len(body):
        raise Broken("a field without its length")
    end = at + 2 + int.from_bytes(body[at : at + 2], "big")
    if end > len(body):
        raise Broken("a field that is cut")
    return body[at + 2 : end], end


def published(message: Message) -> bytes:
    """PUBLISH."""
    number = struct.pack(">H", message.number) if message.quality else b""
    flags = message.quality << 1 | int(message.retain)
    return packet(PUBLISH, text(message.topic) + number + message.payload, flags)


def parse_published(flags: int, body: bytes) -> Message:
    """What a PUBLISH says. `Broken` for quality 2, which nobody here needs."""
    topic, at = take(body, 0)
    quality = flags >> 1 & 3
    if quality > 1:
        raise Broken("quality 2")
    number = int.from_bytes(body[at : at + 2], "big") if quality else 0
    at += 2 if quality else 0
    return Message(topic.decode(), body[at:], quality, bool(flags & 1), number)


def parse_hello(body: bytes) -> Hello:
    """What a CONNECT says. `Broken` unless it is MQTT 3.1.1."""
    name, at = take(body, 0)
    if name != b"MQTT" or len(body) < at + 4 or body[at] != 4:
        raise Broken("not MQTT 3.1.1")
    flags, keepalive_s = body[at + 1], int.from_bytes(body[at + 2 : at + 4], "big")
    client, at = take(body, at + 4)
    will = None
    if flags & WILL:
        topic, at = take(body, at)
        payload, at = take(body, at)
        will = Message(topic.decode(), payload, flags >> 3 & 3, bool(flags & WILL_RETAIN))
    user, at = take(body, at) if flags & HAS_NAME else (b"", at)
    password, at = take(body, at) if flags & HAS_PASSWORD else (b"", at)
    return Hello(client.decode(), keepalive_s, will, user.decode(), password.decode())


def hello(client: str, keepalive_s: int, will: Message | None = None) -> bytes:
    """CONNECT, with a last will or without."""
    flags, last = CLEAN, b""
    if will is not None:
        flags |= WILL | will.quality << 3 | (WILL_RETAIN if will.retain else 0)
        last = text(will.topic) + struct.pack(">H", len(will.payload)) + will.payload
    head = text("MQTT") + bytes([4, flags]) + struct.pack(">H", keepalive_s)
    return packet(CONNECT, head + text(client) + last)


def subscribed(topics: Iterable[str]) -> bytes:
    """SUBSCRIBE to *topics*, with quality 0."""
    filters = b"".join(text(topic) + b"\x00" for topic in topics)
    return packet(SUBSCRIBE, b"\x00\x01" + filters, 2)


class Client:
    """One connection to a broker. `hear` gets each message; pings keep it alive."""

    def __init__(self, hear: Callable[[Message], Awaitable[None]]) -> None:
        self._hear = hear
        self._writer: asyncio.StreamWriter | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def is_up(self) -> bool:
        """Whether it is connected, as far as it knows."""
        return self._writer is not None and not self._writer.is_closing()

    async def connect(
        self, host: str, port: int, *, client: str, keepalive_s: int, will: Message,
        topics: tuple[str, ...],
    ) -> None:  # fmt: skip
        """Raises `OSError`, `EOFError` or `Broken` when there is no broker that lets us in."""
        reader, self._writer = await asyncio.open_connection(host, port)
        try:
            self._writer.write(hello(client, keepalive_s, will))
            kind, _, body = await asyncio.wait_for(read_packet(reader), 2)
            if kind != CONNACK or body[1] != 0:
                raise Broken("not let in")
            self._writer.write(subscribed(topics))
        except BaseException:
            self.die()
            raise
        self._tasks = [
            asyncio.create_task(self._read(reader, self._writer), name="mqtt twin reads"),
            asyncio.create_task(self._ping(self._writer, keepalive_s / 2), name="mqtt twin pings"),
        ]

    def publish(self, message: Message) -> None:
        """Say it, if there is a connection."""
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(published(message))

    def die(self) -> None:
        """The connection breaks: no goodbye."""
        if self._writer is not None:
            self._writer.transport.abort()
            self._writer = None
        for task in self._tasks:
            if task is not asyncio.current_task():
                task.cancel()
        self._tasks = []

    async def leave(self) -> None:
        """Say goodbye: the broker forgets the last will."""
        if self._writer is not None:
            with suppress(ConnectionError):
                self._writer.write(packet(DISCONNECT))
                await self._writer.drain()
        self.die()

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                kind, flags, body = await read_packet(reader)
                if kind == PUBLISH:
                    await self._hear(parse_published(flags, body))
        except (EOFError, ConnectionError, Broken):
            writer.close()

    async def _ping(self, writer: asyncio.StreamWriter, every_s: float) -> None:
        while not writer.is_closing():
            writer.write(packet(PINGREQ))
            await asyncio.sleep(every_s)
