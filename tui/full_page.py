"""The F1 page: everything that a prompt says, nothing cut, and every option under a digit. Pure.

Keypads without function keys reach each option here: `.` opens the page, a digit chooses.
"""

from tui.layout import message_lines
from tui.paint import Row, Span, edges, filled
from tui.text import safe, wrap
from wms.messages import say
from wms.rooms.prompts import Option, Prompt


def numbered(prompt: Prompt) -> dict[str, Option]:
    """Each option under one digit: its own if it has one, else the next that is free."""
    own = {option.key: option for option in prompt.options if option.key.isdigit()}
    free = iter([digit for digit in "1234567890" if digit not in own])
    others = [option for option in prompt.options if not option.key.isdigit()]
    return own | dict(zip(free, others, strict=False))


def pages(prompt: Prompt, width: int, height: int) -> list[list[Row]]:
    """Screens of exactly *height* rows; F1 goes from one to the next and then back."""
    lines = [line for text in _texts(prompt) for line in wrap(safe(text), width)]
    if prompt.message:
        lines += message_lines(prompt.message, prompt.language, width)
    rows: list[Row] = [(Span(line),) for line in lines]
    for digit, option in numbered(prompt).items():
        key = "" if option.key == digit else f"{option.key} "
        words = wrap(f"{digit} {key}{safe(option.label)}", width)
        rows += [(Span(line, "strong"),) for line in words]
    room = height - 2
    chunks = [rows[at : at + room] for at in range(0, len(rows), room)] or [[]]
    keys = filled(say("screen.leave_page", prompt.language), "keys", width)
    screens = []
    for number, chunk in enumerate(chunks, 1):
        head = edges(safe(prompt.title), f"{number}/{len(chunks)}", "head", width)
        blank: list[Row] = [()] * (room - len(chunk))
        screens.append([head, *chunk, *blank, keys])
    return screens


def _texts(prompt: Prompt) -> list[str]:
    focus, language = prompt.focus, prompt.language
    named = (
        ("place", focus.place),
        ("sku", focus.sku),
        ("lot", focus.lot),
        ("expiry", focus.expiry),
        ("tote", f"[{focus.slot}] {focus.tote}" if focus.slot and focus.tote else focus.tote),
        ("slot", "" if focus.tote else focus.slot),
        ("box", focus.box),
        ("parcel", focus.parcel),
        ("picture", focus.picture),
    )
    texts = [f"> {prompt.ask}", prompt.help, focus.item]
    if focus.qty is not None:
        texts.append(f"{focus.qty} {say('screen.pieces', language)}")
    words = {"tote": focus.called} if focus.called else {}
    texts += [
        f"{words.get(name) or say(f'screen.{name}', language)} {value}"
        for name, value in named
        if value
    ]
    if focus.weight_g is not None:
        texts.append(f"{say('screen.weight', language)} {focus.weight_g} g")
    return [*texts, *prompt.lines]
