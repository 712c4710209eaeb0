"""The LLRP driver and its twin: reads are evidence, writes are exact, silence is noticed."""

import asyncio
import socket
import sys
from typing import Any

import pytest

from devices.capabilities import ConfigFault, Health, NeedsHuman, Unavailable, Uncertain
from devices.cases.llrp import CASE
from devices.codecs.llrp_tags import TagReports
from devices.conformance import Floor, until
from devices.drivers import llrp
from devices.drivers.llrp import LlrpReader
from devices.twins.llrp import GARBAGE
from devices.twins.llrp_field import WriteResult
from devices.twins.llrp_specs import AccessSpec
from tests.llrp_bench import (
    EPC,
    NEW,
    OLD,
    OTHER,
    no_link,
    reader_of,
    seen_of,
    sllurp_threads,
    tags_of,
    twin_at,
)
from wms.rooms.signals import Signal, TagSeen


async def test_tags_are_seen_on_their_antennas_until_they_are_gone() -> None:
    heard: list[Signal] = []
    async with twin_at() as twin:
        for number in range(3):
            twin.field.place(EPC.format(number), 1 + number % 2, rssi=-50 - number)
        twin.field.place("e280", 2)  # not every EPC has 96 bits
        twin.field.place(EPC.format(9), 4)  # and nobody asked for antenna 4
        async with reader_of(twin, heard, antennas=[1, 2]):
            await until(lambda: len({s.epc for s in tags_of(heard)}) == 4, "four tags")
            assert {s.antenna for s in seen_of(heard, EPC.format(1))} == {2}
            assert {s.antenna for s in seen_of(heard, EPC.format(2))} == {1}
            assert all(-54 <= s.rssi <= -50 and s.count >= 1 for s in seen_of(heard, EPC.format(2)))
            assert not seen_of(heard, EPC.format(9))
            twin.field.remove(EPC.format(1))
            for _ in range(2):  # one report may have been on its way
                heard.clear()
                await until(lambda: len(seen_of(heard, EPC.format(2))) > 2, "the next reports")
            assert not seen_of(heard, EPC.format(1))


async def test_a_field_left_out_is_as_in_the_last_report() -> None:
    heard: list[Signal] = []
    async with twin_at() as twin:
        twin.faults.omit_unchanged = True
        twin.field.place(EPC.format(1), 3)
        async with reader_of(twin, heard, antennas=[3]):
            await until(lambda: len(tags_of(heard)) > 5, "some reports")
            assert {s.antenna for s in tags_of(heard)} == {3}
            assert all(s.rssi <= -40 for s in tags_of(heard))


def test_what_is_remembered_ends_with_the_connection() -> None:
    first, second = TagReports("portal"), TagReports("portal")
    first.read({"EPC": b"3034", "AntennaID": 2, "PeakRSSI": -51})
    assert second.read({"EPC": b"3034"}) == TagSeen("portal", "3034", 0, -128, 1)


@pytest.mark.parametrize("fault", ["dribble", "garbage", "delay"])
async def test_a_bad_line_does_not_end_the_reading(fault: str) -> None:
    heard: list[Signal] = []
    async with twin_at() as twin:
        twin.field.place(EPC.format(1), 1)
        twin.faults.dribble = fault == "dribble"
        twin.faults.delay_s = 0.05 if fault == "delay" else 0.0
        async with reader_of(twin, heard) as reader:
            await until(lambda: bool(heard), "a tag")
            twin.faults.before_next_report = GARBAGE if fault == "garbage" else b""
            heard.clear()
            await until(lambda: len(heard) > 3, "more of it")
            await reader.write_epc(OLD, NEW)
            assert twin.field.epcs() == [NEW.hex()]


