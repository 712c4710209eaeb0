"""Vehicles that speak VDA 5050 in a simulated site: the real driver, broker and MQTT, in memory.

The driver's usual client reads in a thread's time; this one says the same bytes on the loop's own
connections. Nobody pings: a connection that stalls is found out by the states that do not come.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from app.demo.physical import NODES, RobotFloor, World
from app.demo.site import DROPS
from app.demo.twins import ERRORS, wired
from devices.capabilities import ConfigFault, Unavailable
from devices.drivers.mqtt import Broker
from devices.drivers.vda5050 import Options
from devices.twins import mqtt_wire as wire
from devices.twins.mqtt_broker import MqttBroker
from devices.twins.vda5050 import Vda5050Twin

SCAN_S, STATE_S, KEEPALIVE_S = 4.0, 25.0, 120
TRAVEL_S, HAND_OFF_S = 60.0, 12.0
POLL_S, SILENT_S = 5.0, 60.0
UNREACHABLE = "device.unreachable"


class Line:
    """A `Broker`: one connection of the floor, byte for byte."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def connect(self, topics: Mapping[str, int]) -> None:
        """Connect and listen to *topics*, all with quality 0."""
        own = self._options
        try:
            async with asyncio.timeout(own.reply_timeout_s):
                self._reader, self._writer = await asyncio.open_connection(own.host, own.port)
                self._writer.write(wire.hello(f"floor-{own.serial_number}", 0))
                kind, _, body = await wire.read_packet(self._reader)
        except (OSError, EOFError, wire.Broken) as error:
            raise Unavailable(UNREACHABLE) from error
        if kind != wire.CONNACK or body[1] != 0:
            raise ConfigFault("the broker does not let us in")
        self._writer.write(wire.subscribed(topics))

    async def receive(self) -> tuple[str, bytes]:
        """The next message."""
        assert self._reader is not None
        try:
            while True:
                kind, flags, body = await wire.read_packet(self._reader)
                if kind == wire.PUBLISH:
                    message = wire.parse_published(flags, body)
                    return message.topic, message.payload
        except (OSError, EOFError, wire.Broken) as error:
            raise Unavailable(UNREACHABLE) from error

    async def publish(self, topic: str, payload: bytes, _quality: int = 0) -> None:
        """On its way, if there is a connection."""
        if self._writer is None or self._writer.is_closing():
            raise Unavailable(UNREACHABLE)
        self._writer.write(wire.published(wire.Message(topic, payload)))

    async def close(self) -> None:
        """Hang up."""
        if self._writer is not None:
            self._writer.close()


def line(options: Options) -> Broker:
    """What the driver uses in the place of its MQTT client."""
    return Line(options)


class Fleet:
    """The vehicles of a site by name, and their broker."""

    def __init__(self, world: World, count: int) -> None:
        self.world, self.broker = world, MqttBroker()
        self.twins: dict[str, Vda5050Twin] = {}
        self._names = [f"vda-{n}" for n in range(1, count + 1)]

    async def start(self, clock: Callable[[], float]) -> None:
        """Switch on what there is."""
        if self._names:
            await self.broker.start()
        for name in self._names:
            twin = self.twins[name] = Vda5050Twin(
                serial=name, nodes=NODES, clock=clock, world=RobotFloor(self.world),
                travel_s=TRAVEL_S, hand_off_s=HAND_OFF_S, scan_s=SCAN_S, state_every_s=STATE_S,
                keepalive_s=KEEPALIVE_S,
            )  # fmt: skip
            await twin.start(self.broker.host, self.broker.port)

    async def stop(self) -> None:
        """Switch everything off."""
        for twin in self.twins.values():
            await twin.power_off()
        await self.broker.stop()

    def config(self) -> dict[str, dict[str, Any]]:
        """What `[devices]` has to say of them."""
        nodes = {str(station): node for node, station in NODES.items()}
        return {
            name: wired(
                "vda5050", self.broker, manufacturer="genba", serial_number=name, errors=ERRORS,
                nodes=nodes, poll_s=POLL_S, silent_s=SILENT_S,
            )
            for name in self._names
        }  # fmt: skip


def help_up(twin: Vda5050Twin, world: World) -> None:
    """A person takes the load off, and clears its troubles."""
    code = twin.put_in_order()
    if code is not None:
        world.where[code] = DROPS[0]


def stands(twin: Vda5050Twin) -> bool:
    """Whether a vehicle waits for a person."""
    with_load = twin.body.fork is not None and not twin.memory.is_busy
    return twin.mode != "AUTOMATIC" or twin.stopped or twin.fatal or with_load
