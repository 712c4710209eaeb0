"""Whole days on real wires: whatever is killed or breaks, every tally tells the same story.

Each day has 20 orders and every kind of trouble; the server is killed with -9 ten times at random
moments while twins, bots and shops live on. Two days, one an engine, are twenty kills.
"""

import asyncio

import pytest

from app.demo.day_verdict import MUST, MUST_OF_A_WHOLE
from app.demo.headless import run
from app.demo.processes import Options
from app.demo.verdict import Verdict

ORDERS = 20
KILLS = 10


def live_through(options: Options) -> Verdict:
    """One headless day."""
    return asyncio.run(run(options, progress=lambda _words, _shipped, _total: None))


@pytest.mark.parametrize("database", ["", "postgresql"])
def test_a_day_survives_ten_kills_and_every_other_trouble(database: str) -> None:
    verdict = live_through(Options(orders=ORDERS, seed=7, database=database, kills=KILLS))
    assert verdict.passed, "\n".join(verdict.faults)
    figures = dict(verdict.lines)
    assert figures["shipped"] == f"{ORDERS} / {ORDERS}"
    assert figures["server killed"] == f"{KILLS} happened, {KILLS} handled"
    assert not figures["vehicles"].startswith("0 "), "the other fleet has carried some of it"
    assert figures["audit"] == "clean"


@pytest.mark.long
@pytest.mark.parametrize("database", ["", "postgresql"])
def test_hands_ledger_and_bill_agree_after_a_whole_shift(database: str) -> None:
    verdict = live_through(Options(orders=40, seed=11, database=database, shift="whole"))
    assert verdict.passed, "\n".join(verdict.faults)
    shift = dict(verdict.lines)["shift"]
    for flow in (*MUST, *MUST_OF_A_WHOLE):
        assert f"{flow} " in shift, flow
    assert {row.flow for row in verdict.report} > {"received", "picked", "exchanged", "graded A"}
    billed = {row.flow for row in verdict.report if row.billed}
    assert billed > {"bill storage", "bill work kit", "bill robots", "received", "picked"}


@pytest.mark.long
def test_a_part_of_a_shift_happens_in_every_demo() -> None:
    verdict = live_through(Options(orders=ORDERS, seed=7, shift="some"))
    assert verdict.passed, "\n".join(verdict.faults)
    shift = dict(verdict.lines)["shift"]
    assert all(f"{flow} " in shift for flow in MUST)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(20))
def test_twenty_more_days_with_a_kill_each(seed: int) -> None:
    verdict = live_through(Options(orders=ORDERS, seed=100 + seed, kills=1))
    assert verdict.passed, "\n".join(verdict.faults)
