"""Text from outside: what is kept, what is replaced and what is refused, before it enters the book.

Characters that steer a terminal or hide from the eye (C0, C1, bidi, zero-width, tags) never get in:
in free text each becomes U+FFFD, in codes they are refused, because a code must be what it seems.
"""

import re
import unicodedata

from wms.errors import Code, Rejected

REPLACEMENT = "\ufffd"
SHOWN_CHARACTERS = 40

# Soft hyphen, Arabic letter mark, Hangul and Mongolian fillers, zero-width and bidi marks, line and
# paragraph separators, invisible operators, byte order mark, annotation marks, tags.
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e00ff]"
)
# What barcodes carry on purpose: GS and RS (GS1, ISO 15434), EOT and US, line breaks and tabs.
_IN_BARCODES = "\t\n\r\x04\x1d\x1e\x1f"
_SURROGATE = re.compile("[\ud800-\udfff]")
_LAYOUT = re.compile(r"[ \t\r\n]+")
# NFC would replace these by other characters: the 神 of a family name is not the 神 of another's.
_KEPT_APART = re.compile("[\uf900-\ufaff\U0002f800-\U0002fa1f]+")


def clean(text: str, *, field: str, max: int) -> str:
    """Free text made safe to keep: one line, NFC, no unseen characters, no spaces at its ends.

    *max* in characters after cleaning. Refuses `TEXT_NUL`, `TEXT_SURROGATE`, `TEXT_TOO_LONG`.

    >>> clean("がっこう\\n\u202eevil ", field="notes", max=20)
    'がっこう \ufffdevil'
    """
    _refuse_unstorable(text, field)
    line = _LAYOUT.sub(" ", text).strip(" \u3000")
    line = compose(_UNSEEN.sub(REPLACEMENT, line))
    if len(line) > max:
        raise Rejected(Code.TEXT_TOO_LONG, field=field, max=max)
    return line


def code(text: str, *, field: str, max: int) -> str:
    """A code (SKU, place, order number...): kept as it is given, or refused.

    Refuses `TEXT_EMPTY`, `TEXT_TOO_LONG`, `TEXT_SPACES` (at its ends) and `TEXT_UNSEEN`.
    """
    _refuse_unstorable(text, field)
    if not text:
        raise Rejected(Code.TEXT_EMPTY, field=field)
    if unseen := _UNSEEN.search(text):
        raise Rejected(Code.TEXT_UNSEEN, field=field, code_point=f"U+{ord(unseen[0]):04X}")
    if text.strip() != text:
        raise Rejected(Code.TEXT_SPACES, field=field)
    composed = compose(text)
    if len(composed) > max:
        raise Rejected(Code.TEXT_TOO_LONG, field=field, max=max)
    return composed


def shown(text: str) -> str:
    """*text* fit to be repeated in a message: short, and with nothing that steers a terminal.

    >>> shown("a\\x1b[2Jb")
    'a\ufffd[2Jb'
    """
    safe = _SURROGATE.sub(REPLACEMENT, _UNSEEN.sub(REPLACEMENT, text[: SHOWN_CHARACTERS + 1]))
    return safe if len(safe) <= SHOWN_CHARACTERS else f"{safe[: SHOWN_CHARACTERS - 1]}…"


def escaped(json: str) -> str:
    r"""JSON that steers no terminal on which it is shown: what nobody sees is its number.

    >>> escaped('"a\u202eb\x9b"')
    '"a\\u202eb\\u009b"'
    """
    return _SURROGATE.sub(_number, _UNSEEN.sub(_number, json))


def _number(found: re.Match[str]) -> str:
    raw = found[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{raw[at : at + 2].hex()}" for at in range(0, len(raw), 2))


def storable(text: str) -> str:
    """What was scanned, fit to be kept as evidence: separators of barcodes stay, and whatever else
    nobody can see, or no database can keep, becomes U+FFFD.

    >>> storable("A\\x1dB\\u200bC") == "A\\x1dB\\ufffdC"
    True
    """
    seen = _UNSEEN.sub(lambda found: found[0] if found[0] in _IN_BARCODES else REPLACEMENT, text)
    return _SURROGATE.sub(REPLACEMENT, seen)


def compose(text: str) -> str:
    """NFC, but CJK compatibility ideographs stay what they are.

    >>> compose("か\u3099\ufa19") == "が\ufa19"
    True
    """
    if unicodedata.is_normalized("NFC", text):
        return text
    parts, end = [], 0
    for kept in _KEPT_APART.finditer(text):
        parts += [unicodedata.normalize("NFC", text[end : kept.start()]), kept[0]]
        end = kept.end()
    return "".join(parts) + unicodedata.normalize("NFC", text[end:])


def _refuse_unstorable(text: str, field: str) -> None:
    """PostgreSQL cannot keep NUL, and no encoding keeps half a surrogate pair."""
    if "\x00" in text:
        raise Rejected(Code.TEXT_NUL, field=field)
    if _SURROGATE.search(text):
        raise Rejected(Code.TEXT_SURROGATE, field=field)
