"""Forgetting: what tells of people is masked or emptied when it is no longer needed (I21).

Each rule finds rows that are due, by a query that holds up no writer, and forgets them by their
numbers in short commands of their own. What is left keeps the book whole: quantities, codes, days,
prefectures. Every command is recorded with how many rows it was, and never with what was in them.
Rows that are sealed (moves, commands) hold no personal data.
"""

import contextlib
import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    String,
    bindparam,
    case,
    cast,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)

from wms.config import Privacy
from wms.db import Book, Tx, sqlite_module
from wms.orders.new import Gift, Recipient
from wms.papers.print_jobs import DONE
from wms.privacy.sightings import FOUND_MAX, forget_gaps, forget_reads, gaps_due, reads_due
from wms.record import commands
from wms.record.events import Cursor, advance, cursor_of
from wms.rooms.prompts import Prompt
from wms.schema import (
    device_facts,
    documents,
    events,
    items,
    order_lines,
    orders,
    owners,
    parcels,
    photos,
    print_jobs,
    return_units,
    returns,
    scans,
    sessions,
    tasks,
)

DAY_MS = 86_400_000
DELIVERY_DAYS = 14  # islands, and a week at the carrier's office
MASKED = "***"
SLICE = 200  # rows of one command: a scan waits for some ten milliseconds at most
BUSY_S = 0.2  # for so long the log's end is waited for
OVER = ("shipped", "cancelled")
RETURN_OVER = ("closed", "cancelled")
TOLD_WHY = ("order.held", "order.cancelled")
A_CODE = re.compile(r"[a-z_]+(\.[a-z0-9_]+)+")  # of a reason that the program gave itself
# What a terminal gets that repeats an input of a month ago; the next look shows what is now.
FORGOTTEN = msgspec.json.encode(
    {"fate": "repeat", "prompt": Prompt(dialogue="menu", step="forgotten", title="", ask="")}
).decode()


class Kind(NamedTuple):
    """What is forgotten together: its name, the numbers (keys) of rows that are due, and how."""

    name: str
    due: Callable[[Tx, Privacy, int], Sequence[Any]]
    forget: Callable[[Tx, Sequence[Any], int], int]


async def mask(book: Book, keep: Privacy, *, actor: str, device: str, now: int) -> dict[str, int]:
    """Forget everything that is due at *now*. Returns how many rows of each kind that were."""
    done: Counter[str] = Counter()
    for kind in KINDS:
        forgotten = 1
        while forgotten and (due := await book.read(kind.due, keep, now)):
            forgotten = 0  # it stays so where somebody else is at it
            for start in range(0, len(due), SLICE):
                forgotten += await book.write(
                    forget, kind.name, due[start : start + SLICE], actor=actor, device=device,
                    now=now,
                )  # fmt: skip
            done[kind.name] += forgotten
    return dict(done)


def forget(
    tx: Tx, name: str, due: Sequence[Any], *, actor: str, device: str, now: int
) -> int:  # fmt: skip
    """Forget the rows *due* of one kind, and write down that it was done."""
    kind = next(one for one in KINDS if one.name == name)
    wipe(tx)
    done = kind.forget(tx, due, now)
    commands.record(
        tx, actor=actor, device=device, permission="admin", name=f"privacy.{name}",
        body={"rows": done}, now=now,
    )  # fmt: skip
    return done


def count_due(tx: Tx, keep: Privacy, now: int) -> dict[str, int]:
    """How many rows of each kind `mask` would begin with: at most `FOUND_MAX`."""
    found = {kind.name: len(kind.due(tx, keep, now)) for kind in KINDS}
    return {name: count for name, count in found.items() if count}


# Orders and their returns


