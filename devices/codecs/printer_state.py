"""What a printer that is asked says of itself, whatever its language."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class State:
    """One answer. `trouble` is a code of the words for what a person must see to, "" = none.

    `job` is the mark of the job in hand ("" = none, or it does not tell); `left` labels of it are
    still to come; `busy` while it works on one; `finished` when it says by itself that a job ended.
    """

    trouble: str = ""
    full: bool = False
    job: str = ""
    left: int = 0
    busy: bool = False
    finished: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """The printer took a job (`well`), or refused to."""

    well: bool


Answer = State | Taken
