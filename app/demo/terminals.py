"""The bots' terminals: the terminal API over HTTP, and a bench's scanner on its own cable."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx2
import msgspec

from app.demo.site import Worker
from app.demo.trouble import Trouble
from devices.twins.scanner import ScannerTwin
from wms.prompts import Prompt

RETRY_S = 0.15
BOUNCE_WAIT_S = 0.35  # longer than the floor's bounce: the same code counts again
CABLE_WAIT_S = 3.0
LOOK_S = 0.1  # how often a packer looks up whether the screen has changed


class _Shown(msgspec.Struct):
    prompt: Prompt
    version: int = 0
    fate: str = ""


@dataclass(slots=True)
class HttpTerminal:
    """One terminal. An input keeps its `scan_id` until it was answered, through restarts."""

    worker: Worker
    client: httpx2.AsyncClient
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    run: str = "a"
    version: int = 0

    async def prompt(self) -> Prompt:
        shown = await self._ask("GET", "", None)
        self.version = shown.version
        return shown.prompt

    async def scan(self, text: str) -> Prompt:
        """Pull the trigger; what was taken for a bounce is pulled again a moment later."""
        while True:
            shown = await self._send(text, "scan")
            if shown.fate != "repeat":
                return shown.prompt
            await asyncio.sleep(BOUNCE_WAIT_S)

    async def twice(self, text: str) -> Prompt:
        """A nervous trigger, and a radio that sends one of the two again.

        The second pull waits until the first is answered, but it came at once: its age says so.
        """
        identity, pulled_s = self._identity(), asyncio.get_running_loop().time()
        first = await self._send(text, "scan", identity, pulled_s)
        again = await self._send(text, "scan", identity, pulled_s)
        assert again.prompt == first.prompt, "the same scan_id must get the same answer"
        bounced = await self._send(text, "scan", pulled_s=pulled_s)
        if bounced.fate == "repeat":
            return bounced.prompt
        return first.prompt if bounced.prompt.locked else bounced.prompt

    async def key(self, text: str) -> Prompt:
        return (await self._send(text, "key")).prompt

    async def command(self, name: str) -> Prompt:
        return (await self._send(name, "command")).prompt

    def _identity(self) -> str:
        return f"{self.run}{next(self.numbers)}"

    async def _send(
        self, text: str, via: str, identity: str = "", pulled_s: float | None = None
    ) -> _Shown:  # fmt: skip
        clock_s = asyncio.get_running_loop().time()
        pulled_s = clock_s if pulled_s is None else pulled_s
        body = {
            "scan_id": identity or self._identity(), "text": text, "via": via,
            "age_ms": int((clock_s - pulled_s) * 1000), "clock_ms": int(pulled_s * 1000),
        }  # fmt: skip
        return await self._ask("POST", "/scans", body)

    async def _ask(self, method: str, path: str, body: dict[str, Any] | None) -> _Shown:
        headers = {"Authorization": f"Bearer {self.worker.token}"}
        url = f"/v1/terminals/{self.worker.terminal}{path}"
        while True:
            try:
                answer = await self.client.request(method, url, headers=headers, json=body)
            except httpx2.HTTPError:
                await asyncio.sleep(RETRY_S)
                continue
            if answer.status_code == 200:
                return msgspec.json.decode(answer.content, type=_Shown)
            if answer.status_code < 500 and answer.status_code != 429:
                raise AssertionError(f"{method} {url} {body}: {answer.status_code} {answer.text}")
            await asyncio.sleep(RETRY_S)


@dataclass(slots=True)
class BenchTerminal:
    """A bench: scans go down the scanner's cable; when it is silent, by the screen's own camera."""

    http: HttpTerminal
    scanner: ScannerTwin
    trouble: Trouble
    plugged: Callable[[], bool]

    async def prompt(self) -> Prompt:
        return await self.http.prompt()

    async def key(self, text: str) -> Prompt:
        return await self.http.key(text)

    async def command(self, name: str) -> Prompt:
        return await self.http.command(name)

    async def scan(self, text: str) -> Prompt:
        return await self._by_cable(lambda: self.scanner.scan(text), text)

    async def twice(self, text: str) -> Prompt:
        return await self._by_cable(lambda: self.scanner.bounce(text), text)

    async def _by_cable(self, pull: Callable[[], Awaitable[None]], text: str) -> Prompt:
        await self.http.prompt()
        before = self.http.version
        if self.plugged():
            await pull()
            for _ in range(int(CABLE_WAIT_S / LOOK_S)):
                await asyncio.sleep(LOOK_S)
                prompt = await self.http.prompt()
                if self.http.version != before:
                    return prompt
            return await self.http.scan(text)
        prompt = await self.http.scan(text)
        self.trouble.handled("scanner unplugged")
        return prompt
