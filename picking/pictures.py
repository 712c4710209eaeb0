"""Pictures at a terminal: those of goods are shown, those of damage are taken.

A picture of an item is a file in the folder `pictures` beside `config.toml`, or a photo of the
book (`photo:12`). An item's picture that is an outside address is never loaded: a floor's screen
asks nobody but its server.
"""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, QueryParameter, RawBody
from msgspec import Struct
from sqlalchemy import exists, select

from picking import floor, terminals
from picking.floor import Settings
from picking.http import Now, TheBook, TheSettings, admit, secret_of
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.papers import photos
from wms.record import commands
from wms.rooms.prompts import Prompt
from wms.schema import items, scans
from wms.schema import photos as photos_table
from wms.text import shown

FOLDER = "pictures"
FILE_BYTES_MAX = 4_000_000
LOOKED_BACK = 200  # answers of this terminal that may have asked for a photo which comes late
PHOTO = "photo:"
REFUSES_MARKUP = {"Content-Security-Policy": "default-src 'none'; sandbox"}
TheFolder = NamedDependency[Path]


class KeptPhoto(Struct, frozen=True, kw_only=True):
    """A photo that is in the book now."""

    photo: int


class _Asked(Struct):
    prompt: Prompt


@get("/terminals/{terminal:str}/pictures", opt={"public": True}, summary="A picture for a screen")
async def get_picture(
    terminal: FromPath[str], request: Request[Any, Any, Any], book: TheBook, folder: TheFolder,
    name: Annotated[str, QueryParameter(min_length=1, max_length=200)],
) -> Response[bytes]:  # fmt: skip
    """What the prompt's `focus.picture` names, as JPEG, PNG or WebP."""
    secret = secret_of(request)
    if name.startswith(PHOTO):
        kind, image = await book.read(_photo, terminal, secret, name.removeprefix(PHOTO))
    else:
        await book.read(admit, terminal, secret)
        kind, image = await asyncio.to_thread(file_picture, folder, name)
    return Response(image, media_type=kind, headers=REFUSES_MARKUP)


@post(
    "/terminals/{terminal:str}/photos", opt={"public": True}, status_code=200,
    summary="A photo taken at a terminal", request_max_body_size=photos.BYTES_MAX,
)  # fmt: skip
async def post_photo(
    terminal: FromPath[str], body: RawBody, request: Request[Any, Any, Any], book: TheBook,
    now: Now, settings: TheSettings,
    ref: Annotated[str, QueryParameter(min_length=1, max_length=photos.REF_CHARACTERS)],
    key: Annotated[str, QueryParameter(min_length=8, max_length=80)],
) -> KeptPhoto:  # fmt: skip
    """Kept with what the prompt's `photo` named; the same `key` again changes nothing."""
    kind, _ = request.content_type
    return await book.write(
        keep, terminal, secret_of(request), ref=ref, key=key, type=kind, image=body, now=now,
        settings=settings,
    )  # fmt: skip


def keep(
    tx: Tx, terminal: str, secret: str, *, ref: str, key: str, type: str, image: bytes, now: int,
    settings: Settings,
) -> KeptPhoto:  # fmt: skip
    """Keep a photo that a prompt of *terminal* asked for, now or a while ago.

    Refuses `PHOTO_UNASKED`, and what `photos.keep` refuses.
    """
    admit(tx, terminal, secret)
    prompt, _ = floor.show(tx, terminal=terminal, now=now, settings=settings)
    if ref != prompt.photo and ref not in _asked_before(tx, terminal):
        raise Rejected(Code.PHOTO_UNASKED, field="ref", value=shown(ref))
    row = terminals.read(tx, terminal)
    person = row.person_id if row is not None else None
    mine = f"terminal:{terminal}:{key}"
    photo = photos.keep(
        tx, key=mine, ref=ref, type=type, image=image, person=person, now=now
    )  # fmt: skip
    commands.record(
        tx, actor=f"person:{person}" if person else "nobody", device=terminal, permission="",
        name="photo.keep", key=mine, body={"ref": ref, "photo": photo}, now=now,
    )  # fmt: skip
    return KeptPhoto(photo=photo)


def _asked_before(tx: Tx, terminal: str) -> set[str]:
    """What the last prompts of *terminal* wanted pictures of."""
    mine = select(scans.c.answer).where(scans.c.terminal_id == terminal)
    rows = tx.scalars(mine.order_by(scans.c.id.desc()).limit(LOOKED_BACK))
    return {
        msgspec.json.decode(answer, type=_Asked).prompt.photo
        for answer in rows if '"photo"' in answer
    }  # fmt: skip


def file_picture(folder: Path, name: str) -> tuple[str, bytes]:
    """The type and bytes of the picture file *name* in *folder*. Refuses `PICTURE_UNKNOWN`."""
    root = folder.resolve()
    try:
        file = (root / name).resolve()
        there = file.is_relative_to(root) and file.is_file()
    except (OSError, ValueError):  # no file can be called so
        there = False
    if not there:
        raise Rejected(Code.PICTURE_UNKNOWN, name=shown(name))
    if file.stat().st_size > FILE_BYTES_MAX:
        raise Rejected(Code.PICTURE_UNKNOWN, name=shown(name))
    image = file.read_bytes()
    kind = photos.sniff(image)
    if kind is None:
        raise Rejected(Code.PICTURE_UNKNOWN, name=shown(name))
    return kind, image


def _photo(tx: Tx, terminal: str, secret: str, number: str) -> tuple[str, bytes]:
    """A photo that was taken at this terminal, or that is an item's picture; no other."""
    admit(tx, terminal, secret)
    if not (number.isascii() and number.isdigit() and len(number) <= 9):
        raise Rejected(Code.PICTURE_UNKNOWN, name=shown(f"{PHOTO}{number}"))
    taken_here = photos_table.c.key.startswith(f"terminal:{terminal}:", autoescape=True)
    of_goods = exists().where(items.c.picture == f"{PHOTO}{number}")
    asked = select(photos_table.c.id).where(photos_table.c.id == int(number), taken_here | of_goods)
    if tx.execute(asked).first() is None:  # returns show names and addresses: they are not goods
        raise Rejected(Code.PICTURE_UNKNOWN, name=shown(f"{PHOTO}{number}"))
    return photos.image_of(tx, int(number))


def routes(settings: Settings, folder: Path) -> Router:
    """The handlers of pictures; *folder* holds those of goods."""
    return Router(
        "/v1", route_handlers=[get_picture, post_photo],
        dependencies={
            "settings": Provide(lambda: settings, sync_to_thread=False),
            "folder": Provide(lambda: folder, sync_to_thread=False),
        },
    )  # fmt: skip
