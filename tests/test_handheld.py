"""A handheld against a server on a socket: on glass, and on a real pseudo-terminal."""

import asyncio
import fcntl
import os
import struct
import sys
import termios
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from itertools import count

import pyte
from msgspec.structs import replace

from tests.floor_prompts import samples
from tests.glass import on_glass, until
from tests.tiny_server import TOKEN, TinyFloor, eventually, serving
from tui.handheld import Handheld
from tui.link import HttpLink
from wms.rooms.prompts import Message

PROMPT = samples("en")["pick_item"]
GS1 = "]C1010491234567894210ABC\x1d2112345"


def handheld(port: int) -> Handheld:
    """A handheld of terminal HT-01."""
    url = f"http://127.0.0.1:{port}"
    link = HttpLink(url, terminal="HT-01", token=TOKEN, clock=time.monotonic)
    return Handheld(link, terminal="HT-01", ids=map(str, count()).__next__, clock=time.monotonic)


async def test_a_shift_in_short() -> None:
    floor = TinyFloor(PROMPT)
    async with serving(floor) as port, on_glass(handheld(port), 26, 16) as (glass, pilot):
        await until(pilot, lambda: "Matcha" in glass.text())
        await pilot.press(*"4901", "enter")
        await until(pilot, lambda: "OK took 4901" in glass.text())
        await pilot.press("f2")
        await until(pilot, lambda: "OK took short" in glass.text())
        await pilot.press(*"NG", "enter")
        await until(pilot, lambda: "Enter = OK" in glass.text())
        assert "".join(glass.written).count("\x07") == 3
        await pilot.press(*"4902", "enter")
        await until(pilot, lambda: "1 refused" in glass.text())
        await asyncio.sleep(0.35)  # an Enter right after a scan's own is its echo
        await pilot.press("enter")
        await until(pilot, lambda: "Enter = OK" not in glass.text())
    assert floor.journal == [
        ("key", "4901", "applied"),
        ("command", "short", "applied"),
        ("key", "NG", "refused"),
        ("key", "4902", "refused"),
        ("command", "ok", "applied"),
    ]


async def test_the_server_may_speak_first_without_disturbing_what_is_typed() -> None:
    floor = TinyFloor(PROMPT)
    async with serving(floor) as port, on_glass(handheld(port), 40, 20) as (glass, pilot):
        await until(pilot, lambda: "Matcha" in glass.text())
        await pilot.press(*"12")
        floor.prompt = replace(PROMPT, message=Message(severity="attention", text="RFID 5 of 6"))
        await until(pilot, lambda: "! RFID 5 of 6" in glass.text())
        assert "> 12 " in glass.text()


async def test_a_lost_server_is_said_with_a_counter_and_the_work_goes_on_after_it() -> None:
    floor = TinyFloor(PROMPT)
    app = None
    async with serving(floor) as port:
        app = handheld(port)
        running = on_glass(app, 26, 16)
        glass, pilot = await running.__aenter__()
        await until(pilot, lambda: "Matcha" in glass.text())
    try:
        await pilot.press(*"4901", "enter")
        await until(pilot, lambda: "Reconnecting 1s" in glass.text())
        assert "1 unsent" in glass.text()
        assert "Matcha" in glass.text()
        async with serving(floor, port):
            await until(pilot, lambda: "OK took 4901" in glass.text())
            assert "Reconnecting" not in glass.text()
    finally:
        await running.__aexit__(None, None, None)


async def test_the_full_page_shows_everything_and_its_digits_choose() -> None:
    name = "Takashima matcha latte sticks, box of ten, value pack with cap, winter edition"
    floor = TinyFloor(replace(PROMPT, focus=replace(PROMPT.focus, item=name)))
    async with serving(floor) as port, on_glass(handheld(port), 20, 11) as (glass, pilot):
        await until(pilot, lambda: "Takashima" in glass.text())
        seen = ""
        for _ in range(3):
            await pilot.press("f1")
            await pilot.pause()
            seen += " ".join(glass.text().split()) + " "
        assert all(word in seen for word in name.split())
        assert "1 F2 Empty" in seen and "3 F4 Later" in seen
        await pilot.press("escape", "full_stop")
        await until(pilot, lambda: "1/" in glass.text())
        await pilot.press("1")
        await eventually(lambda: floor.texts() == ["short"])


