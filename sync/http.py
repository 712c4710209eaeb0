"""The partner API: orders in, where they stand, what is in stock, and what happened."""

import base64
import re
from typing import Annotated, Any, Literal, Protocol, TypeVar

import msgspec
from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody, QueryParameter
from msgspec import Struct

from wms.db import Book, Tx
from wms.errors import Code, Rejected
from wms.look import stock_view
from wms.look.stock_view import StockPage
from wms.orders import lifecycle, view
from wms.orders.lifecycle import Accepted, NewOrder
from wms.orders.view import OrderList, OrderView
from wms.people import tokens
from wms.people.tokens import Token
from wms.record import commands, events, requests
from wms.record.events import Cursor, Told
from wms.record.requests import body_hash
from wms.upkeep import incarnation

TheBook = NamedDependency[Book]
TheToken = NamedDependency[Token]
Now = NamedDependency[int]
IdempotencyKey = Annotated[str, HeaderParameter(name="Idempotency-Key", max_length=255)]

ORDERS_MAX = 500
STOCK_ITEMS_MAX = 1_000
EVENTS_MAX = 1_000
CURSOR_CHARACTERS_MAX = 128
State = Literal[
    "", "waiting_date", "accepted", "short", "released", "picked", "packed", "shipped",
    "cancelled", "held",
]  # fmt: skip
New = TypeVar("New", bound="_New")
_CURSOR = re.compile(rb"(?P<life>[0-9a-f]*)[.](?P<xid>[0-9]{1,18})[.](?P<position>[0-9]{1,18})")


class _New(Protocol):
    """What the book says of something that may have been told before."""

    @property
    def new(self) -> bool: ...


def told_once(answer: New) -> Response[New]:
    """201 for what is new; 200 with the same answer for what was told before."""
    return Response(answer, status_code=201 if answer.new else 200)


@post(
    "/orders",
    opt={"scope": "orders:write"},
    summary="Give an order to the floor",
    responses={200: ResponseSpec(Accepted, description="It was here already")},
)
async def post_order(
    data: JSONBody[NewOrder], book: TheBook, token: TheToken, now: Now, key: IdempotencyKey = ""
) -> Response[Accepted]:
    """201 for a new order; 200 with the same answer for the same order again; 409 for another.

    With an `Idempotency-Key` a repeated request gets the very answer of the first one.
    """
    answer = await book.write(accept_once, data, token=token, key=key, now=now)
    return told_once(answer)


def accept_once(tx: Tx, order: NewOrder, *, token: Token, key: str, now: int) -> Accepted:
    """`accept_order` under the caller's own *key* ("" for none). Refuses `KEY_REUSED`."""
    if not key:
        return accept_order(tx, order, token=token, now=now)
    asked = {"scope": token.actor, "key": key, "hash": body_hash(msgspec.json.encode(order))}
    stored = requests.answered(tx, **asked)
    if stored is not None:
        return msgspec.json.decode(stored.response, type=Accepted)
    answer = accept_order(tx, order, token=token, now=now)
    response = msgspec.json.encode(answer).decode()
    requests.keep(tx, **asked, status=201 if answer.new else 200, response=response, now=now)
    return answer


def accept_order(tx: Tx, order: NewOrder, *, token: Token, now: int) -> Accepted:
    """Take an order on behalf of *token*. Refuses another owner's, and what `orders` refuses."""
    tokens.owner_for(token, order.owner)
    answer = lifecycle.accept(tx, order, now=now)
    if answer.new:
        commands.record(
            tx, actor=token.actor, device="api", permission="orders:write", name="orders.accept",
            key=order.external_id, body={"order": answer.code, "owner": order.owner}, now=now,
        )  # fmt: skip
    return answer


@get("/orders/{reference:str}", opt={"scope": "orders:read"}, summary="Where an order stands")
async def get_order(
    reference: FromPath[str], book: TheBook, token: TheToken, owner: FromQuery[str] = ""
) -> OrderView:
    """By the external id, the order's code or its number; `owner` if several have the same id."""
    return await book.read(view.get, reference, owner=tokens.owner_for(token, owner))


