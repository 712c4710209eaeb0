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
from sqlalchemy import Row, insert, update

from picking import assist, pulls, terminals
from picking.dialogues import DIALOGUES, MENU, menu, sign_in
from picking.dialogues.base import (
    COMMAND_KEYS,
    Dialogue,
    Say,
    Seen,
    Step,
    Who,
    refused,
    wrong,
)
from picking.pulls import Pull
from picking.resolve import TEXT_MAX, resolve
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.people import staff
from wms.record import commands
from wms.rooms.prompts import Message, Prompt
from wms.schema import scans, sessions
from wms.text import storable

TerminalVia = Literal["scan", "key", "command"]
Via = TerminalVia | Literal["device", "weight"]
Fate = Literal["applied", "refused", "repeat"]
SCAN_ID_MAX = 80
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
    """What the terminal is told about one input. `version` is the prompt's; 0 = nobody knows."""

    fate: Fate
    prompt: Prompt
    version: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an input, before it is journaled. `permission` is what it needed."""

    fate: Fate
    say: Say | None
    seen: Seen | None = None
    permission: str = ""


def scan(
    tx: Tx, *, terminal: str, scan_id: str, text: str, via: Via, now: int, settings: Settings,
    pulled_ms: int | None = None, clock_ms: int | None = None, answers: int | None = None,
) -> Answer:  # fmt: skip
    """Take one input at *terminal*, whatever it holds.

    *pulled_ms*: when the trigger was pulled, if not now; *clock_ms*: that moment by the terminal's
    own steady clock, which no slow network or busy server can stretch; *answers*:
    the version of the prompt that was shown then, where the terminal says it. Refuses
    `TERMINAL_UNKNOWN`, `SCAN_INVALID` (a *scan_id* that cannot be kept) and `KEY_REUSED` (a known
    *scan_id* with another text).
    """
    if not 1 <= len(scan_id) <= SCAN_ID_MAX or storable(scan_id) != scan_id:
        raise Rejected(Code.SCAN_INVALID, limit=SCAN_ID_MAX)
    row = terminals.read(tx, terminal, lock=True)
    if row is None:
        raise Rejected(Code.TERMINAL_UNKNOWN, terminal=terminal[:40])
    at_ms = now if pulled_ms is None else pulled_ms
    pull = Pull(scan_id, storable(text), via, at_ms, clock_ms, answers)
    known = terminals.taken(tx, terminal, scan_id)
    if known is not None:
        return _same_answer(known, pull)
    why = terminals.why_out(tx, row, idle_ms=settings.idle_ms, now=now)
    if why is not None:
        terminals.leave(tx, terminal, why)
        row = _here(tx, terminal)
    if row.person_id is None:
        outcome, shown = _sign_in(tx, row, pull, now, settings)
    else:
        outcome, shown = _converse(tx, row, pull, now, settings)
    written = _write_down(tx, row, pull, outcome, shown, now)
    return msgspec.json.decode(written, type=Answer)  # what a repeat will get, to the byte


def show(tx: Tx, *, terminal: str, now: int, settings: Settings) -> tuple[Prompt, int]:
    """The prompt of *terminal* now, and the version that grows with every change of it."""
    row = terminals.read(tx, terminal)
    if row is None:
        raise Rejected(Code.TERMINAL_UNKNOWN, terminal=terminal[:40])
    if row.person_id is None:
        return _signed_out(row), row.version
    why = terminals.why_out(tx, row, idle_ms=settings.idle_ms, now=now)
    if why is not None:  # the next input will write it down
        return sign_in.prompt(sign_in.State(why=why), row.language), row.version + 1
    who = _who(tx, row, "show", now, settings)
    return _shown(tx, who), row.version


def _same_answer(known: Row[Any], pull: Pull) -> Answer:
    """A repeated scan_id changes nothing. What a secret was, nobody can compare any more."""
    if known.text and (known.text, known.via) != (pull.text[:TEXT_MAX], pull.via):
        raise Rejected(Code.KEY_REUSED, key=pull.scan_id)
    return msgspec.json.decode(known.answer, type=Answer)


# --- nobody is signed in -----------------------------------------------------------------------


def _sign_in(
    tx: Tx, row: Row[Any], pull: Pull, now: int, settings: Settings
) -> tuple[Outcome, Prompt]:
    state = terminals.sign_in_state(row)
    seen = resolve(tx, pull.text, pull.via)
    if seen.is_command("language"):
        terminals.change(tx, row.id, language=terminals.other_language(row.language))
        return Outcome("applied", None, seen), _signed_out(_here(tx, row.id))
    if state.at == "pin" and seen.kind != "badge" and not seen.is_command("back", "ok", "help"):
        seen = Seen("secret", "***", code=pull.text.strip())
    state, person, said = sign_in.step(tx, state, seen, row.id, pepper=settings.pepper, now=now)
    terminals.change(tx, row.id, state=msgspec.json.encode(state).decode())
    if person is not None:
        mark = pull.mark if seen.kind == "badge" else ""  # six digits are guessed from their hash
        terminals.enter(tx, row, person, mark=mark, now=pull.at_ms)
        who = _who(tx, _here(tx, row.id), "show", now, settings)
        return Outcome("applied", None, seen), _render(
            tx, terminals.session_of(tx, who.person.id), who
        )
    shown = _signed_out(_here(tx, row.id))
    if said is None:
        return Outcome("applied", None, seen), shown
    return Outcome("refused", said, seen), replace(shown, message=said.message(row.language))


def _signed_out(row: Row[Any]) -> Prompt:
    return sign_in.prompt(terminals.sign_in_state(row), row.language)


# --- somebody is -------------------------------------------------------------------------------


def _converse(
    tx: Tx, row: Row[Any], pull: Pull, now: int, settings: Settings
) -> tuple[Outcome, Prompt]:
    who = _who(tx, row, f"{row.id}:{pull.scan_id}", now, settings)
    session = terminals.session_of(tx, who.person.id, lock=True)
    if pulls.bounced(session, pull, bounce_ms=settings.bounce_ms):
        return Outcome("repeat", None), _render(tx, session, who)
    outcome, changed = _decide(tx, session, who, pull, settings)
    message = outcome.say.message(who.person.language) if outcome.say else None
    hidden = outcome.seen is not None and outcome.seen.kind == "secret"
    values: dict[str, Any] = {
        "message": msgspec.json.encode(message).decode() if message else "", "refused": 0,
        "locked": int(message is not None and message.severity == "error"), "prompted_ms": now,
        "last_text": "" if hidden else pull.mark, "last_ms": pull.at_ms,
        "last_clock_ms": pull.clock_ms, "updated_ms": now, **changed,
    }  # fmt: skip
    if outcome.fate == "applied":
        version = row.version + 1
        values["moved"] = pulls.with_moved(session, pull, version=version, secret=hidden)
    tx.execute(update(sessions).where(sessions.c.person_id == who.person.id).values(values))
    row = _here(tx, row.id)
    if row.person_id is None:
        return outcome, _signed_out(row)
    who = _who(tx, row, who.key, now, settings)
    return outcome, _shown(tx, who)


def _decide(
    tx: Tx, session: Row[Any], who: Who, pull: Pull, settings: Settings
) -> tuple[Outcome, dict[str, Any]]:
    """What becomes of one input, and the columns of the session that it changes."""
    seen = resolve(tx, pull.text, pull.via)
    if _is_secret(tx, session, seen, who):
        seen = Seen("secret", "***", code=pull.text.strip())
    if pull.at_ms - session.prompted_ms >= settings.confirm_ms:
        seen = dataclasses.replace(seen, deliberate=True)
    if pull.via == "key":
        seen = dataclasses.replace(seen, keyed=True)
    if session.locked:
        return _locked(session, seen)
    if seen.kind == "ambiguous":
        return Outcome(
            "refused", wrong("scan.ambiguous", expected=seen.code, scanned=seen.text), seen
        ), {}
    if seen.kind == "broken":
        said = Say(Code.SCAN_INVALID, "error", scanned=seen.text, params={"limit": TEXT_MAX})
        return Outcome("refused", said, seen), {}
    if seen.kind == "command":
        done = _everywhere(tx, session, seen, who)
        if done is not None:
            return done
    if pulls.outdated(session, pull):
        if seen.keyed:  # perhaps for a screen that asked for a PIN
            seen = dataclasses.replace(seen, kind="secret", text="***")
        return Outcome("refused", Say("scan.outdated", "attention"), seen), {}
    return _in_dialogue(tx, session, seen, who)


def _is_secret(tx: Tx, session: Row[Any], seen: Seen, who: Who) -> bool:
    """Whether a PIN is asked for: then all but a badge or a key of the screen may be one."""
    dialogue = _open_dialogue(session, who)
    state = _state(session, dialogue)
    if dialogue.secret is None or not dialogue.secret(state):
        return False
    if not dialogue.secret(dialogue.arrive(state, dialogue.facts(tx, state, who))):
        return False  # the question has been answered meanwhile
    return seen.kind != "badge" and not seen.is_command(*COMMAND_KEYS, "ok", menu.SIGN_OFF)


def _in_dialogue(tx: Tx, session: Row[Any], seen: Seen, who: Who) -> tuple[Outcome, dict[str, Any]]:
    dialogue = _open_dialogue(session, who)
    missing = dialogue.permission
    if missing and missing not in who.person.permissions:
        said: Say | None = Say(Code.PERMISSION_MISSING, "error", params={"permission": missing})
        return Outcome("refused", said, seen), {"dialogue": MENU.name, "state": "{}"}
    try:
        with tx.begin_nested():
            step, said = _run(tx, dialogue, _state(session, dialogue), seen, who)
    except Rejected as refusal:
        return Outcome("refused", refused(refusal, seen), seen, dialogue.permission), {}
    changed: dict[str, Any] = {"state": msgspec.json.encode(step.state).decode()}
    if step.go == menu.SIGN_OFF:
        terminals.leave(tx, who.terminal)
        changed = {}
    elif step.go:
        begin = msgspec.json.encode(step.start).decode() if step.start is not None else "{}"
        changed = {"dialogue": step.go, "state": begin}
    elif dialogue.name != session.dialogue:
        changed = {}  # the menu stands in for a dialogue that goes on elsewhere
    fate: Fate = "refused" if said is not None and said.severity == "error" else "applied"
    return Outcome(fate, said, seen, dialogue.permission), changed


def _run(
    tx: Tx, dialogue: Dialogue[Any, Any], state: Any, seen: Seen, who: Who
) -> tuple[Step[Any], Say | None]:
    facts = dialogue.facts(tx, state, who)
    step = dialogue.step(dialogue.arrive(state, facts), seen, facts)
    said = step.say if step.effects else terminals.or_whose_work(tx, who, seen, step.say)
    for effect in step.effects:
        answer = dialogue.run(tx, effect, who)
        said = answer or said
        if answer is not None and answer.severity == "error":
            break  # a wrong PIN: it is counted, and what it was for does not happen
    return step, said


def _locked(session: Row[Any], seen: Seen) -> tuple[Outcome, dict[str, Any]]:
    """Behind an error only `ok` counts; whatever else comes is journaled, refused and counted."""
    if seen.is_command("ok"):
        return Outcome("applied", None, seen), {}
    count = session.refused + 1
    said = Say("scan.locked", "error", scanned=seen.text, params={"count": count})
    kept = {"message": session.message, "locked": 1, "refused": count}
    return Outcome("refused", said, seen), kept


def _everywhere(
    tx: Tx, session: Row[Any], seen: Seen, who: Who
) -> tuple[Outcome, dict[str, Any]] | None:
    """Commands that mean the same on every screen."""
    said: Say | None = None
    match seen.code:
        case "language":
            other = terminals.other_language(who.person.language)
            staff.set_language(tx, who.person.id, other)
            terminals.change(tx, who.terminal, language=other)
        case "ok":
            pass
        case "help":
            shown = _render(tx, session, who)
            said = Say("help.said", "attention", params={"help": shown.help})
        case menu.SIGN_OFF:
            terminals.leave(tx, who.terminal)
        case "assist":
            assist.call(tx, who)
            said = Say("assist.called")
        case _:
            return None
    return Outcome("applied", said, seen), {}


def _open_dialogue(session: Row[Any], who: Who) -> Dialogue[Any, Any]:
    """The session's dialogue; the menu where it cannot go on at this terminal."""
    dialogue = DIALOGUES.get(session.dialogue, MENU)
    return dialogue if who.may("", dialogue.station) else MENU


