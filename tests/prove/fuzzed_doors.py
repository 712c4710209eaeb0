"""What comes through people's and printers' doors: a scan asked of a whole book, pictures, papers,
and what label printers answer in their own languages."""

import atexit
import tempfile
import zlib
from functools import cache, partial
from pathlib import Path
from random import Random

from sqlalchemy import select

from devices.codecs import sbpl, tpcl
from devices.codecs.printer_state import State
from picking.resolve import resolve
from tests.postgres import make_book, memory_folder
from tests.prove.mutating import chunks
from tests.prove.recorded import furnish
from wms import text
from wms.db import Book, Tx
from wms.papers import documents, photos
from wms.schema import barcodes, items, places

LABELS_MAX = 999_999
VIAS = ("scan", "scan", "key", "command", "device")


@cache
def book() -> Book:
    """A furnished book, which nobody writes in; it goes with the process."""
    folder = tempfile.TemporaryDirectory(prefix="genba-fuzz-", dir=memory_folder())
    url = f"sqlite:///{Path(folder.name) / 'book.db'}"
    make_book(url)
    furnish(url, 1)
    made = Book(url)
    atexit.register(folder.cleanup)
    atexit.register(made.close)
    return made


def codes() -> tuple[bytes, ...]:
    """What is printed on the site's goods and places, bare and as scanners send it."""

    def known(tx: Tx) -> list[str]:
        found = [*tx.scalars(select(barcodes.c.code)), *tx.scalars(select(places.c.code))]
        return [*found, *tx.scalars(select(items.c.sku))]

    plain = book().read_now(known)
    signed = [f"]E0{one}" for one in plain[:20]] + [
        f"]C101{one.zfill(14)}10L1" for one in plain[:5]
    ]
    return tuple(one.encode() for one in (*plain, *signed, "CMD:ok", "BADGE:anna", "12"))


def scans(data: bytes, chance: Random) -> None:
    """Never raises, shows nothing that steers, and finds the same again."""
    seen = text.storable(data.decode("utf-8", "surrogateescape"))
    via = VIAS[int(chance.random() * len(VIAS))]

    def twice(tx: Tx) -> None:
        found = resolve(tx, seen, via)
        assert found == resolve(tx, seen, via)
        for one in found.text + found.name:
            assert one >= " ", repr(found)
            assert not "\x7f" <= one < "\xa0", repr(found)
        assert found.kind != "number" or via == "key", found
        assert found.kind != "item" or found.items, found

    book().read_now(twice)


def pictures() -> tuple[bytes, ...]:
    """The smallest that are taken."""
    return (
        b"\xff\xd8\xff\xe0" + bytes(40) + b"\xff\xd9",
        b"\x89PNG\r\n\x1a\n" + bytes(30) + b"\x00\x00\x00\x00IEND\xaeB`\x82",
        b"RIFF" + (30).to_bytes(4, "little") + b"WEBP" + bytes(26),
    )


def picture(data: bytes, _chance: Random) -> None:
    """Nothing that a browser could take for a page is called a picture."""
    kind = photos.sniff(data)
    assert kind is None or kind in photos.TYPES
    assert kind is None or data[:1] in b"\xff\x89R", data[:20]


def papers() -> tuple[bytes, ...]:
    """A paper of one page, plain and with a stream."""
    page = b"%PDF-1.4\n1 0 obj<</Type /Page>>endobj\n"
    packed = zlib.compress(b"BT (x) Tj ET")
    stream = b"2 0 obj<</Length 9>>stream\n" + packed + b"\nendstream endobj\n"
    return page + b"%%EOF", page + stream + b"%%EOF", page + b"<</Names 3>>" + stream + b"%%EOF"


def paper(data: bytes, _chance: Random) -> None:
    """What is taken names nothing that acts."""
    documents.refuse_unsafe(data)
    for name in documents.ACTIVE:
        assert b"/" + name + b" " not in data, name


def printer(
    answers: type[sbpl.Answers] | type[tpcl.Answers], data: bytes, chance: Random
) -> None:  # fmt: skip
    """Chunks do not matter, and a number of labels is one."""
    whole, parts = answers(), answers()
    found = [one for part in chunks(data, chance) for one in parts.feed(part)]
    assert whole.feed(data) == found
    assert whole.noise == parts.noise
    assert all(0 <= one.left <= LABELS_MAX for one in found if isinstance(one, State))


sato, tec = partial(printer, sbpl.Answers), partial(printer, tpcl.Answers)


SATO = (b"\x0201G000003GENBA-0000000001\x03", b"\x06", b"\x15", b"\x02  A000000\x03")
TEC = (
    b"\x01\x020010000\x03\x04\r\n",
    b"\x01\x024020012\x03\x04\r\n",
    b"\x01\x021310001\x03\x04\r\n",
)
