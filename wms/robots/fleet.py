"""Which robot gets which mission: by priority, then by distance, where there is room. Pure.

`decide` says for every free robot what it should go for, and for everything else why not. It does
not bind anybody: each robot's conductor asks it as it gives its own robot work, in the transaction
that assigns the mission. Charging is the fleet's own business: who charges, or is low, is not free.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# So long a mission is left to a nearer robot that does not come, and no longer: it may be free in
# the book and dead on the floor.
LEAVE_MS = 5_000
FULL, NEARER = "full", "nearer"

Point = tuple[int, int]  # mm on the floor plan


@dataclass(frozen=True, slots=True)
class FreeRobot:
    """A robot that could go. `at` is None while nobody knows where it is: it counts as far."""

    name: str
    at: Point | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A mission that nobody has yet."""

    id: int
    priority: int
    created_ms: int
    source: Point
    target: str  # a place


@dataclass(frozen=True, slots=True)
class Room:
    """A place that holds so many containers (0 = any number): those there, and those coming."""

    totes_max: int
    here: int
    coming: int

    @property
    def is_full(self) -> bool:
        """Whether one more would find no room."""
        return bool(self.totes_max) and self.here + self.coming >= self.totes_max


@dataclass(frozen=True, slots=True)
class Plan:
    """Who should go for what, and why the others have nothing: each robot and each mission."""

    given: Mapping[str, int]
    robots_no: Mapping[str, str]
    missions_no: Mapping[int, str]


def decide(
    robots: Sequence[FreeRobot], missions: Sequence[Waiting], rooms: Mapping[str, Room]
) -> Plan:
    """The most urgent mission first, then the oldest; each takes the nearest robot that is left.

    A mission whose target is full waits, and lets the next one go. Distance is along the aisles
    (|dx| + |dy|) from where the robot was seen last to where the load stands; of two as near, the
    first by name. Linear in missions times robots.

    >>> mission = Waiting(id=1, priority=0, created_ms=0, source=(0, 0), target="B")
    >>> decide([FreeRobot("far", (9, 0)), FreeRobot("near", (1, 1))], [mission], {}).given
    {'near': 1}
    >>> decide([FreeRobot("far", (9, 0))], [mission], {"B": Room(2, 1, 1)}).missions_no
    {1: 'full'}
    """
    left = {robot.name: robot for robot in sorted(robots, key=lambda robot: robot.name)}
    coming: dict[str, int] = {}
    given: dict[str, int] = {}
    no: dict[int, str] = {}
    for mission in sorted(missions, key=lambda each: (-each.priority, each.created_ms, each.id)):
        room = rooms.get(mission.target, Room(0, 0, 0))
        here = Room(room.totes_max, room.here, room.coming + coming.get(mission.target, 0))
        if here.is_full:
            no[mission.id] = FULL
            continue
        if not left:
            no[mission.id] = "robots"
            continue
        nearest = min(left.values(), key=lambda robot: _distance(robot.at, mission.source))
        given[nearest.name] = mission.id
        coming[mission.target] = coming.get(mission.target, 0) + 1
        del left[nearest.name]
    idle = FULL if FULL in no.values() else "work"
    return Plan(given, dict.fromkeys(left, idle), no)


def _distance(at: Point | None, to: Point) -> tuple[bool, int]:
    """Who is nowhere comes last."""
    return (True, 0) if at is None else (False, abs(at[0] - to[0]) + abs(at[1] - to[1]))
