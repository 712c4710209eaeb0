"""`genba orders`: the lead finds an order, holds it, lets it go on, and cancels it."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from app.__main__ import cli
from tests.picking_site import Site, site_at
from wms.orders.cancel import Cancelled
from wms.orders.holds import Held
from wms.orders.view import OrderList, OrderView
from wms.schema import commands

CONFIG = '[site]\nname = "Test"\n[database]\nurl = "{url}"\n'


@pytest.fixture
def site(sqlite_url: str) -> Iterator[Site]:
    with site_at(sqlite_url) as site:
        site.put("A-01", "PEN", 9)
        site.orders([[("PEN", 2)], [("PEN", 1)]])
        yield site


@pytest.fixture
def config(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    file = tmp_path / "config.toml"
    file.write_text(CONFIG.format(url=site.book.url))
    return str(file)


def genba(*words: str) -> str:
    done = CliRunner().invoke(cli, ["orders", *words])
    assert done.exit_code == 0, done.output
    return done.output


def test_the_lead_holds_releases_and_cancels(site: Site, config: str) -> None:
    at = ("--config", config)
    listed = genba("list", *at).splitlines()
    assert [line.split("  ")[0] for line in listed] == ["O0000002", "O0000001"]
    assert genba("hold", "O0000001", "--reason", "fraud?", *at) == "O0000001  on hold\n"
    (line,) = genba("list", "--state", "held", *at).splitlines()
    assert line.endswith("on hold  2026-11-22  fraud?")
    shown = genba("show", "O0000001", *at).splitlines()
    assert shown[0].endswith("on hold  fraud?")
    assert shown[1].split() == ["1", "PEN", "0/2", "Item", "PEN"]
    assert genba("release", "O0000001", *at) == "O0000001  accepted\n"
    assert genba("cancel", "O0000001", *at) == "O0000001  cancelled (waiting)\n"
    assert site.state(1) == "cancelled"
    names = site.rows(select(commands.c.name, commands.c.actor).order_by(commands.c.id))
    assert [tuple(row) for row in names][-3:] == [
        ("orders.hold", "api:local"), ("orders.release", "api:local"),
        ("orders.cancel", "api:local"),
    ]  # fmt: skip


def test_in_japanese_states_are_what_a_floor_calls_them(
    site: Site, config: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", "ja_JP.UTF-8")
    at = ("--config", config)
    assert "保留" in genba("hold", "O0000001", *at)
    assert "  保留  " in genba("list", "--state", "held", *at)
    assert "保留" in genba("show", "O0000001", *at)
    assert genba("release", "O0000001", *at).split()[1] == "受付済"
    assert genba("cancel", "O0000001", *at) == "O0000001  取消済 (引当前)\n"


def test_each_answers_in_json(site: Site, config: str) -> None:
    at = ("--config", config, "--json")
    assert len(msgspec.json.decode(genba("list", *at), type=OrderList).orders) == 2
    assert msgspec.json.decode(genba("show", "2", *at), type=OrderView).code == "O0000002"
    assert msgspec.json.decode(genba("hold", "2", *at), type=Held).before_hold == "accepted"
    assert msgspec.json.decode(genba("release", "2", *at), type=Held).new is True
    assert msgspec.json.decode(genba("cancel", "2", *at), type=Cancelled).stage == "waiting"


def test_an_unknown_order_is_told(site: Site, config: str) -> None:
    done = CliRunner().invoke(cli, ["orders", "show", "nope", "--config", config])
    assert done.exit_code != 0
