"""Forgetting where tags were read and when readers were away: a tag goes home with somebody.

A site that tags every piece has a row for each piece and reader, for ever; what is due is found and
forgotten as in `wms.privacy.forgetting`, which knows these rules.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select, tuple_

from wms.config import Privacy
from wms.db import Tx
from wms.schema import device_gaps, tag_reads

DAY_MS = 86_400_000
FOUND_MAX = 5_000  # rows that are found at once


def reads_due(tx: Tx, keep: Privacy, now: int) -> Sequence[tuple[str, str, int]]:
    """Reader, EPC and when it was read last, of what no reader has seen for the site's days."""
    old = tag_reads.c.last_ms <= now - keep.sighting_days * DAY_MS
    query = select(tag_reads.c.device, tag_reads.c.epc, tag_reads.c.last_ms).where(old)
    return [(row.device, row.epc, row.last_ms) for row in tx.execute(query.limit(FOUND_MAX))]


def forget_reads(tx: Tx, due: Sequence[Any], _now: int) -> int:
    """A tag that was read again since it was found is not forgotten."""
    same = tuple_(tag_reads.c.device, tag_reads.c.epc, tag_reads.c.last_ms)
    return tx.execute(delete(tag_reads).where(same.in_(due))).rowcount


def gaps_due(tx: Tx, keep: Privacy, now: int) -> Sequence[int]:
    """Gaps that were over so long ago; one that goes on stays, however long it does."""
    old = device_gaps.c.until_ms <= now - keep.sighting_days * DAY_MS
    return list(tx.scalars(select(device_gaps.c.id).where(old).limit(FOUND_MAX)))


def forget_gaps(tx: Tx, due: Sequence[Any], _now: int) -> int:
    """Whoever asks what was missing then asks no more."""
    return tx.execute(delete(device_gaps).where(device_gaps.c.id.in_(due))).rowcount
