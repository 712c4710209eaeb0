"""Builds a running site from its configuration: book, devices, workers and doors, in one process.

The one place where clock, randomness and identity come from the machine; everywhere else they are
passed in.
"""

import asyncio
import os
import secrets as randomness
import signal
import socket
import time
from collections import Counter
from collections.abc import Callable, Collection
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random, SystemRandom

import structlog
import uvicorn
from litestar import Litestar

from app import (
    count_doors,
    crew,
    device_doors,
    dying,
    print_doors,
    privacy_doors,
    rights,
    robot_doors,
    site_doors,
    tag_doors,
)
from app.board import board_router
from app.http import HttpSettings, make_app
from app.local import database_url, door_url
from app.machine import broken, notify
from app.machine.care import Care, book_of, care_for, folder_of
from app.machine.clock import SiteClock
from app.machine.disk import make_way
from app.machine.notify import STOPPING
from app.metrics import metrics_router
from app.mirror import mirror, set_up
from app.reload import Reloader
from app.secrets import read_secret
from app.terminal import door as terminal_page
from devices import conveyors, intake, lights, printing, registry
from devices import robots as conductors
from devices.capabilities import Health
from devices.patience import Policy
from devices.supervisor import Supervisor
from labels import press
from picking import (
    counter,
    facts,
    floor,
    look_doors,
    paper_doors,
    pickups,
    pictures,
    planner,
    recall_doors,
    replenisher,
    wave_doors,
)
from picking import http as terminal_door
from picking.release import settings_of
from sync import (
    change_doors,
    document_doors,
    feed_doors,
    feeds,
    inbound_doors,
    photo_doors,
    return_doors,
    template_doors,
    work_doors,
)
from sync import doors as import_door
from sync import http as partner_door
from wms.config import Config
from wms.db import Book, Tx
from wms.errors import Code, Rejected
from wms.people.tokens import token_hash
from wms.privacy import daily
from wms.record import seals
from wms.rooms import alive
from wms.trouble import Trouble
from wms.upkeep import lock, safe_upgrade

log = structlog.get_logger(__name__)
CLOCKWORK_S = 60.0
GOODBYE_S = 3  # for requests that are under way when the server is told to stop


def wall_ms() -> int:
    """UTC milliseconds, as the machine believes."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Site:
    """The parts of a running site."""

    config: Config
    root: Path
    book: Book
    supervisor: Supervisor
    random: Random
    local_token: str
    artist: Executor | None  # renders labels off the event loop
    clock_ms: Callable[[], int]  # UTC
    clock: Callable[[], float]  # seconds that never jump
    dots_per_mm: dict[str, int]  # of each station's label printer
    languages: dict[str, str]  # that it speaks

    @property
    def floor(self) -> floor.Settings:
        return floor.Settings(
            rng=self.random, bounce_ms=self.config.floor.bounce_ms,
            confirm_ms=self.config.floor.confirm_ms,
            idle_ms=self.config.floor.idle_lock_minutes * 60_000, zone=self.config.site.zone,
            pepper=read_secret(self.config.secrets.pepper, self.root, make=True),
        )  # fmt: skip


async def serve(config: Config, root: Path, file: Path = Path("config.toml")) -> None:
    """Run the site until it is told to stop. Refuses `BOOK_HELD` when another server has it.

    *file* (in *root*, if it is relative) is read again when devices are to change.
    """
    url = database_url(config, root)
    held = lock.path_of(url)
    if held is not None:
        held.parent.mkdir(parents=True, exist_ok=True)
    token = randomness.token_urlsafe(32)
    manager, clock, troubles = notify.of_this_process(), SiteClock(wall_ms), Counter[Trouble]()
    with (
        lock.hold(held, url=door_url(config.server), token=token),
        lock.hold_database(url),
        open_door(config.server.host, config.server.port) as door,
    ):
        make_way(folder_of(url, root))
        broken.settle(url)
        safe_upgrade.bring_up(url, root / config.backups.folder, now=clock.now_ms())
        book = book_of(url, troubles, dying.wish(os.environ))
        care = care_for(
            book, root, clock=clock, steady_s=time.monotonic, manager=manager, troubles=troubles
        )
        try:
            await _run(config, root, root / file, book, token, door, care)
        finally:
            book.close()


async def _run(
    config: Config, root: Path, file: Path, book: Book, token: str, door: socket.socket,
    care: Care,
) -> None:  # fmt: skip
    random, clock_ms = SystemRandom(), care.clock.clock.now_ms

    async def on_health(device: str, health: Health, reason: str) -> None:
        await book.write(
            intake.record_health, device=device, health=health, reason=reason, now=clock_ms()
        )

    supervisor = Supervisor(
        load=registry.load, on_health=on_health, clock=time.monotonic, random=random,
        policy=Policy(backoff_max_s=5.0),
    )  # fmt: skip
    artist = ThreadPoolExecutor(1, thread_name_prefix="press")
    site = Site(
        config, root, book, supervisor, random, token, artist, clock_ms, time.monotonic,
        dots_of(config), languages_of(config),
    )  # fmt: skip
    await book.write(set_up, config, holder=f"{os.getpid()}", now=clock_ms())
    for name, device in sorted(config.devices.items()):
        await supervisor.start(name, device.driver, device.options)
    log.info(
        "site.started", site=config.site.name, url=f"{config.server.host}:{config.server.port}"
    )
    try:
        await _until_stopped(site, door, file, care)
    finally:
        care.manager.tell(STOPPING)
        await supervisor.stop_all()
        artist.shutdown(wait=False, cancel_futures=True)


def dots_of(config: Config) -> dict[str, int]:
    """The resolution of each station's label printer."""
    return {code: station.dots_per_mm for code, station in config.stations.items()}


