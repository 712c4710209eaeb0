"""Planted bugs have their place, in many rooms; and one that nobody would notice is reported."""

from collections import Counter

import pytest

from tests.plant_bugs import BUGS, ROOT
from tests.planted import Bug
from tests.prove import Broken
from tests.prove.part_mutants import CONTROL, PART, WANTED, rounds

UNNOTICED = Bug(
    what="a comment that says something else",
    file="devices/codecs/mt_sics.py",
    right="# A gram is so many of these",
    wrong="# Grams",
    tests=("tests/test_scale.py", "-k", "whole_grams or grams"),
)


def test_every_bug_has_its_one_place() -> None:
    lost = [bug.what for bug in BUGS if (ROOT / bug.file).read_text("utf-8").count(bug.right) != 1]
    assert lost == []


def test_there_are_enough_in_every_room_and_the_controls_among_them() -> None:
    assert len(BUGS) >= PART.wanted[WANTED]
    rooms = Counter(bug.file.partition("/")[0] for bug in BUGS)
    assert set(rooms) == {"wms", "picking", "sync", "devices", "labels", "tui", "app"}
    assert min(rooms.values()) >= 6
    assert [bug.what.partition(":")[0] for bug in BUGS[-PART.wanted[CONTROL] :]] == [
        "naive hand-off", "id-cursor outbox", "CHECK-only reservation",
    ]  # fmt: skip


@pytest.mark.long
def test_control_a_bug_that_nobody_notices_is_told() -> None:
    with pytest.raises(Broken, match="nobody notices"):
        next(rounds(1, bugs=(UNNOTICED,)))
