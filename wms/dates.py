"""Dates as the book writes them: YYYY-MM-DD, and nothing else."""

import re
from datetime import date

from wms.errors import Code, Rejected
from wms.text import shown

_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def iso_date(text: str, *, field: str) -> date:
    """*text* as a date. Refuses `DATE_WRONG` (Python alone would take 20261122 and 2026-W47-7).

    >>> iso_date("2026-11-22", field="delivery_date")
    datetime.date(2026, 11, 22)
    """
    found = _read(text)
    if found is None:
        raise Rejected(Code.DATE_WRONG, field=field, value=shown(text))
    return found


def is_date(text: str) -> bool:
    """Whether *text* is a date as the book writes it.

    >>> is_date("2026-11-22"), is_date("2026-02-30"), is_date("L-7")
    (True, False, False)
    """
    return _read(text) is not None


def _read(text: str) -> date | None:
    if not _ISO.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
