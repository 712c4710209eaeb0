"""Look up: ask any barcode what it is, where it has been and what is promised of it.

Whoever has the permission finds it in the menu; anybody who is signed in gets here by scanning
something in the menu.

Transitions:
* ask -> shown: something that the book knows was scanned
* ask -> ask: what nobody knows is refused with what was read
* ask -> menu: back
* shown -> shown: something else was scanned
* shown -> shown: F5 turns the page
* shown -> shown: what nobody knows is refused; what was shown stays
* shown -> ask: what was shown is no longer there
* shown -> ask: back
"""

from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from picking.dialogues.base import (
    COMMAND_KEYS,
    Dialogue,
    Say,
    Seen,
    Step,
    Who,
    not_now,
    options,
    wrong,
)
from picking.dialogues.look_prompt import page_lines, pages, title
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.look import find
from wms.look.codes import look
from wms.look.found import Asking, Found, Subject, owners_of
from wms.messages import Language, say
from wms.rooms.prompts import Await, Focus, Prompt
from wms.site.epc import serial_of
from wms.text import shown as shown_text

EPC_DIGITS = 24
CHARACTERS_MIN = 3  # of a code that only papers have; less is a slip of the finger


class State(Struct, frozen=True, kw_only=True):
    """What is shown, and which page of it. `text` is a code that is looked for among papers."""

    at: Literal["ask", "shown"] = "ask"
    subject: Subject | None = None
    text: str = ""
    page: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """What the book says about it now, and the site's clock in words."""

    found: Found | None
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Asked:
    """What a scan asks about: a subject, or a text that may be a paper's."""

    subject: Subject | None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """Refuse what the book does not know."""

    asked: Asked


def subject_of(seen: Seen) -> Asked | None:
    """What *seen* asks about; None for what is no code. Pure."""
    match seen.kind:
        case "item":
            numbers = tuple(item.id for item in seen.items)
            is_tag = len(seen.code) == EPC_DIGITS and not seen.code.isdigit()
            serial = seen.serial or (serial_of(seen.code.lower()) if is_tag else "")
            kind: Literal["serial", "lot", "item"] = "item"
            if serial or seen.lot:
                kind = "serial" if serial else "lot"
            code = seen.code if is_tag else ""
            return Asked(Subject(kind=kind, code=code, items=numbers, lot=seen.lot, serial=serial))
        case "place" | "tote" | "box":
            return Asked(Subject(kind=seen.kind, code=seen.code))
        case "parcel" | "manifest":
            return Asked(Subject(kind=seen.kind, code=seen.code, id=seen.id))
        case "tracking":
            if not seen.id:  # several parcels that are here share this number
                return Asked(None, seen.code)
            return Asked(Subject(kind="parcel", code=seen.code, id=seen.id))
        case "lot":
            return Asked(None, seen.lot or seen.serial)
        case "unknown" if len(seen.code) >= CHARACTERS_MIN:
            return Asked(None, seen.code)
        case _:
            return None


def shown(asked: Asked) -> State:
    """The state that shows *asked* from its first page."""
    return State(at="shown", subject=asked.subject, text=asked.text)


def facts(tx: Tx, state: State, who: Who) -> Facts:
    """Look it up."""
    found = None
    if state.at == "shown":
        found = answer(tx, Asked(state.subject, state.text), asking_of(who))
    return Facts(found, who.zone)


def asking_of(who: Who) -> Asking:
    """Whoever works for some owners only sees only their goods."""
    return Asking(who.now, owners_of(who.person))


def answer(tx: Tx, asked: Asked, asking: Asking) -> Found | None:
    """What the book knows about *asked*; None when it knows nothing."""
    subject = asked.subject or find.find(tx, asked.text)
    return None if subject is None else look(tx, subject, asking)


def refuse_unknown(tx: Tx, asked: Asked, asking: Asking) -> Found:
    """The answer, or why there is none: `LOOK_AMBIGUOUS` (several papers have this number),
    `PERMISSION_MISSING` (another owner's), `LOOK_UNKNOWN`."""
    found = answer(tx, asked, asking)
    if found is not None:
        return found
    code = asked.text or (asked.subject.code if asked.subject else "")
    if several := find.candidates(tx, asked.text):
        raise Rejected(Code.LOOK_AMBIGUOUS, scanned=shown_text(code), expected=", ".join(several))
    if answer(tx, asked, Asking(asking.now)) is not None:
        raise Rejected(Code.PERMISSION_MISSING, permission="look")
    raise Rejected(Code.LOOK_UNKNOWN, scanned=shown_text(code))


def arrive(state: State, facts: Facts) -> State:
    """What is no longer there is not shown."""
    if state.at == "shown" and facts.found is None:
        return State()
    return state


def step(state: State, seen: Seen, facts: Facts) -> Step[State]:
    """Decide what one input means here. Pure."""
    if seen.is_command("back"):
        return Step(State()) if state.at == "shown" else Step(state, go="menu")
    if seen.is_command("list") and facts.found is not None:
        count = len(pages(facts.found))
        return Step(replace(state, page=(state.page + 1) % count))
    if seen.kind == "command" and seen.code in COMMAND_KEYS:
        return Step(state, say=not_now(seen))
    if seen.kind == "badge" and seen.id:
        asked: Asked | None = Asked(Subject(kind="badge", id=seen.id))
    elif seen.kind == "number" and len(seen.code) >= CHARACTERS_MIN:
        asked = Asked(None, seen.code)
    else:
        asked = subject_of(seen)
    if asked is None:
        return Step(state, say=wrong("look.unknown", expected="", scanned=seen.name))
    return Step(shown(asked), (Check(asked),))


def run(tx: Tx, effect: object, who: Who) -> Say | None:
    """Refuses what `refuse_unknown` does. Writes nothing."""
    assert isinstance(effect, Check), effect
    refuse_unknown(tx, effect.asked, asking_of(who))
    return None


def prompt(state: State, facts: Facts, language: Language) -> Prompt:
    """What the person sees. Pure."""
    found = facts.found
    if found is None or state.at == "ask":
        return Prompt(
            dialogue="look", step="ask", title=say("look.title", language),
            ask=say("look.ask.ask", language), help=say("help.look.ask", language),
            awaits=(Await.ITEM, Await.PLACE, Await.TEXT), options=options(language, "back"),
            language=language,
        )  # fmt: skip
    every = pages(found)
    page = state.page % len(every)
    return Prompt(
        dialogue="look", step="shown",
        title=title(found, language) + (f" {found.code}" if page else ""),
        ask=say("look.ask.shown", language), help=say("help.look.shown", language),
        awaits=(Await.ITEM, Await.PLACE, Await.TEXT),
        focus=Focus() if page else _focus(found),
        lines=page_lines(found, every[page], facts.zone, language),
        done=page + 1 if len(every) > 1 else 0, total=len(every) if len(every) > 1 else 0,
        options=options(language, *(("list",) if len(every) > 1 else ()), "back"),
        language=language,
    )  # fmt: skip


def _focus(found: Found) -> Focus:
    """The big thing of the first page: the code of a place, the name of goods."""
    if found.kind in ("place", "tote"):
        return Focus(place=found.code)
    if found.kind in ("item", "lot", "serial"):
        qty = sum(heap.qty for heap in found.stock)
        return Focus(item=found.name, qty=qty, picture=found.picture)
    return Focus(item=found.name, parcel=found.code)


LOOK: Dialogue[State, Facts] = Dialogue(
    name="look", state=State, permission="", facts=facts, step=step, arrive=arrive, prompt=prompt,
    run=run,
)  # fmt: skip