class Pty:
    """A handheld process on a pseudo-terminal of 26x16."""

    def __init__(self, master: int) -> None:
        self.master = master
        self.screen = pyte.Screen(26, 16)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = b""

    def read(self) -> None:
        """Take what the process wrote."""
        try:
            data = os.read(self.master, 65536)
        except OSError:  # the process ended and closed its side
            asyncio.get_running_loop().remove_reader(self.master)
            return
        self.raw += data
        self.stream.feed(data)

    def type(self, data: bytes) -> None:
        """Send *data* as one burst."""
        os.write(self.master, data)

    def text(self) -> str:
        """What a person sees."""
        return "\n".join(self.screen.display)


@asynccontextmanager
async def process_on_a_pty(port: int, term: str = "xterm") -> AsyncIterator[Pty]:
    """Run the handheld on a pty until the block ends; it must end by ctrl+q."""
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 16, 26, 0, 0))
    command = (sys.executable, "-m", "tests.handheld_process", f"http://127.0.0.1:{port}", "run1")
    # The size is the pty's, not that of the terminal in which the tests run.
    env = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")} | {"TERM": term}
    process = await asyncio.create_subprocess_exec(
        *command, stdin=slave, stdout=slave, stderr=slave, env=env
    )
    os.close(slave)
    pty = Pty(master)
    asyncio.get_running_loop().add_reader(master, pty.read)
    try:
        yield pty
        pty.type(b"\x11")
        assert await asyncio.wait_for(process.wait(), 10) == 0
    finally:
        asyncio.get_running_loop().remove_reader(master)
        if process.returncode is None:
            process.kill()
            await process.wait()
        os.close(master)


async def test_scans_survive_a_real_terminal() -> None:
    floor = TinyFloor(PROMPT)
    bursts = [
        (f"{GS1}\r".encode(), GS1),
        (b"4901-lf\n", "4901-lf"),
        (b"4901-crlf\r\n", "4901-crlf"),
        (b"4901-tab\t", "4901-tab"),
        (b"\x02stx-etx\x03", "stx-etx"),
        (b"\x1b[200~pasted\n\x1b[201~", "pasted"),
        ("葛\U000e0100城\r".encode(), "葛\U000e0100城"),
        (b"CMD:later\r", "later"),
        (b"\x1bOQ", "short"),
        (b"\x1bOR", "back"),
        (b"12\r", "12"),
    ]
    async with serving(floor) as port, process_on_a_pty(port) as pty:
        await eventually(lambda: "Matcha" in pty.text(), 20)
        for number, (data, _) in enumerate(bursts, 1):
            pty.type(data)
            await eventually(partial(_holds, floor, number))
        pty.type(b"\x83\x65\x83\x58\x83\x67\r")  # Shift_JIS: refused by the server, not fatal here
        await eventually(partial(_holds, floor, len(bursts) + 1))
        await eventually(lambda: "OK took" in pty.text())
    assert floor.texts()[: len(bursts)] == [text for _, text in bursts]
    assert [via for via, *_ in floor.journal][:3] == ["scan"] * 3


def _holds(floor: TinyFloor, scans: int) -> bool:
    return len(floor.journal) == scans


async def test_a_burst_split_over_the_wire_stays_one_scan() -> None:
    floor = TinyFloor(PROMPT)
    async with serving(floor) as port, process_on_a_pty(port, "vt220") as pty:
        await eventually(lambda: "Matcha" in pty.text(), 20)
        for byte in GS1.encode():
            pty.type(bytes([byte]))
            await asyncio.sleep(0.002)
        pty.type(b"\r\n")
        await eventually(lambda: len(floor.journal) == 1)
        pty.type(b"490123")
        await asyncio.sleep(0.03)
        pty.type(b"4567890\r\n")
        await eventually(lambda: len(floor.journal) == 2)
        for unwanted in (b"\x1b[?2026$p", b"\x1b[?2048$p", b"\x1b]", b"\x1b[?1003h", b"\x1b[>"):
            assert unwanted not in pty.raw
    assert floor.texts() == [GS1, "4901234567890"]
