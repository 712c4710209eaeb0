"""The part of the menu of faults that strikes vehicles, and the broker that they speak through."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from app.demo.site import DROPS
from app.simulation.faults_cables import of_cable
from app.simulation.vehicles import Fleet
from devices.twins.vda5050 import Vda5050Twin

if TYPE_CHECKING:
    from app.simulation.faults import Fault, Storm

OFF_S = 60.0
SOON_S = 30.0  # somebody sees soon that it does not fit
LOOKS, LOOK_S = 120, 10.0  # until it carries something
EMPTY = 50  # tenths of a percent


def menu(storm: "Storm") -> "dict[str, Fault]":
    """Every fault of the vehicles that this site has."""
    fleet = storm.hardware.fleet
    found: dict[str, Fault] = {}
    for twin in fleet.twins.values():
        found |= _broker(storm, fleet) | of_cable(storm, "broker", fleet.broker.port)
        found |= _link(storm, twin) | _body(storm, twin) | _missions(storm, twin)
    return found


def _broker(storm: "Storm", fleet: Fleet) -> "dict[str, Fault]":
    broker = fleet.broker

    def spoken() -> int:
        return storm.network.carried[broker.port]

    async def restart() -> None:
        await broker.stop()
        await asyncio.sleep(storm.random.uniform(0.0, OFF_S))
        await broker.start()

    async def shut_out() -> None:
        nobody = {"nobody": "knows"}
        storm.settings.change(broker, "passwords", nobody)
        broker.hang_up()
        await asyncio.sleep(storm.random.uniform(0.0, SOON_S))
        storm.settings.give_back(broker, "passwords", nobody)
        for name in fleet.twins:
            await storm.server.restart_device(name)

    def single(what: Counter[str], topic: str) -> "Fault":
        def strike() -> None:
            what[topic] += 1

        return storm.once(strike, lambda: not what[topic])

    return {
        "broker: restarted": _always(storm, restart),
        "broker: lets nobody in": _always(storm, shut_out),
        "broker: frozen": storm.between(broker.freeze, broker.thaw, spoken),
        "broker: half a message": storm.once(broker.half_a_message),
        "broker: a state lost": single(broker.lose, "state"),
        "broker: a state twice": single(broker.repeat, "state"),
        "broker: an order lost": single(broker.lose, "order"),
        "broker: an order twice": single(broker.repeat, "order"),
    }


def _link(storm: "Storm", twin: Vda5050Twin) -> "dict[str, Fault]":
    """What it says, and whether it does."""

    def spoken() -> int:
        return storm.network.carried[storm.hardware.fleet.broker.port]

    def garble() -> None:
        twin.garble_next += 1

    async def another_version(name: str) -> None:
        await storm.lasting(twin, spoken, SOON_S, version="3.0.0")(name)
        await storm.server.restart_device(twin.serial)

    return {
        "vehicle: silent": storm.between(twin.silence, twin.speak, spoken),
        "vehicle: link lost": storm.once(twin.lose_link),
        "vehicle: a state cut": storm.once(garble, lambda: not twin.garble_next),
        "vehicle: does not know its load": storm.lasting(twin, spoken, loads_known=False),
        "vehicle: another version": another_version,
    }


def _body(storm: "Storm", twin: Vda5050Twin) -> "dict[str, Fault]":
    """Its power, its brakes, and what lies on it."""

    def spoken() -> int:
        return storm.network.carried[storm.hardware.fleet.broker.port]

    def power_cut(*, wiped: bool) -> Callable[[], Awaitable[None]]:
        async def cut() -> None:
            await twin.power_off()
            await asyncio.sleep(storm.random.uniform(0.0, OFF_S))
            await twin.power_on(wiped=wiped)

        return cut

    async def falls(name: str) -> None:
        for _ in range(LOOKS):
            if twin.driving and (code := twin.drop_load()) is not None:
                storm.hardware.world.where[code] = DROPS[0]  # whoever passes by brings it there
                storm.tally.hit(name)
                return
            await asyncio.sleep(LOOK_S)

    return {
        "vehicle: power cut": _always(storm, power_cut(wiped=False)),
        "vehicle: power cut, and nothing remembered": _always(storm, power_cut(wiped=True)),
        "vehicle: load falls off": falls,
        "vehicle: paused": storm.lasting(twin, spoken, paused=True),
        "vehicle: e-stop": storm.lasting(twin, spoken, stopped=True),
        "vehicle: driven by hand": storm.lasting(twin, spoken, mode="MANUAL"),
        "vehicle: broken down": storm.lasting(twin, spoken, fatal=True),
        "vehicle: low battery": storm.lasting(twin.body, spoken, battery=EMPTY),
    }


def _missions(storm: "Storm", twin: Vda5050Twin) -> "dict[str, Fault]":
    """The next order, or something in it, comes to nothing."""

    def fails(error: str, action: str) -> "Fault":
        return storm.once(lambda: twin.fail_next(error, action), lambda: not twin.fails_next)

    async def drives_on(name: str) -> None:
        storm.settings.change(twin, "goes_on", value=True)
        await fails("loadNotFound", "pick")(name)
        storm.settings.give_back(twin, "goes_on", value=True)

    return {
        "vehicle: order refused": storm.once(
            lambda: twin.reject_next("orderError"), lambda: not twin.rejects_next
        ),
        "vehicle: nothing to pick": fails("loadNotFound", "pick"),
        "vehicle: path blocked": fails("blockedPath", "pick"),
        "vehicle: path blocked with a load": fails("blockedPath", "drop"),
        "vehicle: station occupied": fails("stationOccupied", "drop"),
        "vehicle: drives on after a failure": drives_on,
    }


def _always(storm: "Storm", happens: Callable[[], Awaitable[None]]) -> "Fault":
    """*happens*, and somebody notices."""

    async def strike(name: str) -> None:
        storm.tally.hit(name)
        await happens()

    return strike
