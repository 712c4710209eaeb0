"""Power cuts, in short; and a book that does not wait for its disk is caught."""

from collections import Counter
from pathlib import Path

import pytest

from tests.prove import Broken
from tests.prove.part_power import cuts, told


def test_no_cut_of_power_loses_what_was_acknowledged(sqlite_folder: Path, tmp_path: Path) -> None:
    story = told(1, sqlite_folder / "template.db", tmp_path, steps=12)
    done: Counter[str] = Counter()
    for part in cuts(story, 1, tmp_path, each=1):
        done += part
    assert done["power cuts"] == len(story.notes) > 30
    assert done["power cuts that lost or tore something"] > 10


@pytest.mark.parametrize("synchronous", ["NORMAL", pytest.param("OFF", marks=pytest.mark.long)])
def test_a_book_that_does_not_wait_for_its_disk_is_caught(
    sqlite_folder: Path, tmp_path: Path, synchronous: str
) -> None:
    story = told(
        2, sqlite_folder / "template.db", tmp_path, steps=6, synchronous=synchronous
    )  # fmt: skip
    with pytest.raises(Broken, match=r"lost|none that ever was|does not open"):
        for _ in cuts(story, 2, tmp_path):
            pass