@get("/orders", opt={"scope": "orders:read"}, summary="Orders, the newest first")
async def get_orders(
    book: TheBook, token: TheToken, in_state: Annotated[State, QueryParameter(name="state")] = "",
    owner: FromQuery[str] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=ORDERS_MAX)] = 100,
) -> OrderList:  # fmt: skip
    """Of one state, or of all; never whom they are for."""
    whose = tokens.owner_for(token, owner)
    return await book.read(view.listed, state=in_state, owner=whose, limit=limit)


@get("/stock", opt={"scope": "stock:read"}, summary="What is in stock")
async def get_stock(
    book: TheBook,
    token: TheToken,
    owner: FromQuery[str] = "",
    sku: FromQuery[str] = "",
    after: Annotated[str, QueryParameter(pattern="^([0-9]{1,18})?$")] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=STOCK_ITEMS_MAX)] = STOCK_ITEMS_MAX,
) -> StockPage:
    """By item, lot and condition, in eaches; `limit` items at a time, go on `after` the `next`."""
    whose = tokens.owner_for(token, owner)
    number = int(after or "0")
    return await book.read(stock_view.page, owner=whose, sku=sku, after=number, limit=limit)


class EventView(Struct, frozen=True, kw_only=True):
    """What happened. `seq` counts 1, 2, 3... within `about`, so a gap can be seen."""

    id: str
    kind: str
    about: str
    seq: int
    owner: str
    at_ms: int
    data: dict[str, Any]


class EventPage(Struct, frozen=True, kw_only=True):
    """Events in the order in which they were committed. `next` is what to ask for as `after`."""

    events: tuple[EventView, ...]
    next: str


@get("/events", opt={"scope": "events:read"}, summary="What happened since")
async def get_events(
    book: TheBook,
    token: TheToken,
    after: Annotated[str, QueryParameter(max_length=CURSOR_CHARACTERS_MAX)] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=EVENTS_MAX)] = 100,
) -> EventPage:
    """From the beginning, or `after` the `next` of the page before; 410 once the book was restored.

    Every event comes, in the order of the commits; a page may be empty: ask again later.
    """
    return await book.read(events_after, after, owner=token.owner, limit=limit)


def events_after(tx: Tx, after: str, *, owner: str, limit: int) -> EventPage:
    """The page of events after a cursor. Refuses `CURSOR_WRONG` and `CURSOR_GONE`."""
    life = incarnation.current(tx)
    cursor = read_cursor(after, life) if after else Cursor()
    told = events.since(tx, cursor, limit, owner=owner)
    return EventPage(
        events=tuple(_event(one) for one in told),
        next=cursor_text(life, told[-1].cursor if told else cursor),
    )


def cursor_text(life: str, cursor: Cursor) -> str:
    """A place in the stream as strangers keep it: its parts are nobody's business but ours."""
    plain = f"{life}.{cursor.xid}.{cursor.position}"
    return base64.urlsafe_b64encode(plain.encode()).rstrip(b"=").decode()


def read_cursor(text: str, life: str) -> Cursor:
    """The place that `cursor_text` wrote. Refuses `CURSOR_WRONG`, after a restore `CURSOR_GONE`.

    >>> read_cursor(cursor_text("a1", Cursor(7, 9)), "a1")
    Cursor(xid=7, position=9)
    """
    try:
        plain = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        plain = b""
    found = _CURSOR.fullmatch(plain)
    if found is None:
        raise Rejected(Code.CURSOR_WRONG, field="after")
    if found["life"].decode() != life:
        raise Rejected(Code.CURSOR_GONE, field="after")
    return Cursor(int(found["xid"]), int(found["position"]))


def _event(told: Told) -> EventView:
    return EventView(
        id=str(told.id), kind=told.event.kind, about=told.aggregate, seq=told.seq,
        owner=told.owner, at_ms=told.at_ms, data=msgspec.to_builtins(told.event),
    )  # fmt: skip


def routes() -> Router:
    """The handlers of this room."""
    return Router("/v1", route_handlers=[post_order, get_order, get_orders, get_stock, get_events])