async def test_a_connection_that_came_too_late_is_not_left_behind() -> None:
    full = socket.socket()
    full.bind(("127.0.0.1", 0))
    full.listen(0)
    waiting = socket.create_connection(full.getsockname())
    driver = LlrpReader({"host": "127.0.0.1", "port": full.getsockname()[1]})
    opening = asyncio.create_task(driver.open(no_link()))
    await asyncio.sleep(0.1)
    assert not opening.done(), "nobody accepts: it must still be knocking"
    opening.cancel()
    accepted, _ = full.accept()
    await driver.close()
    late, _ = await asyncio.to_thread(full.accept)
    await asyncio.sleep(0.1)
    assert not sllurp_threads()
    for connection in (accepted, late, waiting, full):
        connection.close()


async def test_the_reader_is_told_to_live_and_how_loud_to_be() -> None:
    async with (
        twin_at() as twin,
        reader_of(twin, keepalive_ms=300, antennas=[1, 2], power_dbm=20.1),
    ):
        assert twin.radio.keepalive_ms == 300
        assert twin.radio.rospecs[1].powers == {1: 41, 2: 41}  # 10 dBm is step 1, 0.25 dB each


async def test_without_a_power_the_reader_gives_its_most() -> None:
    async with twin_at() as twin, reader_of(twin):
        assert twin.radio.rospecs[1].powers == {1: 81}


async def test_what_an_earlier_client_left_behind_is_cleared() -> None:
    async with twin_at() as twin:
        async with reader_of(twin):
            assert list(twin.radio.rospecs) == [1]
            twin.drop()
            await until(lambda: not twin.has_client, "the drop")
        assert list(twin.radio.rospecs) == [1]
        async with reader_of(twin):
            assert list(twin.radio.rospecs) == [1]
        assert not twin.radio.rospecs, "a polite goodbye stops the radio"


async def test_a_reader_that_serves_another_client_is_unavailable_and_keeps_that_one() -> None:
    async with twin_at() as twin, reader_of(twin):
        second = LlrpReader({"host": twin.host, "port": twin.port})
        with pytest.raises(Unavailable, match="Client initiated connection"):
            await second.open(no_link())
        await second.close()
        assert twin.refused == 1
        assert twin.has_client


async def test_a_reader_that_refuses_says_so() -> None:
    async with twin_at() as twin:
        twin.faults.refuse_clients = True
        with pytest.raises(Unavailable, match="Failed"):
            async with reader_of(twin):
                pass


@pytest.mark.parametrize(
    "step", ["GET_READER_CAPABILITIES", "SET_READER_CONFIG", "DELETE_ACCESSSPEC", "ENABLE_ROSPEC"]
)
async def test_a_handshake_that_stops_is_given_up(
    step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(llrp, "HANDSHAKE_S", 0.3)
    async with twin_at() as twin:
        twin.faults.mute.add(step)
        with pytest.raises(Unavailable, match="no LLRP handshake"):
            async with reader_of(twin):
                pass
        await until(lambda: not sllurp_threads(), "its thread to end")


async def test_an_antenna_the_reader_has_not_is_a_fault() -> None:
    async with twin_at(antennas=2) as twin:
        with pytest.raises(ConfigFault, match="antenna 3 is not there: the reader has 2"):
            async with reader_of(twin, antennas=[1, 3]):
                pass


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"host": ""},
        {"host": "h", "port": 0},
        {"host": "h", "antennas": []},
        {"host": "h", "antennas": [0, 1]},
        {"host": "h", "keepalive_ms": 60_000},
        {"host": "h", "antenas": [1]},
        {"host": "h", "antennas": [1, 2], "inside": [1]},
        {"host": "h", "antennas": [1, 2], "inside": [1, 2], "outside": [2]},
        {"host": "h", "antennas": [1], "inside": [1], "outside": [2]},
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigFault):
        LlrpReader(options)


