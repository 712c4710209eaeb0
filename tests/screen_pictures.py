"""A floor screen as text, by the layout alone: the same picture that a terminal of glass gives.

`drawn` needs no application, so hundreds of screens cost what one on glass does; that both give
the same picture is tested where the glass is (`tests/test_screen_snapshots.py`).
"""

import re
import unicodedata

from tui import pixels
from tui.full_page import numbered, pages
from tui.layout import View, lay_out
from tui.paint import Role, Row, row_cells
from tui.text import cells, safe, wide
from wms.messages import say
from wms.rooms.prompts import Await, Prompt

_LETTERS: dict[Role, str] = {
    "head": "H", "ask": "Q", "input": "I", "ok": "O", "attention": "A", "error": "E", "keys": "I",
}  # fmt: skip
_INK = ("place_ink", "qty_ink")
_AT_GOODS = {Await.PLACE, Await.ITEM, Await.SERIAL, Await.QTY, Await.EXPIRY}
NAME_CELLS = 16  # so much of a name tells it from its neighbours


def drawn(prompt: Prompt, width: int, height: int) -> str:
    """The screen in a frame: `#` for coloured spaces, a letter for the colour of each row."""
    edge = " +" + "-" * width + "+"
    rows = [_framed(row, width) for row in lay_out(View(prompt), width, height)]
    return "\n".join([edge, *rows, edge])


def _framed(row: Row, width: int) -> str:
    letter = _LETTERS.get(row[-1].role, " ") if row and row_cells(row) == width else " "
    text = "".join(
        "#" * len(span.text) if letter == " " and span.role in _INK else span.text for span in row
    )
    return f"{letter}|{text}{' ' * (width - cells(text))}|"


def faults(prompt: Prompt, width: int, height: int) -> list[str]:
    """What a worker misses on this screen, or what a terminal could misread; [] when it is fine.

    What the screen has no room for must be on the page that F1 opens.
    """
    rows = lay_out(View(prompt), width, height)
    page = "".join(_text(row) for screen in pages(prompt, width, height) for row in screen[1:-1])
    return [
        *_misread(rows, width, height), *_unseen(prompt, rows), *_unreachable(prompt, page),
        *(_cut_answer(prompt, rows) if prompt.locked else _cut_question(prompt, rows)),
    ]  # fmt: skip


def _text(row: Row) -> str:
    return "".join(span.text for span in row)


def _misread(rows: list[Row], width: int, height: int) -> list[str]:
    """Rows that are too wide where ambiguous characters take two cells, or too many."""
    found = [] if len(rows) == height else [f"{len(rows)} rows"]
    for row in rows:
        text = _text(row)
        ambiguous = [char for char in text if unicodedata.east_asian_width(char) == "A"]
        if ambiguous:
            found.append(f"ambiguous {ambiguous}")
        if sum(2 if unicodedata.east_asian_width(char) in "WFA" else 1 for char in text) > width:
            found.append(f"wider than {width}: {text}")
    return found


def _unseen(prompt: Prompt, rows: list[Row]) -> list[str]:
    """What the eye looks for: where, what, how many, of which lot, into which tote."""
    text = "\n".join(map(_text, rows))
    focus = prompt.focus
    if prompt.locked:  # the answer has the screen; where one stands is still told
        seen = _is_named(focus.item, text) or _is_big(safe(focus.place), text, rows)
        return [] if seen or not (focus.item or focus.place) else ["neither item nor place"]
    qty = "" if focus.qty is None else str(focus.qty)
    found = [f"item {focus.item}"] if focus.item and not _is_named(focus.item, text) else []
    asked = focus.tote if Await.TOTE in prompt.awaits or not (qty or focus.box) else ""
    bigs = (("place", focus.place), ("tote", asked), ("qty", qty), ("parcel", focus.parcel),
            ("box", focus.box))  # fmt: skip
    found += [f"{k} {v}" for k, v in bigs if v and not _is_big(safe(v), text, rows)]
    batch = focus.lot or focus.expiry
    if batch and _AT_GOODS & {*prompt.awaits} and safe(batch) not in text:
        found.append(f"lot {batch}")
    return found


def _is_named(name: str, text: str) -> bool:
    """Whether enough of the name is there, on one row or on two."""
    squeezed = text.replace("\n", "").replace(" ", "")
    return bool(name) and _head(safe(name), NAME_CELLS).replace(" ", "") in squeezed


def _head(text: str, width: int) -> str:
    while cells(text) > width:
        text = text[:-1]
    return text


def _is_big(value: str, text: str, rows: list[Row]) -> bool:
    """Whether *value* is written, in narrow or wide letters, or drawn in pixels."""
    if value in text or wide(value) in text:
        return True
    if not pixels.drawable(value):
        return False
    inked = [
        "".join("#" * len(s.text) if s.role in _INK else s.text.replace(" ", ".") for s in row)
        for row in rows
    ]
    return any(
        all(any(line in row for row in inked) for line in pixels.draw(value, scale))
        for scale in (1, 2)
    )


def _unreachable(prompt: Prompt, page: str) -> list[str]:
    """What neither the screen nor the F1 page has: words of keys, codes, lines."""
    squeezed = page.replace(" ", "")
    focus = prompt.focus
    said = [option.label for option in numbered(prompt).values()]
    said += [focus.place, focus.item, focus.sku, focus.lot, focus.expiry, focus.tote, focus.parcel]
    said += prompt.lines
    return [f"on no page: {text}" for text in said if safe(text).replace(" ", "") not in squeezed]


def _cut_question(prompt: Prompt, rows: list[Row]) -> list[str]:
    """The question whole, each digit with the beginning of its words, some of the lines."""
    lines = [_text(row) for row in rows]
    asked = "|".join(_text(row) for row in rows if row and row[0].role == "ask")
    found = []
    if asked.rstrip() != f"> {safe(prompt.ask)}":  # on a second row it would move the line below
        found.append(f"ask {asked}")
    for option in prompt.options:
        wanted = _head(f"{option.key} {safe(option.label)}", 10)
        if option.key.isdigit() and not any(wanted in line for line in lines):
            found.append(f"digit {option.key} {option.label}")
    digits = [line for line in lines if line[:1].isdigit() and line[1:2] == " "]
    if len({line[2:] for line in digits}) < len(digits):
        found.append("two digits look the same")
    if prompt.lines:
        first = _head(safe(prompt.lines[0]), 10)
        more = say("screen.more", prompt.language, count=0).partition("0")[2]
        told = any(line.startswith(first) or line.rstrip().endswith(more) for line in lines[1:])
        body = lines[1 : [row[0].role if row else "" for row in rows].index("ask")]
        if not told and not all(body):  # where no row is free, the F1 page has them
            found.append(f"lines {prompt.lines[0]}")
    keys = [_text(row) for row in rows if row and row[0].role == "keys"]
    named = [option.key for option in prompt.options if not option.key.isdigit()]
    shown = re.findall(r"(?<![A-Za-z0-9])F[0-9]+", " ".join(keys))
    found += [f"key {key} in {keys}" for key in (*named, "F1") if key not in shown]
    return [*found, *_cut_answer(prompt, rows)]


def _cut_answer(prompt: Prompt, rows: list[Row]) -> list[str]:
    """The whole message; of a refusal also what was expected and what was read."""
    message = prompt.message
    if message is None:
        return []
    text = "".join(_text(row) for row in rows).replace(" ", "")
    said = [message.text, *((message.expected, message.scanned) if prompt.locked else ())]
    return [f"message {one}" for one in said if safe(one).replace(" ", "") not in text]
