"""How sure the book is of a place, from 0 to 100, and why. Pure.

Nobody knows what lies on a shelf without looking. But what makes a book wrong is known: time, hands
(every move is a chance), shelves that were found short, steps that were taken back, goods that were
put where nobody proposed. A count makes it sure again.
"""

from dataclasses import dataclass

DAY_MS = 86_400_000
VELOCITY_WEIGHT = {"A": 4, "B": 2, "C": 1}  # where much is picked, a wrong number hurts more


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What happened at a place since it was last counted (`counted_ms` 0: never).

    `shorts` found there and not yet counted; `undone` steps taken back; `overrides`: goods were put
    there although another place was proposed.
    """

    counted_ms: int
    moves: int = 0
    shorts: int = 0
    undone: int = 0
    overrides: int = 0


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the book is less sure: a code of `wms/words`, how many, and the points that it costs."""

    code: str
    count: int
    points: int


@dataclass(frozen=True, slots=True)
class Confidence:
    """How sure the book is, of 100; the reasons that cost most come first."""

    percent: int
    reasons: tuple[Reason, ...] = ()


def confidence(history: History, *, now: int) -> Confidence:
    """How sure the book is of a place with this *history*.

    The points are judgements, not measurements: half a point a day, one for four moves, twenty-five
    for a short, five for a step back or an override, each up to a limit.

    >>> confidence(History(counted_ms=1), now=1).percent
    100
    >>> sure = confidence(History(counted_ms=1, moves=40, shorts=1), now=1 + 20 * DAY_MS)
    >>> sure.percent, [reason.code for reason in sure.reasons]
    (55, ['confidence.shorts', 'confidence.days', 'confidence.moves'])
    """
    days = max(now - history.counted_ms, 0) // DAY_MS
    never = history.counted_ms == 0
    found = (
        Reason("confidence.shorts", history.shorts, min(25 * history.shorts, 50)),
        Reason("confidence.never", 1, 40)
        if never
        else Reason("confidence.days", days, min(days // 2, 40)),
        Reason("confidence.moves", history.moves, min(history.moves // 4, 30)),
        Reason("confidence.undone", history.undone, min(5 * history.undone, 15)),
        Reason("confidence.overrides", history.overrides, min(5 * history.overrides, 15)),
    )
    reasons = sorted((one for one in found if one.points), key=lambda one: -one.points)
    percent = max(100 - sum(one.points for one in reasons), 0)
    return Confidence(percent, tuple(reasons))


def urgency(percent: int, velocity: str) -> int:
    """How much a place is worth counting: doubt, times how much is picked there ("" = unknown).

    >>> urgency(90, "A"), urgency(50, "C"), urgency(100, "A")
    (40, 50, 0)
    """
    return (100 - percent) * VELOCITY_WEIGHT.get(velocity, 1)
