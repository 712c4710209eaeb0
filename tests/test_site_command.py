"""`genba site` tells the book what it must know before the first order, as often as one likes."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from litestar.testing import TestClient
from sqlalchemy import Table, func, select, update
from typer.testing import CliRunner, Result

from app import site_doors
from app.__main__ import cli
from app.http import HttpSettings, make_app
from tests.intake_site import NOW, order
from tests.sources import ROOT
from wms import site_settings
from wms.db import Book, Tx
from wms.errors import Code, Rejected
from wms.orders import lifecycle
from wms.orders.new import NewLine
from wms.people.tokens import token_hash
from wms.schema import boxes, commands, owners, pickups, services, tracking_ranges
from wms.site import items
from wms.site.items import NewItem
from wms.site.owners import NewOwner, Pickup
from wms.site_settings import NewRange, SiteSettings
from wms.upkeep import upgrade

EXAMPLE = ROOT / "docs/site.toml"
SECRET = "only this machine knows"


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Book]:
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    (tmp_path / "config.toml").write_text('[site]\nname = "x"\n', "utf-8")
    url = f"sqlite:///{tmp_path / 'data/genba.db'}"
    (tmp_path / "data").mkdir()
    upgrade.to_newest(url)
    book = Book(url)
    yield book
    book.close()


def genba(tmp_path: Path, file: Path, *options: str) -> Result:
    words = ["site", str(file), *options, "--config", str(tmp_path / "config.toml")]
    return CliRunner().invoke(cli, words)


def numbers(book: Book) -> tuple[int, int]:
    row = book.read_now(lambda tx: tx.execute(select(tracking_ranges)).one())
    return row.next, row.last


def counted(book: Book, *tables: Table) -> list[int]:
    """How many rows each of *tables* has."""

    def count(tx: Tx) -> list[int]:
        queries = [select(func.count()).select_from(table) for table in tables]
        return [tx.execute(query).scalar_one() for query in queries]

    return book.read_now(count)


def test_what_a_file_no_longer_names_is_kept_and_told(book: Book, tmp_path: Path) -> None:
    assert genba(tmp_path, EXAMPLE).exit_code == 0
    less = tmp_path / "less.toml"
    less.write_text(
        '[[boxes]]\ncode = "BX-80"\nlength_mm = 1\nwidth_mm = 1\nheight_mm = 1\n'
        '[[transit]]\ncarrier = "yamato"\ndays = 1\n', "utf-8",
    )  # fmt: skip
    said = genba(tmp_path, less)
    assert said.exit_code == 0, said.output
    assert said.stdout.splitlines()[1:] == [
        "Not in the file, and kept as it is (boxes): BX-60",
        "Not in the file, and kept as it is (transit): yamato 沖縄県",
    ], "of owners the file says nothing"


def test_the_example_makes_a_site_that_takes_orders(book: Book, tmp_path: Path) -> None:
    said = genba(tmp_path, EXAMPLE)
    assert said.exit_code == 0, said.output
    assert said.stdout == (
        "Put: owners 1, shops 1, services 1, pickups 1, transit 2, holidays 1, boxes 1, "
        "tracking 1, upgrades 1, label_modes 1\n"
    )
    book.write_now(items.put, [NewItem(owner="SAKURA", sku="S1", name="化粧水")])
    wanted = msgspec.structs.replace(
        order("E-1"), owner="SAKURA", shop="SAKURA-HON", lines=(NewLine(sku="S1", qty=1),)
    )
    accepted = book.write_now(lifecycle.accept, wanted, now=NOW)
    assert accepted.state in ("accepted", "waiting_date")
    worth = book.read_now(lambda tx: tx.scalar(select(owners.c.approval_value)))
    assert worth == 10_000, "from here on a count's difference needs a second badge"


def test_the_same_file_again_changes_nothing_and_no_number_comes_twice(
    book: Book, tmp_path: Path
) -> None:
    genba(tmp_path, EXAMPLE)
    book.write_now(lambda tx: tx.execute(update(tracking_ranges).values(next=26249216500)))
    assert genba(tmp_path, EXAMPLE).exit_code == 0
    assert numbers(book) == (26249216500, 26249216999)
    assert counted(book, owners, services, boxes) == [1, 1, 1]


def test_a_list_is_whole_for_those_whom_it_names_and_others_keep_theirs(book: Book) -> None:
    def put(*rows: tuple[str, str]) -> list[tuple[str, str]]:
        days = tuple(Pickup(carrier=carrier, at=at) for carrier, at in rows)
        book.write_now(site_settings.put, SiteSettings(pickups=days))
        query = select(pickups.c.carrier, pickups.c.at).order_by(pickups.c.carrier, pickups.c.at)
        return book.read_now(lambda tx: [(row.carrier, row.at) for row in tx.execute(query)])

    put(("sagawa", "18:00"), ("yamato", "10:30"), ("yamato", "17:00"))
    assert put(("yamato", "16:00")) == [("sagawa", "18:00"), ("yamato", "16:00")]
    assert put() == [("sagawa", "18:00"), ("yamato", "16:00")], "nobody was named"


def test_more_numbers_follow_those_that_are_left(book: Book) -> None:
    book.write_now(site_settings.put, SiteSettings(owners=(NewOwner(code="A"),)))
    book.write_now(site_settings.put_ranges, [NewRange(owner="A", carrier="y", first=5, last=9)])
    book.write_now(site_settings.put_ranges, [NewRange(owner="A", carrier="y", first=7, last=20)])
    assert numbers(book) == (7, 20)
    for first, last in ((1, 5), (30, 25)):
        with pytest.raises(Rejected) as refusal:
            behind = NewRange(owner="A", carrier="y", first=first, last=last)
            book.write_now(site_settings.put_ranges, [behind])
        assert refusal.value.code == Code.TRACKING_USED
    assert numbers(book) == (7, 20)


def test_no_number_of_a_carrier_belongs_to_two_owners(book: Book) -> None:
    two = SiteSettings(owners=(NewOwner(code="A"), NewOwner(code="B")))
    book.write_now(site_settings.put, two)
    mine = NewRange(owner="A", carrier="y", first=10, last=20)
    book.write_now(site_settings.put_ranges, [mine])
    for first, last in ((20, 30), (1, 10), (12, 13), (1, 99)):
        yours = NewRange(owner="B", carrier="y", first=first, last=last)
        with pytest.raises(Rejected) as refusal:
            book.write_now(site_settings.put_ranges, [yours])
        assert refusal.value.code == Code.TRACKING_OVERLAP
    elsewhere = NewRange(owner="B", carrier="z", first=10, last=20)
    beside = NewRange(owner="B", carrier="y", first=21, last=30)
    book.write_now(site_settings.put_ranges, [elsewhere, beside])


def test_a_dry_run_keeps_nothing(book: Book, tmp_path: Path) -> None:
    said = genba(tmp_path, EXAMPLE, "--dry-run")
    assert said.stdout.startswith("All is well, nothing was kept: owners 1")
    assert counted(book, owners, commands) == [0, 0]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('[[shops]]\ncode = "S"\nowner = "NOBODY"\n', Code.REFERENCE_UNKNOWN),
        ('[[owner]]\ncode = "S"\n', Code.FIELD_UNKNOWN),
        ('[[pickups]]\ncarrier = "yamato"\nat = "25:00"\n', Code.FIELD_PATTERN),
        ('[[tracking]]\nowner = "NO"\ncarrier = "y"\nfirst = 1\nlast = 2\n',
         Code.REFERENCE_UNKNOWN),
        ('[[boxes]]\ncode = "B"\n', Code.FIELD_MISSING),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_and_nothing_is_kept(
    book: Book, tmp_path: Path, text: str, code: Code
) -> None:
    file = tmp_path / "site.toml"
    file.write_text(f'[[services]]\ncode = "a"\ncarrier = "y"\n{text}', "utf-8")
    result = genba(tmp_path, file)
    assert isinstance(result.exception, Rejected)
    assert result.exception.code == code
    assert result.exception.params["field"]
    assert counted(book, services) == [0]


def test_a_file_that_is_no_toml_is_said_in_a_line(book: Book, tmp_path: Path) -> None:
    file = tmp_path / "site.toml"
    file.write_text("owners: [SAKURA]", "utf-8")
    result = genba(tmp_path, file)
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1


def test_the_same_by_api_for_who_runs_the_server(book: Book) -> None:
    app = make_app(
        book, clock_ms=lambda: NOW, routers=[site_doors.routes()],
        settings=HttpSettings(local_token_hash=token_hash(SECRET)),
    )  # fmt: skip
    local = {"Authorization": f"Bearer {SECRET}"}
    body = tomllib.loads(EXAMPLE.read_text("utf-8"))
    with TestClient(app) as client:
        assert client.post("/v1/site", json=body).status_code == 401
        tried = client.post("/v1/site", params={"dry_run": "true"}, json=body, headers=local)
        assert tried.json()["parts"]["transit"] == 2
        assert counted(book, owners) == [0]
        assert client.post("/v1/site", json=body, headers=local).status_code == 200
        refused = client.post("/v1/site", json={"owners": [{}]}, headers=local)
    assert refused.json()["error"]["field"] == "owners[0].code"
    assert counted(book, owners, boxes) == [1, 1]
