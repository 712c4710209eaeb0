"""Talking with a SATO printer, without I/O: the question, the answers, and the job's envelope.

Sources: SATO's SBPL programming references (GL4xxe unit 6, CL-NX "SBPL Commands") and the operator
manuals of the GT4 and DR300, "Interface specifications": `ENQ` is answered by `STX`, two bytes of
job ID, one of status, six of labels that remain, sixteen of the job's name (left out by small
models) and `ETX`; a whole job `ESC A ... ESC Z` by `ACK` or `NAK`. Not verified on a printer: when
exactly the remaining count falls, before or after the label's paper moved.
"""

import re

from devices.codecs.printer_state import Answer, State, Taken

ASK = b"\x05"
STX, ETX, ACK, NAK, ESC = b"\x02", b"\x03", 0x06, 0x15, b"\x1b"
PAYLOAD_LENGTHS = (9, 25)
COPIES_MAX = 999_999
ANSWER_BYTES_MAX = 64  # longer is not an answer

_TROUBLE = {
    "b": "printer.head_open", "c": "printer.paper_out", "d": "printer.ribbon_out",
    "e": "printer.media", "f": "printer.media", "g": "printer.broken", "h": "printer.head_open",
    "i": "printer.broken", "j": "printer.broken", "k": "printer.broken",
}  # fmt: skip
_OFF_LINE = "01234"  # taken off line at its panel
_FULL = "CDIJOPUVa"  # the buffer is near full, or is
_WORKING = "GHIJKMNOPQSTUVW"  # printing, waiting to dispense, compiling
_WAITING = "ABCDE"


class Answers:
    """Bytes of a printer to answers: fed in any chunks, it yields the same ones.

    What is no answer is skipped and counted in `noise`.
    """

    def __init__(self) -> None:
        self.noise = 0
        self._frame: bytearray | None = None

    def feed(self, data: bytes) -> list[Answer]:
        """The answers that *data* completes, in their order."""
        answers: list[Answer] = []
        for byte in data:
            if byte == STX[0]:
                self.noise += self._frame is not None
                self._frame = bytearray()
            elif self._frame is None:
                if byte in (ACK, NAK):
                    answers.append(Taken(byte == ACK))
                else:
                    self.noise += 1
            elif byte == ETX[0]:
                state = read_state(bytes(self._frame))
                self._frame = None
                if state is None:
                    self.noise += 1
                else:
                    answers.append(state)
            elif len(self._frame) < ANSWER_BYTES_MAX:
                self._frame.append(byte)
            else:
                self._frame, self.noise = None, self.noise + 1
        return answers


def read_state(payload: bytes) -> State | None:
    """What stands between `STX` and `ETX`; None for what is no status."""
    if len(payload) not in PAYLOAD_LENGTHS:
        return None
    text = payload.decode("latin-1")
    job, status, left = text[:2].strip(), text[2], text[3:9]
    known = status in _TROUBLE or status in _OFF_LINE + _FULL + _WORKING + _WAITING
    if not known or not (left.isascii() and left.isdecimal()) or not re.fullmatch(r"\d\d|", job):
        return None
    trouble = "printer.paused" if status in _OFF_LINE else _TROUBLE.get(status, "")
    return State(
        trouble=trouble, full=status in _FULL, job=job, left=int(left), busy=status in _WORKING
    )


def mark(job: str) -> str:
    """The two digits by which the printer knows a job (`ESC ID`): a number's last, 01 to 99."""
    digits = re.sub(r"\D", "", job) or "0"
    return f"{int(digits[-9:]) % 99 + 1:02d}"


def envelope(job: str, payload: bytes, copies: int) -> bytes:
    """*payload* (one whole `ESC A ... ESC Z`) as it goes on the wire, *copies* times.

    Raises `ValueError` for a payload that is not exactly one job, or *copies* out of bounds.
    """
    if not 1 <= copies <= COPIES_MAX:
        raise ValueError(f"copies must be 1 to {COPIES_MAX}, not {copies}")
    begin, end = ESC + b"A", ESC + b"Z"
    whole = payload.startswith(begin) and payload.endswith(end) and payload.count(end) == 1
    if not whole or STX in payload or ETX in payload or payload.count(ESC + b"Q") > 1:
        raise ValueError("the payload must be exactly one SBPL job")
    inside = re.sub(rb"\x1bQ\d+", b"", payload[len(begin) : -len(end)])
    named = ESC + b"ID" + mark(job).encode()
    return STX + begin + named + inside + ESC + b"Q%d" % copies + end + ETX
