"""The wire between a screen and the server: the terminal API, spoken until it answers.

A scan keeps its id until the server has answered it, whatever happens between: the server tells a
repeat from a new scan by that id. Scans leave in the order in which they were made.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import count
from typing import Literal, Protocol, TypeVar
from urllib.parse import quote

import httpx2
import msgspec
from msgspec import Struct
from msgspec.structs import replace

from tui.line import Via
from wms.messages import Language, say
from wms.rooms.prompts import Message, Prompt

Fate = Literal["applied", "refused", "repeat"]
Reason = Literal["unreachable", "not_allowed", "signed_off", "disk_full", "busy"]
Answer = TypeVar("Answer")
Sleep = Callable[[float], Awaitable[None]]
Clock = Callable[[], float]

RETRY_S = (0.2, 0.5, 1.0, 2.0)  # the last one repeats: a floor of terminals must not hammer
_MINE_TO_MEND = {401, 403}  # the token or the terminal: someone must mend it, the scan waits
_SERVER_BUSY = {408, 425, 429}
_SAID: dict[str, Reason] = {"book.full": "disk_full", "book.busy": "busy"}  # why it took nothing
_AGE_MS_MAX = 86_400_000  # older than a day is old enough


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why there is no answer, and since when (seconds of the link's clock).

    `signed_off`: the server does not know this terminal (any more); the link signs on by itself.
    """

    reason: Reason
    since_s: float


class Link(Protocol):
    """One terminal's way to the server. Calls return when there is an answer, not before."""

    @property
    def trouble(self) -> Trouble | None: ...

    @property
    def version(self) -> int | None:
        """Of the prompt that was given last; None where the server told none."""
        ...

    async def prompt(self) -> Prompt:
        """What this terminal should show now."""
        ...

    async def send(
        self, scan_id: str, text: str, via: Via, said_s: float | None = None,
        answers: int | None = None,
    ) -> tuple[Fate, Prompt]:  # fmt: skip
        """Send one scan, key input or command, *said_s* by the link's clock; *answers* is the
        version of the prompt that was shown then.

        A repeated *scan_id* changes nothing.
        """
        ...

    async def close(self) -> None: ...


class _Shown(Struct):
    prompt: Prompt
    version: int = 0


class _Answered(Struct):
    fate: Fate
    prompt: Prompt
    version: int = 0


class _Fault(Struct):
    code: str = ""
    message: str = ""


class _Faulty(Struct):
    error: _Fault = msgspec.field(default_factory=_Fault)


