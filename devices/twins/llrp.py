"""An RFID reader that speaks LLRP 1.0.1 on a real socket, with a field of tags and a fault menu.

One client at a time, as the standard says. Power and faults are moved at runtime; everything runs
in the loop's thread.
"""

import asyncio
import struct
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random

from devices.twins.llrp_field import Field
from devices.twins.llrp_radio import Radio
from devices.twins.llrp_specs import ROSpec, Sighting, tag_report
from devices.twins.llrp_wire import (
    HEADER_BYTES,
    MESSAGE_BYTES_MAX,
    VERSION,
    Connection,
    Malformed,
    Status,
    Type,
    connection_event,
    event,
    message,
    status,
    tlv,
    unpack,
)

GARBAGE = message(Type.RO_ACCESS_REPORT, 999, tlv(240, bytes(5)))
CUT_S = 0.05  # long enough for the half message to arrive before the line is dead


@dataclass(slots=True)
class Faults:
    """What goes wrong now. `mute` names the requests that are not even looked at."""

    refuse_clients: bool = False
    mute: set[str] = field(default_factory=set)
    delay_s: float = 0.0
    dribble: bool = False  # every message in pieces of one to seven bytes
    omit_unchanged: bool = False  # leave out optional fields that are as in the last report
    before_next_report: bytes = b""  # sent as it is, such as `GARBAGE`
    cut_next_report: bool = False  # half of it, then the power fails and comes back
    drop_after_reports: int | None = None


