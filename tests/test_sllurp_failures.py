"""The failures of `sllurp` that are known, one by one, each made to happen: the driver survives it.

Survived means: tags are read again, the device's health says what was wrong, no thread is left.
"""

import asyncio
import random
import threading
from collections.abc import Awaitable, Callable

import pytest

from devices.capabilities import Health, Link
from devices.cases.llrp import CASE
from devices.conformance import NAME, Floor, until
from devices.drivers import llrp
from devices.drivers.llrp import LlrpReader
from devices.drivers.llrp_options import Options
from devices.twins.llrp import LlrpReaderTwin
from devices.twins.llrp_wire import Type, message, tlv
from wms.rooms.signals import TagSeen

EPC = "3034257bf7194e4000001a{:02x}"
OLD, NEW = bytes.fromhex(EPC.format(1)), bytes.fromhex(EPC.format(99))


class Scene:
    """A supervised reader in front of three tags."""

    def __init__(self) -> None:
        self.twin = LlrpReaderTwin(random=random.Random(5))
        self.tags = [self.twin.field.place(EPC.format(number), 2) for number in (1, 2, 3)]
        self.floor = Floor(CASE)

    async def begin(self, *antennas: int) -> None:
        await self.floor.start({
            "host": self.twin.host, "port": self.twin.port, "keepalive_ms": 200,
            "antennas": list(antennas or (1, 2)),
        })  # fmt: skip

    async def reads(self) -> None:
        """It reads what is there, on the antenna where it is."""
        self.floor.heard.clear()
        await until(lambda: len({one.epc for one in self._seen()}) == 3, "three tags")
        assert {one.antenna for one in self._seen()} == {2}

    def _seen(self) -> list[TagSeen]:
        return [one for one in self.floor.heard if isinstance(one, TagSeen)]


async def _no_report_without_a_trigger(scene: Scene) -> None:
    await scene.begin()
    await scene.reads()
    rospec = scene.twin.radio.rospecs[1]
    assert rospec.report_trigger
    assert rospec.stop_tags or rospec.stop_timeout_ms


async def _half_a_message_and_a_power_cycle(scene: Scene) -> None:
    await scene.begin()
    await scene.reads()
    scene.twin.faults.cut_next_report = True
    await scene.floor.seen(Health.ONLINE, after_session=1)


async def _a_frozen_reader(scene: Scene) -> None:
    await scene.begin()
    await scene.floor.seen(Health.ONLINE)
    scene.twin.freeze()
    await scene.floor.seen(Health.OFFLINE)
    scene.twin.thaw()
    await scene.floor.seen(Health.ONLINE, after_session=1)


async def _a_handshake_that_stops(scene: Scene) -> None:
    scene.twin.faults.mute.add("ADD_ROSPEC")
    await scene.begin()
    await scene.floor.seen(Health.OFFLINE)
    scene.twin.faults.mute.clear()


async def _a_goodbye_that_is_not_answered(scene: Scene) -> None:
    await scene.begin()
    await scene.reads()
    scene.twin.faults.mute.add("DELETE_ACCESSSPEC")
    await scene.floor.stop()
    assert not threads()
    scene.twin.faults.mute.clear()
    scene.floor = Floor(CASE)
    await scene.begin()


async def _a_reader_that_serves_somebody_else(scene: Scene) -> None:
    other = LlrpReader({"host": scene.twin.host, "port": scene.twin.port})
    clock = asyncio.get_running_loop().time
    await other.open(Link("other", 1, lambda _: None, lambda: None, lambda _: None, clock))
    await scene.begin()
    await scene.floor.seen(Health.OFFLINE)
    await other.close()


async def _an_antenna_that_is_not_there(scene: Scene) -> None:
    await scene.begin(1, 9)
    await scene.floor.seen(Health.FAULT)
    assert "antenna 9 is not there" in scene.floor.told[-1][1]
    await scene.floor.stop()
    scene.floor = Floor(CASE)
    await scene.begin()


async def _what_an_earlier_client_left(scene: Scene) -> None:
    await scene.begin()
    await scene.floor.seen(Health.ONLINE)
    scene.twin.drop()
    await scene.floor.seen(Health.ONLINE, after_session=1)
    assert list(scene.twin.radio.rospecs) == [1]


async def _a_write_that_would_be_every_tag_s(scene: Scene) -> None:
    await scene.begin()
    await scene.reads()
    await scene.floor.driver(LlrpReader).write_epc(OLD, NEW)
    assert [tag.written for tag in scene.tags] == [1, 0, 0]
    assert not scene.twin.radio.access_specs


async def _fields_that_are_left_out(scene: Scene) -> None:
    scene.twin.faults.omit_unchanged = True
    await scene.begin()


async def _a_reconnect_that_waits_a_minute(scene: Scene) -> None:
    await scene.begin()
    await scene.floor.seen(Health.ONLINE)
    await scene.twin.stop()
    await scene.floor.seen(Health.OFFLINE)
    await scene.twin.start()
    await scene.floor.seen(Health.ONLINE, after_session=1)  # within eight seconds


async def _channels_and_inputs_are_left_alone(scene: Scene) -> None:
    asked = Options(host="reader").for_sllurp()
    assert not {"frequencies", "gpi_ports_config"} & asked.keys()
    await scene.begin()


async def _bytes_that_end_its_thread(scene: Scene) -> None:
    await scene.begin()
    await scene.reads()
    no_status = message(Type.READER_EVENT_NOTIFICATION, 1, tlv(246, tlv(256, b"")))
    scene.twin.faults.before_next_report = no_status
    metrics = scene.floor.supervisor.metrics(NAME)
    await until(lambda: metrics.unread_garbage == 1, "the bad message")
    assert scene.floor.supervisor.session(NAME) == 1


FAILURES: dict[int, Callable[[Scene], Awaitable[None]]] = {
    1: _no_report_without_a_trigger,
    2: _half_a_message_and_a_power_cycle,
    3: _a_frozen_reader,
    4: _a_handshake_that_stops,
    5: _a_goodbye_that_is_not_answered,
    6: _a_reader_that_serves_somebody_else,
    7: _an_antenna_that_is_not_there,
    8: _what_an_earlier_client_left,
    9: _a_write_that_would_be_every_tag_s,
    10: _fields_that_are_left_out,
    11: _a_reconnect_that_waits_a_minute,
    12: _channels_and_inputs_are_left_alone,
    14: _bytes_that_end_its_thread,
}  # 13, inputs that are encoded with another's number, is 12: we use none


def threads() -> list[str]:
    return [one.name for one in threading.enumerate() if one.name.startswith("sllurp")]


@pytest.mark.long
@pytest.mark.parametrize(
    "number", FAILURES, ids=lambda number: f"{number}{FAILURES[number].__name__}"
)
async def test_a_failure_that_is_known_is_survived(
    number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(llrp, "HANDSHAKE_S", 0.5)
    scene = Scene()
    await scene.twin.start()
    try:
        await FAILURES[number](scene)
        await scene.floor.seen(Health.ONLINE)
        if number != 9:
            await scene.reads()
    finally:
        await scene.floor.stop()
        await scene.twin.stop()
    await until(lambda: not threads(), "its threads to end")
