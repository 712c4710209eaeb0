"""MT-SICS, the command set of Mettler Toledo's and many others' scales: lines to values, no I/O.

Source: Mettler Toledo, MT-SICS reference manual, levels 0 and 1: `S`, `SI`, `Z`, `T`, `@`.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

SEND_STABLE = b"S\r\n"
SEND_NOW = b"SI\r\n"
ZERO = b"Z\r\n"
TARE = b"T\r\n"
CANCEL = b"@\r\n"  # as after switching on; the scale answers with its serial number

LINE_BYTES_MAX = 80  # longer is noise, dropped up to its end
# A gram is so many of these: exact fractions, for a weight never passes through a float.
GRAMS = {"g": (1, 1), "kg": (1000, 1), "lb": (45_359_237, 100_000)}
_WEIGHT = re.compile(r"([ST]) ([SD]) +(-?)(\d{1,12})(?:\.(\d{1,12}))? +([A-Za-z]+)")
_STATE = re.compile(r"([SZT]) ([AI+-])")
_SERIAL = re.compile(r'I4 A "([^"]*)"')


class State(StrEnum):
    """What a scale answers instead of a weight."""

    DONE = "A"
    BUSY = "I"  # it cannot now, or it did not settle in time
    OVERLOAD = "+"
    UNDERLOAD = "-"


@dataclass(frozen=True, slots=True)
class Reading:
    """A net weight in whole grams, rounded half away from zero."""

    grams: int
    stable: bool


@dataclass(frozen=True, slots=True)
class Tared:
    """The tare that `T` set, in whole grams."""

    grams: int


@dataclass(frozen=True, slots=True)
class Answered:
    """*command* (`S`, also for `SI`; `Z`; `T`) answered without a weight."""

    command: str
    state: State


@dataclass(frozen=True, slots=True)
class Started:
    """The scale is as after switching on."""

    serial: str


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """`ES` (no such command), `ET` (damaged on the way) or `EL` (not allowed now)."""

    code: str


Reply = Reading | Tared | Answered | Started | NotUnderstood


class Replies:
    """Bytes of a scale to replies: fed in any chunks, it yields the same ones.

    Lines that are none are dropped and counted in `noise`.
    """

    def __init__(self) -> None:
        self.noise = 0
        self._line = b""
        self._too_long = False

    def feed(self, data: bytes) -> list[Reply]:
        """The replies whose lines *data* completes, in order."""
        *ended, rest = data.split(b"\n")
        replies: list[Reply] = []
        for part in ended:
            self._grow(part)
            reply = None if self._too_long else read(self._line)
            if reply is not None:
                replies.append(reply)
            elif self._too_long or self._line.strip():
                self.noise += 1
            self._line, self._too_long = b"", False
        self._grow(rest)
        return replies

    def _grow(self, part: bytes) -> None:
        self._line += part
        if len(self._line) > LINE_BYTES_MAX:
            self._line, self._too_long = b"", True


def read(line: bytes) -> Reply | None:
    """One line, without its end, as a reply; None when it is none or its unit is not ours."""
    text = line.decode("ascii", "replace").strip()
    if weight := _WEIGHT.fullmatch(text):
        command, stability, sign, whole, fraction, unit = weight.groups()
        grams = to_grams(int(whole + (fraction or "")), len(fraction or ""), unit)
        if grams is None:
            return None
        grams = -grams if sign else grams
        return Tared(grams) if command == "T" else Reading(grams, stable=stability == "S")
    if state := _STATE.fullmatch(text):
        return Answered(state[1], State(state[2]))
    if serial := _SERIAL.fullmatch(text):
        return Started(serial[1])
    return NotUnderstood(text) if text in ("ES", "ET", "EL") else None


def to_grams(digits: int, decimals: int, unit: str) -> int | None:
    """*digits* with the point before the last *decimals*, in whole grams; half is rounded up.

    >>> to_grams(12345, 3, "kg"), to_grams(100, 2, "lb"), to_grams(5, 1, "g"), to_grams(1, 0, "oz")
    (12345, 454, 1, None)
    """
    if unit not in GRAMS:
        return None
    many, few = GRAMS[unit]
    divisor: int = few * 10**decimals
    return (2 * digits * many + divisor) // (2 * divisor)
