"""The robot twin keeps the robot's rules of profile GRH-1: commands, memory, voids (10-13, 17)."""

import csv
from pathlib import Path

import pytest

from devices.codecs import grh1
from devices.codecs.grh1 import Answer, Cmd, Load, MissionType, Mode, State
from tests.grh1_rig import SOURCE, TARGET, TOTE, Rig

GOLDEN = list(csv.DictReader((Path(__file__).parent / "fixtures" / "grh1.csv").open()))


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
