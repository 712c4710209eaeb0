"""A command as it was given once, with its answer: what a recorded day is made of."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Sequences = dict[str, int]


@dataclass(frozen=True, slots=True)
class Call:
    """One command. `refused`: the answer is what the refusal says."""

    command: Callable[..., Any]
    args: tuple[Any, ...]
    named: dict[str, Any]
    answer: Any
    refused: bool
    statements: int
    sequences: Sequences  # PostgreSQL's, afterwards
    ours: bool = False  # a test's own hand in the book: nobody is killed in it
    keyed: bool = False  # it may be given again: its key says which one it is

    @property
    def name(self) -> str:
        return f"{self.command.__module__}.{self.command.__qualname__}"

    @property
    def answer_again(self) -> Any:
        """What is said when it was done before: the ledger says that nothing is new."""
        return False if self.command.__module__ == "wms.stock" else self.answer


@dataclass(frozen=True, slots=True)
class Lived:
    """A day that was written down, and a digest of each table in the evening.

    `morning`: where PostgreSQL's sequences stood before the first command.
    """

    calls: tuple[Call, ...]
    evening: dict[str, str]
    morning: Sequences

    @property
    def modules(self) -> list[str]:
        """Where its commands come from."""
        return sorted({call.command.__module__ for call in self.calls if not call.ours})
