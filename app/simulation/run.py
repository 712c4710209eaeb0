"""Builds a shift from its seed, lives through it, and judges it."""

import asyncio
import atexit
import os
import shutil
import tempfile
import traceback
from collections.abc import Iterator, MutableMapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError
from structlog.testing import capture_logs

from app.demo import orders, physical, site, special
from app.demo import shift as of_shift
from app.demo.day_verdict import judge_flows
from app.demo.flows import Flows
from app.demo.oms import SECRET, Oms
from app.demo.processes import SCOPES
from app.demo.shift import Dose
from app.demo.trouble import Trouble
from app.demo.twins import LIGHTS
from app.demo.verdict import Verdict, judge
from app.simulation import arrivals, flows
from app.simulation.doors import Radio
from app.simulation.faults import Storm
from app.simulation.hardware import Hardware
from app.simulation.loop import VirtualLoop
from app.simulation.machine import START_MS, Machine
from app.simulation.network import Network
from app.simulation.server import Server
from app.simulation.shift import AGAIN_S, LOOK_S, Plan, Progress, Shift, silent
from app.simulation.tally import Tally
from app.simulation.trace import Trace
from wms import config
from wms.db import Book, Tx
from wms.people import tokens
from wms.site.calendar import set_timezone
from wms.storage import places
from wms.upkeep import upgrade

LOUD_MAX = 12  # newest errors in the log, for whoever has to understand a failure
SITE_SEED = 1  # every shift works in the same building
MEMORY = Path("/dev/shm")  # noqa: S108 - a book that need not outlive its shift


@dataclass(frozen=True, slots=True)
class Result:
    """How a shift ended: what was compared, who lived in it, and what happened in which order."""

    verdict: Verdict
    shift: Shift
    trace: Trace
    log: tuple[str, ...] = ()  # the server's, what is loud in it

    @property
    def struck(self) -> dict[str, int]:
        """How often each fault changed something; every fault that could, is named."""
        storm = self.shift.storm
        names = {*storm.menu(), *storm.tally.struck} if self.shift.plan.faults_every_s else ()
        return {name: storm.tally.struck[name] for name in sorted(names)}

    @property
    def injected(self) -> int:
        """How often any of them did."""
        return sum(self.shift.storm.tally.struck.values())

    @property
    def episodes(self) -> int:
        """How many of those were faults that set in; the rest are single messages."""
        tally = self.shift.storm.tally
        return sum(min(times, tally.begun[name]) for name, times in tally.struck.items())

    @property
    def kills(self) -> int:
        """How often the server died."""
        return self.shift.server.kills

    @property
    def story(self) -> list[str]:
        """The newest faults, when they set in; what the log says; what each screen showed."""
        told = self.shift.storm.tally.story
        faults = [f"{_clock(at_s - self.shift.began_s)}  {name}" for at_s, name in told]
        return [*faults, *self.log[-LOUD_MAX:], *self.shift.screens()]


def _loud(log: Sequence[MutableMapping[str, Any]]) -> Iterator[str]:
    """Errors in a log, a line each."""
    for entry in log:
        if entry["log_level"] in ("error", "critical"):
            rest = {name: entry[name] for name in entry if name not in ("log_level", "event")}
            yield f"log: {entry['event']} {rest}"[:300]


def _clock(seconds: float) -> str:
    """Since the shift began."""
    minutes, left = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{left:02d}"


@cache
def the_site() -> site.Site:
    """The building, its goods and its people, with those for every flow."""
    return of_shift.with_shift(site.make(SITE_SEED), SITE_SEED, flows.building())


