"""What a ZPL printer would print: a small renderer of the commands that our labels use.

Written from the ZPL II Programming Guide, not from the code that builds labels, and any other
command is an error: what cannot be shown here is not known to print right.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from PIL import Image, ImageDraw

from labels import preview_symbols as symbols

_FORMAT = re.compile(r"\s*\^XA(.*?)\^XZ\s*", re.DOTALL)
_COMMAND = re.compile(r"([\^~])([A-Z][A-Z0-9])([^\^~]*)", re.DOTALL)
_UPRIGHT = {"PO": "N", "PM": "N", "LR": "N", "FW": "N"}  # settings that we only ever reset
_DATALESS = {"GF", "GB"}


class Unprintable(ValueError):
    """The bytes are not a label that this renderer (or a printer) would print as meant."""


@dataclass(frozen=True, slots=True)
class Field:
    """One printed field. `ink` (mode "1", white = ink) lies at (`x`, `y`) of the label, in dots.

    `kind` is the command (BC, BK, BQ, BX, GF, GB); `text` what a scanner would report.
    """

    kind: str
    text: str
    x: int
    y: int
    ink: Image.Image


@dataclass(frozen=True, slots=True)
class Preview:
    """One label: its size in dots, its fields in order of printing, and how many are printed."""

    width: int
    height: int
    fields: tuple[Field, ...]
    copies: int = 1

    def image(self) -> Image.Image:
        """The label as it would come out: mode "L", black on white; ink off the label is cut."""
        paper = Image.new("L", (self.width, self.height), 255)
        for printed in self.fields:
            paper.paste(0, (printed.x, printed.y), printed.ink)
        return paper


@dataclass(slots=True)
class _State:
    """What the printer remembers between commands."""

    width: int = 0
    height: int = 0
    home: tuple[int, int] = (0, 0)
    utf8: bool = False
    module: int = 2
    ratio: float = 3.0
    bar_height: int = 10
    copies: int = 1
    fields: list[Field] = field(default_factory=list)
    # The field being described; ^FS ends it.
    origin: tuple[int, int] | None = None
    what: str = ""
    parameters: str = ""
    hexadecimal: str = ""
    data: str | None = None
    silent: bool = False  # ^FN and ^HV: data for the host, not ink


def read(zpl: bytes) -> tuple[Preview, ...]:
    """Every label in *zpl*, one a format. Raises `Unprintable` for anything it does not know."""
    text = zpl.decode("utf-8")
    previews, at = [], 0
    while at < len(text):
        found = _FORMAT.match(text, at)
        if not found:
            raise Unprintable(f"not a format: {text[at : at + 40]!r}")
        previews.append(_format(found[1]))
        at = found.end()
    return tuple(previews)


def _format(body: str) -> Preview:
    state = _State()
    for name, parameters in _commands(body):
        handler = _HANDLERS.get(name)
        if handler is None:
            raise Unprintable(f"unknown command {name}{parameters[:20]!r}")
        handler(state, name[1:], parameters)
    if state.origin is not None or state.what:
        raise Unprintable("a field without ^FS")
    return Preview(state.width, state.height, tuple(state.fields), state.copies)


def _commands(body: str) -> Iterator[tuple[str, str]]:
    at = 0
    while body[at:].strip():
        found = _COMMAND.match(body, at)
        if not found:
            raise Unprintable(f"not a command: {body[at : at + 20]!r}")
        # Printers skip line ends inside a format.
        yield found[1] + found[2], found[3].replace("\r", "").replace("\n", "")
        at = found.end()


def _setting(state: _State, name: str, parameters: str) -> None:
    match name:
        case "CI":
            state.utf8 = parameters == "28"
        case "PW":
            state.width = int(parameters)
        case "LL":
            state.height = int(parameters)
        case "LH":
            state.home = _pair(parameters)
        case "PQ":
            state.copies = int(parameters.split(",")[0])
        case _:
            if parameters != _UPRIGHT[name]:
                raise Unprintable(f"^{name}{parameters}: labels are upright")


def _pair(parameters: str) -> tuple[int, int]:
    first, second = parameters.split(",")
    return int(first), int(second)


def _bar_default(state: _State, _name: str, parameters: str) -> None:
    module, ratio, height = [*parameters.split(","), "", ""][:3]
    state.module = int(module) if module else state.module
    state.ratio = float(ratio) if ratio else state.ratio
    state.bar_height = int(height) if height else state.bar_height


def _origin(state: _State, _name: str, parameters: str) -> None:
    x, y = _pair(parameters)
    state.origin = (state.home[0] + x, state.home[1] + y)


def _described(state: _State, name: str, parameters: str) -> None:
    state.what, state.parameters = name, parameters


def _data(state: _State, name: str, parameters: str) -> None:
    match name:
        case "FH":
            state.hexadecimal = parameters or "_"
        case "FD":
            state.data = _unescaped(state, parameters)
        case _:  # ^FN, ^HV
            state.silent = True


def _unescaped(state: _State, data: str) -> str:
    raw = data.encode("utf-8")
    if state.hexadecimal:
        pattern = re.escape(state.hexadecimal.encode()) + rb"([0-9A-Fa-f]{2})"
        raw = re.sub(pattern, lambda found: bytes.fromhex(found[1].decode()), raw)
    if not state.utf8 and not raw.isascii():
        raise Unprintable("not ASCII and no ^CI28")
    return raw.decode("utf-8")


def _end_of_field(state: _State, _name: str, _parameters: str) -> None:
    if not state.silent:
        if state.origin is None or not state.what:
            raise Unprintable("^FS without a position or without something to print")
        if (state.data is None) != (state.what in _DATALESS):
            raise Unprintable(f"^{state.what} and its field data")
        text, ink, lower = _drawn(state)
        x, y = state.origin
        state.fields.append(Field(state.what, text, x, y + lower, ink))
    state.origin, state.what, state.parameters = None, "", ""
    state.hexadecimal, state.data, state.silent = "", None, False


def _drawn(state: _State) -> tuple[str, Image.Image, int]:
    """(what it says, its ink, dots by which it is lowered)."""
    given = state.parameters.split(",")
    data = state.data or ""
    match state.what:
        case "BC":
            _expect(given, ["N", None, "N", "N", "N", "N"])
            text, widths = symbols.code128(data)
            return text, _bars(widths, state.module, int(given[1])), 0
        case "BK":
            _expect(given, ["N", "N", None, "N", "N", None, None])
            wide = symbols.codabar(data, given[5], given[6], state.ratio)
            return data, _bars(wide, state.module, int(given[2])), 0
        case "BQ":
            _expect(given, ["N", "2", None, None, "7"])
            text, rows = symbols.qr(data)
            # Firmware lowers a QR code at ^FO by the height that the last ^BY gave.
            return text, _squares(rows, int(given[2])), state.bar_height
        case "BX":
            _expect(given, ["N", None, "200", "", "", "", None])
            text, rows = symbols.data_matrix(data, given[6])
            return text, _squares(rows, int(given[1])), 0
        case "GB":
            return "", _box(*(int(number) for number in given)), 0
        case _:
            return "", _graphic(state.parameters), 0


def _expect(given: list[str], wanted: list[str | None]) -> None:
    if len(given) != len(wanted) or any(
        must is not None and must != is_ for is_, must in zip(given, wanted, strict=True)
    ):
        raise Unprintable(f"barcode parameters {given}")


def _bars(widths: list[int] | list[float], module: int, height: int) -> Image.Image:
    dots = [round(width * module) for width in widths]
    ink = Image.new("1", (sum(dots), height))
    at = 0
    for number, width in enumerate(dots):
        if number % 2 == 0:
            ink.paste(1, (at, 0, at + width, height))
        at += width
    return ink


def _squares(rows: symbols.Rows, module: int) -> Image.Image:
    ink = Image.new("1", (len(rows[0]), len(rows)))
    ink.putdata([int(dot) for row in rows for dot in row])
    return ink.resize((ink.width * module, ink.height * module), Image.Resampling.NEAREST)


def _box(width: int, height: int, thickness: int) -> Image.Image:
    """`^GB`: a frame whose border lies inside; thinner than its border it is a solid rule."""
    width, height = max(width, thickness), max(height, thickness)
    ink = Image.new("1", (width, height))
    pen = ImageDraw.Draw(ink)
    pen.rectangle((0, 0, width - 1, height - 1), outline=1, width=thickness)
    return ink


def _graphic(parameters: str) -> Image.Image:
    kind, count, total, row_bytes, data = parameters.split(",", 4)
    if kind != "A" or count != total:
        raise Unprintable(f"^GF{kind},{count},{total}")
    digits_a_row = 2 * int(row_bytes)
    digits = "".join(_rows(data, digits_a_row))
    if len(digits) != 2 * int(total):
        raise Unprintable(f"^GFA promised {total} bytes and gave {len(digits) / 2}")
    size = (digits_a_row * 4, int(total) // int(row_bytes))
    return Image.frombytes("1", size, bytes.fromhex(digits))


def _rows(data: str, width: int) -> Iterator[str]:
    row, last, times = "", "", 0
    for sign in data:
        if "G" <= sign <= "Y":
            times += ord(sign) - ord("F")
        elif "g" <= sign <= "z":
            times += 20 * (ord(sign) - ord("f"))
        elif sign == ":" and not row:
            yield last
        elif sign in ",!":
            row += "0F"[sign == "!"] * (width - len(row))
        elif sign in "0123456789ABCDEF":
            row, times = row + sign * (times or 1), 0
        else:
            raise Unprintable(f"graphic data {sign!r}")
        while len(row) >= width and sign != ":":
            last, row = row[:width], row[width:]
            yield last
    if row or times:
        raise Unprintable("graphic data ends inside a row")


_HANDLERS: dict[str, Callable[[_State, str, str], None]] = {
    **{"^" + name: _setting for name in ("CI", "PW", "LL", "LH", "PQ", *_UPRIGHT)},
    **{"^" + name: _described for name in ("BC", "BK", "BQ", "BX", "GF", "GB")},
    **{"^" + name: _data for name in ("FH", "FD", "FN", "HV")},
    "^BY": _bar_default,
    "^FO": _origin,
    "^FS": _end_of_field,
}
