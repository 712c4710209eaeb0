"""TCP in memory: ordered bytes between two ends, with a latency, and a cable that can be bad.

What can go wrong with a connection goes wrong here, for any protocol: refused, slow, stalled
(connected and silent), reset, cut in the middle of a message, bytes arriving in any portions.
"""

import asyncio
import socket
from collections import Counter, deque
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from random import Random
from typing import Any

from app.simulation.tally import CALM, Gusts, unheard

LATENCY_S = 0.002
LATE_S, LATE_TIMES = 0.05, 32.0  # a late message is so late, and up to so many times as late
FIRST_PORT = 20_000
PROCESS: ContextVar[object] = ContextVar("process", default=None)  # who makes a connection


@dataclass(slots=True)
class Cable:
    """The way to one listening port. All of it may be changed at any time. `where` names what is
    at its end; what happens to single messages happens on ways with a name."""

    where: str = ""
    refused: bool = False
    stalled: bool = False  # connections stand, nothing arrives
    latency_s: float = LATENCY_S
    portion_bytes: int = 0  # so many at a time; 0: as they were written
    cut_after_bytes: int | None = None  # then the connection is reset, mid message


@dataclass(slots=True)
class Network:
    """Who listens where, and how good the cables are. `carried` counts messages by port; *hit* is
    told of each to which something happened."""

    random: Random = field(default_factory=lambda: Random(0))  # noqa: S311 - no secret
    hit: Callable[[str], None] = unheard
    gusts: Gusts = CALM
    cables: dict[int, Cable] = field(default_factory=dict)
    carried: Counter[int] = field(default_factory=Counter)
    _listeners: dict[int, "Listener"] = field(default_factory=dict)
    _pairs: dict[int, list["End"]] = field(default_factory=dict)
    _next_port: int = FIRST_PORT

    def cable(self, port: int) -> Cable:
        """The cable to *port*."""
        return self.cables.setdefault(port, Cable())

    def reset(self, port: int) -> int:
        """Every connection to *port* is reset. How many ends that were."""
        ends = list(self._pairs.get(port, ()))
        for end in ends:
            end.break_off(ConnectionResetError("connection reset"))
        return len(ends)

    def reset_all(self, process: object = None) -> None:
        """Every connection that *process* has made is reset, for it is gone; without one, all."""
        for ends in list(self._pairs.values()):
            for end in list(ends):
                if process is None or end.process is process:
                    end.break_off(ConnectionResetError("connection reset"))

    def listen(
        self, loop: asyncio.AbstractEventLoop, make: Callable[[], Any], host: Any, port: Any
    ) -> "Listener":
        """Refuses a port that is taken, as a kernel does."""
        if not port:
            port, self._next_port = self._next_port, self._next_port + 1
        if port in self._listeners:
            raise OSError(98, f"port {port} is taken")
        listener = Listener(self, loop, make, str(host or "127.0.0.1"), int(port))
        self._listeners[int(port)] = listener
        return listener

    def forget(self, port: int) -> None:
        """Nobody listens on *port* any more."""
        self._listeners.pop(port, None)

    async def connect(
        self, loop: asyncio.AbstractEventLoop, make: Callable[[], Any], host: Any, port: Any
    ) -> tuple["End", Any]:
        """Connect to *port*. Raises `ConnectionRefusedError`."""
        await asyncio.sleep(self.cable(int(port)).latency_s)
        return self.connect_now(loop, make, host, port)

    def connect_now(
        self, loop: asyncio.AbstractEventLoop, make: Callable[[], Any], host: Any, port: Any
    ) -> tuple["End", Any]:
        """The same at once, for those who cannot wait."""
        cable = self.cable(int(port))
        listener = self._listeners.get(int(port))
        if listener is not None and cable.refused:
            self.hit(f"{cable.where}: connections refused")
        if listener is None or cable.refused:
            raise ConnectionRefusedError(111, f"nobody listens on {host}:{port}")
        near = End(self, loop, cable, ("127.0.0.1", 0), (listener.host, int(port)))
        far = End(self, loop, cable, (listener.host, int(port)), ("127.0.0.1", 0))
        near.peer, far.peer = far, near
        pairs = self._pairs.setdefault(int(port), [])
        pairs += [near, far]
        protocol = make()
        far.begin(listener.make())
        near.begin(protocol)
        return near, protocol

    def gone(self, end: "End") -> None:
        """An end of a connection is no more."""
        for ends in self._pairs.values():
            if end in ends:
                ends.remove(end)


class Listener(asyncio.AbstractServer):
    """What `create_server` gives back."""

    def __init__(
        self, network: Network, loop: asyncio.AbstractEventLoop, make: Callable[[], Any],
        host: str, port: int,
    ) -> None:  # fmt: skip
        self.network, self.loop, self.make = network, loop, make
        self.host, self.port = host, port
        self.sockets = (self,)

    def getsockname(self) -> tuple[str, int]:
        return self.host, self.port

    def get_loop(self) -> asyncio.AbstractEventLoop:
        return self.loop

    def close(self) -> None:
        self.network.forget(self.port)

    def is_serving(self) -> bool:
        return True

    async def start_serving(self) -> None:
        """It serves from the beginning."""

    async def serve_forever(self) -> None:
        await asyncio.Event().wait()

    async def wait_closed(self) -> None:
        """Connections that are open stay open, as with any server."""


