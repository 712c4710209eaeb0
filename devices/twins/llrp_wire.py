"""LLRP 1.0.1 as bytes, from the reader's side: framing, parameters, what a reader says of itself.

Written from the "Low Level Reader Protocol (LLRP), version 1.0.1" standard: message and parameter
types are section 16 and 19, status codes section 14.
"""

import struct
from collections.abc import Iterator
from enum import IntEnum

VERSION = 1
HEADER_BYTES = 10
MESSAGE_BYTES_MAX = 1 << 20


class Type(IntEnum):
    """Message types. A response's name is its request's with `_RESPONSE`."""

    GET_READER_CAPABILITIES = 1
    GET_READER_CONFIG = 2
    SET_READER_CONFIG = 3
    CLOSE_CONNECTION_RESPONSE = 4
    GET_READER_CAPABILITIES_RESPONSE = 11
    GET_READER_CONFIG_RESPONSE = 12
    SET_READER_CONFIG_RESPONSE = 13
    CLOSE_CONNECTION = 14
    ADD_ROSPEC = 20
    DELETE_ROSPEC = 21
    START_ROSPEC = 22
    STOP_ROSPEC = 23
    ENABLE_ROSPEC = 24
    DISABLE_ROSPEC = 25
    ADD_ROSPEC_RESPONSE = 30
    DELETE_ROSPEC_RESPONSE = 31
    START_ROSPEC_RESPONSE = 32
    STOP_ROSPEC_RESPONSE = 33
    ENABLE_ROSPEC_RESPONSE = 34
    DISABLE_ROSPEC_RESPONSE = 35
    ADD_ACCESSSPEC = 40
    DELETE_ACCESSSPEC = 41
    ENABLE_ACCESSSPEC = 42
    DISABLE_ACCESSSPEC = 43
    ADD_ACCESSSPEC_RESPONSE = 50
    DELETE_ACCESSSPEC_RESPONSE = 51
    ENABLE_ACCESSSPEC_RESPONSE = 52
    DISABLE_ACCESSSPEC_RESPONSE = 53
    RO_ACCESS_REPORT = 61
    KEEPALIVE = 62
    READER_EVENT_NOTIFICATION = 63
    ENABLE_EVENTS_AND_REPORTS = 64
    KEEPALIVE_ACK = 72
    ERROR_MESSAGE = 100


class Status(IntEnum):
    """Status codes of LLRPStatus (14.1.1)."""

    OK = 0
    PARAMETER_ERROR = 100
    FIELD_ERROR = 101
    UNSUPPORTED_MESSAGE = 109
    UNSUPPORTED_VERSION = 110
    UNSUPPORTED_PARAMETER = 111


class Connection(IntEnum):
    """Status of ConnectionAttemptEvent (16.2.7.6.10)."""

    SUCCESS = 0
    ANOTHER_CLIENT = 2
    FAILED = 3


# Lengths of the values of TV parameters (type below 128, no length on the wire).
_TV_BYTES = {
    1: 2, 2: 8, 3: 8, 4: 8, 5: 8, 6: 1, 7: 2, 8: 2, 9: 4, 10: 2, 11: 2, 12: 2, 13: 12, 14: 2, 15: 2,
    16: 4, 17: 2, 18: 4, 19: 2, 20: 2,
}  # fmt: skip


class Malformed(ValueError):
    """Bytes that are not LLRP 1.0.1, or a request this reader refuses, with its status code."""

    def __init__(self, why: str, status: Status = Status.PARAMETER_ERROR) -> None:
        super().__init__(why)
        self.status = status


def unpack(layout: str, data: bytes) -> tuple[int, ...]:
    """Big-endian fields at the start of *data*; `Malformed` when there are too few bytes."""
    size = struct.calcsize("!" + layout)
    if len(data) < size:
        raise Malformed(f"{len(data)} bytes where {size} are needed")
    return struct.unpack("!" + layout, data[:size])


def message(kind: Type, message_id: int, body: bytes = b"") -> bytes:
    """A whole message (16.1): version and type, length with the header, identifier."""
    return struct.pack("!HII", VERSION << 10 | kind, HEADER_BYTES + len(body), message_id) + body


def tlv(kind: int, body: bytes) -> bytes:
    """A parameter with type and length (16.2.1)."""
    return struct.pack("!HH", kind, 4 + len(body)) + body


def tv(kind: int, layout: str, value: int | bytes) -> bytes:
    """A parameter with a fixed length: the first bit set, seven bits of type."""
    return struct.pack("!B" + layout, 0x80 | kind, value)