def _state(session: Row[Any], dialogue: Dialogue[Any, Any]) -> Any:
    """Where the dialogue stands; at its beginning if this is an older version's state."""
    if dialogue.name == session.dialogue:
        try:
            return msgspec.json.decode(session.state, type=dialogue.state)
        except msgspec.ValidationError:
            pass
    elif dialogue is MENU:
        return menu.State(aside=True)  # it stands in for a dialogue that goes on elsewhere
    return dialogue.state()


def _shown(tx: Tx, who: Who) -> Prompt:
    return _render(tx, terminals.session_of(tx, who.person.id), who)


def _render(tx: Tx, session: Row[Any], who: Who) -> Prompt:
    """The prompt from what the book says now, with the message of the last input."""
    dialogue = _open_dialogue(session, who)
    state = _state(session, dialogue)
    facts = dialogue.facts(tx, state, who)
    prompt = dialogue.prompt(dialogue.arrive(state, facts), facts, who.person.language)
    message = msgspec.json.decode(session.message, type=Message) if session.message else None
    return replace(
        prompt, message=message, locked=bool(session.locked), person=who.person.name,
        refused=session.refused,
    )  # fmt: skip


def _write_down(
    tx: Tx, row: Row[Any], pull: Pull, outcome: Outcome, shown: Prompt, now: int
) -> str:
    """The journal's line and the command's; a secret leaves neither text nor length.

    Returns the answer as it was written.
    """
    version = terminals.change(tx, row.id, seen_ms=now)
    answer = Answer(fate=outcome.fate, prompt=shown, version=version)
    written = msgspec.json.encode(answer).decode()
    person = row.person_id or _here(tx, row.id).person_id
    seen = outcome.seen
    secret = seen is not None and seen.kind in ("secret", "badge")
    tx.execute(insert(scans).values(
        terminal_id=row.id, scan_id=pull.scan_id, person_id=person,
        text="" if secret else pull.text[:TEXT_MAX], via=pull.via, fate=outcome.fate,
        code=outcome.say.code if outcome.say and outcome.fate == "refused" else "",
        dialogue=shown.dialogue, step=shown.step,
        answer=written, at_ms=now,
    ))  # fmt: skip
    commands.record(
        tx, actor=f"person:{person}" if person else "nobody", device=row.id,
        permission=outcome.permission, name="scan", key=f"{row.id}:{pull.scan_id}", now=now,
        body={"fate": outcome.fate, "step": shown.step, "via": pull.via},
    )  # fmt: skip
    return written


def _here(tx: Tx, terminal: str) -> Row[Any]:
    row = terminals.read(tx, terminal)
    assert row is not None, "its row is locked in this transaction"
    return row


def _who(tx: Tx, row: Row[Any], key: str, now: int, settings: Settings) -> Who:
    return terminals.who_is_at(
        tx, row, key=key, now=now, zone=settings.zone, rng=settings.rng, pepper=settings.pepper
    )  # fmt: skip
