"""A Toshiba TEC printer on TCP: its own reading of TPCL, from the B-EV4's interface specification.

`D` gives pitch, width and length in tenths of a millimetre, `C` clears, `SG` draws a graphic in
nibbles (a byte 30 to 3F for four dots, rows of whole eights), its place in dots where a `D` follows
the number, `XS` issues, `WS` asks, `WR` resets.
"""

import re

from PIL import Image

from devices.twins.raster_printer import Job, RasterPrinterTwin

_SIZE = re.compile(rb"D(\d{4}),(\d{4}),(\d{4})(?:,\d{4})?")
_GRAPHIC = re.compile(rb"SG;(\d{4})D,(\d{4,5})D,(\d{4}),(\d{4,5}),0,([0-?]*)")
_ISSUE = re.compile(rb"XS;I,(\d{4}),(\d{3})(\d)([CDE])(\w)(\d)(\d)([01])")


class TpclPrinterTwin(RasterPrinterTwin):
    """See the module's docstring and `RasterPrinterTwin`; *dots_per_mm* is its head's."""

    def __init__(self, *, label_ms: int = 5, dots_per_mm: int = 8) -> None:
        super().__init__(label_ms=label_ms)
        self.dots_per_mm = dots_per_mm
        self._rest = b""
        self._picture = Image.new("1", (1, 1))

    def _forget(self) -> None:
        self._rest = b""

    def _hung_up(self) -> None:
        self._rest = b""

    def _hear(self, data: bytes) -> list[bytes]:
        self._rest += data
        answers: list[bytes] = []
        while (end := self._rest.find(b"|}")) >= 0:
            command, self._rest = self._rest[:end].lstrip(b"\r\n{"), self._rest[end + 2 :]
            answers.append(self._obey(command))
        return answers

    def _obey(self, command: bytes) -> bytes:
        if command == b"WS":
            left = self.jobs[0].copies - self.jobs[0].printed if self.jobs else 0
            return _told(self._status(), 1, left)
        if command == b"WR":
            self.jobs.clear()
        elif found := _SIZE.fullmatch(command):
            size = (round(int(found[at]) * self.dots_per_mm / 10) for at in (2, 3))
            self._picture = Image.new("1", (next(size), next(size)))
        elif command == b"C":
            self._picture.paste(0, (0, 0, *self._picture.size))
        elif found := _GRAPHIC.fullmatch(command):
            x, y, width, height = (int(found[at]) for at in (1, 2, 3, 4))
            across = (width + 7) // 8
            dots = bytes.fromhex("".join(f"{byte & 15:x}" for byte in found[5]))
            graphic = Image.frombytes("1", (8 * across, height), dots)
            self._picture.paste(graphic.crop((0, 0, width, height)), (x, y))
        elif found := _ISSUE.fullmatch(command):
            self.take(Job("", int(found[1]), self._picture.copy()))
        else:
            return _told("06", 2, 0)
        return b""

    def _status(self) -> str:
        for code, so in (
            ("15", self.head_is_open), ("13", self.paper_is_out), ("14", self.ribbon_is_out),
            ("04", self.paused),
        ):  # fmt: skip
            if so:
                return code
        return "02" if self.jobs else "00"

    def _ended(self, job: Job) -> bytes:
        return _told("40", 2, 0)


def _told(status: str, kind: int, left: int) -> bytes:
    return f"\x01\x02{status}{kind}{left:04d}\x03\x04\r\n".encode()
