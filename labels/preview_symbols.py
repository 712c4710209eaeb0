"""How a printer turns barcode field data into modules: the reading side of the ZPL manual.

Knows nothing of `labels/symbols.py`, which writes that data: two readings of one format.
Each function gives rows of modules, True = ink. Sources: ISO/IEC 15417, AIM BC3, ZPL II manual.
"""

import re
from collections.abc import Sequence

import zxingcpp
from biip.gs1_messages import GS1Message
from PIL import Image

# Widths of bars and spaces of symbol characters 0-105; 106 is the stop with its last bar.
_CODE128 = re.findall(
    r"\d+",
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 "
    "122132 122231 113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 "
    "321221 312212 322112 322211 212123 212321 232121 111323 131123 131321 112313 132113 132311 "
    "211313 231113 231311 112133 112331 132131 113123 113321 133121 313121 211331 231131 213113 "
    "213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 111422 "
    "121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 "
    "241112 134111 111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 "
    "412121 111143 111341 131141 114113 114311 411113 411311 113141 114131 311141 411131 211412 "
    "211214 211232 2331112",
)
_INVOKED = {"<": 62, "0": 30, "=": 94, "5": 99, "6": 100, "7": 101, "8": 102}
_STARTS = {"9": 103, ":": 104, ";": 105}
_SWITCH = {("B", 99): "C", ("A", 99): "C", ("C", 100): "B", ("A", 100): "B", ("C", 101): "A"}
_FNC1 = 102

# Wide (1) and narrow (0) elements, bar first.
_CODABAR = {
    "0": "0000011", "1": "0000110", "2": "0001001", "3": "1100000", "4": "0010010",
    "5": "1000010", "6": "0100001", "7": "0100100", "8": "0110000", "9": "1001000",
    "-": "0001100", "$": "0011000", ":": "1000101", "/": "1010001", ".": "1010100",
    "+": "0010101", "A": "0011010", "B": "0101001", "C": "0001011", "D": "0001110",
}  # fmt: skip

Rows = Sequence[Sequence[bool]]


def code128(data: str) -> tuple[str, list[int]]:
    """Field data of `^BC` mode N -> (text that a scanner reports, widths of bars and spaces).

    `>9 >: >;` start a subset (B if none is named), `>5 >6 >7` change it, `>8` is FNC1.
    """
    values, subset = _values128(data)
    check = (values[0] + sum(place * value for place, value in enumerate(values))) % 103
    widths = "".join(_CODE128[value] for value in (*values, check, 106))
    return _scanned128(values[1:], subset), [int(width) for width in widths]


def _values128(data: str) -> tuple[list[int], str]:
    start = _STARTS.get(data[1:2], 104) if data.startswith(">") else 104
    at = 2 if data.startswith(">") and data[1:2] in _STARTS else 0
    first = subset = "ABC"[start - 103]
    values = [start]
    while at < len(data):
        if data[at] == ">":
            value, at = _INVOKED[data[at + 1]], at + 2
            subset = _SWITCH.get((subset, value), subset)
        elif subset == "C":
            value, at = int(data[at : at + 2]), at + 2
        else:
            assert subset == "B", (
                "subset A takes numbers in place of characters; nobody here uses it"
            )
            value, at = ord(data[at]) - 32, at + 1
        values.append(value)
    return values, first


def _scanned128(values: list[int], subset: str) -> str:
    text = ""
    for place, value in enumerate(values):
        if value == _FNC1:
            text += "\x1d" if place else ""  # in front it only says that this is GS1-128
        elif (subset, value) in _SWITCH:
            subset = _SWITCH[subset, value]
        else:
            text += f"{value:02d}" if subset == "C" else chr(value + 32)
    return text


def codabar(data: str, start: str, stop: str, ratio: float) -> list[float]:
    """Field data of `^BK` -> widths of bars and spaces, in modules."""
    widths: list[float] = []
    for character in start + data + stop:
        widths += [ratio if wide == "1" else 1 for wide in _CODABAR[character]]
        widths.append(1)  # the narrow gap to the next character
    return widths[:-1]


def qr(data: str) -> tuple[str, Rows]:
    """Field data of `^BQ` (`MA,text`: level M, automatic mode) -> (text, modules)."""
    level, mode, comma = data[0], data[1], data[2]
    if level not in "HQML" or mode != "A" or comma != ",":
        raise ValueError(f"QR field data: {data[:10]!r}")
    symbol = zxingcpp.create_barcode(data[3:], zxingcpp.BarcodeFormat.QRCode, ec_level=level)
    return data[3:], _modules(symbol)


def data_matrix(data: str, escape: str) -> tuple[str, Rows]:
    """Field data of `^BX` quality 200 -> (text with GS for FNC1, modules). GS1 symbols only."""
    text = data.replace(escape * 2, "\0").replace(escape + "1", "\x1d").replace("\0", escape)
    if not text.startswith("\x1d"):
        raise ValueError("not a GS1 Data Matrix")
    elements = GS1Message.parse(text[1:]).as_hri()
    format_ = zxingcpp.BarcodeFormat.DataMatrix
    symbol = zxingcpp.create_barcode(elements, format_, gs1=True, force_square=True)
    return text[1:], _modules(symbol)


def _modules(symbol: zxingcpp.Barcode) -> Rows:
    image = Image.fromarray(symbol.to_image(scale=1, add_quiet_zones=False))
    dots, across = image.tobytes(), image.width
    return [[level == 0 for level in dots[at : at + across]] for at in range(0, len(dots), across)]