async def test_a_write_changes_that_one_tag() -> None:
    async with twin_at() as twin:
        for epc in (OTHER, OLD[:10] + b"\xff\xff", OLD):
            twin.field.place(epc.hex(), 1)
        async with reader_of(twin) as reader:
            await reader.write_epc(OLD, NEW)
            assert sorted(tag.written for tag in twin.field.tags) == [0, 0, 1]
            assert NEW.hex() in twin.field.epcs()
            assert OLD.hex() not in twin.field.epcs()
            assert not twin.radio.access_specs
            await reader.write_epc(NEW, OLD)
            assert OLD.hex() in twin.field.epcs()


async def test_a_longer_tag_that_begins_alike_is_another_tag() -> None:
    async with twin_at() as twin:
        longer = twin.field.place(OLD.hex() + "00000001", 1)
        async with reader_of(twin) as reader:
            with pytest.raises(Uncertain):
                await reader.write_epc(OLD, NEW, timeout_s=0.3)
            assert longer.written == 0
            tag = twin.field.place(OLD.hex(), 1)
            await reader.write_epc(OLD, NEW)
            assert (tag.epc, longer.written) == (NEW, 0)
            assert await reader.read_epc(NEW)
            assert not await reader.read_epc(OLD, timeout_s=0.3)


async def test_a_write_is_done_when_it_was_read_back() -> None:
    async with twin_at() as twin:
        tag = twin.field.place(OLD.hex(), 1)
        async with reader_of(twin) as reader:
            tag.forgets = True
            with pytest.raises(Uncertain):
                await reader.write_epc(OLD, NEW, timeout_s=0.3)
            assert tag.epc == OLD


async def test_only_one_tag_alone_in_the_field_is_chosen() -> None:
    heard: list[Signal] = []
    async with twin_at() as twin, reader_of(twin, heard) as reader:
        with pytest.raises(NeedsHuman, match="none"):
            await reader.alone()
        twin.field.place(OLD.hex(), 1)
        await until(lambda: len(seen_of(heard, OLD.hex())) > 1, "one tag")
        assert await reader.alone() == OLD
        twin.field.place(NEW.hex(), 1)
        await until(lambda: len(seen_of(heard, NEW.hex())) > 1, "another one")
        with pytest.raises(NeedsHuman, match="several"):
            await reader.alone()
        with pytest.raises(NeedsHuman, match="has this EPC"):
            await reader.write_epc(OLD, NEW)


async def test_answers_that_come_at_any_moment_are_handled() -> None:
    # The reading thread may run between any two steps of ours.
    interval_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        async with twin_at(round_s=0.002) as twin:
            tag = twin.field.place(OLD.hex(), 1)
            async with reader_of(twin) as reader:
                for number in range(150):
                    new = OLD[:-2] + number.to_bytes(2, "big")
                    await reader.write_epc(tag.epc, new, timeout_s=1.0)
                    assert tag.epc == new
    finally:
        sys.setswitchinterval(interval_s)


async def test_an_order_that_the_reader_refuses_was_not_carried_out() -> None:
    async with twin_at() as twin:
        tag = twin.field.place(OLD.hex(), 1)
        async with reader_of(twin) as reader:
            twin.radio.access_specs[1] = AccessSpec(1, antenna=0, rospec=0, enabled=False)
            with pytest.raises(Unavailable, match="is there already"):
                await reader.write_epc(OLD, NEW)
            assert tag.written == 0
            await reader.write_epc(OLD, NEW)
            assert tag.written == 1


async def test_of_two_tags_with_the_same_epc_one_is_written() -> None:
    async with twin_at() as twin:
        twin.field.place(OLD.hex(), 1)
        twin.field.place(OLD.hex(), 1)
        async with reader_of(twin) as reader:
            await reader.write_epc(OLD, NEW)
            assert sorted(tag.written for tag in twin.field.tags) == [0, 1]


async def test_silence_about_a_write_is_uncertain_and_the_order_is_withdrawn() -> None:
    heard: list[Signal] = []
    async with twin_at() as twin:
        twin.field.place(OTHER.hex(), 1)
        async with reader_of(twin, heard) as reader:
            with pytest.raises(Uncertain):
                await reader.write_epc(OLD, NEW, timeout_s=0.2)
            late = twin.field.place(OLD.hex(), 1)
            await until(lambda: bool(seen_of(heard, OLD.hex())), "the late tag")
            assert late.written == 0
            await reader.write_epc(OLD, NEW)
            assert late.written == 1


