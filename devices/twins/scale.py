"""A scale that speaks MT-SICS on TCP or on a pseudo-terminal, with goods put on by hand.

Source: Mettler Toledo, MT-SICS reference manual, levels 0 and 1.
"""

import asyncio
import os
import tty
from contextlib import suppress
from functools import partial
from pathlib import Path

GARBAGE = b"\xff\x00S?S 12,3\xe9g\r\n"
COMMAND_BYTES_MAX = 80


class ScaleTwin:
    """One scale. Faults are set and taken away while it runs; all in the loop's thread.

    It listens on TCP, or with *pty* on a pseudo-terminal that is found under that name (a symbolic
    link, so that the name stays when the cable comes back). Weights are shown in *unit*: `g`,
    `kg` (grams as third decimal) or `lb` (four decimals).
    """

    def __init__(
        self, *, pty: Path | None = None, unit: str = "kg", capacity_g: int = 30_000
    ) -> None:
        self.host, self.port = "127.0.0.1", 0
        self.unit, self.capacity_g = unit, capacity_g
        self.serial = "B021002593"
        self.commands: list[str] = []
        self.frozen = self.garbage = self.pan_is_lifted = False
        self.cut_next_reply = False
        self._pty = pty
        self._load_g = self._leans_g = self._zero_g = self._tare_g = 0
        self._unstable_readings = 0
        self._server: asyncio.Server | None = None
        self._callers: dict[asyncio.StreamWriter, bytearray] = {}
        self._ends: tuple[int, int] | None = None  # of the pseudo-terminal: ours, the host's

    def put(self, grams: int) -> None:
        """Put goods on top of what is there."""
        self._load_g += grams

    def take(self) -> None:
        """Take everything off."""
        self._load_g = self._leans_g = 0

    def unstable(self, readings: int) -> None:
        """The next so many readings have not settled."""
        self._unstable_readings = readings

    def overload(self) -> None:
        """Somebody leans on it: more than it can carry, besides what lies there."""
        self._leans_g = self.capacity_g + 1

    def relieve(self) -> None:
        """Nobody leans on it any more."""
        self._leans_g = 0

    def underload(self) -> None:
        """Lift the pan off; `put_pan_back` ends it."""
        self.pan_is_lifted = True

    def put_pan_back(self) -> None:
        """The pan is where it belongs."""
        self.pan_is_lifted = False

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Switch on; TCP port 0 takes a free one and stays on it from then on."""
        self.host, self.port = host, port or self.port
        await self.plug_in()

    async def stop(self) -> None:
        """Switch off: tare and zero are forgotten, the load stays where it is."""
        self.unplug()
        self._zero_g = self._tare_g = 0

    async def plug_in(self) -> None:
        """The cable is in (again)."""
        if self._pty is not None:
            self._open_pty(self._pty)
        elif self._server is None:
            self._server = await asyncio.start_server(self._serve, self.host, self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    def unplug(self) -> None:
        """The cable is out: the connection ends, the terminal's name is gone."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.drop()
        if self._ends is not None:
            asyncio.get_running_loop().remove_reader(self._ends[0])
            for end in self._ends:
                os.close(end)
            self._ends = None
        if self._pty is not None:
            self._pty.unlink(missing_ok=True)

    def drop(self) -> None:
        """Cut every TCP connection; new ones are taken."""
        for caller in list(self._callers):
            caller.transport.abort()

    @property
    def connections(self) -> int:
        """How many TCP connections are open."""
        return len(self._callers)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        waiting = self._callers[writer] = bytearray()
        with suppress(ConnectionError):
            while data := await reader.read(256):
                writer.write(self._hear(waiting, data))
                if self._is_cut():
                    break
        del self._callers[writer]
        writer.close()

    def _open_pty(self, name: Path) -> None:
        if self._ends is not None:
            return
        ours, theirs = self._ends = os.openpty()
        tty.setraw(theirs)
        os.set_blocking(ours, False)
        name.unlink(missing_ok=True)
        name.symlink_to(os.ttyname(theirs))
        answer = partial(self._answer_pty, ours, bytearray())
        asyncio.get_running_loop().add_reader(ours, answer)

    def _answer_pty(self, ours: int, waiting: bytearray) -> None:
        with suppress(BlockingIOError):
            os.write(ours, self._hear(waiting, os.read(ours, 256)))
        if self._is_cut():
            self.unplug()

    def _is_cut(self) -> bool:
        was, self.cut_next_reply = self.cut_next_reply, False
        return was

    def _hear(self, waiting: bytearray, data: bytes) -> bytes:
        """What goes back for *data*; half a command stays in *waiting*."""
        waiting += data
        reply = b""
        while b"\r\n" in waiting:
            command, _, rest = bytes(waiting).partition(b"\r\n")
            waiting[:] = rest
            reply += self._obey(command.decode("ascii", "replace")).encode() + b"\r\n"
        del waiting[:-COMMAND_BYTES_MAX]
        if self.frozen:
            return b""
        if self.garbage and reply:
            return GARBAGE
        if self.cut_next_reply:
            return reply[: len(reply) // 2]
        return reply

    def _obey(self, command: str) -> str:
        self.commands.append(command)
        if command in ("S", "SI"):
            return self._weigh(wait=command == "S")
        if command == "@":
            return f'I4 A "{self.serial}"'
        if command not in ("Z", "T"):
            return "ES"
        problem = self._problem() or ("I" if self._is_unstable() else "")
        if problem:
            return f"{command} {problem}"
        if command == "Z":
            self._zero_g, self._tare_g = self._borne_g, 0
            return "Z A"
        self._tare_g = self._borne_g - self._zero_g
        return f"T S {self._shown(self._tare_g)}"

    def _weigh(self, *, wait: bool) -> str:
        problem = self._problem()
        if problem:
            return f"S {problem}"
        moving = self._is_unstable()
        if moving and wait:
            return "S I"
        net_g = self._borne_g - self._zero_g - self._tare_g
        return f"S {'D' if moving else 'S'} {self._shown(net_g)}"

    def _problem(self) -> str:
        if self.pan_is_lifted:
            return "-"
        return "+" if self._borne_g > self.capacity_g else ""

    @property
    def _borne_g(self) -> int:
        return self._load_g + self._leans_g

    def _is_unstable(self) -> bool:
        if not self._unstable_readings:
            return False
        self._unstable_readings -= 1
        return True

    def _shown(self, grams: int) -> str:
        """Ten characters, right-aligned, and the unit."""
        per_gram, decimals = {
            "g": ((100, 1), 2),
            "kg": ((1, 1), 3),
            "lb": ((1_000_000_000, 45_359_237), 4),  # in 0.0001 lb, at 453.59237 g a pound
        }[self.unit]
        steps = (abs(grams) * per_gram[0] * 2 + per_gram[1]) // (2 * per_gram[1])
        digits = f"{steps:0{decimals + 1}d}"
        text = f"{'-' if grams < 0 else ''}{digits[:-decimals]}.{digits[-decimals:]}"
        return f"{text:>10} {self.unit}"
