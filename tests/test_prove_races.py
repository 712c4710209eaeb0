"""Races in short: two processes and everything there is only one of; and a way that oversells."""

from collections.abc import Callable
from random import Random

import pytest

from tests.prove.part_races import WANTED, all_of_them
from tests.prove.racers import take_naively


def test_two_want_everything_that_there_is_one_of(sqlite_url: str) -> None:
    assert all_of_them(sqlite_url, Random(2), 2)[WANTED] == 9


@pytest.mark.long
@pytest.mark.parametrize("racers", [3, 8])
def test_of_what_there_is_one_one_gets_it(new_book: Callable[[], str], racers: int) -> None:
    assert all_of_them(new_book(), Random(racers), racers)[WANTED] == 9


@pytest.mark.long
def test_control_who_looks_and_then_writes_sells_twice(postgresql_url: str) -> None:
    with pytest.raises(AssertionError, match="the last units"):
        all_of_them(postgresql_url, Random(1), 6, take_naively)
