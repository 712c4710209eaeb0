"""`genba run`: a whole site in one process, which starts or says why not, and goes when told."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import httpx2
import msgspec
import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from app import http, wiring
from app.__main__ import cli
from app.local import reached
from devices.twins.printer import PrinterTwin
from tests.feed_site import until
from tests.site_process import GENBA, SiteProcess, free_port, site_process, write_config
from tests.sources import ROOT
from tests.webhook_receiver import SECRET, Receiver, receiving
from wms.config import ConfigError, load
from wms.db import Book
from wms.errors import Rejected
from wms.rooms.board_state import BoardState
from wms.schema import endpoints
from wms.upkeep import lock

GOODBYE_S_MAX = 5.0


def run(config: Path) -> subprocess.CompletedProcess[str]:
    """`genba run` that ends by itself."""
    return subprocess.run(
        [*GENBA, "run", "--config", str(config)], cwd=ROOT, capture_output=True, text=True,
        check=False, timeout=30, env={**os.environ, "LANG": "en_US.UTF-8"},
    )  # fmt: skip


def the_board(site: SiteProcess) -> BoardState:
    """The board, with the token of this machine's own commands."""
    holder = lock.holder_of(lock.path_of(f"sqlite:///{site.folder}/data/genba.db"))
    assert holder is not None
    headers = {"Authorization": f"Bearer {holder.token}", "Accept-Language": "en"}
    answer = httpx2.get(f"{site.url}/v1/board", headers=headers, trust_env=False)
    return msgspec.json.decode(answer.content, type=BoardState)


async def test_a_site_starts_connects_its_printer_tells_its_oms_and_goes_when_told(
    tmp_path: Path,
) -> None:
    printer = PrinterTwin(now_ms=lambda: 0)
    await printer.start()
    (tmp_path / "oms.secret").write_text(SECRET)
    (tmp_path / "oms.secret").chmod(0o600)
    async with receiving(Receiver()) as oms:
        lines = [
            "[devices.label-1]", 'driver = "zpl-tcp"', 'host = "127.0.0.1"',
            f"port = {printer.port}", "[stations.PACK-1]", 'place = "PACK-1"',
            'printer = "label-1"', "[webhooks.oms]", f'url = "{oms.url}"',
            'secret = "file:oms.secret"', "kinds = ['device.changed']",
        ]  # fmt: skip
        with site_process(tmp_path, *lines) as site:
            await until(lambda: the_board(site).devices[0].health == "online")
            assert the_board(site).site == "試験センター"
            assert the_board(site).tiles[9].value == "0"
            await until(lambda: len(oms.taken) >= 1)
            printer.paper_out()
            await until(lambda: the_board(site).tiles[9].value == "1")
            began = time.monotonic()
            site.process.send_signal(signal.SIGTERM)
            assert site.process.wait(10) == 0
            assert time.monotonic() - began < GOODBYE_S_MAX
            logged = [json.loads(line) for line in site.log().splitlines()]
    await printer.stop()
    assert [line["event"] for line in logged if "site." in line["event"]] == [
        "site.started", "site.stopped",
    ]  # fmt: skip
    assert not [line for line in logged if line["level"] in ("error", "critical")]
    with reached(Path(site.config)) as book:
        assert isinstance(book, Book), "the book is free again"
        hooks = book.read_now(lambda tx: tx.execute(select(endpoints.c.name)).scalars().all())
        assert hooks == ["oms"]


def test_a_faulty_configuration_is_told_whole(tmp_path: Path) -> None:
    config = write_config(tmp_path, 8470, "[serve]", "x = 1", "[floor]", "bounce_ms = -1")
    done = CliRunner().invoke(cli, ["run", "--config", str(config)])
    assert done.exit_code == 2
    assert len(done.stderr.splitlines()) == 2
    assert "serve: unknown key, did you mean server?" in done.stderr
    assert "floor.bounce_ms" in done.stderr
    japanese = CliRunner(env={"LC_ALL": "ja_JP.UTF-8"}).invoke(
        cli, ["run", "--config", str(config)]
    )
    assert "serve: このような項目はありません。server ですか" in japanese.stderr
    assert "floor.bounce_ms: bounce_ms " in japanese.stderr
    assert "expected" not in japanese.stderr
    missing = CliRunner().invoke(cli, ["run", "--config", str(tmp_path / "nowhere.toml")])
    assert missing.exit_code == 2
    assert "not found" in missing.stderr


def test_a_neighbour_that_would_print_in_another_size_is_refused(tmp_path: Path) -> None:
    stations = [
        "[devices.fine]", 'driver = "zpl-tcp"', "[devices.coarse]", 'driver = "zpl-tcp"',
        "[stations.A]", 'place = "A"', 'printer = "fine"', "dots_per_mm = 12", 'neighbour = "B"',
        "[stations.B]", 'place = "B"', 'printer = "coarse"',
    ]  # fmt: skip
    config = write_config(tmp_path, 8470, *stations)
    with pytest.raises(ConfigError, match=r"stations\.A\.neighbour: B prints 8 dots per mm, A 12"):
        load(config)
    config.write_text(config.read_text() + "\ndots_per_mm = 12\n")
    assert {station.dots_per_mm for station in load(config).stations.values()} == {12}


def test_slips_on_a_label_printer_are_refused(tmp_path: Path) -> None:
    named = ["[devices.small]", 'driver = "zpl-tcp"', "[stations.A]", 'place = "A"']
    config = write_config(tmp_path, 8470, *named, 'slip_printer = "small"')
    with pytest.raises(ConfigError, match=r"stations\.A\.slip_printer: small .*office-queue"):
        load(config)
    config.write_text(config.read_text().replace("zpl-tcp", "office-queue"))
    assert load(config).stations["A"].slip_printer == "small"


def test_a_second_server_is_refused_and_the_first_lets_commands_in(tmp_path: Path) -> None:
    with site_process(tmp_path) as site, httpx2.Client(base_url=site.url, trust_env=False) as held:
        assert held.get("/v1/health").status_code == 200
        done = run(Path(site.config))
        assert done.returncode == 1
        assert str(site.process.pid) in done.stderr
        assert "Traceback" not in done.stderr
        with pytest.raises(Rejected) as taken:
            wiring.open_door("127.0.0.1", site.port)
        assert taken.value.params["why"] == "Address already in use"
        with reached(Path(site.config)) as place:
            assert not isinstance(place, Book)
            assert place.ask("GET", "/v1/health", http.Health).status == "ok"
        site.process.send_signal(signal.SIGINT)  # ctrl+c, with a client that holds on
        assert site.process.wait(GOODBYE_S_MAX) == 0


async def test_a_missing_pepper_stops_the_start(tmp_path: Path) -> None:
    reference = "env:GENBA_TEST_NO_SUCH_SECRET"
    file = write_config(tmp_path, free_port(), "[secrets]", f'pepper = "{reference}"')
    with pytest.raises(Rejected) as refused:
        await wiring.serve(load(file), tmp_path)
    assert refused.value.params == {"reference": reference}
    assert lock.holder_of(lock.path_of(f"sqlite:///{tmp_path}/data/genba.db")) is None
