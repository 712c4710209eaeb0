"""Which tracking numbers are still to be given: the one rule, for benches, labels and settings."""

from sqlalchemy import ColumnElement, and_

from wms.schema import tracking_ranges

Named = str | ColumnElement[str]


def unused() -> ColumnElement[bool]:
    """A range of which not every number was given: its next one does not lie behind its last."""
    return tracking_ranges.c.next <= tracking_ranges.c.last


def to_give(owner: Named, carrier: Named) -> ColumnElement[bool]:
    """The range from which *owner* (a code, or a column) gets the next number of *carrier*."""
    of_them = (tracking_ranges.c.owner == owner) & (tracking_ranges.c.carrier == carrier)
    return and_(of_them, unused())
