"""A Modbus TCP server of our own, for twins: reads the wire by the book, and breaks on demand.

Knows what a PLC with holding registers needs: function 3 (read) and 16 (write several). Written
from the Modbus application protocol 1.1b3 and its TCP guide, without a Modbus library, so that a
driver and its twin cannot share a mistake.
"""

import asyncio
import struct
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

READ_HOLDING, WRITE_SEVERAL = 3, 16
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3
GATEWAY_NO_RESPONSE = 11
READ_MAX, WRITE_MAX = 125, 123
_MBAP = struct.Struct(">HHHB")  # transaction, protocol, length, unit


class Illegal(Exception):
    """The request is answered with a Modbus exception."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Bank(Protocol):
    """The registers behind the server. Both may raise `Illegal`."""

    def read(self, address: int, count: int) -> list[int]: ...

    def write(self, address: int, values: Sequence[int]) -> None: ...


class ModbusServer:
    """Serves one bank on one unit id to any number of connections.

    `shift` moves every address, as vendors do. Faults, all settable at any time: `silent`
    (requests vanish), `delay_s` (each reply that late), `lose_replies` (so many requests are
    carried out and not answered), `late_writes_s` (a write is taken by a slow gateway: it gets no
    answer, and reaches the bank so much later even when its connection is long closed),
    `exception` (every request is answered with this code).
    """

    def __init__(self, bank: Bank, unit: int = 1) -> None:
        self.host, self.port, self.unit = "127.0.0.1", 0, unit
        self.shift = 0
        self.silent = False
        self.delay_s = 0.0
        self.lose_replies = 0
        self.late_writes_s: float | None = None
        self.exception = 0
        self.served = 0  # requests carried out
        self._bank = bank
        self._server: asyncio.Server | None = None
        self._peers: set[asyncio.StreamWriter] = set()
        self._late: set[asyncio.TimerHandle] = set()

    @property
    def connections(self) -> int:
        """How many are open now."""
        return len(self._peers)

    async def listen(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Port 0 takes a free one, and stays on it from then on."""
        if self._server is None:
            self.host = host
            self._server = await asyncio.start_server(self._serve, host, port or self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    def shut(self) -> None:
        """No listener and no connection any more; writes under way are lost."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.hang_up()
        for late in self._late:
            late.cancel()
        self._late.clear()

    def hang_up(self) -> None:
        """Reset every connection."""
        for peer in list(self._peers):
            peer.transport.abort()

    def half_a_message(self) -> None:
        """Begin a reply to everyone, and hang up in its middle."""
        for peer in list(self._peers):
            peer.write(_MBAP.pack(1, 0, 3 + 2 * 48, self.unit) + b"\x03\x60\x00")
            peer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._peers.add(writer)
        try:
            # A handler that ends cancelled would be logged as an error by the streams of 3.11.
            with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
                while await self._one_request(reader, writer):
                    pass
        finally:
            self._peers.discard(writer)
            writer.close()

    async def _one_request(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """False when the stream is not Modbus, and nothing after it can be trusted."""
        transaction, protocol, length, unit = _MBAP.unpack(await reader.readexactly(_MBAP.size))
        if protocol != 0 or not 2 <= length <= 254:
            return False
        pdu = await reader.readexactly(length - 1)
        if self.silent:
            return True
        if self.late_writes_s is not None and pdu[0] == WRITE_SEVERAL:
            self._carry_out_later(pdu, self.late_writes_s)
            return True
        answer = self._answer(unit, pdu)
        if self.lose_replies > 0:
            self.lose_replies -= 1
            return True
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        writer.write(_MBAP.pack(transaction, 0, len(answer) + 1, unit) + answer)
        await writer.drain()
        return True

    def _carry_out_later(self, pdu: bytes, delay_s: float) -> None:
        loop = asyncio.get_running_loop()

        def arrive() -> None:
            self._late.discard(timer)
            self._answer(self.unit, pdu)

        timer = loop.call_later(delay_s, arrive)
        self._late.add(timer)

    def _answer(self, unit: int, pdu: bytes) -> bytes:
        """Carry out one request; the PDU of its answer."""
        try:
            if self.exception:
                raise Illegal(self.exception)
            if unit != self.unit:
                raise Illegal(GATEWAY_NO_RESPONSE)
            answer = self._carry_out(pdu)
        except Illegal as error:
            return bytes([pdu[0] | 0x80, error.code])
        self.served += 1
        return answer

    def _carry_out(self, pdu: bytes) -> bytes:
        function = pdu[0]
        if function == READ_HOLDING and len(pdu) == 5:
            address, count = struct.unpack(">HH", pdu[1:])
            if not 1 <= count <= READ_MAX:
                raise Illegal(ILLEGAL_VALUE)
            values = self._bank.read(address - self.shift, count)
            return bytes([function, 2 * count]) + struct.pack(f">{count}H", *values)
        if function == WRITE_SEVERAL and len(pdu) >= 6:
            address, count, size = struct.unpack(">HHB", pdu[1:6])
            if not 1 <= count <= WRITE_MAX or size != 2 * count or len(pdu) != 6 + size:
                raise Illegal(ILLEGAL_VALUE)
            self._bank.write(address - self.shift, struct.unpack(f">{count}H", pdu[6:]))
            return pdu[:5]
        raise Illegal(ILLEGAL_FUNCTION)
