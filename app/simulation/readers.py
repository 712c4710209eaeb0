"""RFID readers that speak LLRP in a simulated site: the real driver, without threads.

`sllurp` reads in a thread of its own. Here its client sits on a connection in memory: what arrives
is handed to it in the loop, so that one seed gives one order of events. Everything else of it works
as it is, on the bytes of the twin.
"""

import asyncio
from collections.abc import Callable
from random import Random
from typing import Any

from app.simulation.network import End, Network
from devices.drivers.llrp import Pace
from devices.drivers.llrp_client import DECODING_ERRORS, SENDING_ERRORS, Client
from devices.twins.llrp import LlrpReaderTwin

PACE = Pace(look_s=600.0, keepalive_ms=60_000)
ROUND_S = 4.0  # the twin looks so often what lies before it
# Of `config.toml`: one read is enough, and what is not read in some rounds is gone.
OPTIONS: dict[str, Any] = {"reads_min": 1, "within_ms": 10_000, "gone_s": 20.0}
STRAY = "30340789000c0ac00000ffff"  # a carton on the next bench
ENDING_ERRORS = (*SENDING_ERRORS, *DECODING_ERRORS)
NEAR, FAR = 1, 2  # antennas: the one that is read, and one that is not


class _Wire(asyncio.Protocol):
    """What sllurp has for a socket, and for the thread that reads it."""

    end: End

    def __init__(self, client: "LoopClient") -> None:
        self._client = client
        self._lost = False

    def data_received(self, data: bytes) -> None:
        try:
            self._client.raw_data_received(data)
        except ENDING_ERRORS:  # its thread would end
            self._client.hard_disconnect()
            self._client._on_disconnected()

    def connection_lost(self, _error: Exception | None) -> None:
        self._lost = True
        if not self._client._stop_main_loop.is_set():
            self._client.on_lost_connection()

    def sendall(self, data: bytes) -> None:
        if self._lost or self.end.is_closing():
            raise BrokenPipeError(32, "the connection is closed")
        self.end.write(data)

    def shutdown(self, _how: int) -> None:
        """What was sent before still arrives."""

    def close(self) -> None:
        self.end.close()

    def is_alive(self) -> bool:
        return not self._lost

    def join(self, _timeout_s: float | None = None) -> None:
        """There is no thread to wait for."""


class LoopClient(Client):
    """One session of the driver on *network*."""

    def __init__(self, network: Network, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._network = network

    def connect(self, start_main_loop: bool = True) -> None:
        """Raises `OSError`."""
        loop, wire = asyncio.get_running_loop(), _Wire(self)
        wire.end, _ = self._network.connect_now(loop, lambda: wire, self._host, self._port)
        self._socket = self._socket_thread = wire


class BenchReader:
    """A reader of the twin's kind at a bench, and the goods before it.

    While `is_deaf` goods are laid where it does not look, `chance` is their tags' to answer, and
    `stray` lays a neighbour's carton beside them. Each is counted when it mattered.
    """

    def __init__(self, random: Random) -> None:
        self.twin = LlrpReaderTwin(random=random, antennas=FAR, round_s=ROUND_S)
        self.is_deaf = self.stray = False
        self.chance = 1.0
        self.missed = self.strayed = self.shown = 0

    def show(self, epcs: list[str]) -> None:
        """Put these tags in front of it, and take away what was there."""
        field = self.twin.field
        for epc in field.epcs():
            field.remove(epc)
        for epc in epcs:
            field.place(epc, FAR if self.is_deaf else NEAR, chance=self.chance)
        self.shown += len(epcs)
        self.missed += len(epcs) if self.is_deaf else 0
        if self.stray and epcs:
            self.strayed += 1
            field.place(STRAY, NEAR, rssi=-60)


def client_on(network: Network) -> Callable[..., Client]:
    """What the driver uses in the place of a client with a thread."""
    return lambda *arguments: LoopClient(network, *arguments)