class LlrpReaderTwin:
    """Switch it on with `start`, put tags into `field`, spoil it with `faults`.

    `random` decides signal strengths, answers of weak tags and the sizes of dribbled pieces.
    `heard` holds the names of all requests since the last power-on; `refused` counts clients that
    came while another one was served.
    """

    def __init__(self, *, random: Random, antennas: int = 4, round_s: float = 0.02) -> None:
        self.host, self.port = "127.0.0.1", 0
        self.field = Field()
        self.faults = Faults()
        self.heard: list[str] = []
        self.reports = self.refused = 0
        self.random = random
        self.radio = Radio(self.field, antennas, random, round_s, self._report)
        self._session: _Session | None = None
        self._callers: list[asyncio.StreamWriter] = []
        self._nobody = asyncio.Event()
        self._nobody.set()
        self._server: asyncio.Server | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Power on and listen. Port 0 takes a free one, which it then keeps."""
        if self._server is None:
            self.host, self.port = host, port or self.port
            self._server = await asyncio.start_server(self._accept, self.host, self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Power off: every link breaks, the specs are forgotten."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self._reset()
        await self._nobody.wait()

    def _reset(self) -> None:
        self.radio.power_off()
        self.radio.awake.set()
        self.heard.clear()
        for caller in list(self._callers):
            caller.transport.abort()

    def drop(self) -> None:
        """Break the link; the reader itself goes on."""
        if self._session is not None:
            self._session.hang_up()

    def freeze(self) -> None:
        """Firmware hangs: the sockets stay open, nothing is answered, no tag is read."""
        self.radio.awake.clear()

    def thaw(self) -> None:
        """It goes on where it was."""
        self.radio.awake.set()

    async def overflow(self) -> None:
        """Its memory for reports is full: some are lost, and it says so."""
        await self._say(251, b"")

    async def antenna(self, number: int, connected: bool) -> None:
        """An antenna's cable is pulled, or put in again."""
        await self._say(255, struct.pack("!BH", connected, number))

    async def _say(self, kind: int, value: bytes) -> None:
        if self._session is not None:
            session = self._session
            await session.send(event(session.next_id(), self.radio.now_us(), kind, value))

    @property
    def has_client(self) -> bool:
        """Whether somebody is connected."""
        return self._session is not None

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._callers.append(writer)
        self._nobody.clear()
        session = _Session(self, reader, writer)
        try:
            await self.radio.awake.wait()
            if self._session is not None:
                self.refused += 1
                await session.send(self._greeting(Connection.ANOTHER_CLIENT))
            elif self.faults.refuse_clients:
                await session.send(self._greeting(Connection.FAILED))
            else:
                self._session = session
                await session.serve(self._greeting(Connection.SUCCESS))
        finally:
            if self._session is session:
                self._session = None
            self._callers.remove(writer)
            writer.close()
            if not self._callers:
                self._nobody.set()

    def _greeting(self, attempt: Connection) -> bytes:
        return connection_event(0, attempt, self.radio.now_us())

    async def _report(self, rospec: ROSpec, sightings: list[Sighting]) -> None:
        session, faults = self._session, self.faults
        if session is None:
            return
        if faults.before_next_report:
            extra, faults.before_next_report = faults.before_next_report, b""
            await session.send(extra)
        report = tag_report(
            session.next_id(), rospec, sightings, session.last_sent, faults.omit_unchanged
        )
        if faults.cut_next_report:
            faults.cut_next_report = False
            self._session = None
            await session.send(report[: len(report) // 2])
            session.dead = True
            asyncio.get_running_loop().call_later(CUT_S, self._reset)
            return
        await session.send(report)
        self.reports += 1
        if faults.drop_after_reports is not None:
            faults.drop_after_reports -= 1
            if faults.drop_after_reports <= 0:
                faults.drop_after_reports = None
                session.hang_up()


class _Session:
    """One client's connection."""

    def __init__(
        self,
        twin: LlrpReaderTwin,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self.last_sent: dict[int, bytes] = {}
        self.dead = False
        self._twin, self._reader, self._writer = twin, reader, writer
        self._message_id = 1000
        self._one_at_a_time = asyncio.Lock()

    def next_id(self) -> int:
        """A number for a message that is not an answer."""
        self._message_id += 1
        return self._message_id

    def hang_up(self) -> None:
        """Close our end: what was sent still arrives, then the end of the stream."""
        self._writer.close()

    async def send(self, data: bytes) -> None:
        """All of *data* before the next message. Lost when the client is gone."""
        async with self._one_at_a_time:
            await self._twin.radio.awake.wait()
            if self.dead:
                return
            pieces = self._pieces(data) if self._twin.faults.dribble else [data]
            with suppress(ConnectionError):
                for piece in pieces:
                    self._writer.write(piece)
                    await self._writer.drain()
                    await asyncio.sleep(0)

    def _pieces(self, data: bytes) -> list[bytes]:
        pieces = []
        while data:
            size = self._twin.random.randint(1, 7)
            pieces.append(data[:size])
            data = data[size:]
        return pieces

    async def serve(self, greeting: bytes) -> None:
        """Greet, then obey until the client leaves."""
        await self.send(greeting)
        keeping_alive = asyncio.create_task(self._keep_alive(), name="keepalive")
        try:
            while True:
                header = await self._reader.readexactly(HEADER_BYTES)
                kind, length, message_id = unpack("HII", header)
                if not HEADER_BYTES <= length <= MESSAGE_BYTES_MAX:
                    return
                body = await self._reader.readexactly(length - HEADER_BYTES)
                await self._twin.radio.awake.wait()
                await self._obey(kind >> 10 & 7, kind & 0x3FF, message_id, body)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            keeping_alive.cancel()

    async def _keep_alive(self) -> None:
        while True:
            interval_ms = self._twin.radio.keepalive_ms
            await asyncio.sleep(interval_ms / 1000 or 0.02)
            if interval_ms and self._twin.radio.keepalive_ms:
                await self.send(message(Type.KEEPALIVE, self.next_id()))

    async def _obey(self, version: int, kind: int, message_id: int, body: bytes) -> None:
        faults = self._twin.faults
        name = Type(kind).name if kind in set(Type) else str(kind)
        self._twin.heard.append(name)
        if name in faults.mute:
            return
        if faults.delay_s:
            await asyncio.sleep(faults.delay_s)
        if version != VERSION:
            await self._error(message_id, Status.UNSUPPORTED_VERSION, f"version {version}")
        elif kind in self._twin.radio.commands:
            await self._answer(kind, message_id, body)
        elif kind == Type.CLOSE_CONNECTION:
            await self.send(message(Type.CLOSE_CONNECTION_RESPONSE, message_id, status(Status.OK)))
            self.hang_up()
        elif kind not in (Type.KEEPALIVE_ACK, Type.ENABLE_EVENTS_AND_REPORTS):
            await self._error(message_id, Status.UNSUPPORTED_MESSAGE, name)

    async def _answer(self, kind: int, message_id: int, body: bytes) -> None:
        try:
            answer = status(Status.OK) + self._twin.radio.commands[kind](body)
        except Malformed as wrong:
            answer = status(wrong.status, str(wrong))
        await self.send(message(Type[f"{Type(kind).name}_RESPONSE"], message_id, answer))

    async def _error(self, message_id: int, code: Status, text: str) -> None:
        await self.send(message(Type.ERROR_MESSAGE, message_id, status(code, text)))
