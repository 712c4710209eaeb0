"""Builds a shift from its seed, lives through it, and judges it."""

import asyncio
import os
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

from app.demo import orders, physical, site
from app.demo.oms import SECRET, Oms
from app.demo.processes import SCOPES
from app.demo.trouble import Trouble
from app.demo.verdict import Verdict, judge
from app.simulation.doors import Radio
from app.simulation.faults import Storm
from app.simulation.hardware import Hardware
from app.simulation.loop import VirtualLoop
from app.simulation.network import Network
from app.simulation.server import START_MS, Server
from app.simulation.shift import Plan, Shift
from app.simulation.trace import Trace
from wms import config, places, tokens, upgrade
from wms.calendar import set_timezone
from wms.db import Book, Tx

SITE_SEED = 1  # every shift works in the same building
MEMORY = Path("/dev/shm")  # noqa: S108 - a book that need not outlive its shift


@dataclass(frozen=True, slots=True)
class Result:
    """How a shift ended: what was compared, who lived in it, and what happened in which order."""

    verdict: Verdict
    shift: Shift
    trace: Trace

    @property
    def struck(self) -> dict[str, int]:
        """How often each fault struck."""
        return dict(sorted(self.shift.storm.struck.items()))

    @property
    def kills(self) -> int:
        """How often the server died."""
        return self.shift.server.kills


@cache
def the_site() -> site.Site:
    """The building, its goods and its people."""
    return site.make(SITE_SEED)


@cache
def template() -> Path:
    """A folder with the site's book before its first order, its pepper, and the shops' token."""
    folder = _folder("genba-building-")
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


def run(plan: Plan) -> Result:
    """Live through the shift of *plan*. The same plan gives the same trace."""
    folder = _folder("genba-shift-")
    os.environ.setdefault("GENBA_DEMO_OMS", SECRET)
    try:
        for name in ("book.db", "pepper"):
            shutil.copy(template() / name, folder / name)
        (folder / "pepper").chmod(0o600)
        network = Network()
        with asyncio.Runner(loop_factory=lambda: VirtualLoop(network)) as runner:
            return runner.run(_run(plan, folder, network))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _run(plan: Plan, folder: Path, network: Network) -> Result:
    chance = Random(plan.seed)  # noqa: S311 - what happens in a shift is no secret

    def dice() -> Random:
        return Random(chance.getrandbits(64))  # noqa: S311

    made = the_site()
    bodies = orders.make(made, plan.orders, plan.seed)
    wanted = [line["sku"] for body in bodies for line in body["lines"]]
    world = physical.make(made, dice(), wanted=wanted)
    hardware = Hardware(world, dice(), plan.benches, plan.robots)
    await hardware.start()
    oms = Oms("http://floor", (template() / "token").read_text("utf-8"), dice())
    await oms.listen()
    server = Server(
        config.check(_config(plan, folder, hardware, oms), "simulation"), folder, dice(),
        hardware.wires, network,
    )  # fmt: skip
    radio = Radio(server, dice())
    oms.transport, oms.verify = radio, _verify
    storm = Storm(dice(), server, hardware, network, radio, oms, plan.faults_every_s)
    shift = Shift(plan, made, world, hardware, server, radio, oms, Trouble(dice()), storm)
    await shift.live(bodies)
    book = Book(server.config.database.url)
    try:
        verdict = book.read_now(judge, shift.tally(), trouble=False)
        trace = book.read_now(Trace.of)
    finally:
        book.close()
    if server.bug is not None:
        verdict.faults.append(f"the server ended by itself: {server.bug!r}")
    return Result(verdict, shift, trace)


def _config(plan: Plan, folder: Path, hardware: Hardware, oms: Oms) -> dict[str, Any]:
    """What the installer of this site would write."""
    stations = {
        f"PACK-{n}": {
            "kind": "pack", "place": f"PACK-{n}", "printer": f"label-{n}", "scale": f"scale-{n}",
        }
        for n in range(1, plan.benches + 1)
    }  # fmt: skip
    return {
        "site": {"name": "simulation", "timezone": str(site.ZONE)},
        "database": {"url": f"sqlite:///{folder / 'book.db'}"},
        "server": {"requests_per_second": 100_000},
        "waves": {"orders_min": 3, "orders_max": 10, "wait_minutes": 20},
        "robots": {"patience_s": 60.0}, "secrets": {"pepper": "file:pepper"},
        "devices": hardware.config(), "stations": stations,
        "webhooks": {"shops": {
            "url": f"http://127.0.0.1:{oms.port}/webhooks", "secret": "env:GENBA_DEMO_OMS",
            "retry_scale": 0.01,
        }},
    }  # fmt: skip


def _verify(body: bytes, headers: dict[str, str]) -> None:
    """The signature of a webhook, whatever this world's clock says of its age."""
    at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), tz=UTC)
    signed = Webhook(SECRET).sign(headers["webhook-id"], at, body.decode())
    if signed not in headers["webhook-signature"].split(" "):
        raise WebhookVerificationError("another signature")