@cache
def template() -> Path:
    """A folder with the site's book before its first order, its pepper, and the shops' token."""
    folder = _folder("genba-building-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    url = f"sqlite:///{folder / 'book.db'}"
    upgrade.to_newest(url)
    book = Book(url)
    token = book.write_now(_fill)
    book.close()
    (folder / "token").write_text(token, "utf-8")
    (folder / "pepper").write_text("demo", "utf-8")
    return folder


def _fill(tx: Tx) -> str:
    set_timezone(tx, str(site.ZONE))
    places.ensure_outside(tx)
    site.write(tx, the_site(), now=START_MS)
    site.write_pickups(tx, now=START_MS)
    return tokens.create(
        tx, name="shops", scopes=SCOPES, owner="", days=2, now=START_MS, random=bytes(32)
    )  # fmt: skip


def _folder(prefix: str) -> Path:
    return Path(tempfile.mkdtemp(prefix=prefix, dir=MEMORY if MEMORY.is_dir() else None))


def run(plan: Plan, progress: Progress = silent) -> Result:
    """Live through the shift of *plan*. The same plan gives the same trace.

    *progress* is told now and then how far it is, in seconds, and how many faults struck.
    """
    folder = _folder("genba-shift-")
    os.environ.setdefault("GENBA_DEMO_OMS", SECRET)
    try:
        for name in ("book.db", "pepper"):
            shutil.copy(template() / name, folder / name)
        (folder / "pepper").chmod(0o600)
        network = Network()
        with (
            capture_logs() as log,
            asyncio.Runner(loop_factory=lambda: VirtualLoop(network)) as runner,
        ):
            result = runner.run(_run(plan, folder, network, progress))
        return replace(result, log=tuple(_loud(log)))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _run(plan: Plan, folder: Path, network: Network, progress: Progress) -> Result:
    bodies = _bodies(plan)
    shift = await _shift(plan, folder, network, bodies)
    shift.progress = progress
    broken: list[str] = []
    try:
        await shift.live(bodies)
    except BaseExceptionGroup as group:
        broken += _told(group)
    book = Book(shift.server.config.database.url)
    try:
        verdict = book.read_now(_judge, shift)
        trace = book.read_now(Trace.of)
    finally:
        book.close()
    verdict.faults[:0] = broken + shift.storm.wrong
    return Result(verdict, shift, trace)


def _judge(tx: Tx, shift: Shift) -> Verdict:
    tally, dose = shift.tally(), shift.plan.dose
    verdict = judge(tx, tally, trouble=False)
    if dose is not None:
        judge_flows(tx, tally, verdict, dose)
        left = shift.busy()
        verdict.claim(not left, f"not done at the end: {', '.join(left[:8])}")
    return verdict


def _told(error: BaseException) -> list[str]:
    """What broke, and where, for each of them."""
    if isinstance(error, BaseExceptionGroup):
        return [line for one in error.exceptions for line in _told(one)]
    frames = [
        one for one in traceback.extract_tb(error.__traceback__) if "/.venv/" not in one.filename
    ]
    where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
    return [f"it broke at {where}: {type(error).__name__}: {str(error)[:500]}"]


def _bodies(plan: Plan) -> list[dict[str, Any]]:
    """What the shops order: so many, and what the flows want of them besides."""
    made, dose = the_site(), plan.dose
    if dose is None:
        return orders.make(made, plan.orders, plan.seed)
    besides = len(dose.specials) + (special.WALL_MIN if dose.has("sort") else 0)
    return of_shift.bodies(made, plan.orders + besides, plan.seed, dose)


async def _shift(
    plan: Plan, folder: Path, network: Network, bodies: list[dict[str, Any]]
) -> Shift:  # fmt: skip
    """Everything that lives in the shift, switched on."""
    chance = Random(plan.seed)  # noqa: S311 - what happens in a shift is no secret

    def dice() -> Random:
        return Random(chance.getrandbits(64))  # noqa: S311

    made, dose = the_site(), plan.dose
    wanted = [line["sku"] for body in bodies for line in body["lines"]]
    world = physical.make(made, dice(), wanted=wanted)
    network.random = dice()
    hardware = Hardware(
        world, dice(), plan.benches, plan.robots, dose is not None and dose.has("sort"), plan.gear
    )
    await hardware.start()
    token = (template() / "token").read_text("utf-8")
    oms = Oms("http://floor", token, dice(), again_s=AGAIN_S)
    await oms.listen()
    server = Server(
        config.check(_config(plan, folder, hardware, oms), "simulation"), folder, dice(),
        hardware, network, Machine(folder / "book.db"),
    )  # fmt: skip
    radio, line = Radio(server, dice()), Radio(server, dice(), "api")
    oms.transport, oms.verify = line, _verify
    tally = Tally(asyncio.get_running_loop().time)
    storm = Storm(dice(), server, hardware, network, (radio, line), oms, plan.faults_every_s, tally)
    shift = Shift(plan, made, world, hardware, server, radio, oms, Trouble(dice()), storm)
    if dose is not None:
        shift.flows = _flows(plan, dose, shift, bodies, dice())
        _write_flows(plan, dose, server.config.database.url, folder)
    return shift


def _flows(
    plan: Plan, dose: Dose, shift: Shift, bodies: list[dict[str, Any]], random: Random
) -> Flows:
    """What shops and suppliers do, and the trucks and the slots of the wall in the world."""
    world = shift.world
    world.trucks += of_shift.trucks(shift.made, plan.seed, dose)
    world.where.update((slot, "in the wall") for slot in special.WALL_SLOTS)
    doubtful = of_shift.cancelled(bodies, plan.seed, dose)
    return Flows(
        shift.made, world, shift.oms, random, doubtful, dose, dose.returning(len(bodies)),
        look_s=LOOK_S, late_s=plan.shift_s / 10,
    )  # fmt: skip


def _write_flows(plan: Plan, dose: Dose, url: str, folder: Path) -> None:
    special.draw_pictures(folder)
    book = Book(url)
    try:
        book.write_now(of_shift.write, the_site(), plan.seed, dose)
        if dose.has("receive"):
            book.write_now(arrivals.write, the_site(), plan.seed, dose)
    finally:
        book.close()


def _config(plan: Plan, folder: Path, hardware: Hardware, oms: Oms) -> dict[str, Any]:
    """What the installer of this site would write."""
    stations = hardware.stations()
    picking: dict[str, Any] = {}
    if hardware.lights is not None:
        stations[special.WALL] = {
            "kind": "wall", "place": special.WALL,
            "slots": [f"{slot}={LIGHTS}:{n}" for n, slot in enumerate(special.WALL_SLOTS)],
        }  # fmt: skip
        picking = {"picking": {"zones": special.picking()["picking.zones"]}}
    if plan.dose is not None and plan.dose.has("receive"):
        stations |= arrivals.station("label-1", rfid=plan.gear.printer == "zpl")
    return {
        **picking,
        "site": {"name": "simulation", "timezone": str(site.ZONE)},
        "database": {"url": f"sqlite:///{folder / 'book.db'}"},
        "server": {"requests_per_second": 100_000},
        "floor": {"idle_lock_minutes": 20},  # longer than anybody here waits
        "waves": {"orders_min": 3, "orders_max": 10, "wait_minutes": 20},
        "robots": {"patience_s": 60.0}, "secrets": {"pepper": "file:pepper"},
        "devices": hardware.config(), "stations": stations,
        "webhooks": {"shops": {
            "url": f"http://127.0.0.1:{oms.port}/webhooks", "secret": "env:GENBA_DEMO_OMS",
            "retry_scale": 0.03,
        }},
    }  # fmt: skip


def _verify(body: bytes, headers: dict[str, str]) -> None:
    """The signature of a webhook, whatever this world's clock says of its age."""
    at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), tz=UTC)
    signed = Webhook(SECRET).sign(headers["webhook-id"], at, body.decode())
    if signed not in headers["webhook-signature"].split(" "):
        raise WebhookVerificationError("another signature")
