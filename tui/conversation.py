"""One terminal's talk with the server: what was said, what is still unanswered, what to show."""

import asyncio
from collections.abc import Callable

from msgspec.structs import replace

from tui.line import Send
from tui.link import Link, Sleep, waiting_prompt
from wms.messages import Language
from wms.rooms.prompts import Message

POLL_S = 1.0
WAITING_MAX = 100  # so many triggers nobody pulls unseen; beyond it the screen says so


class Conversation:
    """Sends in order, listens for changes in between, and never shows an older prompt over a newer.

    *changed* is called after every change with the message that is news, or None.
    """

    def __init__(
        self,
        link: Link,
        *,
        ids: Callable[[], str],
        changed: Callable[[Message | None], None],
        sleep: Sleep = asyncio.sleep,
        language: Language = "ja",
    ) -> None:
        self.prompt = waiting_prompt(language)
        self.waiting = 0
        self._link = link
        self._ids = ids
        self._changed = changed
        self._sleep = sleep
        self._queue: asyncio.Queue[tuple[str, Send, float | None, int | None] | None]
        self._queue = asyncio.Queue()
        self._version: int | None = None  # of the prompt that is shown
        self._answers = 0  # counts what was sent or answered: a poll that saw less is old news

    def say(self, said: Send, said_s: float | None = None) -> bool:
        """Queue one input. False when too many wait already: it was not taken.

        *said_s* is when it was said, by the link's clock: it may wait here for a while.
        """
        if self.waiting >= WAITING_MAX:
            return False
        self._queue.put_nowait((self._ids(), said, said_s, self._version))
        self.waiting += 1
        self._answers += 1
        return True

    def leave(self) -> None:
        """End `run` as soon as everything that was said has its answer."""
        self._queue.put_nowait(None)

    async def run(self) -> None:
        """Talk until `leave`."""
        async with asyncio.TaskGroup() as both:
            listening = both.create_task(self._listen())
            await self._send_all()
            listening.cancel()

    async def _send_all(self) -> None:
        while (entry := await self._queue.get()) is not None:
            scan_id, said, said_s, answers = entry
            told = await self._link.send(scan_id, said.text, said.via, said_s, answers)
            self.prompt, self._version = told[1], self._link.version
            self.waiting -= 1
            self._answers += 1
            self._changed(self.prompt.message)

    async def _listen(self) -> None:
        while True:
            if not self.waiting:
                await self._look()
            await self._sleep(POLL_S)

    async def _look(self) -> None:
        answers = self._answers
        prompt = await self._link.prompt()
        if answers != self._answers:
            return
        self._version = self._link.version
        if prompt in (self.prompt, replace(self.prompt, message=None)):
            return  # nothing is news; what was said to the last input stays until the next
        news = prompt.message if prompt.message != self.prompt.message else None
        self.prompt = prompt
        self._changed(news)
