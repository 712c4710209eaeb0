"""The partner API: orders in, where they stand, what is in stock, and what happened."""

from litestar import Response, Router, get, post
from litestar.openapi import ResponseSpec

from wms import commands, order_view, orders, tokens
from wms.db import Book, Tx
from wms.order_view import OrderView
from wms.orders import Accepted, NewOrder
from wms.tokens import Token


@post(
    "/orders",
    opt={"scope": "orders:write"},
    summary="Give an order to the floor",
    responses={200: ResponseSpec(Accepted, description="It was here already")},
)
async def post_order(data: NewOrder, book: Book, token: Token, now: int) -> Response[Accepted]:
    """201 for a new order; 200 with the same answer for the same order again; 409 for another."""
    answer = await book.write(accept_order, data, token=token, now=now)
    return Response(answer, status_code=201 if answer.new else 200)


def accept_order(tx: Tx, order: NewOrder, *, token: Token, now: int) -> Accepted:
    """Take an order on behalf of *token*. Refuses another owner's, and what `orders` refuses."""
    tokens.owner_for(token, order.owner)
    answer = orders.accept(tx, order, now=now)
    if answer.new:
        commands.record(
            tx, actor=token.actor, device="api", permission="orders:write", name="orders.accept",
            key=order.external_id, body={"order": answer.code, "owner": order.owner}, now=now,
        )  # fmt: skip
    return answer


@get("/orders/{reference:str}", opt={"scope": "orders:read"}, summary="Where an order stands")
async def get_order(reference: str, book: Book, token: Token, owner: str = "") -> OrderView:
    """By the external id, the order's code or its number; `owner` if several have the same id."""
    return await book.read(order_view.get, reference, owner=tokens.owner_for(token, owner))


def routes() -> Router:
    """The handlers of this room."""
    return Router("/v1", route_handlers=[post_order, get_order])
