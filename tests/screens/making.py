"""What samples of screens share: the longest words of a real day, and how a prompt is had.

Lots and serial numbers are as long as GS1 lets them be, quantities have four digits, codes are
those of a big site.
"""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from picking.dialogues import DIALOGUES
from picking.dialogues.base import Dialogue, ItemSeen, Say, Seen
from wms.messages import Language
from wms.rooms.prompts import Message, Prompt

Show = Callable[[Language], Prompt]
NAME = "さくらハンドクリーム 抹茶の香り 50g 数量限定 お徳用パック"
PLAIN = "ガーゼハンカチ"
SKU = "SAKURA-HC-50G-MATCHA"
LOT = "L20261122-0012345678"  # 20 characters, as many as GS1 allows
SERIAL = "SN-2026-1122-0012345"
DAY = "2027-05-31"
SSCC = "106141412345678908"
JAN = "4901234567894"
PLACE = "B-103-45-C"
TOTE = "T-000412"
NUMBER = 11  # the item
OTHER = 12
MANY = 1_200
LANGUAGES: tuple[Language, ...] = ("ja", "en")


def of(dialogue: Dialogue[Any, Any], state: Any, facts: Any) -> Show:
    """The screen of *state*, where `arrive` leaves it."""

    def show(language: Language) -> Prompt:
        prompt = dialogue.prompt(dialogue.arrive(state, facts), facts, language)
        return replace(prompt, person=_person(language))

    return show


def refusing(dialogue: Dialogue[Any, Any], state: Any, facts: Any, seen: Seen) -> Show:
    """The screen after *seen* was refused, or at least remarked on."""

    def show(language: Language) -> Prompt:
        step = dialogue.step(dialogue.arrive(state, facts), seen, facts)
        assert step.say is not None, f"{dialogue.name} takes {seen}"
        return _told(of(dialogue, step.state, facts)(language), step.say.message(language))

    return show


def told(show: Show, said: Say) -> Show:
    """The screen with an answer of the book on it."""
    return lambda language: _told(show(language), said.message(language))


def _told(prompt: Prompt, message: Message) -> Prompt:
    locked = message.severity == "error"
    return replace(prompt, message=message, locked=locked, refused=2 if locked else 0)


def _person(language: Language) -> str:
    return "長谷川 左衛門三郎" if language == "ja" else "Maximilian Long"


def item(number: int = OTHER, sku: str = "HAND-WASH-250ML") -> Seen:
    """A barcode of an item, by default not the one that is wanted."""
    return Seen("item", JAN, code=JAN, items=(ItemSeen(number, "sakura", sku, PLAIN, 1),))


def place(code: str = "C-104-01-A") -> Seen:
    """A shelf, by default not the one that is wanted."""
    return Seen("place", code, code=code)


def tote(code: str = "T-000999") -> Seen:
    """A tote, by default not the one that is wanted."""
    return Seen("tote", code, code=code)


def key(digits: str) -> Seen:
    """Digits that were keyed."""
    return Seen("number", digits, code=digits, number=int(digits))


def unknown(text: str = "4909999999990") -> Seen:
    """What nobody knows."""
    return Seen("unknown", text, code=text)


def command(name: str) -> Seen:
    """A key."""
    return Seen("command", name, code=name)


assert DIALOGUES, "they register themselves"
