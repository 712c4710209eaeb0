"""Missions: a container is carried from a place to a place by a robot, exactly once.

A *job* is what is wanted; each attempt at it is a mission with a number of its own, and the number
is never used again. Stock moves once per job. What happens to a mission is told by the robot
(`devices/robots.py` reads it), by a person's scan (`verdict`), or by whoever wanted it (`cancel`).

Transitions:
* queued -> assigning: `assign`; settled or person: the container was moved by hand meanwhile
* queued -> voided: `cancel`; settled: `verdict`; person: `leave_to_people`, when no robot can work
* assigning -> assigned: `accepted`
* assigning, assigned -> voiding: `start_void`, `cancel`
* voiding -> assigned: `too_late`
* assigning, assigned, voiding -> done, failed, voided, person: what the robot shows
* assigning, assigned, voiding -> person: `robots.evidence.await_scan`: a robot's word is not enough
* assigning, assigned, voiding, person -> settled: `verdict`
* person -> voided: `cancel`, unless a load is being looked for
* failed, voided, settled -> (next attempt) queued, person: the job goes on under a new number
"""

from functools import cache
from random import Random
from typing import Any

from sqlalchemy import Select, bindparam, exists, or_, select, update

from wms import stock
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.robots import choosing, persons
from wms.robots.persons import Why
from wms.robots.rows import (
    OPEN,
    UNSETTLED,
    Mission,
    attempts,
    change,
    in_doubt,
    insert,
    latest,
    load,
    mission_of,
    open_on,
    parent,
    query,
)
from wms.schema import devices, missions, places, robots
from wms.schema.goods import MOVING

PRIORITY_MAX = 9
PATIENCE_MS = 120_000  # so long a mission waits for robots when none can work


def request(
    tx: Tx, *, job: str, container: str, source: str, target: str, now: int, rng: Random,
    priority: int = 0,
) -> int:  # fmt: skip
    """Have *container* carried from *source*, where it stands, to *target*. Returns its number.

    The same job with the same content again has no effect. Refuses `KEY_REUSED`,
    `CONTAINER_ELSEWHERE`, `MISSION_UNDER_WAY` (another job has the container) and
    `PLACE_WITHOUT_ROBOTS`. `priority` 0 low .. 9 high.
    """
    known = latest(tx, job)
    if known is not None:
        if (known.container, known.target) != (container, target):
            raise Rejected(Code.KEY_REUSED, key=job)
        return known.id
    _check_way(tx, container, source, target)
    unsettled = (missions.c.container == container) & missions.c.state.in_(UNSETTLED)
    if (busy := tx.execute(select(missions.c.job).where(unsettled)).scalar()) is not None:
        raise Rejected(Code.MISSION_UNDER_WAY, container=container, job=busy)
    row = {
        "job": job, "attempt": 1, "container": container, "source": source, "target": target,
        "priority": min(max(priority, 0), PRIORITY_MAX), "state": "queued", "created_ms": now,
    }  # fmt: skip
    return insert(tx, row, now, rng)


def assign(
    tx: Tx, *, robot: str, fence: int, seq: int, boot_id: int, now: int, station: int = 0
) -> Mission | None:  # fmt: skip
    """Give *robot*, which stands at *station* (0: between two), what it should go for now.

    The caller has made sure (`roster.use_seq`, in this transaction) that the robot is its own.
    None when nothing is to be given to it (`choosing.choose` says why); a container that has
    gone elsewhere meanwhile is a person's.
    """
    at_work = select(missions.c.id).where(
        missions.c.robot == robot, missions.c.state.in_(OPEN) | in_doubt()
    )
    if tx.execute(at_work).first() is not None:
        return None
    _set_astray_aside(tx, now)
    taken = _take_chosen(tx, robot, station, now)
    if taken is None:
        return None
    given = {
        "robot": robot, "boot_id": boot_id, "fence": fence, "seq": seq, "assigned_ms": now,
    }  # fmt: skip
    changed = change(tx, taken, "assigning", come_from=("queued",), now=now, **given)
    assert changed, taken
    return load(tx, taken.id)


