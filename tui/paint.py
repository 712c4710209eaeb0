"""Rows of coloured text, the three colour themes, and the one widget that shows rows.

A role says what a piece of text is; a theme says how that looks. Colours survive the 16 colours of
an old terminal, and no meaning hangs on colour alone.
"""

from dataclasses import dataclass
from typing import Literal

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui.text import cells, pad

Role = Literal[
    "text",
    "dim",
    "strong",
    "head",
    "place",
    "place_ink",
    "qty",
    "qty_ink",
    "ask",
    "input",
    "cursor",
    "ok",
    "attention",
    "error",
    "keys",
]
ThemeName = Literal["yellow", "white", "red"]


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of one row. Its text is safe (see `tui.text.safe`)."""

    text: str
    role: Role = "text"


Row = tuple[Span, ...]
Theme = dict[Role, Style]

BLACK, WHITE, GREY, DARK = "#000000", "#ffffff", "#aaaaaa", "#555555"
YELLOW, GREEN, AMBER, RED, BLUE = "#ffff55", "#00aa00", "#e69500", "#aa0000", "#0000aa"
NIGHT = "#ff5555"  # red light spares eyes that are used to the dark of a freezer


def _style(ink: str, paper: str, *, bold: bool = False) -> Style:
    return Style(color=ink, bgcolor=paper, bold=bold)


def _theme(paper: str, ink: str, quiet: str, place: str, field: str, head: str) -> Theme:
    return {
        "text": _style(ink, paper),
        "dim": _style(quiet, paper),
        "strong": _style(ink, paper, bold=True),
        "head": _style(ink, head, bold=True),
        "place": _style(place, paper, bold=True),
        "place_ink": _style(paper, place),
        "qty": _style(ink, paper, bold=True),
        "qty_ink": _style(paper, ink),
        "ask": _style(paper, ink, bold=True),
        "input": _style(ink, field),
        "cursor": _style(paper, ink),
        "ok": _style(BLACK, GREEN, bold=True),
        "attention": _style(BLACK, AMBER, bold=True),
        "error": _style(WHITE, RED, bold=True),
        "keys": _style(ink, field),
    }


def _night() -> Theme:
    theme = _theme(BLACK, NIGHT, NIGHT, NIGHT, BLACK, BLACK)
    inverse = _style(BLACK, NIGHT, bold=True)
    return theme | {
        "ok": _style(NIGHT, BLACK, bold=True),
        "attention": inverse,
        "error": inverse,
    }


THEMES: dict[ThemeName, Theme] = {
    "yellow": _theme(BLACK, WHITE, GREY, YELLOW, BLUE, DARK),
    "white": _theme(WHITE, BLACK, DARK, BLUE, "#cccccc", GREY),
    "red": _night(),
}


def row_cells(row: Row) -> int:
    """The width of *row* in cells."""
    return sum(cells(span.text) for span in row)


def filled(text: str, role: Role, width: int) -> Row:
    """One role across the whole row: a line nobody overlooks."""
    return (Span(pad(text, width), role),)


def edges(left: str, right: str, role: Role, width: int) -> Row:
    """*left* and *right* at the two ends of a row of one role; *left* gives way."""
    room = width - cells(right) - (1 if right else 0)
    if room < 4:
        return filled(left, role, width)
    return (Span(pad(left, room), role), Span((" " if right else "") + right, role))


def strip_of(row: Row, width: int, theme: Theme) -> Strip:
    """*row* as Textual draws it, exactly *width* cells."""
    segments = [Segment(span.text, theme[span.role]) for span in row]
    return Strip(segments).adjust_cell_length(width, theme["text"])


class RowsView(Widget):
    """Shows rows, repaints only those that changed: a key press costs bytes, not a screen."""

    DEFAULT_CSS = "RowsView { width: 1fr; height: 1fr; }"
    ALLOW_SELECT = False

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme_roles = theme
        self._rows: list[Row] = []

    def show(self, rows: list[Row]) -> None:
        """Replace the rows, from the top."""
        before, self._rows = self._rows, rows
        if len(before) != len(rows):
            self.refresh()
            return
        width = self.size.width
        changed = [y for y, row in enumerate(rows) if row != before[y]]
        if changed:
            self.refresh(*(Region(0, y, width, 1) for y in changed))

    def render_line(self, y: int) -> Strip:
        """The row at *y*; below the last there is paper."""
        row = self._rows[y] if y < len(self._rows) else ()
        return strip_of(row, self.size.width, self.theme_roles)
