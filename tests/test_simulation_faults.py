"""Every fault that a twin can have has a name in the simulation's menu, and devices of every kind
are met there: whoever adds a fault to a twin and forgets the simulation, is told here."""

import asyncio
from pathlib import Path
from random import Random
from typing import Any

import pytest

from app.demo import physical
from app.demo.oms import Oms
from app.simulation.faults import Storm
from app.simulation.gear import PRINTERS, READERS, Gear, drawn
from app.simulation.hardware import Hardware
from app.simulation.loop import VirtualLoop
from app.simulation.machine import Machine
from app.simulation.network import Network
from app.simulation.readers import BenchReader
from app.simulation.run import run, the_site
from app.simulation.server import Server
from app.simulation.shift import Plan
from app.simulation.tally import Tally
from devices.twins import llrp
from devices.twins.llrp import LlrpReaderTwin
from devices.twins.printer import PrinterTwin
from wms import config

GEARS = (Gear(), Gear("sbpl", "llrp", 1), Gear("tpcl", "field", 1))
# Of each twin: what can be done to it, and the fault in the menu that does so. "" is no fault: what
# a bench, a person or a test does with a twin that is well, or looks at.
PRINTER = {
    "paper_out": "printer: paper out", "ribbon_is_out": "printer: ribbon out",
    "open_head": "printer: head open", "pause": "printer: paused",
    "power_cycle": "printer: power cycle", "mute": "printer: mute", "garbage": "printer: garbage",
    "cut_next_answer": "printer: answer cut", "cut_after_bytes": "printer: format cut",
    "answer_delay_s": "printer: slow answers", "unplug": "printer: connections refused",
    "answers_when_blocked": "printer: shows its flags",
    "knows_settings": "printer: knows no settings", "bad_inlays": "printer: bad inlays",
    "echoes_to_newest": "printer: echoes to the newest caller",
    "one_link": "printer: one link, and it is taken", "turned_away": "",
    "stubborn_inlays": "printer: inlays that keep what they had",
    "writes_tags": "printer: its tag writer is broken",
    "close_head": "", "counter": "", "formats_received": "", "head_is_open": "", "host": "",
    "is_blocked": "", "is_idle": "", "label_ms": "", "labels": "", "paper_is_out": "",
    "paused": "", "plug_in": "", "port": "", "reload": "", "resume": "", "serial": "",
    "start": "", "stop": "",
}  # fmt: skip
RASTER = {
    "paper_out": "printer: paper out", "ribbon_is_out": "printer: ribbon out",
    "head_is_open": "printer: head open", "paused": "printer: paused",
    "power_cycle": "printer: power cycle", "mute": "printer: mute", "garbage": "printer: garbage",
    "cut_next_answer": "printer: answer cut", "cut_after_bytes": "printer: format cut",
    "host": "", "is_blocked": "", "jobs": "", "jobs_received": "", "label_ms": "", "labels": "",
    "mend": "", "paper_is_out": "", "port": "", "start": "", "stop": "", "take": "",
}  # fmt: skip
SCALE = {
    "frozen": "scale: frozen", "garbage": "scale: garbage", "unstable": "scale: unstable",
    "overload": "scale: overload", "underload": "scale: pan lifted",
    "cut_next_reply": "scale: reply cut", "drop": "scale: connections reset",
    "unplug": "scale: connections refused", "capacity_g": "", "commands": "", "connections": "",
    "host": "", "pan_is_lifted": "", "plug_in": "", "port": "", "put": "", "put_pan_back": "",
    "relieve": "", "serial": "", "start": "", "stop": "", "take": "", "unit": "",
}  # fmt: skip
SCANNER = {
    "unplug": "scanner: unplugged", "heard": "", "is_plugged": "", "name": "", "plug": "",
    "plugged_in": "", "port": "", "prefix": "", "scan": "", "suffix": "", "waiting": "",
    # These two a person does: `NoisyTerminal` counts them, and the codes that are cut or glued.
    "bounce": "", "send": "",
}  # fmt: skip
LIGHTS = {
    "delay_s": "lights: slow", "exception": "lights: answer busy",
    "half_a_message": "lights: half a message", "hang_up": "lights: dark after a power cut",
    "lamps": "lights: dark after a power cut", "lose_replies": "lights: reply lost",
    "shut": "lights: connections refused", "silent": "lights: silent", "colours": "",
    "connections": "", "host": "", "late_writes_s": "",  # of registers; it has none
    "listen": "", "lit": "", "port": "", "served": "", "shift": "", "start": "", "stop": "",
    "unit": "", "written": "",
}  # fmt: skip
READER = {
    "antenna": "reader: antenna pulled", "drop": "reader: link dropped", "faults": "",
    "field": "reader: a stray tag", "freeze": "reader: frozen", "overflow":
    "reader: its memory is full", "stop": "reader: power cut", "has_client": "", "heard": "",
    "host": "", "port": "", "radio": "", "random": "", "refused": "", "reports": "", "start": "",
    "thaw": "",
}  # fmt: skip
READER_FAULTS = {
    "refuse_clients": "reader: refuses clients", "mute": "reader: mute",
    "delay_s": "reader: slow answers", "dribble": "reader: in small pieces",
    "omit_unchanged": "reader: leaves out what is unchanged",
    "before_next_report": "reader: a report that says nothing",
    "cut_next_report": "reader: power cut in a report",
    "drop_after_reports": "reader: link dropped after a report",
}  # fmt: skip
VEHICLE = {
    "drop_load": "vehicle: load falls off", "fail_next": "vehicle: station occupied",
    "fatal": "vehicle: broken down", "garble_next": "vehicle: a state cut",
    "goes_on": "vehicle: drives on after a failure",
    "loads_known": "vehicle: does not know its load", "lose_link": "vehicle: link lost",
    "mode": "vehicle: driven by hand", "paused": "vehicle: paused",
    "power_off": "vehicle: power cut", "power_on": "vehicle: power cut, and nothing remembered",
    "reject_next": "vehicle: order refused", "silence": "vehicle: silent",
    "stopped": "vehicle: e-stop", "version": "vehicle: another version",
    "body": "vehicle: low battery", "deliveries": "", "driving": "", "errors": "",
    "fails_next": "", "hand_off_s": "", "log": "", "memory": "", "nodes": "", "put_in_order": "",
    "rejects_next": "", "serial": "", "speak": "", "start": "", "travel_s": "", "world": "",
}  # fmt: skip
BROKER = {
    "freeze": "broker: frozen", "half_a_message": "broker: half a message",
    "hang_up": "broker: connections reset", "lose": "broker: an order lost",
    "passwords": "broker: lets nobody in", "repeat": "broker: a state twice",
    "stop": "broker: restarted", "host": "", "port": "", "retained": "", "said": "", "start": "",
    "thaw": "",
}  # fmt: skip
ROBOT = {
    "boot": "robot: boots with nothing remembered", "deaf_to_floor": "robot: deaf to the floor",
    "fail_next": "robot: target occupied", "frozen": "robot: frozen",
    "give_up": "robot: stopped by hand", "protocol": "robot: wrong protocol",
    "stop_now": "robot: e-stop", "torn_reads": "robot: torn reads",
    "wrong_magic": "robot: wrong magic", "answered": "", "body": "", "clear_load": "",
    "fails_next": "", "log": "", "memory": "", "read": "", "release": "", "scan": "",
    "set_mode": "", "stations": "", "take_off": "", "write": "",
}  # fmt: skip


