"""What a client tells a reader twin to do: ROSpecs (inventory) and AccessSpecs (writing)."""

import struct
from dataclasses import dataclass, field
from enum import IntEnum

from devices.twins.llrp_field import Mask, Read, Write
from devices.twins.llrp_wire import Malformed, Status, Type, message, parameters, tlv, tv, unpack


class State(IntEnum):
    """CurrentState of an ROSpec (16.2.4.1)."""

    DISABLED = 0
    INACTIVE = 1
    ACTIVE = 2


@dataclass(slots=True)
class ROSpec:
    """What to read, and when to report it. `antennas` [0] means all."""

    id: int
    state: State = State.DISABLED
    starts_at_once: bool = False
    antennas: list[int] = field(default_factory=lambda: [0])
    powers: dict[int, int] = field(default_factory=dict)
    stop_duration_ms: int = 0  # the end of an AISpec, by time,
    stop_tags: int = 0  # or by observations,
    stop_timeout_ms: int = 0  # or when these do not come
    report_trigger: int = 0
    report_n: int = 0
    selector: int = 0


@dataclass(slots=True)
class AccessSpec:
    """What to do with which tag. Gone after `stop_count` times; 0 is for ever."""

    id: int
    antenna: int
    rospec: int
    enabled: bool
    stop_count: int = 0
    masks: list[Mask] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    reads: list[Read] = field(default_factory=list)
    done: int = 0


def _only(body: bytes, wanted: int) -> bytes:
    for kind, value in parameters(body):
        if kind == wanted:
            return value
    raise Malformed(f"parameter {wanted} is missing")


def read_rospec(body: bytes) -> ROSpec:
    """The ROSpec (16.2.4.1) in an ADD_ROSPEC. Raises `Malformed`."""
    value = _only(body, 177)
    rospec_id, _priority, state = unpack("IBB", value)
    if rospec_id == 0 or state != State.DISABLED:
        raise Malformed("an ROSpec is added disabled and has a number", Status.FIELD_ERROR)
    spec = ROSpec(rospec_id)
    for kind, part in parameters(value[6:]):
        if kind == 178:
            spec.starts_at_once = unpack("B", _only(part, 179)) == (1,)
        elif kind == 183:
            _read_aispec(spec, part)
        elif kind == 237:
            spec.report_trigger, spec.report_n = unpack("BH", part)
            (spec.selector,) = unpack("H", _only(part[3:], 238))
    return spec


def _read_aispec(spec: ROSpec, body: bytes) -> None:
    (count,) = unpack("H", body)
    spec.antennas = list(unpack(f"{count}H", body[2:]))
    if not spec.antennas:
        raise Malformed("an AISpec names its antennas", Status.FIELD_ERROR)
    for kind, part in parameters(body[2 + 2 * count :]):
        if kind == 184:
            trigger, duration_ms = unpack("BI", part)
            if trigger == 1:
                spec.stop_duration_ms = duration_ms
            elif trigger == 3:
                observation = _only(part[5:], 185)
                _, _, spec.stop_tags, _, _, spec.stop_timeout_ms = unpack("BBHHHI", observation)
        elif kind == 186:
            for inner, antenna in parameters(part[3:]):
                if inner == 222:
                    _read_power(spec, antenna)


def _read_power(spec: ROSpec, body: bytes) -> None:
    (antenna,) = unpack("H", body)
    for kind, part in parameters(body[2:]):
        if kind == 224:
            _table, _channel, spec.powers[antenna] = unpack("HHH", part)


def read_access_spec(body: bytes) -> AccessSpec:
    """The AccessSpec (16.2.5.1) in an ADD_ACCESSSPEC. Raises `Malformed`."""
    value = _only(body, 207)
    spec_id, antenna, _protocol, enabled, rospec = unpack("IHBBI", value)
    spec = AccessSpec(spec_id, antenna, rospec, bool(enabled & 0x80))
    for kind, part in parameters(value[12:]):
        if kind == 208:
            trigger, count = unpack("BH", part)
            spec.stop_count = count if trigger == 1 else 0
        elif kind == 209:
            _read_access_command(spec, part)
    return spec


