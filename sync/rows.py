"""Lines of a file as values of a struct, with everything that can be said of them without the book.

A line with a wrong cell may have more wrong cells, and the book may have something against it, too:
nobody wants to hear that one visit later. So a harmless value stands in for what is wrong, and the
rest of the line is looked at; such a value is never written.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec import Struct

from sync.columns import Columns
from sync.entries import Entry, entries, located
from sync.sheets import Line
from wms.errors import Rejected
from wms.shape import Fault, convert, of_refusal, refusals

# What other lines are compared with: nothing stands in for it.
COMPARED = frozenset({"lot", "expiry", "serial"})
_OUTER = re.compile(r"[^.\[]+")

Meant = Callable[[str, Any], Any]  # what a cell of a field means


@dataclass(slots=True)
class Rows:
    """`values` and `entries` go together; `left_out` could not be made into values. `faults` count
    rows of the file."""

    values: list[Any] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    left_out: list[Entry] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def read_rows(
    columns: Columns, lines: Sequence[Line], struct: type[Struct], *,
    meant: Meant = lambda _, cell: cell,
) -> Rows:  # fmt: skip
    """Every line of *lines* as a *struct*, and what is wrong with its cells."""
    stand_ins = {one.field: one.stand_in for one in columns.known if one.stand_in is not None}
    found, wrong = entries(columns, lines)
    read = Rows(faults=list(wrong))
    for entry in found:
        value = {name: meant(name, cell) for name, cell in entry.value.items()}
        known = entry.faulty | columns.missing
        refused = [one for one in refusals(value, struct) if one.params["field"] not in known]
        read.faults += [located(columns, entry, of_refusal(0, one)) for one in refused]
        faulty = known | {_outer(one) for one in refused}
        if faulty:
            may = not (columns.in_groups or faulty & COMPARED)
            made = _stood_in(value, faulty, struct, stand_ins) if may else None
        else:
            made = convert(value, struct)
        if made is None:
            read.left_out.append(entry)
        else:
            read.values.append(made)
            read.entries.append(entry)
    return read


def fresh(faults: Iterable[Fault], told: Iterable[Fault]) -> list[Fault]:
    """*faults* of cells of which nothing was *told* yet: where a value stood in for a wrong one,
    what it led to is no news."""
    before = {(one.row, one.field) for one in told}
    return [one for one in faults if (one.row, one.field) not in before]


def _outer(refused: Rejected) -> str:
    found = _OUTER.match(str(refused.params["field"]))
    return found[0] if found else ""


def _stood_in(
    value: Mapping[str, Any], faulty: frozenset[str], struct: type[Struct],
    stand_ins: Mapping[str, Any],
) -> Struct | None:  # fmt: skip
    """The value without what is *faulty*, or with something that does no harm in its place."""
    rest = {name: cell for name, cell in value.items() if name not in faulty}
    instead = {name: stand_ins[name] for name in faulty & stand_ins.keys()}
    try:
        return convert({**rest, **instead}, struct)
    except Rejected:
        return None
