"""Whole shifts on a virtual clock with everything failing (`app.simulation`)."""

from collections import Counter
from collections.abc import Iterator
from itertools import count

from app.simulation.run import run
from app.simulation.shift import of_seed
from tests.prove import Broken, Part

SEEDS_EACH = 1_000_000  # shifts of one slice do not meet those of another
ORDERS = 3  # besides those that the flows of a seed bring


def rounds(seed: int) -> Iterator[Counter[str]]:
    """A shift a step. A fault counts when it changed something."""
    for number in count(seed * SEEDS_EACH):
        plan = of_seed(number, orders=ORDERS, faults=True)
        result = run(plan)
        if result.verdict.faults:
            raise Broken("\n".join((*result.verdict.faults, plan.replay)))
        yield Counter({
            "simulated shifts of 8 h": 1, "injected faults": result.injected,
            "of them single messages": result.injected - result.episodes,
            "deaths of the server in them": result.kills,
        })  # fmt: skip


PART = Part(
    name="shifts", wanted={"simulated shifts of 8 h": 2_000, "injected faults": 1_000_000},
    rounds=rounds,
)  # fmt: skip
