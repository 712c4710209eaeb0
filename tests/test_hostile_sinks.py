"""Every hostile text through every place where text ends, each with what must hold there (F43-F46).

Places take the text as it is, as if it had got past the door: what is said of a sink holds for it
alone. A sink may refuse by a code, and do nothing else.
"""

import csv
import io
import json
import logging
import re
from collections.abc import Callable
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest
import structlog
from sqlalchemy import func, insert, select

from app import logs
from app.state_diagram import Transition, draw
from labels import sbpl, tpcl
from labels.preview import read
from labels.templates import render
from picking.pictures import file_picture
from sync import sheets, webhooks
from tests.hostile import CORPUS
from tests.label_samples import RECIPIENT, SHIPPING, SLIP
from tui.text import safe
from wms import text as texts
from wms.db import Book
from wms.errors import Code, Rejected
from wms.record.event_kinds import OrderCancelled
from wms.record.events import Cursor, Told
from wms.schema import meta, moves

STEERS = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
STARTS_A_FORMULA = "=+-@\t\r\uff1d\uff0b\uff0d\uff20"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("sinks")
    (made / "pictures").mkdir()
    (made / "secret.jpg").write_bytes(b"\xff\xd8\xff secret \xff\xd9")
    return made


def to_terminal(text: str, _folder: Path) -> None:
    assert not STEERS.search(safe(text))
    assert not STEERS.search(texts.shown(text))


def to_book(text: str, _folder: Path) -> None:
    for kept in (texts.clean, texts.code):
        try:
            assert not STEERS.search(kept(text, field="notes", max=100))
        except Rejected as refused:
            assert refused.code.startswith("text.")
            assert not STEERS.search(str(refused))


def to_label(text: str, _folder: Path) -> None:
    """The printer gets the commands that it gets for a harmless name, and not one more."""
    zpl = render("shipping", {**SHIPPING, "recipient": {**RECIPIENT, "name": text}})
    names = re.findall(rb"[\^~][A-Z@][A-Z0-9@]", zpl)
    usual = set(re.findall(rb"[\^~][A-Z@][A-Z0-9@]", render("shipping", SHIPPING)))
    assert set(names) <= usual
    assert (zpl.count(b"^XA"), zpl.count(b"^XZ"), zpl.count(b"~")) == (1, 1, 0)
    assert len(read(zpl)) == 1
    assert b"evil" not in zpl


def to_sato(text: str, _folder: Path) -> None:
    made = sbpl.from_zpl(
        render("shipping", {**SHIPPING, "recipient": {**RECIPIENT, "name": text}}), 8
    )
    assert (made.count(b"\x1bA\x1b"), made.count(b"\x1bZ")) == (1, 1)
    assert not set(made) & set(b"\x00\x05\x12\x18"), "nothing that asks or cancels"


def to_tec(text: str, _folder: Path) -> None:
    made = tpcl.from_zpl(
        render("shipping", {**SHIPPING, "recipient": {**RECIPIENT, "name": text}}), 8
    )
    plain = tpcl.from_zpl(render("shipping", SHIPPING), 8)
    commands = re.compile(rb"\{([A-Z]+)")
    assert set(commands.findall(made)) <= set(commands.findall(plain))


def to_pdf(text: str, _folder: Path) -> None:
    made = render(
        "packing_slip", {**SLIP, "message": text, "recipient": {**RECIPIENT, "name": text}}
    )
    for acts in (b"/JavaScript", b"/OpenAction", b"/Launch", b"/EmbeddedFile", b"/URI", b"/JS"):
        assert acts not in made
    assert made.startswith(b"%PDF-")
    assert made.count(b"%%EOF") == 1


def to_csv(text: str, _folder: Path) -> None:
    made = sheets.csv_text([("name", "qty"), (text, 1)])
    rows = list(csv.reader(io.StringIO(made.replace("\x00", ""), newline="")))
    assert (len(rows), len(rows[1]), rows[1][1]) == (2, 2, "1"), "one row, two cells"
    assert not rows[1][0].startswith(tuple(STARTS_A_FORMULA))


def to_workbook(text: str, _folder: Path) -> None:
    try:
        made = sheets.xlsx([("name",), (text,)])
    except UnicodeEncodeError:  # half a character never comes out of the book
        assert re.search("[\ud800-\udfff]", text)
        return
    import zipfile

    sheet = zipfile.ZipFile(io.BytesIO(made)).read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in sheet
    assert b"<hyperlink" not in sheet
    fromstring(sheet)  # noqa: S314 - our own


def to_sql(text: str, folder: Path) -> None:
    """It is a value: the tables are there, and what was kept is what was given."""
    book = BOOKS[str(folder)]
    if "\x00" in text or re.search("[\ud800-\udfff]", text):
        return  # the door refuses these (`wms.text`); PostgreSQL would not take them
    book.write_now(lambda tx: tx.execute(meta.delete().where(meta.c.key == text)))
    book.write_now(lambda tx: tx.execute(insert(meta).values(key=text, value=text)))
    found = book.read_now(lambda tx: tx.scalar(select(meta.c.value).where(meta.c.key == text)))
    assert found == text
    assert book.read_now(lambda tx: tx.scalar(select(func.count()).select_from(moves))) == 0


