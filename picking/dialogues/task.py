"""Tasks: what robots and others could not do alone. Look, find a load, carry a tote.

Transitions:
* get -> tote: a task about a container was claimed
* get -> done: a task about a robot, or a call for help, was claimed
* get -> get: nothing to do now; `1` asks again
* get -> menu: back
* tote -> place: the container was scanned: it is found
* tote -> tote: another one is refused
* tote -> get: `1`: a robot was looked at, and it goes on by itself
* tote -> get: back; the task waits for somebody else
* tote -> get: the matter settled itself, as when a robot came back
* place -> get: the place where it stands was scanned; that verdict settles it
* place -> place: a load is not put down on a robot, nor on itself
* place -> tote: back
* done -> get: `1` says that it was seen to
* done -> get: back; the task waits for somebody else
"""

from dataclasses import dataclass
from typing import Any, Literal

import msgspec
from msgspec import Struct
from sqlalchemy import ColumnElement, Row, func, select, update

from picking import tours
from picking.dialogues.base import (
    Dialogue,
    Say,
    Seen,
    Step,
    Who,
    choices,
    not_now,
    options,
    unexpected,
    wrong,
)
from wms import missions, tasks
from wms.db import Tx
from wms.messages import Language, reason_words, say
from wms.prompts import Await, Focus, Option, Prompt
from wms.schema import tasks as tasks_table

KINDS = ("find_load", "look", "carry", "assist")
LOOK, ASSIST = "look", "assist"


class State(Struct, frozen=True, kw_only=True):
    """The task itself is the book's to know: who claimed it, and whether it is still open."""

    at: Literal["get", "tote", "place", "done"] = "get"


@dataclass(frozen=True, slots=True)
class Task:
    """A claimed task. `mission` is 0 when it is not about one; `container` "" when about none."""

    id: int
    kind: str
    place: str
    container: str = ""
    target: str = ""
    why: str = ""
    robot: str = ""
    mission: int = 0
    about: str = ""  # a colleague and a terminal, or a parcel


@dataclass(frozen=True, slots=True)
class Facts:
    """The task that this person has claimed, and how many wait."""

    task: Task | None
    waiting: int


@dataclass(frozen=True, slots=True)
class Claim:
    """Ask for the most urgent open task."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The container stands at *place*, whatever anybody else says."""

    task: Task
    place: str


@dataclass(frozen=True, slots=True)
class Done:
    """It was seen to."""

    task: int


@dataclass(frozen=True, slots=True)
class GiveBack:
    """Somebody else may have it."""

    task: int


def facts(tx: Tx, _state: State, who: Who) -> Facts:
    """Read them."""
    mine = (tasks_table.c.person_id == who.person.id) & (tasks_table.c.state == "claimed")
    row = tx.execute(select(tasks_table).where(mine).order_by(tasks_table.c.id)).first()
    waiting = tx.execute(select(func.count()).select_from(tasks_table).where(_free(who)))
    return Facts(_task(row) if row else None, waiting.scalar_one())


def _free(who: Who) -> ColumnElement[bool]:
    """Open tasks that this person may take: nobody comes to help themselves."""
    own = (tasks_table.c.kind == ASSIST) & (tasks_table.c.ref == who.actor)
    return (tasks_table.c.state == "open") & tasks_table.c.kind.in_(KINDS) & ~own


def _task(row: Row[Any]) -> Task:
    body = msgspec.json.decode(row.body, type=dict[str, str | int])
    told = {name: str(body.get(name, "")) for name in ("target", "why", "robot")}
    kind, _, number = row.ref.partition(":")
    about = (body.get("person"), body.get("terminal"), body.get("parcel"))
    return Task(
        id=row.id, kind=row.kind, place=row.place, **told,
        container=str(body.get("container") or body.get("tote") or ""),
        mission=int(number) if kind == "mission" else 0,
        about=" ".join(str(name) for name in about if name),
    )  # fmt: skip


def arrive(state: State, facts: Facts) -> State:
    """The claimed task decides; when it settled itself there is nothing left to do."""
    if facts.task is None:
        return State()
    if state.at == "get":
        return State(at="tote" if facts.task.container else "done")
    return state


