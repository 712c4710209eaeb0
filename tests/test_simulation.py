"""A whole site on a virtual clock: a calm shift passes, a stormy one too, and a seed is a story."""

import subprocess
import sys

import pytest

from app.simulation.run import run
from app.simulation.shift import Plan


def test_a_calm_quarter_of_an_hour_passes_and_its_seed_tells_it_again() -> None:
    plan = Plan(seed=4, orders=1, faults_every_s=0, shift_s=900.0)
    first, second = run(plan), run(plan)
    assert first.verdict.faults == []
    assert first.trace == second.trace and first.trace.rows > 2_500


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1, 4))
def test_a_shift_in_which_everything_fails_ends_whole(seed: int) -> None:
    result = run(Plan(seed=seed, orders=8))
    assert result.verdict.faults == []
    assert result.kills > 0 and len(result.struck) > 40


@pytest.mark.long
def test_another_process_tells_the_same_story() -> None:
    ask = (sys.executable, "-m", "app", "simulate", "--seeds", "7", "--orders", "4", "--faults")
    told = [subprocess.run(ask, capture_output=True, text=True, check=False) for _ in range(2)]
    assert told[0].returncode == 0, told[0].stdout + told[0].stderr
    assert told[0].stdout == told[1].stdout
