"""The part of the menu of faults that strikes devices and their cables."""

from typing import TYPE_CHECKING

from app.simulation import faults_printers, faults_readers, faults_vehicles
from app.simulation.benches import CabledScanner
from app.simulation.faults_cables import of_cable
from app.simulation.hardware import Hardware
from app.simulation.network import Network
from app.simulation.readers import BenchReader
from app.simulation.robots import BUSY, ILLEGAL_ADDRESS, Wire
from app.simulation.tally import SELDOM_S
from devices.twins import grh1_memory as m
from devices.twins.lights import LightsTwin
from devices.twins.scale import ScaleTwin

if TYPE_CHECKING:
    from app.simulation.faults import Fault, Storm

SOON_S = 30.0  # somebody sees a wrong address soon


def name_cables(hardware: Hardware, network: Network) -> None:
    """What stands at the end of each cable."""
    for printer in hardware.printers.values():
        network.cable(printer.port).where = "printer"
    for scale in hardware.scales.values():
        network.cable(scale.port).where = "scale"
    for reader in hardware.readers.values():
        if isinstance(reader, BenchReader):
            network.cable(reader.twin.port).where = "reader"
    if hardware.fleet.twins:
        network.cable(hardware.fleet.broker.port).where = "broker"
    if hardware.lights is not None:
        network.cable(hardware.lights.port).where = "lights"


def menu(storm: "Storm") -> "dict[str, Fault]":
    """Every fault of the devices that this site has."""
    hardware = storm.hardware
    found: dict[str, Fault] = {}
    for printer in hardware.printers.values():
        found |= of_cable(storm, "printer", printer.port) | faults_printers.menu(storm, printer)
    for scale in hardware.scales.values():
        found |= of_cable(storm, "scale", scale.port) | _scale(storm, scale)
    for scanner in hardware.scanners.values():
        found |= _scanner(storm, scanner)
    for reader in hardware.readers.values():
        found |= faults_readers.menu(storm, reader)
    if hardware.lights is not None:
        found |= of_cable(storm, "lights", hardware.lights.port) | _lights(storm, hardware.lights)
    found |= faults_vehicles.menu(storm)
    for wire in hardware.wires.wires.values():
        found |= _robot(storm, wire)
    return found


def _scanner(storm: "Storm", twin: CabledScanner) -> "dict[str, Fault]":
    return {
        "scanner: unplugged": storm.between(
            twin.unplug, twin.plug, lambda: twin.plugged_in
        ),
    }  # fmt: skip


def _scale(storm: "Storm", twin: ScaleTwin) -> "dict[str, Fault]":
    def asked() -> int:
        return len(twin.commands)

    def cut_reply() -> None:
        twin.cut_next_reply = True

    return {
        "scale: unstable": storm.once(lambda: twin.unstable(20)),
        "scale: pan lifted": storm.between(twin.underload, twin.put_pan_back, asked),
        "scale: overload": storm.between(twin.overload, twin.relieve, asked),
        "scale: garbage": storm.lasting(twin, asked, garbage=True),
        "scale: frozen": storm.lasting(twin, asked, frozen=True),
        "scale: reply cut": storm.once(cut_reply, lambda: not twin.cut_next_reply),
    }


def _lights(storm: "Storm", twin: LightsTwin) -> "dict[str, Fault]":
    def spoken() -> int:
        return storm.network.carried[twin.port]

    def lose_reply() -> None:
        twin.lose_replies += 1

    return {
        "lights: silent": storm.lasting(twin, spoken, silent=True),
        "lights: answer busy": storm.lasting(twin, spoken, exception=BUSY),
        "lights: slow": storm.lasting(twin, spoken, delay_s=1.5),
        "lights: reply lost": storm.once(lose_reply, lambda: not twin.lose_replies),
        "lights: half a message": storm.once(twin.half_a_message),
        "lights: dark after a power cut": storm.once(lambda: _darken(twin)),
    }


def _darken(twin: LightsTwin) -> None:
    twin.hang_up()
    twin.lamps = [False] * len(twin.lamps)


def _robot(storm: "Storm", wire: Wire) -> "dict[str, Fault]":
    plc, planned = wire.plc, [""]

    def asked() -> int:
        return wire.asked

    def break_links() -> None:
        wire.life, wire.broken = wire.life + 1, True

    def fails(error: int, leg: str) -> "Fault":
        async def strike(name: str) -> None:
            settle()
            plc.fail_next(error, leg)
            planned[0] = name  # instead of what was planned before
            await storm.some_time(SELDOM_S)
            if planned[0] == name:
                settle()
                plc.fail_next(0, leg)

        return strike

    def settle() -> None:
        """What was planned last counts if a mission has met it."""
        if planned[0] and not plc.fails_next:
            storm.tally.hit(planned[0])
        planned[0] = ""

    def count_up(counter: str, times: int = 1) -> None:
        thing = plc if counter == "torn_reads" else wire
        setattr(thing, counter, getattr(thing, counter) + times)

    return {
        "robot: connections refused": storm.lasting(wire, refused=True),
        "robot: silent": storm.lasting(wire, silent=True),
        "robot: links broken": storm.once(break_links, lambda: False),
        "robot: reply lost": storm.once(lambda: count_up("lose_replies"), lambda: False),
        "robot: late write": storm.once(lambda: count_up("late_writes"), lambda: False),
        "robot: answers busy": storm.lasting(wire, answer_with=BUSY),
        "robot: illegal address": storm.lasting(wire, most_s=SOON_S, answer_with=ILLEGAL_ADDRESS),
        "robot: wrong magic": storm.lasting(plc, asked, SOON_S, wrong_magic=True),
        "robot: wrong protocol": storm.lasting(plc, asked, SOON_S, protocol=2),
        "robot: frozen": storm.lasting(plc, asked, frozen=True),
        "robot: torn reads": storm.once(
            lambda: count_up("torn_reads", 6), lambda: plc.torn_reads < 6
        ),
        "robot: deaf to the floor": storm.lasting(plc, asked, deaf_to_floor=True),
        "robot: boots": storm.once(plc.boot),
        "robot: boots with nothing remembered": storm.once(lambda: plc.boot(wiped=True)),
        "robot: e-stop": storm.between(plc.stop_now, plc.release, asked),
        "robot: path blocked": fails(m.PATH_BLOCKED, "source"),
        "robot: path blocked with a load": fails(m.PATH_BLOCKED, "target"),
        "robot: target occupied": fails(m.TARGET_OCCUPIED, "target"),
        "robot: source empty": fails(m.SOURCE_EMPTY, "source"),
        "robot: stopped by hand": fails(m.MANUAL_STOP, "source"),
        "robot: low battery": fails(m.LOW_BATTERY, "target"),
    }
