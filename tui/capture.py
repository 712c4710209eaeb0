"""Pictures of the screens for the documents: the same application, run without a terminal.

The text is for a README that people read anywhere, the SVG for a page. Both come from the program
itself, so that no picture shows what the program does not do. Textual's own SVG squeezes
full-width characters; here every character has its own place.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from html import escape
from typing import Any

from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.pilot import Pilot

from tui.paint import THEMES, Role
from tui.text import cells

_INK: tuple[Role, ...] = ("place_ink", "qty_ink")
_FONTS = "BIZ UDGothic, Noto Sans Mono CJK JP, Osaka-Mono, MS Gothic, monospace"
_CELL_X, _CELL_Y, _FONT, _BASE, _EDGE = 10, 21, 17, 16, 12  # in pixels


@dataclass(frozen=True, slots=True)
class Capture:
    """One screen: as text with `#` for coloured pixels, and as an SVG that needs no network."""

    text: str
    svg: str


async def capture(
    app: App[Any],
    *,
    width: int,
    height: int,
    title: str,
    prepare: Callable[[Pilot[Any]], Awaitable[None]] | None = None,
) -> Capture:
    """Run *app* at that many cells, let *prepare* bring it to the state to show, and take it."""
    async with app.run_test(size=(width, height)) as pilot:
        await pilot.pause()
        if prepare is not None:
            await prepare(pilot)
            await pilot.pause()
        lines = [list(strip) for strip in app.screen._compositor.render_strips()]
    return Capture("".join(map(_text, lines)), _svg(lines, width, height, title))


def _text(line: list[Segment]) -> str:
    shown = "".join("#" * len(part.text) if _is_pixel(line, part) else part.text for part in line)
    return shown.rstrip() + "\n"


def _is_pixel(line: list[Segment], part: Segment) -> bool:
    """Whether *part* is ink of a big letter, not the coloured end of a full line."""
    inks = [theme[role] for theme in THEMES.values() for role in _INK]
    return part.style in inks and not part.text.strip() and part is not line[-1]


def _svg(lines: list[list[Segment]], width: int, height: int, title: str) -> str:
    across, down = width * _CELL_X + 2 * _EDGE, height * _CELL_Y + 2 * _EDGE
    drawn = "".join(_svg_line(line, _EDGE + y * _CELL_Y) for y, line in enumerate(lines))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {across} {down}" role="img">\n'
        f"<title>{escape(title)}</title>\n"
        f'<rect width="{across}" height="{down}" rx="8" fill="#1a1a1a"/>\n'
        f'<g font-family="{_FONTS}" font-size="{_FONT}" shape-rendering="crispEdges">\n'
        f"{drawn}</g>\n</svg>\n"
    )


def _svg_line(line: list[Segment], top: int) -> str:
    left, parts = _EDGE, []
    for text, style, _ in line:
        if style is None:
            continue
        across = cells(text) * _CELL_X
        paper = _colour(style, ink=False)
        parts.append(
            f'<rect x="{left}" y="{top}" width="{across}" height="{_CELL_Y}" fill="{paper}"/>'
        )
        parts += _svg_words(text, style, left, top)
        left += across
    return "".join(parts) + "\n"


def _svg_words(text: str, style: Style, left: int, top: int) -> list[str]:
    """Each word with a place for each character; spaces are left out, some viewers merge them."""
    look = f'fill="{_colour(style, ink=True)}"' + (' font-weight="bold"' if style.bold else "")
    words = []
    for word in re.finditer(r"\S+", text):
        x = left + cells(text[: word.start()]) * _CELL_X
        places = (str(x + cells(word[0][:at]) * _CELL_X) for at in range(len(word[0])))
        at = f'x="{" ".join(places)}" y="{top + _BASE}"'
        words.append(f"<text {at} {look}>{escape(word[0])}</text>")
    return words


def _colour(style: Style, *, ink: bool) -> str:
    colour = style.color if ink else style.bgcolor
    return colour.get_truecolor().hex if colour else "#000000"