def _orders_due(tx: Tx, _keep: Privacy, now: int) -> Sequence[int]:
    """Orders whose owner's days are over, and no return of which is under way or newer."""
    soonest = tx.scalar(select(func.min(owners.c.keep_days))) or 0
    whole = cast(owners.c.keep_days, BigInteger)
    back = cast(owners.c.return_days, BigInteger) + DELIVERY_DAYS
    kept = case((orders.c.state == "shipped", whole + back), else_=whole) * literal(DAY_MS)
    newer = returns.c.state_ms > literal(now) - whole * literal(DAY_MS)
    waits = exists().where(
        returns.c.order_id == orders.c.id, returns.c.state.not_in(RETURN_OVER) | newer
    )
    query = (
        select(orders.c.id)
        .join(owners, owners.c.code == orders.c.owner)
        .where(orders.c.masked_ms.is_(None), orders.c.state.in_(OVER))
        .where(orders.c.state_ms <= now - soonest * DAY_MS)
        .where(orders.c.state_ms + kept <= now, ~waits)
        .order_by(orders.c.state_ms)
        .limit(FOUND_MAX)
    )
    return list(tx.scalars(query))


def mask_orders(tx: Tx, numbers: Sequence[int], now: int) -> int:
    """Mask the orders *numbers* with all that hangs on them. Only those that are over; how many."""
    ready = (orders.c.id.in_(numbers), orders.c.masked_ms.is_(None), orders.c.state.in_(OVER))
    rows = tx.execute(select(orders).where(*ready).with_for_update()).all()
    if not rows:
        return 0
    changed = update(orders).where(orders.c.id == bindparam("number")).values(
        customer="", notes="", masked_ms=now, recipient=bindparam("to"), gift=bindparam("wish"),
        state_reason=bindparam("why"),
    )  # fmt: skip
    tx.execute(changed, [
        {
            "number": row.id, "to": masked_recipient(row.recipient), "wish": masked_gift(row.gift),
            "why": _kept_reason(row.state_reason),
        }
        for row in rows
    ])  # fmt: skip
    mine = [row.id for row in rows]
    noted = order_lines.c.order_id.in_(mine) & (order_lines.c.note != "")
    tx.execute(update(order_lines).where(noted).values(note=""))
    _empty_papers(tx, mine)
    _empty_reasons(tx, mine)
    _empty_returns(tx, tx.scalars(select(returns.c.id).where(returns.c.order_id.in_(mine))).all())
    return len(mine)


def masked_recipient(stored: str) -> str:
    """The recipient *stored* as JSON with what statistics need: prefecture, first postcode digits.

    It stays a recipient that everything can read, and whom nobody can be sent anything.
    """
    to = msgspec.json.decode(stored, type=dict[str, str])
    area = (to.get("postal", "") + "000")[:3]
    masked = Recipient(
        name=MASKED, postal=f"{area}-0000", phone="000-0000-0000", address=MASKED,
        prefecture=to.get("prefecture", ""),  # type: ignore[arg-type]  # one was stored
    )  # fmt: skip
    return msgspec.json.encode(masked).decode()


def masked_gift(stored: str) -> str:
    """The gift *stored* as JSON: that it was one, its wrapping and the words of its のし."""
    if stored == "{}":
        return stored
    gift = msgspec.json.decode(stored, type=Gift)
    kept = Gift(wrapping=gift.wrapping, noshi=gift.noshi, without_slip=gift.without_slip)
    return msgspec.json.encode(kept).decode()


def _kept_reason(reason: str) -> str:
    """The program's own reasons are codes; what people wrote may name somebody."""
    return reason if A_CODE.fullmatch(reason) else ""


def _empty_papers(tx: Tx, numbers: Sequence[int]) -> None:
    """Papers that came are empty from now on (that they came stays), and so is what printed them
    and the labels."""
    mine = documents.c.order_id.in_(numbers)
    came = documents.c.pdf.is_not(None) | (documents.c.bill != "{}")
    tx.execute(update(documents).where(mine, came).values(pdf=b"", bill="{}"))
    keys = [f"slip:{number}:" for number in numbers]
    keys += [f"document:{one}:" for one in tx.scalars(select(documents.c.id).where(mine))]
    boxes = select(parcels.c.id).where(parcels.c.order_id.in_(numbers))
    _empty_jobs(tx, print_jobs.c.parcel_id.in_(boxes))
    for start in range(0, len(keys), SLICE):
        _empty_jobs(tx, or_(*(
            (print_jobs.c.key >= key) & (print_jobs.c.key < f"{key[:-1]};")
            for key in keys[start : start + SLICE]
        )))  # fmt: skip