def parameters(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The (type, value) of each parameter in *data*. Raises `Malformed`."""
    at = 0
    while at < len(data):
        if data[at] & 0x80:
            kind, start = data[at] & 0x7F, at + 1
            if kind not in _TV_BYTES:
                raise Malformed(f"unknown TV parameter {kind}")
            end = start + _TV_BYTES[kind]
        else:
            kind, length = unpack("HH", data[at:])
            kind &= 0x3FF
            start, end = at + 4, at + length
        if end < start or end > len(data):
            raise Malformed(f"parameter {kind} does not end where it should")
        yield kind, data[start:end]
        at = end


def status(code: Status, text: str = "") -> bytes:
    """LLRPStatus (16.2.8.1)."""
    words = text.encode("utf-8")
    return tlv(287, struct.pack("!HH", code, len(words)) + words)


def connection_event(message_id: int, attempt: Connection, at_us: int) -> bytes:
    """READER_EVENT_NOTIFICATION with UTCTimestamp and ConnectionAttemptEvent (16.2.7.6)."""
    body = tlv(128, struct.pack("!Q", at_us)) + tlv(256, struct.pack("!H", attempt))
    return message(Type.READER_EVENT_NOTIFICATION, message_id, tlv(246, body))


def event(message_id: int, at_us: int, kind: int, value: bytes = b"") -> bytes:
    """READER_EVENT_NOTIFICATION with one event: 251 the buffer overflowed (16.2.7.6.6), 255 an
    antenna was (dis)connected (16.2.7.6.9)."""
    body = tlv(128, struct.pack("!Q", at_us)) + tlv(kind, value)
    return message(Type.READER_EVENT_NOTIFICATION, message_id, tlv(246, body))


def general_capabilities(antennas: int) -> bytes:
    """GeneralDeviceCapabilities (16.2.3.2) of a fixed reader with general purpose ports."""
    firmware = b"1.0.0"
    can_set_antennas_and_has_clock = 0xC000
    body = struct.pack("!HHIIH", antennas, can_set_antennas_and_has_clock, 0, 1, len(firmware))
    body += firmware + tlv(139, struct.pack("!HH", 1, 0))
    body += tlv(141, struct.pack("!HH", 4, 4))
    for antenna in range(1, antennas + 1):
        body += tlv(140, struct.pack("!HHB", antenna, 1, 1))
    return tlv(137, body)


def llrp_capabilities() -> bytes:
    """LLRPCapabilities (16.2.3.3): one ROSpec, two operations an AccessSpec."""
    return tlv(142, struct.pack("!BBHIIIII", 0x08, 1, 0, 1, 32, 2, 1508, 2))


def regulatory_capabilities() -> bytes:
    """RegulatoryCapabilities (16.2.4.1): Japan (392), 10 to 30 dBm, 916.8 to 920.8 MHz."""
    powers = b"".join(
        tlv(145, struct.pack("!Hh", index, 1000 + 25 * (index - 1))) for index in range(1, 82)
    )
    channels_khz = (916_800, 918_000, 919_200, 920_400, 920_600, 920_800)
    fixed = tlv(148, struct.pack(f"!H{len(channels_khz)}I", len(channels_khz), *channels_khz))
    frequencies = tlv(146, b"\x00" + fixed)
    modes = b"".join(
        tlv(329, struct.pack("!IBBBBIIIII", mode, 0, coding, 2, 0, rate, 1500, 6250, 25000, 0))
        for mode, coding, rate in ((0, 0, 640_000), (2, 2, 274_000), (3, 3, 170_600))
    )
    uhf = tlv(144, powers + frequencies + tlv(328, modes))
    return tlv(143, struct.pack("!HH", 392, 0) + uhf)


def air_capabilities() -> bytes:
    """C1G2LLRPCapabilities (16.3.1.1.1): block write, two filters a query."""
    return tlv(327, struct.pack("!BH", 0x40, 2))


def configuration(antennas: int, keepalive_ms: int) -> bytes:
    """What GET_READER_CONFIG_RESPONSE holds: identification, antennas, keepalive, inputs."""
    body = tlv(218, struct.pack("!BH", 0, 8) + bytes.fromhex("0016250102030405"))
    for antenna in range(1, antennas + 1):
        body += tlv(221, struct.pack("!BHh", 0x80, antenna, 600))
    body += tlv(220, struct.pack("!BI", 1 if keepalive_ms else 0, keepalive_ms))
    for port in range(1, 5):
        body += tlv(225, struct.pack("!HBB", port, 0x80, 0))
    return body
