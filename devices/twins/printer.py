"""A ZPL printer on TCP: reads the wire on its own, prints into a tray, and breaks on demand.

Like the real ones it stays silent on `~HS` while paper, ribbon or head need a person, keeps what
it was sent while it cannot print, and goes on by itself after a reload. What an interrupted sender
left of a format stays open until `~JX`, and would be printed into the next label.

Sources: Zebra's ZPL II programming guide (`~HS`, `~HI`, `~JX`, `^FH`, `^CI`, `^PQ`) and its RFID
programming guide (`^HV`).
"""

import asyncio
import json
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from devices.twins.zpl_reading import Format, Sentence, SentenceKind, Sentences, read_format

GARBAGE = b"\x00\xff%PDF-1.4 \x02?\x03"


@dataclass(frozen=True, slots=True)
class PrintedLabel:
    """One label that came out. `copy` counts from 1; `fields` is what `^FD` says, decoded; `tag`
    what its inlay holds now, "VOID" when it was given up."""

    number: int
    copy: int
    copies: int
    at_ms: int
    fields: list[str]
    zpl: str
    tag: str = ""


@dataclass(slots=True)
class _Job:
    format: Format
    sender: asyncio.StreamWriter
    printed: int = 0


class PrinterTwin:
    """One printer. Faults are set and taken away while it runs; all in the loop's thread.

    `now_ms` stamps the labels; `tray` is a file that gets one JSON line a label, for readers in
    other processes; `serial` answers `device.unique_id`; `counter` is the odometer to begin with.
    """

    def __init__(
        self,
        *,
        now_ms: Callable[[], int],
        tray: Path | None = None,
        serial: str = "TWIN0001",
        counter: int = 0,
        label_ms: int = 5,
    ) -> None:
        self.host, self.port = "127.0.0.1", 0
        self.serial, self.counter, self.label_ms = serial, counter, label_ms
        self.labels: list[PrintedLabel] = []
        self.formats_received = 0
        self.paper_is_out = self.head_is_open = self.ribbon_is_out = self.paused = False
        self.answers_when_blocked = False  # the models that show their flags instead of silence
        self.knows_settings = True  # some models and clones take no `getvar`
        self.one_link = False  # some models hang up on a second caller
        self.turned_away = 0  # so many second callers
        self.echoes_to_newest = False  # ... and tell whoever is there of another one's labels
        self.mute = self.garbage = False
        self.cut_next_answer = False  # the link drops in its middle
        self.writes_tags = True  # without such a module `^RF` is passed over
        self.bad_inlays = 0  # so many of the next ones take nothing
        self.stubborn_inlays = 0  # so many say that they were written, and keep what they had
        self.answer_delay_s = 0.0
        self.cut_after_bytes: int | None = None  # of the next format; the link drops there
        self._now_ms, self._tray = now_ms, tray
        self._roll: int | None = None  # labels left on it
        self._jobs: deque[_Job] = deque()
        self._open_format = bytearray()
        self._code_page = "cp850"
        self._wake = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._printing: asyncio.Task[None] | None = None
        self._senders: list[asyncio.StreamWriter] = []

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Switch on and listen; port 0 takes a free one and stays on it from then on."""
        self.host, self.port = host, port or self.port
        await self.plug_in()
        if self._printing is None:
            self._printing = asyncio.create_task(self._print(), name="printer twin")

    async def stop(self) -> None:
        """Switch off: what was not printed is lost."""
        self.unplug()
        self._forget()
        if self._printing is not None:
            self._printing.cancel()
            await asyncio.wait({self._printing})
            self._printing = None

    def paper_out(self, after: int = 0) -> None:
        """The roll ends after so many more labels."""
        self._roll = after
        self.paper_is_out = after == 0

    def reload(self) -> None:
        """A new roll, and a ribbon: what waits is printed without being asked."""
        self._roll, self.paper_is_out, self.ribbon_is_out = None, False, False
        self._wake.set()

    def open_head(self) -> None:
        """Someone lifts the head."""
        self.head_is_open = True

    def close_head(self) -> None:
        """The head is down again."""
        self.head_is_open = False
        self._wake.set()

    def pause(self) -> None:
        """Someone presses PAUSE. A paused printer still answers."""
        self.paused = True

    def resume(self) -> None:
        """PAUSE again."""
        self.paused = False
        self._wake.set()

    def power_cycle(self) -> None:
        """Off and on: links, waiting formats and their labels are gone."""
        self._hang_up()
        self._forget()

    def unplug(self) -> None:
        """The network cable is out: no link, no new one; printing goes on."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self._hang_up()

    async def plug_in(self) -> None:
        """The cable is back, on the same port."""
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, self.host, self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    @property
    def is_blocked(self) -> bool:
        """It cannot print now."""
        return self.paper_is_out or self.head_is_open or self.ribbon_is_out or self.paused

    @property
    def is_idle(self) -> bool:
        """Nothing that it was sent is still to be printed."""
        return not self._jobs

    def _hang_up(self) -> None:
        for sender in list(self._senders):
            sender.transport.abort()

    def _forget(self) -> None:
        self._jobs.clear()
        self._open_format.clear()
        self.paused = False

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.one_link and self._senders:
            self.turned_away += 1
            writer.close()
            return
        self._senders.append(writer)
        sentences = Sentences(self._open_format)
        try:
            while data := await reader.read(4096):
                for sentence in sentences.take(data, self.cut_after_bytes):
                    await self._obey(sentence, writer)
        except ConnectionError:
            pass  # the sender is gone; what it sent stays
        finally:
            self._senders.remove(writer)
            writer.close()

    async def _obey(self, sentence: Sentence, writer: asyncio.StreamWriter) -> None:
        match sentence.kind:
            case SentenceKind.CUT:
                self.cut_after_bytes = None
                writer.transport.abort()
            case SentenceKind.FORMAT:
                self.formats_received += 1
                format_, self._code_page = read_format(sentence.body, self._code_page)
                self._jobs.append(_Job(format_, writer))
                self._wake.set()
            case SentenceKind.GETVAR if self.knows_settings:
                await self._say(writer, f'"{self._setting(sentence.body.decode())}"'.encode())
            case SentenceKind.NOW if sentence.body == b"JX":
                self._open_format.clear()
            case SentenceKind.NOW if sentence.body == b"HI":
                await self._say(writer, b"\x02ZT411-203dpi,V92.21.26Z,8,65536KB\x03\r\n")
            case SentenceKind.NOW if sentence.body == b"HS":
                silent = self.paper_is_out or self.head_is_open or self.ribbon_is_out
                if not silent or self.answers_when_blocked:
                    await self._say(writer, self._host_status())

    def _setting(self, name: str) -> str:
        known = {"device.unique_id": self.serial, "odometer.total_label_count": str(self.counter)}
        return known.get(name, "?")

    def _host_status(self) -> bytes:
        begun = self._jobs[0] if self._jobs and self._jobs[0].printed else None
        left = begun.format.copies - begun.printed if begun else 0
        waiting = len(self._jobs) - (begun is not None)
        first = (
            f"030,{self.paper_is_out:d},{self.paused:d},1218,{waiting:03d},0,0,"
            f"{bool(self._open_format):d},000,0,0,0"
        )
        second = f"001,0,{self.head_is_open:d},{self.ribbon_is_out:d},1,2,6,0,{left:08d},1,000"
        return b"".join(f"\x02{text}\x03\r\n".encode() for text in (first, second, "1234,0"))

    async def _say(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        if self.answer_delay_s:
            await asyncio.sleep(self.answer_delay_s)
        if self.mute or writer.is_closing():
            return
        if self.cut_next_answer:
            data = data[: len(data) // 2]
        writer.write(GARBAGE if self.garbage else data)
        with suppress(ConnectionError):
            await writer.drain()
        if self.cut_next_answer:
            self.cut_next_answer = False
            writer.close()

    async def _print(self) -> None:
        while True:
            if self.is_blocked or not self._jobs:
                self._wake.clear()
                await self._wake.wait()
                continue
            await asyncio.sleep(self.label_ms / 1000)
            if not self.is_blocked and self._jobs:
                await self._print_one(self._jobs[0])

    def _encode(self, format_: Format) -> str | None:
        """What the next inlay holds, by the printer's own reading; None when it took nothing."""
        if not (format_.tag and self.writes_tags):
            return ""
        if self.bad_inlays:
            self.bad_inlays -= 1
            return None
        if self.stubborn_inlays:
            self.stubborn_inlays -= 1
            return "e2" + "0" * 22
        return format_.tag.decode("ascii", "replace").lower()

    async def _print_one(self, job: _Job) -> None:
        tag = self._encode(job.format)
        for _ in range(job.format.inlays - 1):
            if tag is not None:
                break
            self._put_out(job, "VOID")
            tag = self._encode(job.format)
        if tag is None:  # given up, as `^RS` says: the next format is taken
            self._put_out(job, "VOID")
            self._jobs.popleft()
            return
        job.printed += 1
        self._put_out(job, tag)
        if job.printed == job.format.copies:
            self._jobs.popleft()
        hearer = self._senders[-1] if self.echoes_to_newest and self._senders else job.sender
        for echo in job.format.echoes:
            if echo.each_label or job.printed == 1:
                await self._say(hearer, echo.said(tag.upper().encode()))

    def _put_out(self, job: _Job, tag: str) -> None:
        """One label leaves the printer."""
        self.counter += 1
        label = PrintedLabel(
            number=self.counter,
            copy=job.printed,
            copies=job.format.copies,
            at_ms=self._now_ms(),
            fields=list(job.format.fields),
            zpl=job.format.zpl,
            tag=tag,
        )
        self.labels.append(label)
        if self._tray is not None:
            self._lay(label, self._tray)
        if self._roll is not None:
            self._roll -= 1
            self.paper_is_out = self._roll <= 0

    def _lay(self, label: PrintedLabel, tray: Path) -> None:
        with tray.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(label), ensure_ascii=False) + "\n")