@dataclass(frozen=True, slots=True)
class _Names:
    """What libraries ask the socket under a connection."""

    mine: tuple[str, int]
    theirs: tuple[str, int]
    family: int = socket.AF_INET

    def getsockname(self) -> tuple[str, int]:
        return self.mine

    def getpeername(self) -> tuple[str, int]:
        return self.theirs

    def setsockopt(self, *_: object) -> None:
        """There is nothing to be set."""

    def fileno(self) -> int:
        return -1


class End(asyncio.Transport):
    """One end of a connection."""

    peer: "End"

    def __init__(
        self, network: Network, loop: asyncio.AbstractEventLoop, cable: Cable,
        mine: tuple[str, int], theirs: tuple[str, int],
    ) -> None:  # fmt: skip
        names = {"sockname": mine, "peername": theirs}
        super().__init__({**names, "socket": _Names(mine, theirs)})
        self._network, self._loop, self._cable = network, loop, cable
        self._port = max(mine[1], theirs[1])  # the caller's own is 0
        self.process = PROCESS.get()
        self._protocol: Any = None
        self._closing = self._gone = False
        self._read_paused = False
        self._unread: list[bytes | None] = []
        self._on_its_way: deque[tuple[Callable[[Any], None], Any]] = deque()
        self._arrives_s = 0.0  # nothing overtakes what was sent before

    def begin(self, protocol: Any) -> None:
        """Tell *protocol* that it is connected."""
        self._protocol = protocol
        self._loop.call_soon(protocol.connection_made, self)

    # What a protocol asks of its transport.

    def write(self, data: Any) -> None:
        if self._closing or not data:
            return
        self._send(bytes(data))

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self._plan(self.peer.take, None)

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            self._plan(self.peer.take, None)
            self._loop.call_soon(self._end, None)

    def abort(self) -> None:
        self.break_off(None)

    def is_closing(self) -> bool:
        return self._closing

    def is_reading(self) -> bool:
        return not self._read_paused

    def pause_reading(self) -> None:
        self._read_paused = True

    def resume_reading(self) -> None:
        self._read_paused = False
        waiting, self._unread = self._unread, []
        for data in waiting:
            self.take(data)

    def get_protocol(self) -> Any:
        return self._protocol

    def set_protocol(self, protocol: Any) -> None:
        self._protocol = protocol

    def get_write_buffer_size(self) -> int:
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """What is written is on its way at once: there is no buffer to limit."""

    # The cable.

    def take(self, data: bytes | None) -> None:
        """Bytes arrive here; None: the other end will send no more."""
        if self._gone:
            return
        if self._read_paused:
            self._unread.append(data)
        elif data is not None:
            self._protocol.data_received(data)
        elif not self._protocol.eof_received():
            self.close()

    def break_off(self, error: Exception | None) -> None:
        """The connection is no more, for both ends, at once."""
        for end in (self, self.peer):
            end._closing = True
            self._loop.call_soon(end._end, error)

    def _send(self, data: bytes) -> None:
        cable, hit = self._cable, self._network.hit
        self._network.carried[self._port] += 1
        if cable.stalled:
            hit(f"{cable.where}: cable stalled")
            return
        if cable.latency_s > LATENCY_S:
            hit(f"{cable.where}: cable slow")
        if cable.cut_after_bytes is not None:
            data, left = data[: cable.cut_after_bytes], cable.cut_after_bytes - len(data)
            cable.cut_after_bytes = left if left > 0 else None
            self._deliver(data)
            if left <= 0:
                hit(f"{cable.where}: cut in a message")
                self._plan(self.break_off, ConnectionResetError("connection cut"))
            return
        self._deliver(data)

    def _deliver(self, data: bytes) -> None:
        cable, network = self._cable, self._network
        step = len(data) or 1
        if 0 < cable.portion_bytes < step:
            network.hit(f"{cable.where}: byte by byte")
            step = cable.portion_bytes
        elif step > 1 and self._happens(network.gusts.in_pieces):
            network.hit(f"{cable.where}: message in pieces")
            step = network.random.randrange(1, step)
        late_s = 0.0
        if self._happens(network.gusts.late):
            network.hit(f"{cable.where}: message late")
            late_s = LATE_S * LATE_TIMES ** network.random.random()
        for start in range(0, len(data), step):
            self._plan(self.peer.take, data[start : start + step], late_s)

    def _happens(self, percent: float) -> bool:
        blows = percent > 0 and self._cable.where != ""
        return blows and self._network.random.random() * 100 < percent

    def _plan(self, call: Callable[[Any], None], argument: Any, late_s: float = 0.0) -> None:
        at_s = self._loop.time() + self._cable.latency_s + late_s
        self._arrives_s = max(self._arrives_s, at_s)
        self._on_its_way.append((call, argument))
        self._loop.call_at(self._arrives_s, self._arrive)

    def _arrive(self) -> None:
        # Timers of one moment come in no order; what is on its way does.
        call, argument = self._on_its_way.popleft()
        call(argument)

    def _end(self, error: Exception | None) -> None:
        if not self._gone:
            self._gone = self._closing = True
            self._network.gone(self)
            self._protocol.connection_lost(error)
