"""`genba privacy` and its doors: whom it is about comes by standard input, never as an argument."""

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from litestar.testing import TestClient
from sqlalchemy import select, update
from typer.testing import CliRunner, Result

from app import privacy_doors
from app.__main__ import cli
from app.http import HttpSettings, make_app
from app.local import clock_ms
from tests.intake_site import DAY_MS, HOME, order, seed
from wms.config import Privacy
from wms.db import Book
from wms.orders import lifecycle
from wms.people.tokens import token_hash
from wms.schema import orders as orders_table
from wms.upkeep import upgrade

SECRET = "only this machine knows"


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Book]:
    """A book with two orders of one person: the first was sent half a year ago."""
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    (tmp_path / "config.toml").write_text('[site]\nname = "x"\n', "utf-8")
    (tmp_path / "data").mkdir()
    url = f"sqlite:///{tmp_path / 'data/genba.db'}"
    upgrade.to_newest(url)
    book = Book(url)
    book.write_now(seed)
    for name in ("E-1", "E-2"):
        book.write_now(lifecycle.accept, order(name), now=clock_ms())
    gone = {"state": "shipped", "state_ms": clock_ms() - 180 * DAY_MS}
    one = orders_table.c.external_id == "E-1"
    book.write_now(lambda tx: tx.execute(update(orders_table).where(one).values(gone)))
    yield book
    book.close()


def genba(tmp_path: Path, *words: str, about: str = "") -> Result:
    at = ("--config", str(tmp_path / "config.toml"))
    return CliRunner().invoke(cli, ["privacy", *words, *at], input=f"{about}\n" if about else "")


def names(book: Book) -> list[str]:
    told = book.read_now(lambda tx: list(tx.scalars(select(orders_table.c.recipient))))
    return [msgspec.json.decode(one)["name"] for one in told]


def test_what_is_due_is_said_and_then_forgotten(book: Book, tmp_path: Path) -> None:
    said = genba(tmp_path, "mask", "--dry-run")
    assert said.stdout == "Due, and not forgotten yet: orders 1\n", said.output
    assert names(book) == [HOME.name, HOME.name]
    assert genba(tmp_path, "mask", "--json").stdout == '{"rows":{"orders":1},"dry_run":false}\n'
    assert names(book) == ["***", HOME.name]
    assert genba(tmp_path, "mask").stdout == "Nothing is due\n"


def test_somebody_is_told_and_erased(book: Book, tmp_path: Path) -> None:
    file = tmp_path / "told.json"
    said = genba(tmp_path, "export", "phone", "--out", str(file), about=HOME.phone)
    assert said.exit_code == 0, said.output
    told = msgspec.json.decode(file.read_bytes())
    assert [one["external_id"] for one in told["orders"]] == ["E-1", "E-2"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again = genba(tmp_path, "export", "phone", "--out", str(file), about=HOME.phone)
    assert again.exit_code == 1, "a file that is there is not written over"
    erased = genba(tmp_path, "erase", "phone", about=HOME.phone)
    assert erased.stdout.splitlines() == [
        "Erased: 1 orders, 0 people",
        "Not yet, still under way: O0000002. Ask again when they have left or are cancelled",
    ]
    assert erased.exit_code == 1
    assert names(book) == ["***", HOME.name]
    one = msgspec.json.decode(genba(tmp_path, "export", "order", about="E-1").stdout)
    assert one["orders"][0]["recipient"]["name"] == "***"


def test_over_the_network_only_an_admin_is_told(book: Book) -> None:
    now = clock_ms()
    app = make_app(
        book, clock_ms=lambda: now, settings=HttpSettings(local_token_hash=token_hash(SECRET)),
        routers=[privacy_doors.routes(Privacy())],
    )  # fmt: skip
    with TestClient(app, raise_server_exceptions=False) as client:

        def ask(path: str, secret: str = SECRET, **options: Any) -> Any:
            headers = {"Authorization": f"Bearer {secret}"}
            return client.post(f"/v1/privacy/{path}", headers=headers, **options)

        subject = {"phone": HOME.phone}
        assert ask("export", "genba_live_" + "x" * 43, json=subject).status_code == 401
        assert len(ask("export", json=subject).json()["orders"]) == 2
        assert ask("export", json={"name": HOME.name}).status_code == 400, "a name finds nobody"
        assert ask("erase", json=subject).json()["waiting"] == ["O0000002"]
        assert ask("mask?dry_run=true").json() == {"rows": {}, "dry_run": True}
        assert ask("mask").json() == {"rows": {}, "dry_run": False}
