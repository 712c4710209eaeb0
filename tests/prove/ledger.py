"""What was proven so far for one state of the code: a JSON file that is added to, slice by slice.

A slice counts as long as the product (the file's own digest) and the tests of its part are what
they were when it ran; `tests/prove/code.py` says what that means.
"""

import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tests.prove import Part


class Slice(msgspec.Struct, frozen=True):
    """A part at work without a break: from which seed, when (UTC), how long, and what was done.

    `tests` is the digest of the part's own tests, `commit` where they stood in history ("+": with
    changes). What broke says how to see it again.
    """

    part: str
    tests: str
    commit: str
    seed: int
    began: str
    seconds: float
    done: dict[str, int]
    broken: str = ""


class Proof(msgspec.Struct):
    """Everything that ran on one state of the product."""

    code: str
    machine: str
    slices: list[Slice] = []


class Break(msgspec.Struct, frozen=True):
    """A promise that did not hold."""

    seed: int
    began: str
    why: str


class Figures(msgspec.Struct, frozen=True):
    """One part in numbers; `share` of its least reached number, at most 1."""

    name: str
    promise: str
    wanted: dict[str, int]
    done: dict[str, int]
    share: float
    slices: int
    seeds: tuple[int, int]
    began: tuple[str, str]
    seconds: float
    broken: tuple[Break, ...]


class Summary(msgspec.Struct, frozen=True):
    """What `docs/proof.json` says."""

    code: str
    commits: tuple[str, ...]
    machine: str
    parts: tuple[Figures, ...]


@dataclass(slots=True)
class Ledger:
    """The proof in *file*; written after every slice. `tests` are the digests of the parts."""

    file: Path
    proof: Proof
    parts: Mapping[str, Part]
    tests: Mapping[str, str]

    @classmethod
    def of(
        cls, file: Path, code: str, machine: str, parts: Mapping[str, Part],
        tests: Mapping[str, str],
    ) -> "Ledger":  # fmt: skip
        """Go on where this code stopped, or begin."""
        proof = Proof(code, machine)
        if file.exists():
            proof = msgspec.json.decode(file.read_bytes(), type=Proof)
        return cls(file, proof, parts, tests)

    def add(self, one: Slice) -> None:
        """Write a slice down."""
        self.proof.slices.append(one)
        self.file.parent.mkdir(parents=True, exist_ok=True)
        half = self.file.with_suffix(".half")
        half.write_bytes(msgspec.json.format(msgspec.json.encode(self.proof), indent=1))
        half.replace(self.file)

    def slices(self, part: str) -> list[Slice]:
        """Those of *part* that count."""
        return [
            one for one in self.proof.slices
            if one.part == part and one.tests == self.tests[part]
        ]  # fmt: skip

    def next_seed(self, part: str) -> int:
        """A seed that no slice of *part* began with."""
        return max((one.seed for one in self.slices(part)), default=0) + 1

    def done(self, part: str) -> Counter[str]:
        """What *part* did in all."""
        total: Counter[str] = Counter()
        for one in self.slices(part):
            total.update(one.done)
        return total

    def share(self, part: str) -> float:
        """How much of its least reached goal *part* has; 1 and more is all."""
        done = self.done(part)
        return min(
            (done[what] / many for what, many in self.parts[part].wanted.items()), default=1.0
        )

    def broken(self) -> list[Slice]:
        """What went wrong."""
        return [one for name in self.parts for one in self.slices(name) if one.broken]

    def summary(self) -> Summary:
        """All parts in numbers; those that never ran, too."""
        commits = dict.fromkeys(one.commit for name in self.parts for one in self.slices(name))
        figures = tuple(self._figures(name) for name in self.parts)
        return Summary(self.proof.code, tuple(commits), self.proof.machine, figures)

    def _figures(self, name: str) -> Figures:
        part, slices = self.parts[name], self.slices(name)
        seeds, began = [one.seed for one in slices], [one.began for one in slices]
        return Figures(
            name=name, promise=_promise(part), wanted=part.wanted, done=dict(self.done(name)),
            share=min(int(self.share(name) * 10_000) / 10_000, 1.0), slices=len(slices),
            seeds=(min(seeds, default=0), max(seeds, default=0)),
            began=(min(began, default=""), max(began, default="")),
            seconds=round(sum(one.seconds for one in slices), 1),
            broken=tuple(Break(one.seed, one.began, one.broken) for one in slices if one.broken),
        )  # fmt: skip


def _promise(part: Part) -> str:
    """The first sentence of the part's module."""
    said = " ".join((sys.modules[part.rounds.__module__].__doc__ or "").split())
    return said.partition(". ")[0].rstrip(".")
