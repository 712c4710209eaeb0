"""Doors for personal data: tell what is known of somebody, erase it, and forget what is due.

`genba privacy` comes in here while a server holds the book.
"""

from litestar import Router, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, JSONBody
from msgspec import Struct

from sync.http import Now, TheBook, TheToken
from wms.config import Privacy
from wms.privacy import forgetting, subject
from wms.privacy.subject import Erased, Subject, Told

TheDays = NamedDependency[Privacy]


class Masked(Struct, frozen=True, kw_only=True):
    """How many rows of each kind were forgotten, or (`dry_run`) are due, as far as to 5,000."""

    rows: dict[str, int]
    dry_run: bool = False


@post("/privacy/export", opt={"scope": "admin"}, status_code=200, summary="What is known of them")
async def post_export(data: JSONBody[Subject], book: TheBook, token: TheToken, now: Now) -> Told:
    """Everything that the book knows of one recipient, or of one of the staff."""
    return await book.write(
        subject.export, data, actor=token.actor, device="api", now=now
    )  # fmt: skip


@post("/privacy/erase", opt={"scope": "admin"}, status_code=200, summary="Erase what is known")
async def post_erase(data: JSONBody[Subject], book: TheBook, token: TheToken, now: Now) -> Erased:
    """At their request, before the owner's days are over. Orders under way are named, and kept."""
    return await book.write(
        subject.erase, data, actor=token.actor, device="api", now=now
    )  # fmt: skip


@post("/privacy/mask", opt={"scope": "admin"}, status_code=200, summary="Forget what is due")
async def post_mask(
    book: TheBook, token: TheToken, now: Now, keep: TheDays, dry_run: FromQuery[bool] = False
) -> Masked:
    """What the server does by itself every night."""
    if dry_run:
        return Masked(rows=await book.read(forgetting.count_due, keep, now), dry_run=True)
    done = await forgetting.mask(book, keep, actor=token.actor, device="api", now=now)
    return Masked(rows=done)


def routes(keep: Privacy) -> Router:
    """The handlers of these doors. *keep*: the site's days."""
    return Router(
        "/v1", route_handlers=[post_export, post_erase, post_mask],
        dependencies={"keep": Provide(lambda: keep, sync_to_thread=False)},
    )  # fmt: skip
