"""An RFID reader over LLRP, by way of `sllurp` (imported here and nowhere else).

Options in `config.toml`:

    host          name or address of the reader
    port          5084
    antennas      [1]    numbers of the antennas; [0] for all
    power_dbm            transmit power; the reader's nearest step. Left out: the most it can
    keepalive_ms  1000   how often the reader must show that it lives

`sllurp` runs one thread a reader and fails in ways that are silent: it waits for ever for a reader
that fell silent, keeps half a message over a reconnect, and its thread outlives a polite
disconnect. So each session gets a client of its own without reconnecting, every whole message from
the reader is a sign of life, the handshake has a deadline, and closing ends with a cut and a join.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Annotated, Any, NamedTuple

import msgspec
from sllurp.llrp import (
    C1G2TargetTag,
    C1G2Write,
    LLRPReaderClient,
    LLRPReaderConfig,
    LLRPReaderState,
)
from sllurp.llrp_errors import LLRPError
from sllurp.llrp_proto import Message_struct

from devices import options as device_options
from devices.capabilities import ConfigFault, Link, NeedsHuman, Unavailable, Uncertain
from devices.codecs.llrp_tags import TagReports, WriteOutcome, write_outcome

CONNECT_S = 1.5
HANDSHAKE_S = 3.0  # from connected to the first inventory
GOODBYE_S = 0.4  # for the reader to stop radiating, when we leave in good order
JOIN_S = 1.0
LOOK_S = 0.5  # how often the thread is looked at: it can die without a word
DELETE_S = 1.0
REPORT_TAGS = 20  # a report after so many reads or so long; without either there is never one
REPORT_MS = 100
EPC_BANK, EPC_WORD, EPC_BIT = 1, 2, 0x20  # the EPC begins after its CRC and control word
SENDING_ERRORS = (OSError, LLRPError, AttributeError)  # the socket may be taken away meanwhile

# Everything that goes wrong is said by this device's health, once; sllurp would add a traceback
# for each pulled cable.
logging.getLogger("sllurp").setLevel(logging.CRITICAL + 1)


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """See the module's docstring."""

    host: device_options.Text
    port: device_options.TcpPort = 5084
    antennas: Annotated[
        tuple[Annotated[int, msgspec.Meta(ge=0, le=64)], ...], msgspec.Meta(min_length=1)
    ] = (1,)
    power_dbm: Annotated[float, msgspec.Meta(ge=0, le=36)] | None = None
    keepalive_ms: Annotated[int, msgspec.Meta(ge=100, le=1000)] = 1000


class _Client(LLRPReaderClient):  # type: ignore[misc]
    """One thread at a time inside sllurp.

    It sends first and notes afterwards what to do with the answer: an answer that its reading
    thread handles in between would find nothing to do, and a write would never be enabled.
    """

    def __init__(self, options: Options) -> None:
        self._turn = threading.RLock()
        config = LLRPReaderConfig(_sllurp_config(options))
        super().__init__(options.host, options.port, config, timeout=CONNECT_S)

    def raw_data_received(self, data: bytes) -> None:
        with self._turn:
            super().raw_data_received(data)

    def in_turn(self, work: Callable[..., object], *arguments: object) -> None:
        """Do *work* of sllurp from another thread than its own."""
        with self._turn:
            work(*arguments)


def _sllurp_config(options: Options) -> dict[str, Any]:
    return {
        "antennas": list(options.antennas),
        "tx_power_dbm": None if options.power_dbm is None else float(options.power_dbm),
        "report_every_n_tags": REPORT_TAGS,
        "report_timeout_ms": REPORT_MS,
        "keepalive_interval": options.keepalive_ms,
        "reconnect": False,
        "reset_on_connect": True,
        "start_inventory": True,
        "tag_content_selector": {
            "EnableROSpecID": False,
            "EnableSpecIndex": False,
            "EnableInventoryParameterSpecID": False,
            "EnableAntennaID": True,
            "EnableChannelIndex": False,
            "EnablePeakRSSI": True,
            "EnableFirstSeenTimestamp": False,
            "EnableLastSeenTimestamp": False,
            "EnableTagSeenCount": True,
            "EnableAccessSpecID": True,
        },
    }


class _Refusal(NamedTuple):
    """An answer of the reader that was not "success", and the number of the question."""

    message: str
    why: str
    number: int = 0

    def __str__(self) -> str:
        return f"{self.message}: {self.why}"


