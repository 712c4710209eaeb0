"""The robot twin keeps each of the robot's rules (10-18) of profile GRH-1."""

import csv
import json
import random
from pathlib import Path

import pytest

from devices.capabilities import Unavailable, Uncertain
from devices.codecs import grh1
from devices.codecs.grh1 import Answer, Cmd, Command, Load, MissionType, Mode, State, Status
from devices.conformance import until
from devices.drivers.registers import ModbusTcp, Refused
from devices.twins.grh1 import Grh1Twin, Stations
from devices.twins.grh1_body import Body, DeliveryLog
from devices.twins.grh1_plc import Pace, Plc

GOLDEN = list(csv.DictReader((Path(__file__).parent / "fixtures" / "grh1.csv").open()))
TOTE = "T-000123"
SOURCE, TARGET, PARKING = 3, 7, 1
ASSIGN_COMMAND, BEAT, STATUS, JOURNAL = 1000, 1030, 2000, 2100


class Rig:
    """A robot's PLC on the bench, with a clock in the hand and a floor that beats."""

    def __init__(self, *, remembers: bool = True) -> None:
        self.world = Stations({SOURCE: [TOTE]})
        self.body = Body(self.world, station=PARKING)
        self.log = DeliveryLog()
        self.plc = Plc(
            self.body,
            stations=range(1, 10),
            log=self.log,
            pace=Pace(travel_s=4, hand_off_s=1),
            chance=random.Random(1),
            remembers=remembers,
        )
        self.now_s = 100.0
        self.seq = self.beat = 0
        self.fence, self.beats = 5, True
        self.scan()

    def scan(self) -> None:
        """One scan, a tenth of a second later."""
        self.now_s += 0.1
        if self.beats:
            self.beat += 1
            self.plc.write(BEAT, grh1.heartbeat_frame(self.beat, self.fence))
        self.plc.scan(self.now_s)

    @property
    def status(self) -> Status:
        return grh1.parse_status(self.plc.read(STATUS, grh1.STATUS_COUNT))

    @property
    def journal(self) -> dict[int, tuple[State, int]]:
        entries = grh1.parse_journal(self.plc.read(JOURNAL, grh1.JOURNAL_COUNT))
        return {entry.mission: (entry.state, entry.error) for entry in entries}

    def frame(
        self,
        cmd: Cmd,
        mission: int,
        *,
        kind: MissionType = MissionType.CARRY,
        source: int = SOURCE,
        target: int = TARGET,
        boot_id: int | None = None,
        fence: int | None = None,
        seq: int | None = None,
    ) -> list[int]:
        if seq is None:
            self.seq = seq = grh1.next_after(self.seq, self.status.ack_seq)
        return grh1.command_frame(
            Command(
                seq=seq,
                cmd=cmd,
                mission=mission,
                mission_type=kind if cmd is Cmd.ASSIGN else MissionType.NONE,
                source=source,
                target=target,
                load_id=grh1.load_id(TOTE),
                boot_id=self.status.boot_id if boot_id is None else boot_id,
                fence=self.fence if fence is None else fence,
            )
        )

    def write(self, frame: list[int]) -> int:
        """Write a frame and scan once; the answer on display."""
        self.plc.write(ASSIGN_COMMAND, frame)
        self.scan()
        return self.status.answer

    def send(self, cmd: Cmd, mission: int, **fields: int | MissionType) -> int:
        answer = self.write(self.frame(cmd, mission, **fields))  # type: ignore[arg-type]
        assert self.status.ack_seq == self.seq
        return answer

    def until(self, state: State) -> None:
        for _ in range(500):
            if self.status.state is state:
                return
            self.scan()
        raise AssertionError(f"{self.status.state.name}, not {state.name}")


@pytest.fixture
def rig() -> Rig:
    return Rig()


@pytest.mark.parametrize("row", GOLDEN, ids=lambda row: f"{row['cmd']}-{row['crc16']}")
def test_it_understands_the_golden_frames(rig: Rig, row: dict[str, str]) -> None:
    rig.fence = int(row["fence"])
    rig.plc.memory.fence = 0
    rig.plc.memory.boot_id = int(row["boot_id"])
    rig.plc.write(1000, [int(word, 16) for word in row["registers_1000_to_1023_hex"].split()])
    rig.scan()
    assert rig.status.ack_seq == int(row["seq"])
    expected = {
        Cmd.ASSIGN: {Answer.OK, Answer.UNKNOWN_STATION},
        Cmd.VOID: {Answer.OK},
        Cmd.PAUSE: {Answer.OK},
        Cmd.RESUME: {Answer.OK},
        Cmd.CONFIRM: {Answer.UNKNOWN_MISSION},
        Cmd.RESET: {Answer.WRONG_MODE},
    }[Cmd(int(row["cmd"]))]
    assert rig.status.answer in expected


