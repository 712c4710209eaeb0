"""Devices while the site runs: a new file touches what differs, a bad driver is left alone."""

import asyncio
import os
import signal
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from random import Random
from typing import Any, ClassVar

import httpx2
import pytest
from sqlalchemy import select
from structlog.testing import capture_logs
from typer.testing import CliRunner

from app.__main__ import cli
from app.mirror import mirror, set_up
from app.reload import Reloader, configured
from devices import changes, intake
from devices.capabilities import Health, Link, Scale, Uncertain
from devices.conformance import until
from devices.supervisor import Supervisor
from tests.feed_site import until as until_seen
from tests.intake_site import NOW
from tests.site_process import site_process, write_config
from tests.supervised import POLICY, OneDriver, Peer, Scene
from tests.virtual_time import run
from wms.config import Config, load
from wms.db import Book, Tx
from wms.errors import Code, Rejected
from wms.rooms import alive
from wms.rooms.signals import Scan, TagSeen, Weight
from wms.schema import devices, events, stations


class Buggy(OneDriver):
    """Works on the desk, not on the floor."""

    async def run(self) -> None:
        raise KeyError("oops")


class EndsTheServer(OneDriver):
    """Thinks that it is alone."""

    async def run(self) -> None:
        sys.exit(1)


@pytest.mark.parametrize("driver", [Buggy, EndsTheServer])
def test_a_driver_with_a_bug_is_quarantined_and_comes_back_when_told(
    driver: type[OneDriver],
) -> None:
    async def scene() -> None:
        s, peer, other = Scene(bad=driver), Peer(), Peer()
        await s.supervisor.start("bad", "bad", {"peer": other})
        await s.supervisor.start("d", "one", {"peer": peer})
        await asyncio.sleep(1_000)
        assert s.words("bad")[-1] == "fault device.quarantined"
        metrics = s.supervisor.metrics("bad")
        assert (metrics.opens, metrics.driver_bugs, metrics.quarantines) == (5, 5, 1)
        assert s.words() == ["starting", "online"], "the rest works on"
        await s.supervisor.restart("bad")
        await asyncio.sleep(1_000)
        assert (metrics.opens, metrics.quarantines) == (10, 2)
        await s.supervisor.stop_all()
        assert (peer.live, other.live) == (0, 0)

    with capture_logs():
        run(scene())


BYTES: Any = b"4901"
FRACTION: Any = 1.5


class BreaksInUse(OneDriver):
    """Opens and lives; whoever uses it meets a bug."""

    async def weigh(self) -> int:
        raise KeyError("oops")


class EndsTheServerInUse(OneDriver):
    """Thinks that it is alone, too."""

    async def weigh(self) -> int:
        sys.exit(1)


@pytest.mark.parametrize("driver", [BreaksInUse, EndsTheServerInUse])
def test_a_bug_that_whoever_uses_a_driver_meets_is_one_of_the_driver(
    driver: type[OneDriver],
) -> None:
    async def scene() -> None:
        s, peer, other = Scene(bad=driver), Peer(), Peer()
        await s.supervisor.start("bad", "bad", {"peer": other})
        await s.supervisor.start("d", "one", {"peer": peer})
        for bug in range(1, POLICY.bugs_max + 1):
            await until(lambda: s.supervisor.health("bad")[0] is Health.ONLINE, "online again")
            with pytest.raises(Uncertain, match=r"^device\.bug$"):
                await s.supervisor.need("bad", Scale).weigh()
            await asyncio.sleep(0.1)
            assert s.supervisor.metrics("bad").driver_bugs == bug
            assert s.supervisor.health("bad")[1].startswith("device."), "its session is over"
        assert s.words("bad")[-1] == "fault device.quarantined"
        assert other.live == 0
        assert await s.supervisor.need("d", Scale).weigh() == 250, "the rest works on"
        assert s.words() == ["starting", "online"]
        await s.supervisor.stop_all()

    with capture_logs():
        run(scene())


@pytest.mark.parametrize(
    "said",
    [
        "hello", Scan("d", "of another device"), Scan("bad", BYTES), Weight("bad", FRACTION, True),
        TagSeen("bad", "\x00", 1, -60, 1), TagSeen("bad", "30", 1, -60, 2**40),
    ],
    ids=repr,
)  # fmt: skip
def test_what_a_driver_may_not_say_is_a_bug_and_reaches_nobody(said: Any) -> None:
    class Talks(OneDriver):
        async def run(self) -> None:
            assert self.peer.link is not None
            self.peer.link.emit(Scan(self.peer.link.device, "\x00 is made storable later"))
            asyncio.get_running_loop().call_soon(self.peer.link.emit, said)  # no one awaits it
            await super().run()

    async def scene() -> None:
        s = Scene(bad=Talks)
        s.loop.set_exception_handler(lambda _loop, _context: None)
        await s.supervisor.start("bad", "bad", {"peer": Peer()})
        await asyncio.sleep(0.1)
        assert s.words("bad")[-1] == "offline device.bug"
        assert len(s.supervisor.queue) == 1
        await s.supervisor.stop_all()

    with capture_logs():
        run(scene())


