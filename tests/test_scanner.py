"""Scans: however the bytes arrive, each pull of the trigger is one fact, whole or marked."""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.capabilities import ConfigFault, Health, Link, Unavailable
from devices.cases.serial_scanner import CASE
from devices.codecs.lines import DAMAGED, NAMED_SUFFIXES, SCAN_BYTES_MAX, Lines
from devices.conformance import FAST, NAME, Floor, until
from devices.drivers.serial_scanner import SerialScanner
from devices.signal_queue import SignalQueue
from devices.supervisor import Supervisor
from devices.twins.scanner import ScannerTwin
from wms.rooms.signals import Scan

GS1 = "]C101049012345678941727123110LOT-A1\x1d21S1"


@given(st.binary(max_size=1500), st.data())
def test_any_chunking_gives_the_same_scans(stream: bytes, data: st.DataObject) -> None:
    suffixes = data.draw(st.sampled_from(sorted(NAMED_SUFFIXES.values())))
    prefix = data.draw(st.sampled_from([b"", b"\x02", b"@@"]))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    whole, parts = Lines(suffixes, prefix), Lines(suffixes, prefix)
    wanted = whole.feed(stream) + whole.give_up()
    edges = [0, *cuts, len(stream)]
    got = [scan for start, end in pairwise(edges) for scan in parts.feed(stream[start:end])]
    assert got + parts.give_up() == wanted
    assert parts.dropped == whole.dropped


@given(
    st.lists(
        st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=40),
        max_size=8,
    ),
    st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"\t", b"\x03", b"\n\r\n"]), min_size=8),
)
def test_scans_glued_together_with_any_suffix_come_apart(
    codes: list[str], ends: list[bytes]
) -> None:
    stream = b"".join(code.encode() + end for code, end in zip(codes, ends, strict=False))
    assert Lines().feed(stream) == codes


def test_separators_and_japanese_survive_and_nothing_is_stripped() -> None:
    envelope = "[)>\x1e06\x1dPABC\x1dQ3\x1e\x04"
    stream = f"{GS1}\r{envelope}\r棚-01 甲　乙\r ]E0 \r".encode()
    assert Lines().feed(stream) == [GS1, envelope, "棚-01 甲　乙", " ]E0 "]


def test_a_chosen_suffix_leaves_line_breaks_inside() -> None:
    assert Lines(NAMED_SUFFIXES["etx"]).feed(b"line 1\r\nline 2\tx\x03") == ["line 1\r\nline 2\tx"]
    assert Lines(NAMED_SUFFIXES["line"]).feed(b"a\tb\r") == ["a\tb"]


def test_a_prefix_separates_scans_from_noise() -> None:
    lines = Lines(prefix=b"\x02")
    assert lines.feed(b"\x00\x8f\x02A-01\r\x02A-02\r") == ["A-01", "A-02"]
    assert lines.feed(b"A-03\r") == ["A-03" + DAMAGED]
    assert lines.feed(b"\x02A-04\r") == ["A-04"]


@pytest.mark.parametrize(
    ("damaged", "text"),
    [
        (b"\x00\x00A-01\r", DAMAGED * 2 + "A-01"),
        (b"A\xff01\r", f"A{DAMAGED}01"),
        (b"A\x1b[2J01\r", f"A{DAMAGED}[2J01"),
        ("A\u202e01\r".encode(), f"A{DAMAGED}01"),
        ("A\u200b01\r".encode(), f"A{DAMAGED}01"),
    ],
)
def test_a_damaged_scan_is_marked_and_the_next_is_whole(damaged: bytes, text: str) -> None:
    assert Lines().feed(damaged + b"A-02\r") == [text, "A-02"]


def test_noise_without_a_readable_character_is_dropped_and_counted() -> None:
    lines = Lines()
    assert lines.feed(b"\x00\xff\xfe\r\x00\r\r\nA-01\r") == ["A-01"]
    assert lines.dropped == 2


@pytest.mark.parametrize("length", [SCAN_BYTES_MAX, SCAN_BYTES_MAX + 1, 10_000])
def test_ten_kilobytes_are_one_marked_scan_and_the_next_is_whole(length: int) -> None:
    mark = "" if length <= SCAN_BYTES_MAX else DAMAGED
    wanted = ["x" * min(length, SCAN_BYTES_MAX) + mark, "A-02"]
    assert Lines().feed(b"x" * length + b"\rA-02\r") == wanted


@asynccontextmanager
async def _floor(twin: ScannerTwin, **options: Any) -> AsyncIterator[Floor]:
    twin.plug()
    floor = Floor(CASE)
    try:
        await floor.start({"port": str(twin.port), **options})
        await floor.seen(Health.ONLINE)
        yield floor
    finally:
        await floor.stop()
        twin.unplug()


async def _texts(floor: Floor, count: int) -> list[str]:
    await until(lambda: len(floor.heard) >= count, lambda: f"{count} scans: {floor.heard}")
    return [signal.text for signal in floor.heard if isinstance(signal, Scan)]


