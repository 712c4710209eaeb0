"""Rows of `missions`: read as values, added under fresh numbers, changed from known states."""

from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, select, update

from wms.db import Tx, insert_once
from wms.record.event_kinds import MissionChanged
from wms.record.events import emit
from wms.robots.persons import Why
from wms.schema import missions, places

OPEN = ("assigning", "assigned", "voiding")  # a robot may be at it
UNSETTLED = ("queued", *OPEN, "person")
CHANCE_BITS = 21  # beside 42 bits of milliseconds: 63 bits, until the year 2109
NUMBER_END = 2**63

source_place, target_place = places.alias("source_place"), places.alias("target_place")


def in_doubt() -> ColumnElement[bool]:
    """Missions whose load a person looks for: until it is found, its robot gets no work."""
    return (missions.c.state == "person") & (missions.c.reason != Why.TO_CONFIRM)


def to_confirm() -> ColumnElement[bool]:
    """Missions that are delivered by the word of their robot, and wait for a person's scan."""
    return (missions.c.state == "person") & (missions.c.reason == Why.TO_CONFIRM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mission:
    """One attempt. Stations are the robot's numbers of the places (0: it cannot go there)."""

    id: int
    job: str
    attempt: int
    container: str
    source: str
    target: str
    source_station: int
    target_station: int
    priority: int
    state: str
    robot: str
    boot_id: int
    seq: int
    accepted: bool
    reason: str

    def words(self, why: str) -> dict[str, str | int]:
        """What a task has to say to the person who takes it, and *why* it is there."""
        return {
            "job": self.job, "container": self.container, "source": self.source,
            "target": self.target, "robot": self.robot, "why": why,
        }  # fmt: skip


def new_number(now: int, rng: Random) -> int:
    """A MISSION_ID that no database has used: the milliseconds of now, and chance.

    >>> new_number(1, Random(1)) >> 21
    1
    """
    return now << CHANCE_BITS | rng.getrandbits(CHANCE_BITS)


def load(tx: Tx, mission: int) -> Mission:
    """The mission with this number."""
    return mission_of(tx.execute(query().where(missions.c.id == mission)).one())


def latest(tx: Tx, job: str) -> Mission | None:
    """The last attempt at *job*, or None."""
    wanted = query().where(missions.c.job == job).order_by(missions.c.attempt.desc()).limit(1)
    row = tx.execute(wanted).first()
    return None if row is None else mission_of(row)


def attempts(tx: Tx, job: str) -> list[int]:
    """The numbers of all attempts at *job*."""
    return list(tx.execute(select(missions.c.id).where(missions.c.job == job)).scalars())


def parent(tx: Tx, container: str) -> str:
    """Where the book has *container* ("" for nowhere)."""
    return tx.execute(select(places.c.parent).where(places.c.code == container)).scalar() or ""


def open_on(tx: Tx, robot: str) -> list[int]:
    """The missions that a robot may be at now."""
    wanted = select(missions.c.id).where(missions.c.robot == robot, missions.c.state.in_(OPEN))
    return list(tx.execute(wanted).scalars())


def insert(tx: Tx, row: dict[str, Any], now: int, rng: Random) -> int:
    """Add a mission under a number of its own; returns it."""
    number = new_number(now, rng)
    while not insert_once(tx, missions, {**row, "id": number}):
        taken = select(missions.c.id).where(missions.c.id == number)
        assert tx.execute(taken).first() is not None, f"{row['job']} has this attempt already"
        number = new_number(now, rng)
    told = MissionChanged(
        job=row["job"], mission_id=number, state=row["state"], reason=row.get("reason", "")
    )
    emit(tx, told, now=now)
    return number


def change(
    tx: Tx, mission: Mission, state: str, *, come_from: tuple[str, ...], now: int, **values: Any
) -> bool:
    """Take *mission* to *state* if it is still in one of *come_from*, and tell."""
    still = (missions.c.id == mission.id) & missions.c.state.in_(come_from)
    if tx.execute(update(missions).where(still).values(state=state, **values)).rowcount != 1:
        return False
    robot, reason = values.get("robot", mission.robot), values.get("reason", mission.reason)
    told = MissionChanged(
        job=mission.job, mission_id=mission.id, state=state, robot=robot, reason=reason
    )
    emit(tx, told, now=now)
    return True


@cache
def query() -> Select[Any]:
    """Missions with the robot stations of their places."""
    return (
        select(
            missions,
            func.coalesce(source_place.c.robot_station, 0).label("source_station"),
            func.coalesce(target_place.c.robot_station, 0).label("target_station"),
        )
        .join(source_place, source_place.c.code == missions.c.source)
        .join(target_place, target_place.c.code == missions.c.target)
    )


def mission_of(row: Row[Any]) -> Mission:
    """A row of `query` as a value."""
    return Mission(
        id=row.id, job=row.job, attempt=row.attempt, container=row.container, source=row.source,
        target=row.target, source_station=row.source_station, target_station=row.target_station,
        priority=row.priority, state=row.state, robot=row.robot or "", boot_id=row.boot_id or 0,
        seq=row.seq or 0, accepted=bool(row.accepted), reason=row.reason,
    )  # fmt: skip
