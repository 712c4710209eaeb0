"""What was proven so far for one commit: a JSON file that is added to, and the page made of it."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from tests.prove import Part


class Slice(msgspec.Struct, frozen=True):
    """A part at work without a break: from which seed, when (UTC), how long, and what was done."""

    part: str
    seed: int
    began: str
    seconds: float
    done: dict[str, int]
    broken: str = ""


class Proof(msgspec.Struct):
    """Everything that ran on one commit."""

    commit: str
    machine: str
    slices: list[Slice] = []


@dataclass(slots=True)
class Ledger:
    """The proof in *file*; written after every slice."""

    file: Path
    proof: Proof
    parts: dict[str, Part]
    seeds: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, file: Path, commit: str, machine: str, parts: dict[str, Part]) -> "Ledger":
        """Go on where this commit stopped, or begin."""
        proof = Proof(commit, machine)
        if file.exists():
            proof = msgspec.json.decode(file.read_bytes(), type=Proof)
        ledger = cls(file, proof, parts)
        for one in proof.slices:
            ledger.seeds[one.part] = max(ledger.seeds[one.part], one.seed)
        return ledger

    def add(self, one: Slice) -> None:
        """Write a slice down."""
        self.proof.slices.append(one)
        self.file.parent.mkdir(parents=True, exist_ok=True)
        half = self.file.with_suffix(".half")
        half.write_bytes(msgspec.json.format(msgspec.json.encode(self.proof), indent=1))
        half.replace(self.file)

    def next_seed(self, part: str) -> int:
        """A seed that no slice of *part* began with."""
        self.seeds[part] += 1
        return self.seeds[part]

    def done(self, part: str) -> Counter[str]:
        """What *part* did in all."""
        total: Counter[str] = Counter()
        for one in self.proof.slices:
            if one.part == part:
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
        return [one for one in self.proof.slices if one.broken]

    def page(self) -> str:
        """`docs/proof.md`."""
        slices = self.proof.slices
        lines = [
            "# What was proven, and how often", "",
            "Written by `genba prove`; the same figures for programs are in `proof.json`.", "",
            f"Commit {self.proof.commit}, {self.proof.machine}.",
        ]  # fmt: skip
        if slices:
            hours = sum(one.seconds for one in slices) / 3600
            first, last = min(one.began for one in slices), max(one.began for one in slices)
            lines.append(f"{hours:.2f} hours of one core between {first} and {last} (UTC).")
        lines += ["", "| part | what | done | wanted |", "|---|---|--:|--:|"]
        for name, part in self.parts.items():
            done = self.done(name)
            for what in [*part.wanted, *sorted(done.keys() - part.wanted.keys())]:
                wanted = f"{part.wanted[what]:,}" if what in part.wanted else ""
                lines.append(f"| {name} | {what} | {done[what]:,} | {wanted} |")
        lines += ["", "## What broke", ""]
        lines += [
            f"* {one.part}, seed {one.seed}, {one.began}: {one.broken}" for one in self.broken()
        ] or ["Nothing."]
        missing = [name for name in self.parts if self.share(name) < 1]
        lines += ["", "## What did not reach its number", ""]
        lines += [f"* {name}: {self.share(name):.1%}" for name in missing] or ["Nothing."]
        lines += ["", "## Seeds", "", "| part | seeds | seconds |", "|---|---|--:|"]
        for name in self.parts:
            mine = [one for one in slices if one.part == name]
            if mine:
                seeds = f"{min(one.seed for one in mine)} to {max(one.seed for one in mine)}"
                lines.append(f"| {name} | {seeds} | {sum(one.seconds for one in mine):,.0f} |")
        return "\n".join(lines) + "\n"
