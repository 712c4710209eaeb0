"""A SATO printer on TCP: its own reading of SBPL, from the CL-NX reference ("SBPL Commands").

`ESC A1` gives the label's height and width in dots, `ESC V` and `ESC H` the place (from 1),
`ESC GH` a graphic of so many bytes across and so many times eight rows down, `ESC Q` how many.
"""

import re

from PIL import Image

from devices.twins.raster_printer import Job, RasterPrinterTwin

_COMMAND = re.compile(rb"\x1b(A1|ID|[AVHGQZ])([^\x1b]*)")


class SbplPrinterTwin(RasterPrinterTwin):
    """See the module's docstring and `RasterPrinterTwin`."""

    def __init__(self, *, label_ms: int = 5) -> None:
        super().__init__(label_ms=label_ms)
        self._open: bytearray | None = None

    def _forget(self) -> None:
        self._open = None

    def _hear(self, data: bytes) -> list[bytes]:
        answers: list[bytes] = []
        for part in re.split(rb"([\x02\x03\x05\x18])", data):
            if part == b"\x02":
                self._open = bytearray()
            elif part == b"\x03" and self._open is not None:
                self.take(read_job(bytes(self._open)))
                self._open = None
                answers.append(b"\x15" if self.is_blocked else b"\x06")
            elif part == b"\x05":
                answers.append(self._status())
            elif part == b"\x18":
                self.jobs.clear()
                self._open = None
                answers.append(b"\x06")
            elif self._open is not None:
                self._open += part
        return answers

    def _status(self) -> bytes:
        job = self.jobs[0] if self.jobs else None
        number = job.name if job else "  "
        left = job.copies - job.printed if job else 0
        return f"\x02{number}{self._letter(job)}{left:06d}{'':0>16}\x03".encode()

    def _letter(self, job: Job | None) -> str:
        for letter, so in (
            ("b", self.head_is_open), ("c", self.paper_is_out), ("d", self.ribbon_is_out),
            ("0", self.paused),
        ):  # fmt: skip
            if so:
                return letter
        return "G" if job else "A"


def read_job(data: bytes) -> Job:
    """`ESC A ... ESC Z` as a picture. `ValueError` for what this printer would not understand."""
    name, copies, at = "  ", 1, [1, 1]
    picture = Image.new("1", (1, 1))
    if _COMMAND.sub(b"", data):
        raise ValueError(f"not SBPL: {_COMMAND.sub(b'', data)[:40]!r}")
    for word, rest in _COMMAND.findall(data):
        match word:
            case b"A1":
                picture = Image.new("1", (int(rest[4:8]), int(rest[:4])))
            case b"ID":
                name = rest.decode()
            case b"V":
                at[1] = int(rest)
            case b"H":
                at[0] = int(rest)
            case b"Q":
                copies = int(rest)
            case b"G":
                across, down = int(rest[1:4]), 8 * int(rest[4:7])
                dots = bytes.fromhex(rest[7:].decode()) if rest[:1] == b"H" else b""
                graphic = Image.frombytes("1", (8 * across, down), dots)
                picture.paste(graphic, (at[0] - 1, at[1] - 1))
    return Job(name, copies, picture)