def _take_chosen(tx: Tx, robot: str, station: int, now: int) -> Mission | None:
    """What is for *robot*, locked. One that another server takes just now is passed over."""
    gone: list[int] = []
    while True:
        choice = choosing.choose(tx, robot=robot, station=station, now=now, gone=gone)
        if choice.mission is None:
            return None
        queued = query().where(missions.c.id == choice.mission, missions.c.state == "queued")
        if tx.dialect.name == "postgresql":
            queued = queued.with_for_update(of=missions, skip_locked=True)
        row = tx.execute(queued).first()
        if row is not None:
            return mission_of(row)
        gone.append(choice.mission)


def accepted(tx: Tx, *, mission: int, now: int) -> bool:
    """The robot has it in hand. A mission that is being voided stays so."""
    known = load(tx, mission)
    if known.state == "voiding":
        burned = (missions.c.id == mission) & (missions.c.state == "voiding")
        return tx.execute(update(missions).where(burned).values(accepted=1)).rowcount == 1
    return change(tx, known, "assigned", come_from=("assigning",), now=now, accepted=1)


def settle_done(tx: Tx, *, mission: int, now: int) -> bool:
    """The robot has delivered: one move of the ledger, in this transaction. False: settled before.

    A container that the book has elsewhere meanwhile is not moved: a person looks for it.
    """
    known = load(tx, mission)
    here = parent(tx, known.container)
    if here not in (known.source, known.target):
        return quarantine(tx, mission=mission, why=Why.ELSEWHERE, now=now)
    if not change(tx, known, "done", come_from=OPEN, now=now, accepted=1, settled_ms=now):
        return False
    if here == known.source:
        stock.relocate(
            tx, key=f"job:{known.job}", container=known.container, source=known.source,
            target=known.target, actor=f"robot:{known.robot}", now=now, reason="mission",
            ref=f"mission:{known.id}",
        )  # fmt: skip
    persons.close(tx, attempts(tx, known.job), outcome="delivered", now=now)
    return True


def settle_failed(tx: Tx, *, mission: int, error: int, now: int, rng: Random) -> bool:
    """The robot gave up, and the load has not moved: a person decides what next."""
    known = load(tx, mission)
    why = persons.stop_code(error)
    end = {"error": error, "reason": why, "settled_ms": now}
    if not change(tx, known, "failed", come_from=OPEN, now=now, **end):
        return False
    persons.close(tx, attempts(tx, known.job), outcome="failed", now=now)
    _again(tx, known, now=now, rng=rng, why=why, by_person=True)
    return True


def start_void(tx: Tx, *, mission: int, why: str, now: int) -> bool:
    """From now on this number is to be burned; `seq` is cleared, no VOID was sent yet."""
    known = load(tx, mission)
    come_from = ("assigning", "assigned")
    return change(tx, known, "voiding", come_from=come_from, now=now, reason=why, seq=None)


def too_late(tx: Tx, *, mission: int, now: int) -> bool:
    """The robot has the load on board: it will be delivered after all."""
    known = load(tx, mission)
    values = {"reason": "", "accepted": 1}
    return change(tx, known, "assigned", come_from=("voiding",), now=now, **values)


def voided(tx: Tx, *, mission: int, now: int, rng: Random) -> bool:
    """The robot has shown the number as voided: the job may be given anew, under a new number."""
    known = load(tx, mission)
    if not change(tx, known, "voided", come_from=OPEN, now=now, settled_ms=now):
        return False
    persons.close(tx, attempts(tx, known.job), outcome="voided", now=now)
    if known.reason != Why.CANCELLED:
        by_person = known.reason in persons.FOR_PERSONS
        _again(tx, known, now=now, rng=rng, why=known.reason, by_person=by_person)
    return True


def quarantine(tx: Tx, *, mission: int, why: str, now: int) -> bool:
    """Nobody knows where the load is: it is posted to the robot's quarantine place.

    Only a scan settles it (`verdict`), and until then the robot gets no work.
    """
    known = load(tx, mission)
    if not change(tx, known, "person", come_from=OPEN, now=now, reason=why):
        return False
    limbo: str = tx.execute(
        select(robots.c.quarantine).where(robots.c.device == known.robot)
    ).scalar_one()
    if parent(tx, known.container) == known.source and limbo != known.source:
        stock.relocate(
            tx, key=f"quarantine:{known.id}", container=known.container, source=known.source,
            target=limbo, actor=f"robot:{known.robot}", now=now, reason=why,
            ref=f"mission:{known.id}",
        )  # fmt: skip
    tx.execute(update(robots).where(robots.c.device == known.robot).values(hold=Why.IN_DOUBT))
    persons.close(tx, attempts(tx, known.job), outcome="in_doubt", now=now)
    persons.find_load(tx, known.id, words=known.words(why), place=limbo, now=now)
    return True


