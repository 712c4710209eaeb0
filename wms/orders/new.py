"""An order as it comes in, and what makes it fit for the book. No database here."""

import hashlib
import re
from datetime import date, timedelta
from typing import Annotated, Literal, TypeVar

import msgspec
import phonenumbers
from msgspec import Meta, Struct

from wms.dates import iso_date
from wms.errors import Code, Rejected
from wms.site.carriers import PREFECTURES, WITHOUT_DATE, Prefecture, time_slot
from wms.text import clean, code, shown

EXTERNAL_ID_CHARACTERS = 64
DAYS_AHEAD_MAX = 400  # a promise further away is a mistake
NO_HOUSE_NUMBER = "order.no_house_number"  # why an order is held: 住所確認待ち
LATE = "order.late"  # the promised date could no longer be met when the order arrived

Name = Annotated[str, Meta(min_length=1, max_length=64)]
Words = Annotated[str, Meta(max_length=64)]
Address = Annotated[str, Meta(max_length=128)]
Postal = Annotated[str, Meta(pattern="^[0-9]{3}-?[0-9]{4}$")]
Money = Annotated[int, Meta(ge=0, le=10**9)]
LeaveAt = Literal["", "door", "box", "meter", "shed", "garage", "basket", "reception"]
Phone = Annotated[str, Meta(min_length=9, max_length=20, pattern="^[+0-9(). -]+$")]

S = TypeVar("S", bound=Struct)