async def test_a_scan_arrives_whole_from_pieces_and_doubles_are_two_facts(tmp_path: Path) -> None:
    twin = ScannerTwin(tmp_path / "scanner", suffix=b"\r\n")
    async with _floor(twin) as floor:
        await twin.scan(GS1, pieces=9)
        await twin.bounce("A-01")
        await twin.send(b"LPN-1\r\n\x00\xff\r\nLPN-2\r\n")
        assert await _texts(floor, 5) == [GS1, "A-01", "A-01", "LPN-1", "LPN-2"]
        assert floor.supervisor.metrics(NAME).unread_garbage == 1, "nothing is dropped unseen"


async def test_prefix_and_suffix_are_as_configured(tmp_path: Path) -> None:
    twin = ScannerTwin(tmp_path / "scanner", suffix=b"\x03", prefix=b"\x02")
    async with _floor(twin, suffix="etx", prefix="\x02") as floor:
        await twin.scan("two\rlines")
        assert await _texts(floor, 1) == ["two\rlines"]


async def test_a_scan_that_lost_its_suffix_is_answered_as_damaged(tmp_path: Path) -> None:
    twin = ScannerTwin(tmp_path / "scanner")
    async with _floor(twin) as floor:
        await twin.send(b"A-0")
        assert await _texts(floor, 1) == ["A-0" + DAMAGED]
        await twin.scan("A-01")
        assert await _texts(floor, 2) == ["A-0" + DAMAGED, "A-01"]


async def test_unplugged_and_plugged_in_elsewhere_it_comes_back(tmp_path: Path) -> None:
    twin, other = ScannerTwin(tmp_path / "scanner"), ScannerTwin(tmp_path / "other")
    async with _floor(twin) as floor:
        twin.unplug()
        await floor.seen(Health.OFFLINE)
        other.plug()  # takes the terminal that was free
        twin.plug()
        await floor.seen(Health.ONLINE)
        await twin.scan("A-01")
        assert await _texts(floor, 1) == ["A-01"]
        other.unplug()


async def test_a_name_that_leads_to_another_port_is_noticed(tmp_path: Path) -> None:
    twin, other = ScannerTwin(tmp_path / "one"), ScannerTwin(tmp_path / "two")
    name = tmp_path / "by-id"
    twin.plug()
    other.plug()
    name.symlink_to(twin.port)
    floor = Floor(CASE)
    await floor.start({"port": str(name)})
    await floor.seen(Health.ONLINE)
    name.unlink()
    name.symlink_to(other.port)
    await floor.seen(Health.ONLINE, after_session=1)
    await other.scan("A-01")
    assert await _texts(floor, 1) == ["A-01"]
    await floor.stop()
    twin.unplug()
    other.unplug()


async def test_a_port_is_taken_by_one_driver_and_given_back(tmp_path: Path) -> None:
    twin = ScannerTwin(tmp_path / "scanner")
    async with _floor(twin) as floor:
        descriptors = _open_files()
        second = SerialScanner({"port": str(twin.port)})
        with pytest.raises(Unavailable, match="lock"):
            await second.open(_link())
        await second.close()
        await floor.supervisor.restart("device")
        await floor.seen(Health.ONLINE, after_session=1)
        assert _open_files() == descriptors


async def test_a_port_that_is_not_there_is_told_in_words_that_people_have(tmp_path: Path) -> None:
    absent = SerialScanner({"port": str(tmp_path / "absent")})
    with pytest.raises(Unavailable, match=r"^device\.unreachable$"):
        await absent.open(_link())


def _open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def _link() -> Link:
    clock = asyncio.get_running_loop().time
    return Link("x", 1, lambda _signal: None, lambda: None, lambda _why: None, clock)


async def test_a_slow_floor_is_felt_at_the_wire_and_no_scan_is_lost(tmp_path: Path) -> None:
    twin = ScannerTwin(tmp_path / "scanner")
    twin.plug()
    queue = SignalQueue(facts_max=10)

    async def on_health(_device: str, _health: Health, _reason: str) -> None: ...

    supervisor = Supervisor(
        load=_only_scanners,
        on_health=on_health,
        clock=asyncio.get_running_loop().time,
        random=random.Random(1),
        policy=FAST,
        queue=queue,
    )
    await supervisor.start("s", "serial-scanner", {"port": str(twin.port)})
    await until(lambda: supervisor.health("s")[0] is Health.ONLINE, "online")
    codes = [f"]C0CODE-{number:06}" for number in range(3_000)]

    async def pull() -> None:
        for code in codes:
            await twin.scan(code)

    pulling = asyncio.create_task(pull())
    await asyncio.sleep(2 * FAST.liveness_s)  # the floor stands still for longer than patience
    assert not pulling.done()
    assert len(queue) < 10 + 4096 / len(codes[0])
    heard = [await queue.get() for _ in codes]
    assert heard == [Scan("s", code) for code in codes]
    assert supervisor.session("s") == 1
    await pulling
    await supervisor.stop_all()
    twin.unplug()


def _only_scanners(_name: str) -> type[SerialScanner]:
    return SerialScanner


@pytest.mark.parametrize(
    "options", [{}, {"port": ""}, {"port": "/dev/x", "bauds": 9600}, {"port": "/dev/x", "baud": 7}]
)
def test_wrong_options_are_refused(options: Mapping[str, Any]) -> None:
    with pytest.raises(ConfigFault):
        SerialScanner(options)
