"""Talking with a ZPL printer, without I/O: the questions, the answers, and the job with its echo.

Sources: Zebra's ZPL II programming guide (`~HS`, `~HI`, `~JX`, `^FN`, `^PQ`), its RFID guide
(`^HV`), and its Set-Get-Do commands (`! U1 getvar`).
"""

import re
from dataclasses import dataclass

HOST_STATUS = b"~HS\r\n"
HOST_IDENTIFICATION = b"~HI\r\n"
CANCEL_PARTIAL_FORMAT = b"~JX\r\n"  # drops what an interrupted sender left, prints nothing
LABEL_COUNTER = "odometer.total_label_count"
SERIAL_NUMBER = "device.unique_id"

ANSWER_BYTES_MAX = 512  # longer is not an answer: resynchronise behind its first byte
JOB_CHARACTERS_MAX = 64
COPIES_MAX = 999
_ECHO_FIELD = 9999  # the highest field number: templates count from 1
_TAG_FIELD = 9998
_TAG = re.compile(rb"\^RFW,H\^FD([0-9A-Fa-f]*)\^FS", re.IGNORECASE)
_COUNT = re.compile(r"\d{1,9}")


@dataclass(frozen=True, slots=True)
class HostStatus:
    """What `~HS` tells of the printer; counts are formats waiting and labels left of a batch."""

    paper_out: bool
    paused: bool
    ribbon_out: bool
    head_open: bool
    too_hot: bool
    buffer_full: bool
    partial_format: bool
    formats_waiting: int
    labels_left: int

    @property
    def trouble(self) -> str:
        """The message code of what a person must see to first; empty when it can print."""
        if self.head_open:
            return "printer.head_open"
        if self.paper_out:
            return "printer.paper_out"
        if self.ribbon_out:
            return "printer.ribbon_out"
        if self.too_hot:
            return "printer.too_hot"
        return "printer.paused" if self.paused else ""


@dataclass(frozen=True, slots=True)
class Identity:
    """The answer to `~HI`. It has no serial number: that is the setting `SERIAL_NUMBER`."""

    model: str
    firmware: str


@dataclass(frozen=True, slots=True)
class Value:
    """The answer to a `getvar`. A setting that the printer does not know is `?`."""

    text: str

    @property
    def count(self) -> int | None:
        """The value as a counter; None when it is none."""
        return int(self.text) if _COUNT.fullmatch(self.text) else None


@dataclass(frozen=True, slots=True)
class Echo:
    """One label of *job* was printed."""

    job: str


@dataclass(frozen=True, slots=True)
class TagRead:
    """What the printer has read out of a label's tag; "" for none."""

    epc: str


Answer = HostStatus | Identity | Value | Echo | TagRead


@dataclass(frozen=True, slots=True)
class _Shape:
    """How one kind of answer looks: `head`, bytes of `body`, `tail`."""

    head: bytes
    body: frozenset[int]
    tail: bytes


_PRINTABLE = frozenset(range(0x20, 0x7F))
_JOB = _PRINTABLE - frozenset(b'^~_,"[]')  # what means nothing to the printer and to `_ECHO`
_FRAME = _Shape(b"\x02", frozenset(range(256)) - {0x02, 0x03}, b"\x03")
_QUOTED = _Shape(b'"', frozenset(range(0x20, 256)) - {ord('"')}, b'"')
_ECHO = _Shape(b"JOB[", _PRINTABLE - {ord("]")}, b"]\r\n")
_TAG_READ = _Shape(b"TAG[", frozenset(b"0123456789ABCDEFabcdef"), b"]\r\n")
_SHAPES = (_FRAME, _QUOTED, _ECHO, _TAG_READ)


class Answers:
    """Bytes of a printer to answers: fed in any chunks, it yields the same ones.

    What is no answer is skipped and counted in `noise`. The three strings of `~HS` become one
    `HostStatus`, also when an echo came between them.
    """

    def __init__(self) -> None:
        self.noise = 0
        self._buffer = b""
        self._strings: dict[int, list[str]] = {}

    def feed(self, data: bytes) -> list[Answer]:
        """The answers that *data* completes, in the order in which they ended."""
        self._buffer += data
        answers: list[Answer] = []
        start = 0
        while start < len(self._buffer):
            shape, end = _measure(self._buffer, start)
            if end is None:
                break
            if shape is None:
                self.noise += self._buffer[start] not in b"\r\n"
                start = end
                continue
            body = self._buffer[start + len(shape.head) : end - len(shape.tail)]
            answer = self._read(shape, body.decode("utf-8", "replace"))
            if answer is not None:
                answers.append(answer)
            start = end
        self._buffer = self._buffer[start:]
        return answers

    def _read(self, shape: _Shape, body: str) -> Answer | None:
        if shape is _QUOTED:
            return Value(body)
        if shape is _ECHO:
            return Echo(body)
        if shape is _TAG_READ:
            return TagRead(body.lower())
        fields = [field.strip() for field in body.split(",")]
        if len(fields) in (12, 11):
            self._strings[len(fields)] = fields
            return None
        if len(fields) == 2:
            return self._status()
        if len(fields) in (4, 5) and fields[0]:
            return Identity(model=fields[0], firmware=fields[1])
        self.noise += len(body)
        return None

    def _status(self) -> HostStatus | None:
        """The third string came: the status is whole."""
        first, second = self._strings.pop(12, None), self._strings.pop(11, None)
        if first is None or second is None:
            self.noise += 1
            return None
        counts = (first[4], second[8])
        flags = (first[1], first[2], first[5], first[7], first[11], second[2], second[3])
        if not all(_COUNT.fullmatch(count) for count in counts) or not set(flags) <= {"0", "1"}:
            self.noise += 1
            return None
        return HostStatus(
            paper_out=first[1] == "1",
            paused=first[2] == "1",
            buffer_full=first[5] == "1",
            partial_format=first[7] == "1",
            too_hot=first[11] == "1",
            head_open=second[2] == "1",
            ribbon_out=second[3] == "1",
            formats_waiting=int(first[4]),
            labels_left=int(second[8]),
        )


