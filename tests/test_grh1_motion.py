"""The robot twin keeps the robot's rules of profile GRH-1: types, stops, heartbeat (14-16)."""

import pytest

from devices.codecs import grh1
from devices.codecs.grh1 import Answer, Cmd, Load, MissionType, Mode, State
from tests.grh1_rig import SOURCE, TARGET, TOTE, Rig


@pytest.fixture
def rig() -> Rig:
    return Rig()


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
