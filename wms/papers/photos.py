"""Photos: what somebody saw (a damaged return, an undelivered box), kept with what it shows.

A picture comes from a camera nobody controls: its type is read from its bytes and never believed
from its name, its size is limited, and whatever is not plainly one of three formats is refused.
"""

import hashlib
from collections.abc import Collection, Sequence
from typing import Any, Literal

from msgspec import Struct
from sqlalchemy import func, insert, select

from wms.db import Tx
from wms.errors import Code, Rejected
from wms.schema import photos
from wms.text import code, shown

Type = Literal["image/jpeg", "image/png", "image/webp"]
TYPES = ("image/jpeg", "image/png", "image/webp")
BYTES_MAX = 4_000_000  # a phone's full picture, after the page made it smaller
OF_ONE_MAX = 20  # pictures of one thing: more are a stuck button
REF_CHARACTERS = 64
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_END = b"\x00\x00\x00\x00IEND\xaeB`\x82"


class Photo(Struct, frozen=True, kw_only=True):
    """A picture without its bytes. `person` is None when nobody was signed in."""

    id: int
    ref: str
    type: str
    size: int
    person: int | None
    at_ms: int


def sniff(image: bytes) -> Type | None:
    """What the bytes are, by their beginning and their end; None for anything else.

    Sources: JPEG SOI and EOI markers (ITU-T T.81), the PNG signature and IEND chunk (RFC 2083),
    the RIFF container of WebP with the size that it says itself.

    >>> sniff(b"<svg onload=alert(1)>") is None
    True
    """
    if image.startswith(b"\xff\xd8\xff") and image.endswith(b"\xff\xd9"):
        return "image/jpeg"
    if image.startswith(_PNG) and image.endswith(_PNG_END):
        return "image/png"
    told = int.from_bytes(image[4:8], "little") + 8
    if image[:4] == b"RIFF" and image[8:12] == b"WEBP" and told == len(image):
        return "image/webp"
    return None


def keep(
    tx: Tx, *, key: str, ref: str, type: str, image: bytes, person: int | None, now: int
) -> int:
    """Keep a picture of *ref* (return:5, inbound_line:7, stop:9). Returns its id.

    *type* is what the sender calls it ("" = nothing); what it is, its bytes say. The same *key*
    again with the same bytes has no effect. Refuses `PHOTO_TYPE`, `PHOTO_TOO_BIG`,
    `PHOTO_TOO_MANY` and `KEY_REUSED`.
    """
    code(ref, field="ref", max=REF_CHARACTERS)
    if len(image) > BYTES_MAX:
        raise Rejected(Code.PHOTO_TOO_BIG, field="image", limit=BYTES_MAX)
    found = sniff(image)
    if found is None or type not in ("", found):
        raise Rejected(Code.PHOTO_TYPE, field="image", expected=", ".join(TYPES))
    before = tx.execute(select(photos).where(photos.c.key == key)).first()
    if before is not None:
        if (before.ref, _digest(before.image)) != (ref, _digest(image)):
            raise Rejected(Code.KEY_REUSED, key=shown(key))
        return int(before.id)
    if len(of(tx, ref)) >= OF_ONE_MAX:
        raise Rejected(Code.PHOTO_TOO_MANY, limit=OF_ONE_MAX)
    row = {
        "key": key, "ref": ref, "type": found, "image": image, "person_id": person, "at_ms": now,
    }  # fmt: skip
    return int(tx.execute(insert(photos).values(row).returning(photos.c.id)).scalar_one())


def of(tx: Tx, ref: str) -> tuple[Photo, ...]:
    """The pictures of *ref*, oldest first, without their bytes."""
    size = func.length(photos.c.image).label("size")
    columns = (photos.c.id, photos.c.ref, photos.c.type, size, photos.c.person_id, photos.c.at_ms)
    query = select(*columns).where(photos.c.ref == ref).order_by(photos.c.id)
    return tuple(_photo(row) for row in tx.execute(query))


def under(tx: Tx, refs: Sequence[str]) -> tuple[int, ...]:
    """The numbers of the pictures of all *refs*, oldest first."""
    query = select(photos.c.id).where(photos.c.ref.in_(refs)).order_by(photos.c.id)
    return tuple(tx.scalars(query))


def taken(tx: Tx, *, after: int, limit: int) -> tuple[Photo, ...]:
    """The pictures numbered above *after*, oldest first, without their bytes."""
    size = func.length(photos.c.image).label("size")
    columns = (photos.c.id, photos.c.ref, photos.c.type, size, photos.c.person_id, photos.c.at_ms)
    query = select(*columns).where(photos.c.id > after).order_by(photos.c.id).limit(limit)
    return tuple(_photo(row) for row in tx.execute(query))


def image_of(
    tx: Tx, photo: int, *, among: Collection[int] | None = None
) -> tuple[str, bytes]:  # fmt: skip
    """The type and the bytes of one picture, *among* these if they are given. Refuses
    `REFERENCE_UNKNOWN`."""
    row = tx.execute(select(photos.c.type, photos.c.image).where(photos.c.id == photo)).first()
    if row is None or (among is not None and photo not in among):
        raise Rejected(Code.REFERENCE_UNKNOWN, field="photo", value=str(photo))
    return row.type, bytes(row.image)


def _photo(row: Any) -> Photo:
    return Photo(
        id=row.id, ref=row.ref, type=row.type, size=row.size, person=row.person_id,
        at_ms=row.at_ms,
    )  # fmt: skip


def _digest(image: bytes) -> bytes:
    return hashlib.sha256(image).digest()
