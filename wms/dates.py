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
    if _ISO.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    raise Rejected(Code.DATE_WRONG, field=field, value=shown(text))
