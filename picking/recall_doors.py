"""Doors of a recall: hold a lot, let it go, and ask where all of it is."""

from typing import Annotated

from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody, QueryParameter

from picking import recall
from picking.http import Now, TheBook
from picking.recall import LotNamed, Whereabouts
from wms.db import Tx
from wms.people import tokens
from wms.people.tokens import Token
from wms.record import commands
from wms.site import calendar

SCOPE = "orders:write"  # whoever may hold an order


@post(
    "/lots/hold", opt={"scope": SCOPE}, status_code=200,
    summary="Hold a lot: nothing of it leaves, and who has it is told",
)  # fmt: skip
async def post_lot_hold(
    data: JSONBody[LotNamed], book: TheBook, token: NamedDependency[Token], now: Now
) -> Whereabouts:
    """The same again changes nothing and tells where the lot is by now."""
    return await book.write(hold_lot, data, token=token, now=now)


@post(
    "/lots/release", opt={"scope": SCOPE}, status_code=200, summary="A held lot may leave again",
)  # fmt: skip
async def post_lot_release(
    data: JSONBody[LotNamed], book: TheBook, token: NamedDependency[Token], now: Now
) -> Whereabouts:
    """Orders that were held for it alone go on."""
    return await book.write(release_lot, data, token=token, now=now)


@get("/lots", opt={"scope": "orders:read"}, summary="Where all of a lot is, down to the orders")
async def get_lot(
    book: TheBook, token: NamedDependency[Token],
    owner: Annotated[str, QueryParameter(min_length=1, max_length=32)],
    sku: Annotated[str, QueryParameter(min_length=1, max_length=64)], lot: FromQuery[str] = "",
) -> Whereabouts:  # fmt: skip
    """What lies where, and which orders have, or got, of it."""
    named = LotNamed(owner=owner, sku=sku, lot=lot)
    return await book.read(where_is_lot, named, token=token)


def hold_lot(tx: Tx, named: LotNamed, *, token: Token, now: int) -> Whereabouts:
    """`recall.hold` on behalf of *token*. Refuses another owner's."""
    tokens.owner_for(token, named.owner)
    key = f"recall:{named.owner}:{named.sku}:{named.lot}:{now}"
    today = calendar.business_day(now, calendar.load(tx).zone).isoformat()
    done = recall.hold(tx, named, key=key, today=today, now=now)
    _record(tx, token, "lot.hold", named, now)
    return done


def release_lot(tx: Tx, named: LotNamed, *, token: Token, now: int) -> Whereabouts:
    """`recall.release` on behalf of *token*. Refuses another owner's."""
    tokens.owner_for(token, named.owner)
    today = calendar.business_day(now, calendar.load(tx).zone).isoformat()
    done = recall.release(tx, named, today=today, now=now)
    _record(tx, token, "lot.release", named, now)
    return done


def where_is_lot(tx: Tx, named: LotNamed, *, token: Token) -> Whereabouts:
    """`recall.where` on behalf of *token*. Refuses another owner's."""
    tokens.owner_for(token, named.owner)
    return recall.where(tx, named)


def _record(tx: Tx, token: Token, name: str, named: LotNamed, now: int) -> None:
    commands.record(
        tx, actor=token.actor, device="api", permission=SCOPE, name=name,
        key=f"{named.owner}:{named.sku}:{named.lot}:{now}",
        body={"owner": named.owner, "sku": named.sku, "lot": named.lot}, now=now,
    )  # fmt: skip


def routes() -> Router:
    """The handlers of these doors."""
    return Router("/v1", route_handlers=[post_lot_hold, post_lot_release, get_lot])
