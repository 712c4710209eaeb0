"""`genba doctor`: what is wrong with this installation, and how to mend it.

Every check looks at one thing and gives findings; none changes anything that was there.
"""

import socket
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Literal

from msgspec import Struct
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from app.local import clock_ms, database_url, reading
from app.machine import examined
from app.machine.disk import level_of, room_of
from app.secrets import read_secret
from devices import registry
from devices.capabilities import ConfigFault
from labels.glyphs import printable
from wms import db, site_settings
from wms.config import Config, ConfigError, load
from wms.db import Tx
from wms.errors import Rejected
from wms.messages import Language, say
from wms.schema import commands
from wms.site.carriers import called
from wms.upkeep import lock, upgrade

State = Literal["ok", "warn", "fault"]
FSYNCS, FSYNCS_MORE = 40, 1_000
FSYNC_MS_MAX = 50.0  # slower than this and every scan feels it
CLOCK_MS_MAX = 2_000  # an OMS and a person's watch agree with that
NAMES = "髙橋 𠮷田 神﨑 葛󠄀城"  # characters that careless fonts and encodings lose
REACH_S = 1.5
NUMBERS_FEW = 500  # tracking numbers of an owner and carrier: some days' work


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that was looked at. `mend` says what to do when it is not ok."""

    check: str
    state: State
    what: str
    mend: str = ""


class Doctor:
    """Looks at one installation, in the reader's language."""

    def __init__(self, config: Path, language: Language, *, fsyncs: int = FSYNCS) -> None:
        self.path, self.fsyncs = config, fsyncs
        self.language = language
        self.config: Config | None = None

    def findings(self) -> Iterator[Finding]:
        """Everything there is to say, one after another as it is found."""
        checks: tuple[Callable[[], Iterator[Finding]], ...] = (
            self.python, self.sqlite, self.fonts, self.configuration,
        )  # fmt: skip
        for check in checks:
            yield from check()
        if self.config is None:
            return
        for later in (self.book, self.disk, self.clock, self.door, self.secrets, self.devices):
            yield from later(self.config)

    def _say(self, check: str, state: State, code: str, **params: str | int) -> Finding:
        what = say(f"doctor.{code}", self.language, **params)
        mend = "" if state == "ok" else say(f"doctor.mend.{code}", self.language, **params)
        return Finding(check=check, state=state, what=what, mend=mend)

    def python(self) -> Iterator[Finding]:
        """Python 3.11 or newer."""
        found = ".".join(str(part) for part in sys.version_info[:3])
        fine = sys.version_info >= (3, 11)
        yield self._say("python", "ok" if fine else "fault", "python", found=found)

    def sqlite(self) -> Iterator[Finding]:
        """A SQLite without the rare corruption of older ones (fixed in 3.51.3)."""
        module = db.sqlite_module()
        found = module.sqlite_version
        fine = tuple(module.sqlite_version_info) >= db.SQLITE_FIXED
        code = "sqlite" if fine else "sqlite_old"
        own = sqlite3.sqlite_version
        yield self._say("sqlite", "ok" if fine else "warn", code, found=found, own=own)

    def fonts(self) -> Iterator[Finding]:
        """Names that careless fonts lose can be printed."""
        try:
            printable(NAMES, field="doctor")
        except Rejected as refusal:
            yield self._say("fonts", "fault", "fonts_lack", why=str(refusal))
        else:
            yield self._say("fonts", "ok", "fonts", names=NAMES)

    def configuration(self) -> Iterator[Finding]:
        """`config.toml` reads without a fault, and every device is one that its driver takes."""
        try:
            self.config = load(self.path)
        except ConfigError as error:
            for line in error.told(self.language):
                yield self._say("config", "fault", "config_fault", fault=line)
            return
        yield self._say("config", "ok", "config", path=str(self.path))
        for name, device in sorted(self.config.devices.items()):
            try:
                registry.load(device.driver)(device.options)
            except ConfigFault as fault:
                yield self._say("config", "fault", "device_options", device=name, why=str(fault))

    def book(self, config: Config) -> Iterator[Finding]:
        """The database opens, is of this version, and its disk keeps what it is given."""
        url = database_url(config, self.path.resolve().parent)
        holder = lock.holder_of(lock.path_of(url))
        if holder is not None:
            yield self._say("book", "ok", "book_held", pid=holder.pid)
        file = lock.path_of(url)
        if file is not None:
            yield from self._fsync(file.parent)
            if not file.with_suffix("").exists():
                yield self._say("book", "ok", "book_new", url=file.with_suffix("").name)
                return
        try:
            old = upgrade.pending(url)
        except SQLAlchemyError as error:
            yield self._say("book", "fault", "book_closed", why=str(error).splitlines()[0][:120])
            return
        yield self._say("book", "warn" if old else "ok", "book_old" if old else "book")
        if not old:
            yield from self._numbers(url)

    def _numbers(self, url: str) -> Iterator[Finding]:
        """Labels need numbers: an owner without any is found out here, not at the last box."""
        with closing(db.Book(url)) as book:
            left = book.read_now(site_settings.numbers_left)
        for owner, carrier, count in left:
            if not carrier:
                yield self._say("numbers", "warn", "numbers_never", owner=owner)
            elif count < NUMBERS_FEW:
                state: State = "warn" if count else "fault"
                yield self._say(
                    "numbers", state, "numbers_few", owner=owner,
                    carrier=called(carrier, self.language), left=count,
                )  # fmt: skip

    def _fsync(self, folder: Path) -> Iterator[Finding]:
        """How long this disk takes to promise that something is written, and whether that is so."""
        folder.mkdir(parents=True, exist_ok=True)
        spent = examined.fsyncs_ms(folder, self.fsyncs, time.perf_counter)
        median, worst = spent[len(spent) // 2], spent[int(len(spent) * 0.95)]
        slow = worst > FSYNC_MS_MAX
        yield self._say("disk", "warn" if slow else "ok", "fsync_slow" if slow else "fsync",
                        ms=f"{worst:.1f}")  # fmt: skip
        mount = examined.mount_of(folder.resolve())
        rotates = mount is not None and examined.turns(mount.device)
        why = examined.why_not_believed(mount, median, rotates=rotates)
        if why:
            kind, ms = mount.kind if mount else "?", f"{median:.3f}"
            yield self._say("disk", "warn", why, kind=kind, ms=ms)
        elif self.fsyncs > FSYNCS:
            yield self._say(
                "disk", "ok", "fsync_more", count=len(spent), median=f"{median:.2f}",
                worst=f"{spent[-1]:.1f}", kind=mount.kind if mount else "?",
            )  # fmt: skip

    def disk(self, config: Config) -> Iterator[Finding]:
        """Room for the days to come."""
        held = lock.path_of(database_url(config, self.path.resolve().parent))
        folder = held.parent if held is not None and held.parent.exists() else self.path.parent
        room = room_of(folder.resolve())
        level = level_of(room)
        state: State = "ok" if level == "ok" else "warn" if level == "low" else "fault"
        code = "disk" if state == "ok" else "disk_full"
        yield self._say("disk", state, code, percent=room.percent, gigabytes=room.free // 10**9)

    def clock(self, config: Config) -> Iterator[Finding]:
        """Somebody keeps the clock right; it is not behind the book, nor off its database's."""
        told = examined.kernel_clock()
        if told is None:
            yield self._say("clock", "warn", "clock_unknown")
        elif not told.synchronised:
            yield self._say("clock", "warn", "clock_alone")
        elif told.error_ms > CLOCK_MS_MAX:
            yield self._say("clock", "warn", "clock_off", ms=told.error_ms)
        else:
            yield self._say("clock", "ok", "clock", ms=told.error_ms)
        try:
            with reading(database_url(config, self.path.resolve().parent)) as book:
                theirs, newest = book.read_now(moments)
        except (Rejected, SQLAlchemyError):
            return  # no book, or one that `book` has told of
        if newest > clock_ms() + CLOCK_MS_MAX:
            minutes = max(1, (newest - clock_ms()) // 60_000)
            yield self._say("clock", "warn", "clock_book", minutes=minutes)
        if theirs is not None and abs(theirs - clock_ms()) > CLOCK_MS_MAX:
            off = abs(theirs - clock_ms())
            yield self._say("clock", "warn", "clock_database", ms=off)

    def door(self, config: Config) -> Iterator[Finding]:
        """The server's port is free, or the server has it."""
        host, port = config.server.host, config.server.port
        with socket.socket() as probe:
            probe.settimeout(REACH_S)
            taken = probe.connect_ex((host, port)) == 0
        url = database_url(config, self.path.resolve().parent)
        ours = lock.holder_of(lock.path_of(url)) is not None
        if taken and not ours:
            yield self._say("door", "warn", "door_taken", port=port)
        else:
            yield self._say("door", "ok", "door", port=port)

    def secrets(self, config: Config) -> Iterator[Finding]:
        """Every secret that the configuration refers to is there, and nobody else can read it."""
        root = self.path.resolve().parent
        for name, hook in sorted(config.webhooks.items()):
            try:
                read_secret(hook.secret, root)
            except Rejected as refusal:
                why = say(refusal.code, self.language, **refusal.params)
                yield self._say("secrets", "fault", "secret", name=name, why=why)
            else:
                yield self._say("secrets", "ok", "secret_there", name=name)

    def devices(self, config: Config) -> Iterator[Finding]:
        """Every device with an address answers a call."""
        for name, device in sorted(config.devices.items()):
            options = device.options
            host, port = options.get("host"), options.get("port")
            if host is None:
                if isinstance(port, str) and not Path(port).exists():
                    yield self._say("devices", "warn", "device_missing", device=name, port=port)
                continue
            number = port if isinstance(port, int) else DEFAULT_PORTS.get(device.driver, 0)
            try:
                with socket.create_connection((str(host), number), timeout=REACH_S):
                    yield self._say("devices", "ok", "device", device=name)
            except OSError as error:
                yield self._say(
                    "devices", "warn", "device_silent", device=name, address=f"{host}:{number}",
                    why=str(error),
                )  # fmt: skip


def moments(tx: Tx) -> tuple[int | None, int]:
    """The database server's clock (UTC ms; None on SQLite, which has none of its own), and when the
    newest command was written."""
    newest = tx.execute(select(commands.c.at_ms).order_by(commands.c.id.desc()).limit(1)).scalar()
    if tx.dialect.name == "sqlite":
        return None, newest or 0
    asked = text("SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)")
    return int(tx.execute(asked).scalar_one()), newest or 0


DEFAULT_PORTS = {"zpl-tcp": 9100, "llrp": 5084, "grh1": 502, "vda5050": 1883, "mt-sics": 8001}
