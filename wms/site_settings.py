"""What a site must know before the first order: whose goods, which shops, carriers, boxes, numbers.

One file tells all of it (`docs/site.toml` is an example); putting it again changes nothing, and
what it does not name stays. Only a carrier's pickups and a scope's holidays are whole: those of a
carrier or scope that is named are what the file has.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct
from sqlalchemy import delete, select

from wms.db import Tx, upsert
from wms.errors import Code, Rejected
from wms.returns import rules
from wms.returns.rules import NewReturnRule
from wms.schema import (
    boxes,
    label_modes,
    return_rules,
    service_upgrades,
    services,
    shops,
    tracking_ranges,
    transit,
)
from wms.schema import owners as owners_table
from wms.shape import refuse_first, shape_faults
from wms.shipping import inserts
from wms.shipping.inserts import NewInsert
from wms.shipping.tracking_numbers import unused
from wms.site import owners
from wms.site.owners import Holiday, Key, NewOwner, NewService, NewShop, Pickup, Transit, Words
from wms.text import clean, code, shown

Millimetres = Annotated[int, Meta(ge=0, le=10_000)]
NumberBody = Annotated[int, Meta(ge=0, le=99_999_999_999)]


class NewBox(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A shipping box by its inner size and its own weight. No `services`: all of them take it."""

    code: Key
    name: Words = ""
    length_mm: Millimetres
    width_mm: Millimetres
    height_mm: Millimetres
    tare_g: Annotated[int, Meta(ge=0, le=50_000)] = 0
    services: tuple[Key, ...] = ()


class NewRange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Tracking numbers that a carrier gave an owner: `first` to `last`, without the check digit."""

    owner: Key
    carrier: Key
    first: NumberBody
    last: NumberBody


class NewUpgrade(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A service that the bench may choose instead (便種変更), and what it costs more.

    `upgrade` = `service`: what one more box of the same order costs (二口目).
    """

    owner: Key
    service: Key
    upgrade: Key
    cost: Annotated[int, Meta(ge=0, le=10**9)] = 0