def languages_of(config: Config) -> dict[str, str]:
    """What each station's label printer speaks."""
    return {code: config.language_of(code) for code in config.stations}


def workers(site: Site) -> dict[str, alive.Job]:
    """Every worker of the site by name."""
    book, now, config = site.book, site.clock_ms, site.config
    settings = site.floor
    waves = settings_of(config.waves)
    jobs: dict[str, alive.Job] = {
        "intake": lambda: intake.run(book, site.supervisor.queue, now=now),
        "printing": lambda: printing.run(book, site.supervisor, now=now),
        "lights": lambda: lights.run(book, site.supervisor, now=now),
        "press": lambda: press.run(
            book,
            now=now,
            dots_per_mm=site.dots_per_mm,
            executor=site.artist,
            languages=site.languages,
        ),
        "facts": lambda: facts.run(book, now=now, settings=settings),
        "planner": lambda: planner.plan_forever(
            book, clock_ms=now, settings=waves, rng=site.random
        ),
        "counter": lambda: counter.count_forever(
            book,
            clock_ms=now,
            zone=config.site.zone,
            per_day=config.counts.per_day,
            velocity_days=config.counts.velocity_days,
        ),
        "replenisher": lambda: replenisher.replenish_forever(book, clock_ms=now),
        "seals": lambda: seals.run(book),
        "privacy": lambda: daily.run(
            book, clock_ms=now, zone=config.site.zone, keep=config.privacy
        ),
        "feeds": lambda: feeds.run(
            book,
            now=now,
            random=site.random,
            secret=lambda ref: read_secret(ref, site.root),
            settings=feeds.settings_of(config.webhooks),
        ),
        "clockwork": lambda: _clockwork(site),
    }
    return jobs | device_workers(site, config)


def device_workers(site: Site, config: Config) -> dict[str, alive.Job]:
    """Workers that there are for each device of *config*: `robot NAME`, `conveyor NAME`."""
    jobs: dict[str, alive.Job] = {}
    for name, device in config.devices.items():
        if registry.is_robot(device.driver):
            jobs[f"robot {name}"] = _robot(site, config, name)
        elif registry.is_conveyor(device.driver):
            jobs[f"conveyor {name}"] = partial(conveyors.run, site.book, name, site.supervisor)
    return jobs


def _robot(site: Site, config: Config, name: str) -> alive.Job:
    options = config.devices[name].options
    settings = conductors.Settings(
        patience_s=config.robots.patience_s,
        poll_s=float(options.get("poll_s", conductors.POLL_S)),
    )

    def driver() -> conductors.Transporter:
        return site.supervisor.need(name, conductors.Transporter)

    return lambda: conductors.conduct(
        site.book, name, driver, clock_ms=site.clock_ms, clock=site.clock, rng=site.random,
        settings=settings,
    )  # fmt: skip


async def _clockwork(site: Site) -> None:
    """What the time of day brings: the next pickups and their manifests."""
    zone = site.config.site.zone
    while True:
        if await site.book.read(pickups.is_due, now=site.clock_ms(), zone=zone):
            await site.book.write(pickups.ensure, now=site.clock_ms(), zone=zone)
        await asyncio.sleep(CLOCKWORK_S)


