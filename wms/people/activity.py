"""What people did, by the scan journal and the ledger: inputs, lines an hour, metres walked.

A person is a code here and nothing else: names stay where badges are given out. The numbers are for
planning a shift, and for seeing which work costs most steps.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from msgspec import Struct
from sqlalchemy import Row, func, literal, select

from wms.db import Tx
from wms.schema import moves, people, places, scans
from wms.schema.goods import MOVING

PAUSE_MS = 300_000  # who does not scan for so long was doing something else
HOUR_MS = 3_600_000
NOWHERE = (0, 0)  # what a place has that nobody has put on the floor plan


class Activity(Struct, frozen=True, kw_only=True):
    """One person's work in one dialogue. Lines and pieces are moves of the ledger.

    `active_s` is the time between inputs, pauses left out; `travel_m` the way between the places
    where goods were taken or put, by their positions on the floor plan: None where these are not on
    it, and without the ways to those that are not (a place at 0, 0 is none of the plan).
    """

    person: str
    dialogue: str
    inputs: int
    refused: int
    lines: int
    pieces: int
    active_s: int
    lines_per_hour: int
    travel_m: int | None


@dataclass(slots=True)
class _Sum:
    inputs: int = 0
    refused: int = 0
    lines: int = 0
    pieces: int = 0
    active_ms: int = 0
    travel_mm: int = 0
    known: int = 0  # ways between two places of the plan
    unknown: int = 0  # places that are not on it


def activity(tx: Tx, *, since_ms: int, until_ms: int) -> list[Activity]:
    """Who did what from *since_ms* up to and without *until_ms*, by person and dialogue."""
    sums: defaultdict[tuple[str, str], _Sum] = defaultdict(_Sum)
    _count_inputs(sums, tx.execute(_inputs(since_ms, until_ms)))
    _count_lines(sums, tx.execute(_lines(since_ms, until_ms)))
    return [
        Activity(
            person=person, dialogue=dialogue, inputs=one.inputs, refused=one.refused,
            lines=one.lines, pieces=one.pieces, active_s=one.active_ms // 1_000,
            lines_per_hour=one.lines * HOUR_MS // one.active_ms if one.active_ms else 0,
            travel_m=None if one.unknown and not one.known else one.travel_mm // 1_000,
        )
        for (person, dialogue), one in sorted(sums.items())
    ]  # fmt: skip


def _inputs(since_ms: int, until_ms: int) -> Any:
    return (
        select(people.c.code, scans.c.dialogue, scans.c.fate, scans.c.at_ms)
        .join(people, people.c.id == scans.c.person_id)
        .where(scans.c.at_ms >= since_ms, scans.c.at_ms < until_ms)
        .order_by(people.c.code, scans.c.at_ms, scans.c.id)
    )


def _lines(since_ms: int, until_ms: int) -> Any:
    """Moves that people made, each with the dialogue of the input that caused it: both carry the
    same moment."""
    source, target = places.alias("source"), places.alias("target")
    cause = (
        select(scans.c.person_id, scans.c.at_ms, func.max(scans.c.dialogue).label("dialogue"))
        .where(scans.c.at_ms >= since_ms, scans.c.at_ms < until_ms)
        .group_by(scans.c.person_id, scans.c.at_ms)
        .subquery()
    )
    mine = moves.c.actor == literal("person:").concat(people.c.id)
    return (
        select(
            people.c.code, cause.c.dialogue, moves.c.qty, source.c.kind.label("from_kind"),
            source.c.x_mm.label("from_x"), source.c.y_mm.label("from_y"),
            target.c.kind.label("to_kind"), target.c.x_mm.label("to_x"),
            target.c.y_mm.label("to_y"),
        )
        .join(people, mine)
        .join(cause, (cause.c.person_id == people.c.id) & (cause.c.at_ms == moves.c.at_ms))
        .join(source, source.c.code == moves.c.source)
        .join(target, target.c.code == moves.c.target)
        .where(moves.c.at_ms >= since_ms, moves.c.at_ms < until_ms)
        .order_by(people.c.code, moves.c.id)
    )  # fmt: skip


def _count_inputs(sums: defaultdict[tuple[str, str], _Sum], rows: Iterable[Row[Any]]) -> None:
    before: Row[Any] | None = None
    for row in rows:
        one = sums[row.code, row.dialogue]
        one.inputs += 1
        one.refused += row.fate == "refused"
        if before is not None and before.code == row.code:
            passed = row.at_ms - before.at_ms
            one.active_ms += passed if passed <= PAUSE_MS else 0
        before = row


def _count_lines(sums: defaultdict[tuple[str, str], _Sum], rows: Iterable[Row[Any]]) -> None:
    person, here = "", None
    for row in rows:
        one = sums[row.code, row.dialogue]
        one.lines += row.qty > 0
        one.pieces += row.qty
        if row.code != person:
            person, here = row.code, None
        for spot in _spots(row):
            if spot == NOWHERE:
                one.unknown, here = one.unknown + 1, None
                continue
            if here is not None:
                one.known += 1
                one.travel_mm += abs(spot[0] - here[0]) + abs(spot[1] - here[1])
            here = spot


def _spots(row: Row[Any]) -> Iterator[tuple[int, int]]:
    """The places of a move that stand somewhere: containers go along with the person."""
    for kind, x_mm, y_mm in (
        (row.from_kind, row.from_x, row.from_y), (row.to_kind, row.to_x, row.to_y),
    ):  # fmt: skip
        if kind not in (*MOVING, "outside", "robot"):
            yield x_mm, y_mm
