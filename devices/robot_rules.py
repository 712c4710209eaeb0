"""What to do about a robot: the floor's rules of profile GRH-1 as one pure function.

`decide` compares what the book says with what the robot shows and names the next step; the
conductor (`devices/robots.py`) takes it and looks again. It remembers nothing, so it makes no
difference when, and how often, the process that asks it is killed.

Rule numbers are those of the profile. In short: the robot remembers what it was given, so an order
may be repeated under the same number and never is carried out twice; a number is given up only
when the robot has shown it as voided or done, or a person has scanned the load; and where the
robot cannot say what happened, a person looks.
"""

from dataclasses import dataclass

from devices.codecs.grh1 import (
    FINAL,
    Answer,
    Cmd,
    Finished,
    Load,
    Mode,
    Sighting,
    State,
    Status,
    newer,
)
from wms.robots.persons import Why
from wms.robots.roster import RobotRecord, Wish
from wms.robots.rows import Mission
from wms.robots.wishes import PAUSE, STALE_MS

TARGET_FREE_STOPS = (3, 6)  # path blocked, battery: with an empty fork the load never moved
SOURCE_EMPTY = 1
HAND_OFF = (State.LOADING, State.UNLOADING)
ON_ITS_WAY = (State.ACCEPTED, State.TO_SOURCE)  # a VOID still comes in time
SHOWN_AS = {"done": State.DONE, "failed": State.FAILED, "voided": State.VOIDED}
REFUSALS: dict[int, Why] = {
    Answer.BUSY: Why.BUSY,
    Answer.UNKNOWN_STATION: Why.UNKNOWN_STATION,
    Answer.WRONG_MODE: Why.WRONG_MODE,
    Answer.VOIDED: Why.NEVER_CAME,
}


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do now, because of *what* it waits for."""

    what: str


@dataclass(frozen=True, slots=True)
class Superseded:
    """Another floor process commands this robot: say nothing more to it (rule 3)."""


@dataclass(frozen=True, slots=True)
class Send:
    """Write *cmd* about *mission*. `note`: a final state to be noted on the person's task first."""

    cmd: Cmd
    mission: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class GiveNext:
    """The robot is idle and well: give it the next queued mission."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """Note that the robot has it in hand."""

    mission: int


@dataclass(frozen=True, slots=True)
class Done:
    """Delivered: move the stock (rule 4)."""

    mission: int


@dataclass(frozen=True, slots=True)
class Unproven:
    """Delivered, says a robot whose kind may deliver twice: a person scans it first."""

    mission: int


@dataclass(frozen=True, slots=True)
class Failed:
    """Stopped with *error*, the load where it was (rule 4)."""

    mission: int
    error: int


@dataclass(frozen=True, slots=True)
class Quarantine:
    """Nobody knows where the load is (rule 7)."""

    mission: int
    why: str


@dataclass(frozen=True, slots=True)
class StartVoid:
    """Burn the number before the job goes elsewhere (rule 5)."""

    mission: int
    why: Why


@dataclass(frozen=True, slots=True)
class Voided:
    """The robot shows the number as voided: the proof of rule 5."""

    mission: int


@dataclass(frozen=True, slots=True)
class TooLate:
    """It has the load already: let it finish."""

    mission: int


@dataclass(frozen=True, slots=True)
class CallPerson:
    """Something that nobody here gave it: a task with this key, and no command (rule 6)."""

    key: str
    why: Why
    number: int


@dataclass(frozen=True, slots=True)
class Tell:
    """Say to it what a lead wants of it."""

    cmd: Cmd
    wish: Wish


@dataclass(frozen=True, slots=True)
class EndWish:
    """It has answered what a lead wants of it, or the wish is too old to set it in motion."""

    wish: Wish


Action = (
    Tell | EndWish | Wait | Superseded | Send | GiveNext | Accepted | Done | Unproven | Failed
    | Quarantine | StartVoid | Voided | TooLate | CallPerson
)  # fmt: skip


def task_keys(robot: str, status: Status) -> tuple[str, str]:
    """Keys of the tasks that *status* could call for: a strange mission, a strange load."""
    load = f"{status.boot_id}:{status.fault_seq}:{status.load.value}:{status.load_id}"
    return f"stranger:{robot}:{status.mission}", f"load:{robot}:{load}"


def decide(
    book: RobotRecord, seen: Sighting, *, waiting: bool, may_work: bool, battery_min: int,
    now: int = 0, exactly_once: bool = True,
) -> Action:  # fmt: skip
    """The next step for one robot.

    `waiting`: our last command is not answered yet and may still be; `may_work`: it may be given
    new work as far as the conductor is concerned; `battery_min` in 0.1 %; `now` in UTC
    milliseconds; `exactly_once`: a delivery that it shows is proof enough.

    What the robot has shown is written down first; what a lead wants of it then goes before
    whatever else there is to say.
    """
    action = _by_rule(book, seen, waiting=waiting, may_work=may_work, battery_min=battery_min)
    if isinstance(action, Done) and not exactly_once:
        action = Unproven(action.mission)
    is_for_book = not isinstance(action, Wait | Send | GiveNext)
    if book.wish is None or is_for_book or action == Wait("fence"):
        return action
    wished = _wished(book.wish, seen.status, waiting, now)
    if wished is None and isinstance(action, GiveNext):
        return Wait("wish")
    return wished or action


def _wished(wish: Wish, status: Status, waiting: bool, now: int) -> Action | None:
    """PAUSE, RESUME or RESET (rule 17). None: it is answered, and what it stands for is awaited.

    The robot's answer is the proof, under the very number. A PAUSE that was taken stands until the
    robot stands: only then would it survive a power cut.
    """
    is_answered = wish.seq != 0 and status.ack_seq == wish.seq
    is_taken = is_answered and status.answer in (Answer.OK, Answer.REPEAT)
    if wish.what != PAUSE:
        if is_answered or now - wish.at_ms > STALE_MS:
            return EndWish(wish)
    elif is_answered and (status.mode is not Mode.AUTO or not is_taken):
        return EndWish(wish)
    elif is_taken and wish.boot_id == status.boot_id:
        return None
    return Wait("answer") if waiting else Tell(Cmd[wish.what.upper()], wish)


def _by_rule(
    book: RobotRecord, seen: Sighting, *, waiting: bool, may_work: bool, battery_min: int
) -> Action:  # fmt: skip
    """Rules 1 to 9."""
    status = seen.status
    if status.fence_seen != book.fence:
        if status.fence_seen and newer(status.fence_seen, book.fence):
            return Superseded()
        return Wait("fence")
    ours = book.mission
    if ours is not None:
        settled = _in_hand(ours, status, waiting) if status.mission == ours.id else None
        settled = settled or _not_in_hand(book, ours, seen)
        if settled is not None:
            return settled
    if status.mission and (ours is None or status.mission != ours.id):
        action = _other_in_hand(book, status, waiting)
        if not isinstance(action, Wait) or ours is None or not _is_stranger(book, status):
            return action
        if ours.state == "assigning":
            return StartVoid(ours.id, Why.BUSY)  # it will not get to ours; another robot can
    if ours is not None:
        return _say_again(ours, waiting)
    return _idle(book, status, may_work, battery_min)


def _in_hand(ours: Mission, status: Status, waiting: bool) -> Action | None:
    """Our mission is the one that the robot shows."""
    state = status.state
    if state is State.VOIDED:
        return Voided(ours.id)
    if status.load is Load.UNKNOWN:
        return Quarantine(ours.id, Why.LOAD_UNKNOWN)
    if state is State.DONE:
        empty = status.load is Load.EMPTY
        return Done(ours.id) if empty else Quarantine(ours.id, Why.NOT_EMPTY)
    if state is State.FAILED:
        return _failed(ours, status)
    if status.mode is Mode.E_STOP and state in HAND_OFF:
        return Quarantine(ours.id, Why.E_STOP)
    if state is State.TO_TARGET and status.load is Load.EMPTY:
        return Quarantine(ours.id, Why.LOAD_LOST)
    if not ours.accepted:
        return Accepted(ours.id)
    if ours.state != "voiding":
        return Wait("robot")
    if state not in ON_ITS_WAY:
        return TooLate(ours.id)
    return Wait("answer") if waiting else Send(Cmd.VOID, ours.id)


def _failed(ours: Mission, status: Status) -> Action:
    """Rule 4: where the load has certainly not moved, a person decides; else a person looks."""
    unmoved = status.load is Load.EMPTY and status.error in TARGET_FREE_STOPS
    if status.error == SOURCE_EMPTY or unmoved:
        return Failed(ours.id, status.error)
    lost = status.error == 5
    return Quarantine(ours.id, Why.LOAD_LOST if lost else Why.GAVE_UP)


def _not_in_hand(book: RobotRecord, ours: Mission, seen: Sighting) -> Action | None:
    """Rule 6: ours is not the one in hand. None: it can still be said, or said again."""
    status = seen.status
    if status.mission == ours.id:
        return None
    finished = seen.finished(ours.id)
    if finished is not None:
        return _from_journal(ours, finished, status)
    answered = status.ack_seq == ours.seq and status.boot_id == ours.boot_id
    taken = answered and status.answer in (Answer.OK, Answer.REPEAT)
    if ours.accepted or (taken and ours.state == "assigning"):
        return Quarantine(ours.id, Why.FORGOT)
    if status.load is Load.UNKNOWN:
        return Quarantine(ours.id, Why.LOAD_UNKNOWN)
    if status.boot_id != ours.boot_id:
        shown = {status.mission, *(entry.mission for entry in seen.journal)}
        if not shown & book.given.keys():
            return Quarantine(ours.id, Why.FORGOT)
        return StartVoid(ours.id, Why.FORGOT) if ours.state == "assigning" else None
    refused = answered and status.answer not in (Answer.NONE, Answer.BAD_CRC)
    if refused and not taken and ours.state == "assigning":
        return StartVoid(ours.id, REFUSALS.get(status.answer, Why.REFUSED))
    return None


def _from_journal(ours: Mission, finished: Finished, status: Status) -> Action:
    if finished.state is State.VOIDED:
        return Voided(ours.id)
    if finished.state is State.DONE and status.load is Load.EMPTY:
        return Done(ours.id)
    return Quarantine(ours.id, Why.GAVE_UP)


def _is_stranger(book: RobotRecord, status: Status) -> bool:
    return status.mission not in book.given


def _other_in_hand(book: RobotRecord, status: Status, waiting: bool) -> Action:
    """The robot shows a number that is not under way for us: settled before, or never given."""
    number = status.mission
    known = book.given.get(number)
    if known is None:
        key, _ = task_keys(book.device, status)
        return Wait("person") if key in book.told else CallPerson(key, Why.STRANGER, number)
    if waiting:
        return Wait("answer")
    if status.state in FINAL:
        agreed = SHOWN_AS.get(known) is status.state
        note = "" if agreed else status.state.name.lower()
        return Send(Cmd.CONFIRM, number, note)
    if known != "person" and status.state in ON_ITS_WAY:
        return Send(Cmd.VOID, number)  # the book has settled it: it must not be carried out now
    return Wait("robot")


def _say_again(ours: Mission, waiting: bool) -> Action:
    """The robot has not got it (rule 2): the same number again makes it harmless."""
    if waiting:
        return Wait("answer")
    return Send(Cmd.VOID if ours.state == "voiding" else Cmd.ASSIGN, ours.id)


def _idle(book: RobotRecord, status: Status, may_work: bool, battery_min: int) -> Action:
    """Nothing is in hand, and nothing of ours is under way."""
    if book.in_doubt:
        return Wait("person")
    if status.load is not Load.EMPTY:
        _, key = task_keys(book.device, status)
        if key in book.told:
            return Wait("person")
        why = Why.LOAD_UNKNOWN if status.load is Load.UNKNOWN else Why.STRANGE_LOAD
        return CallPerson(key, why, status.load_id)
    if book.hold:
        return Wait("hold")
    if status.mode is not Mode.AUTO:
        return Wait("mode")
    if status.battery < battery_min:
        return Wait("battery")
    return GiveNext() if book.work_waits and may_work else Wait("work")
