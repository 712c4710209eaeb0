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
* tote -> get: short: a container whose goods go back is not there; somebody is asked to look for it
* tote -> item: the tote or box whose goods go back was scanned (a stopped box is opened by it)
* tote -> get: it was scanned, and nothing is left in it
* item -> item: one more piece was scanned, or a quantity above five was keyed
* item -> item: the shelf was scanned with a part of it in the hand; the rest comes next
* item -> item: another item, or too many, is refused
* item -> get: short: what should be in the container is not; it is counted before anybody goes on
* item -> lot: the barcode does not say which lot or serial number it is
* item -> shelf: all of it is in the hand
* item -> tote: back; what was put back stays so
* item -> item: undo empties the hand; with an empty hand the last goods come back
* lot -> item: the lot or serial number was scanned; more is wanted
* lot -> shelf: the same, and all of it is in the hand
* lot -> lot: another one is refused
* lot -> tote: back
* shelf -> item: the proposed shelf was scanned; more goods are in the container
* shelf -> get: the same; the container is empty and the task is done
* shelf -> shelf: another shelf is asked for once more; the second scan of it counts
* shelf -> shelf: anything else is refused
* shelf -> item: back; the hand is emptied
* get -> item: undo; the last goods that were put back are in their container again
* place -> get: the place where it stands was scanned; that verdict settles it
* place -> place: a load is not put down on a robot, nor on itself
* place -> tote: back
* done -> get: `1` says that it was seen to
* done -> get: back; the task waits for somebody else
"""

from dataclasses import dataclass

from msgspec.structs import replace
from sqlalchemy import select, update

from picking import tours
from picking.dialogues import put_back
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
from picking.dialogues.task_facts import LOOK, Facts, State, Task, free, load
from wms import tasks
from wms.db import Tx
from wms.messages import Language, reason_words, say
from wms.robots import missions
from wms.rooms.prompts import Await, Focus, Option, Prompt
from wms.schema import tasks as tasks_table


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


def arrive(state: State, facts: Facts) -> State:
    """The claimed task decides; when it settled itself there is nothing left to do."""
    if facts.task is None:
        return State()
    if facts.task.is_back:
        return _arrive_back(state, facts.task, facts)
    if state.at not in ("tote", "place", "done"):
        return State(at="tote" if facts.task.container else "done")
    return state


def _arrive_back(state: State, task: Task, facts: Facts) -> State:
    """An empty container is shown until it is scanned: that ends the task."""
    if state.at in put_back.STEPS and facts.goods:
        return put_back.arrive(state, task, facts.goods)
    return State(at="tote")


def step(state: State, seen: Seen, facts: Facts) -> Step[State]:
    """Decide what one input means here. Pure."""
    task = facts.task
    if task is None:
        return _get(state, seen, facts)
    if task.is_back and state.at in put_back.STEPS:
        return put_back.step(state, seen, facts, task)
    if seen.is_command("back"):
        if state.at == "place":
            return Step(State(at="tote"))
        return Step(State(), (GiveBack(task.id),))
    if task.is_back and seen.is_command("short"):
        return Step(State(), (put_back.NotFound(task.id),))
    if seen.digit == 1 and (state.at == "done" or (state.at == "tote" and task.kind == LOOK)):
        return Step(State(), (Done(task.id),))
    if seen.kind == "command":
        return Step(state, say=not_now(seen))
    if state.at == "done":
        return Step(state, say=wrong("scan.unexpected", expected="1", scanned=seen.name))
    if state.at == "tote":
        if task.is_back and put_back.is_container(task, seen):
            return _in_hand(task, facts)
        if seen.kind == "tote" and seen.code == task.container:
            return Step(State(at="place"))
        return Step(state, say=put_back.other_container(task, seen))
    if seen.kind == "place":
        return Step(State(), (Verdict(task, seen.code),))
    return Step(state, say=wrong("task.not_a_place", expected=task.target, scanned=seen.name))


def _in_hand(task: Task, facts: Facts) -> Step[State]:
    """The container whose goods go back was scanned; one that is empty is done with."""
    if task.parcel:
        return Step(State(at="item", tote=task.container), (put_back.Found(task.parcel),))
    if not facts.goods:
        return Step(State(), (Done(task.id),))
    return Step(State(at="item", tote=task.container))


def _get(state: State, seen: Seen, facts: Facts) -> Step[State]:
    if seen.is_command("back"):
        return Step(state, go="menu")
    if seen.is_command("undo") and facts.undo_tote:
        back_in = State(at="item", tote=facts.undo_tote)
        return Step(back_in, (put_back.UndoPutBack(),))
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
            unclaimed = {"state": "open", "person_id": None, "claimed_ms": None}
            tx.execute(update(tasks_table).where(mine).values(unclaimed))
            return None
        case _:
            return put_back.run(tx, effect, who)


def _claim(tx: Tx, who: Who) -> Say | None:
    query = select(tasks_table.c.id).where(free(who))
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


AWAITS: dict[str, tuple[Await, ...]] = {
    "get": (Await.CHOICE,), "done": (Await.CHOICE,), "tote": (Await.TOTE,), "place": (Await.PLACE,),
}  # fmt: skip


def prompt(state: State, facts: Facts, language: Language) -> Prompt:
    """What the person sees. Pure."""
    task = facts.task
    page = Prompt(
        dialogue="task", step=state.at, title=say("task.title", language),
        ask=say(f"task.ask.{state.at}", language), help=say(f"help.task.{state.at}", language),
        awaits=AWAITS.get(state.at, (Await.NOTHING,)), options=_keys(state, facts, language),
        language=language,
    )  # fmt: skip
    if task is None:
        return replace(page, lines=(say("task.waiting", language, count=facts.waiting),))
    why = f"{task.why} robot={task.robot} container={task.container}"
    told = (say(f"task.{task.kind}", language), task.robot, task.about,
            reason_words(why, language) if task.why else "")  # fmt: skip
    focus = Focus(
        place=task.target if state.at == "place" else task.place, tote=task.container,
        called=put_back.called(task, language),
    )  # fmt: skip
    page = replace(page, focus=focus, lines=tuple(line for line in told if line))
    if task.holds in put_back.CONTAINERS and state.at == "tote":
        page = replace(page, ask=say(f"task.find.{task.holds}", language))
        page = replace(page, awaits=put_back.CONTAINERS[task.holds])
    return put_back.with_focus(page, state, facts, task, language)


def _keys(state: State, facts: Facts, language: Language) -> tuple[Option, ...]:
    task = facts.task
    back = options(language, "back")
    undo = options(language, "undo") if facts.undo_tote or state.hand else ()
    if task is None:
        return (*choices(language, "task.get"), *undo, *back)
    missing = put_back.missing_key(state.at, language) if task.is_back else ()
    if state.at in put_back.STEPS:
        return (*missing, *undo, *back)
    if state.at == "done" or (state.at == "tote" and task.kind == LOOK):
        return (*choices(language, "task.done"), *back)
    return (*missing, *back)


TASK: Dialogue[State, Facts] = Dialogue(
    name="task", state=State, permission="task", facts=load, step=step, arrive=arrive,
    prompt=prompt, run=run,
)  # fmt: skip
