"""An OMS that receives webhooks on real sockets, with a fault menu. It trusts nothing unsigned."""

import asyncio
import json
import ssl
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Literal

from standardwebhooks import Webhook

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
Fault = Literal["reset_before", "reset_after", "never", "drip_head", "drip_body", "big_body"]
Answer = int | Fault


class Receiver:
    """Takes what is well signed. *decide* gives the status, or a fault, for each arrival."""

    def __init__(self, decide: Callable[[dict[str, Any], int], Answer] | None = None) -> None:
        self.decide = decide or (lambda event, arrival: 204)
        self.arrivals: list[tuple[str, dict[str, Any]]] = []  # webhook-id and event, each attempt
        self.taken: dict[str, dict[str, Any]] = {}  # by webhook-id, what was answered with 2xx
        self.paths: list[str] = []
        self.open = 0
        self.open_most = 0
        self.slow_s = 0.0
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def first_seqs(self) -> dict[str, list[int]]:
        """The numbers of each order's events in the order in which they first arrived."""
        seen: dict[str, list[int]] = defaultdict(list)
        for _, event in {identity: event for identity, event in reversed(self.arrivals)}.items():
            seen[event["data"]["about"]].insert(0, event["data"]["seq"])
        return dict(seen)

    def attempts(self, identity: str) -> int:
        return sum(each == identity for each, _ in self.arrivals)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: requests until either side closes it."""
        try:
            while await self._one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        request, *fields = head.split("\r\n")
        headers = {k.lower(): v.strip() for k, _, v in (field.partition(":") for field in fields)}
        body = await reader.readexactly(int(headers["content-length"]))
        Webhook(SECRET).verify(body, headers)
        self.paths.append(request.split(" ")[1])
        event = json.loads(body)
        self.arrivals.append((headers["webhook-id"], event))
        self.open += 1
        self.open_most = max(self.open_most, self.open)
        try:
            return await self._answer(headers["webhook-id"], event, writer)
        finally:
            self.open -= 1

    async def _answer(
        self, identity: str, event: dict[str, Any], writer: asyncio.StreamWriter
    ) -> bool:
        answer = self.decide(event, self.attempts(identity))
        await asyncio.sleep(self.slow_s)
        match answer:
            case "reset_before":
                writer.transport.abort()
                return False
            case "never" | "drip_head":
                await _drip(writer, answer)
                return False
            case "reset_after" | "drip_body" | "big_body" | int():
                status = answer if isinstance(answer, int) else 200
                if 200 <= status < 300:
                    self.taken.setdefault(identity, event)
                return await _say(writer, status, answer)


async def _say(writer: asyncio.StreamWriter, status: int, answer: Answer) -> bool:
    if answer == "reset_after":
        writer.transport.abort()
        return False
    length = {"drip_body": 100_000, "big_body": 2_000_000, "204": 0}.get(str(answer), 2)
    extra = "location: /elsewhere\r\n" if status == 307 else ""
    writer.write(f"HTTP/1.1 {status} X\r\n{extra}content-length: {length}\r\n\r\n".encode())
    if answer == "drip_body":
        await _drip(writer, "drip_head")
        return False
    writer.write(b"x" * length)
    await writer.drain()
    return True


async def _drip(writer: asyncio.StreamWriter, answer: Answer) -> None:
    """A byte now and then, or nothing at all, until the other side has had enough."""
    if answer != "never":
        writer.write(b"HTTP/1.1 200 OK\r\n")
    while not writer.transport.is_closing():
        if answer != "never":
            writer.write(b"x")
        await asyncio.sleep(0.02)


@asynccontextmanager
async def receiving(
    receiver: Receiver, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Receiver]:
    """The receiver on a free port of this machine (the same one, if it had one before)."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(receiver.serve(reader, writer))
        tasks.add(task)
        await asyncio.wait({task})

    server = await asyncio.start_server(serve, "127.0.0.1", receiver.port, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