def application(site: Site, reloader: Reloader, care: Care | None = None) -> Litestar:
    """Every door of the site; *care* is for a real machine under it."""
    config = site.config.server
    return make_app(
        site.book, clock_ms=site.clock_ms,
        settings=HttpSettings(
            requests_per_s=config.requests_per_second, burst=config.requests_per_second * 2,
            local_token_hash=token_hash(site.local_token),
        ),
        routers=[
            partner_door.routes(), import_door.routes(randomness.token_bytes),
            template_doors.routes(),
            inbound_doors.routes(), change_doors.routes(), document_doors.routes(),
            work_doors.routes(),
            return_doors.routes(), photo_doors.routes(),
            terminal_door.routes(site.floor), terminal_page.routes(),
            pictures.routes(site.floor, site.root / pictures.FOLDER), look_doors.routes(),
            recall_doors.routes(),
            wave_doors.routes(settings_of(site.config.waves)), paper_doors.routes(site.floor),
            feed_doors.routes(), crew.routes(randomness.token_bytes, site.floor.pepper),
            rights.routes(randomness.token_bytes, site.floor.pepper), count_doors.routes(),
            print_doors.routes(), site_doors.routes(), robot_doors.routes(),
            privacy_doors.routes(site.config.privacy),
            board_router(site.config),
            metrics_router(site.supervisor, care), device_doors.routes(reloader),
            tag_doors.routes(reloader),
        ],
    )  # fmt: skip


def reloader_of(site: Site, file: Path, workers_of: alive.Crew) -> Reloader:
    """What brings *site* in line with a changed *file*."""

    def write(tx: Tx, config: Config, fresh: Collection[str]) -> None:
        mirror(tx, config, holder=f"{os.getpid()}", now=site.clock_ms(), fresh=fresh)

    def taken(config: Config) -> None:
        site.dots_per_mm.clear()
        site.dots_per_mm.update(dots_of(config))
        site.languages.clear()
        site.languages.update(languages_of(config))

    return Reloader(
        file=file, config=site.config, book=site.book, supervisor=site.supervisor,
        crew=workers_of, mirror=write, workers=partial(device_workers, site), taken=taken,
    )  # fmt: skip


async def _until_stopped(
    site: Site, socket: socket.socket, file: Path, care: Care
) -> None:  # fmt: skip
    """Workers and doors side by side until a signal; a worker's bug ends the process loudly."""
    config, root = site.config.server, site.root
    floor_crew = alive.Crew(site.random)
    reloader = reloader_of(site, file, floor_crew)
    server = uvicorn.Server(uvicorn.Config(
        application(site, reloader, care), host=config.host, port=config.port, log_config=None,
        access_log=False,
        ssl_certfile=root / config.tls_certificate if config.tls_certificate else None,
        ssl_keyfile=root / config.tls_key if config.tls_key else None,
        timeout_graceful_shutdown=GOODBYE_S,
    ))  # fmt: skip
    door = asyncio.create_task(server.serve(sockets=[socket]), name="http")
    work = asyncio.create_task(
        floor_crew.keep(workers(site) | care.jobs(site.book, lambda: server.started)),
        name="workers",
    )
    reloads: set[asyncio.Task[None]] = set()

    def hang_up() -> None:
        task = asyncio.create_task(reloader.on_signal(), name="reload")
        reloads.add(task)
        task.add_done_callback(reloads.discard)

    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, hang_up)
    try:
        await asyncio.wait({door, work}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        server.should_exit = True
        work.cancel()
        await asyncio.gather(work, door, return_exceptions=True)
    for task in (work, door):
        if not task.cancelled() and task.exception() is not None:
            task.result()


async def serve_until_told(config: Config, root: Path, file: Path = Path("config.toml")) -> None:
    """`serve`, until SIGINT or SIGTERM; returns when everything is tidied up."""
    serving = asyncio.create_task(serve(config, root, file), name="serve")
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, serving.cancel)
    with suppress(asyncio.CancelledError):
        await serving
    log.info("site.stopped", site=config.site.name)


def open_door(host: str, port: int) -> socket.socket:
    """The socket of the API, bound. Refuses `DOOR_TAKEN`, before anything else is started."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    door = socket.socket(family)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((host, port))
    except OSError as error:
        door.close()
        why = error.strerror or str(error)
        raise Rejected(Code.DOOR_TAKEN, host=host, port=port, why=why) from error
    return door
