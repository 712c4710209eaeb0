"""What a receiver may believe of a date, and to which line of a delivery goods belong. Pure."""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from wms.promises.allocation import usable_from

PAST_DAYS_MAX = 2 * 365  # a date longer ago is a slip of the finger, not old goods
AHEAD_DAYS_MAX = 20 * 365
Freshness = Literal["", "expired", "short_life"]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a delivery and how far it is, in eaches. `qty` 0: it came unannounced."""

    id: int
    line_no: int
    item: int
    qty: int
    lot: str = ""
    expiry: str = ""
    received: int = 0
    damaged: int = 0

    @property
    def room(self) -> int:
        """How many of it are still to come; 0 when more came than were announced."""
        return max(0, self.qty - self.received - self.damaged)


@dataclass(frozen=True, slots=True)
class Share:
    """A part of what came, and the line that it counts for; `over` of them were not announced."""

    line: int
    qty: int
    over: int = 0


def keyed_date(digits: str) -> str | None:
    """YYMMDD or YYMM as it is keyed from the goods, as YYYY-MM-DD; None when it is no date.

    A month alone, and day 00, mean its last day, as in GS1 (General Specifications, 3.4.2).

    >>> keyed_date("271231"), keyed_date("2702"), keyed_date("270200"), keyed_date("271301")
    ('2027-12-31', '2027-02-28', '2027-02-28', None)
    """
    if not (digits.isascii() and digits.isdigit() and len(digits) in (4, 6)):
        return None
    year, month, day = 2000 + int(digits[:2]), int(digits[2:4]), int(digits[4:] or "0")
    if not 1 <= month <= 12:
        return None
    last = monthrange(year, month)[1]
    return date(year, month, day or last).isoformat() if day <= last else None


def is_plausible(expiry: str, today: str) -> bool:
    """Whether goods that arrive *today* may bear this date at all.

    >>> is_plausible("2026-11-21", "2026-11-22"), is_plausible("2016-11-21", "2026-11-22")
    (True, False)
    """
    ahead = (date.fromisoformat(expiry) - date.fromisoformat(today)).days
    return -PAST_DAYS_MAX <= ahead <= AHEAD_DAYS_MAX


def freshness(expiry: str, today: str, shelf_days_in: int) -> Freshness:
    """ "expired" where an order could not be sent today either (the rule of allocation), and
    "short_life" below the days that the owner wants left at arrival; "" is good.

    >>> freshness("2026-11-22", "2026-11-22", 0), freshness("2026-11-21", "2026-11-22", 0)
    ('', 'expired')
    >>> freshness("2026-12-21", "2026-11-22", 30)
    'short_life'
    """
    if not expiry:
        return ""
    if expiry < usable_from(today, 0):
        return "expired"
    return "short_life" if expiry < usable_from(today, shelf_days_in) else ""


def earliest(today: str, shelf_days_in: int) -> str:
    """The first date that may arrive *today*."""
    return (date.fromisoformat(today) + timedelta(days=shelf_days_in)).isoformat()


def shares(lines: Sequence[Line], *, item: int, lot: str, expiry: str, qty: int) -> list[Share]:
    """Count *qty* of *item* to the lines that announced it: those of this very lot first, then
    those that name none, then the others; what none announced goes to the first of them.

    Empty when no line has that item.

    >>> two = [Line(1, 1, 7, 5, lot="B"), Line(2, 2, 7, 5, lot="A")]
    >>> shares(two, item=7, lot="A", expiry="", qty=7)
    [Share(line=2, qty=5, over=0), Share(line=1, qty=2, over=0)]
    >>> shares(two, item=7, lot="A", expiry="", qty=11)
    [Share(line=2, qty=6, over=1), Share(line=1, qty=5, over=0)]
    """

    def rank(line: Line) -> tuple[int, int]:
        if line.lot:
            return (0 if line.lot == lot else 2, line.line_no)
        if line.expiry:
            return (0 if line.expiry == expiry else 2, line.line_no)
        return (1, line.line_no)

    mine = sorted((line for line in lines if line.item == item), key=rank)
    if not mine:
        return []
    left, taken = qty, []
    for line in mine:
        part = min(left, line.room)
        taken.append(part)
        left -= part
    found = [Share(line.id, part) for line, part in zip(mine, taken, strict=True) if part]
    if not left:
        return found
    first = mine[0].id
    rest = [share for share in found if share.line != first]
    return [Share(first, taken[0] + left, over=left), *rest]
