"""Modbus TCP for coils: requests to bytes and bytes to replies, no I/O.

Source: MODBUS Application Protocol Specification V1.1b3 (sections 6.1 Read Coils, 6.11 Write
Multiple Coils, 7 Exceptions) and MODBUS Messaging on TCP/IP Implementation Guide V1.0b (the MBAP
header), both open documents of the Modbus Organization.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

READ_COILS, WRITE_COILS = 1, 15
EXCEPTION = 0x80
WRITE_MAX, READ_MAX = 1968, 2000  # coils a request
_MBAP = struct.Struct(">HHHB")  # transaction, protocol (0), bytes that follow, unit
LENGTH_MAX = 254


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. `refused` is a Modbus exception code, 0 where it was done; `data` follows the
    function code."""

    transaction: int
    unit: int
    function: int
    refused: int
    data: bytes


class Garbage(Exception):
    """The bytes are no Modbus TCP: nothing that follows on this connection can be trusted."""


def write_coils(transaction: int, unit: int, address: int, values: Sequence[bool]) -> bytes:
    """Set coils from *address* (0-based) on.

    >>> write_coils(1, 17, 19, [True, False, True, True, False, False, True, True, True, False])[7:]
    b'\\x0f\\x00\\x13\\x00\\n\\x02\\xcd\\x01'
    """
    assert 1 <= len(values) <= WRITE_MAX
    packed = _packed(values)
    body = struct.pack(">BHHB", WRITE_COILS, address, len(values), len(packed)) + packed
    return _framed(transaction, unit, body)


def read_coils(transaction: int, unit: int, address: int, count: int) -> bytes:
    """Ask for *count* coils from *address* on.

    >>> read_coils(1, 17, 19, 19)[7:]
    b'\\x01\\x00\\x13\\x00\\x13'
    """
    assert 1 <= count <= READ_MAX
    return _framed(transaction, unit, struct.pack(">BHH", READ_COILS, address, count))


def coils(reply: Reply, count: int) -> list[bool] | None:
    """The coils that a reply to `read_coils` carries; None when it does not carry so many.

    >>> coils(Reply(1, 17, 1, 0, b"\\x03\\xcd\\x6b\\x05"), 19)[:4]
    [True, False, True, True]
    """
    size = (count + 7) // 8
    if reply.function != READ_COILS or len(reply.data) != size + 1 or reply.data[0] != size:
        return None
    return [bool(reply.data[1 + at // 8] >> (at % 8) & 1) for at in range(count)]


def was_written(reply: Reply, address: int, count: int) -> bool:
    """Whether it is the answer to a `write_coils` of just these.

    >>> was_written(Reply(1, 17, 15, 0, b"\\x00\\x13\\x00\\x0a"), 19, 10)
    True
    """
    return reply.function == WRITE_COILS and reply.data == struct.pack(">HH", address, count)


class Replies:
    """Bytes of a peer to replies: fed in any chunks, it yields the same ones."""

    def __init__(self) -> None:
        self._waiting = b""

    def feed(self, data: bytes) -> list[Reply]:
        """The replies that *data* completes, in order. Raises `Garbage`."""
        self._waiting += data
        found = []
        while len(self._waiting) >= _MBAP.size:
            transaction, protocol, length, unit = _MBAP.unpack_from(self._waiting)
            if protocol != 0 or not 3 <= length <= LENGTH_MAX:
                raise Garbage
            end = _MBAP.size + length - 1
            if len(self._waiting) < end:
                break
            pdu, self._waiting = self._waiting[_MBAP.size : end], self._waiting[end:]
            function = pdu[0]
            refused = pdu[1] if function & EXCEPTION else 0
            found.append(Reply(transaction, unit, function & ~EXCEPTION, refused, pdu[1:]))
        return found


def _framed(transaction: int, unit: int, body: bytes) -> bytes:
    return _MBAP.pack(transaction, 0, len(body) + 1, unit) + body


def _packed(values: Sequence[bool]) -> bytes:
    """Eight coils a byte, the first in its lowest bit."""
    packed = bytearray((len(values) + 7) // 8)
    for at, value in enumerate(values):
        packed[at // 8] |= value << (at % 8)
    return bytes(packed)
