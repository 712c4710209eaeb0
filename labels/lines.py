"""Breaking Japanese and Latin text into lines and choosing the largest size that fits its box.

No character is ever lost: the lines joined together are the text.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from labels.glyphs import width_em

LEADING = 1.2  # distance of base lines as a multiple of the size

# JIS X 4051 in small: what may not begin a line stays with what is before it, an opening bracket
# with what follows. ASCII words hold together.
_CLOSING = (
    "、。，．・：；？！゛゜ーぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ"
    "）」』】〕〉》］｝々〜～％｡｣､･ｰﾞﾟ"
)
_OPENING = "（「『【〔〈《［｛｢"
_ATOM = re.compile(f"[{_OPENING}]*(?:[!-~]+|.)[{_CLOSING}]*[ \u3000]*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Fitted:
    """Lines of text at a size (dots, points: the caller's unit)."""

    size: float
    lines: tuple[str, ...]

    @property
    def height(self) -> float:
        return self.size * (1 + LEADING * (len(self.lines) - 1))


def wrap(text: str, width: float) -> tuple[str, ...]:
    """Break printable *text* into lines of at most *width* times the size. Never loses a character.

    A space in the second half of a full line is preferred: names of buildings stay whole.

    >>> wrap("株式会社現場（東京）", 7)
    ('株式会社現場', '（東京）')
    >>> wrap("新宿区新宿1-2-3 サンプルビル", 10)
    ('新宿区新宿1-2-3 ', 'サンプルビル')
    """
    lines = [""]
    for atom in _atoms(text, width):
        full = lines[-1]
        if not full or width_em((full + atom).rstrip()) <= width:
            lines[-1] += atom
            continue
        space = max(full.rstrip().rfind(" "), full.rstrip().rfind("\u3000")) + 1
        too_early = width_em(full[:space]) < width / 2
        if too_early or width_em((full[space:] + atom).rstrip()) > width:
            space = len(full)
        lines[-1:] = [full[:space], full[space:] + atom]
    return tuple(lines)


def _atoms(text: str, width: float) -> Iterable[str]:
    for found in _ATOM.finditer(text):
        atom = found[0]
        yield from [atom] if width_em(atom.rstrip()) <= width else atom


def fit(text: str, width: float, height: float, sizes: Iterable[float]) -> Fitted | None:
    """The first of *sizes* (largest first) at which *text* fits in the box; None if none does."""
    for size in sizes:
        widest = max((width_em(character) for character in text), default=0.0)
        fitted = Fitted(size, wrap(text, width / size))
        if fitted.height <= height and widest * size <= width:
            return fitted
    return None
