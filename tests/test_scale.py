"""The MT-SICS scale: its wire format, its driver on TCP and on a serial port, and its twin."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from devices.capabilities import ConfigFault, NeedsHuman, Scale, Unavailable
from devices.codecs import mt_sics
from devices.codecs.mt_sics import Answered, NotUnderstood, Reading, Started, State, Tared
from devices.drivers.mt_sics import MtSicsScale
from devices.twins.scale import ScaleTwin
from tests.devices_bench import Heard, until
from wms.rooms.signals import Weight

# The lines are the reference manual's examples, or of its form.
TRANSCRIPT: list[tuple[bytes, mt_sics.Reply | None]] = [
    (b"S S     100.00 g", Reading(100, stable=True)),
    (b"S S     12.345 kg", Reading(12_345, stable=True)),
    (b"S D     12.300 kg", Reading(12_300, stable=False)),
    (b"S S     -0.004 kg", Reading(-4, stable=True)),
    (b"S S       0.50 g", Reading(1, stable=True)),
    (b"S S      -0.50 g", Reading(-1, stable=True)),
    (b"S S       0.49 g", Reading(0, stable=True)),
    (b"S S       5.00 lb", Reading(2268, stable=True)),
    (b"S S       7 kg", Reading(7000, stable=True)),
    (b"S I", Answered("S", State.BUSY)),
    (b"S +", Answered("S", State.OVERLOAD)),
    (b"S -", Answered("S", State.UNDERLOAD)),
    (b"Z A", Answered("Z", State.DONE)),
    (b"Z I", Answered("Z", State.BUSY)),
    (b"T S      1.250 kg", Tared(1250)),
    (b"T +", Answered("T", State.OVERLOAD)),
    (b'I4 A "B021002593"', Started("B021002593")),
    (b"ES", NotUnderstood("ES")),
    (b"EL", NotUnderstood("EL")),
    (b"S S      1.250 oz", None),
    (b"S S      1,250 kg", None),
    (b"S S   Error 10b", None),
    (b"S S      1.2.3 kg", None),
    (b"S S  \xb2\xb2.0 g", None),
    (b"S S " + b" " * 90 + b"1 g", None),
]
QUICK = {
    "poll_s": 0.02,
    "connect_timeout_s": 0.5,
    "answer_timeout_s": 0.4,
    "settle_timeout_s": 0.4,
}


# ---- the codec ----


@pytest.mark.parametrize(("line", "reply"), TRANSCRIPT)
def test_a_line_is_read_as_the_manual_says(line: bytes, reply: mt_sics.Reply | None) -> None:
    replies = mt_sics.Replies()
    assert replies.feed(line + b"\r\n") == ([] if reply is None else [reply])
    assert replies.noise == (reply is None)


def test_after_a_line_without_an_end_the_next_one_is_read() -> None:
    replies = mt_sics.Replies()
    assert replies.feed(b"S S" + b" " * 500) == []
    assert replies.feed(b"\r\nS I\r\n") == [Answered("S", State.BUSY)]


@given(
    st.lists(
        st.sampled_from([line + b"\r\n" for line, _ in TRANSCRIPT]) | st.binary(max_size=100),
        max_size=10,
    ),
    st.lists(st.integers(1, 12), max_size=80),
)
@example(pieces=[TRANSCRIPT[-1][0] + b"\r\nS I\r\n"], sizes=[50, 50])
def test_any_chunking_gives_the_same_replies(pieces: list[bytes], sizes: list[int]) -> None:
    wire = b"".join(pieces) + b"\r\n"
    whole, chunked = mt_sics.Replies(), mt_sics.Replies()
    expected = whole.feed(wire)
    got: list[mt_sics.Reply] = []
    rest = wire
    for size in sizes:
        got += chunked.feed(rest[:size])
        rest = rest[size:]
    assert got + chunked.feed(rest) == expected
    assert chunked.noise == whole.noise


@given(
    st.integers(0, 10**9), st.integers(0, 6), st.sampled_from(sorted(mt_sics.GRAMS)), st.booleans()
)
@example(digits=0, decimals=0, unit="g", minus=True)
def test_grams_are_the_nearest_whole_ones(
    digits: int, decimals: int, unit: str, minus: bool
) -> None:
    text = f"{digits:0{decimals + 1}d}"
    number = f"{text[: len(text) - decimals]}.{text[len(text) - decimals :]}".rstrip(".")
    (reply,) = mt_sics.Replies().feed(f"S S {'-' * minus}{number} {unit}\r\n".encode())
    exact = Fraction(digits, 10**decimals) * Fraction(*mt_sics.GRAMS[unit])
    assert isinstance(reply, Reading)
    assert abs(abs(reply.grams) - exact) <= Fraction(1, 2)
    assert reply.grams <= 0 if minus else reply.grams >= 0


# ---- the twin and the driver ----


@pytest.fixture(params=["tcp", "pty"])
def door(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@asynccontextmanager
async def scale(
    door: str, tmp_path: Path, **options: Any
) -> AsyncIterator[tuple[ScaleTwin, MtSicsScale, Heard]]:
    twin = ScaleTwin(pty=tmp_path / "tty-scale" if door == "pty" else None)
    await twin.start()
    driver, heard = MtSicsScale({**driver_options(twin, door, tmp_path), **options}), Heard()
    try:
        await driver.open(heard.link("scale-1"))
        yield twin, driver, heard
    finally:
        await driver.close()
        await twin.stop()


@asynccontextmanager
async def running(driver: MtSicsScale) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(driver.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait({task})


async def test_the_twin_answers_as_the_manual_says() -> None:
    twin = ScaleTwin(unit="g")
    await twin.start()
    reader, writer = await asyncio.open_connection(twin.host, twin.port)

    async def ask(command: bytes) -> bytes:
        for byte in command:
            writer.write(bytes([byte]))
            await writer.drain()
        writer.write(b"\r\n")
        return await asyncio.wait_for(reader.readline(), 2)

    try:
        twin.put(100)
        assert await ask(b"S") == b"S S     100.00 g\r\n"
        twin.unstable(2)
        assert await ask(b"SI") == b"S D     100.00 g\r\n"
        assert await ask(b"S") == b"S I\r\n"
        assert await ask(b"T") == b"T S     100.00 g\r\n"
        twin.put(20)
        assert await ask(b"SI") == b"S S      20.00 g\r\n"
        twin.unit = "lb"
        twin.put(2248)
        assert await ask(b"SI") == b"S S     5.0001 lb\r\n"
        assert await ask(b"Z") == b"Z A\r\n"
        twin.take()
        twin.unit = "kg"
        assert await ask(b"SI") == b"S S     -2.368 kg\r\n"
        twin.underload()
        assert await ask(b"SI") == b"S -\r\n"
        twin.put_pan_back()
        twin.overload()
        assert await ask(b"SI") == b"S +\r\n"
        assert await ask(b"@") == b'I4 A "B021002593"\r\n'
        assert await ask(b"si") == b"ES\r\n"
    finally:
        writer.close()
        await twin.stop()


async def test_goods_are_weighed_in_whole_grams(door: str, tmp_path: Path) -> None:
    async with scale(door, tmp_path) as (twin, driver, _):
        assert isinstance(driver, Scale)
        assert await driver.weigh() == 0
        twin.put(1234)
        twin.put(11)
        assert await driver.weigh() == 1245
        twin.unit = "lb"
        assert await driver.weigh() == 1245
        twin.take()
        assert await driver.weigh() == 0


async def test_only_a_settled_weight_is_taken(door: str, tmp_path: Path) -> None:
    async with scale(door, tmp_path) as (twin, driver, heard):
        twin.put(500)
        twin.unstable(3)
        asked = len(twin.commands)
        assert await driver.weigh() == 500
        assert len(twin.commands) - asked == 4
        assert heard.signals == [
            Weight("scale-1", 0, stable=True),
            Weight("scale-1", 500, stable=False),
            Weight("scale-1", 500, stable=True),
        ]


async def test_a_weight_that_never_settles_calls_a_person(tmp_path: Path) -> None:
    async with scale("tcp", tmp_path) as (twin, driver, heard):
        twin.unstable(10_000)
        with pytest.raises(NeedsHuman, match=r"scale\.unstable"):
            await driver.weigh()
        assert heard.trouble == ""
        twin.unstable(0)
        assert await driver.weigh() == 0


async def test_over_and_under_load_are_never_a_guess(tmp_path: Path) -> None:
    async with scale("tcp", tmp_path) as (twin, driver, heard):
        twin.overload()
        with pytest.raises(NeedsHuman, match=r"scale\.overload"):
            await driver.weigh()
        assert heard.trouble == "scale.overload"
        twin.take()
        twin.underload()
        with pytest.raises(NeedsHuman, match=r"scale\.underload"):
            await driver.weigh()
        assert heard.trouble == "scale.underload"
        twin.put_pan_back()
        assert await driver.weigh() == 0
        assert heard.trouble == ""


async def test_a_parcel_put_down_hard_is_waited_for(tmp_path: Path) -> None:
    async with scale("tcp", tmp_path, settle_timeout_s=5.0) as (twin, driver, _):
        twin.overload()
        weighing = asyncio.create_task(driver.weigh())
        asked = len(twin.commands)
        await until(lambda: len(twin.commands) > asked + 2, "a look at the overload")
        twin.take()
        twin.put(750)
        assert await weighing == 750


async def test_a_weight_printed_by_hand_is_not_taken_for_an_answer(tmp_path: Path) -> None:
    """A serial device that sends two lines for one question is one behind for ever after."""
    hand = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        load = 0
        while await reader.readline():
            writer.write(f"S S {load} g\r\n".encode())
            if hand.is_set():
                hand.clear()
                await asyncio.sleep(0.01)
                writer.write(b"S S 111 g\r\n")
                load = 222
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    driver, heard = MtSicsScale({"host": "127.0.0.1", "port": port, **QUICK}), Heard()
    await driver.open(heard.link())
    hand.set()
    assert await driver.weigh() == 0
    await asyncio.sleep(0.05)
    assert await driver.weigh() == 222
    assert await driver.weigh() == 222
    await driver.close()
    server.close()


async def test_weights_are_told_when_they_change(door: str, tmp_path: Path) -> None:
    async with scale(door, tmp_path) as (twin, driver, heard), running(driver):
        twin.put(300)
        await until(lambda: Weight("scale-1", 300, stable=True) in heard.signals, "300 g")
        signs = heard.signs_of_life
        await until(lambda: heard.signs_of_life > signs + 3, "three more answers")
        assert len(heard.signals) == 2
        assert await driver.weigh() == 300


async def test_a_frozen_scale_is_lost(door: str, tmp_path: Path) -> None:
    async with scale(door, tmp_path) as (twin, driver, _), running(driver) as run:
        twin.frozen = True
        with pytest.raises(Unavailable, match=r"device\.silent"):
            await driver.weigh()
        with pytest.raises(Unavailable, match=r"device\.silent"):
            await asyncio.wait_for(run, 2)


async def test_garbage_is_no_sign_of_life(door: str, tmp_path: Path) -> None:
    async with scale(door, tmp_path) as (twin, driver, heard), running(driver) as run:
        twin.garbage = True
        with pytest.raises(Unavailable, match=r"scale\.garbage"):
            await asyncio.wait_for(run, 2)
        assert heard.signals == [Weight("scale-1", 0, stable=True)]
        assert heard.missed["garbage"] > 0


async def test_a_cut_reply_and_a_pulled_cable_end_the_session(door: str, tmp_path: Path) -> None:
    async with scale(door, tmp_path) as (twin, driver, _):
        async with running(driver) as run:
            twin.cut_next_reply = True
            with pytest.raises(Unavailable, match=r"device\.unreachable"):
                await asyncio.wait_for(run, 2)
        with pytest.raises(Unavailable):
            await driver.weigh()
    async with scale(door, tmp_path) as (twin, driver, _), running(driver) as run:
        twin.unplug()
        with pytest.raises(Unavailable, match=r"device\.unreachable"):
            await asyncio.wait_for(run, 2)
        with pytest.raises(Unavailable):
            await MtSicsScale(driver_options(twin, door, tmp_path)).open(Heard().link())
        await twin.plug_in()
        again = MtSicsScale(driver_options(twin, door, tmp_path))
        await again.open(Heard().link())
        assert await again.weigh() == 0
        await again.close()


def driver_options(twin: ScaleTwin, door: str, tmp_path: Path) -> dict[str, Any]:
    if door == "pty":
        return {"port": str(tmp_path / "tty-scale"), **QUICK}
    return {"host": twin.host, "port": twin.port, **QUICK}


async def test_a_dropped_connection_ends_the_session(tmp_path: Path) -> None:
    async with scale("tcp", tmp_path) as (twin, driver, _), running(driver) as run:
        twin.drop()
        with pytest.raises(Unavailable):
            await asyncio.wait_for(run, 2)


async def test_a_serial_port_is_for_one_process(tmp_path: Path) -> None:
    async with scale("pty", tmp_path) as (twin, driver, _):
        with pytest.raises(Unavailable):
            await MtSicsScale(driver_options(twin, "pty", tmp_path)).open(Heard().link())
        assert await driver.weigh() == 0


async def test_a_closed_scale_is_unavailable(door: str, tmp_path: Path) -> None:
    async with scale(door, tmp_path) as (twin, driver, _):
        await driver.close()
        await driver.close()
        with pytest.raises(Unavailable):
            await driver.weigh()
        await until(lambda: not twin.connections, "the connection to end")
        again = MtSicsScale(driver_options(twin, door, tmp_path))
        await again.open(Heard().link())
        await again.close()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"port": "/dev/ttyUSB0", "host": "scale"},
        {"port": 4305},
        {"host": "scale"},
        {"host": "scale", "port": 70000},
        {"port": "/dev/ttyUSB0", "baud": 1},
        {"port": "/dev/ttyUSB0", "unit": "kg"},
    ],
)
def test_wrong_options_are_a_fault(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigFault):
        MtSicsScale(options)