def test_a_carry_goes_through_every_state_and_delivers_once(rig: Rig) -> None:
    assert rig.send(Cmd.ASSIGN, 77) == Answer.OK
    seen: list[State] = []
    while not seen or seen[-1] is not State.DONE:
        if not seen or seen[-1] is not rig.status.state:
            seen.append(rig.status.state)
            loaded = rig.status.state in (State.TO_TARGET, State.UNLOADING)
            assert rig.status.load is (Load.LOADED if loaded else Load.EMPTY)
        rig.scan()
    assert seen == [
        State.TO_SOURCE, State.LOADING, State.TO_TARGET, State.UNLOADING, State.DONE,
    ]  # fmt: skip
    assert rig.world.where(TOTE) == TARGET
    (delivery,) = rig.log.deliveries
    assert (delivery.mission, delivery.load, delivery.source, delivery.target) == (
        77, TOTE, SOURCE, TARGET,
    )  # fmt: skip
    assert delivery.load_id == grh1.load_id(TOTE)


# Rule 10.


def test_a_torn_or_zero_or_old_command_is_ignored(rig: Rig) -> None:
    rig.send(Cmd.PAUSE, 1)
    torn = rig.frame(Cmd.ASSIGN, 5, seq=9)
    torn[23] = 8
    rig.write(torn)
    assert rig.status.ack_seq == 1
    for seq in (1, 65_535):  # the same and an older one
        rig.write(rig.frame(Cmd.ASSIGN, 5, seq=seq))
        assert rig.status.ack_seq == 1
    assert rig.status.mission == 0


def test_after_a_wiped_memory_any_number_is_new(rig: Rig) -> None:
    rig.send(Cmd.PAUSE, 1)
    rig.plc.boot(wiped=True)
    rig.scan()
    rig.write(rig.frame(Cmd.RESET, 1, seq=60_000))
    assert rig.status.ack_seq == 60_000


def test_a_bad_crc_is_answered_without_taking_the_number(rig: Rig) -> None:
    frame = rig.frame(Cmd.ASSIGN, 5)
    frame[8] += 1
    assert rig.write(frame) == Answer.BAD_CRC
    assert rig.status.ack_seq == 0
    frame[8] -= 1
    assert rig.write(frame) == Answer.OK


def test_a_stale_boot_or_fence_changes_nothing_at_all(rig: Rig) -> None:
    rig.send(Cmd.PAUSE, 1)
    before = (rig.status.ack_seq, rig.status.answer)
    rig.write(rig.frame(Cmd.ASSIGN, 5, boot_id=rig.status.boot_id + 1))
    rig.write(rig.frame(Cmd.ASSIGN, 5, fence=4))
    assert (rig.status.ack_seq, rig.status.answer) == before
    assert rig.status.mission == 0


def test_the_first_reason_wins(rig: Rig) -> None:
    rig.send(Cmd.VOID, 8)
    assert rig.send(Cmd.ASSIGN, 8, kind=MissionType.NONE) == Answer.MALFORMED  # before 18
    assert rig.send(Cmd.ASSIGN, 8, source=99) == Answer.VOIDED  # before 12
    rig.plc.set_mode(Mode.MANUAL)
    assert rig.send(Cmd.ASSIGN, 9, source=99) == Answer.UNKNOWN_STATION  # before 13
    rig.plc.set_mode(Mode.AUTO)
    rig.send(Cmd.ASSIGN, 10)
    rig.plc.set_mode(Mode.MANUAL)
    assert rig.send(Cmd.ASSIGN, 11) == Answer.WRONG_MODE  # before 10
    assert rig.send(Cmd.ASSIGN, 10, source=99) == Answer.REPEAT


def test_an_unknown_command_or_mission_zero_is_malformed(rig: Rig) -> None:
    frame = rig.frame(Cmd.ASSIGN, 5)
    frame[2:6] = [0, 0, 0, 0]
    frame[22] = grh1.crc16(b"".join(word.to_bytes(2, "big") for word in frame[:22]))
    assert rig.write(frame) == Answer.MALFORMED
    frame = rig.frame(Cmd.ASSIGN, 5)
    frame[1] = 7
    frame[22] = grh1.crc16(b"".join(word.to_bytes(2, "big") for word in frame[:22]))
    assert rig.write(frame) == Answer.MALFORMED


