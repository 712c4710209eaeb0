"""RFID readers' bytes, from both ends: what our driver makes of them, and what our twin does.

A reader that sends nonsense costs a counted message or its session, never the reading thread.
"""

from collections import Counter
from random import Random

from devices.capabilities import Link
from devices.codecs import llrp_frames
from devices.drivers.llrp import LlrpReader
from devices.drivers.llrp_client import decoded
from devices.twins import llrp_specs, llrp_wire
from devices.twins.llrp_specs import Sighting
from devices.twins.llrp_wire import Type
from tests.prove.mutating import chunks
from wms.rooms.signals import ReaderBlind, Signal, TagSeen

EPC = bytes.fromhex("3034257bf7194e4000001a85")


def reports() -> tuple[bytes, ...]:
    """Whole messages that a reader sends."""
    spec = llrp_specs.ROSpec(1, selector=0xFFFF)
    seen = [Sighting(EPC, 2, -50, 1, 2), Sighting(b"\xe2\x80", 1, -61, 3, 4, access_spec=7)]
    seen[1].results = llrp_specs.write_result(0, 1, 6) + llrp_specs.read_result(1, EPC)
    ok = llrp_wire.status(llrp_wire.Status.OK)
    bodies = (
        (Type.GET_READER_CAPABILITIES_RESPONSE, llrp_wire.general_capabilities(4)
         + llrp_wire.llrp_capabilities() + llrp_wire.regulatory_capabilities()
         + llrp_wire.air_capabilities()),
        (Type.GET_READER_CONFIG_RESPONSE, llrp_wire.configuration(4, 1_000)),
        (Type.ADD_ROSPEC_RESPONSE, b""),
    )  # fmt: skip
    return (
        llrp_specs.tag_report(1_001, spec, seen, {}, False),
        llrp_wire.connection_event(0, llrp_wire.Connection.SUCCESS, 5),
        llrp_wire.event(7, 5, 251),
        llrp_wire.event(8, 5, 255, b"\x00\x00\x02"),
        llrp_wire.message(Type.KEEPALIVE, 9),
        *(llrp_wire.message(kind, 3, ok + body) for kind, body in bodies),
    )


def requests() -> tuple[bytes, ...]:
    """Bodies of what a client tells a reader."""
    tlv = llrp_wire.tlv
    ai_spec = tlv(183, b"\x00\x02\x00\x01\x00\x02" + tlv(184, b"\x00" + bytes(4)))
    report = tlv(237, b"\x01\x00\x14" + tlv(238, b"\x1e\x00"))
    start = tlv(178, tlv(179, b"\x01") + tlv(182, bytes(5)))
    rospec = tlv(177, b"\x00\x00\x00\x01\x00\x00" + start + ai_spec + report)
    mask = b"\x60\x00\x20\x00\x10\xff\xff\x00\x10\x30\x34"
    write = tlv(342, b"\x00\x01" + bytes(4) + b"\x40\x00\x02\x00\x01\x30\x34")
    read = tlv(341, b"\x00\x01" + bytes(4) + b"\x40\x00\x02\x00\x06")
    command = tlv(209, tlv(338, tlv(339, mask)) + write + read)
    head = b"\x00\x00\x00\x07\x00\x00\x01\x80" + bytes(4)
    return rospec, tlv(207, head + tlv(208, b"\x01\x00\x01") + command)


def frames(data: bytes, chance: Random) -> None:
    """However the stream is cut, the messages are the same; or it is none, either way."""
    parts = llrp_frames.Frames()
    found = [one for part in chunks(data, chance) for one in parts.feed(part)]
    assert llrp_frames.Frames().feed(data) == found
    assert b"".join(found) == data[: sum(map(len, found))]


def messages(data: bytes, _chance: Random) -> None:
    """One message through `sllurp` and our driver: it is understood, or counted as not."""
    said: list[Signal] = []
    missed: Counter[str] = Counter()

    def count(reason: str, many: int) -> None:
        missed[reason] += many

    link = Link(
        "portal", 1, said.append, lambda: None, lambda _why: None, lambda: 1.0, missed=count
    )
    reader = LlrpReader({"host": "portal", "reads_min": 1})
    reader._begin(link)
    reader._on_message(decoded(data))  # what `decoded` raises is caught in sllurp's thread
    assert set(missed) <= {"garbage"}, missed
    blind = [one for one in said if isinstance(one, ReaderBlind)]
    assert bool(blind) >= bool(missed), "what nobody could read may have been a tag"
    assert all(one.epc for one in said if isinstance(one, TagSeen))


def orders(data: bytes, chance: Random) -> None:
    """The twin obeys, or refuses with a status; a parameter never ends outside its message."""
    read = chance.choice((llrp_specs.read_rospec, llrp_specs.read_access_spec))
    spec = read(data)
    assert spec.id >= 0
    list(llrp_wire.parameters(data))
