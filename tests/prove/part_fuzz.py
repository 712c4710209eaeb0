"""Every parser under mutated inputs: only what is declared may come out, and the promises hold."""

from collections import Counter
from collections.abc import Iterator, Sequence
from random import Random

from tests.prove import Broken, Part
from tests.prove.fuzzed import TARGETS, Target
from tests.prove.mutating import mutated

WANTED = "fuzz executions"
TURNS = 20  # of every target, in a round
SAID = "python -m tests.prove.work fuzz {} 60"


def rounds(
    seed: int, *, turns: int = TURNS, targets: Sequence[Target] = TARGETS
) -> Iterator[Counter[str]]:  # fmt: skip
    """Turns of every target."""
    good = {target.name: target.seeds() for target in targets}
    number = 0
    while True:
        number += 1
        done: Counter[str] = Counter()
        for target in targets:
            chance = Random(f"{seed}/{number}/{target.name}")
            done[f"of {target.name}"] += turns * target.many
            done["refused as declared"] += _turn(target, good[target.name], chance, turns, seed)
        done[WANTED] = sum(turns * target.many for target in targets)
        yield done


class Guard:
    """Turns whatever goes through into what is said of *target*; another language's panic, too."""

    def __init__(self, target: Target, seed: int) -> None:
        self.target, self.seed, self.data = target, seed, b""

    def __enter__(self) -> "Guard":
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if error is None or isinstance(error, KeyboardInterrupt | SystemExit):
            return
        raise Broken(
            f"{self.target.name}: {error!r:.500} from {self.data!r:.2000}; {SAID.format(self.seed)}"
        ) from error


def _turn(target: Target, good: Sequence[bytes], chance: Random, turns: int, seed: int) -> int:
    """How many of its inputs were refused."""
    refused = 0
    with Guard(target, seed) as guard:
        for _ in range(turns * target.many):
            guard.data = mutated(good[int(chance.random() * len(good))], chance, good)
            try:
                target.run(guard.data, chance)
            except target.declared:
                refused += 1
    return refused


PART = Part("fuzz", {WANTED: 10_000_000}, rounds)
