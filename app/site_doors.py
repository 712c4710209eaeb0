"""The site's own settings by API: owners, shops, carriers, boxes and numbers, from one file.

`genba site` comes in here while a server holds the book.
"""

from litestar import Router, post
from litestar.params import FromQuery, JSONBody
from msgspec import Struct

from sync.http import Now, TheBook, TheToken
from wms import site_settings
from wms.db import Tx
from wms.record import commands
from wms.site_settings import SiteSettings


class SitePut(Struct, frozen=True, kw_only=True):
    """How many rows of each part were put. `kept` is what the book has and the file does not name,
    of the parts that the file has: nothing takes it away."""

    parts: dict[str, int]
    kept: dict[str, tuple[str, ...]] = {}


class DryRun(Exception):
    """Everything was fine, and is taken back. It carries the answer out of the transaction."""

    def __init__(self, answer: SitePut) -> None:
        super().__init__("dry run")
        self.answer = answer


@post("/site", opt={"scope": "admin"}, status_code=200, summary="Put the site's settings")
async def post_site(
    data: JSONBody[SiteSettings],
    book: TheBook,
    token: TheToken,
    now: Now,
    dry_run: FromQuery[bool] = False,
) -> SitePut:
    """Owners, shops, services, pickups, transit days, holidays, boxes, tracking numbers.

    What is not named stays as it is. All of it, or none.
    """
    try:
        return await book.write(
            put, data, dry_run=dry_run, actor=token.actor, device="api", now=now
        )
    except DryRun as done:
        return done.answer


def put(
    tx: Tx, settings: SiteSettings, *, dry_run: bool, actor: str, device: str, now: int
) -> SitePut:
    """Put *settings* and write down who did. Raises `DryRun` at the end of one."""
    site_settings.put(tx, settings)
    parts = {name: len(getattr(settings, name)) for name in SiteSettings.__struct_fields__}
    answer = SitePut(
        parts={name: count for name, count in parts.items() if count},
        kept=site_settings.kept(tx, settings),
    )
    if dry_run:
        raise DryRun(answer)
    commands.record(
        tx, actor=actor, device=device, permission="admin", name="site.put", body=answer.parts,
        now=now,
    )  # fmt: skip
    return answer


def routes() -> Router:
    """The handler of the site's settings."""
    return Router("/v1", route_handlers=[post_site])
