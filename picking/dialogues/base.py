"""What all dialogues share: what was seen, who is at the terminal, and what a step gives back.

A dialogue is a state table. `step(state, seen, facts)` is pure: it decides the next state, the
effects to run and what to say. The floor runs the effects in one transaction, reads the facts
again and lets `arrive(state, facts)` and `prompt(state, facts, language)`, both pure, say where
the worker stands now. So a prompt never promises what the book did not do.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any, Generic, Literal, TypeVar
from zoneinfo import ZoneInfo

from msgspec import Struct

from wms.db import Tx
from wms.errors import Code, Rejected
from wms.messages import Language, say
from wms.people.staff import Person
from wms.rooms.prompts import Message, Option, Prompt

Kind = Literal[
    "command", "number", "place", "tote", "item", "lot", "badge", "parcel", "tracking",
    "manifest", "box", "weight", "secret", "ambiguous", "broken", "unknown",
]  # fmt: skip
Severity = Literal["ok", "attention", "error"]
S = TypeVar("S")
F = TypeVar("F")


@dataclass(frozen=True, slots=True)
class ItemSeen:
    """An item that a barcode may mean; `qty` eaches a scan (a case counts as what is in it)."""

    id: int
    owner: str
    sku: str
    name: str
    qty: int


@dataclass(frozen=True, slots=True)
class Seen:
    """One input, typed by the resolver. `text` is what people should read of it.

    `broken`: too long, or damaged on its way. `ambiguous`: `code` names what it could be.
    """

    kind: Kind
    text: str
    code: str = ""  # canonical: a place's or box's code, a tracking number, a command's name
    id: int = 0  # of a parcel, manifest or person; 0 where several or none are meant
    number: int = 0
    items: tuple[ItemSeen, ...] = ()
    lot: str = ""
    expiry: str = ""  # YYYY-MM-DD
    serial: str = ""
    count: int = 0  # of trade items, as GS1 says it (AI 30, 37); 0 where it does not
    deliberate: bool = False  # a second or more after the prompt: only now may a scan confirm
    keyed: bool = False  # typed by hand: no proof that a label is where it should be

    def item(self, wanted: int) -> ItemSeen | None:
        """The meaning of this barcode that is the *wanted* item, if it has one."""
        return next((seen for seen in self.items if seen.id == wanted), None)

    @property
    def name(self) -> str:
        """What to call it in an error: an item by its SKU, anything else as it was read."""
        return self.items[0].sku if self.items else self.text

    @property
    def digit(self) -> int:
        """The menu digit that was keyed, or chosen as a command; 0 for anything else."""
        if self.kind == "number":
            return self.number
        short = len(self.code) == 1 and self.code.isascii() and self.code.isdigit()
        return int(self.code) if self.kind == "command" and short else 0

    def is_command(self, *names: str) -> bool:
        """Whether it is one of these commands."""
        return self.kind == "command" and self.code in names


@dataclass(frozen=True, slots=True)
class Station:
    """Where a bench terminal stands. Empty names: it has no such device."""

    code: str
    kind: str
    place: str
    printer: str = ""
    slip_printer: str = ""
    scale: str = ""
    reader: str = ""


@dataclass(frozen=True, slots=True)
class Who:
    """The worker, the terminal and the moment. `key` is unique for this input: the root of
    every idempotency key that its effects make."""

    person: Person
    terminal: str
    station: Station | None
    now: int
    today: str  # the site's date, YYYY-MM-DD
    zone: ZoneInfo
    rng: Random  # of mission numbers
    key: str
    pepper: str = field(default="", repr=False)  # what PINs are hashed with

    @property
    def actor(self) -> str:
        return f"person:{self.person.id}"

    def may(self, permission: str, station: str) -> bool:
        """Whether this person at this terminal may do what needs *permission* ("" = nothing
        special), at a *station* of that kind ("" = anywhere)."""
        here = self.station.kind if self.station else ""
        allowed = not permission or permission in self.person.permissions
        return allowed and station in ("", here)

    def may_touch(self, verb: str, owner: str) -> bool:
        """Whether this person may do *verb* with the goods of *owner*."""
        return self.person.may(verb, owner)

    def must_touch(self, verb: str, owners: Iterable[str]) -> None:
        """Refuse `PERMISSION_MISSING` unless they may do *verb* with the goods of all *owners*."""
        for owner in owners:
            if not self.may_touch(verb, owner):
                raise Rejected(Code.PERMISSION_MISSING, permission=f"{verb} {owner}".strip())


@dataclass(frozen=True, slots=True)
class Say:
    """A message by code. `error` locks the screen until it is acknowledged.

    `words` are blanks whose content is a code itself, said in the reader's language.
    """

    code: str
    severity: Severity = "ok"
    expected: str = ""
    scanned: str = ""
    params: dict[str, str | int] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)

    def message(self, language: Language) -> Message:
        """The message in *language*."""
        said = {name: say(code, language) for name, code in self.words.items()}
        expected = _spoken(self.expected, language)
        told = self.params
        if told.get("expected") == self.expected:
            told = {**told, "expected": expected}
        text = say(self.code, language, **told, **said)
        return Message(
            severity=self.severity, code=self.code, text=text, expected=expected,
            scanned=self.scanned,
        )  # fmt: skip


# What may be expected of which there is no example: a kind of input, in people's words.
KINDS = {
    "LOT": "screen.lot", "PLACE": "screen.place", "TOTE": "screen.tote", "CAGE": "want.cage",
    "S/N": "want.serial", "TEXT": "want.text", "SKU": "want.item", "BADGE": "want.badge",
    "PARCEL": "want.parcel", "RETURN": "want.return", "WORK": "want.work", "DATE": "want.date",
    "DELIVERY": "want.delivery",
}  # fmt: skip
_BETWEEN = re.compile("(, | / )")  # what is expected may be several things


def _spoken(expected: str, language: Language) -> str:
    parts = _BETWEEN.split(expected)
    return "".join(say(KINDS[part], language) if part in KINDS else part for part in parts)


def wrong(code: str, *, expected: str, scanned: str) -> Say:
    """The refusal of a wrong scan: it says what was expected and what was read."""
    params: dict[str, str | int] = {"expected": expected, "scanned": scanned}
    return Say(code, "error", expected, scanned, params)


def refused(refusal: Rejected, seen: Seen) -> Say:
    """A refusal of the book: what it expected and what was read are shown where it says so."""
    params = refusal.params
    return Say(
        refusal.code, "error", expected=str(params.get("expected", "")),
        scanned=str(params.get("scanned", seen.text)), params=params,
    )  # fmt: skip


def not_now(seen: Seen) -> Say:
    """The refusal of a key that does nothing at this step."""
    if seen.code in COMMAND_KEYS:
        return Say("key.not_now", "error", words={"key": f"key.{seen.code}"})
    return Say("key.not_now", "error", scanned=seen.text, params={"key": seen.text})


def unexpected(seen: Seen, *, expected: str, code: str = "scan.unexpected") -> Say:
    """The refusal of whatever is not *expected*; a key is called by its word, never as a scan."""
    if seen.kind == "command" and seen.code in COMMAND_KEYS:
        return not_now(seen)
    return wrong(code, expected=expected, scanned=seen.name)


@dataclass(frozen=True, slots=True)
class Step(Generic[S]):
    """What one input led to. `go` names another dialogue that takes over, at `start` if given."""

    state: S
    effects: tuple[Any, ...] = ()
    say: Say | None = None
    go: str = ""
    start: Struct | None = None

    @property
    def refused(self) -> bool:
        return self.say is not None and self.say.severity == "error"


@dataclass(frozen=True, slots=True)
class Dialogue(Generic[S, F]):
    """One conversation. `facts` reads, `step`, `arrive` and `prompt` are pure, `run` writes.

    It needs *permission*, and a terminal that stands at a *station* of that kind ("" = any).
    Where it asks for a PIN, *secret* says so of its state: what is keyed there is never journaled.
    """

    name: str
    state: type[S]
    permission: str
    facts: Callable[[Tx, S, Who], F]
    step: Callable[[S, Seen, F], Step[S]]
    arrive: Callable[[S, F], S]
    prompt: Callable[[S, F, Language], Prompt]
    run: Callable[[Tx, Any, Who], Say | None]
    station: str = ""
    secret: Callable[[S], bool] | None = None


COMMAND_KEYS = {
    "help": "F1", "short": "F2", "back": "F3", "later": "F4", "list": "F5", "full": "F6",
    "undo": "F7", "reprint": "F8", "assist": "F9", "language": "F10",
}  # fmt: skip


def options(language: Language, *commands: str) -> tuple[Option, ...]:
    """The keys that work now, each under its fixed function key."""
    return tuple(
        Option(key=COMMAND_KEYS[name], command=name, label=say(f"key.{name}", language))
        for name in commands
    )


def choices(language: Language, *codes: str, **params: str | int) -> tuple[Option, ...]:
    """A menu of digits: 1, 2, 3... with the words of *codes*; the digit is the command."""
    return tuple(
        Option(key=str(n), command=str(n), label=say(code, language, **params))
        for n, code in enumerate(codes, start=1)
    )
