"""Which code speaks for a driver name of `config.toml`: ours by a dict, others' by entry points."""

from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import entry_points
from typing import cast

from devices.capabilities import ConfigFault, DriverFactory
from devices.conformance import Case

ENTRY_POINT_GROUP = "genba.drivers"
CASES_GROUP = "genba.cases"

# Imported only when a site uses them: one site rarely has all the libraries' hardware.
OURS = {
    "llrp": "devices.drivers.llrp:LlrpReader",
    "serial-scanner": "devices.drivers.serial_scanner:SerialScanner",
    "zpl-tcp": "devices.drivers.zpl_tcp:ZplTcpPrinter",
    "zebra-queue": "devices.drivers.zebra_queue:ZebraQueuePrinter",
    "office-queue": "devices.drivers.office_queue:OfficeQueuePrinter",
    "sbpl-tcp": "devices.drivers.sbpl_tcp:SbplTcpPrinter",
    "tpcl-tcp": "devices.drivers.tpcl_tcp:TpclTcpPrinter",
    "grh1": "devices.drivers.grh1:Grh1Robot",
    "vda5050": "devices.drivers.vda5050:Vda5050Robot",
    "mt-sics": "devices.drivers.mt_sics:MtSicsScale",
    "modbus-lights": "devices.drivers.modbus_lights:ModbusLights",
    "conveylinx": "devices.drivers.conveylinx:Conveylinx",
}


def names() -> list[str]:
    """Every driver name that `load` knows, sorted."""
    return sorted({*OURS, *(point.name for point in entry_points(group=ENTRY_POINT_GROUP))})


def load(name: str) -> DriverFactory:
    """The driver class for *name*. Raises `ConfigFault` for an unknown or unusable one.

    Ours come first: an installed package cannot take the place of a driver we ship.
    """
    try:
        if name in OURS:
            module, _, attribute = OURS[name].partition(":")
            return cast(DriverFactory, getattr(import_module(module), attribute))
        for point in entry_points(group=ENTRY_POINT_GROUP, name=name):
            return cast(DriverFactory, point.load())
    except (ImportError, AttributeError, SyntaxError) as error:
        raise ConfigFault(f"driver {name!r} cannot be loaded: {error}") from error
    raise ConfigFault(f"no driver {name!r}{_did_you_mean(name)}")


def is_robot(name: str) -> bool:
    """Whether *name* is a driver of robots: those state what a mission is worth (`handoff`)."""
    try:
        return hasattr(load(name), "handoff")
    except ConfigFault:
        return False  # its device says so when it is started


def is_conveyor(name: str) -> bool:
    """Whether *name* is a driver of conveyors: those can be told where boxes stop (`hold`)."""
    try:
        return hasattr(load(name), "hold")
    except ConfigFault:
        return False


def case(name: str) -> Case:
    """The bench on which driver *name* is held to its promises.

    Ours is a module of `devices.cases`; a package offers one in `genba.cases` under its driver's
    name. Raises `ConfigFault` where there is none, or none that can be loaded.
    """
    load(name)  # an unknown driver is said as such
    try:
        if name in OURS:
            found = import_module(f"devices.cases.{name.replace('-', '_')}").CASE
        else:
            found = next(iter(entry_points(group=CASES_GROUP, name=name))).load()
    except (ImportError, AttributeError, SyntaxError, StopIteration) as error:
        why = "nobody offers one" if isinstance(error, StopIteration) else str(error)
        raise ConfigFault(f"driver {name!r} has no case to be checked with: {why}") from error
    if not isinstance(found, Case):
        raise ConfigFault(f"the case of driver {name!r} is a {type(found).__name__}, not a Case")
    return found


def _did_you_mean(name: str) -> str:
    near = get_close_matches(name, names(), n=1)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; there are {', '.join(names())}"
