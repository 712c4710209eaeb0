"""A serial barcode scanner on a pseudo terminal, behind a name that survives unplugging."""

import asyncio
import os
import pty
import tty
from contextlib import suppress
from pathlib import Path

PIECE_GAP_S = 0.003
BOUNCE_S = 0.03
FULL_S = 0.005


class ScannerTwin:
    """Plug it in, and `port` is a symbolic link to a terminal a driver can open.

    Each plugging makes a new terminal, as a USB port does. `suffix` and `prefix` are the scanner's
    setting, as bytes.
    """

    def __init__(self, port: Path, suffix: bytes = b"\r", prefix: bytes = b"") -> None:
        self.port = port
        self.suffix, self.prefix = suffix, prefix
        self._ends: tuple[int, int] | None = None

    def plug(self) -> None:
        """Appear at `port`. Nothing happens if it is there."""
        if self._ends is not None:
            return
        ours, theirs = pty.openpty()
        # Held open and raw: a terminal nobody has open would echo and edit what is written to it.
        tty.setraw(theirs)
        os.set_blocking(ours, False)
        self._ends = ours, theirs
        new = self.port.with_name(f"{self.port.name}.new")
        new.unlink(missing_ok=True)
        new.symlink_to(os.ttyname(theirs))
        new.replace(self.port)

    def unplug(self) -> None:
        """Vanish: the terminal hangs up and the name is gone. Nothing happens if it is out."""
        if self._ends is None:
            return
        for end in self._ends:
            os.close(end)
        self._ends = None
        self.port.unlink(missing_ok=True)

    async def scan(self, text: str, pieces: int = 1) -> None:
        """Pull the trigger on *text*; the line delivers it in so many pieces."""
        data = self.prefix + text.encode("utf-8") + self.suffix
        size = -(-len(data) // pieces)
        for start in range(0, len(data), size):
            await self.send(data[start : start + size])
            if pieces > 1:
                await asyncio.sleep(PIECE_GAP_S)

    async def bounce(self, text: str) -> None:
        """A nervous trigger: the same code twice within a moment."""
        await self.scan(text)
        await asyncio.sleep(BOUNCE_S)
        await self.scan(text)

    async def send(self, data: bytes) -> None:
        """Exactly these bytes, garbage or not; waits while the line is full. Lost if unplugged."""
        while data and self._ends is not None:
            written = 0
            with suppress(BlockingIOError):
                written = os.write(self._ends[0], data)
            data = data[written:]
            if data:
                await asyncio.sleep(FULL_S)
