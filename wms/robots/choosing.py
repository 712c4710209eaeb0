"""What the book knows for `fleet.decide`, and what follows from it for the robot that asks."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import and_, func, select

from wms.db import Tx
from wms.robots import fleet
from wms.robots.fleet import FreeRobot, Point, Room, Waiting
from wms.robots.rows import OPEN, in_doubt, source_place, to_confirm
from wms.schema import devices, missions, places, robots
from wms.schema.goods import MOVING

QUEUE_MAX = 200  # so many of the most urgent are looked at: more than any fleet has robots


@dataclass(frozen=True, slots=True)
class Choice:
    """The mission for the robot that asks; None, and why."""

    mission: int | None
    why: str = ""


def choose(
    tx: Tx, *, robot: str, station: int, now: int, gone: Collection[int] = ()
) -> Choice:  # fmt: skip
    """What *robot*, which stands at *station* (0: between two), should go for now.

    *gone* are missions that somebody else is taking at this moment. A mission that a nearer robot
    should take is left to it for `fleet.LEAVE_MS`, and no longer.
    """
    queue = [each for each in _queue(tx) if each.id not in gone]
    if not queue:
        return Choice(None, "work")
    rooms = _rooms(tx, {mission.target for mission in queue})
    me = FreeRobot(robot, _at(tx, station))
    left_long = [each for each in queue if now - each.created_ms >= fleet.LEAVE_MS]
    plans = (
        fleet.decide([me, *_others(tx, robot)], queue, rooms), fleet.decide([me], left_long, rooms)
    )  # fmt: skip
    mine = {plan.given[robot] for plan in plans if robot in plan.given}
    best = next((each.id for each in queue if each.id in mine), None)
    if best is not None:
        return Choice(best)
    goes = len(plans[0].missions_no) < len(queue)
    return Choice(None, fleet.NEARER if goes else fleet.FULL)


def _queue(tx: Tx) -> list[Waiting]:
    """The most urgent missions, in the order of their urgency."""
    query = (
        select(missions, source_place.c.x_mm, source_place.c.y_mm)
        .join(source_place, source_place.c.code == missions.c.source)
        .where(missions.c.state == "queued")
        .order_by(missions.c.priority.desc(), missions.c.created_ms, missions.c.id)
        .limit(QUEUE_MAX)
    )
    return [
        Waiting(
            id=row.id, priority=row.priority, created_ms=row.created_ms,
            source=(row.x_mm, row.y_mm), target=row.target,
        )
        for row in tx.execute(query)
    ]  # fmt: skip


def _at(tx: Tx, station: int) -> Point | None:
    if not station:
        return None
    query = select(places.c.x_mm, places.c.y_mm).where(places.c.robot_station == station)
    row = tx.execute(query).first()
    return None if row is None else (row.x_mm, row.y_mm)


def _others(tx: Tx, robot: str) -> list[FreeRobot]:
    """Robots that would take work now, as they showed themselves last."""
    at_work = select(missions.c.robot).where(
        missions.c.robot.is_not(None), missions.c.state.in_(OPEN) | in_doubt()
    )
    query = (
        select(robots.c.device, places.c.code, places.c.x_mm, places.c.y_mm)
        .join(devices, and_(devices.c.name == robots.c.device, devices.c.health == "online"))
        .outerjoin(places, places.c.robot_station == robots.c.location)
        .where(robots.c.device != robot, robots.c.device.not_in(at_work))
        .where(robots.c.hold == "", robots.c.wish == "", robots.c.mode == "auto")
        .where(robots.c.waits.in_(("", fleet.FULL, fleet.NEARER)))
    )
    return [
        FreeRobot(row.device, None if row.code is None else (row.x_mm, row.y_mm))
        for row in tx.execute(query)
    ]


def _rooms(tx: Tx, targets: set[str]) -> dict[str, Room]:
    """The places among *targets* that do not hold any number of containers."""
    codes_and_most = select(places.c.code, places.c.totes_max).where(
        places.c.code.in_(targets), places.c.totes_max > 0
    )
    limited: dict[str, int] = {code: most for code, most in tx.execute(codes_and_most)}
    if not limited:
        return {}
    standing = (
        select(places.c.parent, func.count())
        .where(places.c.parent.in_(limited), places.c.kind.in_(MOVING))
        .group_by(places.c.parent)
    )
    under_way = (
        select(missions.c.target, func.count())
        .where(missions.c.target.in_(limited), missions.c.state.in_(OPEN) | to_confirm())
        .group_by(missions.c.target)
    )
    here: dict[str, int] = {place: count for place, count in tx.execute(standing)}
    coming: dict[str, int] = {place: count for place, count in tx.execute(under_way)}
    return {
        place: Room(most, here.get(place, 0), coming.get(place, 0))
        for place, most in limited.items()
    }
