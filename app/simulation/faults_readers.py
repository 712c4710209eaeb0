"""The part of the menu of faults that strikes RFID readers."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from app.simulation.benches import Reader
from app.simulation.faults_cables import of_cable
from app.simulation.readers import NEAR, BenchReader
from app.simulation.tally import SELDOM_S
from devices.twins.llrp import GARBAGE

if TYPE_CHECKING:
    from app.simulation.faults import Fault, Storm

OFF_S = 20.0
FASTER_S = 0.1  # than our driver, which waits a little before it calls again
MUTE = ("GET_READER_CAPABILITIES", "SET_READER_CONFIG", "ADD_ROSPEC", "ENABLE_ROSPEC")


def menu(storm: "Storm", reader: Reader | BenchReader) -> "dict[str, Fault]":
    """Every fault of this reader."""
    if isinstance(reader, BenchReader):
        cable = of_cable(storm, "reader", reader.twin.port)
        return cable | _goods(storm, reader) | _session(storm, reader) | _reports(storm, reader)
    return {
        "reader: away": storm.lasting(reader, lambda: reader.refused, away=True),
        "reader: deaf": storm.lasting(reader, lambda: reader.missed, SELDOM_S, deaf=True),
        "reader: a stray tag": storm.lasting(reader, lambda: reader.strayed, SELDOM_S, stray=True),
    }


def _goods(storm: "Storm", reader: BenchReader) -> "dict[str, Fault]":
    """What lies before it is not what it reads."""
    twin = reader.twin

    async def pulled() -> None:
        storm.settings.change(reader, "is_deaf", value=True)
        await twin.antenna(NEAR, connected=False)
        await storm.some_time()
        storm.settings.give_back(reader, "is_deaf", value=True)
        await twin.antenna(NEAR, connected=True)

    return {
        "reader: deaf": storm.lasting(reader, lambda: reader.missed, SELDOM_S, is_deaf=True),
        "reader: a stray tag": storm.lasting(reader, lambda: reader.strayed, SELDOM_S, stray=True),
        "reader: weak tags": storm.lasting(reader, lambda: reader.shown, SELDOM_S, chance=0.3),
        "reader: antenna pulled": _heard(storm, reader, pulled),
    }


def _session(storm: "Storm", reader: BenchReader) -> "dict[str, Fault]":
    """Its firmware, its power and its one client. A fault of the greeting strikes a new session."""
    twin, faults = reader.twin, reader.twin.faults

    def anew(setting: str, value: Callable[[], object]) -> "Fault":
        async def strike() -> None:
            now = value()
            storm.settings.change(faults, setting, now)
            twin.drop()
            await storm.some_time()
            storm.settings.give_back(faults, setting, now)

        return _heard(storm, reader, strike)

    async def power_cut() -> None:
        await twin.stop()
        await asyncio.sleep(storm.random.uniform(0.0, OFF_S))
        await twin.start()

    async def freeze() -> None:
        twin.freeze()
        await storm.some_time()
        twin.thaw()

    async def drop() -> None:
        twin.drop()

    return {
        "reader: refuses clients": anew("refuse_clients", lambda: True),
        "reader: mute": anew("mute", lambda: {storm.random.choice(MUTE)}),
        "reader: slow answers": anew("delay_s", lambda: 1.5),
        "reader: frozen": _heard(storm, reader, freeze),
        "reader: link dropped": _heard(storm, reader, drop),
        "reader: power cut": _heard(storm, reader, power_cut),
        "reader: another client has it": _taken(storm, reader),
    }


def _taken(storm: "Storm", reader: BenchReader) -> "Fault":
    """Somebody else's program was faster after the link broke: a reader serves one."""
    twin = reader.twin

    async def strike(name: str) -> None:
        refused = twin.refused
        twin.drop()
        await asyncio.sleep(FASTER_S)
        with suppress(OSError):
            _, writer = await asyncio.open_connection(twin.host, twin.port)
            await storm.some_time()
            writer.close()
        if twin.refused != refused:
            storm.tally.hit(name)

    return strike


def _reports(storm: "Storm", reader: BenchReader) -> "dict[str, Fault]":
    """What it says of tags comes broken, or not at all."""
    twin, faults = reader.twin, reader.twin.faults

    def garbage() -> None:
        faults.before_next_report = GARBAGE

    def cut() -> None:
        faults.cut_next_report = True

    def drop() -> None:
        faults.drop_after_reports = 2

    return {
        "reader: in small pieces": storm.lasting(
            faults, lambda: storm.network.carried[twin.port], dribble=True
        ),
        "reader: leaves out what is unchanged": storm.lasting(
            faults, lambda: twin.reports, SELDOM_S, omit_unchanged=True
        ),
        "reader: its memory is full": _heard(storm, reader, twin.overflow),
        "reader: a report that says nothing": storm.once(
            garbage, lambda: not faults.before_next_report
        ),
        "reader: power cut in a report": storm.once(cut, lambda: not faults.cut_next_report),
        "reader: link dropped after a report": storm.once(
            drop, lambda: faults.drop_after_reports is None
        ),
    }


def _heard(
    storm: "Storm", reader: BenchReader, happens: Callable[[], Awaitable[None]]
) -> "Fault":  # fmt: skip
    """*happens*, and counts if somebody was connected."""

    async def strike(name: str) -> None:
        if reader.twin.has_client:
            storm.tally.hit(name)
        await happens()

    return strike
