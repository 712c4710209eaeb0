"""Pallets and cartons that get their label on arrival: an SSCC, and the paper that says it.

SSCC (GS1 General Specifications 3.2.1, 7.9): extension digit, company prefix and a serial number
of 16 digits together, check digit. The serial number is taken from the book, once each.
"""

from typing import Any

from sqlalchemy import Row, func, insert, select, update

from wms.db import Tx, insert_once, upsert
from wms.errors import Code, Rejected
from wms.papers import print_jobs
from wms.schema import barcodes, inbounds, items, meta, owners, places, stations
from wms.schema import print_jobs as jobs
from wms.schema import stock as balances
from wms.site import tags
from wms.site.epc import sscc96
from wms.site.items import check_digit, is_gtin_shaped
from wms.text import shown

EXTENSION = "0"
BODY_DIGITS = 16  # company prefix and serial number
LABEL_LOT_CHARACTERS = 20
SITE_PREFIX = "site.company_prefix"  # the key of `meta`


def sscc(prefix: str, serial: int, extension: str = EXTENSION) -> str:
    """The 18 digits of a logistic unit. Refuses `SSCC_EXHAUSTED` when *serial* does not fit.

    >>> sscc("0614141", 234567890, "1")
    '106141412345678908'
    """
    room = BODY_DIGITS - len(prefix)
    if not 0 <= serial < 10**room:
        raise Rejected(Code.SSCC_EXHAUSTED, prefix=prefix)
    body = f"{extension}{prefix}{serial:0{room}d}"
    return body + check_digit(body)


def is_sscc(text: str) -> bool:
    """Whether *text* is 18 digits with the right check digit.

    >>> is_sscc("106141412345678908"), is_sscc("106141412345678907")
    (True, False)
    """
    shaped = len(text) == 18 and text.isascii() and text.isdigit()
    return shaped and check_digit(text[:-1]) == text[-1]


def new_pallet(tx: Tx, *, delivery: int, station: str, kind: str, key: str, now: int) -> str:
    """A new container with its own SSCC, which stands at the delivery's dock. Returns its code.

    Its label (template `logistic`) is asked for at *station* ("" = no paper). Its number is under
    the GS1 company prefix of the owner, else of the site. Refuses `SSCC_NO_PREFIX` where neither
    has one, and a station without a printer.
    """
    known = f"sscc.made:{key}"
    made = tx.execute(select(meta.c.value).where(meta.c.key == known)).scalar()
    if made is not None:
        return str(made)
    row = _delivery(tx, delivery)
    prefix = row.company_prefix or _site_prefix(tx)
    if not prefix:
        raise Rejected(Code.SSCC_NO_PREFIX, owner=row.owner)
    if station:
        print_jobs.refuse_without_printer(tx, station)
    code = sscc(prefix, _next(tx, prefix))
    tx.execute(insert(places).values(code=code, kind=kind, parent=row.dock or None))
    tx.execute(insert(meta).values(key=known, value=code))
    if station:
        data = {"sscc": code, "title": row.owner_name or row.owner, "note": row.code}
        data |= _tagged(tx, code, len(prefix), station)
        print_jobs.request(
            tx, key=f"sscc:{code}:1", station=station, template="logistic", data=data, now=now
        )
    return code


def _tagged(tx: Tx, code: str, prefix_digits: int, station: str) -> dict[str, Any]:
    """What its label says besides where the station's printer writes tags: the pallet's EPC, by
    which gates and doors know it from now on."""
    if not _writes_tags(tx, station):
        return {}
    epc = sscc96(code, prefix_digits=prefix_digits)
    tx.execute(update(places).where(places.c.code == code).values(epc=epc))
    return {"epc": epc}


def _writes_tags(tx: Tx, station: str) -> bool:
    return bool(tx.scalar(select(stations.c.rfid).where(stations.c.code == station)))


def set_site_prefix(tx: Tx, prefix: str) -> None:
    """The site's own GS1 company prefix from now on; "" = it has none."""
    row = {"key": SITE_PREFIX, "value": prefix}
    upsert(tx, meta, [row], key=("key",), update=lambda new: {"value": new.value})


def _site_prefix(tx: Tx) -> str:
    found: str | None = tx.scalar(select(meta.c.value).where(meta.c.key == SITE_PREFIX))
    return found or ""


def ensure(tx: Tx, *, code: str, delivery: int, kind: str) -> None:
    """A supplier's own SSCC becomes a container of ours, which stands at the delivery's dock.

    Nothing happens where the place exists, or *code* is no SSCC: then whoever books says so.
    """
    if is_sscc(code):
        dock = _delivery(tx, delivery).dock or None
        insert_once(tx, places, {"code": code, "kind": kind, "parent": dock})


