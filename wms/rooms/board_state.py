"""What the lead's board shows, as data: filled by the server every second, drawn by any board.

Words that depend on the site (carriers, names, hints, exceptions) come in the reader's language;
codes (`TileCode`, `StageCode`, `Health`) get their words where they are drawn. Times are the site's
own, as HH:MM or HH:MM:SS.
"""

from typing import Literal

from msgspec import Struct

Tone = Literal["ok", "attention", "error"]
TileCode = Literal[
    "left",  # 1 orders/lines/pieces left for today's pickups
    "finish",  # 2 forecast finish against pickup
    "stages",  # 3 work in progress and its oldest
    "rate",  # 4 rate against the rate needed
    "short",  # 5 unallocated and shelf empty
    "held",  # 6 held, address to confirm, stopped
    "blocked",  # 7 picks blocked by replenishment
    "inbound",  # 8 received not inspected, inspected not put away
    "errors",  # 9 inspection errors, reprints, weight holds, unsent to the OMS
    "devices",  # 10 devices and robots down
]
StageCode = Literal["waiting", "released", "picking", "packing", "labelled", "shipped"]
Health = Literal["starting", "online", "degraded", "offline", "fault"]


class Tile(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One of the ten numbers. `rows` are the orders or things behind it, at most a screenful."""

    code: TileCode
    value: str  # "312/640/1204", "16:48", "118 < 140"
    tone: Tone = "ok"
    hint: str = ""  # the one action that it suggests
    rows: tuple[str, ...] = ()


class PickupTile(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A carrier's pickup today and what is left to do for it."""

    carrier: str
    cutoff: str  # HH:MM
    orders: int = 0
    lines: int = 0
    pieces: int = 0
    finish: str = ""  # HH:MM, forecast; empty while there is no rate to forecast from
    slack_min: int | None = None  # minutes from forecast to cut-off, negative when late
    at_risk: int = 0  # orders that will miss it at this rate


class Stage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Orders at one stage of the work, and how long the oldest has been there."""

    code: StageCode
    count: int = 0
    oldest_s: int | None = None


class PersonAtWork(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Someone who is signed on."""

    name: str
    terminal: str
    dialogue: str = ""  # in words
    step: str = ""  # in words, e.g. the question on the screen
    lines_per_hour: int | None = None


class RobotAtWork(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A robot as its supervisor last saw it."""

    name: str
    state: str = ""  # in words
    mission: str = ""  # "T-0412 to PACK-1"
    battery_pct: int | None = None
    tone: Tone = "ok"


class DeviceHealth(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A device's health with its reason."""

    name: str
    health: Health
    reason: str = ""  # in words


class Happening(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An exception on the floor."""

    at: str  # HH:MM:SS
    text: str
    tone: Tone = "attention"


class BoardState(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The whole board at one moment. Lists come in the order in which they should be read."""

    site: str
    clock: str  # HH:MM:SS
    language: Literal["ja", "en"] = "ja"
    tiles: tuple[Tile, ...] = ()
    pickups: tuple[PickupTile, ...] = ()
    stages: tuple[Stage, ...] = ()
    people: tuple[PersonAtWork, ...] = ()
    robots: tuple[RobotAtWork, ...] = ()
    devices: tuple[DeviceHealth, ...] = ()
    exceptions: tuple[Happening, ...] = ()  # newest first
