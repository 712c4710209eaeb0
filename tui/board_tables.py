"""The tables of the lead's board: rows of the state as columns of text. Pure."""

from dataclasses import dataclass

from tui.text import safe
from wms.messages import Language, say
from wms.rooms.board_state import BoardState, DeviceHealth, Tone

MARKS: dict[Tone, str] = {"ok": "", "attention": "! ", "error": "!! "}
_BADNESS = ("fault", "offline", "degraded", "starting", "online")
_HEALTH_TONES: dict[str, Tone] = {
    "fault": "error",
    "offline": "error",
    "degraded": "attention",
    "starting": "attention",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table. *width* 0 takes what the others leave."""

    title: str
    width: int = 0
    right: bool = False


Line = tuple[Tone, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and lines of a panel."""

    columns: tuple[Column, ...]
    lines: list[Line]


def age(seconds: int | None, language: Language) -> str:
    """An age in the largest whole unit.

    >>> age(59, "en"), age(600, "ja"), age(None, "en")
    ('59s', '10分', '')
    """
    if seconds is None:
        return ""
    if seconds < 60:
        return say("board.seconds", language, count=seconds)
    if seconds < 3600:
        return say("board.minutes", language, count=seconds // 60)
    return say("board.hours", language, count=seconds // 3600)


def _titles(language: Language, *codes: str) -> list[str]:
    return [say(f"board.{code}", language) for code in codes]


def pickups(state: BoardState) -> Table:
    """Pickups: what is left, when it will be done, and whether that is in time."""
    titles = _titles(state.language, "pickup", "cutoff", "pieces_left", "finish", "slack", "risk")
    widths = (0, 5, 13, 5, 5, 4)
    columns = tuple(
        Column(title, width, right=bool(width)) for title, width in zip(titles, widths, strict=True)
    )
    lines: list[Line] = []
    for pickup in state.pickups:
        late = pickup.slack_min is not None and pickup.slack_min < 0
        tone: Tone = "error" if late else "attention" if pickup.at_risk else "ok"
        spare = "" if pickup.slack_min is None else slack(pickup.slack_min)
        left = f"{pickup.orders}/{pickup.lines}/{pickup.pieces}"
        name = MARKS[tone] + safe(pickup.carrier)
        risk = str(pickup.at_risk) if pickup.at_risk else "-"
        texts = (name, safe(pickup.cutoff), left, safe(pickup.finish) or "-", spare, risk)
        lines.append((tone, texts))
    return Table(columns, lines)


def slack(minutes: int) -> str:
    """Minutes with their sign; hours from 100 minutes on.

    >>> slack(12), slack(-7), slack(150)
    ('+12m', '-7m', '+2h')
    """
    return f"{minutes:+d}m" if abs(minutes) < 100 else f"{int(minutes / 60):+d}h"


def stages(state: BoardState) -> Table:
    """Orders at each stage and the oldest of them."""
    name, orders, oldest = _titles(state.language, "stage", "orders", "oldest")
    columns = (Column(name), Column(orders, 6, right=True), Column(oldest, 8, right=True))
    lines: list[Line] = [
        (
            "ok",
            (
                say(f"board.stage.{stage.code}", state.language),
                str(stage.count),
                age(stage.oldest_s, state.language),
            ),
        )
        for stage in state.stages
    ]
    return Table(columns, lines)


def people(state: BoardState) -> Table:
    """People, what they do, and how fast."""
    name, work, rate = _titles(state.language, "person", "work", "rate")
    columns = (Column(name, 16), Column(work), Column(rate, 6, right=True))
    lines: list[Line] = [
        (
            "ok",
            (
                safe(person.name),
                " ".join(filter(None, (safe(person.dialogue), safe(person.step)))),
                "" if person.lines_per_hour is None else str(person.lines_per_hour),
            ),
        )
        for person in state.people
    ]
    return Table(columns, lines)


def robots(state: BoardState) -> Table:
    """Robots, what they carry, and their battery."""
    name, mission, battery = _titles(state.language, "robot", "mission", "battery")
    columns = (Column(name, 8), Column(mission), Column(battery, 4, right=True))
    lines: list[Line] = []
    for robot in state.robots:
        doing = " ".join(filter(None, (safe(robot.state), safe(robot.mission))))
        charge = "" if robot.battery_pct is None else f"{robot.battery_pct}%"
        texts = (safe(robot.name), MARKS[robot.tone] + doing, charge)
        lines.append((robot.tone, texts))
    return Table(columns, lines)


def devices(state: BoardState) -> Table:
    """Devices, the broken ones first."""
    name, health = _titles(state.language, "device", "health")
    lines: list[Line] = []
    for device in sorted(state.devices, key=_badness):
        tone = _HEALTH_TONES.get(device.health, "ok")
        words = say(f"board.health.{device.health}", state.language)
        reason = f" {safe(device.reason)}" if device.reason else ""
        lines.append((tone, (safe(device.name), f"{MARKS[tone]}{words}{reason}")))
    return Table((Column(name, 11), Column(health)), lines)


def _badness(device: DeviceHealth) -> int:
    return _BADNESS.index(device.health)


def exceptions(state: BoardState) -> Table:
    """What went wrong lately, newest first."""
    time, title = _titles(state.language, "time", "exceptions")
    lines: list[Line] = [
        ("ok", (safe(each.at), MARKS[each.tone] + safe(each.text))) for each in state.exceptions
    ]
    return Table((Column(time, 8), Column(title)), lines)
