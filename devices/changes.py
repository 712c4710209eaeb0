"""What a new configuration changes: only the devices that differ are touched, the others work on.

A configuration that any driver would refuse changes nothing at all.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from devices.capabilities import ConfigFault, DriverFactory
from devices.supervisor import Supervisor

Configured = Mapping[str, tuple[str, Mapping[str, Any]]]  # by name: driver and options


@dataclass(frozen=True, slots=True)
class Changes:
    """Names of devices, sorted."""

    added: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.replaced or self.removed)


def between(now: Configured, wanted: Configured) -> Changes:
    """What leads from *now* to *wanted*. Pure."""
    return Changes(
        added=tuple(sorted(wanted.keys() - now.keys())),
        replaced=tuple(
            sorted(name for name in wanted.keys() & now.keys() if wanted[name] != now[name])
        ),
        removed=tuple(sorted(now.keys() - wanted.keys())),
    )


def faults(load: Callable[[str], DriverFactory], wanted: Configured) -> dict[str, str]:
    """Devices whose driver is unknown or refuses their options, and why. Nothing is opened."""
    found: dict[str, str] = {}
    for name, (driver, options) in sorted(wanted.items()):
        try:
            load(driver)(options)
        except ConfigFault as fault:
            found[name] = str(fault)
    return found


async def apply(supervisor: Supervisor, wanted: Configured) -> Changes:
    """Remove, replace and add devices, so that *wanted* is what there is."""
    changes = between(supervisor.configured(), wanted)
    for name in changes.removed:
        await supervisor.remove(name)
    for name in (*changes.replaced, *changes.added):
        driver, options = wanted[name]
        await supervisor.start(name, driver, options)
    return changes