def test_a_wire_that_breaks_in_use_is_no_bug() -> None:
    class LosesItsWire(OneDriver):
        async def weigh(self) -> int:
            raise BrokenPipeError

    async def scene() -> None:
        s = Scene(bad=LosesItsWire)
        await s.supervisor.start("bad", "bad", {"peer": Peer()})
        await asyncio.sleep(1)
        with pytest.raises(Uncertain, match="BrokenPipeError"):
            await s.supervisor.need("bad", Scale).weigh()
        assert s.supervisor.metrics("bad").driver_bugs == 0
        await s.supervisor.stop_all()

    run(scene())


def test_a_bug_now_and_then_is_no_quarantine() -> None:
    class NowAndThen(OneDriver):
        async def run(self) -> None:
            assert self.peer.link is not None
            for _ in range(60):
                self.peer.link.alive()
                await asyncio.sleep(1)
            raise KeyError("oops")

    async def scene() -> None:
        s, peer = Scene(odd=NowAndThen), Peer()
        await s.supervisor.start("d", "odd", {"peer": peer})
        await asyncio.sleep(2_000)
        assert s.supervisor.metrics("d").driver_bugs > 20
        assert s.supervisor.metrics("d").quarantines == 0
        await s.supervisor.stop_all()

    with capture_logs():
        run(scene())


def test_only_what_differs_is_touched() -> None:
    async def scene() -> None:
        s, same, other, third, fourth = Scene(), Peer(), Peer(), Peer(), Peer()
        await changes.apply(
            s.supervisor, {"a": ("one", {"peer": same}), "b": ("one", {"peer": other})}
        )
        await asyncio.sleep(60)
        done = await changes.apply(
            s.supervisor, {"a": ("one", {"peer": same}), "c": ("one", {"peer": third})}
        )
        assert done == changes.Changes(added=("c",), removed=("b",))
        await asyncio.sleep(60)
        assert s.words("a") == ["starting", "online"]
        assert s.words("b")[-1] == "offline device.not_configured"
        assert s.words("c") == ["starting", "online"]
        assert s.supervisor.names() == ["a", "c"]
        wanted = {"a": ("one", {"peer": fourth}), "c": ("one", {"peer": third})}
        assert (await changes.apply(s.supervisor, wanted)).replaced == ("a",)
        await asyncio.sleep(60)
        assert same.live == 0
        assert s.words("a")[-1] == "online"
        assert s.supervisor.session("a") == 2
        assert not await changes.apply(s.supervisor, wanted)
        await s.supervisor.stop_all()

    run(scene())


class Lamp:
    """A device for `config.toml`: it is there and does nothing."""

    made: ClassVar[list[str]] = []

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.made.append(options["host"])

    async def open(self, link: Link) -> None:
        self.link = link

    async def run(self) -> None:
        while True:
            self.link.alive()
            await asyncio.sleep(0.05)

    async def close(self) -> None:
        """Nothing to do."""


PRINTERS = (
    "[devices.label-1]", 'driver = "zpl-tcp"', 'host = "one"', "[devices.label-2]",
    'driver = "zpl-tcp"', 'host = "two"', "[stations.PACK-1]", 'place = "PACK-1"',
    'printer = "label-1"',
)  # fmt: skip


async def test_a_new_file_is_taken_over_whole_or_not_at_all(
    sqlite_url: str, tmp_path: Path
) -> None:
    file = write_config(tmp_path, 8470, *PRINTERS)
    book, config = Book(sqlite_url), load(file)
    book.write_now(set_up, config, holder="1", now=NOW)

    async def told(device: str, health: Health, reason: str) -> None:
        await book.write(intake.record_health, device=device, health=health, reason=reason, now=NOW)

    def write(tx: Tx, config: Config, fresh: Collection[str]) -> None:
        mirror(tx, config, holder="1", now=NOW, fresh=fresh)

    supervisor = Supervisor(
        load=lambda _name: Lamp, on_health=told, clock=asyncio.get_running_loop().time,
        random=Random(7),
    )  # fmt: skip
    taken: list[Config] = []
    reloader = Reloader(
        file=file, config=config, book=book, supervisor=supervisor, crew=alive.Crew(Random(7)),
        mirror=write, workers=lambda _config: {}, taken=taken.append,
    )  # fmt: skip

    def rows() -> dict[str, tuple[str, str, int]]:
        found = book.read_now(lambda tx: tx.execute(select(devices)).all())
        return {row.name: (row.health, row.reason, row.fence) for row in found}

    try:
        await changes.apply(supervisor, configured(config))
        await until(lambda: {row[0] for row in rows().values()} == {"online"}, "both online", 30)
        for faulty in ('driver = "zpl-tcp"\nhots = "x"', 'driver = "zpl-tpc"', "port = 1"):
            file.write_text(file.read_text() + f"\n[devices.label-3]\n{faulty}\n")
            before = rows()
            with pytest.raises(Rejected) as refused:
                await reloader.reload()
            assert refused.value.code == Code.CONFIG_FAULTY
            assert "devices.label-3" in str(refused.value.params["faults"])
            assert (rows(), taken) == (before, [])
            write_config(tmp_path, 8470, *PRINTERS)
        write_config(tmp_path, 8471, *PRINTERS[:3], *PRINTERS[6:], "dots_per_mm = 12")
        done = await reloader.reload()
        assert (done.removed, done.stations, done.later) == (("label-2",), True, ("server",))
        await until(
            lambda: rows()["label-2"][:2] == ("offline", "device.not_configured"), "gone", 30
        )
        assert taken[-1].stations["PACK-1"].dots_per_mm == 12
        assert rows()["label-1"] == ("online", "", 1), "it was not touched"
        write_config(tmp_path, 8471, *PRINTERS[:2], 'host = "three"', *PRINTERS[6:])
        assert (await reloader.reload()).replaced == ("label-1",)
        await until(lambda: rows()["label-1"] == ("online", "", 2), "the new one online", 30)
        assert Lamp.made == ["one", "two", "three"]
        assert book.read_now(lambda tx: tx.scalar(select(stations.c.printer))) == "label-1"
        kinds = book.read_now(lambda tx: tx.scalars(select(events.c.kind)).all())
        assert kinds.count("device.changed") >= 4
    finally:
        await supervisor.stop_all()
        book.close()


