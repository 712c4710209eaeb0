"""`genba waves` and its API: the lead sees the waves, and can send everything now."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from litestar.testing import TestClient
from sqlalchemy import update
from typer.testing import CliRunner

from app.__main__ import cli
from app.http import HttpSettings, make_app
from picking import wave_doors
from picking.wave_doors import WaveList, WavesReleased
from tests.picking_site import NOON, SETTINGS, Site, site_at
from wms.people.tokens import token_hash
from wms.schema import orders

CONFIG = '[site]\nname = "Test"\n[database]\nurl = "{url}"\n[waves]\ncart_totes = 2\n'
SECRET = "local-secret"
PENS = 30
_is_short = orders.c.state == "short"


@pytest.fixture
def site(sqlite_url: str) -> Iterator[Site]:
    """Three orders wait (one of one piece), and one that nothing is there for."""
    with site_at(sqlite_url) as site:
        site.put("A-01", "PEN", PENS)
        site.orders([[("PEN", 2)], [("PEN", 3)], [("PEN", 1)]])
        site.order(("CUP", 5))
        yield site


@pytest.fixture
def config(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    file = tmp_path / "config.toml"
    file.write_text(CONFIG.format(url=site.book.url))
    return str(file)


def genba(*words: str) -> str:
    done = CliRunner().invoke(cli, list(words))
    assert done.exit_code == 0, done.output
    return done.output


def test_the_lead_sends_everything_now(site: Site, config: str) -> None:
    assert "4 orders wait for a wave, 0 wait for stock" in genba(
        "waves", "list", "--config", config
    )
    said = genba("waves", "release", "--config", config)
    assert said == "Released 1 waves: 3 orders on 2 tours. 1 lack stock\n"
    line, waiting = genba("waves", "list", "--config", config).splitlines()
    assert "Yamato Transport" in line
    assert "released orders 3 (3 left) tours 2 (2 open)" in line
    assert waiting == "0 orders wait for a wave, 1 wait for stock"
    tomorrow = {"state": "waiting_date", "ship_date": "2026-12-24"}
    site.write(lambda tx: tx.execute(update(orders).values(tomorrow).where(_is_short)))
    later = "1 more wait for their ship date (next: 2026-12-24): see cut-off, pickups and holidays"
    assert genba("waves", "list", "--config", config).splitlines()[-1] == later
    again = genba("waves", "release", "--config", config, "--json")
    assert msgspec.json.decode(again, type=WavesReleased).waves == 0


def test_the_same_by_api(site: Site) -> None:
    app = make_app(
        site.book, clock_ms=lambda: NOON,
        settings=HttpSettings(local_token_hash=token_hash(SECRET)),
        routers=[wave_doors.routes(SETTINGS)],
    )  # fmt: skip
    local = {"Authorization": f"Bearer {SECRET}"}
    with TestClient(app) as client:
        assert client.post("/v1/waves/release").status_code == 401
        done = client.post("/v1/waves/release", headers=local)
        released = msgspec.json.decode(done.content, type=WavesReleased)
        assert released == WavesReleased(waves=1, orders=3, tours=2, short=1)
        shown = client.get("/v1/waves", headers=local)
    listed = msgspec.json.decode(shown.content, type=WaveList)
    assert [(wave.orders, wave.orders_left, wave.tours_open) for wave in listed.waves] == [
        (3, 3, 2)
    ]


def test_a_wave_shows_what_is_left_of_it(site: Site) -> None:
    site.write(
        wave_doors.release_now, settings=SETTINGS, actor="test", device="test", now=site.now
    )  # fmt: skip
    tour = site.claim()
    site.walk(tour.id)
    site.drop(tour.id)
    (wave,) = site.read(wave_doors.list_waves).waves
    assert (wave.orders_left, wave.tours_open) == (2 if tour.kind == "total" else 1, 1)
