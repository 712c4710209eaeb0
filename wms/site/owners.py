"""Owners, their shops, carriers' services, pickups, transit days and holidays: put many at once.

These are the site's own settings: a row that is put replaces the row with the same key.
"""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct
from sqlalchemy import Table, delete, select, tuple_

from wms.dates import iso_date
from wms.db import Tx, upsert
from wms.errors import Code, Rejected
from wms.schema import holidays, owners, pickups, services, shops, transit
from wms.shape import refuse_first, shape_faults
from wms.site.carriers import PREFECTURES
from wms.text import clean, code, shown

Key = Annotated[str, Meta(min_length=1, max_length=32)]
Words = Annotated[str, Meta(max_length=200)]
TimeOfDay = Annotated[str, Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")]
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NATIONAL = "national"  # every Japanese national holiday
REMOTE = "離島"  # of transit days: islands, whatever their prefecture
SITE = "site"  # the scope of the site's own holidays; other scopes are carriers


class NewOwner(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A client whose goods these are. `order_cutoff` is local time, "" = none.

    What is scanned at the bench: every piece, unless `trust_tags` takes the word of RFID tags that
    agree, or `trust_one_item` one scan for all pieces of an order of one item. `merge`: orders of
    one customer to one door leave as one (同梱). `approval_value`: a count that differs by more, in
    minor units, needs a second badge; 0 = none does. Names and addresses are masked `keep_days`
    after the last day on which goods may come back (`return_days` after the delivery).
    """

    code: Key
    name: Words = ""
    label_mode: Literal["immediate", "pre_issued"] = "immediate"
    order_cutoff: Annotated[str, Meta(pattern="^(([01][0-9]|2[0-3]):[0-5][0-9])?$")] = ""
    company_prefix: Annotated[str, Meta(pattern="^([0-9]{6,12})?$")] = ""
    weight_tolerance_g: Annotated[int, Meta(ge=0, le=10_000)] = 30
    short_policy: Literal["wait", "ship_short", "never_split", "ask"] = "wait"
    must_weigh: bool = False
    merge: bool = False
    trust_tags: bool = False
    trust_one_item: bool = False
    approval_value: Annotated[int, Meta(ge=0, le=10**9)] = 0
    return_days: Annotated[int, Meta(ge=0, le=3_650)] = 30
    keep_days: Annotated[int, Meta(ge=1, le=3_650)] = 90


class NewShop(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A shop (店舗) of an owner: who the parcel says it is from, and when the buyer is told."""

    code: Key
    owner: Key
    name: Words = ""
    sender_name: Words = ""
    sender_postal: Annotated[str, Meta(max_length=8)] = ""
    sender_address: Words = ""
    sender_phone: Annotated[str, Meta(max_length=20)] = ""
    slip_message: Words = ""
    slip_template: Literal["packing-slip", "plain", "gift", "with-return"] = "packing-slip"
    card: Literal["", "plain", "framed"] = ""
    noshi: Literal["", "preprinted", "drawn"] = ""
    contact: Words = ""
    registration: Annotated[str, Meta(max_length=40)] = ""
    notify: Literal["inspection", "handover"] = "inspection"
    shelf_days_min: Annotated[int, Meta(ge=0, le=3_650)] = 0
    never_merge: bool = False


class NewService(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A carrier's service. `format` is that of its tracking numbers; limits of 0 do not limit."""

    code: Key
    carrier: Key
    name: Words = ""
    format: Annotated[str, Meta(max_length=32)] = ""
    weight_g_max: Annotated[int, Meta(ge=0)] = 0
    sides_mm_max: Annotated[int, Meta(ge=0)] = 0
    thickness_mm_max: Annotated[int, Meta(ge=0)] = 0
    pieces_max: Annotated[int, Meta(ge=0)] = 0


class Pickup(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a carrier's truck comes (集荷), local time."""

    carrier: Key
    at: TimeOfDay


class Transit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Days a carrier needs to a prefecture; "" is everywhere else, 離島 the islands.

    `surface_days` for what may not fly; 0 where nobody said.
    """

    carrier: Key
    prefecture: str = ""
    days: Annotated[int, Meta(ge=0, le=30)]
    surface_days: Annotated[int, Meta(ge=0, le=60)] = 0


class Holiday(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A day on which the site ("site") or a carrier does not work.

    `date` is YYYY-MM-DD, or for every one of them: a weekday (sun) or "national".
    """

    scope: Key
    date: Annotated[str, Meta(max_length=10)]


def put_owners(tx: Tx, rows: Sequence[NewOwner]) -> None:
    """Add or replace owners by code."""
    _put(tx, owners, rows, ("code",))


def put_shops(tx: Tx, rows: Sequence[NewShop]) -> None:
    """Add or replace shops by code. Refuses `REFERENCE_UNKNOWN` and `SHOP_OF_ANOTHER_OWNER`."""
    _refuse_unknown("owner", (row.owner for row in rows), tx.execute(select(owners.c.code)))
    owner_of = {row.code: row.owner for row in tx.execute(select(shops.c.code, shops.c.owner))}
    for row in rows:
        if owner_of.setdefault(row.code, row.owner) != row.owner:  # its orders would change hands
            raise Rejected(Code.SHOP_OF_ANOTHER_OWNER, field="code", value=shown(row.code))
    _put(tx, shops, rows, ("code",))


def told_at_handover(tx: Tx, shop: str) -> bool:
    """Whether *shop* hears of tracking numbers when the truck has them, not at the inspection."""
    notify = tx.scalar(select(shops.c.notify).where(shops.c.code == shop))
    return bool(notify == "handover")


def put_services(tx: Tx, rows: Sequence[NewService]) -> None:
    """Add or replace services by code."""
    _put(tx, services, rows, ("code",))


def put_pickups(tx: Tx, rows: Sequence[Pickup]) -> None:
    """Put the pickups of each carrier that is named; what is not among them is no more."""
    _put(tx, pickups, rows, ("carrier", "at"))
    _only(tx, pickups, rows, ("carrier", "at"))


def put_transit(tx: Tx, rows: Sequence[Transit]) -> None:
    """Add or replace transit days by carrier and prefecture. Refuses `PREFECTURE_WRONG`."""
    for row in rows:
        if row.prefecture not in ("", REMOTE, *PREFECTURES):
            value = shown(row.prefecture)
            raise Rejected(Code.PREFECTURE_WRONG, field="prefecture", value=value)
    _put(tx, transit, rows, ("carrier", "prefecture"))


def put_holidays(tx: Tx, rows: Sequence[Holiday]) -> None:
    """Put the holidays of each scope that is named, as a whole. Refuses `DATE_WRONG`."""
    for row in rows:
        if row.date not in (*WEEKDAYS, NATIONAL):
            iso_date(row.date, field="date")
    _put(tx, holidays, rows, ("scope", "date"))
    _only(tx, holidays, rows, ("scope", "date"))


def _put(tx: Tx, table: Table, rows: Sequence[Struct], key: tuple[str, ...]) -> None:
    """Add or replace *rows*, whose fields are named like the columns of *table*."""
    refuse_first(shape_faults(rows))
    values = [_cleaned(row, key) for row in rows]
    rest = [name for name in (values[0] if values else ()) if name not in key]
    upsert(
        tx, table, values, key=key,
        update=lambda new: {name: new[name] for name in rest or key},
    )  # fmt: skip


def _only(tx: Tx, table: Table, rows: Sequence[Struct], key: tuple[str, str]) -> None:
    """Remove what *rows* do not name (by *key*) of those whose first key they do name."""
    values = [_cleaned(row, key) for row in rows]
    whose, which = (table.c[name] for name in key)
    named = {row[key[0]] for row in values}
    kept = [(row[key[0]], row[key[1]]) for row in values]
    tx.execute(delete(table).where(whose.in_(named), tuple_(whose, which).not_in(kept)))


def _cleaned(row: Struct, key: tuple[str, ...]) -> dict[str, Any]:
    values = msgspec.structs.asdict(row)
    for name, value in values.items():
        if isinstance(value, bool):
            values[name] = int(value)
        if isinstance(value, str) and value:
            values[name] = (code if name in key else clean)(value, field=name, max=200)
    return values


def _refuse_unknown(field: str, wanted: Iterable[str], known: Iterable[Any]) -> None:
    there = {row[0] for row in known}
    for value in wanted:
        if value not in there:
            raise Rejected(Code.REFERENCE_UNKNOWN, field=field, value=shown(value))
