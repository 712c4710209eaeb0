"""The robot twin on its socket: registers, exceptions, and everything that a wire can do."""

import json
from pathlib import Path

import pytest

from devices.capabilities import Unavailable, Uncertain
from devices.codecs import grh1
from devices.codecs.grh1 import Cmd, Command, MissionType
from devices.conformance import until
from devices.drivers.registers import ModbusTcp, Refused
from devices.twins.grh1 import Grh1Twin, Stations
from tests.grh1_rig import SOURCE, TARGET, TOTE


async def start(tmp_path: Path) -> tuple[Grh1Twin, ModbusTcp]:
    clock = iter(range(10**9))
    twin = Grh1Twin(
        stations=range(1, 10), clock=lambda: next(clock) * 0.1, log=tmp_path / "log", scan_s=0.001
    )
    await twin.start()
    peer = ModbusTcp("127.0.0.1", twin.port, 1, 0.2)
    await peer.connect()
    return twin, peer


async def test_two_connections_read_and_write_at_once(tmp_path: Path) -> None:
    twin, one = await start(tmp_path)
    other = ModbusTcp("127.0.0.1", twin.port, 1, 0.2)
    await other.connect()
    assert twin.server.connections == 2
    await one.write(1030, [1, 9])
    await until(lambda: twin.plc.memory.fence == 9, "the fence")
    status = grh1.parse_status(await other.read(2000, 48))
    assert status.fence_seen == 9
    one.close()
    other.close()
    await twin.stop()


async def test_requests_outside_the_blocks_get_exceptions(tmp_path: Path) -> None:
    twin, peer = await start(tmp_path)
    for address, count in ((0, 1), (2000, 60), (999, 2)):
        with pytest.raises(Refused) as refused:
            await peer.read(address, count)
        assert refused.value.code == 2
    with pytest.raises(Refused):
        await peer.write(2000, [1])
    with pytest.raises(Refused):
        await peer.write(1030, [1, 2, 3])
    twin.server.exception = 6
    with pytest.raises(Refused) as refused:
        await peer.read(2000, 48)
    assert not refused.value.is_configuration
    peer.close()
    await twin.stop()


async def test_a_delivery_is_written_to_its_file(tmp_path: Path) -> None:
    twin, peer = await start(tmp_path)
    assert isinstance(twin.world, Stations)
    twin.world.loads[SOURCE] = [TOTE]
    boot_id = grh1.parse_status(await peer.read(2000, 48)).boot_id
    command = Command(
        seq=1, cmd=Cmd.ASSIGN, mission=77, mission_type=MissionType.CARRY, source=SOURCE,
        target=TARGET, load_id=grh1.load_id(TOTE), boot_id=boot_id, fence=1,
    )  # fmt: skip
    await peer.write(1000, grh1.command_frame(command))
    beat = 0
    while not twin.deliveries:
        beat += 1
        await peer.write(1030, [beat, 1])
    (line,) = (tmp_path / "log").read_text().splitlines()
    assert json.loads(line)["mission"] == 77
    assert json.loads(line)["load"] == TOTE
    peer.close()
    await twin.stop()


async def test_a_lost_reply_leaves_the_writer_in_doubt_and_the_write_done(tmp_path: Path) -> None:
    twin, peer = await start(tmp_path)
    twin.server.lose_replies = 1
    with pytest.raises(Uncertain):
        await peer.write(1030, [1, 9])
    await until(lambda: twin.plc.memory.fence == 9, "the fence")
    with pytest.raises(Unavailable):  # that connection is not used again
        await peer.read(2000, 48)
    await twin.stop()


async def test_a_late_write_arrives_after_its_connection_is_gone(tmp_path: Path) -> None:
    twin, peer = await start(tmp_path)
    twin.server.late_writes_s = 0.3
    with pytest.raises(Uncertain):
        await peer.write(1030, [1, 9])
    assert twin.plc.memory.fence == 0
    await until(lambda: twin.plc.memory.fence == 9, "the late write")
    await twin.stop()


async def test_silence_a_dropped_link_and_a_power_cut_are_felt(tmp_path: Path) -> None:
    twin, peer = await start(tmp_path)
    twin.silence()
    with pytest.raises(Unavailable):
        await peer.read(2000, 48)
    twin.speak()
    for fault in (twin.drop_links, twin.server.half_a_message):
        peer = ModbusTcp("127.0.0.1", twin.port, 1, 0.2)
        await peer.connect()
        await peer.read(2000, 48)
        fault()
        with pytest.raises(Unavailable):
            await peer.read(2000, 48)
    boot_id = twin.plc.memory.boot_id
    await twin.power_off()
    peer = ModbusTcp("127.0.0.1", twin.port, 1, 0.2)
    with pytest.raises(Unavailable):
        await peer.connect()
    await twin.power_on()
    peer = ModbusTcp("127.0.0.1", twin.port, 1, 0.2)
    await peer.connect()
    assert grh1.parse_status(await peer.read(2000, 48)).boot_id == boot_id + 1
    peer.close()
    await twin.stop()