class _Unanswered(Exception):
    """Nobody answered, or not this question: ask again."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


class _Unacceptable(Exception):
    """The server will never take this input, e.g. it is too long."""

    def __init__(self, fault: _Fault) -> None:
        super().__init__(fault.code)
        self.fault = fault


class HttpLink:
    """`Link` over HTTP. *token* is a terminal token; *clock* counts steady seconds."""

    def __init__(
        self,
        url: str,
        *,
        terminal: str,
        token: str,
        clock: Clock,
        sleep: Sleep = asyncio.sleep,
        timeout_s: float = 5.0,
        language: Language = "ja",
    ) -> None:
        # A warehouse LAN is not reached through whatever proxy the environment names.
        self._client = httpx2.AsyncClient(
            base_url=url.rstrip("/"),
            headers={"Authorization": f"Bearer {token}", "Accept-Language": language},
            timeout=timeout_s,
            trust_env=False,
        )
        self._terminal = terminal
        self._path = f"/v1/terminals/{quote(terminal, safe='')}"
        self._clock = clock
        self._sleep = sleep
        self._language: Language = language
        self._in_turn = asyncio.Lock()  # waiters are served in order: so leave the scans
        self._signed_on = False
        self._last: Prompt | None = None  # what the server said last
        self._unacceptable: Message | None = None  # said over it until the server says more
        self.trouble: Trouble | None = None
        self.version: int | None = None

    async def prompt(self) -> Prompt:
        """What this terminal should show now; waits for the server as long as it takes."""

        async def ask() -> _Shown:
            try:
                return await self._call("GET", self._path, _Shown)
            except _Unacceptable as refusal:
                raise _Unanswered("unreachable") from refusal

        shown = await self._until_answered(ask)
        prompt, self.version = shown.prompt, shown.version or None
        if prompt != self._last:
            self._last, self._unacceptable = prompt, None
        return self._shown(prompt)

    async def send(
        self, scan_id: str, text: str, via: Via, said_s: float | None = None,
        answers: int | None = None,
    ) -> tuple[Fate, Prompt]:  # fmt: skip
        """Send one input under *scan_id*; waits for the answer as long as it takes.

        It says how old it is: the server knows a bouncing trigger by its own time; and which prompt
        it answers: at a bench a cable may have moved the screen on.
        """

        async def ask() -> _Answered:
            scan: dict[str, str | int] = {"scan_id": scan_id, "text": text, "via": via}
            if said_s is not None:
                scan["clock_ms"] = max(0, int(said_s * 1000))
                scan["age_ms"] = min(max(0, int((self._clock() - said_s) * 1000)), _AGE_MS_MAX)
            if answers is not None:
                scan["version"] = answers
            body = msgspec.json.encode(scan)
            return await self._call("POST", f"{self._path}/scans", _Answered, body)

        async with self._in_turn:
            try:
                answer = await self._until_answered(ask)
            except _Unacceptable as refusal:
                fault = refusal.fault
                text = fault.message or fault.code
                self._unacceptable = Message(severity="error", code=fault.code, text=text)
                return "refused", self._shown(self._last or waiting_prompt(self._language))
            self._last, self._unacceptable = answer.prompt, None
            self.version = answer.version or None
            return answer.fate, answer.prompt

    async def close(self) -> None:
        """Let go of the connection."""
        await self._client.aclose()

    async def _until_answered(self, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        for tries in count():
            try:
                if not self._signed_on:
                    await self._sign_on()
                answer = await ask()
            except _Unanswered as why:
                self._signed_on &= why.reason != "signed_off"
                since_s = self.trouble.since_s if self.trouble else self._clock()
                self.trouble = Trouble(why.reason, since_s)
                await self._sleep(RETRY_S[min(tries, len(RETRY_S) - 1)])
            else:
                self.trouble = None
                return answer
        raise AssertionError("count() does not end")

    async def _sign_on(self) -> None:
        body = msgspec.json.encode({"terminal": self._terminal})
        try:
            self._last = (await self._call("POST", "/v1/terminals", _Shown, body)).prompt
        except _Unacceptable as refusal:
            raise _Unanswered("not_allowed") from refusal
        self._signed_on = True

    async def _call(
        self, method: str, path: str, wanted: type[Answer], body: bytes | None = None
    ) -> Answer:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        try:
            answer = await self._client.request(method, path, content=body, headers=headers)
            if answer.status_code < 400:
                return msgspec.json.decode(answer.content, type=wanted)
        except (httpx2.TransportError, httpx2.DecodingError, msgspec.MsgspecError) as lost:
            raise _Unanswered("unreachable") from lost
        reason = _reason(answer.status_code, answer.content)
        if reason:
            raise _Unanswered(reason)
        raise _Unacceptable(_fault(answer.content))

    def _shown(self, prompt: Prompt) -> Prompt:
        return replace(prompt, message=self._unacceptable) if self._unacceptable else prompt


def _reason(status: int, body: bytes) -> Reason | None:
    if status == 404:
        return "signed_off"
    if status in _MINE_TO_MEND:
        return "not_allowed"
    if status == 503:
        return _SAID.get(_fault(body).code, "unreachable")
    return "unreachable" if status >= 500 or status in _SERVER_BUSY else None


def _fault(body: bytes) -> _Fault:
    try:
        return msgspec.json.decode(body, type=_Faulty).error
    except msgspec.MsgspecError:
        return _Fault(code="http")


def waiting_prompt(language: Language) -> Prompt:
    """What a screen shows before the server ever answered."""
    title, ask = say("screen.connecting", language), say("screen.wait", language)
    return Prompt(dialogue="link", step="connecting", title=title, ask=ask, language=language)
