"""Which embedded font prints which character; what cannot be printed is said, never dropped.

BIZ UDGothic first, Noto Sans JP for what it lacks (𠮷, 𠮟, accented letters). Both are in
`labels/fonts/` with their licences.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import groupby
from pathlib import Path

from reportlab.pdfbase.ttfonts import TTFontFile

from wms.errors import Code, Rejected
from wms.text import compose

FONT_FOLDER = Path(__file__).parent / "fonts"

GETA = "〓"  # the printers' own mark, centuries old, for a character that could not be set

_VARIATION_SELECTOR = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_SPACING = {"\u3099": "゛", "\u309a": "゜"}  # what is left when no composed letter exists
_UNSHOWABLE = ("Cc", "Cf", "Zl", "Zp")  # controls, bidi, zero width, line and paragraph separators


class Face(StrEnum):
    """The embedded fonts, in the order in which they are asked; values are file names."""

    BIZ_UD_GOTHIC = "BIZUDGothic-Regular.ttf"
    NOTO_SANS_JP = "NotoSansJP-Subset.ttf"

    @property
    def path(self) -> Path:
        return FONT_FOLDER / self.value


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring characters that one font prints."""

    face: Face
    text: str


@dataclass(frozen=True, slots=True)
class Printable:
    """Text of which every character has a glyph.

    `simplified` says that a variation selector was taken away: the character is right, its shape
    is the standard one. Paper that shows it says so.
    """

    text: str
    simplified: bool = False


@cache
def _glyphs() -> Mapping[str, tuple[Face, float]]:
    """Each character's first font and its advance there, in thousandths of the size."""
    found: dict[str, tuple[Face, float]] = {}
    for face in reversed(Face):
        widths = TTFontFile(str(face.path)).charWidths
        found |= {chr(code): (face, widths[code]) for code in covered(face)}
    return found


def covered(face: Face) -> frozenset[int]:
    """The code points for which *face* has a glyph."""
    return frozenset(TTFontFile(str(face.path)).charToGlyph)


def face_of(character: str) -> Face | None:
    """The font that prints *character*, or None.

    >>> [face and face.name for face in map(face_of, "髙𠮷👍")]
    ['BIZ_UD_GOTHIC', 'NOTO_SANS_JP', None]
    """
    found = _glyphs().get(character)
    return found[0] if found else None


def printable(text: str, field: str) -> Printable:
    """Make *text* printable as it stands, or refuse it.

    Kana and letters with combining marks are composed. Variation selectors are removed and noted.
    Controls, bidi and zero-width characters become 〓 so that a reader sees that something was
    there. Refuses with `label.glyph` naming *field* and the character that no font has.

    >>> printable("𠮷田 葛\U000e0100", "name")
    Printable(text='𠮷田 葛', simplified=True)
    >>> printable("山\x1b田\u202e", "name").text
    '山〓田〓'
    """
    plain = _VARIATION_SELECTOR.sub("", text)
    shown = "".join(_shown(character, field) for character in compose(plain))
    return Printable(shown, simplified=plain != text)


def _shown(character: str, field: str) -> str:
    category = unicodedata.category(character)
    if category in _UNSHOWABLE or character == "\ufffd":
        return GETA
    character = _SPACING.get(character, character)
    if category == "Zs" and face_of(character) is None:
        return " "
    if face_of(character) is None or unicodedata.category(character).startswith("M"):
        seen = "?" if category == "Cs" else character
        code_point = f"U+{ord(character):04X}"
        raise Rejected(Code.LABEL_GLYPH, field=field, character=seen, code_point=code_point)
    return character


def runs(text: str) -> tuple[Run, ...]:
    """Split printable *text* by font.

    >>> [(run.face.name, run.text) for run in runs("𠮷田")]
    [('NOTO_SANS_JP', '𠮷'), ('BIZ_UD_GOTHIC', '田')]
    """
    return tuple(
        Run(face, "".join(characters))
        for face, characters in groupby(text, face_of)
        if face is not None
    )


def width_em(text: str) -> float:
    """Width of printable *text* (and only of such) as a multiple of its size.

    >>> width_em("Aｱ山")
    2.0
    """
    glyphs = _glyphs()
    return sum(glyphs[character][1] for character in text) / 1000