def _empty_jobs(tx: Tx, which: ColumnElement[bool]) -> int:
    """A job that was not sent yet never will be: what it should print is gone."""
    waits = print_jobs.c.state.in_(("requested", "ready", "blocked"))
    state = case((waits, "void"), else_=print_jobs.c.state)
    values = {"data": "{}", "payload": None, "reason": "", "state": state}
    return tx.execute(update(print_jobs).where(which).values(values)).rowcount


def _empty_reasons(tx: Tx, numbers: Sequence[int]) -> None:
    about = events.c.aggregate.in_([f"order:{number}" for number in numbers])
    rows = tx.execute(
        select(events.c.id, events.c.body).where(about, events.c.kind.in_(TOLD_WHY))
    ).all()
    found = []
    for row in rows:
        body = msgspec.json.decode(row.body, type=dict[str, Any])
        if body.get("reason") and not _kept_reason(body["reason"]):
            found.append({"number": row.id, "told": _without_reason(body)})
    if found:
        tx.execute(
            update(events).where(events.c.id == bindparam("number")).values(body=bindparam("told")),
            found,
        )


def _without_reason(body: dict[str, Any]) -> str:
    return msgspec.json.encode({**body, "reason": ""}).decode()


def _returns_due(tx: Tx, _keep: Privacy, now: int) -> Sequence[int]:
    """Returns without an order of ours, and those that came after it was masked."""
    noted = exists().where(return_units.c.return_id == returns.c.id, return_units.c.note != "")
    seen = exists().where(photos.c.ref == literal("return:") + cast(returns.c.id, String))
    kept = cast(owners.c.keep_days, BigInteger) * literal(DAY_MS)
    masked = exists().where(orders.c.id == returns.c.order_id, orders.c.masked_ms.is_not(None))
    query = (
        select(returns.c.id)
        .join(owners, owners.c.code == returns.c.owner)
        .where(returns.c.state.in_(RETURN_OVER), returns.c.order_id.is_(None) | masked)
        .where(returns.c.state_ms + kept <= now)
        .where(or_(returns.c.reason.not_in(("", "order.cancelled")), noted, seen))
        .limit(FOUND_MAX)
    )
    return list(tx.scalars(query))


def _forget_returns(tx: Tx, due: Sequence[int], _now: int) -> int:
    return _empty_returns(tx, due)


def _empty_returns(tx: Tx, numbers: Sequence[int]) -> int:
    said = returns.c.id.in_(numbers) & returns.c.reason.not_in(("", "order.cancelled"))
    tx.execute(update(returns).where(said).values(reason=""))
    noted = return_units.c.return_id.in_(numbers) & (return_units.c.note != "")
    tx.execute(update(return_units).where(noted).values(note=""))
    tx.execute(delete(photos).where(photos.c.ref.in_([f"return:{one}" for one in numbers])))
    return len(numbers)


# What was printed, photographed, scanned


def _labels_due(tx: Tx, keep: Privacy, now: int) -> Sequence[int]:
    full = print_jobs.c.payload.is_not(None) | (print_jobs.c.data != "{}")
    old = print_jobs.c.created_ms <= now - keep.label_days * DAY_MS
    opens = print_jobs.c.template == "badge"  # its token opens the floor's doors
    query = select(print_jobs.c.id).where(full, old | opens, print_jobs.c.state.in_(DONE))
    return list(tx.scalars(query.order_by(print_jobs.c.id).limit(FOUND_MAX)))


def _forget_labels(tx: Tx, due: Sequence[int], _now: int) -> int:
    return _empty_jobs(tx, print_jobs.c.id.in_(due) & print_jobs.c.state.in_(DONE))


def _photos_due(tx: Tx, keep: Privacy, now: int) -> Sequence[int]:
    """Old ones; but neither of a return that is under way nor an item's own picture."""
    number = literal("return:") + cast(returns.c.id, String)
    open_ = exists().where(number == photos.c.ref, returns.c.state.not_in(RETURN_OVER))
    shown = exists().where(items.c.picture == literal("photo:") + cast(photos.c.id, String))
    query = select(photos.c.id).where(photos.c.at_ms <= now - keep.photo_days * DAY_MS)
    return list(tx.scalars(query.where(~open_, ~shown).order_by(photos.c.id).limit(FOUND_MAX)))


