"""Photos that people took on the floor, for whoever asks what damage looked like.

An owner sees those of its deliveries and returns by their own doors; these are the site's.
"""

from typing import Annotated

from litestar import Response, Router, get
from litestar.params import FromPath, QueryParameter
from msgspec import Struct

from sync.http import TheBook
from wms.db import Tx
from wms.papers import photos
from wms.papers.photos import Photo

SCOPE = "board:read"
PAGE, PAGE_MAX = 100, 1_000


class PhotoPage(Struct, frozen=True, kw_only=True):
    """Photos by number. `next` is what to ask for as `after`, "" at the end."""

    photos: tuple[Photo, ...]
    next: str


@get("/photos", opt={"scope": SCOPE}, summary="Photos taken on the floor")
async def get_photos(
    book: TheBook,
    after: Annotated[str, QueryParameter(pattern="^([0-9]{1,18})?$")] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=PAGE_MAX)] = PAGE,
) -> PhotoPage:
    """`ref` says of what: return:5, inbound_line:7, inbound:3, or stop:9 of a pick."""
    return await book.read(listed, after=int(after or "0"), limit=limit)


@get("/photos/{photo:int}", opt={"scope": SCOPE}, summary="One photo", media_type="image/*")
async def get_photo(photo: FromPath[int], book: TheBook) -> Response[bytes]:
    """As it was taken: JPEG, PNG or WebP."""
    type_, image = await book.read(photos.image_of, photo)
    return Response(image, media_type=type_)


def listed(tx: Tx, *, after: int, limit: int) -> PhotoPage:
    """The photos numbered above *after*."""
    found = photos.taken(tx, after=after, limit=limit)
    return PhotoPage(photos=found, next=str(found[-1].id) if len(found) == limit else "")


def routes() -> Router:
    """The handlers of these doors."""
    return Router("/v1", route_handlers=[get_photos, get_photo])
