"""Tasks: what robots and others could not do alone. Look, find a load, carry a tote.

Transitions:
* get -> tote: a task about a container was claimed
* get -> done: a task about a robot, or a call for help, was claimed
* get -> get: nothing to do now; `1` asks again
* tote -> place: the container was scanned: it is found
* tote -> tote: another one was scanned
* place -> get: the place where it stands was scanned; that verdict settles it
* done -> get: `1` says that it was seen to
* tote, place, done -> get: back; or the matter settled itself, as when a robot came back
"""

from dataclasses import dataclass
from typing import Literal

import msgspec
from msgspec import Struct
from sqlalchemy import select, update

from picking import tours
from picking.dialogues.base import Dialogue, Say, Seen, Step, Who, choices, options, wrong
from wms import missions, tasks
from wms.db import Tx
from wms.messages import Language, say
from wms.prompts import Await, Focus, Option, Prompt
from wms.schema import tasks as tasks_table

KINDS = ("find_load", "look", "carry", "assist")


class State(Struct, frozen=True, kw_only=True):
    """The task itself is the book's to know: who claimed it, and whether it is still open."""

    at: Literal["get", "tote", "place", "done"] = "get"


@dataclass(frozen=True, slots=True)
class Task:
    """A claimed task. `mission` is 0 when it is not about one; `container` "" when about none."""

    id: int
    kind: str
    place: str
    container: str
    target: str
    why: str
    robot: str
    mission: int


@dataclass(frozen=True, slots=True)
class Facts:
    task: Task | None
    waiting: int


@dataclass(frozen=True, slots=True)
class Claim:
    """Ask for the most urgent open task."""


@dataclass(frozen=True, slots=True)
class Verdict:
    task: Task
    place: str


@dataclass(frozen=True, slots=True)
class Done:
    task: int


@dataclass(frozen=True, slots=True)
class GiveBack:
    task: int


def facts(tx: Tx, _state: State, who: Who) -> Facts:
    mine = (tasks_table.c.person_id == who.person.id) & (tasks_table.c.state == "claimed")
    row = tx.execute(select(tasks_table).where(mine).order_by(tasks_table.c.id)).first()
    free = (tasks_table.c.state == "open") & tasks_table.c.kind.in_(KINDS)
    waiting = len(tx.execute(select(tasks_table.c.id).where(free).limit(9)).all())
    if row is None:
        return Facts(None, waiting)
    body = msgspec.json.decode(row.body)
    about, _, number = row.ref.partition(":")
    return Facts(
        Task(
            row.id, row.kind, row.place, str(body.get("container") or body.get("tote") or ""),
            str(body.get("target", "")), str(body.get("why", "")), str(body.get("robot", "")),
            int(number) if about == "mission" else 0,
        ),
        waiting,
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
    if seen.kind == "command" and seen.code == "back":
        return Step(State(), (GiveBack(task.id),)) if task else Step(state, go="menu")
    if task is None:
        if seen.text == "1":
            return Step(state, (Claim(),))
        return Step(state, say=wrong("scan.unexpected", expected="1", scanned=seen.text))
    if state.at == "done":
        if seen.text == "1":
            return Step(State(), (Done(task.id),))
        return Step(state, say=wrong("scan.unexpected", expected="1", scanned=seen.text))
    if state.at == "tote":
        if seen.kind == "tote" and seen.code == task.container:
            return Step(State(at="place"))
        return Step(state, say=wrong("task.wrong_tote", expected=task.container, scanned=seen.text))
    if seen.kind == "place":
        return Step(State(), (Verdict(task, seen.code),))
    return Step(state, say=wrong("task.not_a_place", expected=task.target, scanned=seen.text))


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
            tx.execute(update(tasks_table).where(mine).values(state="open", person_id=None))
            return None
        case _:
            raise AssertionError(effect)


def _claim(tx: Tx, who: Who) -> Say | None:
    free = (tasks_table.c.state == "open") & tasks_table.c.kind.in_(KINDS)
    query = select(tasks_table.c.id).where(free)
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
    lines: tuple[str, ...] = ()
    focus = Focus()
    if task is None:
        keys = (*choices(language, "task.get"), *keys)
        lines = (say("task.waiting", language, count=facts.waiting),)
    else:
        lines = (say(f"task.{task.kind}", language),)
        if task.why:
            lines = (*lines, say(task.why, language, robot=task.robot))
        focus = Focus(place=task.target if state.at == "place" else task.place, tote=task.container)
        if state.at == "done":
            keys = (*choices(language, "task.done"), *keys)
    return Prompt(
        dialogue="task", step=state.at, title=say("task.title", language),
        ask=say(f"task.ask.{state.at}", language),
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
