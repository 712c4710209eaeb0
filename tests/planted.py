"""What a planted bug is: a change of one place in one file, and the tests that must notice it."""

from dataclasses import dataclass

# The seeded driver of the ledger: it fails at once, where Hypothesis would first look for the
# smallest way.
STEPS = ("tests/test_stock.py", "-k", "hundreds and sqlite")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bug:
    """A change of one place in one file, and the tests that must notice it."""

    what: str
    file: str
    right: str
    wrong: str
    also: str = ""  # code that the wrong one needs, at the end of the file
    tests: tuple[str, ...] = STEPS


def only(file: str, name: str) -> tuple[str, ...]:
    """The tests of *file* whose names hold *name*, on SQLite."""
    return (f"tests/{file}.py", "-k", f"({name}) and not postgresql")
