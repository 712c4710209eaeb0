"""EPCs of units: every SGTIN-96 of the independent vectors, both ways, and nothing else."""

import csv
from pathlib import Path

import pytest

from wms.epc import gtin_of, sgtin96
from wms.items import normal_barcode

FILE = Path(__file__).parent / "fixtures" / "sgtin96.csv"
VECTORS = list(csv.DictReader(FILE.read_text("utf-8").splitlines()))


@pytest.mark.parametrize("row", VECTORS, ids=lambda row: row["id"])
def test_every_vector_decodes_and_encodes(row: dict[str, str]) -> None:
    assert gtin_of(row["hex"]) == normal_barcode(row["gtin"])
    made = sgtin96(
        row["gtin"], int(row["serial"]), prefix_digits=int(row["prefix_digits"]),
        tag_filter=int(row["filter"]),
    )  # fmt: skip
    assert made == row["hex"].lower()


def test_other_tags_are_nobodys_item() -> None:
    for epc in ("", "30", "zz" * 12, "e2" * 12, "36" + "0" * 22, "30fc" + "0" * 20):
        assert gtin_of(epc) is None, epc


def test_what_does_not_fit_is_refused() -> None:
    for gtin, serial, digits in (("12a", 1, 7), ("0037000302414", 1 << 38, 7), ("1", 1, 5)):
        with pytest.raises(ValueError, match=r"GTIN|serial|prefix"):
            sgtin96(gtin, serial, prefix_digits=digits)
