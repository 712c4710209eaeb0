"""Talking with a Toshiba TEC printer, without I/O: the question, the answers, a job's envelope.

Sources: Toshiba TEC's external equipment interface specifications (B-EV4, B-SX4T, B-EP): commands
between braces, `{WS|}` is answered by `SOH STX`, two digits of status, one of its kind ("1" asked,
"2" by itself), four of labels that remain, `ETX EOT CR LF`; with the last digit of `XS` at 1 the
printer says by itself when an issue ended ("40") or failed. Not verified on a printer: the sensor,
the speed and the issue mode of `XS` are those of the commonest die-cut labels.
"""

import re

from devices.codecs.printer_state import Answer, State

ASK = b"{WS|}"
SOH, STX, ETX, EOT = 0x01, 0x02, 0x03, 0x04
COPIES_MAX = 9_999
_ISSUED = "40"
_BY_ITSELF = "2"

# Cut interval 000, die-cut sensor 2, batch mode C, speed 5, ribbon as installed 0, rotation 0, and
# the status told at the end.
ISSUE = "{{XS;I,{copies:04d},0002C5001|}}"
_STATES = {
    "00": State(), "01": State("printer.head_open"), "02": State(busy=True),
    "04": State("printer.paused"), "05": State(busy=True), "06": State("printer.refused"),
    "07": State("printer.broken"), "09": State("printer.paper_out"), "11": State("printer.media"),
    "12": State("printer.broken"), "13": State("printer.paper_out"),
    "14": State("printer.ribbon_out"), "15": State("printer.head_open"),
    "16": State("printer.broken"), "17": State("printer.broken"), "18": State("printer.too_hot"),
    "21": State("printer.ribbon_out"),
}  # fmt: skip


class Answers:
    """Bytes of a printer to answers: fed in any chunks, it yields the same ones.

    What is no answer is skipped and counted in `noise`.
    """

    _WHOLE = re.compile(rb"\x01\x02(\d\d)([12])(\d{4})\x03\x04\r\n")
    _LENGTH = 13

    def __init__(self) -> None:
        self.noise = 0
        self._buffer = b""

    def feed(self, data: bytes) -> list[Answer]:
        """The answers that *data* completes, in their order."""
        self._buffer += data
        answers: list[Answer] = []
        while self._buffer:
            start = self._buffer.find(bytes([SOH]))
            if start:
                lost = self._buffer if start < 0 else self._buffer[:start]
                self.noise += len(lost)
                self._buffer = self._buffer[len(lost) :]
                continue
            if len(self._buffer) < self._LENGTH:
                break
            found = self._WHOLE.match(self._buffer)
            if found is None:
                self.noise, self._buffer = self.noise + 1, self._buffer[1:]
                continue
            answers.append(_state(*(part.decode() for part in found.groups())))
            self._buffer = self._buffer[self._LENGTH :]
        return answers


def _state(status: str, kind: str, left: str) -> State:
    if status == _ISSUED:
        return State(finished=kind == _BY_ITSELF and left == "0000")
    known = _STATES.get(status, State("printer.broken"))
    return State(known.trouble, left=int(left), busy=known.busy)


def mark(_job: str) -> str:
    """This language knows no name of a job."""
    return ""


def envelope(job: str, payload: bytes, copies: int) -> bytes:
    """*payload* (`{D...|}{C|}` and graphics, without an issue) and the issue of so many *copies*.

    Raises `ValueError` for a payload that is none, or *copies* out of bounds.
    """
    if not 1 <= copies <= COPIES_MAX:
        raise ValueError(f"copies must be 1 to {COPIES_MAX}, not {copies}")
    whole = payload.startswith(b"{D") and payload.endswith(b"|}") and payload.count(b"{D") == 1
    if not whole or b"{X" in payload:
        raise ValueError("the payload must be exactly one TPCL label without its issue")
    return payload + ISSUE.format(copies=copies).encode("ascii")
