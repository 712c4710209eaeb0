"""A look-up in lines of twenty cells: what it is, what lies there, what is promised, what moved."""

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from wms.look.found import Fact, Found
from wms.look.goods import Passage, Promise, Stored
from wms.messages import Language, reason_words, say

ROWS = 6  # facts or heaps a page
PASSAGES = 3  # each takes two lines
BLOCKED = {  # why a place is closed, as the book has it
    "count": "storage.to_be_counted", "stocktake": "count.title",
    "quarantine": "condition.quarantine",
}  # fmt: skip
WHY = "confidence."  # why the book is less sure of a place
PAPERS = ("order", "inbound", "return", "work")
Row = Fact | Stored | Promise | Passage


class Page(Struct, frozen=True, kw_only=True):
    """Rows of one sort under a heading (a word; "" = none)."""

    heading: str
    rows: tuple[Row, ...]


def pages(found: Found) -> tuple[Page, ...]:
    """What is known, cut into pages; there is always one."""
    inside = "look.lines" if found.kind in PAPERS else "look.stock"
    return (
        *(_cut("", found.facts, ROWS) or [Page(heading="", rows=())]),
        *_cut(inside, found.stock, ROWS),
        *_cut("look.promises", found.promises, ROWS),
        *_cut("look.passages", found.passages, PASSAGES),
    )


def _cut(heading: str, rows: Sequence[Row], size: int) -> list[Page]:
    return [
        Page(heading=heading, rows=tuple(rows[at : at + size])) for at in range(0, len(rows), size)
    ]


def title(found: Found, language: Language) -> str:
    """What sort of thing it is."""
    return say(f"look.kind.{found.kind}", language)


def page_lines(found: Found, page: Page, zone: ZoneInfo, language: Language) -> tuple[str, ...]:
    """The lines of one page."""
    lines = [say(page.heading, language)] if page.heading else []
    for row in page.rows:
        match row:
            case Fact():
                lines.append(_fact(row, zone, language))
            case Stored():
                lines.append(_stored(found, row, language))
            case Promise():
                lines.append(_promise(found, row, language))
            case Passage():
                lines += _passage(row, zone, language)
    return tuple(lines)


def _fact(fact: Fact, zone: ZoneInfo, language: Language) -> str:
    if fact.name.startswith(WHY):
        return "  " + say(fact.name, language, count=fact.value)
    value = fact.value
    if fact.name == "order_state":
        value = say(f"look.order.{value}", language)
    elif fact.name == "paper_state":
        value = say(f"look.paper.{value}", language)
    elif fact.name == "work_state":
        value = say(f"look.work.{value}", language)
    elif fact.name == "stocktake_state":
        value = say(f"stocktake.state.{value}", language)
    elif fact.name == "work_kind":
        value = say(f"work.kind.{value}", language)
    elif fact.name == "read_at":
        value = _local(int(value), zone).strftime("%m/%d %H:%M:%S")
    elif fact.name == "parcel_state":
        value = say(f"look.parcel.{value}", language)
    elif fact.name == "place_kind":
        value = say(f"look.place.{value}", language)
    elif fact.name in ("reason", "blocked"):
        value = reason_words(BLOCKED.get(value, value), language)
    return f"{say(f'look.fact.{fact.name}', language)} {value}"


def _stored(found: Found, row: Stored, language: Language) -> str:
    what = row.place if found.kind in ("item", "lot", "serial") else row.sku
    if found.kind in PAPERS:
        return f"{what} {row.allocated}/{row.qty}"
    promised = f" ({row.allocated})" if row.allocated else ""
    bad = "" if row.condition == "available" else say(f"condition.{row.condition}", language)
    parts = (f"{what} {row.qty}{promised}", bad, row.lot, row.expiry, row.serial)
    return " ".join(part for part in parts if part)


def _promise(found: Found, row: Promise, language: Language) -> str:
    whom = row.to or say("look.at_large", language)
    state = say(f"look.promise.{row.state}", language)
    where = row.sku if found.kind in ("place", "tote") else row.place
    parts = (row.sku if found.kind == "order" else whom, str(row.qty), state, where)
    return " ".join(parts)


def _passage(row: Passage, zone: ZoneInfo, language: Language) -> list[str]:
    when = _local(row.at_ms, zone)
    what = row.container or f"{row.sku} {row.qty}"
    return [
        f"{when:%m/%d %H:%M} {row.who}",
        f"  {row.source} > {row.target}",
        f"  {what} {_why(row, language)}".rstrip(),
    ]


def _local(at_ms: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone)


def _why(row: Passage, language: Language) -> str:
    return reason_words(row.reason, language) if row.reason else ""