class LlrpReader:
    """A `TagReader`. Emits `TagSeen` for what is in the field, over and over."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = device_options.read(options, Options)
        if 0 in self._options.antennas and len(self._options.antennas) > 1:
            raise ConfigFault("antennas: 0 means all of them and stands alone")
        self._client: _Client | None = None
        self._connecting: asyncio.Future[None] | None = None
        self._writing = asyncio.Lock()
        self._access = self._order = 0  # numbers of the AccessSpec and of the message that adds it

    async def open(self, link: Link) -> None:
        """Connect and start reading. Raises `Unavailable`, or `ConfigFault` for a bad antenna."""
        self._link = link
        self._loop = asyncio.get_running_loop()
        self._reports = TagReports(link.device)
        self._progress = asyncio.Event()  # one of the next three has changed
        self._reading = self._lost = False
        self._refusal: _Refusal | None = None
        self._antennas_there: int | None = None
        self._outcome: asyncio.Future[WriteOutcome] | None = None
        self._deleted = asyncio.Event()
        self._client = self._new_client()
        self._connecting = asyncio.ensure_future(asyncio.to_thread(self._client.connect))
        try:
            # Shielded: a thread cannot be cancelled, and `close` must wait for what it makes.
            await asyncio.shield(self._connecting)
        except OSError as error:
            raise Unavailable(str(error)) from error
        with suppress(TimeoutError):
            async with asyncio.timeout(HANDSHAKE_S):
                await self._handshake()
        self._check_handshake()

    def _new_client(self) -> _Client:
        client = _Client(self._options)
        for name in Message_struct:
            client.add_message_callback(name, self._from_reader_thread(self._on_message))
        client.add_state_callback(
            LLRPReaderState.STATE_INVENTORYING, self._from_reader_thread(self._on_reading)
        )
        client.add_disconnected_callback(self._from_reader_thread(self._on_lost))
        return client

    def _from_reader_thread(self, react: Callable[..., None]) -> Callable[..., None]:
        """*react*, to be called from sllurp's thread (whose first argument is its client)."""

        def hand_over(_client: object, *arguments: object) -> None:
            with suppress(RuntimeError):  # the loop has been closed: nobody is interested
                self._loop.call_soon_threadsafe(react, *arguments)

        return hand_over

    def _on_message(self, message: Any) -> None:
        self._link.alive()
        name, said = message.getName(), message.msgdict[message.getName()]
        if name == "RO_ACCESS_REPORT":
            self._on_tags(said.get("TagReportData", []))
        if name == "READER_EVENT_NOTIFICATION":
            attempt = said.get("ReaderEventNotificationData", {}).get("ConnectionAttemptEvent")
            if attempt is not None and attempt["Status"] != "Success" and not self._reading:
                self._refuse(_Refusal("connection", attempt["Status"]))
            return
        if name == "GET_READER_CAPABILITIES_RESPONSE":
            general = said.get("GeneralDeviceCapabilities", {})
            self._antennas_there = general.get("MaxNumberOfAntennaSupported")
        if "LLRPStatus" in said and not message.isSuccess():
            status = said["LLRPStatus"]
            words = bytes(status.get("ErrorDescription", b"")).decode("utf-8", "replace")
            why = f"{status.get('StatusCode', 'error')} {words}".strip()
            self._refuse(_Refusal(name, why, said["ID"]))
        elif name == "DELETE_ACCESSSPEC_RESPONSE":
            self._deleted.set()

    def _refuse(self, refusal: _Refusal) -> None:
        if not self._reading:
            self._refusal = self._refusal or refusal
            self._progress.set()
        elif refusal.message == "ADD_ACCESSSPEC_RESPONSE" and refusal.number == self._order:
            self._settle(Unavailable(str(refusal)))

    def _on_reading(self, _state: int) -> None:
        self._reading = True
        self._progress.set()

    def _on_lost(self) -> None:
        self._lost = True
        self._progress.set()

    def _on_tags(self, reports: list[dict[str, Any]]) -> None:
        for report in reports:
            seen = self._reports.read(report)
            if seen is not None:
                self._link.emit(seen)
            outcome = write_outcome(report)
            if outcome is not None and outcome.access == self._access:
                self._settle(outcome)

    def _settle(self, outcome: WriteOutcome | Exception) -> None:
        """Answer the write that waits, if one still does."""
        if self._outcome is None or self._outcome.done():
            return
        if isinstance(outcome, Exception):
            self._outcome.set_exception(outcome)
        else:
            self._outcome.set_result(outcome)

    async def _handshake(self) -> None:
        while not (self._reading or self._lost or self._refusal):
            self._progress.clear()
            await self._progress.wait()

    def _check_handshake(self) -> None:
        there, wanted = self._antennas_there, max(self._options.antennas)
        if there is not None and wanted > there:
            raise ConfigFault(f"antenna {wanted} is not there: the reader has {there}")
        if self._refusal is not None and self._refusal.message == "ADD_ROSPEC_RESPONSE":
            raise ConfigFault(f"the reader refuses these options: {self._refusal}")
        if self._refusal is not None:
            raise Unavailable(str(self._refusal))
        if not self._reading or self._lost:
            raise Unavailable("the reader broke off" if self._lost else "no LLRP handshake")

    async def run(self) -> None:
        """Until the link is lost."""
        assert self._client is not None
        while not self._lost and self._client.is_alive():
            self._progress.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._progress.wait()
        raise Unavailable("the reader broke off")

    async def write_epc(self, old: bytes, new: bytes, timeout_s: float = 3.0) -> None:
        """Write *new* over the tag whose whole EPC is *old*; both whole words of equal length.

        `NeedsHuman` when the tag refused and is unchanged, `Uncertain` on silence or when it may
        hold half of it: read the tag again. In any case the reader is told to forget the order, so
        that a tag which comes by later is not written.
        """
        if len(old) != len(new) or not new or len(new) % 2:
            raise ValueError("old and new EPC must be whole words of equal length")
        async with self._writing:
            client = self._client
            if client is None or not self._reading or self._lost:
                raise Unavailable("the reader is not open")
            self._access += 1
            self._outcome = self._loop.create_future()
            self._outcome.add_done_callback(lambda done: done.cancelled() or done.exception())
            try:
                outcome = await self._write(client, old, new, timeout_s)
            except asyncio.CancelledError:
                self._on_lost()  # nobody waits to withdraw the order: the next session does
                raise
            finally:
                self._outcome = None
        _judge(outcome, words=len(new) // 2)

    async def _write(
        self, client: _Client, old: bytes, new: bytes, timeout_s: float
    ) -> WriteOutcome:
        # Without a mask over the whole EPC, or without a count of one, this would write every tag
        # in the field, for as long as the reader lives.
        target = C1G2TargetTag(
            MB=EPC_BANK, Pointer=EPC_BIT, TagMask="F" * (2 * len(old)), TagData=old.hex()
        )
        words = len(new) // 2
        order = C1G2Write(
            OpSpecID=1, MB=EPC_BANK, WordPtr=EPC_WORD, WriteDataWordCount=words, WriteData=new
        )
        try:
            await asyncio.to_thread(client.in_turn, self._place, client, order, target)
        except SENDING_ERRORS as error:
            raise Unavailable(str(error)) from error
        assert self._outcome is not None
        try:
            async with asyncio.timeout(timeout_s):
                return await self._outcome
        except TimeoutError:
            await self._forget(client)
            raise Uncertain("the reader did not say what became of the write") from None

    def _place(self, client: _Client, order: C1G2Write, target: C1G2TargetTag) -> None:
        client.start_access_spec(order, target, stop_after_count=1, access_spec_id=self._access)
        # Noted while it is still our turn: the answer cannot come before.
        self._order = client.llrp.last_msg_id

    async def _forget(self, client: _Client) -> None:
        """Withdraw the order; when that is not confirmed the session ends, which resets the reader.

        sllurp deletes all orders at the start of a session.
        """
        self._deleted.clear()
        try:
            await asyncio.to_thread(
                client.in_turn, client.llrp.send_DELETE_ACCESSSPEC, self._access
            )
            async with asyncio.timeout(DELETE_S):
                await self._deleted.wait()
        except SENDING_ERRORS:  # among them the time-out
            self._on_lost()

    async def close(self) -> None:
        """Leave in good order if there is time, and without a thread in any case."""
        client, self._client = self._client, None
        if client is None:
            return
        if self._connecting is not None:
            with suppress(OSError):
                await self._connecting
        self._settle(Uncertain("the link was closed while a tag was written"))
        polite = self._reading and not self._lost
        await asyncio.to_thread(_hang_up, client, polite)


def _hang_up(client: _Client, polite: bool) -> None:
    with suppress(*SENDING_ERRORS):
        if polite and client.is_alive():
            client.in_turn(client.disconnect)
            client.join(GOODBYE_S)
    with suppress(*SENDING_ERRORS):
        client.hard_disconnect()
    with suppress(AttributeError):  # the thread takes itself away while it ends
        client.join(JOIN_S)


def _judge(outcome: WriteOutcome, words: int) -> None:
    """Nothing, or the trouble that *outcome* means (codes of LLRP 16.3.1.5.2)."""
    if outcome.result == 0 and outcome.words == words:
        return
    untouched = {1: "the EPC does not fit into the tag", 2: "the tag is locked"}
    if outcome.result in untouched:
        raise NeedsHuman(untouched[outcome.result])
    raise Uncertain(f"the write failed with {outcome.result} after {outcome.words} words")
