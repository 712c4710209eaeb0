"""Items and their barcodes: put many at once, and find what a scanned code may mean."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Literal, NamedTuple

from msgspec import Meta, Struct
from sqlalchemy import Row, select, tuple_

from wms.db import Tx, insert_for, upsert
from wms.errors import Code, Rejected
from wms.schema import barcodes, items, lots, owners
from wms.shape import Fault, fault, of_refusal, refuse_first, shape_faults, sound
from wms.text import clean, code, shown

CHUNK = 400  # rows a statement: bound parameters are limited
SKU_CHARACTERS = 64
NAME_CHARACTERS = 200
GTIN_LENGTHS = (8, 12, 13, 14)

OwnerCode = Annotated[str, Meta(min_length=1, max_length=32)]
Sku = Annotated[str, Meta(min_length=1, max_length=SKU_CHARACTERS)]
Size = Annotated[int, Meta(ge=0, le=10_000_000)]


class Barcode(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A code that may be scanned for the item, and how many eaches it stands for (a case: 12)."""

    code: Annotated[str, Meta(min_length=1, max_length=48, pattern="^[ -~]+$")]
    qty: Annotated[int, Meta(ge=1, le=100_000)] = 1


class NewItem(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An item of an owner as it comes in: grams, millimetres, and how it must be handled."""

    owner: OwnerCode
    sku: Sku
    name: Annotated[str, Meta(min_length=1, max_length=NAME_CHARACTERS)]
    barcodes: Annotated[tuple[Barcode, ...], Meta(max_length=50)] = ()
    weight_g: Size = 0
    length_mm: Size = 0
    width_mm: Size = 0
    height_mm: Size = 0
    lot_tracked: bool = False
    expiry_tracked: bool = False
    serial_tracked: bool = False
    rfid_tagged: bool = False
    storage: Literal["ambient", "chilled", "frozen"] = "ambient"
    fragile: bool = False
    no_air: bool = False
    own_box: bool = False  # it travels in the box that it came in
    picture: Annotated[str, Meta(max_length=200)] = ""
    kind: Literal["", "gift", "insert"] = ""
    velocity: Literal["", "A", "B", "C"] = ""
    relabel: bool = False  # it has no barcode of its own: a label is stuck on when it arrives
    shelf_days_in: Annotated[int, Meta(ge=0, le=10_000)] = 0  # least remaining life at arrival


Numbered = Sequence[tuple[int, NewItem]]  # rows with their numbers among all that came


class Put(NamedTuple):
    """What a bulk put did: rows by fate, and how many of the changed ones differ in each field."""

    new: int
    changed: int
    same: int
    fields: Mapping[str, int] = MappingProxyType({})


class Found(NamedTuple):
    """An item that a code may stand for, and how many eaches one scan of it means."""

    item: int
    qty: int
    owner: str
    sku: str


def check_digit(body: str) -> str:
    """The GS1 check digit of the digits *body* (GS1 General Specifications, 7.9).

    >>> check_digit("490123456789")
    '4'
    """
    total = sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(reversed(body)))
    return str(-total % 10)


def is_gtin_shaped(text: str) -> bool:
    """Whether *text* is digits of a GTIN's length; its check digit may still be wrong."""
    return text.isascii() and text.isdigit() and len(text) in GTIN_LENGTHS


def normal_barcode(text: str) -> str:
    """*text* as barcodes are kept: a valid GTIN without padding (8, 13 or 14 digits), else as is.

    >>> normal_barcode("04901234567894"), normal_barcode("012345678905"), normal_barcode("A-1")
    ('4901234567894', '0012345678905', 'A-1')
    """
    if not is_gtin_shaped(text) or check_digit(text[:-1]) != text[-1]:
        return text
    digits = text.lstrip("0")
    return digits.zfill(8 if len(digits) <= 8 else 13)


def faults(tx: Tx, rows: Sequence[NewItem]) -> list[Fault]:
    """Everything that keeps *rows* out of the book, row by row; nothing is written."""
    found = shape_faults(rows)
    found += _text_faults(sound(rows, found))
    safe = sound(rows, found)
    found += [*_check_digits(safe), *_twice(safe), *_unknown_owners(tx, safe), *_taken(tx, safe)]
    return sorted(found, key=lambda fault: fault.row)


def put(tx: Tx, rows: Sequence[NewItem]) -> Put:
    """Add or change items by (owner, sku); their barcodes are added, none is taken away.

    Every item has the blank lot. Refuses the first of `faults`.
    """
    refuse_first(faults(tx, rows))
    before = _existing(tx, rows)
    values = {(row.owner, row.sku): _values(row) for row in rows}
    differing = {key: differing_fields(before.get(key), row) for key, row in values.items()}
    changed = [row for key, row in values.items() if differing[key] is not None]
    upsert(
        tx, items, changed, key=("owner", "sku"),
        update=lambda new: {
            name: new[name] for name in changed[0] if name not in ("owner", "sku")
        },
    )  # fmt: skip
    ids = {key: row.id for key, row in _existing(tx, rows).items()}
    _put_lots(tx, ids.values())
    for key in _put_barcodes(tx, rows, ids):
        if key in before:
            differing[key] = (differing[key] or frozenset()) | {"barcodes"}
    return put_result(differing.values(), len(ids) - len(before))


def find(tx: Tx, text: str) -> list[Found]:
    """The items that a scanned *text* may mean: a barcode of any owner, or a SKU.

    The same JAN under several owners gives several answers: the task at hand decides.
    """
    chosen = select(barcodes.c.item_id, barcodes.c.qty, items.c.owner, items.c.sku).join(
        items, items.c.id == barcodes.c.item_id
    )
    rows = tx.execute(
        chosen.where(barcodes.c.code == normal_barcode(text)).order_by(items.c.owner, items.c.id)
    ).all()
    if not rows:
        by_sku = select(items.c.id, items.c.owner, items.c.sku).where(items.c.sku == text)
        return [
            Found(row.id, 1, row.owner, row.sku)
            for row in tx.execute(by_sku.order_by(items.c.owner))
        ]
    return [Found(row.item_id, row.qty, row.owner, row.sku) for row in rows]


def ids_of(tx: Tx, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Item numbers of (owner, sku) pairs; unknown pairs are left out."""
    return {key: row.id for key, row in rows_of(tx, wanted).items()}


def rows_of(
    tx: Tx, wanted: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], Row[tuple[object, ...]]]:
    """Rows of `items` by (owner, sku); unknown pairs are left out."""
    pairs = sorted(set(wanted))
    found = {}
    for start in range(0, len(pairs), CHUNK):
        chosen = tuple_(items.c.owner, items.c.sku).in_(pairs[start : start + CHUNK])
        found.update({(row.owner, row.sku): row for row in tx.execute(select(items).where(chosen))})
    return found


def _existing(tx: Tx, rows: Sequence[NewItem]) -> dict[tuple[str, str], Row[tuple[object, ...]]]:
    return rows_of(tx, ((row.owner, row.sku) for row in rows))


def _values(row: NewItem) -> dict[str, object]:
    return {
        "owner": row.owner, "sku": row.sku,
        "name": clean(row.name, field="name", max=NAME_CHARACTERS),
        "weight_g": row.weight_g, "length_mm": row.length_mm, "width_mm": row.width_mm,
        "height_mm": row.height_mm, "lot_tracked": int(row.lot_tracked),
        "expiry_tracked": int(row.expiry_tracked), "serial_tracked": int(row.serial_tracked),
        "rfid_tagged": int(row.rfid_tagged), "storage": row.storage,
        "fragile": int(row.fragile), "no_air": int(row.no_air), "own_box": int(row.own_box),
        "picture": clean(row.picture, field="picture", max=200), "kind": row.kind,
        "velocity": row.velocity, "relabel": int(row.relabel), "shelf_days_in": row.shelf_days_in,
    }  # fmt: skip


def differing_fields(
    before: Row[tuple[object, ...]] | None, after: Mapping[str, object]
) -> frozenset[str] | None:
    """The columns in which a row would change: none of them for a new row, None for the same."""
    if before is None:
        return frozenset()
    names = frozenset(name for name, value in after.items() if before._mapping[name] != value)
    return names or None


def put_result(differing: Iterable[frozenset[str] | None], new: int) -> Put:
    """What a put did, from what differed in each row."""
    fates = list(differing)
    fields = Counter(name for names in fates if names for name in names)
    same = fates.count(None)
    return Put(new, len(fates) - same - new, same, dict(sorted(fields.items())))


def _put_lots(tx: Tx, item_ids: Iterable[int]) -> None:
    rows = [{"item_id": item, "lot": ""} for item in item_ids]
    if rows:
        tx.execute(insert_for(tx)(lots).on_conflict_do_nothing(), rows)


def _put_barcodes(
    tx: Tx, rows: Sequence[NewItem], ids: dict[tuple[str, str], int]
) -> set[tuple[str, str]]:
    """Add barcodes that are new or mean another quantity now. Returns the items that got some."""
    there = _barcodes_of(tx, [ids[row.owner, row.sku] for row in rows if row.barcodes])
    wanted = [
        ((row.owner, row.sku), normal_barcode(barcode.code), barcode.qty)
        for row in rows
        for barcode in row.barcodes
    ]
    fresh = [(key, code, qty) for key, code, qty in wanted if there.get((ids[key], code)) != qty]
    values = {(code, ids[key]): qty for key, code, qty in fresh}
    upsert(
        tx, barcodes,
        [{"code": code, "item_id": item, "qty": qty} for (code, item), qty in values.items()],
        key=("code", "item_id"), update=lambda new: {"qty": new.qty},
    )  # fmt: skip
    return {key for key, _, _ in fresh}


def _barcodes_of(tx: Tx, item_ids: Sequence[int]) -> dict[tuple[int, str], int]:
    found: dict[tuple[int, str], int] = {}
    for start in range(0, len(item_ids), CHUNK):
        chosen = barcodes.c.item_id.in_(item_ids[start : start + CHUNK])
        rows = tx.execute(select(barcodes).where(chosen))
        found.update({(row.item_id, row.code): row.qty for row in rows})
    return found


def _text_faults(rows: Numbered) -> list[Fault]:
    found = []
    for number, row in rows:
        try:
            code(row.sku, field="sku", max=SKU_CHARACTERS)
            if not clean(row.name, field="name", max=NAME_CHARACTERS):
                raise Rejected(Code.TEXT_EMPTY, field="name")
            clean(row.picture, field="picture", max=200)
            for place, barcode in enumerate(row.barcodes):
                code(barcode.code, field=f"barcodes[{place}].code", max=48)
        except Rejected as refusal:
            found.append(of_refusal(number, refusal))
    return found


def _check_digits(rows: Numbered) -> list[Fault]:
    found = []
    for number, row in rows:
        for place, barcode in enumerate(row.barcodes):
            body, last = barcode.code[:-1], barcode.code[-1:]
            if is_gtin_shaped(barcode.code) and check_digit(body) != last:
                found.append(fault(
                    number, Code.BARCODE_CHECK_DIGIT, field=f"barcodes[{place}].code",
                    value=barcode.code, expected=check_digit(body),
                ))  # fmt: skip
    return found


def _twice(rows: Numbered) -> list[Fault]:
    seen: set[tuple[str, str]] = set()
    found = []
    for number, row in rows:
        if (row.owner, row.sku) in seen:
            found.append(fault(number, Code.ROW_TWICE, field="sku", value=shown(row.sku)))
        seen.add((row.owner, row.sku))
    return found


def _unknown_owners(tx: Tx, rows: Numbered) -> list[Fault]:
    known = set(tx.execute(select(owners.c.code)).scalars())
    return [
        fault(number, Code.REFERENCE_UNKNOWN, field="owner", value=shown(row.owner))
        for number, row in rows
        if row.owner not in known
    ]


def _taken(tx: Tx, rows: Numbered) -> list[Fault]:
    """A barcode may stand for one item of an owner: any other of the same owner is a mistake."""
    holder = _holders(
        tx, {normal_barcode(barcode.code) for _, row in rows for barcode in row.barcodes}
    )
    found = []
    for number, row in rows:
        for place, barcode in enumerate(row.barcodes):
            sku = holder.setdefault((row.owner, normal_barcode(barcode.code)), row.sku)
            if sku != row.sku:
                found.append(fault(
                    number, Code.BARCODE_TAKEN, field=f"barcodes[{place}].code",
                    value=barcode.code, sku=shown(sku),
                ))  # fmt: skip
    return found


def _holders(tx: Tx, codes: Iterable[str]) -> dict[tuple[str, str], str]:
    """Which SKU of each owner has a code now."""
    wanted = sorted(set(codes))
    held: dict[tuple[str, str], str] = {}
    for start in range(0, len(wanted), CHUNK):
        query = (
            select(items.c.owner, barcodes.c.code, items.c.sku)
            .join(barcodes, barcodes.c.item_id == items.c.id)
            .where(barcodes.c.code.in_(wanted[start : start + CHUNK]))
        )
        held.update({(row.owner, row.code): row.sku for row in tx.execute(query)})
    return held
