"""What the book knows of each robot: its numbers, whether it may work, and what it was given.

FENCE and SEQ (profile GRH-1) are kept here before they are used on the wire. Every write of the
process that conducts a robot is guarded by its fence, so one that was superseded writes nothing.
"""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, bindparam, select, update

from wms.db import Tx, insert_once
from wms.robots.persons import Why
from wms.robots.rows import NUMBER_END, OPEN, Mission, mission_of, query
from wms.schema import missions, robots, tasks

NO_WISH = {"wish": "", "wish_seq": 0, "wish_boot": 0, "wish_ms": 0}

# Every look of every robot asks these: they are built once.
ITSELF = select(robots).where(robots.c.device == bindparam("robot"))
ITS_MISSIONS = query().where(
    missions.c.robot == bindparam("robot"),
    missions.c.state.in_((*OPEN, "person"))
    | missions.c.id.in_(bindparam("numbers", expanding=True)),
)
TOLD = select(tasks.c.key).where(tasks.c.key.in_(bindparam("keys", expanding=True)))
QUEUED = select(missions.c.id).where(missions.c.state == "queued").limit(1)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a lead wants of a robot, when they said so, and under which SEQ and BOOT_ID it was
    said to the robot last (0: not yet)."""

    what: str
    seq: int
    boot_id: int
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotRecord:
    """A robot as the book has it.

    `mission` is the one under way on it (assigning, assigned or voiding); `in_doubt`: a load that
    it had is being looked for; `given` has the state of each number asked about that was ever
    given to it; `told` are those of the task keys asked about that were opened before; `wish` is
    what a lead wants of it and what it has not answered yet.
    """

    device: str
    fence: int
    last_seq: int
    hold: str
    mission: Mission | None
    in_doubt: bool
    given: dict[int, str]
    told: frozenset[str]
    work_waits: bool
    wish: Wish | None = None


def enrol(tx: Tx, *, robot: str, place: str, quarantine: str) -> None:
    """Make *robot* known: *place* stands for its fork, doubtful loads go to *quarantine*."""
    assert place != quarantine
    row = {"device": robot, "place": place, "quarantine": quarantine}
    if not insert_once(tx, robots, row):
        tx.execute(update(robots).where(robots.c.device == robot).values(row))


def record(
    tx: Tx, robot: str, *, numbers: Collection[int] = (), keys: Collection[str] = ()
) -> RobotRecord:
    """What the book says of *robot*, of the mission *numbers* it shows, and of task *keys*."""
    row = tx.execute(ITSELF, {"robot": robot}).one()
    asked = {"robot": robot, "numbers": _storable(numbers)}
    mine = [mission_of(found) for found in tx.execute(ITS_MISSIONS, asked)]
    under_way = [mission for mission in mine if mission.state in OPEN]
    assert len(under_way) <= 1, f"{robot} has {under_way}"
    given = {mission.id: mission.state for mission in mine}
    told: frozenset[str] = frozenset()
    if keys and (not under_way or not given.keys() >= {number for number in numbers if number}):
        told = frozenset(tx.execute(TOLD, {"keys": list(keys)}).scalars())
    return RobotRecord(
        device=robot, fence=row.fence, last_seq=row.last_seq, hold=row.hold,
        mission=under_way[0] if under_way else None,
        in_doubt=any(_doubted(mission) for mission in mine), given=given, told=told,
        work_waits=not under_way and tx.execute(QUEUED).first() is not None,
        wish=Wish(row.wish, row.wish_seq, row.wish_boot, row.wish_ms) if row.wish else None,
    )  # fmt: skip


def take_over(tx: Tx, *, robot: str, fence: int, was: int) -> bool:
    """Make *fence* the robot's. False when it is not *was* any more: another process took it."""
    before = (robots.c.device == robot) & (robots.c.fence == was)
    return tx.execute(update(robots).where(before).values(fence=fence)).rowcount == 1


def is_ours(tx: Tx, *, robot: str, fence: int) -> bool:
    """Whether *fence* is still the newest; holds the robot's row until the transaction ends."""
    query = select(robots.c.device).where(robots.c.device == robot, robots.c.fence == fence)
    return tx.execute(query.with_for_update()).first() is not None


def use_seq(tx: Tx, *, robot: str, fence: int, seq: int, mission: int = 0) -> bool:
    """Set *seq* aside for one command (about *mission*) before it is written. False: superseded."""
    ours = (robots.c.device == robot) & (robots.c.fence == fence)
    if tx.execute(update(robots).where(ours).values(last_seq=seq)).rowcount != 1:
        return False
    about = (missions.c.id == mission) & missions.c.state.in_(OPEN)
    tx.execute(update(missions).where(about).values(seq=seq))
    return True


def wish_said(tx: Tx, *, robot: str, fence: int, wish: Wish, seq: int, boot_id: int) -> bool:
    """*seq* is for saying *wish* from now on. False: the robot is another process's."""
    if not use_seq(tx, robot=robot, fence=fence, seq=seq):
        return False
    said = {"wish_seq": seq, "wish_boot": boot_id}
    tx.execute(update(robots).where(_is_wish(robot, wish)).values(said))
    return True


def wish_ended(tx: Tx, *, robot: str, wish: Wish) -> None:
    """The robot, which is ours, has answered *wish*, or it is too late for it."""
    tx.execute(update(robots).where(_is_wish(robot, wish)).values(NO_WISH))


def _is_wish(robot: str, wish: Wish) -> ColumnElement[bool]:
    """The row while it still wants that: a lead may have changed their mind meanwhile."""
    return and_(
        robots.c.device == robot, robots.c.wish == wish.what, robots.c.wish_ms == wish.at_ms
    )


def seen(
    tx: Tx, *, robot: str, boot_id: int, mode: str, state: str, battery: int, location: int,
    waits: str = "",
) -> None:  # fmt: skip
    """How the robot shows itself, for those who look at the board. `battery` in 0.1 %; `waits`
    says why it is at nothing ("" when it is at work)."""
    shown = {
        "boot_id": boot_id, "mode": mode, "state": state, "battery": battery,
        "location": location, "waits": waits,
    }  # fmt: skip
    tx.execute(update(robots).where(robots.c.device == robot).values(shown))


def _doubted(mission: Mission) -> bool:
    return mission.state == "person" and mission.reason != Why.TO_CONFIRM


def _storable(numbers: Collection[int]) -> list[int]:
    """Only what could be in the book: a foreign robot may show any 64 bits."""
    return [number for number in numbers if 0 < number < NUMBER_END]