def reprint(tx: Tx, *, container: str, station: str, now: int) -> None:
    """The label of *container* once more, with what is in it if that is one item of one lot."""
    data: dict[str, Any] = {"sscc": container, "title": _owner_of(tx, container) or "-"}
    epc = tx.scalar(select(places.c.epc).where(places.c.code == container))
    if epc and _writes_tags(tx, station):
        data["epc"] = epc  # the same pallet has the same number
    inside = tx.execute(
        select(balances.c.item_id, balances.c.lot, func.sum(balances.c.qty).label("qty"))
        .where(balances.c.place == container, balances.c.qty > 0)
        .group_by(balances.c.item_id, balances.c.lot)
    ).all()
    if len(inside) == 1:
        code = gtin_of(tx, inside[0].item_id)
        lot = inside[0].lot if len(inside[0].lot) <= LABEL_LOT_CHARACTERS else ""
        if code:
            data |= {"gtin": code, "qty": int(inside[0].qty), "lot": lot}
    print_jobs.request(
        tx, key=f"sscc:{container}:{now}", station=station, template="logistic", data=data, now=now
    )


def label_items(
    tx: Tx, *, item: int, qty: int, lot: str, expiry: str, station: str, key: str, now: int
) -> None:
    """Item labels for goods that have no barcode of their own: *qty* of them, once per *key*.

    Tagged goods get each its own, with its own tag, where the station's printer writes tags.
    """
    row = tx.execute(select(items).where(items.c.id == item)).one()
    data: dict[str, Any] = {"name": row.name, "sku": row.sku[:40]}
    code = gtin_of(tx, item)
    if code and len(lot) <= LABEL_LOT_CHARACTERS:
        data |= {"gtin": code, "lot": lot if row.lot_tracked else "", "expiry": expiry}
    else:
        data["code"] = row.sku
    if data.get("gtin") and _writes_tags(tx, station) and tags.can_carry(tx, item, code):
        _label_tagged(tx, item, qty, data, station, key, now)
        return
    print_jobs.request(
        tx, key=f"relabel:{key}", station=station, template="item", data=data, copies=qty, now=now
    )


def _label_tagged(
    tx: Tx, item: int, qty: int, data: dict[str, Any], station: str, key: str, now: int
) -> None:  # fmt: skip
    """One label, one tag: two with the same EPC would be one piece."""
    print_jobs.refuse_without_printer(tx, station)
    if tx.scalar(select(jobs.c.id).where(jobs.c.key == f"relabel:{key}:1")) is not None:
        return
    for number in range(1, qty + 1):
        epc = tags.make(tx, item=item, gtin=data["gtin"], job=None, now=now)
        job = print_jobs.request(
            tx, key=f"relabel:{key}:{number}", station=station, template="item",
            data=data | {"epc": epc}, now=now,
        )  # fmt: skip
        tags.belongs_to(tx, epc, job=job.id)


def gtin_of(tx: Tx, item: int) -> str:
    """The GTIN of one piece of *item*; "" when it has none."""
    query = select(barcodes.c.code).where(barcodes.c.item_id == item, barcodes.c.qty == 1)
    codes = tx.execute(query.order_by(barcodes.c.code)).scalars()
    return next((code for code in codes if is_gtin_shaped(code)), "")


def bind(tx: Tx, *, item: int, barcode: str, qty: int) -> None:
    """This barcode means *qty* eaches of *item* from now on.

    Refuses `BARCODE_TAKEN` when it means another item of the same owner.
    """
    mine = tx.execute(select(items).where(items.c.id == item)).one()
    other = (
        select(items.c.sku)
        .join(barcodes, barcodes.c.item_id == items.c.id)
        .where(barcodes.c.code == barcode, items.c.owner == mine.owner, items.c.id != item)
    )
    taken = tx.execute(other.limit(1)).scalar()
    if taken is not None:
        raise Rejected(Code.BARCODE_TAKEN, field="barcode", value=shown(barcode), sku=taken)
    if not insert_once(tx, barcodes, {"code": barcode, "item_id": item, "qty": qty}):
        same = (barcodes.c.code == barcode) & (barcodes.c.item_id == item)
        tx.execute(update(barcodes).where(same).values(qty=qty))


def _delivery(tx: Tx, delivery: int) -> Row[Any]:
    query = select(
        inbounds, owners.c.company_prefix, owners.c.name.label("owner_name")
    ).join(owners, owners.c.code == inbounds.c.owner)  # fmt: skip
    return tx.execute(query.where(inbounds.c.id == delivery)).one()


def _owner_of(tx: Tx, container: str) -> str | None:
    query = (
        select(owners.c.name)
        .join(items, items.c.owner == owners.c.code)
        .join(balances, balances.c.item_id == items.c.id)
        .where(balances.c.place == container, balances.c.qty > 0)
    )
    return tx.execute(query.limit(1)).scalar()


def _next(tx: Tx, prefix: str) -> int:
    """The next serial number under *prefix*; whoever else asks waits until this is committed."""
    name = f"sscc.next:{prefix}"
    insert_once(tx, meta, {"key": name, "value": "1"})
    here = select(meta.c.value).where(meta.c.key == name).with_for_update()
    number = int(tx.execute(here).scalar_one())
    tx.execute(update(meta).where(meta.c.key == name).values(value=str(number + 1)))
    return number