@pytest.mark.parametrize("how", ["no answer", "caller gave up"])
async def test_an_order_that_cannot_be_withdrawn_ends_the_session(
    how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(llrp, "DELETE_S", 0.2)
    async with twin_at() as twin:
        floor = Floor(CASE)
        await floor.start({"host": twin.host, "port": twin.port})
        await floor.seen(Health.ONLINE)
        twin.faults.mute.add("DELETE_ACCESSSPEC")
        driver = floor.driver(LlrpReader)
        with pytest.raises((Uncertain, TimeoutError)):
            if how == "no answer":
                await driver.write_epc(OLD, NEW, timeout_s=0.2)
            else:
                await asyncio.wait_for(driver.write_epc(OLD, NEW), 0.2)
        twin.faults.mute.clear()
        await floor.seen(Health.ONLINE, after_session=1)
        late = twin.field.place(OLD.hex(), 1)
        await until(lambda: bool(seen_of(floor.heard, OLD.hex())), "the late tag")
        assert late.written == 0
        await floor.stop()


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        (WriteResult.OVERRUN, NeedsHuman),
        (WriteResult.LOCKED, NeedsHuman),
        (WriteResult.LITTLE_POWER, Uncertain),
        (WriteResult.TAG_ERROR, Uncertain),
        (WriteResult.NO_ANSWER, Uncertain),
        (WriteResult.READER_ERROR, Uncertain),
    ],
)
async def test_a_write_that_failed_says_whether_the_tag_is_unchanged(
    answer: WriteResult, trouble: type[Exception]
) -> None:
    async with twin_at() as twin:
        twin.field.place(OLD.hex(), 1).answer = answer
        async with reader_of(twin) as reader:
            with pytest.raises(trouble):
                await reader.write_epc(OLD, NEW)


async def test_a_write_that_the_link_cut_short_is_uncertain() -> None:
    async with twin_at() as twin:
        floor = Floor(CASE)
        await floor.start({"host": twin.host, "port": twin.port})
        await floor.seen(Health.ONLINE)
        writing = asyncio.create_task(floor.driver(LlrpReader).write_epc(OLD, NEW))
        await until(lambda: "ENABLE_ACCESSSPEC" in twin.heard, "the order")
        twin.drop()
        with pytest.raises(Uncertain):
            await writing
        await floor.stop()


@pytest.mark.parametrize(("old", "new"), [(OLD, NEW[:10]), (b"", b""), (b"abc", b"abd")])
async def test_only_whole_words_of_equal_length_are_written(old: bytes, new: bytes) -> None:
    async with twin_at() as twin, reader_of(twin) as reader:
        with pytest.raises(ValueError, match="whole words"):
            await reader.write_epc(old, new)
        assert "ADD_ACCESSSPEC" not in twin.heard


async def test_a_reader_that_does_not_answer_the_goodbye_leaves_no_thread() -> None:
    async with twin_at() as twin:
        async with reader_of(twin):
            twin.faults.mute.add("DELETE_ACCESSSPEC")
        await until(lambda: not sllurp_threads(), "its thread to end")


async def test_a_write_without_a_link_sends_nothing() -> None:
    reader = LlrpReader({"host": "127.0.0.1"})
    with pytest.raises(Unavailable):
        await reader.write_epc(OLD, NEW)


async def test_many_tags_in_view_are_all_reported() -> None:
    heard: list[Signal] = []
    async with twin_at(round_s=0.05) as twin:
        for number in range(200):
            twin.field.place(EPC.format(number), 1, chance=0.7)
        async with reader_of(twin, heard):
            await until(lambda: len({tag.epc for tag in tags_of(heard)}) == 200, "200 tags")
