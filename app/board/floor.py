"""Who and what is at work: people, robots, devices, in words. Pure."""

from typing import Any

from sqlalchemy import Row

from app.board.facts import Facts, Worker
from app.board.words import clock, known, reason
from wms.messages import Language, say
from wms.rooms.board_state import DeviceHealth, PersonAtWork, RobotAtWork, Tone

HOUR_MS = 3_600_000
ROBOT_WORDS = (  # modes of profile GRH-1 that are not automatic, and the states of a mission
    "off", "manual", "paused", "e_stop", "fault", "none", "accepted", "to_source", "loading",
    "to_target", "unloading", "done", "voided", "failed",
)  # fmt: skip


def people(facts: Facts, language: Language) -> tuple[PersonAtWork, ...]:
    """Everybody who is signed on, by terminal."""
    return tuple(
        PersonAtWork(
            name=worker.name, terminal=worker.terminal,
            dialogue=known(f"{worker.dialogue}.title", language) or worker.dialogue,
            step=_step(worker, language),
            lines_per_hour=worker.lines * HOUR_MS // facts.worked_ms if worker.lines else None,
        )
        for worker in facts.workers
    )  # fmt: skip


def _step(worker: Worker, language: Language) -> str:
    """The question on the screen and the thing that it is about."""
    prompt = worker.prompt
    if prompt is None or prompt.dialogue != worker.dialogue:
        return ""
    ask = known(f"{prompt.dialogue}.ask.{prompt.step}", language) or prompt.ask
    focus = prompt.focus
    return f"{ask} {focus.place or focus.sku or focus.tote or focus.parcel}".strip()


def robots(facts: Facts, language: Language) -> tuple[RobotAtWork, ...]:
    """Each robot as it last showed itself."""
    return tuple(_robot(row, language) for row in facts.robots)


def robot_words(row: Any, language: Language) -> str:
    """What it is at, or why it is at nothing; and what a lead wants of it.

    *row* has the columns of `robots`, and its device's `health` and `reason`.
    """
    if row.health in ("offline", "fault"):
        doing = reason(row.reason, language) or say(f"board.health.{row.health}", language)
    elif row.hold:
        doing = reason(row.hold, language)
    elif row.mode not in ("auto", ""):
        doing = _shown(row.mode, language)
    else:
        doing = known(f"board.waits.{row.waits}", language) if row.waits else ""
        doing = doing or _shown(row.state or "none", language)
    wish = say(f"robot.wish.{row.wish}", language) if row.wish else ""
    return f"{doing} {wish}".strip()


def _robot(row: Row[Any], language: Language) -> RobotAtWork:
    tone: Tone = "ok"
    if row.health in ("offline", "fault") or row.hold:
        tone = "error"
    elif row.mode not in ("auto", "") or row.waits:
        tone = "attention"
    doing = robot_words(row, language)
    mission = f"{row.container} {row.target}" if row.container else ""
    battery = row.battery // 10 if row.mode else None
    return RobotAtWork(
        name=row.device, state=doing, mission=mission, battery_pct=battery, tone=tone
    )


def _shown(state: str, language: Language) -> str:
    return say(f"board.robot.{state}", language) if state in ROBOT_WORDS else state


def devices(facts: Facts, language: Language) -> tuple[DeviceHealth, ...]:
    """Each device with its reason in words; a conveyor with what went over it today."""
    return tuple(
        DeviceHealth(
            name=row.name, health=row.health,
            reason=_conveyor(facts, row.name, language) or reason(row.reason, language),
        )
        for row in facts.devices
    )  # fmt: skip


def _conveyor(facts: Facts, device: str, language: Language) -> str:
    """Since when which zone is in trouble, and how many boxes left the last one today; "" when it
    is no conveyor, or one that is away."""
    zones = [zone for zone in facts.zones if zone.device == device]
    if not zones or not any(zone.state or zone.trouble for zone in zones):
        return ""
    words = [
        say("conveyor.since", language, at=clock(zone.since_ms, facts.zone),
            why=reason(f"{zone.trouble} zone={zone.zone}", language))
        for zone in zones
        if zone.trouble
    ]  # fmt: skip
    last = max(zones, key=lambda zone: zone.zone == "down")
    code = "conveyor.through_unknown" if last.unknown else "conveyor.through"
    words.append(say(code, language, boxes=last.departed, gaps=last.unknown))
    return "  ".join(words)