# Rule 11 and 17.


@pytest.mark.parametrize("at", [State.TO_SOURCE, State.LOADING, State.TO_TARGET, State.UNLOADING])
def test_a_power_cut_at_any_point_still_delivers_once(rig: Rig, at: State) -> None:
    rig.send(Cmd.ASSIGN, 77)
    rig.until(at)
    before = rig.status
    rig.plc.boot()
    assert rig.status.boot_id == before.boot_id + 1
    assert (rig.status.mission, rig.status.state) == (77, at)
    assert (rig.status.ack_seq, rig.status.answer) == (before.ack_seq, before.answer)
    assert rig.status.fence_seen == 5
    rig.until(State.DONE)
    assert len(rig.log.deliveries) == 1


def test_a_wiped_robot_says_that_it_knows_nothing(rig: Rig) -> None:
    rig.send(Cmd.ASSIGN, 77)
    rig.until(State.TO_TARGET)
    boot_id = rig.status.boot_id
    rig.plc.boot(wiped=True)
    assert rig.status.boot_id == boot_id + 1
    assert (rig.status.mode, rig.status.load) == (Mode.FAULT, Load.UNKNOWN)
    assert (rig.status.mission, rig.status.ack_seq, rig.status.fence_seen) == (0, 0, 0)
    assert rig.journal == {}


def test_mode_survives_a_power_cut_and_a_reset_needs_a_fault(rig: Rig) -> None:
    rig.send(Cmd.PAUSE, 1)
    rig.scan()
    rig.plc.boot()
    rig.scan()
    assert rig.status.mode is Mode.PAUSED
    assert rig.send(Cmd.RESET, 1) == Answer.WRONG_MODE
    rig.plc.set_mode(Mode.FAULT)
    assert rig.send(Cmd.RESET, 1) == Answer.OK
    assert rig.status.mode is Mode.PAUSED


def test_a_pause_shows_at_a_station_and_a_resume_goes_on(rig: Rig) -> None:
    rig.send(Cmd.ASSIGN, 77)
    rig.until(State.TO_SOURCE)
    rig.scan()
    assert rig.status.location == 0
    assert rig.send(Cmd.PAUSE, 77) == Answer.OK
    assert rig.status.mode is Mode.AUTO
    while rig.status.mode is Mode.AUTO:
        rig.scan()
    assert rig.status.mode is Mode.PAUSED
    assert rig.status.location == SOURCE
    assert rig.send(Cmd.RESUME, 77) == Answer.OK
    rig.until(State.DONE)


def test_after_an_e_stop_nothing_goes_on_by_itself(rig: Rig) -> None:
    rig.send(Cmd.ASSIGN, 77)
    rig.until(State.LOADING)
    rig.plc.stop_now()
    for _ in range(100):
        rig.scan()
    assert (rig.status.mode, rig.status.state) == (Mode.E_STOP, State.LOADING)
    rig.plc.release()
    for _ in range(100):
        rig.scan()
    assert (rig.status.mode, rig.status.state) == (Mode.PAUSED, State.LOADING)
    rig.send(Cmd.RESUME, 77)
    rig.until(State.DONE)


# Rule 12.


def test_a_repeated_assign_is_never_carried_out_again(rig: Rig) -> None:
    rig.send(Cmd.ASSIGN, 77)
    assert rig.send(Cmd.ASSIGN, 77) == Answer.REPEAT
    rig.until(State.DONE)
    assert rig.send(Cmd.ASSIGN, 77) == Answer.REPEAT
    rig.send(Cmd.CONFIRM, 77)
    assert rig.send(Cmd.ASSIGN, 77) == Answer.REPEAT
    assert len(rig.log.deliveries) == 1


def test_a_finished_mission_blocks_until_it_is_confirmed(rig: Rig) -> None:
    rig.send(Cmd.ASSIGN, 77)
    assert rig.send(Cmd.ASSIGN, 78) == Answer.BUSY
    assert rig.send(Cmd.CONFIRM, 77) == Answer.BUSY
    rig.until(State.DONE)
    assert rig.send(Cmd.ASSIGN, 78) == Answer.BUSY
    assert rig.send(Cmd.CONFIRM, 76) == Answer.UNKNOWN_MISSION
    assert rig.send(Cmd.CONFIRM, 77) == Answer.OK
    assert rig.journal == {77: (State.DONE, 0)}
    assert rig.status.mission == 0
    assert rig.send(Cmd.CONFIRM, 77) == Answer.REPEAT


