"""The OMS twin: shops that post orders and hear of them by webhook. It trusts nothing unsigned.

Now and then it answers 500, or takes an event and loses the answer: at least once must do.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx2
from standardwebhooks import Webhook, WebhookVerificationError

SECRET = "whsec_Z2VuYmEtZGVtby1zZWNyZXQtMDEyMzQ1Njc4OTAxMg=="  # noqa: S105 - of the demo alone
FAILS_PERCENT = 3
AGAIN_S = 0.2
HEADERS_MAX = 16_384


@dataclass(slots=True)
class Oms:
    """What was posted, and what was heard: event bodies by `webhook-id`, ids by order and type."""

    url: str
    token: str
    random: Random
    posted: dict[str, dict[str, Any]] = field(default_factory=dict)
    inbox: dict[str, dict[str, Any]] = field(default_factory=dict)
    heard: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    deliveries: int = 0
    failures: int = 0
    forged: int = 0
    port: int = 0
    transport: httpx2.AsyncBaseTransport | None = None  # another way to the floor than the network
    fails_percent: float = FAILS_PERCENT
    answer_with: int = 0  # while set, every event gets this status and is not taken
    again_s: float = AGAIN_S  # after so long an order without an answer is posted again
    verify: Callable[[bytes, dict[str, str]], object] = Webhook(SECRET).verify
    _server: asyncio.Server | None = None

    async def listen(self) -> None:
        """Open the door for webhooks on a free port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def post_all(self, bodies: list[dict[str, Any]], *, every_s: float) -> None:
        """Post the orders one after another; each until the floor has answered, always the same."""
        headers = {"Authorization": f"Bearer {self.token}"}
        async with httpx2.AsyncClient(
            base_url=self.url,
            headers=headers,
            timeout=10,
            trust_env=False,
            transport=self.transport,
        ) as client:
            for body in bodies:
                await self._post(client, body)
                await asyncio.sleep(every_s)

    async def _post(self, client: httpx2.AsyncClient, body: dict[str, Any]) -> None:
        while True:
            try:
                answer = await client.post("/v1/orders", json=body)
            except httpx2.HTTPError:
                await asyncio.sleep(self.again_s)
                continue
            if answer.status_code in (200, 201):
                self.posted[body["external_id"]] = body
                return
            if answer.status_code < 500 and answer.status_code != 429:
                raise AssertionError(f"order refused: {answer.status_code} {answer.text[:300]}")
            await asyncio.sleep(self.again_s)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One HTTP/1.1 connection: request after request until the other side closes it."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                headers = _headers(head)
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                status = self._take(headers, body)
                if status == 0:  # taken, and the line drops before the answer
                    break
                writer.write(
                    f"HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: keep-alive\r\n\r\n"
                    .encode()
                )  # fmt: skip
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    def _take(self, headers: dict[str, str], body: bytes) -> int:
        """The status to answer with; 0 takes the event and drops the line."""
        self.deliveries += 1
        try:
            self.verify(body, headers)
        except WebhookVerificationError:
            self.forged += 1
            return 401
        chance = self.random.random() * 100
        if self.answer_with:
            self.failures += 1
            return self.answer_with
        if chance < self.fails_percent:
            self.failures += 1
            return 500
        event = json.loads(body)
        identity = headers["webhook-id"]
        if identity not in self.inbox:
            self.inbox[identity] = event
            self.heard[str(event.get("subject", ""))].append((event["type"], identity))
        if chance > 100 - self.fails_percent:
            self.failures += 1
            return 0
        return 204


def _headers(head: bytes) -> dict[str, str]:
    lines = head.decode("latin-1").split("\r\n")[1:]
    pairs = (line.partition(":") for line in lines if ":" in line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}