def to_log(text: str, _folder: Path) -> None:
    """One line, which is JSON, whatever is in it; for our own log and for libraries'."""
    out = io.StringIO()
    old = structlog.get_config(), logging.root.handlers[:], logging.root.level
    try:
        logs.configure(out)
        structlog.get_logger("hostile").info("sink.tried", said=text)
        logging.getLogger("library").warning("it said %s", text)
        try:
            raise ValueError(text)
        except ValueError:
            structlog.get_logger("hostile").exception("sink.broke")
    finally:
        structlog.configure(**old[0])
        logging.root.handlers[:], logging.root.level = old[1], old[2]
    lines = out.getvalue().encode("utf-8", "surrogatepass").decode("utf-8", "replace").split("\n")
    assert (len(lines), lines[-1]) == (4, "")
    assert [json.loads(line)["level"] for line in lines[:-1]] == ["info", "warning", "error"]
    assert not any(STEERS.search(line) for line in lines), "a terminal that shows it is not steered"


def to_path(text: str, folder: Path) -> None:
    try:
        file_picture(folder / "pictures", text)
    except (Rejected, ValueError, OSError) as refused:
        assert isinstance(refused, Rejected), refused
        assert refused.code is Code.PICTURE_UNKNOWN
    else:
        raise AssertionError("a file was read")


def to_webhook(text: str, _folder: Path) -> None:
    if re.search("[\ud800-\udfff]", text):
        return  # refused at the door
    event = OrderCancelled(order_id=1, external_id=text, reason=text)
    told = Told(1, Cursor(0, 1), "order:1", 1, "acme", 0, event)
    body = webhooks.body_of(told, life="life", order="O1")
    assert json.loads(body)["data"]["reason"] == text
    assert not set(body) & set(range(0x20))
    for value in webhooks.headers_of("msg_1", body, secrets=SECRET, now=1_000).values():
        assert value.isascii()
        assert value.isprintable()
    assert not STEERS.search(webhooks.words_of(text.encode("utf-8", "replace")))


def to_svg(text: str, _folder: Path) -> None:
    if not text.isprintable():
        return  # drawn of our own docstrings
    made = draw(text, [Transition(text, "b", text)])
    tags = {one.tag.rpartition("}")[2] for one in fromstring(made).iter()}  # noqa: S314 - our own
    assert tags <= {
        "svg",
        "title",
        "rect",
        "text",
        "line",
        "path",
        "circle",
        "g",
        "polygon",
        "tspan",
    }
    assert "<script" not in made


SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SINKS: dict[str, Callable[[str, Path], None]] = {
    "terminal": to_terminal, "book": to_book, "label (ZPL)": to_label, "label (SBPL)": to_sato,
    "label (TPCL)": to_tec, "slip (PDF)": to_pdf, "CSV": to_csv, "workbook": to_workbook,
    "SQL": to_sql, "log": to_log, "file path": to_path, "webhook": to_webhook, "SVG": to_svg,
}  # fmt: skip
PICTURES = (
    "label (SBPL)",
    "label (TPCL)",
)  # made of the one in ZPL: what is for printers is enough
DEAR = ("label (ZPL)", "label (SBPL)", "label (TPCL)", "slip (PDF)")
FOR_THESE = ("printer", "SATO", "TEC", "NUL", "escape")
WRONG = (AssertionError, ValueError, OSError, TypeError, LookupError, RuntimeError)
REFUSED = re.compile(r"(label|text)\.")
BOOKS: dict[str, Book] = {}


@pytest.fixture(autouse=True)
def book(folder: Path, sqlite_folder: Path) -> None:
    """One book for all of them."""
    if str(folder) not in BOOKS:
        file = folder / "book.db"
        file.write_bytes((sqlite_folder / "template.db").read_bytes())
        BOOKS[str(folder)] = Book(f"sqlite:///{file}")


@pytest.mark.parametrize(
    "sink", [pytest.param(name, marks=pytest.mark.long if name in DEAR else ()) for name in SINKS]
)
def test_nothing_hostile_has_its_way(sink: str, folder: Path) -> None:
    ways = []
    corpus = {
        name: text
        for name, text in CORPUS.items()
        if sink not in PICTURES or name.startswith(FOR_THESE)
    }
    for name, text in corpus.items():
        try:
            SINKS[sink](text, folder)
        except Rejected as refused:
            assert REFUSED.match(refused.code), (name, refused)
        except WRONG as error:  # all of them are told together
            ways.append(f"{name}: {error!r:.200}")
    assert not ways, "\n".join(ways)
