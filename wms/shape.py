"""The shape of what comes in: msgspec's refusals in our own words, and faults gathered by row."""

import re
from collections.abc import Iterable, Mapping, Sequence
from inspect import isclass
from typing import Any, NamedTuple, TypeVar, get_args

import msgspec
from msgspec import Struct

from wms.errors import Code, Rejected
from wms.text import shown

T = TypeVar("T", bound=Struct)


class Fault(NamedTuple):
    """What is wrong with one of many rows. `row` counts from 0; `params` fill the code's words."""

    row: int
    code: Code
    params: Mapping[str, str | int]

    @property
    def field(self) -> str:
        return str(self.params.get("field", ""))

    def refusal(self) -> Rejected:
        return Rejected(self.code, **self.params)


def fault(row: int, code: Code, **params: str | int) -> Fault:
    """A fault; every one names its `field`."""
    return Fault(row, code, params)


def refuse_first(faults: Iterable[Fault]) -> None:
    """Raise the first of *faults*, if there is one."""
    for found in faults:
        raise found.refusal()


def of_refusal(row: int, refusal: Rejected) -> Fault:
    """A refusal of one row as a fault among many."""
    return Fault(row, refusal.code, refusal.params)


def sound(rows: Sequence[T], faults: Iterable[Fault]) -> list[tuple[int, T]]:
    """The rows without a fault so far, with their numbers: later checks look at these alone."""
    bad = {fault.row for fault in faults}
    return [(number, row) for number, row in enumerate(rows) if number not in bad]


def shape_faults(rows: Sequence[Struct]) -> list[Fault]:
    """Faults against the types and limits that the structs of *rows* declare.

    msgspec checks when it decodes, not when a struct is made in Python: this is for both.
    """
    faults = []
    for number, row in enumerate(rows):
        try:
            msgspec.convert(msgspec.to_builtins(row), type(row))
        except msgspec.ValidationError as error:
            faults.append(of_refusal(number, refusal_of(error)))
    return faults


def convert(value: Any, type: type[T], *, strict: bool = True) -> T:
    """*value* (plain dicts and lists) as a *type*; refuses with the field and the reason.

    Not *strict* takes "3" for a number, as files have it.
    """
    try:
        return msgspec.convert(value, type, strict=strict)
    except msgspec.ValidationError as error:
        raise refusal_of(error) from None


def refusals(value: Mapping[str, Any], type: type[Struct], path: str = "") -> list[Rejected]:
    """Every field of *value* (plain dicts and lists) that a *type* refuses, not only the first."""
    found = []
    for field in msgspec.structs.fields(type):
        name = path + field.encode_name
        if field.encode_name not in value:
            if field.required:
                found.append(Rejected(Code.FIELD_MISSING, field=name))
            continue
        inner = value[field.encode_name]
        try:
            msgspec.convert(inner, field.type)
        except msgspec.ValidationError as error:
            found += _inside(inner, field.type, name) or [_at(name, refusal_of(error))]
    return found


def _inside(value: Any, type: Any, path: str) -> list[Rejected]:
    """What is wrong inside a struct or a list of them; nothing when it is neither."""
    inner = _struct(type)
    if inner is None:
        return []
    if isinstance(value, dict):
        return refusals(value, inner, f"{path}.")
    if isinstance(value, list):
        each = enumerate(value)
        return [one for n, row in each for one in refusals(row, inner, f"{path}[{n}].")]
    return []


def _struct(type: Any) -> type[Struct] | None:
    """The struct that *type* is made of: itself, of a list, of an optional, annotated or not."""
    if isclass(type) and issubclass(type, Struct):
        return type
    return next((found for one in get_args(type) if (found := _struct(one)) is not None), None)


def _at(path: str, refusal: Rejected) -> Rejected:
    inner = str(refusal.params.get("field", "$"))
    field = path if inner == "$" else f"{path}.{inner}"
    return Rejected(refusal.code, **{**refusal.params, "field": field})


_AT = re.compile(r" - at `(?:key in )?\$\.?(?P<path>[^`]*)`$")
_RULES: tuple[tuple[re.Pattern[str], Code], ...] = tuple(
    (re.compile(pattern), code)
    for pattern, code in (
        (r"Object missing required field `(?P<name>.*)`", Code.FIELD_MISSING),
        (r"Object contains unknown field `(?P<name>.*)`", Code.FIELD_UNKNOWN),
        (r"Expected `(?:str|array)` of length >= (?P<limit>\d+)", Code.FIELD_TOO_SHORT),
        (r"Expected `(?:str|array)` of length <= (?P<limit>\d+)", Code.FIELD_TOO_LONG),
        (r"Expected `(?:array|tuple)` of length .*", Code.FIELD_WRONG),
        (r"Expected `str` matching regex .*", Code.FIELD_PATTERN),
        (r"Expected `int` >= (?P<limit>-?\d+)", Code.FIELD_TOO_SMALL),
        (r"Expected `int` <= (?P<limit>-?\d+)", Code.FIELD_TOO_BIG),
        (r"Number out of range|Integer value out of range", Code.FIELD_TOO_BIG_AT_ALL),
        (r"Expected `int`, got .*", Code.FIELD_NOT_INT),
        (r"Expected `str`, got .*", Code.FIELD_NOT_TEXT),
        (r"Expected `bool`, got .*", Code.FIELD_NOT_BOOL),
        (r"Expected `array`, got .*", Code.FIELD_NOT_LIST),
        (r"Expected `object`, got .*", Code.FIELD_NOT_OBJECT),
        (r"Invalid enum value (?P<value>.*)", Code.FIELD_CHOICE),
    )
)


def refusal_of(error: msgspec.ValidationError) -> Rejected:
    """What msgspec says of a value, as a refusal that names the field.

    >>> str(refusal_of(msgspec.ValidationError("Expected `int`, got `str` - at `$.lines[0].qty`")))
    'field.not_int field=lines[0].qty'
    """
    message = str(error)
    path = ""
    if at := _AT.search(message):
        path, message = at["path"], message[: at.start()]
    for pattern, code in _RULES:
        if found := pattern.fullmatch(message):
            params: dict[str, str | int] = {
                name: shown(value) for name, value in found.groupdict().items()
            }
            name = str(params.pop("name", ""))
            params["field"] = shown(".".join(part for part in (path, name) if part) or "$")
            return Rejected(code, **params)
    return Rejected(Code.FIELD_WRONG, field=shown(path or "$"))
