"""Where everything goes on a floor screen: a prompt and a size in, rows of text out. Pure.

From the top: title, place, item, quantity, question, input, message, keys. The question, the
input and the message never move at a given size: a hand that scans all day stops reading them.
An error takes their rows, in full, until it is acknowledged.
"""

from dataclasses import dataclass

from tui.paint import Role, Row, Span, edges, filled
from tui.pieces import body
from tui.text import CUT, cells, clip, safe, tail, wrap
from wms.messages import Language, say
from wms.rooms.prompts import Message, Prompt

_MARKS: dict[str, str] = {"ok": "OK ", "attention": "! ", "error": "!! "}
_BODY_LEAST = 2  # rows of place and item that even a long error leaves


@dataclass(frozen=True, slots=True)
class View:
    """Everything that a floor screen shows at one moment."""

    prompt: Prompt
    typed: str = ""
    waiting: int = 0  # inputs sent and not answered yet
    trouble: str = ""  # why the server is not reached, in words
    may_leave: bool = False  # escape goes back to where the screen was opened from


def lay_out(view: View, width: int, height: int) -> list[Row]:
    """Exactly *height* rows that fit *width* cells (made for 20x11 to 80x24)."""
    below = _below(view, width, height)
    rows = [_head(view, width), *body(view.prompt, width, max(0, height - 1 - len(below)))]
    return (rows + below)[:height]


def shown_input(view: View) -> str:
    """What was typed, as it may be seen: stars for a secret, a bar for a group separator."""
    if view.prompt.secret:
        return "*" * len(view.typed)
    return safe("".join("|" if char < " " else char for char in view.typed))


def message_lines(message: Message, language: Language, width: int) -> list[str]:
    """The message with its mark, and what was expected and read unless its text says so."""
    return _told(message, width) + _evidence(message, safe(message.text), language, width)


def _told(message: Message, width: int) -> list[str]:
    words = safe(message.text)
    return wrap(_MARKS[message.severity] + words, width) if words else []


def _evidence(message: Message, words: str, language: Language, width: int) -> list[str]:
    lines = []
    for code, value in (("expected", message.expected), ("scanned", message.scanned)):
        if value and safe(value) not in words:
            lines += wrap(f"{say(f'screen.{code}', language)} {safe(value)}", width)
    return lines


def _head(view: View, width: int) -> Row:
    prompt = view.prompt
    if view.trouble:
        unsent = say("screen.unsent", prompt.language, count=view.waiting) if view.waiting else ""
        return edges(safe(view.trouble), unsent, "attention", width)
    title, person = safe(prompt.title), safe(prompt.person)
    progress = f"{prompt.done}/{prompt.total}" if prompt.total else ""
    right = f"{person} {progress}".strip()
    if cells(title) + cells(right) + 1 > width:
        right = progress
    return edges(title, right, "head", width)


def _below(view: View, width: int, height: int) -> list[Row]:
    prompt = view.prompt
    message_rows = 3 if height >= 20 else 2
    if prompt.locked:
        return [*_locked(view, width, 2 + message_rows, height), *_keys(view, width, 1)]
    ask = [filled(line, "ask", width) for line in wrap(f"> {safe(prompt.ask)}", width, 2)]
    message = _message(prompt, width, message_rows)
    keys = _keys(view, width, 1 if any(span.text.strip() for span in message[-1]) else 2)
    message = message[: message_rows + 1 - len(keys)]  # a row that says nothing is lent to the keys
    return [*ask, _input(view, width), *message, *keys]


def _locked(view: View, width: int, rows: int, height: int) -> list[Row]:
    language, count = view.prompt.language, view.prompt.refused
    message = view.prompt.message or Message(severity="error")
    lines = message_lines(message, language, width)
    room = max(rows, min(len(lines) + 1, height - 2 - _BODY_LEAST))
    lines = lines[: room - 1]
    refused = say("screen.refused", language, count=count) if count else ""
    blank = [""] * (room - 1 - len(lines))
    body_rows = [filled(line, "error", width) for line in (*lines, *blank)]
    return [*body_rows, edges(say("screen.acknowledge", language), refused, "ask", width)]


def _input(view: View, width: int) -> Row:
    sending = say("screen.sending", view.prompt.language) if view.waiting else ""
    if view.waiting > 1:
        sending = f"{sending} {view.waiting}"
    room = width - 3 - (cells(sending) + 1 if sending else 0)
    typed = tail(shown_input(view), room)
    rest = width - 3 - cells(typed)
    shown = " " * (rest - cells(sending)) + sending
    return (Span(f"> {typed}", "input"), Span(" ", "cursor"), Span(shown, "input"))


def _message(prompt: Prompt, width: int, rows: int) -> list[Row]:
    message = prompt.message
    lines = message_lines(message, prompt.language, width) if message else []
    if message and len(_told(message, width)) > rows:
        lines[rows - 1] = clip(lines[rows - 1], width - len(CUT)).removesuffix(CUT) + CUT
    role: Role = message.severity if message else "text"
    shown = [filled(line, role, width) for line in lines[:rows]]
    return shown + [filled("", "text", width)] * (rows - len(shown))


def _keys(view: View, width: int, rows: int) -> list[Row]:
    """The keys on *rows* rows at most: each with its word where there is room, else by its name.

    The words of the first ones go last; the F1 page has them all.
    """
    prompt = view.prompt
    named = [
        (option.key, f"{option.key}{safe(option.label)}")
        for option in prompt.options
        if not option.key.isdigit() and option.key != "F1"
    ]
    if view.may_leave:
        named.insert(0, (leave := say("screen.leave", prompt.language), leave))
    shown = [name for name, _ in named] + ["F1"]
    words = [word for _, word in named] + [f"F1{say('screen.full_text', prompt.language)}"]
    rows = min(rows, len(_packed([*words[:-1], "F1"], width)))
    for at, word in enumerate(words):
        tried = [*shown[:at], word, *shown[at + 1 :]]
        if len(_packed(tried, width)) <= rows:
            shown = tried
    return [filled(line, "keys", width) for line in _packed(shown, width)[:rows]]


def _packed(words: list[str], width: int) -> list[str]:
    """*words* on as few rows as they need, in their order."""
    lines = [""]
    for word in words:
        longer = f"{lines[-1]} {word}".strip()
        if cells(longer) > width and lines[-1]:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