def verdict(
    tx: Tx, *, mission: int, place: str, person: int, now: int, rng: Random
) -> int | None:  # fmt: skip
    """A person has scanned the container at *place*: that settles it, whoever said what.

    A mission that is over stands for the latest attempt at its job.

    Away from its target the job goes on from there under a new number (returned): by a robot
    where one can come, else by a person. Refuses `MISSION_SETTLED` and `PLACE_NOT_REAL` (it is
    on a robot, or outside: put it down first).
    """
    known = load(tx, mission)
    if known.state not in UNSETTLED:
        known = latest(tx, known.job) or known
    kind = tx.execute(select(places.c.kind).where(places.c.code == place)).scalar()
    if kind in (None, "robot", "outside") or place == known.container:
        raise Rejected(Code.PLACE_NOT_REAL, place=place, container=known.container)
    arrived = place == known.target
    key = f"job:{known.job}" if arrived else f"verdict:{known.id}"
    if not change(tx, known, "settled", come_from=UNSETTLED, now=now, settled_ms=now):
        if not persons.end_contradiction(tx, mission, outcome=f"at {place}", now=now):
            raise Rejected(Code.MISSION_SETTLED, container=known.container, job=known.job)
        arrived, key = True, f"contradiction:{mission}"
    here = parent(tx, known.container)
    if here != place:
        stock.relocate(
            tx, key=key, container=known.container, source=here, target=place,
            actor=f"person:{person}", now=now, reason="found", ref=f"mission:{known.id}",
        )  # fmt: skip
    persons.close(tx, attempts(tx, known.job), outcome=f"at {place}", now=now)
    _release(tx, known.robot)
    if arrived:
        return None
    return _again(tx, known, now=now, rng=rng, why=Why.FOUND, source=place)


def cancel(tx: Tx, *, job: str, now: int) -> str:
    """The job is not wanted any more. Returns the state that follows.

    `voided` at once while no robot has it; `voiding` until the robot has shown that it let go, and
    it may still be too late. Refuses `MISSION_SETTLED`, and `MISSION_WITH_PERSON` while a person
    is looking for the load.
    """
    known = latest(tx, job)
    if known is None or known.state not in UNSETTLED:
        raise Rejected(Code.MISSION_SETTLED, container=known.container if known else "", job=job)
    if known.state == "person" and known.robot:
        raise Rejected(Code.MISSION_WITH_PERSON, container=known.container, job=job)
    if known.state in ("queued", "person"):
        end = {"reason": Why.CANCELLED, "settled_ms": now}
        change(tx, known, "voided", come_from=("queued", "person"), now=now, **end)
        persons.close(tx, attempts(tx, known.job), outcome="cancelled", now=now)
        return "voided"
    if not start_void(tx, mission=known.id, why=Why.CANCELLED, now=now):
        tx.execute(update(missions).where(missions.c.id == known.id).values(reason=Why.CANCELLED))
    return "voiding"


def note_final(tx: Tx, *, mission: int, state: str, now: int) -> None:
    """The robot shows a final *state* (done, failed, voided) after the book had its own answer.

    It is noted on the person's task and never posted. A delivery to where the book does not have
    the container is a matter for another look.
    """
    known = load(tx, mission)
    persons.note(tx, known.id, robot_says=state)
    elsewhere = parent(tx, known.container) != known.target
    if state == "done" and known.state != "person" and elsewhere:
        persons.contradiction(tx, known.id, words=known.words(Why.DELIVERED), now=now)


def look(tx: Tx, *, mission: int, why: str, now: int) -> None:
    """Send a person to see what became of an open mission, unless one is on the way."""
    known = load(tx, mission)
    persons.look(tx, known.id, words=known.words(why), place=known.source, now=now)


def silent(tx: Tx, *, robot: str, now: int) -> None:
    """The robot is silent for too long: a person looks after each of its open missions."""
    for mission in open_on(tx, robot):
        look(tx, mission=mission, why=Why.SILENT, now=now)


def wait_in_vain(tx: Tx, *, now: int) -> bool:
    """Whether missions have waited long enough while no robot can work."""
    return tx.execute(_in_vain(1), {"since": now - PATIENCE_MS}).first() is not None


