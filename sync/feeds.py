"""The worker that tells the world: events become webhooks, at least once, in order per order.

It reads and settles in short transactions, and sends between them. Killed at any
moment, it sends again what it cannot know to have arrived, under the same `webhook-id`.
"""

import asyncio
import ssl
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from random import Random

import httpx2
import structlog

from sync import outbox
from sync.addresses import Forbidden, pinned
from sync.outbox import Endpoint, configure, lag, of_config
from sync.webhooks import BadSecret, Outgoing, Tried, headers_of, judged, words_of
from wms.bell import Look
from wms.config import Webhook
from wms.db import Book, Tx
from wms.errors import Rejected

__all__ = ["Endpoint", "Settings", "configure", "lag", "of_config", "run", "settings_of"]

log = structlog.get_logger(__name__)
ANSWER_BYTES_MAX = 1_024  # of a refusal, to say why
ANSWER_S = 1.0
BREATH_S = 0.02  # events of one moment leave together


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`concurrency` an endpoint; `timeout_s` for connecting, sending and the answer's head, all
    together; `scales` shorten the retries of an endpoint by name; `private_hosts` may be inside.
    """

    concurrency: int = 8
    timeout_s: float = 10.0
    scales: Mapping[str, float] = field(default_factory=dict)
    private_hosts: frozenset[str] = frozenset()


def settings_of(webhooks: Mapping[str, Webhook]) -> Settings:
    """What the configuration's `[webhooks.NAME]` sections say about sending."""
    private = {httpx2.URL(hook.url).host for hook in webhooks.values() if hook.private_network}
    scales = {name: hook.retry_scale for name, hook in webhooks.items()}
    return Settings(scales=scales, private_hosts=frozenset(private))


@dataclass(frozen=True, slots=True)
class Sender:
    """Makes attempts; never raises for what the world does. *secret* reads a reference.

    A client for each host: connections are kept by address, and one that was proven to be the one
    host must not carry what is meant for another at the same address.
    """

    new_client: Callable[[], httpx2.AsyncClient]
    settings: Settings
    now: Callable[[], int]
    random: Random
    secret: Callable[[str], str]
    clients: dict[str, httpx2.AsyncClient] = field(default_factory=dict)

    async def attempt(self, one: Outgoing) -> Tried:
        """Send one delivery once."""
        try:
            status, reason = await self._send(one)
        except TimeoutError:
            status, reason = 0, f"no answer in {self.settings.timeout_s:g} s"
        except Forbidden as error:
            status, reason = 0, str(error)
        except (Rejected, BadSecret) as error:
            status, reason = 0, f"secret: {error}"
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            status, reason = 0, f"{type(error).__name__} {error}".strip()
        scale = self.settings.scales.get(one.name, 1.0)
        return judged(one, status, reason, scale=scale, random=self.random)

    async def _send(self, one: Outgoing) -> tuple[int, str]:
        """The status, and the beginning of the body of a refusal."""
        async with asyncio.timeout(self.settings.timeout_s):
            url, host = await pinned(one.url, private_hosts=self.settings.private_hosts)
            secrets = self.secret(one.secret)
            headers = headers_of(one.webhook_id, one.body, secrets=secrets, now=self.now())
            headers["host"] = httpx2.URL(one.url).netloc.decode("ascii")
            client = self.clients.get(host) or self.clients.setdefault(host, self.new_client())
            request = client.build_request(
                "POST", url, content=one.body, headers=headers, extensions={"sni_hostname": host}
            )
            answer = await client.send(request, stream=True)
        try:
            said = await _beginning(answer)
        finally:
            await answer.aclose()
        return answer.status_code, "" if answer.is_success else said


async def _beginning(answer: httpx2.Response) -> str:
    """At most 1 kB of an answer's body: the status has decided already, and this may never end."""
    got = bytearray()
    with suppress(TimeoutError, httpx2.HTTPError):
        async with asyncio.timeout(ANSWER_S):
            async for chunk in answer.aiter_raw():
                got += chunk
                if len(got) >= ANSWER_BYTES_MAX:
                    break
    return words_of(bytes(got[:ANSWER_BYTES_MAX]))


async def run(
    book: Book, *, now: Callable[[], int], random: Random, secret: Callable[[str], str],
    settings: Settings | None = None, trust: ssl.SSLContext | None = None,
) -> None:  # fmt: skip
    """Send until cancelled. *secret* gives the `whsec_` value behind a reference of the book."""
    settings = settings or Settings()
    new_client = partial(
        httpx2.AsyncClient, verify=trust or True, trust_env=False,
        follow_redirects=False, timeout=settings.timeout_s,
    )  # fmt: skip
    sender = Sender(new_client, settings, now, random, secret)
    flying: dict[asyncio.Task[Tried], Outgoing] = {}
    try:
        while True:
            seen = book.bell.look()
            await _turn(book, sender, flying)
            await _anything(seen, flying)
    finally:
        for task in flying:
            task.cancel()
        await asyncio.gather(*flying, return_exceptions=True)
        for client in sender.clients.values():
            await client.aclose()


async def _turn(book: Book, sender: Sender, flying: dict[asyncio.Task[Tried], Outgoing]) -> None:
    """Settle what came back, and send what is due."""
    landed = [task for task in flying if task.done()]
    tried = [task.result() for task in landed]
    under_way = [one for task, one in flying.items() if task not in landed]
    many, moment = sender.settings.concurrency, sender.now()
    if not tried and not await book.read(
        outbox.is_work, now=moment, flying=under_way, concurrency=many
    ):
        return
    chosen = await book.write(turn, tried, flying=under_way, now=moment, settings=sender.settings)
    for task in landed:
        del flying[task]
    for one in chosen:
        flying[asyncio.create_task(sender.attempt(one), name=one.webhook_id)] = one
    for done in tried:
        if done.fate in ("parked", "gone"):  # what is tried again is no news
            # Why is in the book alone: an answer may repeat somebody's address.
            log.warning(f"webhook.{done.fate}", endpoint=done.name, delivery=done.delivery)


def turn(
    tx: Tx, tried: Sequence[Tried], *, flying: Sequence[Outgoing], now: int, settings: Settings
) -> list[Outgoing]:
    """One transaction of the worker: what came back, new events, and what to send next."""
    outbox.settle(tx, tried, now=now, scales=settings.scales)
    outbox.collect(tx, now=now)
    return outbox.due(tx, now=now, flying=flying, concurrency=settings.concurrency)


async def _anything(
    seen: Look, flying: Mapping[asyncio.Task[Tried], Outgoing]
) -> None:  # fmt: skip
    """Until an attempt came back, or what was read has changed, or a second."""
    if not any(task.done() for task in flying):
        bell = asyncio.create_task(seen.changed())
        try:
            await asyncio.wait({bell, *flying}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            bell.cancel()
    await asyncio.sleep(BREATH_S)
