"""What a check of the audit is."""

from typing import NamedTuple


class Check(NamedTuple):
    """An invariant's name, the code of its sentence (`wms/words`), and the SQL of offenders.

    A query's first column says where; the others are the numbers that do not agree. It runs on
    both engines as it stands.
    """

    invariant: str
    code: str
    query: str
