"""A client of an MQTT 3.1.1 broker: messages of some topics come in, messages go out.

The port that drivers speak to is `Broker`; `Mqtt` is the live one, on aiomqtt. It reconnects never:
a connection that was lost ends the session, and the supervisor begins another.
"""

import asyncio
import logging
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import aiomqtt

from devices.capabilities import ConfigFault, Unavailable, Uncertain

# What the library would warn of is told by the device's health, once.
LIBRARY_LOG = logging.getLogger(__name__)
LIBRARY_LOG.setLevel(logging.CRITICAL)

QUEUED_MAX = 1_000  # messages that came and were not read; more than that are dropped
NO_CONNECTION = 4  # of the client: it was not handed to any wire
NOT_WELCOME = (4, 5, 134, 135)  # CONNACK: bad name or password, not authorised


@dataclass(frozen=True, slots=True)
class Address:
    """Where a broker is, and as whom we come. With *tls* its certificate is checked, against
    *ca_file* if there is one."""

    host: str
    port: int
    username: str = ""
    password: str = ""
    tls: bool = False
    ca_file: str = ""
    timeout_s: float = 2.0
    keepalive_s: int = 10


class Broker(Protocol):
    """One connection to a broker."""

    async def connect(self, topics: Mapping[str, int]) -> None:
        """Connect and listen to *topics* with these qualities. `Unavailable`, `ConfigFault`."""
        ...

    async def receive(self) -> tuple[str, bytes]:
        """The next message: its topic and what it says. `Unavailable`: the connection is lost."""
        ...

    async def publish(self, topic: str, payload: bytes, quality: int = 0) -> None:
        """`Unavailable`: not sent; `Uncertain`: perhaps."""
        ...

    async def close(self) -> None:
        """Never raises."""
        ...


class Mqtt:
    """See the module's docstring."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._client: aiomqtt.Client | None = None

    async def connect(self, topics: Mapping[str, int]) -> None:
        """See `Broker`."""
        client = self._new_client()
        entering = asyncio.ensure_future(client.__aenter__())
        try:
            # It connects in a thread, which cannot be stopped.
            await asyncio.shield(entering)
            self._client = client
            for topic, quality in topics.items():
                await client.subscribe(topic, qos=quality)
        except aiomqtt.MqttError as error:
            code = getattr(error, "rc", None)
            if getattr(code, "value", code) in NOT_WELCOME:
                raise ConfigFault(f"the broker does not let us in: {error}") from error
            raise Unavailable("device.unreachable") from error
        except UnicodeError as error:
            raise ConfigFault(f"host {self._address.host!r}: {error}") from error
        finally:
            if self._client is None:
                entering.add_done_callback(lambda entered: _leave_later(client, entered))

    def _new_client(self) -> aiomqtt.Client:
        address = self._address
        return aiomqtt.Client(
            address.host, address.port, username=address.username or None,
            password=address.password or None, timeout=address.timeout_s,
            keepalive=address.keepalive_s, max_queued_incoming_messages=QUEUED_MAX,
            tls_context=_tls(address) if address.tls else None, logger=LIBRARY_LOG,
        )  # fmt: skip

    async def receive(self) -> tuple[str, bytes]:
        """See `Broker`."""
        try:
            message = await anext(self._here().messages)
        except aiomqtt.MqttError as error:
            raise Unavailable("device.unreachable") from error
        assert isinstance(message.payload, bytes)
        return message.topic.value, message.payload

    async def publish(self, topic: str, payload: bytes, quality: int = 0) -> None:
        """See `Broker`."""
        try:
            await self._here().publish(topic, payload, qos=quality)
        except aiomqtt.MqttError as error:
            if getattr(error, "rc", None) == NO_CONNECTION:
                raise Unavailable("device.unreachable") from error
            raise Uncertain("device.silent") from error

    async def close(self) -> None:
        """See `Broker`."""
        client, self._client = self._client, None
        if client is not None:
            await _leave(client)

    def _here(self) -> aiomqtt.Client:
        if self._client is None:
            raise Unavailable("device.unreachable")
        return self._client


def _tls(address: Address) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=address.ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise ConfigFault(f"ca_file {address.ca_file!r}: {error}") from error


async def _leave(client: aiomqtt.Client) -> None:
    with suppress(aiomqtt.MqttError, OSError):
        await client.__aexit__(None, None, None)
    lost = client._disconnected
    if lost.done() and not lost.cancelled():
        lost.exception()  # fetched, or the loop would report it: the library leaves it there


_leaving: set[asyncio.Task[None]] = set()


def _leave_later(client: aiomqtt.Client, entered: "asyncio.Future[aiomqtt.Client]") -> None:
    """A connection that nobody waits for any more, or that was never answered: hang up."""
    if not entered.cancelled():
        entered.exception()  # fetched, so that the loop does not report it once more
        task = asyncio.ensure_future(_leave(client))
        _leaving.add(task)
        task.add_done_callback(_leaving.discard)