def test_the_journal_keeps_the_last_eight(rig: Rig) -> None:
    for mission in range(1, 11):
        rig.send(Cmd.VOID, mission)
    assert set(rig.journal) == set(range(3, 11))


# Rule 13.


def test_a_void_before_loading_burns_the_number(rig: Rig) -> None:
    rig.send(Cmd.ASSIGN, 77)
    assert rig.send(Cmd.VOID, 77) == Answer.OK
    assert (rig.status.mission, rig.status.state) == (77, State.VOIDED)
    assert rig.send(Cmd.VOID, 77) == Answer.REPEAT
    assert rig.send(Cmd.ASSIGN, 77) == Answer.VOIDED
    assert rig.send(Cmd.ASSIGN, 78) == Answer.BUSY
    assert rig.send(Cmd.CONFIRM, 77) == Answer.OK
    assert rig.journal == {77: (State.VOIDED, 0)}
    assert rig.send(Cmd.ASSIGN, 77) == Answer.VOIDED
    assert rig.send(Cmd.VOID, 77) == Answer.REPEAT


def test_a_void_of_an_unknown_number_refuses_a_late_assign_of_it(rig: Rig) -> None:
    assert rig.send(Cmd.VOID, 99) == Answer.OK
    assert rig.journal == {99: (State.VOIDED, 0)}
    assert rig.send(Cmd.ASSIGN, 99) == Answer.VOIDED


def test_a_void_comes_too_late_from_loading_on(rig: Rig) -> None:
    rig.send(Cmd.ASSIGN, 77)
    for state in (State.LOADING, State.TO_TARGET, State.UNLOADING, State.DONE):
        rig.until(state)
        assert rig.send(Cmd.VOID, 77) == Answer.TOO_LATE
    rig.until(State.DONE)
    rig.send(Cmd.CONFIRM, 77)
    assert rig.send(Cmd.VOID, 77) == Answer.TOO_LATE


def test_a_drop_can_be_voided_until_it_unloads(rig: Rig) -> None:
    rig.send(Cmd.ASSIGN, 1, kind=MissionType.PICK_UP)
    rig.until(State.DONE)
    rig.send(Cmd.CONFIRM, 1)
    rig.send(Cmd.ASSIGN, 2, kind=MissionType.DROP)
    rig.until(State.TO_TARGET)
    assert rig.send(Cmd.VOID, 2) == Answer.OK


def test_a_failed_one_that_never_loaded_becomes_voided(rig: Rig) -> None:
    rig.world.loads[SOURCE] = []
    rig.send(Cmd.ASSIGN, 77)
    rig.until(State.FAILED)
    assert rig.send(Cmd.VOID, 77) == Answer.OK
    assert (rig.status.state, rig.status.error) == (State.VOIDED, 0)


# Rules 14 and 15.


def test_each_type_goes_its_own_way(rig: Rig) -> None:
    rig.send(Cmd.ASSIGN, 1, kind=MissionType.MOVE, source=99)  # not used, so not checked
    rig.until(State.DONE)
    assert rig.status.location == TARGET
    rig.send(Cmd.CONFIRM, 1)
    rig.send(Cmd.ASSIGN, 2, kind=MissionType.PICK_UP, target=99)
    rig.until(State.DONE)
    assert (rig.status.load, rig.status.load_id) == (Load.LOADED, grh1.load_id(TOTE))
    rig.send(Cmd.CONFIRM, 2)
    rig.send(Cmd.ASSIGN, 3, kind=MissionType.DROP, source=99)
    rig.until(State.DONE)
    assert rig.status.load is Load.EMPTY
    assert rig.world.where(TOTE) == TARGET


def test_a_load_that_does_not_fit_the_type_fails_after_acceptance(rig: Rig) -> None:
    assert rig.send(Cmd.ASSIGN, 1, kind=MissionType.DROP) == Answer.OK
    rig.until(State.FAILED)
    assert rig.status.error == 5
    rig.send(Cmd.CONFIRM, 1)
    rig.send(Cmd.ASSIGN, 2, kind=MissionType.PICK_UP)
    rig.until(State.DONE)
    rig.send(Cmd.CONFIRM, 2)
    assert rig.send(Cmd.ASSIGN, 3) == Answer.OK
    rig.until(State.FAILED)
    assert rig.status.error == 4


