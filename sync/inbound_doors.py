"""Doors for deliveries: an owner announces them, and sees what of them came."""

from typing import Annotated, Literal

from litestar import Response, Router, get, post
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Meta, Struct

from sync.http import Now, TheBook, TheToken, told_once
from wms.db import Tx
from wms.inbound import deliveries, view
from wms.inbound.deliveries import AnnouncedInbound, NewInbound
from wms.inbound.view import InboundPage, InboundView
from wms.papers import photos
from wms.people import tokens
from wms.people.tokens import Token
from wms.record import commands

SCOPE = "inbound:write"
PAGE_MAX = 1_000
StateAsked = Literal["", "expected", "receiving", "received", "cancelled"]


@post(
    "/inbounds",
    opt={"scope": SCOPE},
    summary="Announce a delivery",
    responses={200: ResponseSpec(AnnouncedInbound, description="It was here already")},
)
async def post_inbound(
    data: JSONBody[NewInbound], book: TheBook, token: TheToken, now: Now
) -> Response[AnnouncedInbound]:
    """201 for a new delivery; 200 with the same answer for the same again; 409 for another.

    A delivery is known by its owner and `external_id`.
    """
    answer = await book.write(announce, data, token=token, now=now)
    return told_once(answer)


@get("/inbounds/{reference:str}", opt={"scope": SCOPE}, summary="What of a delivery has come")
async def get_inbound(
    reference: FromPath[str], book: TheBook, token: TheToken, owner: FromQuery[str] = ""
) -> InboundView:
    """By the external id, the delivery's code or its number; `owner` if several have the id."""
    return await book.read(view.get, reference, owner=tokens.owner_for(token, owner))


@get("/inbounds", opt={"scope": SCOPE}, summary="Deliveries")
async def get_inbounds(
    book: TheBook,
    token: TheToken,
    of_state: Annotated[StateAsked, QueryParameter(name="state")] = "",
    owner: FromQuery[str] = "",
    after: Annotated[str, QueryParameter(pattern="^([0-9]{1,18})?$")] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=PAGE_MAX)] = view.PAGE,
) -> InboundPage:
    """Those in `state` (expected, receiving, received, cancelled), `limit` at a time."""
    whose = tokens.owner_for(token, owner)
    return await book.read(
        view.page, state=of_state, owner=whose, after=int(after or "0"), limit=limit
    )


@get(
    "/inbounds/{reference:str}/photos/{photo:int}",
    opt={"scope": SCOPE},
    summary="A picture of what arrived damaged",
    media_type="image/*",
)
async def get_inbound_photo(
    reference: FromPath[str], photo: FromPath[int], book: TheBook, token: TheToken,
    owner: FromQuery[str] = "",
) -> Response[bytes]:  # fmt: skip
    """As it was taken: JPEG, PNG or WebP. Its number is one of the delivery's `photos`."""
    whose = tokens.owner_for(token, owner)
    type_, image = await book.read(picture, reference, photo, owner=whose)
    return Response(image, media_type=type_)


class InboundCancel(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a delivery will not come."""

    reason: Annotated[str, Meta(max_length=200)] = ""


@post("/inbounds/{reference:str}/cancel", opt={"scope": SCOPE}, status_code=200,
      summary="Say that a delivery will not come")  # fmt: skip
async def post_inbound_cancel(
    reference: FromPath[str], data: JSONBody[InboundCancel], book: TheBook, token: TheToken,
    now: Now, owner: FromQuery[str] = "",
) -> InboundView:  # fmt: skip
    """Until anything of it has come; then 409. A second time it changes nothing."""
    whose = tokens.owner_for(token, owner)
    return await book.write(
        cancel, reference, owner=whose, reason=data.reason, token=token, now=now
    )


def announce(tx: Tx, row: NewInbound, *, token: Token, now: int) -> AnnouncedInbound:
    """Take a delivery on behalf of *token*. Refuses another owner's, and what `inbound` does."""
    tokens.owner_for(token, row.owner)
    answer = deliveries.announce(tx, row, now=now)
    if answer.new:
        body = {"inbound": answer.code, "owner": row.owner}
        _record(tx, "inbound.announce", row.external_id, token, body, now)
    return answer


def cancel(
    tx: Tx, reference: str, *, owner: str, reason: str, token: Token, now: int
) -> InboundView:  # fmt: skip
    """Cancel a delivery on behalf of *token*."""
    row = deliveries.find(tx, reference, owner=owner)
    if deliveries.cancel(tx, row.id, now=now, reason=reason):
        _record(tx, "inbound.cancel", row.external_id, token, {"inbound": row.code}, now)
    return view.get(tx, row.code)


def picture(tx: Tx, reference: str, photo: int, *, owner: str) -> tuple[str, bytes]:
    """A picture of this very delivery. Refuses `REFERENCE_UNKNOWN` and what `find` refuses."""
    return photos.image_of(tx, photo, among=view.get(tx, reference, owner=owner).photos)


def _record(
    tx: Tx, name: str, key: str, token: Token, body: dict[str, str], now: int
) -> None:  # fmt: skip
    commands.record(
        tx, actor=token.actor, device="api", permission=SCOPE, name=name, key=key, body=body,
        now=now,
    )  # fmt: skip


def routes() -> Router:
    """The handlers of these doors."""
    return Router(
        "/v1",
        route_handlers=[
            post_inbound, get_inbound, get_inbounds, get_inbound_photo, post_inbound_cancel,
        ],
    )  # fmt: skip
