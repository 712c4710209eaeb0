"""`genba label`, `genba slip` and `genba manifest`: paper from the book, wherever it is wanted."""

import asyncio
import shutil
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PIL import Image
from sqlalchemy import delete, insert, select, update
from typer.testing import CliRunner, Result

from app.__main__ import cli
from devices.twins.printer import PrinterTwin
from labels.press import render_requested
from labels.templates import render
from picking import bench
from tests.intake_site import NOW, accept, order, seeded
from tests.label_reading import barcodes, one
from tests.label_samples import TOKEN
from tests.sources import ROOT
from tests.test_labels_pdf import images, texts
from wms.db import Book, Tx
from wms.errors import Code, Rejected
from wms.orders.new import NewLine
from wms.papers.label_data import shipping_data
from wms.people import staff
from wms.schema import boxes, manifests, parcels, print_jobs, stations, tracking_ranges
from wms.schema import commands as commands_table
from wms.storage import places
from wms.storage.places import NewPlace, check_digits
from wms.upkeep import lock, upgrade

NUMBER = "262492160324"


@dataclass(frozen=True, slots=True)
class Shop:
    """A site's folder, its book and its command line."""

    folder: Path
    book: Book

    def genba(self, *words: str, given: str | None = None) -> Result:
        """Run a command on this site."""
        arguments = [*words, "--config", str(self.folder / "config.toml")]
        return CliRunner().invoke(cli, arguments, input=given)

    def done(self, *words: str, given: str | None = None) -> Result:
        """The same, and it must succeed."""
        result = self.genba(*words, given=given)
        assert result.exit_code == 0, (result.output, result.exception)
        return result

    def data(self, *words: str) -> Any:
        """The data that a command would print."""
        return msgspec.json.decode(self.done(*words, "--json").stdout_bytes)


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty book as a site has it: made by the migrations."""
    file = tmp_path_factory.mktemp("book") / "genba.db"
    upgrade.to_newest(f"sqlite:///{file}")
    return file


@pytest.fixture
def shop(migrated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    shutil.copy(migrated, tmp_path / "book.db")
    book = seeded(f"sqlite:///{tmp_path / 'book.db'}")
    book.write_now(_furnish)
    (tmp_path / "config.toml").write_text(
        '[site]\nname = "新木場 FC"\n[database]\nurl = "sqlite:///book.db"\n', "utf-8"
    )
    yield Shop(tmp_path, book)
    book.close()


def _furnish(tx: Tx) -> None:
    places.put(tx, [
        NewPlace(code="B-02", kind="bin", zone="B", aisle="1", bay=2),
        NewPlace(code="B-01", kind="bin", zone="B", aisle="1", bay=1, check_digits="07"),
        NewPlace(code="T-001", kind="tote"), NewPlace(code="CART-1", kind="cart"),
        NewPlace(code="PACK-1", kind="station"),
    ])  # fmt: skip
    tx.execute(insert(boxes).values(code="M60", name="60サイズ"))
    tx.execute(insert(stations).values(
        code="PACK-1", kind="pack", place="PACK-1", printer="label-1", slip_printer="laser-1"
    ))  # fmt: skip
    tx.execute(insert(stations).values(code="DESK", kind="pack", place="PACK-1"))
    staff.add(tx, code="P1", name="髙橋 美咲", badge=TOKEN, permissions=("pick",))


def test_places_come_by_code_by_zone_or_all_in_walking_order(shop: Shop) -> None:
    labels = shop.data("label", "place", "B-02", "A-01")
    assert [label["code"] for label in labels] == ["B-02", "A-01"]
    assert labels[1] == {"code": "A-01", "check_digits": check_digits("A-01"), "note": ""}
    labels = shop.data("label", "place", "--zone", "B")
    assert labels[0] == {"code": "B-01", "check_digits": "07", "note": "B 1"}
    assert [label["code"] for label in labels] == ["B-01", "B-02"]
    everything = {label["code"] for label in shop.data("label", "place", "--all")}
    assert everything == {"A-01", "A-02", "B-01", "B-02", "DOCK", "PACK-1"}


def test_totes_carts_and_boxes_have_labels_of_their_own(shop: Shop) -> None:
    labels = shop.data("label", "tote", "--all")
    assert labels == [{"code": "CART-1", "note": "cart"}, {"code": "T-001", "note": ""}]
    assert shop.data("label", "box", "M60") == [{"code": "M60", "note": "60サイズ"}]


def test_goods_are_found_by_sku_and_by_bar_code(shop: Shop) -> None:
    tea = {
        "name": "お茶",
        "sku": "TEA",
        "gtin": "4901234567894",
        "lot": "L1",
        "expiry": "2027-01-31",
    }
    more = ("--owner", "A", "--lot", "L1", "--expiry", "2027-01-31")
    assert shop.data("label", "item", "TEA", *more) == [tea]
    assert shop.data("label", "item", "4901234567894", *more) == [tea]
    cup = {"name": "カップ", "sku": "CUP", "code": "CUP"}
    assert shop.data("label", "item", "CUP") == [cup]  # it has no bar code of its own
    assert refusal(shop.genba("label", "item", "TEA")) == Code.ITEM_AMBIGUOUS


@pytest.mark.parametrize(
    "words",
    [
        ("place", "NOWHERE"), ("place", "T-001"), ("place", "@lost"), ("place", "--zone", "Z"),
        ("tote", "A-01"), ("box", "M99"), ("item", "NOTHING"), ("shipping", "P9"),
    ],
)  # fmt: skip
def test_what_is_not_there_gets_no_label(shop: Shop, words: tuple[str, ...]) -> None:
    assert refusal(shop.genba("label", *words)) == Code.REFERENCE_UNKNOWN


def refusal(result: Result) -> Code | None:
    return result.exception.code if isinstance(result.exception, Rejected) else None


@pytest.mark.parametrize(
    "words",
    [
        ("place",), ("place", "A-01", "--all"), ("tote", "--zone", "B"), ("item",), ("shipping",),
        ("badge", TOKEN), ("place", "A-01", "--lot", "L1"), ("badge",),
    ],
)  # fmt: skip
def test_what_means_nothing_is_said_before_anything_is_printed(
    shop: Shop, words: tuple[str, ...]
) -> None:
    assert shop.genba("label", *words, given="").exit_code == 2


def test_zpl_goes_to_a_file_or_to_the_program_that_listens(shop: Shop) -> None:
    file = shop.folder / "labels.zpl"
    shop.done("label", "place", "A-01", "A-02", "--out", str(file))
    piped = shop.done("label", "place", "A-01", "A-02").stdout_bytes
    assert file.read_bytes() == piped
    assert piped.count(b"^XA") == 2
    data = {"code": "A-01", "check_digits": check_digits("A-01")}
    assert piped.startswith(render("place", data))
    fine = shop.done("label", "place", "A-01", "--dots", "12").stdout_bytes
    assert one(fine).width == 1_200


def test_a_picture_shows_every_label(shop: Shop) -> None:
    file = shop.folder / "labels.png"
    shop.done("label", "tote", "--all", "--preview", str(file))
    with Image.open(file) as picture:
        assert barcodes(picture) == {"CART-1", "T-001"}


def test_a_sheet_of_paper_holds_labels_and_shipping_labels_have_none(shop: Shop) -> None:
    file = shop.folder / "labels.pdf"
    shop.done("label", "place", "--zone", "B", "--sheet", str(file))
    (page,) = images(file.read_bytes())
    assert barcodes(page) == {"B-01", "B-02"}
    shop.done("label", "command-card", "ok", "short", "--sheet", str(file))
    (page,) = images(file.read_bytes())
    assert barcodes(page) == {"CMD:ok", "CMD:short"}


def test_nothing_to_label_is_said_and_no_paper_is_made(shop: Shop) -> None:
    shop.book.write_now(lambda tx: tx.execute(delete(boxes)))
    file = shop.folder / "labels.pdf"
    for option in ("--sheet", "--preview", "--out"):
        result = shop.genba("label", "box", "--all", option, str(file))
        assert (result.exit_code, result.stderr) == (1, "There is nothing to label\n")
    assert not file.exists()


def test_a_file_that_cannot_be_written_is_said_in_a_line(shop: Shop) -> None:
    result = shop.genba("label", "tote", "T-001", "--out", str(shop.folder / "no" / "x.zpl"))
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "No such file" in result.stderr


def test_a_badge_names_its_owner_and_no_token_is_ever_shown(shop: Shop) -> None:
    file = shop.folder / "badge.png"
    shop.done("label", "badge", "--preview", str(file), given=f"{TOKEN}\n")
    with Image.open(file) as picture:
        assert barcodes(picture) == {f"BADGE:{TOKEN}"}
    assert refusal(shop.genba("label", "badge", given="someone else's")) == Code.BADGE_UNKNOWN


def test_without_a_server_a_print_waits_in_the_book(shop: Shop) -> None:
    said = shop.done("label", "tote", "T-001", "--print", "PACK-1", "--copies", "3").stdout
    assert said == "Asked PACK-1 for 1\nIt prints when the server runs\n"
    (job,) = shop.book.read_now(lambda tx: tx.execute(select(print_jobs)).all())
    assert (job.station, job.template, job.copies, job.state) == ("PACK-1", "tote", 3, "requested")
    assert shop.book.write_now(render_requested, now=NOW, dots_per_mm={}) == 1
    recorded = shop.book.read_now(lambda tx: tx.scalars(select(commands_table.c.name)).all())
    assert "print.request" in recorded


def test_stations_that_cannot_print_it_refuse(shop: Shop) -> None:
    result = shop.genba("label", "tote", "T-001", "--print", "DESK")
    assert refusal(result) == Code.STATION_NO_PRINTER
    assert refusal(shop.genba("label", "tote", "T-001", "--print", "X")) == Code.REFERENCE_UNKNOWN
    assert not shop.book.read_now(lambda tx: tx.execute(select(print_jobs)).all())


def test_a_slip_is_found_by_the_shop_s_number(shop: Shop) -> None:
    accept(shop.book, order("E-77", lines=(NewLine(sku="TEA", qty=2), NewLine(sku="CUP", qty=1))))
    file = shop.folder / "slip.pdf"
    for reference in ("E-77", "O0000001"):
        shop.done("slip", reference, "--out", str(file))
        (text,) = texts(file.read_bytes())
        assert "山田 太郎" in text
        assert "カップ" in text
    said = shop.done("slip", "E-77", "--print", "PACK-1").stdout
    assert said.startswith("Asked PACK-1 for 1")
    (job,) = shop.book.read_now(lambda tx: tx.execute(select(print_jobs)).all())
    assert (job.template, job.format) == ("packing_slip", "pdf")
    assert refusal(shop.genba("slip", "E-78")) == Code.ORDER_UNKNOWN


def test_a_manifest_is_listed_and_made(shop: Shop) -> None:
    assert "No pickup is open" in shop.done("manifest").stderr
    shop.book.write_now(lambda tx: tx.execute(
        insert(manifests).values(code="M-1", carrier="yamato", pickup_ms=NOW)
    ))  # fmt: skip
    assert shop.done("manifest").stdout == "M-1\t0\t0\n"
    file = shop.folder / "manifest.pdf"
    shop.done("manifest", "M-1", "--out", str(file))
    (text,) = texts(file.read_bytes())
    assert "新木場 FC" in text
    assert refusal(shop.genba("manifest", "M-2")) == Code.REFERENCE_UNKNOWN


def test_a_shipping_label_again_is_a_marked_copy(shop: Shop) -> None:
    accept(shop.book, order("E-1"))
    shop.book.write_now(_labelled)
    again = shop.done("label", "shipping", "P-1").stdout_bytes
    data = shop.book.read_now(shipping_data, 1, "")
    assert again == render("shipping", data, copy=2)
    shop.done("label", "shipping", "P-1", "--print", "PACK-1")
    assert copies(shop) == [1]  # the first may still come out: no second one
    shop.book.write_now(lambda tx: tx.execute(update(print_jobs).values(state="uncertain")))
    shop.done("label", "shipping", "P-1", "--print", "PACK-1")
    assert copies(shop) == [1, 2]
    shop.book.write_now(lambda tx: tx.execute(update(parcels).values(tracking="")))
    assert refusal(shop.genba("label", "shipping", "P-1")) == Code.PARCEL_NO_NUMBER


def _labelled(tx: Tx) -> None:
    tx.execute(insert(tracking_ranges).values(owner="A", carrier="yamato", next=1, last=9))
    row = insert(parcels).values(
        code="P-1", order_id=1, service="yamato-takkyubin", carrier="yamato", created_ms=NOW
    )
    tx.execute(row)
    bench.issue_labels(tx, order=1, station="PACK-1", now=NOW)


def copies(shop: Shop) -> list[int]:
    query = select(print_jobs.c.copy_no).order_by(print_jobs.c.id)
    return list(shop.book.read_now(lambda tx: tx.scalars(query).all()))


async def test_the_first_label_of_a_new_printer_comes_out(tmp_path: Path) -> None:
    twin = PrinterTwin(now_ms=lambda: NOW)
    await twin.start()
    _configure(tmp_path, twin.port)
    (tmp_path / "places.csv").write_text("code,kind\nA-01,bin\n", "utf-8")
    code, said = await run(tmp_path, "import", "places", str(tmp_path / "places.csv"))
    assert code == 0, said
    async with server(tmp_path):
        code, said = await run(tmp_path, "label", "place", "A-01", "--print", "PACK-1")
        assert code == 0, said
        assert said.splitlines() == ["Asked PACK-1 for 1", "label-1 The label came out"]
        assert ">:A-01" in twin.labels[0].fields
        twin.paper_out()
        code, said = await run(tmp_path, "label", "place", "A-01", "--print", "PACK-1")
        assert code == 1, said
        assert "Printer stopped" in said
        twin.reload()
        code, said = await run(tmp_path, "label", "place", "A-09", "--print", "PACK-1")
        assert (code, said) == (1, "place A-09 is not known here\n")
    await twin.stop()


def _configure(folder: Path, printer_port: int) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "config.toml").write_text(f"""
[site]
name = "x"
[server]
port = {port}
[devices.label-1]
driver = "zpl-tcp"
host = "127.0.0.1"
port = {printer_port}
[stations.PACK-1]
place = "PACK-1"
printer = "label-1"
""", "utf-8")  # fmt: skip


@asynccontextmanager
async def server(folder: Path) -> AsyncIterator[None]:
    """`genba run` on that folder until the block ends."""
    log = folder / "server.log"
    with log.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            *_command(folder, "run"), cwd=ROOT, stderr=file
        )
    try:
        async with asyncio.timeout(30):
            while not _is_open(folder):  # another process sets no events
                assert process.returncode is None, log.read_text("utf-8")
                await asyncio.sleep(0.05)
        yield
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


def _is_open(folder: Path) -> bool:
    holder = lock.holder_of(folder / "data/genba.db.lock")
    if holder is None or not holder.url:
        return False
    host, port = holder.url.removeprefix("http://").split(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


async def run(folder: Path, *words: str) -> tuple[int | None, str]:
    """A command in a process of its own; its exit code and what it said."""
    process = await asyncio.create_subprocess_exec(
        *_command(folder, *words), cwd=ROOT, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT, env={"LANG": "C"},
    )  # fmt: skip
    said, _ = await process.communicate()
    return process.returncode, said.decode()


def _command(folder: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "app", *words, "--config", str(folder / "config.toml")]
