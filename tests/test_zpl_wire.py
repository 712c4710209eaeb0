"""The ZPL printer's wire: the codec by transcripts, and the twin spoken to by hand."""

import asyncio
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.codecs import zpl_status as zpl
from devices.twins.printer import PrinterTwin
from tests.devices_bench import printer, until

# The layout of the strings is the programming guide's; so is the answer to `~HI`.
STATUS = (
    b"\x02030,0,0,1245,000,0,0,0,000,0,0,0\x03\r\n"
    b"\x02001,0,0,0,1,2,6,0,00000000,1,000\x03\r\n"
    b"\x021234,0\x03\r\n"
)
BLOCKED_STATUS = (
    b"\x02030,1,1,1245,002,0,0,1,000,0,0,0\x03\r\n"
    b"\x02001,0,1,1,1,2,6,0,00000012,1,000\x03\r\n"
    b"\x021234,0\x03\r\n"
)
IDENTITY = b"\x02ZTC ZT411-203dpi ZPL,V92.21.26Z,8,65536KB\x03\r\n"


def quiet() -> zpl.HostStatus:
    (status,) = zpl.Answers().feed(STATUS)
    assert isinstance(status, zpl.HostStatus)
    return status


# ---- the codec ----


def test_a_host_status_is_read_field_by_field() -> None:
    (status,) = zpl.Answers().feed(BLOCKED_STATUS)
    assert status == zpl.HostStatus(
        paper_out=True,
        paused=True,
        ribbon_out=True,
        head_open=True,
        too_hot=False,
        buffer_full=False,
        partial_format=True,
        formats_waiting=2,
        labels_left=12,
    )
    assert quiet().trouble == ""
    assert status.trouble == "printer.head_open"


@pytest.mark.parametrize(
    ("line", "field", "flag"),
    [
        (0, 1, "paper_out"), (0, 2, "paused"), (0, 5, "buffer_full"), (0, 7, "partial_format"),
        (0, 11, "too_hot"), (1, 2, "head_open"), (1, 3, "ribbon_out"),
    ],
)  # fmt: skip
def test_each_flag_of_a_host_status_has_its_own_field(line: int, field: int, flag: str) -> None:
    """Aligned as the programming guide numbers them: b, c, f, h and l of the first, o and p."""
    lines = [one.split(b",") for one in STATUS.split(b"\r\n")]
    lines[line][field] = lines[line][field].replace(b"0", b"1")
    (status,) = zpl.Answers().feed(b"\r\n".join(b",".join(one) for one in lines))
    assert isinstance(status, zpl.HostStatus)
    flags = [name for name in ("paper_out", "paused", "buffer_full", "partial_format", "too_hot",
                               "head_open", "ribbon_out") if getattr(status, name)]  # fmt: skip
    assert flags == [flag]


def test_answers_between_answers_are_kept_apart() -> None:
    first, rest = STATUS.split(b"\r\n", 1)
    wire = IDENTITY + first + b"JOB[J-1]\r\n" + rest + b'"12345"' + b'"?"'
    identity, echo, status, counter, unknown = zpl.Answers().feed(wire)
    assert identity == zpl.Identity("ZTC ZT411-203dpi ZPL", "V92.21.26Z")
    assert echo == zpl.Echo("J-1")
    assert status == quiet()
    assert isinstance(counter, zpl.Value) and counter.count == 12345
    assert isinstance(unknown, zpl.Value) and unknown.count is None


def test_garbage_does_not_swallow_the_answer_behind_it() -> None:
    answers = zpl.Answers()
    assert answers.feed(b'\x00"\x02?,?JOB[\x02' + STATUS) == [quiet()]
    assert answers.noise > 0


@pytest.mark.parametrize("broken", [STATUS[36:], STATUS.replace(b",000,0,0,0,0", b",x,0,0,0,0")])
def test_half_a_status_is_no_status(broken: bytes) -> None:
    assert zpl.Answers().feed(broken) == []


def test_answers_that_come_byte_by_byte_are_the_same() -> None:
    wire = IDENTITY + STATUS + b'"4711"' + b"JOB[a.b]\r\n"
    answers = zpl.Answers()
    bytewise = [answer for byte in wire for answer in answers.feed(bytes([byte]))]
    assert bytewise == zpl.Answers().feed(wire)
    assert len(bytewise) == 4
    assert answers.noise == 0


PIECES = st.one_of(
    st.sampled_from([STATUS, BLOCKED_STATUS, IDENTITY, b'"4711"', b"JOB[a.b]\r\n", b"JOB[", b'"']),
    st.binary(max_size=8),
)


