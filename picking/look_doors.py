"""`GET /v1/look`: what any code is, where it has been and what is promised, for leads."""

from typing import Annotated

from litestar import Router, get
from litestar.params import QueryParameter

from picking.dialogues import look as dialogue
from picking.http import Now, TheBook
from picking.resolve import TEXT_MAX, resolve
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.look.found import Asking, Found
from wms.text import shown


@get("/look", opt={"scope": "board:read"}, summary="What a code is")
async def get_look(
    book: TheBook, now: Now,
    code: Annotated[str, QueryParameter(min_length=1, max_length=TEXT_MAX)],
) -> Found:  # fmt: skip
    """Read as a scanner would read it; then among orders, deliveries, returns, lots and serials."""
    return await book.read(look_up, code, now=now)


def look_up(tx: Tx, code: str, *, now: int) -> Found:
    """Everything about *code*. Refuses `LOOK_UNKNOWN` and `LOOK_AMBIGUOUS`."""
    seen = resolve(tx, code, "scan")
    if seen.kind == "ambiguous":
        raise Rejected(Code.LOOK_AMBIGUOUS, scanned=shown(code), expected=seen.code)
    asked = dialogue.subject_of(seen)
    if asked is None:
        raise Rejected(Code.LOOK_UNKNOWN, scanned=shown(code))
    return dialogue.refuse_unknown(tx, asked, Asking(now))


def routes() -> Router:
    """The handler."""
    return Router("/v1", route_handlers=[get_look])
