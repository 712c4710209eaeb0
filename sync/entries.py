"""Lines of a file as values to be: one line an item, a place or a pile of stock; many an order."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sync.columns import Columns, values
from sync.sheets import Line
from wms.errors import Code
from wms.shape import Fault, fault

LINE_FIELDS = frozenset({"sku", "qty", "kind", "note", "price"})
INBOUND_LINE_FIELDS = frozenset({"sku", "qty", "lot", "expiry"})
RETURN_LINE_FIELDS = frozenset({"sku", "qty", "serial", "exchange_sku"})
RECIPIENT_FIELDS = frozenset({
    "name", "company", "postal", "prefecture", "address", "building", "phone", "email",
})  # fmt: skip
GIFT = "gift_"
_IN_LIST = re.compile(r"(?P<list>lines|barcodes)\[(?P<place>\d+)\](\.(?P<field>.+))?")


@dataclass(frozen=True, slots=True)
class Entry:
    """One value to be, and the lines it comes from. `lines` of an order are its order lines.

    `faulty` are the fields whose cells are known to be wrong: of these nothing more is said.
    """

    value: dict[str, Any]
    lines: tuple[Line, ...]
    faulty: frozenset[str] = frozenset()


def entries(columns: Columns, lines: Sequence[Line]) -> tuple[list[Entry], list[Fault]]:
    """What *lines* say, and what is wrong with their cells (faults count rows of the file)."""
    read = [(line, *values(columns, line)) for line in lines]
    faults = [_named(columns, one) for _, _, wrong in read for one in wrong]
    if columns.in_groups:
        grouped = {"orders": _orders, "inbounds": _inbounds, "returns": _returns}[columns.kind]
        found, differing = grouped(columns, [(line, value) for line, value, bad in read if not bad])
        return found, [*faults, *differing]
    shape = _item if columns.kind == "items" else dict[str, Any]
    return [
        Entry(shape(value), (line,), frozenset(one.field for one in wrong))
        for line, value, wrong in read
    ], faults


def located(columns: Columns, entry: Entry, found: Fault) -> Fault:
    """A fault of a value as a fault of a line, its field named as the file names the column."""
    line, field = entry.lines[0], found.field
    if inner := _IN_LIST.fullmatch(field):
        place, field = int(inner["place"]), inner["field"] or inner["list"]
        if inner["list"] == "lines":
            line = entry.lines[place]
        else:
            field = _barcode_field(entry.value["barcodes"], place, field)
    field = field.removeprefix("recipient.").replace("gift.", GIFT)
    return _named(columns, Fault(line.number, found.code, {**found.params, "field": field}))


def _named(columns: Columns, found: Fault) -> Fault:
    if not found.field:
        return found
    return Fault(found.row, found.code, {**found.params, "field": columns.name_of(found.field)})


def _item(value: Mapping[str, Any]) -> dict[str, Any]:
    item = dict(value)
    code, case = item.pop("barcode", ""), item.pop("case_barcode", "")
    qty = item.pop("case_qty", 1)
    scanned = ({"code": code, "qty": 1}, {"code": case, "qty": qty})
    item["barcodes"] = [barcode for barcode in scanned if barcode["code"]]
    return item


def _barcode_field(barcodes: Sequence[Mapping[str, Any]], place: int, field: str) -> str:
    if field == "qty":
        return "case_qty"
    only_case = len(barcodes) == 1 and barcodes[0]["qty"] != 1
    return "case_barcode" if place == 1 or only_case else "barcode"


def _orders(
    columns: Columns, read: Sequence[tuple[Line, dict[str, Any]]]
) -> tuple[list[Entry], list[Fault]]:
    """Lines with the same owner and order number are one order; what they share must agree."""
    return _grouped(columns, read, LINE_FIELDS, _order)


def _inbounds(
    columns: Columns, read: Sequence[tuple[Line, dict[str, Any]]]
) -> tuple[list[Entry], list[Fault]]:
    """Lines with the same owner and delivery number are one delivery."""
    return _grouped(columns, read, INBOUND_LINE_FIELDS, _inbound)


def _returns(
    columns: Columns, read: Sequence[tuple[Line, dict[str, Any]]]
) -> tuple[list[Entry], list[Fault]]:
    """Lines with the same owner and RMA number are one return."""
    return _grouped(columns, read, RETURN_LINE_FIELDS, _return)


def _grouped(
    columns: Columns, read: Sequence[tuple[Line, dict[str, Any]]], inner: frozenset[str],
    made: Callable[[Sequence[tuple[Line, dict[str, Any]]]], dict[str, Any]],
) -> tuple[list[Entry], list[Fault]]:  # fmt: skip
    """Lines with the same owner and number together; fields that are not *inner* must agree."""
    groups: dict[tuple[str, str], list[tuple[Line, dict[str, Any]]]] = {}
    for line, value in read:
        groups.setdefault((value["owner"], value["external_id"]), []).append((line, value))
    found, faults = [], []
    for group in groups.values():
        first, head = group[0]
        differing = [
            _named(columns, fault(
                line.number, Code.IMPORT_DIFFERS, field=field, line=first.number
            ))
            for line, value in group
            for field in value.keys() - inner
            if value[field] != head.get(field)
        ]  # fmt: skip
        faults += differing
        if not differing:
            found.append(Entry(made(group), tuple(line for line, _ in group)))
    return found, faults


def _inbound(group: Sequence[tuple[Line, dict[str, Any]]]) -> dict[str, Any]:
    head = group[0][1]
    delivery = {name: value for name, value in head.items() if name not in INBOUND_LINE_FIELDS}
    delivery["lines"] = [
        {name: value[name] for name in value if name in INBOUND_LINE_FIELDS} for _, value in group
    ]
    return delivery


def _return(group: Sequence[tuple[Line, dict[str, Any]]]) -> dict[str, Any]:
    head = group[0][1]
    back = {name: value for name, value in head.items() if name not in RETURN_LINE_FIELDS}
    back["lines"] = [
        {name: value[name] for name in value if name in RETURN_LINE_FIELDS} for _, value in group
    ]
    return back


def _order(group: Sequence[tuple[Line, dict[str, Any]]]) -> dict[str, Any]:
    head = group[0][1]
    gift = {name.removeprefix(GIFT): head[name] for name in head if name.startswith(GIFT)}
    inner = LINE_FIELDS | RECIPIENT_FIELDS
    order = {
        name: value for name, value in head.items()
        if name not in inner and not name.startswith(GIFT)
    }  # fmt: skip
    order["recipient"] = {name: head[name] for name in head if name in RECIPIENT_FIELDS}
    order["lines"] = [
        {name: value[name] for name in value if name in LINE_FIELDS} for _, value in group
    ]
    return order | ({"gift": gift} if gift else {})
