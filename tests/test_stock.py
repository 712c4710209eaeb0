"""The ledger holds after every step, whatever the steps are, on both engines."""

from collections import Counter
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from tests import plant_bugs
from tests.ledger_steps import STEPS, Dice
from tests.ledger_world import World, world_at

T = TypeVar("T")
SHORT = {"sqlite": (8, 25), "postgresql": (2, 20)}  # runs, steps of each
LONG = {"sqlite": (200, 50), "postgresql": (40, 50)}
DRIVEN = {"sqlite": 250, "postgresql": 120}  # steps


class Drawn:
    """Particulars that Hypothesis chooses."""

    def __init__(self, data: st.DataObject) -> None:
        self.data = data

    def number(self, least: int, most: int) -> int:
        return self.data.draw(st.integers(least, most))

    def one(self, of: Sequence[T]) -> T:
        return self.data.draw(st.sampled_from(of))


def machine_of(new_book: Callable[[], str]) -> type[RuleBasedStateMachine]:
    """The ledger as a machine whose every run begins with a fresh book."""

    class Ledger(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.world = World(new_book())

        @rule(step=st.sampled_from(list(STEPS)), data=st.data())
        def go_on(self, step: Any, data: st.DataObject) -> None:
            step(self.world, Drawn(data))
            self.world.check()

        def teardown(self) -> None:
            self.world.close()

    return Ledger


def test_whatever_happens_the_ledger_holds(
    new_book: Callable[[], str], request: pytest.FixtureRequest
) -> None:
    """After every step: no invariant offended, two auditors and the memory of one mind."""
    engine = request.node.callspec.params["new_book"]
    examples, steps = LONG[engine] if settings().max_examples >= 1_000 else SHORT[engine]
    run_state_machine_as_test(
        machine_of(new_book),
        settings=settings(
            max_examples=examples, stateful_step_count=steps,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip


def drive(url: str, seed: int, steps: int) -> Counter[str]:
    """Go on for so many steps, weighted as on a floor. Returns how often each was made."""
    dice = Dice(Random(seed))
    made: Counter[str] = Counter()
    with world_at(url) as world:
        for _ in range(steps):
            (step,) = dice.random.choices(list(STEPS), list(STEPS.values()))
            step(world, dice)
            made[step.__name__] += 1
            world.check()
        assert world.boxes, "nothing was packed"
        assert any(state == "shipped" for _, state, _ in world.boxes.values())
    return made


def test_hundreds_of_steps_from_a_seed(
    database_url: str, request: pytest.FixtureRequest
) -> None:  # fmt: skip
    engine = request.node.callspec.params["new_book"]
    made = drive(database_url, seed=11, steps=DRIVEN[engine])
    assert len(made) >= 15, "most kinds of steps were made"


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2))
def test_thousands_of_steps_from_a_seed(seed: int, database_url: str) -> None:
    drive(database_url, seed, steps=2_000)


@pytest.mark.long
def test_bugs_planted_in_the_ledger_are_caught() -> None:
    """`python -m tests.plant_bugs` shows which test caught what."""
    assert plant_bugs.main() == 0
