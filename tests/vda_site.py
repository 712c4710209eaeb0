"""A small site with vehicles of VDA 5050 and a broker; GRH-1 robots beside them, if asked."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from devices.conformance import until
from devices.supervisor import Supervisor
from devices.twins.grh1 import Delivery
from devices.twins.mqtt_broker import MqttBroker
from devices.twins.vda5050 import Vda5050Twin
from tests.robot_site import PARKING, Site
from wms import audit
from wms.robots import roster
from wms.robots.rows import Mission
from wms.schema import robots as robots_table

VENDOR = {"loadNotFound": 1, "stationOccupied": 2, "blockedPath": 3, "loadLost": 5}


@dataclass
class VdaSite(Site):
    """Names that begin with `vda` are vehicles behind the broker, others speak GRH-1."""

    names: tuple[str, ...] = ("vda-1",)
    travel_s: float = 0.02
    hand_off_s: float = 0.02
    silent_s: float = 20.0
    broker: MqttBroker = field(default_factory=MqttBroker)
    vehicles: dict[str, Vda5050Twin] = field(default_factory=dict)

    async def __aenter__(self) -> "VdaSite":
        every, self.names = self.names, tuple(n for n in self.names if not n.startswith("vda"))
        await super().__aenter__()
        self.names = every
        await self.broker.start()
        for name in every:
            if name.startswith("vda"):
                stations = (PARKING, *range(1, 2 * self.totes + 1))
                self.vehicles[name] = Vda5050Twin(
                    serial=name, nodes={f"N{station}": station for station in stations},
                    clock=self.clock, world=self.world, travel_s=self.travel_s,
                    hand_off_s=self.hand_off_s, scan_s=0.004, state_every_s=0.1,
                )  # fmt: skip
                await self.vehicles[name].start(self.broker.host, self.broker.port)
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.kill()
        for vehicle in self.vehicles.values():
            await vehicle.power_off()
        await self.broker.stop()
        findings = self.book.read_now(audit.audit)
        await super().__aexit__(*error)
        assert findings == [], findings

    async def connect(self, supervisor: Supervisor) -> None:
        """The vehicles, too."""
        await super().connect(supervisor)
        for name, vehicle in self.vehicles.items():
            nodes = {str(station): node for node, station in vehicle.nodes.items()}
            await supervisor.start(name, "vda5050", {
                "host": self.broker.host, "port": self.broker.port, "manufacturer": "genba",
                "serial_number": name, "nodes": nodes, "errors": VENDOR, "silent_s": self.silent_s,
                "reply_timeout_s": 0.5,
            })  # fmt: skip

    @property
    def vehicle(self) -> Vda5050Twin:
        """The first vehicle."""
        return next(iter(self.vehicles.values()))

    @property
    def deliveries(self) -> list[Delivery]:
        """All that robots and vehicles have physically moved."""
        return [*super().deliveries, *(d for v in self.vehicles.values() for d in v.deliveries)]

    def fence(self, name: str) -> int:
        """The fence under which a robot is conducted; 0 before anybody has taken it over."""
        return self.book.read_now(roster.record, name).fence

    def described(self) -> str:
        """What there is to know when something did not come true."""
        memories = [(vehicle.memory, vehicle.errors) for vehicle in self.vehicles.values()]
        return f"{super().described()}\n{memories}"

    async def until_state(self, job: str, state: str, within_s: float = 30.0) -> Mission:
        """Wait until the latest attempt is so."""
        await until(lambda: self.mission(job).state == state, self.described, within_s)
        return self.mission(job)

    def shown(self, name: str) -> str:
        """How far a robot's mission is, as the book shows it."""
        query = select(robots_table.c.state).where(robots_table.c.device == name)
        found: str = self.book.read_now(lambda tx: tx.execute(query).scalar_one())
        return found

    async def until_vehicle(self, at: str, within_s: float = 30.0) -> None:
        """Wait until the first vehicle's last action is so: pick RUNNING..."""
        kind, status = at.split()

        def is_so() -> bool:
            actions = self.vehicle.memory.actions
            return (kind, status) in [(each["actionType"], each["status"]) for each in actions]

        await until(is_so, lambda: f"{at}: {self.described()}", within_s)


@asynccontextmanager
async def vda_site(url: str, **fields: Any) -> AsyncIterator[VdaSite]:
    """A site with its floor process running."""
    async with VdaSite(url, **fields) as made:
        await made.boot()
        yield made
