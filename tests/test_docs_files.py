"""docs/files.md tells every column, every word for a value, and shows files that are taken."""

import re
from pathlib import Path

import pytest

from sync import files
from sync.columns import CHOICES, COLUMNS, Kind
from tests.sources import text_of

PAGE = text_of(Path("docs/files.md"))
TITLES: dict[Kind, str] = {
    "places": "Places", "items": "Items", "stock": "Stock", "orders": "Orders",
    "inbounds": "Deliveries", "returns": "Returns", "faces": "Pick faces", "kits": "Kits",
    "slips": "Slips",
}  # fmt: skip
KINDS = sorted(TITLES)


def chapter(kind: Kind) -> str:
    return PAGE.split(f"\n## {TITLES[kind]} ")[1].split("\n## ")[0]


@pytest.mark.parametrize("kind", KINDS)
def test_every_column_is_told_with_its_names(kind: Kind) -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| ([^|]*) ?\|$", chapter(kind), re.MULTILINE)
    told = {field: (field, *also.split(", ")) for field, also, _ in rows}
    assert told == {column.field: column.names for column in COLUMNS[kind]}
    needed = {field for field, _, words in rows if words.startswith("needed")}
    assert needed == {column.field for column in COLUMNS[kind] if column.required}


def test_every_word_for_a_value_is_told() -> None:
    for words in CHOICES.values():
        for word, value in words.items():
            assert re.search(rf"\b{value} [^|;]*{word}", PAGE), word


@pytest.mark.parametrize("kind", KINDS)
def test_the_examples_are_read_in_both_encodings(kind: Kind) -> None:
    example = re.findall(r"```csv\n(.*?)```", chapter(kind), re.DOTALL)[0]
    for encoding in ("utf-8", "cp932"):
        parsed = files.read(kind, example.encode(encoding), "example.csv")
        assert not parsed.faults and parsed.entries
