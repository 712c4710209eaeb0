"""What goes into a barcode field of ZPL, and how many modules wide the symbol will be.

Code 128 and GS1-128 name their code sets themselves (`^BC` mode N), so that the width is known
before anything is printed. Sources: ZPL II Programming Guide (`^BC`, `^BK`, `^BQ`, `^BX`),
ISO/IEC 15417 (Code 128), 18004 (QR), 16022 (Data Matrix), GS1 General Specifications 5.4 and 7.8.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from wms.errors import Code, Rejected

FNC1 = "\x1d"  # stands for the function character between us and `_code_sets`

# Elements whose length is given by the first two digits need no FNC1 after them.
_FIXED_LENGTH = re.compile("0[0-4]|1[1-9]|20|3[1-6]|41")
_AI82 = re.compile(r"[!\"%&'()*+,\-./0-9:;<=>?A-Z_a-z]{1,90}")
_CHECKED = {"00": 18, "01": 14, "02": 14}  # element strings that end in a GS1 check digit

_QR_BYTES_AT_M = (14, 26, 42, 62, 84, 106, 122, 152, 180, 213, 251, 287, 331, 362, 412, 450)
_DATA_MATRIX = (
    (10, 3), (12, 5), (14, 8), (16, 12), (18, 18), (20, 22), (22, 30), (24, 36), (26, 44),
    (32, 62), (36, 86), (40, 114), (44, 144), (48, 174), (52, 204),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Symbol:
    """A barcode to be placed. `command` has the blanks `{height}` and `{module}` (dots).

    `data` is the field data before `^FH` escaping; `modules` the widest that the symbol can be
    without its quiet zones, which are `quiet` modules on each side.
    """

    field: str
    text: str
    command: str
    data: str
    modules: int
    quiet: int
    matrix: bool = False


def _refuse(field: str, text: str, reason: str) -> Rejected:
    return Rejected(Code.LABEL_BARCODE, field=field, text=ascii(text)[1:-1][:60], reason=reason)


def _plain_ascii(text: str, field: str) -> None:
    if not text or not all(" " <= character <= "~" for character in text):
        raise _refuse(field, text, "ASCII 0x20-0x7E")


def code128(text: str, field: str) -> Symbol:
    """Code 128 of printable ASCII. Refuses anything else with `label.barcode`.

    >>> code128("P:25112200001234", "parcel").data
    '>:P:>525112200001234'
    """
    _plain_ascii(text, field)
    data, count = _code_sets(text)
    return Symbol(field, text, "^BCN,{height},N,N,N,N", data, _modules128(count), quiet=10)


def gs1_128(elements: Sequence[tuple[str, str]], field: str) -> Symbol:
    """GS1-128 of (application identifier, value) pairs, FNC1 after those of open length.

    Refuses what GS1 cannot hold: other characters, more than 48, a wrong check digit.

    >>> gs1_128((("10", "LOT-A1"), ("21", "S1")), "lot").data
    '>:>810LOT-A1>821S1'
    """
    text = element_string(elements, field)
    if len(text) > 48:
        raise Rejected(Code.LABEL_BARCODE_WIDE, field=field, text=_shown(elements))
    data, count = _code_sets(FNC1 + text)
    command = "^BCN,{height},N,N,N,N"
    return Symbol(field, _shown(elements), command, data, _modules128(count), quiet=10)


def element_string(elements: Sequence[tuple[str, str]], field: str) -> str:
    """Join GS1 elements; GS (FNC1) separates those of open length from what follows."""
    for identifier, value in elements:
        if not identifier.isdecimal() or not _AI82.fullmatch(value):
            raise _refuse(field, f"({identifier}){value}", "GS1")
        length = _CHECKED.get(identifier)
        if length is not None and not _check_digit_holds(value, length):
            raise _refuse(field, f"({identifier}){value}", "GS1 check digit")
    parts = [
        identifier + value + ("" if _FIXED_LENGTH.match(identifier) else FNC1)
        for identifier, value in elements
    ]
    return "".join(parts).removesuffix(FNC1)


def _shown(elements: Sequence[tuple[str, str]]) -> str:
    return "".join(f"({identifier}){value}" for identifier, value in elements)


def _check_digit_holds(value: str, length: int) -> bool:
    if len(value) != length or not value.isdecimal() or not value.isascii():
        return False
    weighted = sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(value[-2::-1]))
    return (weighted + int(value[-1])) % 10 == 0


def _modules128(count: int) -> int:
    return 11 * (count + 2) + 13  # start, check, and the stop with its last bar


def _code_sets(text: str) -> tuple[str, int]:
    """Field data of `^BC` mode N for *text*, and how many symbol characters it makes.

    Digits go in pairs (set C) where at least four follow at the start or the end, six in between.
    """
    body = text.removeprefix(FNC1)
    subset = "C" if _digits(body, 0) >= 4 else "B"
    data, count, at = ">;" if subset == "C" else ">:", 0, 0
    while at < len(text):
        step, digits = 1, _digits(text, at)
        if text[at] == FNC1:
            data += ">8"
        elif subset == "C" and digits >= 2:
            data, step = data + text[at : at + 2], 2
        elif subset == "C":
            data, subset, step = data + ">6", "B", 0
        elif digits % 2 == 0 and digits >= (4 if at + digits == len(text) else 6):
            data, subset, step = data + ">5", "C", 0
        else:
            data += {">": ">0", "^": "><", "~": ">="}.get(text[at], text[at])
        at, count = at + step, count + 1
    return data, count


def _digits(text: str, start: int) -> int:
    found = re.compile("[0-9]*").match(text, start)
    return len(found[0]) if found else 0


def nw7(text: str, field: str) -> Symbol:
    """NW-7 (Codabar) with start and stop `a`, wide bars three times the narrow ones.

    >>> nw7("262492160324", "tracking").modules
    171
    """
    if not re.fullmatch(r"[0-9\-$:/.+]+", text):
        raise _refuse(field, text, "NW-7: 0-9 - $ : / . +")
    widths = [13 if character in ":/.+" else 11 for character in text]
    modules = sum(widths) + 2 * 13 + len(text) + 1  # two start/stop characters, narrow gaps
    return Symbol(field, text, "^BKN,N,{height},N,N,A,A", text, modules, quiet=10)


def qr(text: str, field: str) -> Symbol:
    """QR code, level M. The size is that of byte mode, the largest that a printer may choose."""
    _plain_ascii(text, field)
    version = bisect_left(_QR_BYTES_AT_M, len(text)) + 1
    if version > len(_QR_BYTES_AT_M):
        raise Rejected(Code.LABEL_BARCODE_WIDE, field=field, text=text[:60])
    command = "^BQN,2,{module},M,7"
    return Symbol(field, text, command, f"MA,{text}", 17 + 4 * version, quiet=4, matrix=True)


def gs1_data_matrix(elements: Sequence[tuple[str, str]], field: str) -> Symbol:
    """GS1 Data Matrix (ECC 200): FNC1 in front marks it as GS1.

    In quality 200 `_1` is FNC1 and `__` an underscore.
    """
    text = FNC1 + element_string(elements, field)
    codewords = len(re.findall(r"[0-9]{2}|.", text, re.DOTALL))
    index = bisect_left([capacity for _, capacity in _DATA_MATRIX], codewords)
    if index == len(_DATA_MATRIX):
        raise Rejected(Code.LABEL_BARCODE_WIDE, field=field, text=_shown(elements))
    data = text.replace("_", "__").replace(FNC1, "_1")
    modules = _DATA_MATRIX[index][0]
    command = "^BXN,{module},200,,,,_"
    return Symbol(field, _shown(elements), command, data, modules, quiet=2, matrix=True)
