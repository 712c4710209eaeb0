"""Numbers that went out into the world after a backup was made: a restored book leaves them out.

It would give them a second time: tracking numbers that are on labels, serial numbers of pallets and
tags, numbers of orders that are printed on boxes. Where the book from before can be read, each
counter goes on from where that one was. Else it skips more than can have been given since. Labels
that were still to be printed may have come out: no second copy comes by itself.
"""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import func, select, text, update
from sqlalchemy.exc import SQLAlchemyError

from wms.db import Book, Tx, sqlite_module
from wms.record.event_kinds import PrintChanged
from wms.record.events import emit
from wms.schema import (
    inbounds,
    meta,
    orders,
    parcels,
    print_jobs,
    returns,
    tracking_ranges,
    work_orders,
)
from wms.site import tags

DAY_MS = 86_400_000
COUNTED = (inbounds, orders, returns, work_orders)  # their ids are in codes that are printed
IDS_SKIPPED = 100_000  # of seven digits
SERIALS_SKIPPED = 1_000  # of pallets and tags; a long company prefix leaves few of them
TRACKING_SKIPPED_MIN = 200
SERIALS = "%.next:%"  # keys of `meta` that count: `sscc.next:PREFIX`, `sgtin.next:GTIN`

UNPRINTED = ("requested", "ready", "sending", "blocked")
RESTORED = "print.restored"

Kind = Literal["tracking", "serial", "id"]
Counter = tuple[Kind, str, str]  # tracking: owner, carrier; serial: key of `meta`; id: table


@dataclass(frozen=True, slots=True)
class Skipped:
    """A counter that goes on from `now` and not from `was`."""

    counter: Counter
    was: int
    now: int


def given(tx: Tx) -> dict[Counter, int]:
    """The next number of each counter."""
    found: dict[Counter, int] = {
        ("tracking", row.owner, row.carrier): row.next
        for row in tx.execute(select(tracking_ranges))
    }
    serials = select(meta.c.key, meta.c.value).where(meta.c.key.like(SERIALS))
    for row in tx.execute(serials):
        found["serial", row.key, ""] = int(row.value)
    for table in COUNTED:
        newest = tx.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one()
        found["id", table.name, ""] = newest + 1
    return found


def given_before(url: str) -> dict[Counter, int] | None:
    """`given` of the book that is to be replaced; None where it cannot be read any more."""
    try:
        with contextlib.closing(Book(url)) as book:
            return book.read_now(given)
    except (SQLAlchemyError, sqlite_module().Error):
        return None


def skip(tx: Tx, before: Mapping[Counter, int] | None, *, away_ms: int) -> list[Skipped]:
    """Let the counters of a restored book go on behind what was given; what that changed.

    *before* is what the book from before says; without it, *away_ms* is how old the backup is.
    """
    here = given(tx)
    wanted = _estimated(tx, here, away_ms) if before is None else before
    changed = []
    for counter, was in sorted(here.items()):
        now = max(was, wanted.get(counter, was))
        if now > was and (reached := _go_on(tx, counter, now)) > was:
            changed.append(Skipped(counter, was, reached))
    return changed


def doubt_labels(tx: Tx, *, now: int) -> int:
    """What was still to be printed may have come out since the backup: nobody prints it again but
    on somebody's word. Returns how many jobs that are."""
    waiting = select(print_jobs.c.id).where(print_jobs.c.state.in_(UNPRINTED))
    jobs = list(tx.scalars(waiting.order_by(print_jobs.c.id)))
    changed = {"state": "uncertain", "reason": RESTORED, "done_ms": now}
    tx.execute(update(print_jobs).where(print_jobs.c.id.in_(waiting)).values(changed))
    tags.labels_are(tx, jobs=jobs, state="uncertain", now=now)
    changes = (PrintChanged(job_id=job, state="uncertain", reason=RESTORED) for job in jobs)
    emit(tx, *changes, now=now)
    return len(jobs)


def _estimated(tx: Tx, here: Mapping[Counter, int], away_ms: int) -> dict[Counter, int]:
    """Tracking numbers: twice as many as on the busiest day, for each day that was begun."""
    days = away_ms // DAY_MS + 1
    busiest = _busiest(tx)
    found = {}
    for counter, was in here.items():
        kind, owner, carrier = counter
        if kind == "tracking":
            found[counter] = was + max(
                TRACKING_SKIPPED_MIN, 2 * days * busiest.get((owner, carrier), 0)
            )
        else:
            found[counter] = was + (IDS_SKIPPED if kind == "id" else SERIALS_SKIPPED)
    return found


def _busiest(tx: Tx) -> dict[tuple[str, str], int]:
    """Labels on the busiest day, by owner and carrier."""
    day = parcels.c.labelled_ms - parcels.c.labelled_ms % DAY_MS
    labels = (
        select(orders.c.owner, parcels.c.carrier, func.count().label("labels"))
        .join(orders, orders.c.id == parcels.c.order_id)
        .where(parcels.c.labelled_ms.is_not(None))
        .group_by(orders.c.owner, parcels.c.carrier, day)
    ).subquery()
    most = func.max(labels.c.labels).label("most")
    query = select(labels.c.owner, labels.c.carrier, most).group_by(
        labels.c.owner, labels.c.carrier
    )
    return {(row.owner, row.carrier): int(row.most) for row in tx.execute(query)}


def _go_on(tx: Tx, counter: Counter, now: int) -> int:
    """Set *counter*; where it really is then: a range has its end."""
    kind, name, carrier = counter
    if kind == "tracking":
        here = (tracking_ranges.c.owner == name) & (tracking_ranges.c.carrier == carrier)
        last = tx.execute(select(tracking_ranges.c.last).where(here)).scalar_one()
        now = min(now, last + 1)
        tx.execute(update(tracking_ranges).where(here).values(next=now))
    elif kind == "serial":
        tx.execute(update(meta).where(meta.c.key == name).values(value=str(now)))
    elif tx.dialect.name == "sqlite":
        tx.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), {"name": name})
        put = text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :seq)")
        tx.execute(put, {"name": name, "seq": now - 1})
    else:
        put = text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :seq)")
        tx.execute(put, {"name": name, "seq": now - 1})
    return now
