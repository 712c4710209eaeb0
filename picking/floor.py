"""Runs dialogues: one input in, one answer out, in one transaction, whatever happens.

Every input gets a fate and a line in the scan journal: `applied`, `refused` (with what was
expected), or `repeat` (a bouncing trigger). The same `scan_id` gets the same answer again. The
conversation lives in the person's session row, so any terminal can take it up.
"""

import dataclasses
from dataclasses import dataclass
from random import Random
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Row, insert, select, update

from picking.dialogues import DIALOGUES, sign_in
from picking.dialogues.base import Dialogue, Say, Seen, Station, Step, Who, wrong
from picking.resolve import TEXT_MAX, resolve
from wms import commands, people, tasks
from wms.calendar import business_day
from wms.db import Tx, insert_once
from wms.errors import Code, Rejected
from wms.messages import Language
from wms.people import Person
from wms.prompts import Message, Prompt
from wms.schema import scans, sessions, stations, terminals

TerminalVia = Literal["scan", "key", "command"]
Via = TerminalVia | Literal["device", "weight"]
Fate = Literal["applied", "refused", "repeat"]
TOKYO = ZoneInfo("Asia/Tokyo")


@dataclass(frozen=True, slots=True)
class Settings:
    """`bounce_ms`: the same code again on one terminal within this is one trigger pull.

    `rng` gives the chance in mission numbers; `pepper` is what PINs are hashed with.
    """

    rng: Random
    bounce_ms: int = 300
    confirm_ms: int = 1_000  # a second scan of the same code confirms only after this
    idle_ms: int = 600_000  # then the terminal asks for the badge again; the task is kept
    zone: ZoneInfo = TOKYO
    pepper: str = ""


