"""The one door for bodies: bytes from a stranger become plain values, or a refusal with a reason.

JSON parsers forgive too much: the same key twice, NaN, half a character, a NUL that one of our
databases cannot keep, or ten thousand brackets. What passes here means one thing to everyone.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, NoReturn

from wms.errors import Code, Rejected
from wms.text import shown

DEPTH_MAX = 32
DIGITS_MAX = 18  # every whole number of the book has fewer
# One that never ends is taken to the end: starting again at each quote in it would take for ever.
_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_BRACKETS = re.compile(rb"[\[\]{}]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def document(body: bytes) -> Any:
    """*body* as plain values (dict, list, str, int, float, bool, None).

    Refuses `BODY_EMPTY`, `BODY_NOT_UTF8`, `BODY_TOO_DEEP`, `BODY_NOT_JSON`, `BODY_KEY_TWICE`,
    `BODY_NUMBER`, and `TEXT_NUL` and `TEXT_SURROGATE` with the path of the field.
    """
    if not body.strip():
        raise Rejected(Code.BODY_EMPTY)
    text = utf8(body)
    _refuse_deep(body)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_refuse_constant,
            parse_int=_integer,
            parse_float=_float,
        )
    except json.JSONDecodeError as error:
        raise Rejected(Code.BODY_NOT_JSON, reason=error.msg, position=error.pos) from None
    for path, part in _texts(value, "$"):
        if "\x00" in part:
            raise Rejected(Code.TEXT_NUL, field=shown(path))
        if _SURROGATE.search(part):
            raise Rejected(Code.TEXT_SURROGATE, field=shown(path))
    return value


def utf8(body: bytes) -> str:
    """*body* as text. Refuses `BODY_NOT_UTF8`."""
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Rejected(Code.BODY_NOT_UTF8, position=error.start) from None


def _refuse_deep(body: bytes) -> None:
    """Count brackets outside strings before a parser's recursion has to."""
    depth = 0
    for bracket in _BRACKETS.finditer(_STRINGS.sub(b"", body)):
        depth += 1 if bracket[0] in b"[{" else -1
        if depth > DEPTH_MAX:
            raise Rejected(Code.BODY_TOO_DEEP, limit=DEPTH_MAX)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        counts = Counter(name for name, _ in pairs)
        raise Rejected(Code.BODY_KEY_TWICE, field=shown(counts.most_common(1)[0][0]))
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise Rejected(Code.BODY_NUMBER, value=name)


def _integer(digits: str) -> int:
    if len(digits.lstrip("-")) > DIGITS_MAX:
        raise Rejected(Code.BODY_NUMBER, value=shown(digits))
    return int(digits)


def _float(digits: str) -> float | int:
    """1.0 is a whole number, as JSON Schema has it."""
    value = float(digits)
    if not math.isfinite(value):
        raise Rejected(Code.BODY_NUMBER, value=shown(digits))
    return int(value) if value.is_integer() and abs(value) < 10**DIGITS_MAX else value


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Every string in *value* with its path; keys count as strings of the object they are in."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from _texts(part, f"{path}[{number}]")
    elif isinstance(value, dict):
        for name, part in value.items():
            yield path, name
            yield from _texts(part, name if path == "$" else f"{path}.{name}")
