"""What several labels and slips share: checked kinds of text, addresses, dates, words."""

import re
from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

from labels.zpl import Label
from wms.errors import Code, Rejected
from wms.messages import say

Language = Literal["ja", "en"]
Carrier = Literal["yamato", "sagawa", "japanpost"]
Temperature = Literal["ambient", "chilled", "frozen"]

Text = Annotated[str, Meta(max_length=200)]
Paragraph = Annotated[str, Meta(max_length=1000)]
Name = Annotated[str, Meta(min_length=1, max_length=120)]
Barcode = Annotated[str, Meta(min_length=1, max_length=60)]
Postal = Annotated[str, Meta(pattern=r"^(?:[0-9]{3}-?[0-9]{4})?\Z")]
Day = Annotated[str, Meta(pattern=r"^(?:[0-9]{4}-[0-9]{2}-[0-9]{2})?\Z")]
Piece = Annotated[int, Meta(ge=1, le=999)]


class Data(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a label or slip is made of. Unknown keys are refused: a misspelt one would be lost."""


class Party(Data, frozen=True):
    """A person or company with an address. `honorific` follows the name: 様, for companies 御中."""

    name: Name
    company: Text = ""
    postal: Postal = ""
    address: Annotated[str, Meta(max_length=300)] = ""
    phone: Annotated[str, Meta(max_length=20)] = ""
    honorific: Literal["様", "御中", ""] = "様"

    @property
    def addressed(self) -> str:
        return f"{self.name} {self.honorific}".rstrip()


def postal_shown(postal: str) -> str:
    """
    >>> postal_shown("1600022")
    '〒160-0022'
    """
    return f"〒{postal[:3]}-{postal[-4:]}" if postal else ""


def day_of(day: str, field: str) -> date | None:
    """The date of YYYY-MM-DD, None for "". Refuses days that no calendar has."""
    try:
        return date.fromisoformat(day) if day else None
    except ValueError:
        raise Rejected(Code.LABEL_DATA, field=field, reason=f"no such day: {day}") from None


def day_shown(day: str, field: str, language: Language = "ja") -> str:
    """A day as people say it; "" stays empty.

    >>> day_shown("2025-11-25", "delivery_date")
    '11月25日(火)'
    """
    when = day_of(day, field)
    if when is None:
        return ""
    if language == "en":
        return f"{when:%a %d %b}"
    return f"{when.month}月{when.day}日({'月火水木金土日'[when.weekday()]})"


def tracking_shown(number: str) -> str:
    """
    >>> tracking_shown("262492160324")
    '2624-9216-0324'
    """
    return "-".join(re.findall(".{1,4}", number))


def carrier_word(carrier: Carrier, language: Language = "ja") -> str:
    """The carrier's name as people know it."""
    return say(f"label.carrier.{carrier}", language)


def note_simplified(label: Label, x: float, y: float, width: float) -> None:
    """Say in small print, 2 mm high, that a variant character has its standard shape here."""
    if label.simplified:
        label.text(say("label.simplified", "ja"), "", x, y, width, 2, (2, 1.75), align="right")
