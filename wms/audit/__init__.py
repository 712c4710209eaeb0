"""The book against its own promises: each invariant as SQL that returns what offends it.

The queries share nothing with the code that writes, not even its constants: a mistake made there
must not be repeated here. They run over one snapshot (`Book.read_now`); one that did not would
report corruption where there is none. `wms.audit.auditor` is a second, independent reading.
"""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import Row, text

from wms.audit import (
    changes,
    counts,
    inbound,
    ledger,
    packing,
    picking,
    readers,
    record,
    returns,
    storage,
    work,
)
from wms.audit.check import Check
from wms.db import Tx

__all__ = ["CHECKS", "Check", "Finding", "audit", "offending"]

CHECKS: tuple[Check, ...] = (
    *ledger.CHECKS, *work.CHECKS, *inbound.CHECKS, *counts.CHECKS, *picking.CHECKS,
    *storage.CHECKS, *record.CHECKS,
    *changes.CHECKS, *packing.CHECKS, *returns.CHECKS, *readers.CHECKS,
)  # fmt: skip


class Finding(Struct, frozen=True, order=True):
    """One thing that must not be: which invariant, where, and the numbers that do not agree.

    `what` is the same in every language: `qty=5 moves=3`.
    """

    invariant: str
    where: str
    what: str


def audit(tx: Tx) -> list[Finding]:
    """Everything that offends an invariant. An empty list is the only acceptable answer."""
    return [finding for check in CHECKS for finding in offending(tx, check)]


def offending(tx: Tx, check: Check) -> list[Finding]:
    """What offends one check."""
    rows = tx.execute(text(check.query))
    names = list(rows.keys())
    return [Finding(check.invariant, str(row[0]), _numbers(names, row)) for row in rows]


def _numbers(names: Sequence[str], row: Row[Any]) -> str:
    """`name=value` of every column but the first."""
    pairs = list(zip(names, row, strict=True))
    return " ".join(f"{name}={value}" for name, value in pairs[1:])
