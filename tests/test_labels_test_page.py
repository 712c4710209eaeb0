"""The page for trying a printer: every bar code on it scans, at either resolution."""

from itertools import pairwise

import pytest

from labels import test_page as page
from labels.templates import render
from tests.label_reading import barcodes, collisions, one


@pytest.mark.parametrize("dots_per_mm", [8, 12])
def test_every_bar_code_of_the_page_is_read_and_nothing_touches(dots_per_mm: int) -> None:
    data = {"title": "PACK-1 テスト", "note": "2026-11-22"}
    label = one(render("test_page", data, dots_per_mm=dots_per_mm))
    assert collisions(label) == []
    assert barcodes(label.image()) == {
        *page.CODES, page.TRACKING, f"00{page.SSCC}", "GENBA-QR",
        f"01{page.GTIN}10LOT-A1\x1d21S1",
    }  # fmt: skip


def test_ten_millimetres_are_ten_millimetres() -> None:
    label = one(render("test_page", {"title": "x"}, dots_per_mm=12))
    ticks = sorted(f.x for f in label.fields if f.kind == "GB" and f.ink.height == 3 * 12)
    assert len(ticks) == 10
    assert {later - sooner for sooner, later in pairwise(ticks)} == {120}
