"""What persons do for missions: look, find a load, carry it themselves, confirm a delivery.

Each task's `ref` is `mission:N`, and its body says job, container, source, target, robot and why
(a code of `wms/words`). A scan of the container answers it: `missions.verdict`.
"""

import json
from collections.abc import Iterable, Mapping
from enum import StrEnum

from sqlalchemy import func, select, update

from wms import tasks as work
from wms.db import Tx
from wms.schema import tasks

LOOK, FIND_LOAD, CARRY, CONFIRM = "look", "find_load", "carry", "confirm"
URGENT = 9  # a load in doubt goes before other work
STOPS = range(1, 10)  # reasons of profile GRH-1; vendors have more


class Why(StrEnum):
    """Why a mission took the turn that it took, or a robot is held. Words in `wms/words`."""

    CANCELLED = "mission.cancelled"
    ELSEWHERE = "mission.elsewhere"
    FOUND = "mission.found"
    SILENT = "robot.silent"
    STUCK = "robot.stuck"
    IN_DOUBT = "robot.in_doubt"
    FORGOT = "robot.forgot"
    LOAD_UNKNOWN = "robot.load_unknown"
    LOAD_LOST = "robot.load_lost"
    NOT_EMPTY = "robot.not_empty"
    E_STOP = "robot.e_stop"
    GAVE_UP = "robot.gave_up"
    DELIVERED = "robot.delivered"
    NEVER_CAME = "robot.never_came"
    BUSY = "robot.busy"
    WRONG_MODE = "robot.wrong_mode"
    UNKNOWN_STATION = "robot.unknown_station"
    REFUSED = "robot.refused"
    STRANGER = "robot.stranger"
    STRANGE_LOAD = "robot.strange_load"
    SUPERSEDED = "robot.superseded"
    NONE_WORKS = "robot.none_works"
    TO_CONFIRM = "robot.to_confirm"


FOR_PERSONS = frozenset({Why.UNKNOWN_STATION, Why.REFUSED})  # no other robot would do better

Words = Mapping[str, str | int]


def stop_code(error: int) -> str:
    """The code for the words of a robot's ERROR.

    >>> stop_code(3), stop_code(140)
    ('robot.stop.3', 'robot.stop.9')
    """
    return f"robot.stop.{error if error in STOPS else STOPS[-1]}"


def look(tx: Tx, mission: int, *, words: Words, place: str, now: int) -> None:
    """Someone sees what a robot is at. Nothing when someone is asked to already."""
    if _live(tx, [mission], LOOK):
        return
    why = words["why"]
    said = func.count().label("said")
    before = select(said).where(tasks.c.key.like(f"look:{mission}:{why}:%"))
    count: int = tx.execute(before).scalar_one()
    _open(tx, f"look:{mission}:{why}:{count + 1}", LOOK, mission, words, place, now)


def close_look(tx: Tx, mission: int, *, why: str, outcome: str, now: int) -> None:
    """Nobody needs to look for this reason any more."""
    for task, key in _live(tx, [mission], LOOK):
        if key.startswith(f"look:{mission}:{why}:"):
            work.finish(tx, task=task, outcome=outcome, now=now)


def find_load(tx: Tx, mission: int, *, words: Words, place: str, now: int) -> None:
    """Find the load and scan it where it is."""
    _open(tx, f"find_load:{mission}", FIND_LOAD, mission, words, place, now)


def carry(tx: Tx, mission: int, *, words: Words, place: str, now: int) -> None:
    """Carry it yourself, or scan it at its source to send a robot again."""
    _open(tx, f"carry:{mission}", CARRY, mission, words, place, now)


def confirm(tx: Tx, mission: int, *, words: Words, place: str, now: int) -> None:
    """Scan what a robot says that it has brought: its word alone is not enough."""
    _open(tx, f"confirm:{mission}", CONFIRM, mission, words, place, now)


def contradiction(tx: Tx, mission: int, *, words: Words, now: int) -> None:
    """The robot and the book tell different stories: scan the load where it really is."""
    key, place = f"contradiction:{mission}", str(words["target"])
    _open(tx, key, LOOK, mission, words, place, now)


def end_contradiction(tx: Tx, mission: int, *, outcome: str, now: int) -> bool:
    """The load was scanned. False when nobody was asked to."""
    for task, key in _live(tx, [mission], LOOK):
        if key == f"contradiction:{mission}":
            return work.finish(tx, task=task, outcome=outcome, now=now)
    return False


def about_robot(
    tx: Tx, *, key: str, robot: str, why: str, now: int, number: int = 0
) -> None:  # fmt: skip
    """See to a robot itself: it shows a mission (*number*) or a load that nobody gave it."""
    body = {"robot": robot, "why": why, "number": str(number)}
    work.open_task(
        tx, key=key, kind=LOOK, now=now, ref=f"robot:{robot}", body=body, priority=URGENT
    )


def note(tx: Tx, mission: int, **words: str) -> None:
    """Add *words* to the body of the newest task about *mission*, finished or not."""
    newest = select(tasks.c.id, tasks.c.body).where(tasks.c.ref == f"mission:{mission}")
    row = tx.execute(newest.order_by(tasks.c.id.desc()).limit(1)).first()
    if row is not None:
        body = json.dumps({**json.loads(row.body), **words}, ensure_ascii=False)
        tx.execute(update(tasks).where(tasks.c.id == row.id).values(body=body))


def close(tx: Tx, missions: Iterable[int], *, outcome: str, now: int) -> None:
    """Every task about any of *missions* is over."""
    for task, _ in _live(tx, missions):
        work.finish(tx, task=task, outcome=outcome, now=now)


def _live(tx: Tx, missions: Iterable[int], kind: str = "") -> list[tuple[int, str]]:
    refs = [f"mission:{mission}" for mission in missions]
    query = select(tasks.c.id, tasks.c.key).where(
        tasks.c.ref.in_(refs), tasks.c.state.in_(("open", "claimed"))
    )
    if kind:
        query = query.where(tasks.c.kind == kind)
    return [(row.id, row.key) for row in tx.execute(query)]


def _open(
    tx: Tx, key: str, kind: str, mission: int, words: Words, place: str, now: int
) -> None:  # fmt: skip
    work.open_task(
        tx, key=key, kind=kind, now=now, place=place, ref=f"mission:{mission}",
        body={**words, "mission": str(mission)}, priority=URGENT,
    )  # fmt: skip
