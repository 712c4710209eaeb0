"""The ledger's crowds in short, and ledgers that must not get away."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from sqlalchemy import update

from tests.prove import Broken
from tests.prove.crowd import Crowd
from tests.prove.part_ledger import WANTED, crowd, rounds
from wms import stock
from wms.db import Tx
from wms.schema import stock as balances
from wms.stock import Move


def test_a_crowd_of_moves_adds_up(sqlite_url: str) -> None:
    done = crowd(sqlite_url, "short", batches=8)
    assert done[WANTED] > 500
    assert done["refused with stock.short"] > 0


def forgetful(tx: Tx, lines: Sequence[Move], **named: Any) -> int:
    """Books all lines, and loses a unit of the last one's balance."""
    done = stock.post(tx, lines, **named)
    here = (balances.c.place == lines[-1].target) & (balances.c.qty > 0)
    tx.execute(update(balances).where(here).values(qty=balances.c.qty - 1))
    return done


def twice(tx: Tx, lines: Sequence[Move], **named: Any) -> int:
    """Books what it knows already once more, under other keys."""
    count = tx.exec_driver_sql("SELECT COUNT(*) FROM moves").scalar()
    return stock.post(tx, [replace(one, key=f"{one.key}:{count}") for one in lines], **named)


def one_by_one(tx: Tx, lines: Sequence[Move], **named: Any) -> int:
    """Keeps the lines that were sound when a later one is refused."""
    done = 0
    for line in lines:
        done += stock.post(tx, [line], **named)
        tx.exec_driver_sql("COMMIT")
        tx.exec_driver_sql("BEGIN IMMEDIATE")
    return done


@pytest.mark.parametrize("post", [forgetful, twice, one_by_one])
def test_control_a_ledger_that_does_not_keep_its_word_is_caught(
    sqlite_url: str, post: Callable[..., int]
) -> None:
    with pytest.raises(AssertionError):
        _some(sqlite_url, post)


def _some(url: str, post: Callable[..., int]) -> None:
    one = Crowd(url, Random(4), post)
    try:
        for _ in range(60):
            one.batch(size=6)
    finally:
        one.close()


@pytest.mark.long
def test_a_slice_of_the_ledger_s_part() -> None:
    many = 0
    for done in rounds(1):
        many += done[WANTED]
        if many > 200_000:
            break


@pytest.mark.long
def test_the_part_says_what_broke() -> None:
    with pytest.raises(Broken, match=r"tests\.prove\.work ledger 1"):
        next(rounds(1, post=forgetful))
