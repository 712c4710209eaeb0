"""The floor's rules (1-9) of profile GRH-1, one by one, and what must never be decided."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.codecs.grh1 import Answer, Cmd, Finished, Load, Mode, Sighting, State, Status
from devices.robot_rules import (
    Accepted,
    Action,
    CallPerson,
    Done,
    Failed,
    GiveNext,
    Quarantine,
    Send,
    StartVoid,
    Superseded,
    TooLate,
    Unproven,
    Voided,
    Wait,
    decide,
    task_keys,
)
from wms.robots.persons import Why
from wms.robots.roster import RobotRecord
from wms.robots.rows import Mission

OURS, OTHER, FOREIGN = 1000, 999, 666
BOOT, FENCE, SEQ = 7, 3, 40

STATUS = Status(
    heartbeat=1, boot_id=BOOT, mode=Mode.AUTO, ack_seq=SEQ, answer=Answer.OK, mission=0,
    state=State.NONE, error=0, load=Load.EMPTY, load_id=0, location=1, battery=800, fault_seq=0,
    floor_alive=True, fence_seen=FENCE,
)  # fmt: skip
MISSION = Mission(
    id=OURS, job="j", attempt=1, container="T", source="A", target="B", source_station=1,
    target_station=2, priority=0, state="assigning", robot="agv", boot_id=BOOT, seq=SEQ + 1,
    accepted=False, reason="",
)  # fmt: skip
RECORD = RobotRecord(
    device="agv", fence=FENCE, last_seq=SEQ + 1, hold="", mission=MISSION, in_doubt=False,
    given={OURS: "assigning", OTHER: "done"}, told=frozenset(), work_waits=True,
)  # fmt: skip
IDLE = replace(RECORD, mission=None, given={OURS: "done", OTHER: "done"})


def under_way(state: str = "assigned", **changes: object) -> RobotRecord:
    """Our mission is in this state; assigned ones were accepted."""
    accepted = bool(changes.pop("accepted", state == "assigned"))
    mission = replace(MISSION, state=state, accepted=accepted, **changes)  # type: ignore[arg-type]
    return replace(RECORD, mission=mission, given={OURS: state, OTHER: "done"})


def see(*journal: Finished, **changes: object) -> Sighting:
    return Sighting(replace(STATUS, **changes), journal)  # type: ignore[arg-type]


def step(
    record: RobotRecord, seen: Sighting, *, waiting: bool = False, may_work: bool = True
) -> Action:
    return decide(record, seen, waiting=waiting, may_work=may_work, battery_min=150)


def in_hand(state: State, **changes: object) -> Sighting:
    loaded = state in (State.TO_TARGET, State.UNLOADING)
    fields = {"load": Load.LOADED if loaded else Load.EMPTY, **changes}
    return see(mission=OURS, state=state, **fields)


# Rule 1 and 2: what may be said, and said again.


def test_an_idle_robot_gets_the_next_mission() -> None:
    assert step(IDLE, see()) == GiveNext()
    assert step(replace(IDLE, work_waits=False), see()) == Wait("work")
    assert step(IDLE, see(), may_work=False) == Wait("work")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"mode": Mode.PAUSED}, "mode"),
        ({"mode": Mode.MANUAL}, "mode"),
        ({"mode": Mode.E_STOP}, "mode"),
        ({"battery": 149}, "battery"),
    ],
)
def test_a_robot_that_is_not_fit_gets_nothing(change: dict[str, object], reason: str) -> None:
    assert step(IDLE, see(**change)) == Wait(reason)


def test_a_robot_on_hold_or_with_a_load_in_doubt_gets_nothing() -> None:
    assert step(replace(IDLE, hold="robot.in_doubt"), see()) == Wait("hold")
    assert step(replace(IDLE, in_doubt=True), see()) == Wait("person")


def test_an_unanswered_assign_is_awaited_and_then_said_again() -> None:
    assert step(RECORD, see(), waiting=True) == Wait("answer")
    assert step(RECORD, see()) == Send(Cmd.ASSIGN, OURS)


def test_a_bad_crc_is_said_again() -> None:
    assert step(RECORD, see(answer=Answer.BAD_CRC)) == Send(Cmd.ASSIGN, OURS)


def test_an_acceptance_is_noted_before_all_else() -> None:
    for state in (State.ACCEPTED, State.TO_SOURCE, State.LOADING, State.TO_TARGET):
        assert step(RECORD, in_hand(state), waiting=True) == Accepted(OURS)
        assert step(under_way(), in_hand(state)) == Wait("robot")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Answer.BUSY, Why.BUSY),
        (Answer.WRONG_MODE, Why.WRONG_MODE),
        (Answer.UNKNOWN_STATION, Why.UNKNOWN_STATION),
        (Answer.VOIDED, Why.NEVER_CAME),
        (Answer.MALFORMED, Why.REFUSED),
        (140, Why.REFUSED),
    ],
)
def test_a_refused_mission_is_voided_before_it_goes_elsewhere(answer: int, why: Why) -> None:
    assert step(RECORD, see(ack_seq=SEQ + 1, answer=answer)) == StartVoid(OURS, why)


def test_an_answer_to_another_command_is_no_refusal() -> None:
    assert step(RECORD, see(ack_seq=SEQ, answer=Answer.BUSY)) == Send(Cmd.ASSIGN, OURS)


# Rule 3.


def test_nothing_is_decided_until_our_fence_is_seen() -> None:
    assert step(IDLE, see(fence_seen=0)) == Wait("fence")
    assert step(under_way(), in_hand(State.DONE, fence_seen=2)) == Wait("fence")


def test_a_newer_fence_ends_our_work() -> None:
    assert step(under_way(), in_hand(State.DONE, fence_seen=4)) == Superseded()
    wrapped = replace(under_way(), fence=65_535)
    assert step(wrapped, in_hand(State.DONE, fence_seen=1)) == Superseded()


# Rule 4.


@pytest.mark.parametrize("state", ["assigning", "assigned", "voiding"])
def test_done_with_an_empty_fork_is_settled(state: str) -> None:
    assert step(under_way(state), in_hand(State.DONE)) == Done(OURS)


def test_done_by_word_alone_is_not_settled() -> None:
    for seen in (in_hand(State.DONE), see(Finished(OURS, State.DONE, 0))):
        assert decide(
            under_way(), seen, waiting=False, may_work=True, battery_min=150, exactly_once=False
        ) == Unproven(OURS)


@pytest.mark.parametrize("load", [Load.LOADED, Load.UNKNOWN])
def test_done_with_anything_on_the_fork_is_in_doubt(load: Load) -> None:
    assert isinstance(step(under_way(), in_hand(State.DONE, load=load)), Quarantine)


def test_a_settled_mission_is_confirmed() -> None:
    settled = replace(IDLE, given={OURS: "done"})
    assert step(settled, in_hand(State.DONE)) == Send(Cmd.CONFIRM, OURS)
    assert step(settled, in_hand(State.DONE), waiting=True) == Wait("answer")


@pytest.mark.parametrize(("error", "load"), [(1, Load.EMPTY), (1, Load.LOADED), (3, Load.EMPTY)])
def test_a_failure_that_moved_nothing_is_settled_as_failed(error: int, load: Load) -> None:
    seen = in_hand(State.FAILED, error=error, load=load)
    assert step(under_way(), seen) == Failed(OURS, error)


@pytest.mark.parametrize(
    ("error", "load"),
    [
        (2, Load.LOADED), (3, Load.LOADED), (4, Load.EMPTY), (5, Load.EMPTY), (6, Load.LOADED),
        (7, Load.EMPTY), (8, Load.EMPTY), (9, Load.EMPTY), (99, Load.EMPTY), (1, Load.UNKNOWN),
        (3, Load.UNKNOWN),
    ],
)  # fmt: skip
def test_any_other_failure_is_in_doubt(error: int, load: Load) -> None:
    seen = in_hand(State.FAILED, error=error, load=load)
    assert isinstance(step(under_way(), seen), Quarantine)


# Rule 5.


def test_only_a_shown_void_is_proof() -> None:
    voiding = under_way("voiding", accepted=False)
    answered = see(ack_seq=SEQ + 1, answer=Answer.OK)
    assert step(voiding, answered) == Send(Cmd.VOID, OURS)
    assert step(voiding, answered, waiting=True) == Wait("answer")
    assert step(voiding, see(Finished(OURS, State.VOIDED, 0))) == Voided(OURS)
    assert step(voiding, in_hand(State.VOIDED)) == Voided(OURS)


def test_a_void_of_what_is_in_hand_is_said_while_it_still_helps() -> None:
    voiding = under_way("voiding", accepted=True)
    assert step(voiding, in_hand(State.TO_SOURCE)) == Send(Cmd.VOID, OURS)
    for state in (State.LOADING, State.TO_TARGET, State.UNLOADING):
        assert step(voiding, in_hand(state)) == TooLate(OURS)


# Rule 6.


def test_what_the_journal_says_settles() -> None:
    for state in ("assigning", "assigned", "voiding"):
        record = under_way(state)
        assert step(record, see(Finished(OURS, State.DONE, 0))) == Done(OURS)
        assert step(record, see(Finished(OURS, State.VOIDED, 0))) == Voided(OURS)
        failed = see(Finished(OURS, State.FAILED, 1))
        assert isinstance(step(record, failed), Quarantine)
    loaded = see(Finished(OURS, State.DONE, 0), load=Load.LOADED)
    assert isinstance(step(under_way(), loaded), Quarantine)


def test_never_accepted_and_the_same_boot_is_said_again() -> None:
    assert step(RECORD, see(Finished(OTHER, State.DONE, 0))) == Send(Cmd.ASSIGN, OURS)


def test_never_accepted_and_a_reboot_that_remembers_us_is_voided() -> None:
    rebooted = see(Finished(OTHER, State.DONE, 0), boot_id=BOOT + 1)
    assert step(RECORD, rebooted) == StartVoid(OURS, Why.FORGOT)
    voiding = under_way("voiding", accepted=False)
    assert step(voiding, rebooted) == Send(Cmd.VOID, OURS)


def test_never_accepted_and_a_reboot_that_proves_nothing_is_in_doubt() -> None:
    for journal in ((), (Finished(FOREIGN, State.DONE, 0),)):
        assert isinstance(step(RECORD, see(*journal, boot_id=BOOT + 1)), Quarantine)
        voiding = under_way("voiding", accepted=False)
        assert isinstance(step(voiding, see(*journal, boot_id=BOOT + 1)), Quarantine)


def test_accepted_and_then_gone_is_in_doubt() -> None:
    assert isinstance(step(under_way(), see(Finished(OTHER, State.DONE, 0))), Quarantine)
    taken = see(ack_seq=SEQ + 1, answer=Answer.OK)
    assert isinstance(step(RECORD, taken), Quarantine)  # it said yes, and shows nothing


def test_a_foreign_number_is_a_persons_task_and_gets_no_command() -> None:
    for state in State:
        seen = see(mission=FOREIGN, state=state)
        key = task_keys("agv", seen.status)[0]
        assert step(IDLE, seen) == CallPerson(key, Why.STRANGER, FOREIGN)
        assert step(replace(IDLE, told=frozenset({key})), seen) == Wait("person")


def test_beside_a_foreign_number_ours_is_freed_for_another_robot() -> None:
    seen = see(mission=FOREIGN, state=State.TO_SOURCE)
    told = frozenset(task_keys("agv", seen.status)[:1])
    assert step(replace(RECORD, told=told), seen) == StartVoid(OURS, Why.BUSY)
    voiding = replace(under_way("voiding", accepted=False), told=told)
    assert step(voiding, seen) == Send(Cmd.VOID, OURS)


# Rule 7.


def test_an_unknown_load_or_an_e_stop_at_a_hand_off_is_in_doubt() -> None:
    for state in (State.TO_SOURCE, State.LOADING, State.TO_TARGET, State.UNLOADING):
        unknown = in_hand(state, load=Load.UNKNOWN)
        assert step(under_way(), unknown) == Quarantine(OURS, Why.LOAD_UNKNOWN)
        stopped = step(under_way(), in_hand(state, mode=Mode.E_STOP))
        at_hand_off = state in (State.LOADING, State.UNLOADING)
        assert stopped == (Quarantine(OURS, Why.E_STOP) if at_hand_off else Wait("robot"))
    assert isinstance(step(RECORD, see(load=Load.UNKNOWN)), Quarantine)


def test_a_load_that_is_gone_on_the_way_is_in_doubt() -> None:
    seen = in_hand(State.TO_TARGET, load=Load.EMPTY)
    assert step(under_way(), seen) == Quarantine(OURS, Why.LOAD_LOST)
    assert step(under_way(), in_hand(State.UNLOADING, load=Load.EMPTY)) == Wait("robot")


def test_a_final_state_after_the_quarantine_is_noted_and_confirmed() -> None:
    doubted = replace(IDLE, in_doubt=True, given={OURS: "person"})
    assert step(doubted, in_hand(State.DONE)) == Send(Cmd.CONFIRM, OURS, "done")
    assert step(doubted, in_hand(State.FAILED)) == Send(Cmd.CONFIRM, OURS, "failed")
    assert step(doubted, in_hand(State.TO_TARGET)) == Wait("robot")
    assert step(doubted, in_hand(State.TO_SOURCE)) == Wait("robot")


# Rule 8: a person's verdict came first.


def test_after_a_verdict_the_robot_is_stopped_or_awaited_and_never_posted() -> None:
    judged = replace(IDLE, given={OURS: "settled"})
    assert step(judged, in_hand(State.TO_SOURCE)) == Send(Cmd.VOID, OURS)
    assert step(judged, in_hand(State.TO_TARGET)) == Wait("robot")
    assert step(judged, in_hand(State.DONE)) == Send(Cmd.CONFIRM, OURS, "done")
    assert step(judged, in_hand(State.VOIDED)) == Send(Cmd.CONFIRM, OURS, "voided")


def test_a_load_that_nobody_gave_is_a_persons_task() -> None:
    for load, why in ((Load.LOADED, Why.STRANGE_LOAD), (Load.UNKNOWN, Why.LOAD_UNKNOWN)):
        seen = see(load=load, load_id=5)
        key = task_keys("agv", seen.status)[1]
        assert step(IDLE, seen) == CallPerson(key, why, 5)
        assert step(replace(IDLE, told=frozenset({key})), seen) == Wait("person")


# Whatever the two say, these never happen.

numbers = st.sampled_from([OURS, OTHER, FOREIGN])
statuses = st.builds(
    replace,
    st.just(STATUS),
    boot_id=st.sampled_from([BOOT, BOOT + 1]),
    mode=st.sampled_from(Mode),
    ack_seq=st.sampled_from([0, SEQ, SEQ + 1]),
    answer=st.sampled_from([*Answer, 140]),
    mission=st.sampled_from([0, OURS, OTHER, FOREIGN]),
    state=st.sampled_from(State),
    error=st.integers(0, 10),
    load=st.sampled_from(Load),
    fence_seen=st.sampled_from([0, FENCE - 1, FENCE, FENCE, FENCE, FENCE + 1]),
)
journals = st.lists(
    st.builds(
        Finished, numbers, st.sampled_from([State.DONE, State.VOIDED, State.FAILED]), st.just(0)
    ),
    max_size=3,
    unique_by=lambda entry: entry.mission,
).map(tuple)
sightings = st.builds(Sighting, statuses, journals)
records = st.one_of(
    st.builds(
        under_way,
        st.sampled_from(["assigning", "assigned", "voiding"]),
        accepted=st.booleans(),
    ),
    st.builds(
        lambda state, doubt: replace(IDLE, in_doubt=doubt, given={OURS: state, OTHER: "done"}),
        st.sampled_from(["done", "failed", "voided", "person", "settled"]),
        st.booleans(),
    ),
)


@given(records, sightings, st.booleans(), st.booleans())
def test_no_decision_breaks_a_rule(
    book: RobotRecord, seen: Sighting, waiting: bool, may_work: bool
) -> None:
    action = step(book, seen, waiting=waiting, may_work=may_work)
    status, ours = seen.status, book.mission
    entry = seen.finished(OURS)
    shown = status.state if status.mission == OURS else entry.state if entry else None
    if status.fence_seen != FENCE:
        assert isinstance(action, Wait | Superseded)
    match action:
        case Send(cmd=Cmd.ASSIGN):
            # Said again only to the same boot, and only while nothing shows that it was taken.
            assert ours is not None
            assert ours.state == "assigning"
            assert not ours.accepted
            assert shown is None
            assert status.boot_id == ours.boot_id
            assert not waiting
        case Send(cmd=Cmd.CONFIRM, mission=number, note=note):
            assert number == status.mission != FOREIGN
            assert status.state in (State.DONE, State.VOIDED, State.FAILED)
            assert book.given[number] not in ("assigning", "assigned", "voiding")
            assert note or book.given[number] == status.state.name.lower()
        case Send(cmd=Cmd.VOID, mission=number):
            assert number != FOREIGN
            assert book.given[number] != "assigned"
            assert book.given[number] != "assigning"
        case Send():
            raise AssertionError(f"nobody ordered {action}")
        case Done():
            assert shown is State.DONE
            assert status.load is Load.EMPTY
        case Voided():
            assert shown is State.VOIDED
        case Failed(error=error):
            assert status.mission == OURS
            assert status.state is State.FAILED
            assert error == 1 or (status.load is Load.EMPTY and error in (3, 6))
        case GiveNext():
            assert ours is None
            assert not book.in_doubt
            assert (status.mission, status.load, status.mode) == (0, Load.EMPTY, Mode.AUTO)
        case CallPerson(number=number):
            assert number in (FOREIGN, 0)
        case _:
            pass