@given(st.lists(PIECES, max_size=12), st.lists(st.integers(1, 40), max_size=60))
def test_any_chunking_gives_the_same_answers(pieces: list[bytes], sizes: list[int]) -> None:
    wire = b"".join(pieces) + b"\r\n" * zpl.ANSWER_BYTES_MAX
    whole, chunked = zpl.Answers(), zpl.Answers()
    expected = whole.feed(wire)
    got: list[zpl.Answer] = []
    rest = wire
    for size in sizes:
        got += chunked.feed(rest[:size])
        rest = rest[size:]
    assert got + chunked.feed(rest) == expected
    assert chunked.noise == whole.noise


def test_a_job_goes_out_with_its_echo_and_its_copies() -> None:
    assert zpl.envelope("J-1", b"^XA^FDx^FS^XZ\n", 3) == (
        b"^XA^FDx^FS^FO0,0^A0N,10,10^FN9999^FDJ-1^FS^PQ3^FH_^HV9999,3,JOB[,]_0D_0A,L^FS^XZ\r\n"
    )
    assert zpl.envelope("J-1", b"^XA^PQ7,0,1,Y^FDx^FS^XZ", 2, echo=False) == (
        b"^XA^FDx^FS^PQ2^XZ\r\n"
    )


@pytest.mark.parametrize(
    ("job", "payload", "copies"),
    [
        ("J", b"", 1),
        ("J", b"^FDno frame^FS", 1),
        ("J", b"^XA^XZ^XA^XZ", 1),
        ("J", b"^XA^XZ~JR^XA^XZ", 1),
        ("J", b"^XA^XZ", 0),
        ("J", b"^XA^XZ", 1000),
        ("", b"^XA^XZ", 1),
        ("J^XZ", b"^XA^XZ", 1),
        ("J]", b"^XA^XZ", 1),
        ("札", b"^XA^XZ", 1),
        ("J" * 65, b"^XA^XZ", 1),
    ],
)
def test_what_cannot_be_one_job_is_refused(job: str, payload: bytes, copies: int) -> None:
    with pytest.raises(ValueError, match=r"job|payload|copies"):
        zpl.envelope(job, payload, copies)


# ---- the twin, spoken to by hand ----


async def converse(twin: PrinterTwin, *packets: bytes, end: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(twin.host, twin.port)
    try:
        for packet in packets:
            writer.write(packet)
            await writer.drain()
            await asyncio.sleep(0)
        return await asyncio.wait_for(reader.readuntil(end), 2)
    finally:
        writer.close()


async def test_the_twin_answers_the_guides_own_example_of_host_verification() -> None:
    example = b"^XA^FN0^FD12345678^FS^FH_^HV0,8,EPC[,]_0D_0A,L^FS^PQ2^XZ"
    async with printer() as twin:
        bytewise = [example[at : at + 1] for at in range(len(example))]
        answer = await converse(twin, *bytewise, end=b"]\r\nEPC[12345678]\r\n")
        assert answer == b"EPC[12345678]\r\n" * 2
        assert [each.copy for each in twin.labels] == [1, 2]


async def test_the_twin_lays_every_label_into_a_tray_that_others_can_read(tmp_path: Path) -> None:
    tray = tmp_path / "tray.jsonl"
    wire = (
        "^XA^CI28^FO9,9^FH^FD_E5_93_81名_5e^FS^FDplain_5e^FS^FH#^FDa#20b^FS^XZ^XA^FDnext^FS^XZ"
    ).encode()
    async with printer(tray=tray, counter=41) as twin:
        await converse(twin, wire, b"~HS", end=b"1234,0\x03\r\n")
        await until(lambda: len(twin.labels) == 2, "two labels")
        first, second = map(json.loads, tray.read_text("utf-8").splitlines())
        assert first["fields"] == ["品名^", "plain_5e", "a b"]
        assert first["number"] == 42
        assert first["at_ms"] == 1_700_000_000_000
        assert first["zpl"].startswith("^XA^CI28")
        assert second["fields"] == ["next"]


async def test_the_twin_obeys_tildes_in_the_middle_of_a_format() -> None:
    async with printer() as twin:
        status = await converse(twin, b"^XA^FDhalf", b"~HS", b"", end=b"1234,0\x03\r\n")
        assert status.split(b",")[7] == b"1"
        (answer,) = zpl.Answers().feed(status)
        assert isinstance(answer, zpl.HostStatus) and answer.partial_format
        assert twin.labels == []