def _read_access_command(spec: AccessSpec, body: bytes) -> None:
    for kind, part in parameters(body):
        if kind == 338:
            spec.masks = [_read_mask(target) for inner, target in parameters(part) if inner == 339]
        elif kind == 342:
            spec.writes.append(_read_write(part))
        elif kind == 341:
            op_spec, _password, bank, word, count = unpack("HIBHH", part)
            spec.reads.append(Read(op_spec, bank >> 6, word, count))
        else:
            raise Malformed(f"operation {kind}", Status.UNSUPPORTED_PARAMETER)


def _read_mask(body: bytes) -> Mask:
    flags, pointer, mask_bits = unpack("BHH", body)
    mask_bytes = (mask_bits + 7) // 8
    mask, rest = body[5 : 5 + mask_bytes], body[5 + mask_bytes :]
    (data_bits,) = unpack("H", rest)
    data = rest[2:]
    if mask_bits != data_bits or len(mask) != mask_bytes or len(data) != mask_bytes:
        raise Malformed("mask and data of a target are not of one length")
    spare = 8 * mask_bytes - mask_bits
    return Mask(
        bank=flags >> 6,
        match=bool(flags & 0x20),
        pointer=pointer,
        bits=mask_bits,
        mask=int.from_bytes(mask, "big") >> spare,
        data=int.from_bytes(data, "big") >> spare,
    )


def _read_write(body: bytes) -> Write:
    op_spec, _password, bank, word, count = unpack("HIBHH", body)
    data = body[11:]
    if len(data) != 2 * count:
        raise Malformed(f"{len(data)} bytes to write, {count} words announced")
    return Write(op_spec, bank >> 6, word, data)


@dataclass(slots=True)
class Sighting:
    """Reads of one tag on one antenna since the last report; `results` of what was done to it."""

    epc: bytes
    antenna: int
    rssi: int
    first_us: int
    last_us: int
    count: int = 1
    access_spec: int = 0
    results: bytes = b""


def write_result(result: int, op_spec: int, words: int) -> bytes:
    """C1G2WriteOpSpecResult (16.3.1.5.2)."""
    return tlv(350, struct.pack("!BHH", result, op_spec, words))


def read_result(op_spec: int, data: bytes | None) -> bytes:
    """C1G2ReadOpSpecResult (16.3.1.5.1); without data a non-specific tag error."""
    words = data or b""
    head = struct.pack("!BHH", 0 if data is not None else 1, op_spec, len(words) // 2)
    return tlv(349, head + words)


def tag_report(
    message_id: int,
    spec: ROSpec,
    sightings: list[Sighting],
    last_sent: dict[int, bytes],
    omit_unchanged: bool,
) -> bytes:
    """RO_ACCESS_REPORT. *last_sent* is what the stream said last, for leaving out what is equal."""
    body = b""
    for seen in sightings:
        value = _epc(seen.epc)
        for kind, encoded in _chosen_fields(spec, seen):
            if not (omit_unchanged and last_sent.get(kind) == encoded):
                value += encoded
            last_sent[kind] = encoded
        body += tlv(240, value + seen.results)
    return message(Type.RO_ACCESS_REPORT, message_id, body)


def _epc(epc: bytes) -> bytes:
    return tv(13, "12s", epc) if len(epc) == 12 else tlv(241, struct.pack("!H", 8 * len(epc)) + epc)


def _chosen_fields(spec: ROSpec, seen: Sighting) -> list[tuple[int, bytes]]:
    """The optional fields that TagReportContentSelector (16.2.7.1.1) asks for, in its order."""
    every = (
        (0x8000, 9, "I", spec.id),
        (0x4000, 14, "H", 1),
        (0x2000, 10, "H", 1),
        (0x1000, 1, "H", seen.antenna),
        (0x0800, 7, "H", 1),
        (0x0400, 6, "b", seen.rssi),
        (0x0200, 2, "Q", seen.first_us),
        (0x0100, 4, "Q", seen.last_us),
        (0x0080, 8, "H", min(seen.count, 0xFFFF)),
        (0x0040 if seen.access_spec else 0, 16, "I", seen.access_spec),
    )
    return [(kind, tv(kind, layout, value)) for bit, kind, layout, value in every
            if spec.selector & bit]  # fmt: skip
