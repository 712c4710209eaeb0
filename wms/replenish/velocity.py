"""How fast goods move (出荷頻度): A, B or C, from what was really picked in the last weeks.

The goods for which people go to a shelf in four fifths of all picks are A, the next up to nineteen
twentieths B, the rest C (Pareto's rule, as warehouses draw it). Put-away takes goods to shelves of
their letter, and counts go first where the letter makes a wrong number dear. Off unless
`counts.velocity_days` says over how many days: then the letters of files are only the first guess.
"""

from collections.abc import Mapping

from sqlalchemy import bindparam, case, exists, func, or_, select, update

from wms.db import Tx, upsert
from wms.promises.allocation import PICK
from wms.schema import items, meta, moves

DAY_MS = 86_400_000
DAY = "velocity.day"  # row of `meta`: the day for which the letters were drawn
A_PERCENT, B_PERCENT = 80, 95
LINES_MIN = 100  # fewer tell nothing: a site's first days must not make everything A


def letters(lines: Mapping[int, int]) -> dict[int, str]:
    """The letter of each item by its picked *lines*, the most picked first.

    >>> letters({1: 80, 2: 15, 3: 5})
    {1: 'A', 2: 'B', 3: 'C'}
    >>> letters({7: 100})
    {7: 'A'}
    """
    total, before, found = sum(lines.values()), 0, {}
    for item, many in sorted(lines.items(), key=lambda one: (-one[1], one[0])):
        is_a, is_b = (before * 100 < percent * total for percent in (A_PERCENT, B_PERCENT))
        found[item] = "A" if is_a else "B" if is_b else "C"
        before += many
    return found


def changed(tx: Tx, *, days: int, now: int) -> dict[int, str]:
    """The letters that items should have and do not, by the picks of the last *days*.

    What was here before and nobody picked since is C; what came since then and was not picked yet
    keeps its letter. Nothing changes where fewer than `LINES_MIN` lines were picked.
    """
    since = now - days * DAY_MS
    net = func.sum(case((moves.c.reason == PICK, 1), else_=-1))
    undone = (moves.c.reason == "undo") & moves.c.ref.startswith("allocation:")
    picked = (
        select(moves.c.item_id, net.label("lines"))
        .where(or_(moves.c.reason == PICK, undone), moves.c.at_ms >= since)
        .group_by(moves.c.item_id)
    )
    lines = {row.item_id: int(row.lines) for row in tx.execute(picked) if row.lines > 0}
    if sum(lines.values()) < LINES_MIN:
        return {}
    wanted = letters(lines)
    was_here = exists().where(moves.c.item_id == items.c.id, moves.c.at_ms < since)
    known = select(items.c.id, items.c.velocity, was_here.label("was_here"))
    return {
        row.id: letter
        for row in tx.execute(known)
        if (letter := wanted.get(row.id, "C" if row.was_here else row.velocity)) != row.velocity
    }


def is_drawn(tx: Tx, today: str) -> bool:
    """Whether the letters of *today* (YYYY-MM-DD, the site's date) were drawn."""
    return tx.scalar(select(meta.c.value).where(meta.c.key == DAY)) == today


def draw(tx: Tx, wanted: Mapping[int, str], *, today: str) -> int:
    """Write the letters of *today*, once. Returns how many items have another one now."""
    if is_drawn(tx, today):
        return 0
    row = {"key": DAY, "value": today}
    upsert(tx, meta, [row], key=("key",), update=lambda new: {"value": new.value})
    rows = [{"b_id": item, "b_letter": letter} for item, letter in sorted(wanted.items())]
    if rows:
        mine = update(items).where(items.c.id == bindparam("b_id"))
        tx.execute(mine.values(velocity=bindparam("b_letter")), rows)
    return len(rows)
