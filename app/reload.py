"""What changes in `config.toml` while the site runs: devices and stations, and nothing by halves.

A file with a fault, or with a device that its driver refuses, changes nothing and says why. What
did not change is not touched: a printer prints on while its neighbour is replaced.
"""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from msgspec import Struct
from msgspec.structs import asdict, fields, replace

from devices import changes, registry
from devices.changes import Changes, Configured
from devices.supervisor import Supervisor
from wms.config import Config, ConfigError, load
from wms.db import Book, Tx
from wms.errors import Code, Rejected
from wms.messages import Language
from wms.rooms import alive

log = structlog.get_logger(__name__)
LIVE = ("devices", "stations")  # sections that a running site takes over


class Reloaded(Struct, frozen=True, kw_only=True):
    """What a new file changed: names of devices, whether stations differ, and the sections whose
    changes wait for a restart."""

    added: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    stations: bool = False
    later: tuple[str, ...] = ()


def configured(config: Config) -> Configured:
    """The devices of *config* as the supervisor knows them."""
    return {name: (one.driver, one.options) for name, one in config.devices.items()}


def read(file: Path, language: Language) -> Config:
    """The configuration in *file*. Refuses `CONFIG_FAULTY` with every fault, also of drivers."""
    try:
        config = load(file)
    except ConfigError as error:
        raise Rejected(Code.CONFIG_FAULTY, faults="; ".join(error.told(language))) from None
    refused = changes.faults(registry.load, configured(config))
    if refused:
        told = "; ".join(f"devices.{name}: {why}" for name, why in refused.items())
        raise Rejected(Code.CONFIG_FAULTY, faults=told)
    return config


@dataclass(slots=True)
class Reloader:
    """Brings the running site in line with its file.

    *mirror* writes the rows of a configuration, with those of *fresh* devices begun anew; *taken*
    is told of it afterwards; *workers* are the jobs that a configuration needs for its devices.
    """

    file: Path
    config: Config
    book: Book
    supervisor: Supervisor
    crew: alive.Crew
    mirror: Callable[[Tx, Config, Collection[str]], None]
    workers: Callable[[Config], dict[str, alive.Job]]
    taken: Callable[[Config], None]
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def reload(self, language: Language = "en") -> Reloaded:
        """Read the file and take over what differs. Refuses as `read`; then nothing changed."""
        async with self.turn:
            new = await asyncio.to_thread(read, self.file, language)
            old, wanted = self.config, configured(new)
            differ = changes.between(self.supervisor.configured(), wanted)
            done = Reloaded(
                added=differ.added, replaced=differ.replaced, removed=differ.removed,
                stations=old.stations != new.stations, later=_later(old, new),
            )  # fmt: skip
            live = replace(old, devices=new.devices, stations=new.stations)
            if differ or done.stations:
                await self.book.write(self.mirror, live, (*differ.added, *differ.replaced))
                await self._take(live, differ, wanted)
            log.info("site.reloaded", **asdict(done))
            return done

    async def _take(self, live: Config, differ: Changes, wanted: Configured) -> None:
        """Workers of devices end before their device does, and begin after it."""
        old, new = self.workers(self.config), self.workers(live)
        touched = {*differ.added, *differ.replaced, *differ.removed}
        for name in (name for name in old if name.partition(" ")[2] in touched):
            await self.crew.drop(name)
        self.config = live
        self.taken(live)
        await changes.apply(self.supervisor, wanted)
        for name in (name for name in new if name.partition(" ")[2] in touched):
            self.crew.add(name, new[name])

    async def on_signal(self) -> None:
        """As `reload`; a refusal is for the log."""
        try:
            await self.reload()
        except Rejected as refusal:
            log.error("site.not_reloaded", why=str(refusal))


def _later(old: Config, new: Config) -> tuple[str, ...]:
    names = (each.name for each in fields(Config) if each.name not in LIVE)
    return tuple(name for name in names if getattr(old, name) != getattr(new, name))