class NewLabelMode(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How labels of one service come about for an owner, where that is not as for the others."""

    owner: Key
    service: Key
    mode: Literal["immediate", "pre_issued"]


class SiteSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file, each part a list of tables."""

    owners: tuple[NewOwner, ...] = ()
    shops: tuple[NewShop, ...] = ()
    services: tuple[NewService, ...] = ()
    pickups: tuple[Pickup, ...] = ()
    transit: tuple[Transit, ...] = ()
    holidays: tuple[Holiday, ...] = ()
    boxes: tuple[NewBox, ...] = ()
    tracking: tuple[NewRange, ...] = ()
    upgrades: tuple[NewUpgrade, ...] = ()
    label_modes: tuple[NewLabelMode, ...] = ()
    inserts: tuple[NewInsert, ...] = ()
    return_rules: tuple[NewReturnRule, ...] = ()


def put(tx: Tx, settings: SiteSettings) -> None:
    """Add or replace everything in *settings*. Refuses what `wms.site.owners` and the below
    refuse.
    """
    owners.put_owners(tx, settings.owners)
    owners.put_shops(tx, settings.shops)
    owners.put_services(tx, settings.services)
    owners.put_pickups(tx, settings.pickups)
    owners.put_transit(tx, settings.transit)
    owners.put_holidays(tx, settings.holidays)
    put_boxes(tx, settings.boxes)
    put_ranges(tx, settings.tracking)
    put_upgrades(tx, settings.upgrades)
    put_label_modes(tx, settings.label_modes)
    inserts.put_rules(tx, settings.inserts)
    rules.put_rules(tx, settings.return_rules)


def kept(tx: Tx, settings: SiteSettings) -> dict[str, tuple[str, ...]]:
    """What the book has and a part that *settings* name does not: it stays, for orders and boxes
    may speak of it. Owners, shops, services and boxes by code, numbers and days by whose they are.
    """
    there = {
        "owners": select(owners_table.c.code), "shops": select(shops.c.code),
        "services": select(services.c.code), "boxes": select(boxes.c.code),
        "tracking": select(tracking_ranges.c.owner, tracking_ranges.c.carrier),
        "transit": select(transit.c.carrier, transit.c.prefecture),
        "return_rules": select(return_rules.c.owner, return_rules.c.grade),
    }  # fmt: skip
    found = {}
    for part, query in there.items():
        keys = query.selected_columns.keys()
        named = {tuple(getattr(row, key) for key in keys) for row in getattr(settings, part)}
        rest = sorted({tuple(row) for row in tx.execute(query)} - named) if named else []
        if rest:
            found[part] = tuple(" ".join(row).strip() for row in rest)
    return found


def put_boxes(tx: Tx, rows: Sequence[NewBox]) -> None:
    """Add or replace boxes by code."""
    refuse_first(shape_faults(rows))
    values = [
        {
            "code": code(row.code, field="code", max=32), "tare_g": row.tare_g,
            "name": clean(row.name, field="name", max=200), "length_mm": row.length_mm,
            "width_mm": row.width_mm, "height_mm": row.height_mm,
            "services": msgspec.json.encode(row.services).decode(),
        }
        for row in rows
    ]  # fmt: skip
    rest = [column.name for column in boxes.columns if column.name != "code"]
    upsert(tx, boxes, values, key=("code",), update=lambda new: {name: new[name] for name in rest})


def put_ranges(tx: Tx, rows: Sequence[NewRange]) -> None:
    """Give owners numbers. A number that was used is never given again: the next one only grows.

    Refuses `REFERENCE_UNKNOWN`, `TRACKING_USED` for a range that lies behind, and
    `TRACKING_OVERLAP` where another owner has some of these numbers of that carrier.
    """
    refuse_first(shape_faults(rows))
    _refuse_unknown_owners(tx, [row.owner for row in rows])
    used = {(row.owner, row.carrier): int(row.next) for row in tx.execute(select(tracking_ranges))}
    values = [
        {
            "owner": row.owner, "carrier": row.carrier, "last": row.last,
            "next": max(row.first, used.get((row.owner, row.carrier), 0)),
        }
        for row in rows
    ]  # fmt: skip
    for row, value in zip(rows, values, strict=True):
        if int(str(value["next"])) > row.last + 1 or row.first > row.last:
            raise Rejected(
                Code.TRACKING_USED, field="tracking", owner=row.owner, carrier=row.carrier
            )
    upsert(
        tx, tracking_ranges, values, key=("owner", "carrier"),
        update=lambda new: {"next": new.next, "last": new.last},
    )  # fmt: skip
    _refuse_overlap(tx)


def put_upgrades(tx: Tx, rows: Sequence[NewUpgrade]) -> None:
    """The upgrades of every owner that *rows* name, instead of those that they had.

    Refuses `REFERENCE_UNKNOWN`.
    """
    refuse_first(shape_faults(rows))
    _refuse_unknown_owners(tx, [row.owner for row in rows])
    _refuse_unknown_services(tx, rows, "service", "upgrade")
    values = [msgspec.structs.asdict(row) for row in rows]
    of_owners = service_upgrades.c.owner.in_({row.owner for row in rows})
    tx.execute(delete(service_upgrades).where(of_owners))
    key = ("owner", "service", "upgrade")
    upsert(tx, service_upgrades, values, key=key, update=lambda new: {"cost": new.cost})


def put_label_modes(tx: Tx, rows: Sequence[NewLabelMode]) -> None:
    """The label modes by service of every owner that *rows* name, instead of those that they had.

    Refuses `REFERENCE_UNKNOWN`.
    """
    refuse_first(shape_faults(rows))
    _refuse_unknown_owners(tx, [row.owner for row in rows])
    _refuse_unknown_services(tx, rows, "service")
    tx.execute(delete(label_modes).where(label_modes.c.owner.in_({row.owner for row in rows})))
    values = [msgspec.structs.asdict(row) for row in rows]
    key = ("owner", "service")
    upsert(tx, label_modes, values, key=key, update=lambda new: {"mode": new.mode})


def _refuse_unknown_services(tx: Tx, rows: Sequence[Struct], *fields: str) -> None:
    known = set(tx.scalars(select(services.c.code)))
    for row in rows:
        for field in fields:
            if (value := getattr(row, field)) not in known:
                raise Rejected(Code.REFERENCE_UNKNOWN, field=field, value=shown(value))


def numbers_left(tx: Tx) -> list[tuple[str, str, int]]:
    """(owner, carrier, tracking numbers still to give) of all whose labels are printed here.

    An owner with no range at all stands with the carrier "" and 0.
    """
    left = (tracking_ranges.c.last - tracking_ranges.c.next + 1).label("left")
    query = (
        select(owners_table.c.code, tracking_ranges.c.carrier, left)
        .outerjoin(tracking_ranges, tracking_ranges.c.owner == owners_table.c.code)
        .where(owners_table.c.label_mode == "immediate")
        .order_by(owners_table.c.code, tracking_ranges.c.carrier)
    )
    return [(row.code, row.carrier or "", int(row.left or 0)) for row in tx.execute(query)]


def _refuse_overlap(tx: Tx) -> None:
    """No two parcels of a carrier may ever get one number: ranges still to be given lie apart."""
    by_carrier = (tracking_ranges.c.carrier, tracking_ranges.c.next)
    rows = tx.execute(select(tracking_ranges).where(unused()).order_by(*by_carrier)).all()
    for one, following in pairwise(rows):
        if one.carrier == following.carrier and following.next <= one.last:
            raise Rejected(
                Code.TRACKING_OVERLAP, field="tracking", owner=following.owner, other=one.owner,
                carrier=one.carrier,
            )  # fmt: skip


def _refuse_unknown_owners(tx: Tx, wanted: Iterable[str]) -> None:
    known = set(tx.scalars(select(owners_table.c.code)))
    for owner in wanted:
        if owner not in known:
            raise Rejected(Code.REFERENCE_UNKNOWN, field="owner", value=shown(owner))