def members(twin: object) -> set[str]:
    """What anybody may touch."""
    return {name for name in dir(twin) if not name.startswith("_")}


async def switched_on(gear: Gear, network: Network, folder: Path) -> tuple[Hardware, set[str]]:
    """All devices of *gear*, and the names of the faults that can strike them."""
    world, chance = physical.make(the_site(), Random(1), wanted=[]), Random(1)
    hardware = Hardware(world, chance, 1, 1, has_wall=True, gear=gear)
    await hardware.start()
    server = Server(
        config.check({"site": {"name": "s"}}, "nothing"), folder, chance, hardware, network,
        Machine(folder),
    )  # fmt: skip
    tally = Tally(lambda: 0.0)
    storm = Storm(chance, server, hardware, network, (), Oms("", "", chance), 60.0, tally)
    return hardware, set(storm.menu())


def test_every_fault_of_every_twin_is_in_the_menu_by_a_name(tmp_path: Path) -> None:
    told: list[tuple[Any, dict[str, str]]] = []
    menu: set[str] = set()

    async def look(gear: Gear, network: Network) -> None:
        hardware, names = await switched_on(gear, network, tmp_path)
        menu.update(names)
        for printer in hardware.printers.values():
            told.append((printer, PRINTER if isinstance(printer, PrinterTwin) else RASTER))
        for reader in hardware.readers.values():
            if isinstance(reader, BenchReader):
                told.extend(((reader.twin, READER), (reader.twin.faults, READER_FAULTS)))
        for twin in hardware.fleet.twins.values():
            told.extend(((twin, VEHICLE), (hardware.fleet.broker, BROKER)))
        told.extend((twin, SCALE) for twin in hardware.scales.values())
        told.extend((twin, SCANNER) for twin in hardware.scanners.values())
        told.extend((plc, ROBOT) for plc in hardware.plcs.values())
        told.append((hardware.lights, LIGHTS))
        await hardware.stop()

    for gear in GEARS:
        network = Network()
        with asyncio.Runner(loop_factory=lambda: VirtualLoop(network)) as runner:  # noqa: B023
            runner.run(look(gear, network))
    for twin, faults in told:
        assert members(twin) - {"dots_per_mm"} == set(faults), type(twin).__name__
    named = {name for _, faults in told for name in faults.values() if name}
    assert sorted(named - menu) == []
    kinds = {type(twin) for twin, _ in told}
    assert {LlrpReaderTwin, llrp.Faults, PrinterTwin} < kinds and len(kinds) == 11


def test_a_handful_of_seeds_has_devices_of_every_kind() -> None:
    found = [drawn(seed) for seed in range(1, 13)]
    assert {gear.printer for gear in found} == set(PRINTERS)
    assert {gear.reader for gear in found} == set(READERS)
    assert {gear.vehicles for gear in found} == {0, 1}


@pytest.mark.long
@pytest.mark.parametrize("gear", GEARS[1:], ids=str)
def test_a_calm_shift_with_other_devices_passes_and_its_seed_tells_it_again(gear: Gear) -> None:
    plan = Plan(seed=4, orders=3, faults_every_s=0, shift_s=3_600.0, gear=gear)
    first, second = run(plan), run(plan)
    assert first.verdict.faults == []
    assert first.trace == second.trace and first.injected == 0
    hardware = first.shift.hardware
    assert all(twin.deliveries for twin in hardware.fleet.twins.values())
    assert all(hardware.labels().values())
    for reader in hardware.readers.values():
        if isinstance(reader, BenchReader):
            assert reader.twin.reports and reader.twin.has_client is False
