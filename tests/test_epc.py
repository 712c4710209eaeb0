"""EPCs of units: every SGTIN-96 of the independent vectors, both ways, and nothing else."""

import csv
from pathlib import Path

import pytest

from wms.site.epc import gtin_of, sgtin96, sscc96
from wms.site.items import normal_barcode

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


@pytest.mark.parametrize(
    ("epc", "sscc", "digits", "kind"),
    [  # of the same independent vectors
        ("31003932449f003039000000", "106141412345623458", 12, 0),
        ("3154257bf4499602d2000000", "106141412345678908", 7, 2),
        ("31583bf982dfdc1c35000000", "106141423456789018", 6, 2),
        ("31a03932449f000000000000", "006141412345600001", 12, 5),
        ("3119dea2c7370214b1000000", "349012309876543211", 6, 0),
    ],
)
def test_every_pallet_has_its_own(epc: str, sscc: str, digits: int, kind: int) -> None:
    assert sscc96(sscc, prefix_digits=digits, tag_filter=kind) == epc
    assert gtin_of(epc) is None


def test_other_tags_are_nobodys_item() -> None:
    for epc in ("", "30", "zz" * 12, "e2" * 12, "36" + "0" * 22, "30fc" + "0" * 20):
        assert gtin_of(epc) is None, epc


def test_what_does_not_fit_is_refused() -> None:
    for gtin, serial, digits in (("12a", 1, 7), ("0037000302414", 1 << 38, 7), ("1", 1, 5)):
        with pytest.raises(ValueError, match=r"GTIN|serial|prefix"):
            sgtin96(gtin, serial, prefix_digits=digits)