def test_an_unknown_load_refuses_work_until_a_person_clears_it(rig: Rig) -> None:
    rig.plc.boot(wiped=True)
    rig.scan()
    rig.send(Cmd.RESET, 1)
    rig.send(Cmd.RESUME, 1)
    assert (rig.status.mode, rig.status.load) == (Mode.AUTO, Load.UNKNOWN)
    assert rig.send(Cmd.ASSIGN, 5) == Answer.WRONG_MODE
    rig.plc.clear_load()
    assert rig.send(Cmd.ASSIGN, 5) == Answer.OK


def test_what_stands_at_the_source_decides(rig: Rig) -> None:
    rig.world.loads[SOURCE] = []
    rig.send(Cmd.ASSIGN, 1)
    rig.until(State.FAILED)
    assert (rig.status.error, rig.status.load) == (1, Load.EMPTY)
    rig.send(Cmd.CONFIRM, 1)
    assert rig.journal[1] == (State.FAILED, 1)
    rig.world.loads[SOURCE] = ["ANOTHER"]
    rig.send(Cmd.ASSIGN, 2)
    rig.until(State.FAILED)
    assert (rig.status.error, rig.status.load) == (4, Load.EMPTY)
    assert rig.world.loads[SOURCE] == ["ANOTHER"]


@pytest.mark.parametrize(
    ("error", "leg", "load"),
    [
        (1, "source", Load.EMPTY),
        (2, "target", Load.LOADED),
        (3, "source", Load.EMPTY),
        (3, "target", Load.LOADED),
        (4, "source", Load.EMPTY),
        (5, "target", Load.EMPTY),
        (6, "source", Load.EMPTY),
        (7, "target", Load.LOADED),
        (9, "source", Load.EMPTY),
    ],
)
def test_every_reason_to_stop_can_be_had(rig: Rig, error: int, leg: str, load: Load) -> None:
    rig.plc.fail_next(error, leg)
    faults = rig.status.fault_seq
    rig.send(Cmd.ASSIGN, 1)
    rig.until(State.FAILED)
    assert (rig.status.error, rig.status.load) == (error, load)
    assert rig.status.fault_seq == faults + 1
    assert rig.log.deliveries == []


# Rule 16.


def test_the_robot_feels_the_floor_for_three_seconds(rig: Rig) -> None:
    assert rig.status.floor_alive
    rig.beats = False
    for _ in range(29):
        rig.scan()
    assert rig.status.floor_alive
    for _ in range(3):
        rig.scan()
    assert not rig.status.floor_alive


def test_a_silent_floor_stops_the_robot_at_the_hand_off(rig: Rig) -> None:
    rig.send(Cmd.ASSIGN, 1)
    rig.beats = False
    for _ in range(100):
        rig.scan()
    assert (rig.status.state, rig.status.location) == (State.TO_SOURCE, SOURCE)
    rig.beats = True
    rig.until(State.LOADING)
    rig.plc.deaf_to_floor = True
    for _ in range(100):
        rig.scan()
    # A begun hand-off is finished; the next one is not begun.
    assert (rig.status.state, rig.status.location) == (State.TO_TARGET, TARGET)
    rig.plc.deaf_to_floor = False
    rig.until(State.DONE)


def test_an_older_heartbeat_is_ignored_and_a_newer_one_takes_over(rig: Rig) -> None:
    rig.fence = 65_535
    rig.scan()
    assert rig.status.fence_seen == 5  # 65535 came long before 5
    rig.fence = 6
    rig.scan()
    assert rig.status.fence_seen == 6
    rig.plc.boot()
    assert not rig.status.floor_alive
    assert rig.status.fence_seen == 6


# Faults of the program.


def test_a_frozen_plc_shows_what_was_and_obeys_later(rig: Rig) -> None:
    rig.plc.frozen = True
    before = rig.status
    rig.write(rig.frame(Cmd.ASSIGN, 5))
    assert rig.status == before
    rig.plc.frozen = False
    rig.scan()
    assert rig.status.mission == 5


def test_torn_status_and_wrong_magic_are_seen_as_such(rig: Rig) -> None:
    rig.plc.torn_reads = 1
    with pytest.raises(grh1.Torn):
        _ = rig.status
    rig.plc.wrong_magic = True
    with pytest.raises(grh1.WrongProfile):
        _ = rig.status


def test_a_robot_without_memory_delivers_twice() -> None:
    rig = Rig(remembers=False)
    rig.world.loads[SOURCE] = [TOTE, TOTE]
    for _ in range(2):
        rig.send(Cmd.ASSIGN, 77)
        rig.until(State.DONE)
    assert [delivery.mission for delivery in rig.log.deliveries] == [77, 77]


# The wire.


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