def _forget_photos(tx: Tx, due: Sequence[int], _now: int) -> int:
    return tx.execute(delete(photos).where(photos.c.id.in_(due))).rowcount


SCANS_READER = "privacy.scans"


def _scans_due(tx: Tx, keep: Privacy, now: int) -> Sequence[int]:
    after = cursor_of(tx, SCANS_READER).position
    query = select(scans.c.id, scans.c.at_ms).where(scans.c.id > after).order_by(scans.c.id)
    rows = tx.execute(query.limit(FOUND_MAX)).all()
    return [row.id for row in rows if row.at_ms <= now - keep.journal_days * DAY_MS]


def _forget_scans(tx: Tx, due: Sequence[int], _now: int) -> int:
    """Who scanned when, where and with what fate stays: it is counted, and none of it is said."""
    values = {"text": "", "answer": FORGOTTEN}
    done = tx.execute(update(scans).where(scans.c.id.in_(due)).values(values)).rowcount
    advance(tx, SCANS_READER, Cursor(0, max(due)))
    return done


def _facts_due(tx: Tx, keep: Privacy, now: int) -> Sequence[int]:
    rows = tx.execute(
        select(device_facts.c.id, device_facts.c.at_ms).order_by(device_facts.c.id).limit(FOUND_MAX)
    ).all()
    return [row.id for row in rows if row.at_ms <= now - keep.journal_days * DAY_MS]


def _forget_facts(tx: Tx, due: Sequence[int], _now: int) -> int:
    return tx.execute(delete(device_facts).where(device_facts.c.id.in_(due))).rowcount


def _sessions_due(tx: Tx, keep: Privacy, now: int) -> Sequence[int]:
    """Conversations that nobody has gone on with: what is claimed stays claimed by its own row."""
    full = or_(sessions.c.message != "", sessions.c.last_text != "", sessions.c.state != "{}")
    old = sessions.c.updated_ms <= now - keep.journal_days * DAY_MS
    return list(tx.scalars(select(sessions.c.person_id).where(full, old).limit(FOUND_MAX)))


def _forget_sessions(tx: Tx, due: Sequence[int], _now: int) -> int:
    values = {"message": "", "last_text": "", "moved": "", "state": "{}", "locked": 0}
    return tx.execute(
        update(sessions).where(sessions.c.person_id.in_(due)).values(values)
    ).rowcount  # fmt: skip


def _calls_due(tx: Tx, keep: Privacy, now: int) -> Sequence[int]:
    """Calls for help name who called."""
    over = tasks.c.state.in_(("done", "void")) & (tasks.c.kind == "assist")
    old = tasks.c.created_ms <= now - keep.journal_days * DAY_MS
    query = select(tasks.c.id).where(over, old, tasks.c.body != "{}")
    return list(tx.scalars(query.limit(FOUND_MAX)))


def _forget_calls(tx: Tx, due: Sequence[int], _now: int) -> int:
    return tx.execute(update(tasks).where(tasks.c.id.in_(due)).values(body="{}")).rowcount


KINDS = (
    Kind("orders", _orders_due, mask_orders),
    Kind("returns", _returns_due, _forget_returns),
    Kind("labels", _labels_due, _forget_labels),
    Kind("photos", _photos_due, _forget_photos),
    Kind("scans", _scans_due, _forget_scans),
    Kind("facts", _facts_due, _forget_facts),
    Kind("sessions", _sessions_due, _forget_sessions),
    Kind("calls", _calls_due, _forget_calls),
    Kind("sightings", reads_due, forget_reads),
    Kind("gaps", gaps_due, forget_gaps),
)


def wipe(tx: Tx) -> None:
    """SQLite: what this transaction overwrites is overwritten in the file, not only let go."""
    if tx.dialect.name == "sqlite":
        tx.exec_driver_sql("PRAGMA secure_delete = ON")


def clear_log(book: Book) -> bool:
    """SQLite: what was overwritten leaves the file's log, too, unless somebody reads just now."""
    if not book.is_sqlite:
        return True
    file = book.writing.url.database
    with contextlib.closing(sqlite_module().connect(file, timeout=BUSY_S)) as apart:
        busy, _pages, _moved = apart.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy
