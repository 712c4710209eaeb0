"""Kits come by file: what a set is made of, once, with every fault named."""

import pytest

from sync import files
from tests.intake_site import NOW, seeded
from wms.db import Book
from wms.errors import Code, Rejected
from wms.work import kits
from wms.work.kits import NewKitLine


def line(kit: str, component: str, qty: int = 1) -> NewKitLine:
    return NewKitLine(owner="A", kit=kit, component=component, qty=qty)


@pytest.fixture
def book(database_url: str) -> Book:
    return seeded(database_url)


def test_a_file_of_kits_changes_only_what_is_another(book: Book) -> None:
    text = "荷主,セット商品コード,構成品コード,数量\nA,CUP,TEA,{}\n"

    def bring_in(qty: int) -> files.Report:
        parsed = files.read("kits", text.format(qty).encode(), "kits.csv")
        return book.write_now(
            files.bring_in, parsed, dry_run=False, language="en", actor="cli", device="cli",
            now=NOW,
        )  # fmt: skip

    first, again, other = bring_in(2), bring_in(2), bring_in(3)
    assert (first.new, first.changed, first.same) == (1, 0, 0)
    assert (again.new, again.changed, again.same) == (0, 0, 1)
    assert (other.changed, other.changes) == (1, {"qty": 1})
    cup = book.read_now(lambda tx: kits._ids(tx, [line("CUP", "TEA")]))["A", "CUP"]
    assert list(book.read_now(kits.components, cup).values()) == [3]


def test_every_fault_of_a_row_is_told(book: Book) -> None:
    rows = [line("CUP", "NOPE"), line("CUP", "CUP"), line("CUP", "TEA"), line("CUP", "TEA", 2)]
    found = book.read_now(kits.faults, rows)
    assert [(one.row, one.code) for one in found] == [
        (0, Code.REFERENCE_UNKNOWN), (1, Code.KIT_OF_ITSELF), (3, Code.ROW_TWICE),
    ]  # fmt: skip
    with pytest.raises(Rejected):
        book.write_now(kits.put, rows)
