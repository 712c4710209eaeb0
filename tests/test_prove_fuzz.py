"""Every parser fuzzed for a moment; and parsers that must not get away."""

from dataclasses import replace
from random import Random

import pytest

from devices.codecs import sbpl, tpcl
from tests.prove import Broken, fuzzed_doors
from tests.prove.fuzzed import TARGETS, Target
from tests.prove.mutating import mutated
from tests.prove.part_fuzz import WANTED, rounds
from wms.papers import documents, photos

SHORT = 20  # executions of every target


def short(target: Target) -> Target:
    return replace(target, many=min(target.many, SHORT))


def test_every_parser_says_what_it_declares_and_nothing_else() -> None:
    done = next(rounds(1, turns=1, targets=[short(one) for one in TARGETS]))
    assert done[WANTED] > 200
    assert done["refused as declared"] > 20


def test_a_seed_tells_the_same_story_again() -> None:
    first, again = ([mutated(b"0123456789", Random(n), [b"x"]) for n in range(99)] for _ in "ab")
    assert first == again
    assert len(set(first)) > 40


def test_the_good_inputs_of_printers_and_cameras_are_good() -> None:
    """Changes of what no parser takes would prove little."""
    assert all(len(sbpl.Answers().feed(one)) == 1 for one in fuzzed_doors.SATO)
    assert all(len(tpcl.Answers().feed(one)) == 1 for one in fuzzed_doors.TEC)
    assert {photos.sniff(one) for one in fuzzed_doors.pictures()} == set(photos.TYPES)
    for one in fuzzed_doors.papers():
        documents.refuse_unsafe(one)


def careless(data: bytes, _chance: Random) -> None:
    int(data.decode())


def test_control_a_parser_that_raises_something_else_is_caught() -> None:
    bad = Target("numbers", lambda: (b"12", b"7"), careless, 50)
    with pytest.raises(Broken, match=r"numbers: .*Error.* from b'"):
        next(rounds(1, turns=4, targets=[bad]))


@pytest.mark.long
def test_a_round_of_the_whole_part() -> None:
    assert next(rounds(2))[WANTED] > 100_000
