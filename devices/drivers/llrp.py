"""An RFID reader over LLRP, by way of `sllurp` (see `llrp_client.py`).

Options in `config.toml`:

    host          name or address of the reader
    port          5084
    antennas      [1]    numbers of the antennas; [0] for all
    power_dbm            transmit power; the reader's nearest step. Left out: the most it can
    keepalive_ms  1000   how often the reader must show that it lives
    reads_min     2      a tag is seen after so many reads
    within_ms     1000   within so long,
    rssi_min_dbm  -128   each at least so strong,
    gone_s        5.0    and gone after its own silence of so long, while the reader is heard
    inside        []     of a door: antennas that look into the house,
    outside       []     and those that look out; which way a tag went is then known

Each session has a client of its own, every whole message from the reader is a sign of life, and the
handshake has a deadline. What it may have missed (a silence, its full buffer, a message that cannot
be read) is said as `ReaderBlind`, and never taken for absence.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from msgspec import structs

from devices import options as device_options
from devices.capabilities import ConfigFault, Link, NeedsHuman, Unavailable, Uncertain
from devices.codecs.llrp_tags import Outcome, TagReports, outcome_of
from devices.drivers.llrp_client import (
    DECODING_ERRORS,
    MESSAGES,
    READING,
    SENDING_ERRORS,
    Client,
    reading,
    writing,
)
from devices.drivers.llrp_options import Options
from devices.sightings import Watch
from wms.rooms.signals import Signal

HANDSHAKE_S = 3.0  # from connected to the first inventory
LOOK_S = 0.5  # how often the thread is looked at: it can die without a word
DELETE_S = 1.0
LATE_MS_MAX = 2_000  # a report is at most so much older than its newest read
LOST_MS = 1_000  # how much of the past was in the reports that a full reader threw away
OVERFLOW, DEAF = "reader.overflow", "reader.antenna"


class Pace(NamedTuple):
    """How often the client is looked at; how often the reader must show that it lives, if not as
    its options say."""

    look_s: float = LOOK_S
    keepalive_ms: int = 0


USUAL = Pace()


class _Refusal(NamedTuple):
    """An answer of the reader that was not "success", and the number of the question."""

    message: str
    why: str
    number: int = 0

    def __str__(self) -> str:
        return f"{self.message}: {self.why}"


class LlrpReader:
    """A `TagReader`. Emits `TagSeen` for what is in the field, over and over.

    *connect* makes the client of a session, and *pace* says how often it is looked at: another one
    where a day is over in seconds.
    """

    def __init__(
        self, options: Mapping[str, Any], connect: Callable[..., Client] = Client,
        pace: Pace = USUAL,
    ) -> None:  # fmt: skip
        self._options = device_options.read(options, Options)
        self._options.check()
        if pace.keepalive_ms:
            self._options = structs.replace(self._options, keepalive_ms=pace.keepalive_ms)
        self._connect, self._look_s = connect, pace.look_s
        self._client: Client | None = None
        self._connecting: asyncio.Future[None] | None = None
        self._writing = asyncio.Lock()
        self._access = self._order = 0  # numbers of the AccessSpec and of the message that adds it

    async def open(self, link: Link) -> None:
        """Connect and start reading. Raises `Unavailable`, or `ConfigFault` for a bad antenna."""
        self._loop = asyncio.get_running_loop()
        self._begin(link)
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

    def _begin(self, link: Link) -> None:
        """Nothing is known of what this session will hear."""
        self._link = link
        self._reports = TagReports(link.device)
        self._watch = Watch(link.device, self._options.rules())
        self._deaf: set[int] = set()  # antennas that the reader cannot reach
        self._progress = asyncio.Event()  # one of the next three has changed
        self._reading = self._lost = False
        self._refusal: _Refusal | None = None
        self._antennas_there: int | None = None
        self._outcome: asyncio.Future[Outcome] | None = None
        self._deleted = asyncio.Event()

    def _new_client(self) -> Client:
        unread = self._from_reader_thread(self._on_unread)
        lost = self._from_reader_thread(self._on_lost)
        client = self._connect(
            self._options.host, self._options.port, self._options.for_sllurp(),
            lambda why: unread(None, why), lambda: lost(None),
        )  # fmt: skip
        for name in MESSAGES:
            client.add_message_callback(name, self._from_reader_thread(self._on_message))
        client.add_state_callback(READING, self._from_reader_thread(self._on_reading))
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
        self._say(self._watch.heard(self._now_ms()))
        try:
            self._understand(message)
        except DECODING_ERRORS as error:  # it has not the parts that it must have
            self._on_unread(type(error).__name__)

    def _understand(self, message: Any) -> None:
        name, said = message.getName(), message.msgdict[message.getName()]
        if name == "RO_ACCESS_REPORT":
            self._on_tags(said.get("TagReportData", []))
        if name == "READER_EVENT_NOTIFICATION":
            self._on_event(said.get("ReaderEventNotificationData", {}))
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

    def _on_event(self, event: Mapping[str, Any]) -> None:
        attempt = event.get("ConnectionAttemptEvent")
        if attempt is not None and attempt["Status"] != "Success" and not self._reading:
            self._refuse(_Refusal("connection", attempt["Status"]))
        if "ReportBufferOverflowErrorEvent" in event:
            self._say(self._watch.blind(self._now_ms(), LOST_MS, OVERFLOW))
        antenna = event.get("AntennaEvent")
        if antenna is not None:
            gone = antenna["EventType"] == "Disconnected"
            (self._deaf.add if gone else self._deaf.discard)(antenna["AntennaID"])
            self._link.degraded(DEAF if self._deaf else "")

    def _on_unread(self, _why: str) -> None:
        """A message that could not be read: it may have been a report of tags."""
        self._say(self._watch.unreadable(self._now_ms()))

    def _now_ms(self) -> int:
        return int(self._link.clock() * 1000)

    def _say(self, signals: Iterable[Signal]) -> None:
        for signal in signals:
            self._link.emit(signal)
        for reason, count in self._watch.unread.items():
            self._link.missed(reason, count)
        self._watch.unread.clear()

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
        seen = []
        for report in reports:
            outcome = outcome_of(report)
            if outcome is not None and outcome.access == self._access:
                self._settle(outcome)
            tag = self._reports.read(report)
            if tag is None:
                self._on_unread("a report without a tag")
                continue
            seen.append((self._reports.last_us, tag))
        # The reader's clock says which came first, ours when: theirs may be years off.
        newest_us = max((last_us for last_us, _ in seen), default=0)
        now_ms = self._now_ms()
        for last_us, tag in sorted(seen, key=lambda one: one[0]):
            late_ms = min((newest_us - last_us) // 1000, LATE_MS_MAX)
            self._say(self._watch.read(now_ms - late_ms, tag))

    def _settle(self, outcome: Outcome | Exception) -> None:
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
                async with asyncio.timeout(self._look_s):
                    await self._progress.wait()
        raise Unavailable("the reader broke off")

    async def write_epc(self, old: bytes, new: bytes, timeout_s: float = 3.0) -> None:
        """Write *new* over the tag whose whole EPC is *old*; both whole words of equal length.

        Done when *new* was read back out of its memory. `NeedsHuman` when the tag refused and is
        unchanged, or another tag in the field has *new* already; `Uncertain` on silence or when it
        may hold half of it: read the tag again. In any case the reader is told to forget the order,
        so that a tag which comes by later is not written.
        """
        if len(old) != len(new) or not new or len(new) % 2:
            raise ValueError("old and new EPC must be whole words of equal length")
        words = len(new) // 2
        async with self._writing:
            self._need_open()
            if new != old and new.hex() in self._watch.in_view(self._now_ms()):
                raise NeedsHuman("another tag in the field has this EPC")
            _judge(await self._access_tag(old, writing(new), timeout_s), words)
            try:
                back = await self._access_tag(new, reading(words), timeout_s)
            except Unavailable as error:
                raise Uncertain(f"it was written and not read back: {error}") from error
            if back.data != new:
                raise Uncertain("what was read back is not what was written")
            if new != old:
                self._watch.forget(old.hex())

    async def read_epc(self, epc: bytes, timeout_s: float = 1.0) -> bool:
        """Whether a tag with this whole EPC answers, out of its memory. `Unavailable` without a
        link: then nobody knows."""
        async with self._writing:
            try:
                back = await self._access_tag(epc, reading(len(epc) // 2), timeout_s)
            except Uncertain:
                return False
        return back.data == epc

    async def alone(self) -> bytes:
        """The EPC of the one tag that is seen now. `NeedsHuman` for none or several."""
        self._need_open()
        seen = self._watch.in_view(self._now_ms())
        if len(seen) != 1:
            raise NeedsHuman("tag.several" if seen else "tag.none")
        return bytes.fromhex(seen[0])

    def _need_open(self) -> Client:
        if self._client is None or not self._reading or self._lost:
            raise Unavailable("the reader is not open")
        return self._client

    async def _access_tag(self, epc: bytes, order: Any, timeout_s: float) -> Outcome:
        """Do *order* to the tag *epc*. `Uncertain` on silence, `Unavailable`: nothing was sent."""
        client = self._need_open()
        self._access += 1
        self._outcome = self._loop.create_future()
        self._outcome.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            await asyncio.to_thread(client.in_turn, self._place, client, epc, order)
            async with asyncio.timeout(timeout_s):
                return await self._outcome
        except TimeoutError:
            await self._forget(client)
            raise Uncertain("the reader did not say what became of the order") from None
        except SENDING_ERRORS as error:
            raise Unavailable(str(error)) from error
        except asyncio.CancelledError:
            self._on_lost()  # nobody waits to withdraw the order: the next session does
            raise
        finally:
            self._outcome = None

    def _place(self, client: Client, epc: bytes, order: Any) -> None:
        # Noted while it is still our turn: the answer cannot come before.
        self._order = client.place(self._access, epc, order)

    async def _forget(self, client: Client) -> None:
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
        await asyncio.to_thread(client.hang_up, polite)


def _judge(outcome: Outcome, words: int) -> None:
    """Nothing, or the trouble that *outcome* means (codes of LLRP 16.3.1.5.2)."""
    if outcome.result == 0 and outcome.words == words:
        return
    untouched = {1: "the EPC does not fit into the tag", 2: "the tag is locked"}
    if outcome.result in untouched:
        raise NeedsHuman(untouched[outcome.result])
    raise Uncertain(f"the write failed with {outcome.result} after {outcome.words} words")
