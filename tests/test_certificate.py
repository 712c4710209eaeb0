"""The certificate of a stocktake: totals by owner, differences, every line, room to sign."""

from typing import Any

import pypdfium2
from msgspec.structs import replace

from labels.certificate import Certificate, CountedLine, render


def line(place: str, sku: str, book: int, counted: int, **more: Any) -> CountedLine:
    named = {"owner": "SAKURA さくら堂", "name": "抹茶ラテ 10本入", **more}
    return CountedLine(place=place, sku=sku, book=book, counted=counted, **named)


LINES = (
    line("A-01-1", "S0001", 10, 8, value=1_200, lot="L-7"),
    line("A-01-2", "S0002", 5, 6, value=300),
    line("A-01-2", "S0003", 4, 4, condition="damaged"),
    line("B-01-1", "M-1", 2_000, 2_000, owner="MORI 森の雑貨店", name="髙橋の器"),
)
SIGNED = Certificate(
    code="ST000001", as_of="2026-11-22 18:30", state="signed", site="東京第一センター",
    signed_by="桜商店 佐藤", places=3, lines=LINES,
)  # fmt: skip


def pages(data: Certificate) -> list[str]:
    document = pypdfium2.PdfDocument(render(data))
    return [page.get_textpage().get_text_bounded() for page in document]


def test_the_certificate_says_what_was_there_and_who_signed() -> None:
    first, every = pages(SIGNED)
    for told in ("棚卸証明書", "2026-11-22 18:30", "東京第一センター", "桜商店 佐藤", "倉庫責任者"):
        assert told in first, told
    rows = [" ".join(row.split()) for row in first.splitlines()]
    assert any(row.startswith("SAKURA さくら堂") for row in rows)
    joined = " ".join(rows)
    assert "3 19 18 1 -2 -2,100" in joined, "items, book, counted, too many, too few, worth"
    assert "1 2,000 2,000 0 0 0" in joined
    assert "S0001" in first
    assert "S0003" not in first, "it does not differ"
    assert "署名前" not in first
    for told in ("S0003", "不良品", "M-1", "髙橋の器", "L-7"):
        assert told in every, told


def test_before_it_is_signed_it_says_so_and_afterwards_nothing_differs() -> None:
    draft = pages(replace(SIGNED, state="frozen", signed_by=""))[0]
    assert "署名前" in draft
    assert "中止" in pages(replace(SIGNED, state="void", lines=()))[0]
    same = tuple(replace(each, counted=each.book) for each in LINES)
    english = pages(replace(SIGNED, lines=same, language="en"))[0]
    assert "There are none" in english
    assert "Certificate of stock" in english


def test_a_warehouse_full_of_lines_takes_as_many_pages_as_it_needs() -> None:
    many = tuple(line(f"A-{n:03}", f"SKU-{n}", n, n + n % 2) for n in range(150))
    told = pages(replace(SIGNED, lines=many))
    assert len(told) > 6
    together = " ".join(told)
    assert all(f"SKU-{n}" in together for n in range(150))
    assert render(SIGNED) == render(SIGNED), "the same data gives the same bytes"