class Recipient(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom the parcel is for. `prefecture` "" is taken from the beginning of `address`."""

    name: Name
    postal: Postal
    prefecture: Prefecture | Literal[""] = ""
    address: Annotated[str, Meta(min_length=1, max_length=128)]
    building: Address = ""
    company: Words = ""
    phone: Phone
    email: Annotated[str, Meta(max_length=254, pattern="^([^@ ]+@[^@ ]+)?$")] = ""


class Gift(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A gift: no prices on paper, and the purchaser is the sender when one is named."""

    wrapping: Words = ""
    noshi: Words = ""
    noshi_name: Words = ""
    message: Annotated[str, Meta(max_length=300)] = ""
    sender_name: Words = ""
    sender_postal: Annotated[str, Meta(pattern="^([0-9]{3}-?[0-9]{4})?$")] = ""
    sender_address: Address = ""
    sender_phone: Annotated[str, Meta(max_length=20, pattern="^[+0-9(). -]*$")] = ""
    without_slip: bool = False


class NewLine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is wanted of one SKU, in eaches; gift wrapping and inserts are lines too.

    `price` is that of one, in minor units, as the shop charged it; 0 = it is not told.
    """

    sku: Annotated[str, Meta(min_length=1, max_length=64)]
    qty: Annotated[int, Meta(ge=1, le=9_999)]
    kind: Literal["goods", "gift", "insert"] = "goods"
    note: Annotated[str, Meta(max_length=200)] = ""
    price: Money = 0


class NewPaper(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A paper that goes into the box; its PDF comes by itself. `code` is the barcode on it."""

    kind: Literal["invoice", "receipt", "letter"]
    code: Annotated[str, Meta(min_length=4, max_length=48, pattern="^[!-~]+$")]


class NewOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An order of an owner's shop. `delivery_date` "" is the earliest; `time_slot` is a code.

    `amount` is what was paid in all, in minor units; `customer` the shop's own number of whoever
    bought it. `documents` are papers that its box waits for. `cod` is what the driver collects
    (代引), `depot` the carrier's office where it is fetched (営業所止め), `leave_at` where it may
    be left (置き配).
    """

    owner: Annotated[str, Meta(min_length=1, max_length=32)]
    shop: Annotated[str, Meta(min_length=1, max_length=32)]
    external_id: Annotated[str, Meta(min_length=1, max_length=EXTERNAL_ID_CHARACTERS)]
    service: Annotated[str, Meta(min_length=1, max_length=32)]
    recipient: Recipient
    lines: Annotated[tuple[NewLine, ...], Meta(min_length=1, max_length=200)]
    delivery_date: Annotated[str, Meta(pattern="^([0-9]{4}-[0-9]{2}-[0-9]{2})?$")] = ""
    time_slot: Annotated[str, Meta(max_length=8)] = ""
    gift: Gift | None = None
    notes: Annotated[str, Meta(max_length=500)] = ""
    priority: Annotated[int, Meta(ge=0, le=9)] = 0
    amount: Money = 0
    cod: Money = 0
    depot: Words = ""
    leave_at: LeaveAt = ""
    customer: Annotated[str, Meta(max_length=64)] = ""
    documents: Annotated[tuple[NewPaper, ...], Meta(max_length=20)] = ()


def cleaned(order: NewOrder) -> NewOrder:
    """*order* with text made safe and its codes proven. Refuses with the path of the field."""
    lines = tuple(
        _clean_texts(line, f"lines[{place}].", codes=("sku",))
        for place, line in enumerate(order.lines)
    )
    safe = _clean_texts(order, "", codes=("owner", "shop", "external_id", "service"))
    gift = None if order.gift is None else _clean_texts(order.gift, "gift.")
    recipient = _cleaned_recipient(order.recipient)
    return msgspec.structs.replace(safe, lines=lines, gift=gift, recipient=recipient)


def checked_dates(order: NewOrder, *, carrier: str, today: date) -> date | None:
    """The promised date, proven together with time slot and service; None is the earliest.

    Refuses `DATE_WRONG`, `DATE_RANGE`, `SERVICE_WITHOUT_DATE` and what `time_slot` refuses.
    """
    time_slot(order.time_slot, carrier=carrier, service=order.service)
    if not order.delivery_date:
        return None
    if order.service in WITHOUT_DATE:
        raise Rejected(
            Code.SERVICE_WITHOUT_DATE, field="delivery_date", service=shown(order.service)
        )
    promised = iso_date(order.delivery_date, field="delivery_date")
    last = today + timedelta(days=DAYS_AHEAD_MAX)
    if not today <= promised <= last:
        raise Rejected(
            Code.DATE_RANGE, field="delivery_date", value=order.delivery_date,
            first=today.isoformat(), last=last.isoformat(),
        )  # fmt: skip
    return promised


def customer_of(order: NewOrder) -> str:
    """Who bought it, the same in all their orders: the shop's number for them, else a hash of
    their mail address or telephone number; "" where nobody can say (a gift without a sender).
    """
    if order.customer:
        return order.customer
    to, gift = order.recipient, order.gift
    known = to.email.lower() or to.phone if gift is None else gift.sender_phone
    digits = "".join(character for character in known if character.isalnum() or character in "@.")
    if not digits:
        return ""
    return "#" + hashlib.sha256(f"{order.owner}/{digits}".encode()).hexdigest()[:24]


def is_one_piece(order: NewOrder) -> bool:
    """Whether one unit of one item is all there is: it needs no tote of its own."""
    return len(order.lines) == 1 and order.lines[0].qty == 1 and order.gift is None


# A number in figures, or in kanji where a kanji alone would be part of a name (三田, 六本木).
_HOUSE_NUMBER = re.compile(r"[0-9０-９]|[一二三四五六七八九十百〇]+(丁目|番|号|の)|無番地|番外地")


def has_house_number(address: str) -> bool:
    """Whether a Japanese street address says which house; without it a parcel comes back.

    >>> has_house_number("千代田区丸の内1-9-1"), has_house_number("港区六本木")
    (True, False)
    """
    return _HOUSE_NUMBER.search(address) is not None


def _cleaned_recipient(given: Recipient) -> Recipient:
    safe = _clean_texts(given, "recipient.")
    prefecture: str = safe.prefecture
    address = safe.address
    if not prefecture:
        found = [name for name in PREFECTURES if address.startswith(name)]
        if not found:
            raise Rejected(
                Code.PREFECTURE_WRONG, field="recipient.prefecture", value=shown(address[:4])
            )
        prefecture = found[0]
    rest = address.removeprefix(prefecture).strip(" \u3000")
    if not rest:
        raise Rejected(Code.TEXT_EMPTY, field="recipient.address")
    digits = safe.postal.replace("-", "")
    return msgspec.structs.replace(
        safe, prefecture=prefecture, address=rest, postal=f"{digits[:3]}-{digits[3:]}",
        phone=normal_phone(safe.phone, field="recipient.phone"),
    )  # fmt: skip


def normal_phone(text: str, *, field: str) -> str:
    """A telephone number as Japan writes it (03-1234-5678), others with their country's code.

    >>> normal_phone("+81 3 1234 5678", field="phone")
    '03-1234-5678'
    """
    try:
        number = phonenumbers.parse(text, "JP")
    except phonenumbers.NumberParseException:
        raise Rejected(Code.PHONE_WRONG, field=field) from None
    if not phonenumbers.is_possible_number(number):
        raise Rejected(Code.PHONE_WRONG, field=field)
    home = number.country_code == phonenumbers.country_code_for_region("JP")
    styles = phonenumbers.PhoneNumberFormat
    return phonenumbers.format_number(number, styles.NATIONAL if home else styles.INTERNATIONAL)


def _clean_texts(row: S, path: str, *, codes: tuple[str, ...] = ()) -> S:
    """Every text of *row* made safe; those in *codes* kept as they are, or refused.

    Lengths were checked before; NFC makes a few characters into three.
    """
    safe: dict[str, str] = {}
    for name, value in msgspec.structs.asdict(row).items():
        if not isinstance(value, str) or not value:
            continue
        if name in codes:
            safe[name] = code(value, field=path + name, max=3 * len(value))
            continue
        safe[name] = clean(value, field=path + name, max=3 * len(value))
        if not safe[name] and name in ("name", "address", "phone", "postal"):
            raise Rejected(Code.TEXT_EMPTY, field=path + name)
    return msgspec.structs.replace(row, **safe)