def step(state: State, seen: Seen, facts: Facts) -> Step[State]:
    """Decide what one input means here. Pure."""
    task = facts.task
    if task is None:
        return _get(state, seen)
    if seen.is_command("back"):
        if state.at == "place":
            return Step(State(at="tote"))
        return Step(State(), (GiveBack(task.id),))
    if seen.digit == 1 and (state.at == "done" or (state.at == "tote" and task.kind == LOOK)):
        return Step(State(), (Done(task.id),))
    if seen.kind == "command":
        return Step(state, say=not_now(seen))
    if state.at == "done":
        return Step(state, say=wrong("scan.unexpected", expected="1", scanned=seen.name))
    if state.at == "tote":
        if seen.kind == "tote" and seen.code == task.container:
            return Step(State(at="place"))
        return Step(state, say=wrong("task.wrong_tote", expected=task.container, scanned=seen.name))
    if seen.kind == "place":
        return Step(State(), (Verdict(task, seen.code),))
    return Step(state, say=wrong("task.not_a_place", expected=task.target, scanned=seen.name))


def _get(state: State, seen: Seen) -> Step[State]:
    if seen.is_command("back"):
        return Step(state, go="menu")
    if seen.digit == 1:
        return Step(state, (Claim(),))
    return Step(state, say=unexpected(seen, expected="1"))


def run(tx: Tx, effect: object, who: Who) -> Say | None:
    """Carry out one effect in the open transaction."""
    match effect:
        case Claim():
            return _claim(tx, who)
        case Verdict():
            _verdict(tx, effect, who)
            return Say("task.settled")
        case Done():
            tasks.finish(tx, task=effect.task, outcome="seen", now=who.now)
            return Say("task.settled")
        case GiveBack():
            mine = (tasks_table.c.id == effect.task) & (tasks_table.c.state == "claimed")
            free = {"state": "open", "person_id": None, "claimed_ms": None}
            tx.execute(update(tasks_table).where(mine).values(free))
            return None
        case _:
            raise AssertionError(effect)


def _claim(tx: Tx, who: Who) -> Say | None:
    query = select(tasks_table.c.id).where(_free(who))
    order = query.order_by(tasks_table.c.priority.desc(), tasks_table.c.id).limit(5)
    for task in tx.scalars(order.with_for_update(skip_locked=True)).all():
        if tasks.claim(tx, task=task, person=who.person.id, now=who.now):
            return None
    return Say("task.none", "attention")


def _verdict(tx: Tx, effect: Verdict, who: Who) -> None:
    task = effect.task
    if task.mission:
        missions.verdict(
            tx, mission=task.mission, place=effect.place, person=who.person.id, now=who.now,
            rng=who.rng,
        )  # fmt: skip
    else:
        tours.deliver(
            tx, tote=task.container, place=effect.place, key=who.key, actor=who.actor, now=who.now
        )
    tasks.finish(tx, task=task.id, outcome=f"at {effect.place}", now=who.now)


def prompt(state: State, facts: Facts, language: Language) -> Prompt:
    """What the person sees. Pure."""
    task = facts.task
    keys: tuple[Option, ...] = options(language, "back")
    focus = Focus()
    if task is None:
        keys = (*choices(language, "task.get"), *keys)
        lines: tuple[str, ...] = (say("task.waiting", language, count=facts.waiting),)
    else:
        why = f"{task.why} robot={task.robot} container={task.container}"
        told = (say(f"task.{task.kind}", language), task.robot, task.about,
                reason_words(why, language) if task.why else "")  # fmt: skip
        lines = tuple(line for line in told if line)
        focus = Focus(place=task.target if state.at == "place" else task.place, tote=task.container)
        if state.at == "done" or (state.at == "tote" and task.kind == LOOK):
            keys = (*choices(language, "task.done"), *keys)
    return Prompt(
        dialogue="task", step=state.at, title=say("task.title", language),
        ask=say(f"task.ask.{state.at}", language), help=say(f"help.task.{state.at}", language),
        awaits={
            "get": (Await.CHOICE,), "done": (Await.CHOICE,), "tote": (Await.TOTE,),
            "place": (Await.PLACE,),
        }[state.at],
        focus=focus, lines=lines, options=keys, language=language,
    )  # fmt: skip


TASK: Dialogue[State, Facts] = Dialogue(
    name="task", state=State, permission="task", facts=facts, step=step, arrive=arrive,
    prompt=prompt, run=run,
)  # fmt: skip
