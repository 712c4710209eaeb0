"""Text that is safe for a terminal, measured in cells.

Names come from shops and suppliers: they may hold escape codes, characters that turn the writing
direction, or characters whose width terminals disagree about (East Asian Ambiguous: a misjudged
cell shifts the rest of the row). `safe` shows each as something plain, never as nothing.
"""

import re
import unicodedata
from functools import lru_cache

from rich.cells import get_character_cell_size

_COUNT_CELLS = 9  # such as 1200/1200
GETA = "〓"  # what Japanese printers set for a character they do not have
CUT = ".."  # ends a text that was cut

_PLAIN = {
    "…": "...",
    "‥": "..",
    "→": "->",
    "←": "<-",
    "⇒": "=>",
    "×": "x",
    "÷": "/",
    "±": "+-",
    "°": "度",
    "·": "・",
    "‐": "-",
    "–": "-",
    "—": "-",
    "―": "-",
    "−": "-",
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
    "※": "*",
    "★": "*",
    "☆": "*",
    "♪": "*",
    "○": "〇",
    "◯": "〇",
    "●": "〇",
    "◎": "〇",
    "®": "(R)",
    "μ": "u",
    "\u00a0": " ",
    "\u3099": "゛",
    "\u309a": "゜",
}
_TURNING = {"R", "AL", "AN", "RLE", "RLO", "RLI", "LRE", "LRO", "LRI", "PDF", "PDI"}
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")  # they pick a glyph, not a letter
_NO_LINE_END = set("（「『【〔〈《([{")
_WORD = re.compile("[!-~]+")  # a code or an English word: it stays in one piece if it can
_WORD_AT_END = re.compile("[!-~]+$")
_NO_LINE_START = set(
    "、。，．・：；？！）」』】〉》ーァィゥェォッャュョヮぁぃぅぇぉっゃゅょ々)]},.:;?!%"
)


def safe(text: str) -> str:
    """*text* with every character that a terminal could misread replaced by a plain one.

    >>> safe("a\\x1b[31mb"), safe("ﾗﾃ 10×2 ①"), safe("か\\u3099 café"), safe("葛\\U000e0100城")
    ('a〓[31mb', 'ﾗﾃ 10x2 (1)', 'が cafe', '葛城')
    """
    if text.isascii() and text.isprintable():
        return text
    composed = unicodedata.normalize("NFC", _SELECTORS.sub("", text))
    return "".join(map(_shown, composed))


def cells(text: str) -> int:
    """The width of safe *text* in terminal cells.

    >>> cells("A-01"), cells("棚"), cells("ﾗﾃ")
    (4, 2, 2)
    """
    return len(text) if text.isascii() else sum(map(_width, text))


def clip(text: str, width: int) -> str:
    """Safe *text* in at most *width* cells; a cut is marked and never splits a character.

    >>> clip("抹茶ラテ", 8), clip("抹茶ラテ", 7)
    ('抹茶ラテ', '抹茶..')
    """
    if cells(text) <= width:
        return text
    return _head(text, max(0, width - len(CUT))) + CUT[: max(0, width)]


def clip_middle(text: str, width: int) -> str:
    """Like `clip`, but a count at the end of the line stays: it is what people look for there.

    >>> clip_middle("RADIO-2026-BLACK 0/12", 16), clip_middle("RADIO-2026-BLACK", 9)
    ('RADIO-202.. 0/12', 'RADIO-2..')
    """
    head, _, end = text.rpartition(" ")
    is_count = any(char.isdigit() for char in end) and cells(end) <= min(_COUNT_CELLS, width // 2)
    if cells(text) <= width or not head or not is_count:
        return clip(text, width)
    return f"{clip(head, width - cells(end) - 1)} {end}"


def tail(text: str, width: int) -> str:
    """The end of safe *text* in at most *width* cells (what a worker typed last matters)."""
    while cells(text) > width:
        text = text[1:]
    return text


def pad(text: str, width: int) -> str:
    """Safe *text* in exactly *width* cells."""
    short = clip(text, width)
    return short + " " * (width - cells(short))


def wide(text: str) -> str:
    """ASCII as full-width characters: twice as wide in every terminal font.

    >>> wide("A-01")
    'Ａ－０１'
    """
    return "".join(
        chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else "　" if char == " " else char
        for char in text
    )


def wrap(text: str, width: int, lines_max: int = 0) -> list[str]:
    """Safe *text* as lines of at most *width* cells, clipped after *lines_max* (0: never).

    English breaks at spaces, and no code is broken that fits a line. A Japanese line does not begin
    with a closing mark or a small kana, nor does it end with an opening mark.

    >>> wrap("抹茶ラテ。10本", 8)
    ['抹茶ラ', 'テ。10本']
    >>> wrap("Green tea sticks", 10)
    ['Green tea', 'sticks']
    >>> wrap("商品はMATCHA-10です", 10)
    ['商品は', 'MATCHA-10', 'です']
    """
    lines: list[str] = []
    rest = text.strip()
    while rest:
        if lines_max and len(lines) == lines_max - 1:
            return [*lines, clip(rest, width)]
        line = _line(rest, max(2, width))
        lines.append(line.rstrip())
        rest = rest[len(line) :].lstrip()
    return lines


def _line(text: str, width: int) -> str:
    line = _head(text, width)
    following = text[len(line) : len(line) + 1]
    if following == " ":
        return line
    begun = _WORD_AT_END.search(line)
    if begun and following.isascii() and following:
        kept = line[: begun.start()].rstrip()
        rest = _WORD.match(text, len(line))
        whole = len(begun[0]) + (len(rest[0]) if rest else 0)
        if kept and (line[len(kept)] == " " or whole <= width):
            return kept
    if len(line) > 1 and (following in _NO_LINE_START or line[-1] in _NO_LINE_END):
        return (line[: begun.start()].rstrip() if begun else "") or line[:-1]
    return line


def _head(text: str, width: int) -> str:
    used = 0
    for index, char in enumerate(text):
        used += _width(char)
        if used > width:
            return text[:index]
    return text


@lru_cache(maxsize=8192)
def _width(char: str) -> int:
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


@lru_cache(maxsize=8192)
def _shown(char: str) -> str:
    if char in _PLAIN:
        return _PLAIN[char]
    if _is_safe(char):
        return char
    number = unicodedata.numeric(char, None)
    if number is not None and unicodedata.category(char) == "No" and number.is_integer():
        return f"({number:.0f})"
    base = "".join(
        part for part in unicodedata.normalize("NFKD", char) if not unicodedata.combining(part)
    )
    if base and all(map(_is_safe, base)):
        return base
    greek = re.fullmatch(r"GREEK (?:SMALL|CAPITAL) LETTER (\w+)", unicodedata.name(char, ""))
    return greek[1].lower() if greek else GETA


def _is_safe(char: str) -> bool:
    if char == " " or char == "　":
        return True
    return (
        unicodedata.category(char)[0] not in "CZM"
        and unicodedata.east_asian_width(char) != "A"
        and unicodedata.bidirectional(char) not in _TURNING
        and get_character_cell_size(char) == _width(char)
    )
