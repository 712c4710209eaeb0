"""Doors for returns: an owner announces them, sees what became of them, and decides."""

from typing import Annotated

from litestar import Response, Router, get, post
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Struct

from sync.http import Now, TheBook, TheToken, told_once
from wms.db import Tx
from wms.orders.lifecycle import Accepted
from wms.papers import photos
from wms.people import tokens
from wms.people.tokens import Token
from wms.record import commands
from wms.returns import cases, closing, onward, view
from wms.returns.cases import Announced, NewReturn
from wms.returns.closing import Decision
from wms.returns.onward import ToOwner
from wms.returns.view import ReturnPage, ReturnView

SCOPE = "returns:write"
PAGE_MAX = 1_000
STATES = "^(announced|arrived|grading|graded|closed|cancelled)?$"


@post(
    "/returns",
    opt={"scope": SCOPE},
    summary="Announce a return",
    responses={200: ResponseSpec(Announced, description="It was here already")},
)
async def post_return(
    data: JSONBody[NewReturn], book: TheBook, token: TheToken, now: Now
) -> Response[Announced]:
    """201 for a new RMA; 200 with the same answer for the same again; 409 for another.

    An RMA is known by its owner and `external_id`.
    """
    answer = await book.write(announce, data, token=token, now=now)
    return told_once(answer)


@get("/returns/{reference:str}", opt={"scope": SCOPE}, summary="What became of a return")
async def get_return(
    reference: FromPath[str], book: TheBook, token: TheToken, owner: FromQuery[str] = ""
) -> ReturnView:
    """By the external id, the return's code or its number; `owner` if several have the id."""
    return await book.read(view.get, reference, owner=tokens.owner_for(token, owner))


@get("/returns", opt={"scope": SCOPE}, summary="Returns")
async def get_returns(
    book: TheBook,
    token: TheToken,
    of_state: Annotated[str, QueryParameter(name="state", pattern=STATES)] = "",
    owner: FromQuery[str] = "",
    after: Annotated[str, QueryParameter(pattern="^([0-9]{1,18})?$")] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=PAGE_MAX)] = 100,
) -> ReturnPage:
    """Those in `state`, `limit` at a time; go on `after` the `next`."""
    whose = tokens.owner_for(token, owner)
    return await book.read(
        view.page, owner=whose, state=of_state, after=int(after or "0"), limit=limit
    )


@get(
    "/returns/{reference:str}/photos/{photo:int}",
    opt={"scope": SCOPE},
    summary="A picture of a return",
    media_type="image/*",
)
async def get_return_photo(
    reference: FromPath[str], photo: FromPath[int], book: TheBook, token: TheToken,
    owner: FromQuery[str] = "",
) -> Response[bytes]:  # fmt: skip
    """As it was taken: JPEG, PNG or WebP. Its number is one of the return's `photos`."""
    whose = tokens.owner_for(token, owner)
    type_, image = await book.read(picture, reference, photo, owner=whose)
    return Response(image, media_type=type_)


class ReturnDecision(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What becomes of an undelivered parcel: once more to the customer, or back on the shelf."""

    decision: Decision


@post("/returns/{reference:str}/decision", opt={"scope": SCOPE}, status_code=200,
      summary="Say what becomes of an undelivered parcel")  # fmt: skip
async def post_return_decision(
    reference: FromPath[str], data: JSONBody[ReturnDecision], book: TheBook, token: TheToken,
    now: Now, owner: FromQuery[str] = "",
) -> ReturnView:  # fmt: skip
    """`reship` sends the same goods in a new parcel, once; `cancel` puts them back after a look.

    `cancel` of a return that has not come means that it will not come. 409 for another decision.
    """
    whose = tokens.owner_for(token, owner)
    return await book.write(
        decide, reference, data.decision, owner=whose, token=token, now=now
    )  # fmt: skip


@post(
    "/returns/to-owner",
    opt={"scope": SCOPE},
    summary="Have returned goods sent to their owner",
    responses={200: ResponseSpec(Accepted, description="It was asked for before")},
)
async def post_to_owner(
    data: JSONBody[ToOwner], book: TheBook, token: TheToken, now: Now
) -> Response[Accepted]:
    """All that was set aside for the owner in closed returns goes out, as an order of its own.

    201 for a new one; 200 with the same answer for the same `external_id` again.
    """
    answer = await book.write(send_to_owner, data, token=token, now=now)
    return told_once(answer)


def send_to_owner(tx: Tx, asked: ToOwner, *, token: Token, now: int) -> Accepted:
    """Send goods back to their owner on behalf of *token*. Refuses another owner's."""
    tokens.owner_for(token, asked.owner)
    answer = onward.send_to_owner(tx, asked, now=now)
    if answer.new:
        _record(tx, "returns.to_owner", asked.external_id, answer.code, token, now)
    return answer


def announce(tx: Tx, row: NewReturn, *, token: Token, now: int) -> Announced:
    """Take an RMA on behalf of *token*. Refuses another owner's, and what `returns` does."""
    tokens.owner_for(token, row.owner)
    answer = cases.announce(tx, row, now=now)
    if answer.new:
        _record(tx, "returns.announce", row.external_id, answer.code, token, now)
    return answer


def decide(
    tx: Tx, reference: str, decision: Decision, *, owner: str, token: Token, now: int
) -> ReturnView:
    """Decide on behalf of *token*."""
    seen = view.get(tx, reference, owner=owner)
    if decision == "cancel" and seen.kind != "undelivered":
        done = cases.cancel(tx, seen.return_id, now=now)
    else:
        closing.decide(tx, seen.return_id, decision, now=now)
        done = not seen.decision
    if done:
        _record(tx, f"returns.{decision}", seen.external_id, seen.code, token, now)
    return view.get(tx, seen.code, owner=seen.owner)


def picture(tx: Tx, reference: str, photo: int, *, owner: str) -> tuple[str, bytes]:
    """A picture of this very return. Refuses `RETURN_UNKNOWN` and `REFERENCE_UNKNOWN`."""
    return photos.image_of(tx, photo, among=view.get(tx, reference, owner=owner).photos)


def _record(tx: Tx, name: str, key: str, code: str, token: Token, now: int) -> None:
    commands.record(
        tx, actor=token.actor, device="api", permission=SCOPE, name=name, key=key,
        body={"return": code}, now=now,
    )  # fmt: skip


def routes() -> Router:
    """The handlers of these doors."""
    return Router("/v1", route_handlers=[
        post_return, post_to_owner, get_return, get_returns, get_return_photo, post_return_decision,
    ])  # fmt: skip
