"""Whole shifts on a virtual clock with everything failing (`app.simulation`)."""

from collections import Counter
from collections.abc import Iterator
from itertools import count

from app.simulation.run import run
from app.simulation.shift import Plan
from tests.prove import Broken, Part

SEEDS_EACH = 1_000_000  # shifts of one slice do not meet those of another
FAULTS_EVERY_S = 55.0


def rounds(seed: int) -> Iterator[Counter[str]]:
    """A shift a step."""
    for number in count(seed * SEEDS_EACH):
        result = run(Plan(seed=number, faults_every_s=FAULTS_EVERY_S))
        if result.verdict.faults:
            told = "; ".join(result.verdict.faults)
            raise Broken(f"{told}\ngenba simulate --seeds {number} --orders 15 --faults")
        yield Counter({
            "simulated shifts of 8 h": 1, "injected faults": sum(result.struck.values()),
            "deaths of the server in them": result.kills,
        })  # fmt: skip


PART = Part(
    name="shifts", wanted={"simulated shifts of 8 h": 2_000, "injected faults": 1_000_000},
    rounds=rounds,
)  # fmt: skip