def _measure(buffer: bytes, start: int) -> tuple[_Shape | None, int | None]:
    """What begins at *start*, and where it ends: no shape is one byte of noise, no end is "wait".

    The verdict depends on the bytes alone and never on where a chunk ended.
    """
    here = buffer[start : start + ANSWER_BYTES_MAX]
    for shape in _SHAPES:
        if not here.startswith(shape.head):
            if shape.head.startswith(here):
                return None, None
            continue
        at = len(shape.head)
        while at < len(here) and here[at] in shape.body:
            at += 1
        tail = here[at : at + len(shape.tail)]
        if tail == shape.tail:
            return shape, start + at + len(tail)
        if len(here) < ANSWER_BYTES_MAX and shape.tail.startswith(tail):
            return None, None
    return None, start + 1


def getvar(name: str) -> bytes:
    """The question for the setting *name*."""
    return f'! U1 getvar "{name}"\r\n'.encode("ascii")


def tag_of(payload: bytes) -> str:
    """The EPC that *payload* writes into its label's tag, lower-case hex; "" for none.

    >>> tag_of(b"^XA^RS8,,,3,N^RFW,H^FD30740242201D8840000FE632^FS^XZ")
    '30740242201d8840000fe632'
    """
    found = _TAG.findall(payload)
    if len(found) > 1:
        raise ValueError("a label has one tag")
    return found[0].decode().lower() if found else ""


def envelope(job: str, payload: bytes, copies: int, *, echo: bool = True) -> bytes:
    """*payload* (one whole `^XA...^XZ`) as it goes on the wire, *copies* times.

    With *echo*, every printed label answers `JOB[<job>]`: the job is a numbered field (it shows
    as a tiny line in the upper left corner) and `^HV` returns it label by label. A `^PQ` of the
    payload is dropped, for the number of copies is the caller's. A label whose tag is written
    answers `TAG[<epc>]` before that, read out of the tag. Raises `ValueError` for a payload that
    is not exactly one format, for a *job* or *copies* that do not fit, and for copies of a tag.
    """
    if tag_of(payload) and copies != 1:
        raise ValueError("two tags with the same EPC would be one piece")
    if not 1 <= copies <= COPIES_MAX:
        raise ValueError(f"copies must be 1 to {COPIES_MAX}, not {copies}")
    if not (0 < len(job) <= JOB_CHARACTERS_MAX and _JOB.issuperset(map(ord, job))):
        raise ValueError(f"job {job!r} must be 1 to {JOB_CHARACTERS_MAX} plain characters")
    body = payload.strip()
    upper = body.upper()
    whole = upper.startswith(b"^XA") and upper.endswith(b"^XZ")
    if not whole or upper.count(b"^XA") != 1 or upper.count(b"^XZ") != 1:
        raise ValueError("the payload must be exactly one ^XA...^XZ format")
    inside = re.sub(rb"\^PQ[^^~]*", b"", body[3:-3], flags=re.IGNORECASE)
    name = job.encode("ascii")
    named = b"^FO0,0^A0N,10,10^FN%d^FD%s^FS" % (_ECHO_FIELD, name) if echo else b""
    asked = b"^FH_^HV%d,%d,JOB[,]_0D_0A,L^FS" % (_ECHO_FIELD, len(name)) if echo else b""
    if echo and tag_of(payload):
        named = b"^FN%d^RFR,H^FS" % _TAG_FIELD + named
        asked = b"^FH_^HV%d,24,TAG[,]_0D_0A,L^FS" % _TAG_FIELD + asked
    # Behind the payload's own fields: `^LH` counts only before the first field ends.
    return b"^XA%s%s^PQ%d%s^XZ\r\n" % (inside, named, copies, asked)
