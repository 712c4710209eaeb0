"""What a robot's conductor writes into the book: numbers before the wire, and what was shown after.

Every command is guarded by the fence: one that was superseded writes nothing.
"""

from random import Random

from devices import robot_rules as rules
from wms.db import Tx
from wms.robots import choosing, evidence, fleet, missions, roster
from wms.robots.rows import Mission

FOR_BOARD = (fleet.FULL, fleet.NEARER)


def set_aside(
    tx: Tx, *, robot: str, fence: int, seq: int, mission: int, note: str, now: int
) -> bool:  # fmt: skip
    """*seq* is for one command from now on. False: the robot is another process's."""
    if not roster.use_seq(tx, robot=robot, fence=fence, seq=seq, mission=mission):
        return False
    if note:
        missions.note_final(tx, mission=mission, state=note, now=now)
    return True


def take_next(
    tx: Tx, *, robot: str, fence: int, seq: int, boot_id: int, station: int, now: int
) -> tuple[bool, Mission | None, str]:  # fmt: skip
    """Whether the robot is ours, and the mission that it is to be given, or why none."""
    if not roster.use_seq(tx, robot=robot, fence=fence, seq=seq):
        return False, None, ""
    given = missions.assign(
        tx, robot=robot, fence=fence, seq=seq, boot_id=boot_id, now=now, station=station
    )
    if given is not None:
        return True, given, ""
    why = choosing.choose(tx, robot=robot, station=station, now=now).why
    return True, None, why if why in FOR_BOARD else ""


def book_word(
    tx: Tx, *, robot: str, fence: int, action: rules.Action, now: int, rng: Random
) -> bool:  # fmt: skip
    """Write down what the robot has shown. False: the robot is another process's."""
    if not roster.is_ours(tx, robot=robot, fence=fence):
        return False
    match action:
        case rules.EndWish(wish=wish):
            roster.wish_ended(tx, robot=robot, wish=wish)
        case rules.Accepted(mission=mission):
            missions.accepted(tx, mission=mission, now=now)
        case rules.Done(mission=mission):
            missions.settle_done(tx, mission=mission, now=now)
        case rules.Unproven(mission=mission):
            evidence.await_scan(tx, mission=mission, now=now)
        case rules.Failed(mission=mission, error=error):
            missions.settle_failed(tx, mission=mission, error=error, now=now, rng=rng)
        case rules.Quarantine(mission=mission, why=why):
            missions.quarantine(tx, mission=mission, why=why, now=now)
        case rules.StartVoid(mission=mission, why=why):
            missions.start_void(tx, mission=mission, why=why, now=now)
        case rules.Voided(mission=mission):
            missions.voided(tx, mission=mission, now=now, rng=rng)
        case rules.TooLate(mission=mission):
            missions.too_late(tx, mission=mission, now=now)
        case _:
            raise AssertionError(f"{action} is nothing for the book")
    return True
