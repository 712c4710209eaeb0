"""Every label and slip by name: what data it needs, and whether it is ZPL or PDF."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from labels import (
    badge,
    command_card,
    gift,
    invoice,
    item,
    logistic,
    manifest,
    packing_slip,
    pick_list,
    place,
    sheet,
    shipping,
    slips,
    test_page,
    tote,
)
from labels.pieces import Data
from labels.zpl import DOTS_PER_MM
from wms.errors import Code, Rejected
from wms.text import shown

COPIES_MAX = 999

Format = Literal["zpl", "pdf"]


@dataclass(frozen=True, slots=True)
class Template:
    """`render` takes the data, dots per millimetre (8 or 12; ZPL only) and the copy's number."""

    data: type[Data]
    render: Callable[[Any, int, int], bytes]
    format: Format


TEMPLATES: dict[str, Template] = {
    "shipping": Template(shipping.Shipping, shipping.render, "zpl"),
    "test_page": Template(test_page.TestPage, test_page.render, "zpl"),
    "tote": Template(tote.Tote, tote.render, "zpl"),
    "place": Template(place.Place, place.render, "zpl"),
    "badge": Template(badge.Badge, badge.render, "zpl"),
    "command_card": Template(command_card.CommandCard, command_card.render, "zpl"),
    "item": Template(item.Item, item.render, "zpl"),
    "logistic": Template(logistic.Logistic, logistic.render, "zpl"),
    "packing_slip": Template(packing_slip.PackingSlip, packing_slip.render, "pdf"),
    "plain_slip": Template(packing_slip.PackingSlip, slips.render_plain, "pdf"),
    "gift_slip": Template(packing_slip.PackingSlip, slips.render_gift, "pdf"),
    "return_slip": Template(packing_slip.PackingSlip, slips.render_with_return, "pdf"),
    "invoice": Template(invoice.Invoice, invoice.render, "pdf"),
    "message_card": Template(gift.MessageCard, gift.render_card, "pdf"),
    "noshi": Template(gift.Noshi, gift.render_noshi, "pdf"),
    "manifest": Template(manifest.Manifest, manifest.render, "pdf"),
    "pick_list": Template(pick_list.PickList, pick_list.render, "pdf"),
    "sheet": Template(sheet.Sheet, sheet.render, "pdf"),
}

_AT = re.compile(r" - at `\$\.?(.*)`$")
_NAMED = re.compile(r"field `(.+)`$")


def find(template: str) -> Template:
    """The template of that name. Refuses others with `label.template`."""
    if template not in TEMPLATES:
        raise Rejected(Code.LABEL_TEMPLATE, template=shown(template))
    return TEMPLATES[template]


def render(
    template: str, data: Mapping[str, object], *, dots_per_mm: int = 8, copy: int = 1
) -> bytes:
    """Make the paper *template* of *data* (JSON values): a ZPL format or a PDF.

    Pure: the same arguments give the same bytes. Whatever *data* holds, the answer is the paper or
    a `Rejected` that names the field: `label.data` (missing, unknown or wrong), `label.glyph`,
    `label.too_long`, `label.barcode`, `label.barcode_wide`.

    >>> render("tote", {"code": "T-0123"})[:3]
    b'^XA'
    """
    found = find(template)
    if dots_per_mm not in DOTS_PER_MM:
        raise Rejected(Code.LABEL_DATA, field="dots_per_mm", reason=f"one of {DOTS_PER_MM}")
    if not 1 <= copy <= COPIES_MAX:
        raise Rejected(Code.LABEL_DATA, field="copy", reason=f"1 to {COPIES_MAX}")
    return found.render(checked(found.data, data), dots_per_mm, copy)


def checked(kind: type[Data], data: object) -> Data:
    """*data* as *kind*; refused with `label.data`, the field's path and what was expected."""
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        reason = str(error)
        at = _AT.search(reason)
        reason = _AT.sub("", reason)
        named = _NAMED.search(reason)
        path = ".".join(part[1] for part in (at, named) if part) or "data"
        raise Rejected(Code.LABEL_DATA, field=shown(path), reason=shown(reason)) from None
