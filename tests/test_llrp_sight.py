"""What the LLRP driver says of a reader that was blind, and of tags at a door."""

import asyncio

import pytest

from devices.capabilities import Unavailable
from devices.conformance import until
from devices.drivers import llrp
from devices.sightings import QUIET
from devices.twins.llrp import GARBAGE
from devices.twins.llrp_wire import Type, message, tlv
from tests.llrp_bench import EPC, reader_of, seen_of, sllurp_threads, tags_of, twin_at
from wms.rooms.signals import ReaderBlind, Signal, TagGone, TagPassed


async def test_a_message_that_cannot_be_read_is_counted_and_was_a_blind_moment() -> None:
    heard: list[Signal] = []
    missed: list[str] = []
    without_a_status = message(Type.READER_EVENT_NOTIFICATION, 1, tlv(246, tlv(256, b"")))
    async with twin_at() as twin:
        twin.field.place(EPC.format(1), 1)
        async with reader_of(twin, heard, missed=missed):
            twin.faults.before_next_report = without_a_status + GARBAGE
            await until(lambda: len(missed) == 2, "the bad message, and a report of no tag")
            heard.clear()
            await until(lambda: len(tags_of(heard)) > 3, "more tags")
        assert missed == ["garbage", "garbage"]


async def test_a_stream_that_is_no_llrp_ends_the_session() -> None:
    async with twin_at() as twin:
        twin.field.place(EPC.format(1), 1)
        async with reader_of(twin) as reader:
            twin.faults.before_next_report = b"HTTP/1.1 400 Bad Request\r\n\r\n"
            with pytest.raises(Unavailable):
                await asyncio.wait_for(reader.run(), 30)
            await until(lambda: not sllurp_threads(), "its thread to end")


async def test_what_the_reader_lost_and_cannot_see_is_said() -> None:
    heard: list[Signal] = []
    trouble: list[str] = []
    async with twin_at() as twin, reader_of(twin, heard, trouble=trouble):
        await twin.overflow()
        await until(lambda: any(isinstance(s, ReaderBlind) for s in heard), "the overflow")
        await twin.antenna(1, connected=False)
        await until(lambda: trouble == [llrp.DEAF], "the antenna")
        await twin.antenna(1, connected=True)
        await until(lambda: trouble == [llrp.DEAF, ""], "the antenna again")
    assert {s.reason for s in heard if isinstance(s, ReaderBlind)} == {llrp.OVERFLOW}


async def test_a_reader_that_froze_and_went_on_was_blind() -> None:
    heard: list[Signal] = []
    async with twin_at() as twin:
        twin.field.place(EPC.format(1), 1)
        async with reader_of(twin, heard, keepalive_ms=100, gone_s=0.5):
            await until(lambda: bool(heard), "the tag")
            twin.freeze()
            await asyncio.sleep(1.7)
            assert not [s for s in heard if isinstance(s, TagGone)]
            twin.thaw()
            await until(lambda: any(isinstance(s, ReaderBlind) for s in heard), "the silence")
            twin.field.remove(EPC.format(1))
            await until(lambda: TagGone("portal", EPC.format(1)) in heard, "the end of the tag")
    blind = next(s for s in heard if isinstance(s, ReaderBlind))
    assert blind.ms >= 1_500
    assert blind.reason == QUIET


async def test_at_a_door_the_way_is_known() -> None:
    heard: list[Signal] = []
    async with twin_at() as twin:
        pallet = twin.field.place(EPC.format(1), 2)
        twin.field.place(EPC.format(2), 1)
        async with reader_of(twin, heard, antennas=[1, 2], inside=[1], outside=[2], within_ms=200):
            await until(lambda: len(seen_of(heard, EPC.format(1))) > 2, "it outside")
            pallet.antennas = {1}
            await until(lambda: any(isinstance(s, TagPassed) for s in heard), "it inside")
    passed = {(s.epc, s.way) for s in heard if isinstance(s, TagPassed)}
    assert passed == {(EPC.format(1), "in")}, "the other one never moved"
