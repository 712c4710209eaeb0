"""State diagrams as SVG: a lane for each state, an arrow for each transition, its words beside it.

Drawn by hand of code, without chance: the same transitions give the same bytes. Arrows to the right
go on, arrows to the left go back, dots stay where they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby

INK, DIM, LINE, PAPER = "#14201c", "#5d6b66", "#dde4e1", "#fbfcfb"
ON, BACK, STAY, AWAY = "#0a7a5a", "#b45309", "#64748b", "#4338ca"
ROW, LANE, LEFT, TOP = 24, 50, 96, 66
TARGET, LETTER = 92, 7.3  # px: the column of the target's name; a letter of the widest fonts
FONT = "'Helvetica Neue', Arial, 'Noto Sans', sans-serif"


@dataclass(frozen=True, slots=True)
class Transition:
    """From one state to another, and why."""

    source: str
    target: str
    words: str


def lanes(transitions: Sequence[Transition]) -> list[str]:
    """The states in the order in which they come up; those of other dialogues at the end."""
    sources = list(dict.fromkeys(each.source for each in transitions))
    targets = dict.fromkeys(each.target for each in transitions)
    return sources + [name for name in targets if name not in sources]


def draw(title: str, transitions: Sequence[Transition]) -> str:
    """The diagram of *transitions* as an SVG document."""
    states = lanes(transitions)
    at = {name: LEFT + LANE * number + LANE // 2 for number, name in enumerate(states)}
    own = {each.source for each in transitions}
    ordered = sorted(transitions, key=lambda each: states.index(each.source))
    right = LEFT + LANE * len(states)
    longest = max(sum(1 + (char > "\u2000") for char in each.words) for each in transitions)
    width = round(right + TARGET + longest * LETTER + 16)
    height = TOP + ROW * len(ordered) + 14
    parts = [_head(title, width, height), *_lanes(at, own, height)]
    row = 0
    for source, group in groupby(ordered, key=lambda each: each.source):
        parts.append(_band(source, row, width))
        for each in group:
            parts.append(_arrow(each, at, own, row, right))
            row += 1
    return "\n".join((*parts, "</svg>", ""))


def _head(title: str, width: int, height: int) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" font-family="{FONT}" font-size="12.5">\n'
        f"<title>{escape(title)}</title>\n"
        f'<rect width="{width}" height="{height}" rx="10" fill="{PAPER}"/>'
    )


def _lanes(at: dict[str, int], own: set[str], height: int) -> list[str]:
    """The states' names, slanted above their lanes."""
    parts = []
    for name, x in at.items():
        colour = INK if name in own else AWAY
        dash = "" if name in own else ' stroke-dasharray="2 4"'
        parts.append(
            f'<path d="M{x} {TOP - 6}V{height - 10}" stroke="{LINE}" stroke-width="2"{dash}/>'
            f'<text x="{x + 2}" y="{TOP - 12}" transform="rotate(-35 {x + 2} {TOP - 12})" '
            f'fill="{colour}" font-weight="700">{escape(name)}</text>'
        )
    return parts


def _band(source: str, row: int, width: int) -> str:
    """The source's name before its rows, and a line above them."""
    y = TOP + ROW * row
    pill = round(len(source) * 7.6 + 16)
    return (
        f'<path d="M8 {y}H{width - 8}" stroke="{LINE}"/>'
        f'<rect x="10" y="{y + 3}" width="{min(pill, LEFT - 14)}" height="18" rx="9" fill="{INK}"/>'
        f'<text x="{10 + min(pill, LEFT - 14) / 2:g}" y="{y + 16}" fill="#fff" font-weight="700" '
        f'text-anchor="middle" font-size="{12 if pill < LEFT - 14 else 10}">{escape(source)}</text>'
    )


def _arrow(each: Transition, at: dict[str, int], own: set[str], row: int, right: int) -> str:
    y = TOP + ROW * row + ROW // 2
    start, end = at[each.source], at[each.target]
    colour = _colour(each, start, end, own)
    if start == end:
        mark = (
            f'<path d="M{start} {y - 4}c20 -8 20 16 5 9" fill="none" stroke="{colour}" '
            f'stroke-width="1.7"/><path d="M{start + 2} {y + 3}l8 -2 -3 7z" fill="{colour}"/>'
            f'<circle cx="{start}" cy="{y - 3}" r="3.5" fill="{colour}"/>'
        )
    else:
        side = 1 if end > start else -1
        tip = end - side * 2
        mark = (
            f'<circle cx="{start}" cy="{y}" r="4" fill="{colour}"/>'
            f'<path d="M{start} {y}H{tip - side * 7}" stroke="{colour}" stroke-width="2"/>'
            f'<path d="M{tip} {y}l{-side * 9} -5v10z" fill="{colour}"/>'
        )
    name = "stays" if start == end else each.target
    weight = "400" if start == end else "700"
    return (
        f'{mark}<text x="{right + 8}" y="{y + 4}" fill="{colour}" font-weight="{weight}">'
        f'{escape(name)}</text>'
        f'<text x="{right + TARGET}" y="{y + 4}" fill="{INK}">{escape(each.words)}</text>'
    )  # fmt: skip


def _colour(each: Transition, start: int, end: int, own: set[str]) -> str:
    if start == end:
        return STAY
    if each.target not in own:
        return AWAY
    return ON if end > start else BACK
