"""A server of a few lines that speaks the terminal API over real sockets, with a fault menu."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from wms.rooms.prompts import Message, Prompt

Fault = Literal["drop_before", "drop_after", "busy", "full", "too_long"]
Reply = tuple[int, Any]
TOKEN = "terminal-token"


class TinyFloor:
    """Takes every scan but `NG`, which locks the screen; answers a repeated id as it did before."""

    def __init__(self, prompt: Prompt) -> None:
        self.prompt = prompt
        self.journal: list[tuple[str, str, str]] = []  # via, text, fate
        self.known: set[str] = set()
        self.faults: list[Fault] = []  # one is used up by each scan that arrives
        self.answers: dict[str, str] = {}
        self.board: bytes = b"{}"
        self.tokens = {TOKEN}
        self.ages_ms: list[int] = []
        self.version = 1  # of the prompt
        self.answered: list[int | None] = []  # the version that each input answers
        self.reads = 0
        self.reads_held: asyncio.Event | None = None  # reads are answered late, with old news

    def texts(self) -> list[str]:
        """What was journaled, in order."""
        return [text for _, text, _ in self.journal]

    def answer(self, method: str, path: str, token: str, body: bytes) -> Reply:
        """Status and body for one request."""
        if token not in self.tokens:
            return 401, {"error": {"code": "token", "message": "who?"}}
        match method, path.split("?")[0].strip("/").split("/"):
            case "POST", ["v1", "terminals"]:
                self.known.add(json.loads(body)["terminal"])
                return 200, {"prompt": msgspec.to_builtins(self.prompt)}
            case "GET", ["v1", "board"]:
                return 200, json.loads(self.board)
            case "GET", ["v1", "terminals", name] if name in self.known:
                return 200, {"prompt": msgspec.to_builtins(self.prompt), "version": self.version}
            case "POST", ["v1", "terminals", name, "scans"] if name in self.known:
                return self._scan(json.loads(body))
        return 404, {"error": {"code": "unknown", "message": path}}

    def _scan(self, scan: dict[str, Any]) -> Reply:
        if "too_long" in self.faults:
            self.faults.remove("too_long")
            fault = {"code": "scan.too_long", "message": "too long", "field": "text"}
            return 400, {"error": fault}
        fate = "repeat"
        if scan["scan_id"] not in self.answers:
            fate = self.answers[scan["scan_id"]] = self._take(scan["text"])
            self.journal.append((scan["via"], scan["text"], fate))
            self.ages_ms.append(int(scan.get("age_ms", 0)))
            self.answered.append(scan.get("version"))
            self.version += 1
        shown = msgspec.to_builtins(self.prompt)
        return 200, {"fate": fate, "prompt": shown, "version": self.version}

    def _take(self, text: str) -> str:
        if self.prompt.locked:
            if text != "ok":
                self.prompt = replace(self.prompt, refused=self.prompt.refused + 1)
                return "refused"
            self.prompt = replace(self.prompt, locked=False, message=None, refused=0)
            return "applied"
        if text == "NG":
            said = Message(severity="error", text="Wrong", expected="GOOD", scanned="NG")
            self.prompt = replace(self.prompt, locked=True, message=said)
            return "refused"
        self.prompt = replace(self.prompt, message=Message(text=f"took {text}"[:18]))
        return "applied"


@asynccontextmanager
async def serving(floor: TinyFloor, port: int = 0) -> AsyncIterator[int]:
    """Serve *floor* on a port of this machine until the block ends; open connections are cut."""
    writers: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.add(writer)
        try:
            while await _one(floor, reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in writers:
            writer.close()
        await server.wait_closed()


async def _one(
    floor: TinyFloor, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> bool:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    request, *fields = head.split("\r\n")
    headers = {k.lower(): v.strip() for k, _, v in (field.partition(":") for field in fields)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    method, path, _ = request.split(" ")
    is_scan = path.endswith("/scans")
    fault = floor.faults.pop(0) if is_scan and floor.faults and _is_wire(floor) else None
    if fault == "drop_before":
        return False
    token = headers.get("authorization", "").removeprefix("Bearer ")
    if fault in ("busy", "full"):
        status, reply = 503, {"error": {"code": f"book.{fault}"}}
    else:
        status, reply = floor.answer(method, path, token, body)
    if fault == "drop_after":
        return False
    floor.reads += method == "GET"
    if method == "GET" and floor.reads_held:
        await floor.reads_held.wait()
    content = json.dumps(reply).encode()
    writer.write(
        f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(content)}\r\n\r\n".encode()
        + content
    )
    await writer.drain()
    return True


def _is_wire(floor: TinyFloor) -> bool:
    return floor.faults[0] != "too_long"


async def eventually(seen: Callable[[], bool], timeout_s: float = 8.0) -> None:
    """Wait until *seen* is true."""
    async with asyncio.timeout(timeout_s):
        while not seen():  # noqa: ASYNC110 - a test sees what a person sees, there is no event
            await asyncio.sleep(0.01)