class Answer(Struct, frozen=True, kw_only=True):
    """What the terminal is told about one input."""

    fate: Fate
    prompt: Prompt


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an input, before it is journaled."""

    fate: Fate
    say: Say | None
    seen: Seen | None = None


def scan(
    tx: Tx, *, terminal: str, scan_id: str, text: str, via: Via, now: int, settings: Settings
) -> Answer:
    """Take one input at *terminal*. Refuses `TERMINAL_UNKNOWN` and `SCAN_INVALID` only."""
    if not 1 <= len(scan_id) <= 80 or len(text) > TEXT_MAX or "\x00" in text + scan_id:
        raise Rejected(Code.SCAN_INVALID, limit=TEXT_MAX)
    row = tx.execute(select(terminals).where(terminals.c.id == terminal).with_for_update()).first()
    if row is None:
        raise Rejected(Code.TERMINAL_UNKNOWN, terminal=terminal)
    journaled = tx.execute(
        select(scans.c.answer).where(scans.c.terminal_id == terminal, scans.c.scan_id == scan_id)
    ).scalar()
    if journaled is not None:
        return msgspec.json.decode(journaled, type=Answer)
    row = _lock_idle(tx, row, now, settings)
    if row.person_id is None:
        outcome, shown = _sign_in(tx, row, text, via, now, settings)
    else:
        outcome, shown = _converse(tx, row, scan_id, text, via, now, settings)
    answer = Answer(fate=outcome.fate, prompt=shown)
    commands.record(
        tx, actor=f"person:{row.person_id}" if row.person_id else "nobody", device=terminal,
        permission=shown.dialogue, name="scan", key=f"{terminal}:{scan_id}", now=now,
        body={"fate": outcome.fate, "step": shown.step, "via": via},
    )  # fmt: skip
    _journal(tx, row, scan_id, text, via, outcome, answer, now)
    return answer


def show(tx: Tx, *, terminal: str, now: int, settings: Settings) -> tuple[Prompt, int]:
    """The prompt of *terminal* now, and the version that grows with every change of it."""
    row = tx.execute(select(terminals).where(terminals.c.id == terminal)).first()
    if row is None:
        raise Rejected(Code.TERMINAL_UNKNOWN, terminal=terminal)
    if row.person_id is None:
        return _signed_out(row), row.version
    who = _who(tx, row, "show", now, settings)
    session = tx.execute(select(sessions).where(sessions.c.person_id == row.person_id)).one()
    return _render(tx, session, who), row.version


def _lock_idle(tx: Tx, row: Row[Any], now: int, settings: Settings) -> Row[Any]:
    """After the idle time the badge is asked for again. The session, and so the task, stays."""
    if row.person_id is None or now - row.seen_ms <= settings.idle_ms:
        return row
    tx.execute(
        update(terminals)
        .where(terminals.c.id == row.id)
        .values(person_id=None, state="{}", seen_ms=now)
    )
    return tx.execute(select(terminals).where(terminals.c.id == row.id)).one()


# --- nobody is signed in -----------------------------------------------------------------------


def _sign_in(
    tx: Tx, row: Row[Any], text: str, via: Via, now: int, settings: Settings
) -> tuple[Outcome, Prompt]:
    state = msgspec.json.decode(row.state, type=sign_in.State)
    secret = state.at == "pin"
    seen = resolve(tx, text, via)
    if seen.kind == "command" and seen.code == "language":
        _change(tx, row.id, language=_other(row.language))
        return Outcome("applied", None), _signed_out(_terminal(tx, row.id))
    if secret and seen.kind not in ("badge", "command"):
        seen = Seen("secret", "***", code=text.strip())
    state, person, said = sign_in.step(tx, state, seen, pepper=settings.pepper, now=now)
    _change(tx, row.id, state=msgspec.json.encode(state).decode())
    if person is not None:
        _enter(tx, row, person, now)
        who = _who(tx, _terminal(tx, row.id), "show", now, settings)
        session = tx.execute(select(sessions).where(sessions.c.person_id == person.id)).one()
        return Outcome("applied", None, seen), _render(tx, session, who)
    shown = _signed_out(_terminal(tx, row.id))
    fate: Fate = "refused" if said else "applied"
    if said is not None:
        shown = replace(shown, message=said.message(row.language))
    return Outcome(fate, said, seen), shown


def _enter(tx: Tx, row: Row[Any], person: Person, now: int) -> None:
    """Sign *person* in here; any other terminal of theirs lets go, and the session goes on."""
    elsewhere = (terminals.c.person_id == person.id) & (terminals.c.id != row.id)
    tx.execute(
        update(terminals).where(elsewhere).values(
            person_id=None, state="{}", version=terminals.c.version + 1
        )
    )  # fmt: skip
    _change(tx, row.id, person_id=person.id, state="{}", language=person.language, seen_ms=now)
    fresh = {
        "person_id": person.id, "dialogue": "menu", "state": "{}", "prompted_ms": now,
        "updated_ms": now,
    }  # fmt: skip
    insert_once(tx, sessions, fresh)


def _signed_out(row: Row[Any]) -> Prompt:
    return sign_in.prompt(msgspec.json.decode(row.state, type=sign_in.State), row.language)


# --- somebody is -------------------------------------------------------------------------------


def _converse(
    tx: Tx, row: Row[Any], scan_id: str, text: str, via: Via, now: int, settings: Settings
) -> tuple[Outcome, Prompt]:
    who = _who(tx, row, f"{row.id}:{scan_id}", now, settings)
    mine = sessions.c.person_id == row.person_id
    session = tx.execute(select(sessions).where(mine).with_for_update()).one()
    if _bounced(session, text, via, now, settings):
        return Outcome("repeat", None), _render(tx, session, who)
    outcome, changed = _decide(tx, session, who, text, via, settings)
    message = outcome.say.message(who.person.language) if outcome.say else None
    values: dict[str, Any] = {
        "message": msgspec.json.encode(message).decode() if message else "", "refused": 0,
        "locked": int(message is not None and message.severity == "error"), "prompted_ms": now,
        "last_text": text, "last_ms": now, "updated_ms": now, **changed,
    }  # fmt: skip
    tx.execute(update(sessions).where(mine).values(values))
    row = _terminal(tx, row.id)
    if row.person_id is None:
        return outcome, _signed_out(row)
    session = tx.execute(select(sessions).where(mine)).one()
    return outcome, _render(tx, session, _who(tx, row, who.key, now, settings))


def _bounced(session: Row[Any], text: str, via: Via, now: int, settings: Settings) -> bool:
    trigger = via in ("scan", "device")
    return trigger and text == session.last_text and now - session.last_ms < settings.bounce_ms


def _decide(
    tx: Tx, session: Row[Any], who: Who, text: str, via: Via, settings: Settings
) -> tuple[Outcome, dict[str, Any]]:
    """What becomes of one input, and the columns of the session that it changes."""
    said: Say | None
    seen = resolve(tx, text, via)
    if (
        via == "scan"
        and text == session.last_text
        and who.now - session.prompted_ms >= settings.confirm_ms
    ):
        seen = dataclasses.replace(seen, again=True)
    if session.locked:
        return _locked(session, who, seen)
    if seen.kind == "ambiguous":
        said = wrong("scan.ambiguous", expected=seen.code, scanned=seen.text)
        return Outcome("refused", said, seen), {}
    if seen.kind == "command":
        done = _everywhere(tx, seen, who)
        if done is not None:
            return done
    dialogue: Dialogue[Any, Any] = DIALOGUES[session.dialogue]
    if dialogue.permission and dialogue.permission not in who.person.permissions:
        said = Say(Code.PERMISSION_MISSING, "error", params={"permission": dialogue.permission})
        return Outcome("refused", said, seen), {"dialogue": "menu", "state": "{}"}
    state = msgspec.json.decode(session.state, type=dialogue.state)
    try:
        with tx.begin_nested():
            step, said = _run(tx, dialogue, state, seen, who)
    except Rejected as refusal:
        said = Say(refusal.code, "error", scanned=seen.text, params=refusal.params)
        return Outcome("refused", said, seen), {}
    changed: dict[str, Any] = {"state": msgspec.json.encode(step.state).decode()}
    if step.go:
        changed = {"dialogue": step.go, "state": "{}"}
    fate: Fate = "refused" if step.refused else "applied"
    return Outcome(fate, said, seen), changed


def _run(
    tx: Tx, dialogue: Dialogue[Any, Any], state: Any, seen: Seen, who: Who
) -> tuple[Step[Any], Say | None]:
    facts = dialogue.facts(tx, state, who)
    step = dialogue.step(dialogue.arrive(state, facts), seen, facts)
    said = step.say
    for effect in step.effects:
        said = dialogue.run(tx, effect, who) or said
    return step, said


def _locked(session: Row[Any], who: Who, seen: Seen) -> tuple[Outcome, dict[str, Any]]:
    """Behind an error only `ok` counts; whatever else comes is journaled, refused and counted."""
    if seen.kind == "command" and seen.code == "ok":
        return Outcome("applied", None, seen), {}
    refused = session.refused + 1
    said = Say("scan.locked", "error", scanned=seen.text, params={"count": refused})
    kept = {"message": session.message, "locked": 1, "refused": refused}
    return Outcome("refused", said, seen), kept


def _everywhere(tx: Tx, seen: Seen, who: Who) -> tuple[Outcome, dict[str, Any]] | None:
    """Commands that mean the same on every screen."""
    if seen.code == "language":
        people.set_language(tx, who.person.id, _other(who.person.language))
        return Outcome("applied", None, seen), {}
    if seen.code in ("help", "ok", "list"):
        return Outcome("applied", None, seen), {}
    if seen.code == "sign_off":
        _change(tx, who.terminal, person_id=None, state="{}")
        return Outcome("applied", None, seen), {}
    if seen.code == "assist":
        tasks.open_task(
            tx, key=f"assist:{who.key}", kind="assist", now=who.now, priority=9,
            place=who.station.place if who.station else "", ref=who.actor,
            body={"terminal": who.terminal, "person": who.person.name},
        )  # fmt: skip
        return Outcome("applied", Say("assist.called"), seen), {}
    return None


def _render(tx: Tx, session: Row[Any], who: Who) -> Prompt:
    """The prompt from what the book says now, with the message of the last input."""
    dialogue: Dialogue[Any, Any] = DIALOGUES[session.dialogue]
    state = msgspec.json.decode(session.state, type=dialogue.state)
    facts = dialogue.facts(tx, state, who)
    arrived = dialogue.arrive(state, facts)
    prompt = dialogue.prompt(arrived, facts, who.person.language)
    message = msgspec.json.decode(session.message, type=Message) if session.message else None
    return replace(
        prompt, message=message, locked=bool(session.locked), person=who.person.name,
        refused=session.refused,
    )  # fmt: skip


def _who(tx: Tx, row: Row[Any], key: str, now: int, settings: Settings) -> Who:
    station = None
    if row.station:
        found = tx.execute(select(stations).where(stations.c.code == row.station)).first()
        if found is not None:
            station = Station(
                found.code, found.kind, found.place, found.printer, found.scale, found.reader
            )
    person = people.by_id(tx, row.person_id)
    today = business_day(now, settings.zone).isoformat()
    return Who(person, row.id, station, now, today, settings.zone, settings.rng, key)


def _journal(
    tx: Tx, row: Row[Any], scan_id: str, text: str, via: Via, outcome: Outcome, answer: Answer,
    now: int,
) -> None:  # fmt: skip
    secret = outcome.seen is not None and outcome.seen.kind in ("secret", "badge")
    tx.execute(insert(scans).values(
        terminal_id=row.id, scan_id=scan_id, person_id=_terminal(tx, row.id).person_id,
        text="" if secret else text, via=via, fate=outcome.fate,
        code=outcome.say.code if outcome.say and outcome.fate == "refused" else "",
        dialogue=answer.prompt.dialogue, step=answer.prompt.step,
        answer=msgspec.json.encode(answer).decode(), at_ms=now,
    ))  # fmt: skip
    _change(tx, row.id, seen_ms=now)


def _terminal(tx: Tx, terminal: str) -> Row[Any]:
    return tx.execute(select(terminals).where(terminals.c.id == terminal)).one()


def _change(tx: Tx, terminal: str, **values: Any) -> None:
    values["version"] = terminals.c.version + 1
    tx.execute(update(terminals).where(terminals.c.id == terminal).values(values))


def _other(language: str) -> Language:
    return "en" if language == "ja" else "ja"