def leave_to_people(tx: Tx, *, now: int) -> int:
    """What waits in vain is a person's: carry it, or scan it at its source to send a robot again.
    Returns how many that were."""
    number = 0
    since = {"since": now - PATIENCE_MS}
    for row in tx.execute(_in_vain(), since).all():
        mission = mission_of(row)
        why = Why.NONE_WORKS
        if change(tx, mission, "person", come_from=("queued",), now=now, reason=why):
            words, here = mission.words(why), mission.source
            persons.carry(tx, mission.id, words=words, place=here, now=now)
            number += 1
    return number


@cache
def _in_vain(most: int | None = None) -> Select[Any]:
    """Queued before `since`, and every robot away since then, held, or not in automatic.

    The planner asks it after every change, so it is built once.
    """
    since = bindparam("since", type_=missions.c.created_ms.type)
    may_come = or_(devices.c.health == "online", devices.c.since_ms > since)
    able = exists().where(
        devices.c.name == robots.c.device, may_come, robots.c.hold == "",
        robots.c.mode.in_(("auto", "")),
    )  # fmt: skip
    waits = missions.c.state == "queued", missions.c.created_ms <= since
    return query().where(*waits, ~able).order_by(missions.c.id).limit(most)


def came_back(tx: Tx, *, robot: str, now: int) -> None:
    """The robot answers and was reconciled: nobody needs to look any more."""
    for mission in open_on(tx, robot):
        persons.close_look(tx, mission, why=Why.SILENT, outcome="came back", now=now)


def _check_way(tx: Tx, container: str, source: str, target: str) -> None:
    rows = tx.execute(select(places).where(places.c.code.in_((container, source, target))))
    found = {row.code: row for row in rows}
    for place in (source, target):
        if place not in found or found[place].robot_station is None or source == target:
            raise Rejected(Code.PLACE_WITHOUT_ROBOTS, place=place)
    box = found.get(container)
    if box is None or box.kind not in MOVING or box.parent != source:
        raise Rejected(Code.CONTAINER_ELSEWHERE, container=container, place=source)


def _again(
    tx: Tx, mission: Mission, *, now: int, rng: Random, why: str, source: str = "",
    by_person: bool = False,
) -> int:  # fmt: skip
    """The next attempt at the same job, under a new number: by a robot, or as a person's task."""
    source = source or mission.source
    station = select(places.c.robot_station).where(places.c.code == source)
    by_person = by_person or tx.execute(station).scalar() is None
    row = {
        "job": mission.job, "attempt": mission.attempt + 1, "container": mission.container,
        "source": source, "target": mission.target, "priority": mission.priority,
        "state": "person" if by_person else "queued", "reason": why, "created_ms": now,
    }  # fmt: skip
    number = insert(tx, row, now, rng)
    if by_person:
        following = load(tx, number)
        persons.carry(tx, number, words=following.words(why), place=source, now=now)
    return number


def _set_astray_aside(tx: Tx, now: int) -> None:
    """Queued missions whose container does not stand at its source any more."""
    box = places.alias("box")
    queued = query().join(box, box.c.code == missions.c.container)
    queued = queued.where(
        missions.c.state == "queued", box.c.parent.is_distinct_from(missions.c.source)
    )
    if tx.dialect.name == "postgresql":
        queued = queued.with_for_update(of=missions, skip_locked=True)
    for row in tx.execute(queued).all():
        _set_aside(tx, mission_of(row), now)


def _set_aside(tx: Tx, mission: Mission, now: int) -> None:
    """The container was moved by hand before a robot came: there, or nobody knows why."""
    if parent(tx, mission.container) == mission.target:
        end = {"reason": Why.ELSEWHERE, "settled_ms": now}
        change(tx, mission, "settled", come_from=("queued",), now=now, **end)
        return
    changed = change(tx, mission, "person", come_from=("queued",), now=now, reason=Why.ELSEWHERE)
    if changed:
        words = mission.words(Why.ELSEWHERE)
        here = parent(tx, mission.container)
        persons.find_load(tx, mission.id, words=words, place=here, now=now)


def _release(tx: Tx, robot: str) -> None:
    """The robot may work again unless another of its loads is still being looked for."""
    doubted = select(missions.c.id).where(missions.c.robot == robot, in_doubt())
    if tx.execute(doubted).first() is None:
        held = (robots.c.device == robot) & (robots.c.hold == Why.IN_DOUBT)
        tx.execute(update(robots).where(held).values(hold=""))
