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
from wms.rooms.prompts import Prompt

RETRY_GROWS = 15.0  # times, at most, until the next try
RETRY_S = 0.15
BOUNCE_WAIT_S = 0.35  # longer than the floor's bounce: the same code counts again
CABLE_WAIT_S = 15.0  # a busy server takes its time
CABLE_LOST_S = 3.0  # ... one that was away has not heard the cable
LOOK_S, LOOK_S_MAX = 0.4, 10.0  # how often a packer looks up whether the screen has changed


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
    lost: int = 0  # how often there was no answer
    retry_s: float = RETRY_S

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

    async def picture(self, name: str) -> bytes:
        """What a prompt's picture shows."""
        answer = await self._request("GET", "/pictures", params={"name": name})
        return answer.content

    async def photo(self, ref: str, image: bytes) -> None:
        """Take a photo of what the prompt asks for."""
        asked = {"ref": ref, "key": f"photo-{self._identity()}"}
        await self._request(
            "POST", "/photos", params=asked, content=image, headers={"Content-Type": "image/png"}
        )

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
        if self.version:
            body["version"] = self.version
        shown = await self._ask("POST", "/scans", body)
        self.version = shown.version or self.version
        return shown

    async def _ask(self, method: str, path: str, body: dict[str, Any] | None) -> _Shown:
        answer = await self._request(method, path, json=body)
        return msgspec.json.decode(answer.content, type=_Shown)

    async def _request(self, method: str, path: str, **options: Any) -> httpx2.Response:
        """Ask until the floor has answered; the same each time."""
        options["headers"] = {
            "Authorization": f"Bearer {self.worker.token}", **options.get("headers", {})
        }  # fmt: skip
        url = f"/v1/terminals/{self.worker.terminal}{path}"
        pause_s = self.retry_s
        while True:
            try:
                answer = await self.client.request(method, url, **options)
            except httpx2.HTTPError:
                self.lost += 1
            else:
                if answer.status_code == 200:
                    return answer
                if answer.status_code < 500 and answer.status_code != 429:
                    told = f"{method} {url} {options.get('json')}"
                    raise AssertionError(f"{told}: {answer.status_code} {answer.text}")
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 1.5, self.retry_s * RETRY_GROWS)


@dataclass(slots=True)
class BenchTerminal:
    """A bench: scans go down the scanner's cable; when it is silent, by the screen's own camera."""

    http: HttpTerminal
    scanner: ScannerTwin
    trouble: Trouble
    plugged: Callable[[], bool]
    cable_wait_s: float = CABLE_WAIT_S
    slower: float = 1.0  # each look comes so many times as late as the one before

    async def prompt(self) -> Prompt:
        return await self.http.prompt()

    async def key(self, text: str) -> Prompt:
        return await self.http.key(text)

    async def command(self, name: str) -> Prompt:
        return await self.http.command(name)

    async def picture(self, name: str) -> bytes:
        return await self.http.picture(name)

    async def photo(self, ref: str, image: bytes) -> None:
        await self.http.photo(ref, image)

    async def scan(self, text: str) -> Prompt:
        return await self._by_cable(lambda: self.scanner.scan(text), text)

    async def twice(self, text: str) -> Prompt:
        return await self._by_cable(lambda: self.scanner.bounce(text), text)

    async def _by_cable(self, pull: Callable[[], Awaitable[None]], text: str) -> Prompt:
        await self.http.prompt()
        before = self.http.version
        if self.plugged():
            await pull()
            clock, lost = asyncio.get_running_loop().time, self.http.lost
            until_s, look_s = clock() + self.cable_wait_s, LOOK_S
            while clock() < until_s:
                await asyncio.sleep(look_s)
                look_s = min(look_s * self.slower, LOOK_S_MAX)
                prompt = await self.http.prompt()
                if self.http.version != before:
                    return prompt
                if self.http.lost != lost:  # it was away: what it had heard, it does at once now
                    lost, until_s = self.http.lost, clock() + CABLE_LOST_S
            prompt = await self.http.prompt()  # one more look: it may just have been heard
            if self.http.version != before:
                return prompt
            return await self.http.scan(text)
        prompt = await self.http.scan(text)
        self.trouble.handled("scanner unplugged")
        return prompt
