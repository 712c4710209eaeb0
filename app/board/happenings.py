"""What went wrong on the floor today, newest first, in words. Pure."""

from app.board.facts import Facts
from app.board.names import Names
from app.board.tiles import DOWN
from app.board.words import clock_s, known, reason
from wms.messages import Language, say
from wms.record.event_kinds import (
    DeviceChanged,
    Event,
    OrderHeld,
    OrderShort,
    PickShort,
    PrintChanged,
    TaskOpened,
)
from wms.rooms.board_state import Happening, Tone

SHOWN_MAX = 30
DOUBTFUL = ("uncertain", "blocked", "failed")
ASKED_FOR = ("look", "find_load", "confirm", "assist")  # other tasks are ordinary work


def happenings(facts: Facts, language: Language) -> tuple[Happening, ...]:
    """The exceptions, newest first."""
    found: list[tuple[int, Tone, str]] = []
    for one in facts.happened:
        said = _words(one.event, facts.names, language)
        if said is not None:
            found.append((one.at_ms, *said))
    for parked in facts.redo.parked:
        order = facts.names.orders.get(getattr(parked.told.event, "order_id", 0), "")
        text = say(
            "board.happened.parked", language, endpoint=parked.name,
            what=order or parked.told.aggregate, why=parked.error,
        )  # fmt: skip
        found.append((parked.at_ms, "error", text))
    found.sort(key=lambda each: each[0], reverse=True)
    return tuple(
        Happening(at=clock_s(at_ms, facts.zone), text=text, tone=tone)
        for at_ms, tone, text in found[:SHOWN_MAX]
    )


def _words(event: Event, names: Names, language: Language) -> tuple[Tone, str] | None:
    """How to say an event; None for one that is no exception."""
    match event:
        case PickShort():
            return "attention", say(
                "board.happened.pick_short", language, place=event.place, count=event.missing,
                item=names.items.get(event.item_id, ""), person=names.people.get(event.person, ""),
            )  # fmt: skip
        case OrderShort():
            return "attention", say(
                "board.happened.order_short", language, count=event.missing, sku=event.sku,
                order=names.orders.get(event.order_id, event.external_id),
            )  # fmt: skip
        case OrderHeld():
            order = names.orders.get(event.order_id, event.external_id)
            return "attention", f"{order}: {reason(event.reason, language)}"
        case PrintChanged() if event.state in DOUBTFUL:
            why = reason(event.reason, language)
            words = say(f"print.{event.state}", language, reason=why).strip()
            return "error", f"{names.jobs.get(event.job_id, '')}: {words}"
        case DeviceChanged() if event.health in DOWN:
            words = reason(event.reason, language) or say(f"board.health.{event.health}", language)
            tone: Tone = "attention" if event.health == "degraded" else "error"
            return tone, f"{event.device}: {words}"
        case TaskOpened() if event.task in ASKED_FOR:
            return "attention", _task(event, names, language)
    return None


def _task(event: TaskOpened, names: Names, language: Language) -> str:
    body = names.tasks.get(event.task_id, {})
    title = known(f"task.{event.task}", language) or event.task
    about = (
        event.place, str(body.get("robot", "")), str(body.get("container", "")),
        str(body.get("person", "")), reason(str(body.get("why", "")), language),
    )  # fmt: skip
    return f"{title}: {' '.join(part for part in about if part)}"