async def test_workers_come_and_go_while_others_work() -> None:
    crew, beats = alive.Crew(Random(7)), {"a": 0, "b": 0}

    def job(name: str) -> alive.Job:
        async def beat() -> None:
            while True:
                beats[name] += 1
                await asyncio.sleep(0.001)

        return beat

    work = asyncio.create_task(crew.keep({"a": job("a")}))
    await until(lambda: beats["a"] > 3, "a works")
    crew.add("b", job("b"))
    await until(lambda: beats["b"] > 3, "b works")
    await crew.drop("b")
    await crew.drop("b")
    seen = dict(beats)
    await until(lambda: beats["a"] > seen["a"] + 3, "a works on")
    assert beats["b"] == seen["b"]
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work


def test_the_table_of_devices_is_live_until_somebody_has_seen_enough(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_config(tmp_path, 8470, "[database]", f'url = "{sqlite_url}"', *PRINTERS)
    book = Book(sqlite_url)
    book.write_now(set_up, load(file), holder="1", now=NOW)
    news = [(Health.ONLINE, ""), (Health.DEGRADED, "printer.paper_out")]

    def a_second_later(_seconds: float) -> None:
        if not news:
            raise KeyboardInterrupt
        health, reason = news.pop(0)
        book.write_now(
            intake.record_health, device="label-1", health=health, reason=reason, now=NOW
        )

    monkeypatch.setattr("time.sleep", a_second_later)
    run_ = CliRunner(env={"LC_ALL": "en_US.UTF-8"})
    done = run_.invoke(cli, ["devices", "--watch", "--config", str(file)])
    book.close()
    assert done.exit_code == 0, done.output
    shown = [line for line in done.stdout.splitlines() if line.startswith("label-1 ")]
    wanted = ("starting", "online", "paper")
    assert [word in line.lower() for word, line in zip(wanted, shown, strict=True)] == [True] * 3


@pytest.mark.long
def test_a_running_site_takes_over_its_file_by_command_and_by_signal(tmp_path: Path) -> None:
    run_ = CliRunner(env={"LC_ALL": "en_US.UTF-8"})
    options = ["--config", str(tmp_path / "config.toml")]
    with site_process(tmp_path, *PRINTERS[:3], *PRINTERS[6:]) as site:
        assert "label-1" in run_.invoke(cli, ["devices", *options]).stdout
        write_config(tmp_path, site.port, *PRINTERS)
        done = run_.invoke(cli, ["devices", "reload", *options])
        assert (done.exit_code, done.stdout) == (0, "added: label-2\n")
        assert '"label-2"' in run_.invoke(cli, ["devices", "--json", *options]).stdout
        again = run_.invoke(cli, ["devices", "restart", "label-2", *options])
        assert again.stdout == "label-2 was started again\n"
        wrong = run_.invoke(cli, ["devices", "restart", "label-9", *options])
        assert (wrong.exit_code, "label-9" in wrong.stderr) == (1, True)
        write_config(tmp_path, site.port, *PRINTERS[:3], *PRINTERS[6:])
        os.kill(site.process.pid, signal.SIGHUP)
        asyncio.run(until_seen(lambda: site.log().count("site.reloaded") == 2))
        assert httpx2.get(f"{site.url}/v1/health", trust_env=False).status_code == 200
        (tmp_path / "config.toml").write_text("[[[")
        os.kill(site.process.pid, signal.SIGHUP)
        asyncio.run(until_seen(lambda: "site.not_reloaded" in site.log()))
        assert site.answers()
