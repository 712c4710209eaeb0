"""The demo's processes: this one (the parent), the server, and the world that outlives it."""

import asyncio
import ctypes
import json
import os
import signal
import socket
import sys
import tempfile
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from app.demo import shift, site, special
from app.demo.oms import SECRET
from app.demo.shift import DOSES, ORDERS_MIN, Dose
from app.demo.twins import LIGHTS, OFFICE
from wms.db import Book, Tx
from wms.people import tokens
from wms.site.calendar import set_timezone
from wms.storage import places
from wms.upkeep import upgrade

PR_SET_PDEATHSIG = 1  # linux/prctl.h
START_S = 60.0
SCOPES = (
    "orders:write", "orders:read", "stock:read", "events:read", "board:read", "inbound:write",
    "returns:write", "work:write", "admin",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Options:
    """What `genba demo` was asked for. `database` "" is SQLite in the demo's own folder."""

    orders: int = 500
    seed: int = 1
    database: str = ""
    pace_s: float = 0.02
    every_s: float = 0.02
    trouble: bool = True
    kills: int = 1
    shift: str = ""  # how much of a shift happens besides orders: nothing, "some", the "whole"

    @property
    def dose(self) -> Dose | None:
        """How much that is."""
        return DOSES[self.shift]

    @property
    def total(self) -> int:
        """How many orders come in; a shift has some in any case."""
        return max(self.orders, ORDERS_MIN) if self.shift else self.orders


@dataclass(slots=True)
class Demo:
    """The running demo. `token` is the shops' API token; `url` the floor's API."""

    options: Options
    folder: Path
    database: str
    port: int
    token: str = ""
    made: site.Site | None = None
    server: asyncio.subprocess.Process | None = None
    world: asyncio.subprocess.Process | None = None
    restarts: int = 0
    _wire: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def server_is_gone(self) -> bool:
        """Whether the server ended although nobody killed it."""
        return self.server is not None and self.server.returncode is not None

    async def start(self, now: int, random_bytes: bytes) -> None:
        """Make the site, switch the world on, then the server."""
        self.made = await asyncio.to_thread(self._make_book, now, random_bytes)
        plan = self.options
        self.world = await self._spawn(
            "world", "-m", "app.demo.world", str(self.folder), str(plan.total), str(plan.seed),
            str(plan.pace_s), str(plan.every_s), str(int(plan.trouble)), plan.shift,
        )  # fmt: skip
        devices = await self._file("devices.json")
        (self.folder / "config.toml").write_text(self._config(devices), "utf-8")
        (self.folder / "pepper").write_text("demo", "utf-8")
        (self.folder / "pepper").chmod(0o600)
        await self.start_server()
        doors = {"url": self.url, "token": self.token}
        half = self.folder / "server.half"
        half.write_text(json.dumps(doors), "utf-8")
        half.replace(self.folder / "server.json")

    async def start_server(self) -> None:
        """Start `genba run` and wait until its API answers."""
        self.server = await self._spawn(
            f"server-{self.restarts}", "-m", "app", "run", "--config",
            str(self.folder / "config.toml"),
        )  # fmt: skip
        self.restarts += 1
        async with httpx2.AsyncClient(trust_env=False, timeout=2) as client:
            for _ in range(int(START_S / 0.1)):
                if self.server.returncode is not None:
                    raise RuntimeError(f"the server ended: {self.log_tail()}")
                try:
                    if (await client.get(f"{self.url}/v1/health")).status_code == 200:
                        return
                except httpx2.HTTPError:
                    pass
                await asyncio.sleep(0.1)
        raise RuntimeError(f"the server did not answer: {self.log_tail()}")

    async def kill_server(self) -> None:
        """kill -9: no goodbye."""
        assert self.server is not None
        dying, self.server = self.server, None
        with suppress(ProcessLookupError):  # it died a moment before
            dying.send_signal(signal.SIGKILL)
        await dying.wait()

    async def ask(self, **command: Any) -> dict[str, Any]:
        """Ask the world, e.g. `ask(do="status")`."""
        async with self._turn:
            if self._wire is None:
                self._wire = await asyncio.open_unix_connection(
                    str(self.folder / "world.sock"), limit=1 << 28
                )
            reader, writer = self._wire
            writer.write(json.dumps(command).encode() + b"\n")
            await writer.drain()
            line = await reader.readline()
        if not line:
            raise RuntimeError(f"the world ended: {self.log_tail('world')}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    async def stop(self) -> None:
        """End both processes: the server politely, the world at once."""
        if self.server is not None and self.server.returncode is None:
            self.server.terminate()
            try:
                await asyncio.wait_for(self.server.wait(), 15)
            except TimeoutError:
                self.server.kill()
        if self._wire is not None:
            self._wire[1].close()
        if self.world is not None and self.world.returncode is None:
            self.world.kill()
            await self.world.wait()

    def log_tail(self, name: str = "") -> str:
        """The end of a process's log."""
        name = name or f"server-{self.restarts - 1}"
        file = self.folder / f"{name}.log"
        return file.read_text("utf-8", "replace")[-1500:] if file.exists() else ""

    async def _spawn(self, name: str, *arguments: str) -> asyncio.subprocess.Process:
        log = (self.folder / f"{name}.log").open("wb")
        try:
            return await asyncio.create_subprocess_exec(
                sys.executable, *arguments, stdin=asyncio.subprocess.DEVNULL, stdout=log,
                stderr=log, env={**os.environ, "GENBA_DEMO_OMS": SECRET}, start_new_session=True,
                preexec_fn=die_with_parent,
            )  # fmt: skip
        finally:
            log.close()

    async def _file(self, name: str) -> dict[str, Any]:
        file = self.folder / name
        for _ in range(int(START_S / 0.05)):
            if file.exists():
                found: dict[str, Any] = json.loads(file.read_text("utf-8"))
                return found
            assert self.world is not None
            if self.world.returncode is not None:
                break
            await asyncio.sleep(0.05)
        raise RuntimeError(f"the world did not start: {self.log_tail('world')}")

    def _make_book(self, now: int, random_bytes: bytes) -> site.Site:
        made = site.make(self.options.seed, orders=self.options.total)
        if self.options.dose is not None:
            made = shift.with_shift(made, self.options.seed, self.options.dose)
            special.draw_pictures(self.folder)
        upgrade.to_newest(self.database)
        book = Book(self.database)
        try:
            self.token = book.write_now(self._fill, made, now, random_bytes)
        finally:
            book.close()
        return made

    def _fill(self, tx: Tx, made: site.Site, now: int, random_bytes: bytes) -> str:
        set_timezone(tx, str(site.ZONE))
        places.ensure_outside(tx)
        site.write(tx, made, now=now)
        site.write_pickups(tx, now=now)
        if self.options.dose is not None:
            shift.write(tx, made, self.options.seed, self.options.dose)
        return tokens.create(
            tx, name="demo-shops", scopes=SCOPES, owner="", days=2, now=now, random=random_bytes
        )  # fmt: skip

    def _config(self, doors: dict[str, Any]) -> str:
        """The site's `config.toml`, as an installer would write it."""
        assert self.made is not None
        stations: dict[str, dict[str, Any]] = {}
        for n, bench in enumerate(self.made.benches, start=1):
            stations[bench] = {
                "kind": "pack", "place": bench, "printer": f"label-{n}", "scale": f"scale-{n}",
                "scanner": f"scanner-{n}",
            }  # fmt: skip
            if OFFICE in doors["devices"]:
                stations[bench]["slip_printer"] = OFFICE
            if f"reader-{n}" in doors["devices"]:
                stations[bench]["reader"] = f"reader-{n}"
        if LIGHTS in doors["devices"]:
            stations[special.WALL] = {
                "kind": "wall", "place": special.WALL,
                "slots": [f"{slot}={LIGHTS}:{n}" for n, slot in enumerate(special.WALL_SLOTS)],
            }  # fmt: skip
        return toml_of({
            **(special.picking() if LIGHTS in doors["devices"] else {}),
            "site": {"name": "デモ物流センター", "language": "ja", "timezone": str(site.ZONE)},
            "database": {"url": self.database},
            "server": {"port": self.port, "requests_per_second": 5000},
            "floor": {"bounce_ms": 300},
            "waves": {"orders_min": 12, "orders_max": 40, "wait_minutes": 0.05},
            "robots": {"patience_s": 3.0},
            "secrets": {"pepper": "file:pepper"},
            "devices": doors["devices"],
            "stations": stations,
            "webhooks": {"shops": {
                "url": doors["webhooks"], "secret": "env:GENBA_DEMO_OMS", "retry_scale": 0.005,
            }},
        })  # fmt: skip


def die_with_parent() -> None:
    """Linux: a child gets SIGTERM when the demo itself ends, however that happens."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def toml_of(sections: dict[str, Any]) -> str:
    """TOML of sections and their tables; JSON's scalars and lists are TOML's, too.

    >>> print(toml_of({"site": {"name": "x"}, "devices": {"a-1": {"port": 1, "at": {"2": "N2"}}}}))
    [site]
    name = "x"
    [devices."a-1"]
    port = 1
    at = {"2" = "N2"}
    """
    lines: list[str] = []
    for name, table in sections.items():
        flat = not any(isinstance(value, dict) for value in table.values())
        for title, rows in [(name, table)] if flat else [
            (f'{name}."{key}"', value) for key, value in table.items()
        ]:  # fmt: skip
            lines.append(f"[{title}]")
            lines += [f"{key} = {_value_of(value)}" for key, value in rows.items()]
    return "\n".join(lines)


def _value_of(value: Any) -> str:
    if not isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    inside = (f"{json.dumps(key)} = {_value_of(each)}" for key, each in value.items())
    return f"{{{', '.join(inside)}}}"


def free_port() -> int:
    """A port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def demo_database(options: Options, folder: Path, stack: ExitStack) -> str:
    """The URL of the demo's database: its own SQLite file, the wheel's PostgreSQL, or as given."""
    if options.database == "postgresql":
        from app.postgres import running

        return stack.enter_context(running()).url("postgres")
    return options.database or f"sqlite:///{folder / 'genba.db'}"


def make_folder() -> Path:
    """A fresh folder for one demo."""
    return Path(tempfile.mkdtemp(prefix="genba-demo-"))
