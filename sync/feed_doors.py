"""Doors for looking after webhooks: who hears, what nobody takes, and sending that once more."""

from typing import Annotated, Any, Literal

from litestar import Router, get, post
from litestar.params import JSONBody
from msgspec import Meta, Struct
from sqlalchemy import Row, func, select

from sync import outbox
from sync.http import Now, TheBook, TheToken
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.record import commands
from wms.schema import deliveries, endpoints, events, orders
from wms.text import shown

PARKED_MAX = 200


class EndpointView(Struct, frozen=True, kw_only=True):
    """Who hears of events. `resting` after failures; `gone` said 410; `off`: not configured."""

    name: str
    url: str
    owner: str
    state: Literal["on", "resting", "gone", "off"]
    delivered: int
    waiting: int
    parked: int


class ParkedView(Struct, frozen=True, kw_only=True):
    """A webhook that was refused, or not taken ten times; it holds back those behind it."""

    endpoint: str
    webhook_id: str
    kind: str
    about: str
    attempts: int
    error: str
    at_ms: int


class WebhookList(Struct, frozen=True, kw_only=True):
    """Every endpoint, and the newest webhooks that are parked."""

    endpoints: tuple[EndpointView, ...]
    parked: tuple[ParkedView, ...]


class Replay(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to send once more: what is parked at *endpoint*, or everywhere."""

    endpoint: Annotated[str, Meta(max_length=100)] = ""


class Replayed(Struct, frozen=True, kw_only=True):
    """How many webhooks will be sent once more."""

    count: int


@get("/webhooks", opt={"scope": "admin"}, summary="Who hears of events, and what is parked")
async def get_webhooks(book: TheBook, now: Now) -> WebhookList:
    """Without secrets, which the book does not know."""
    return await book.read(list_webhooks, now=now)


@post("/webhooks/replay", opt={"scope": "admin"}, status_code=200, summary="Send parked ones again")
async def post_replay(data: JSONBody[Replay], book: TheBook, token: TheToken, now: Now) -> Replayed:
    """Each gets its ten attempts once more; an endpoint that rests or is gone is tried at once."""
    return await book.write(replay, data, actor=token.actor, device="api", now=now)


def list_webhooks(tx: Tx, *, now: int) -> WebhookList:
    """Endpoints by name, and what is parked, the newest first."""
    counts = _counts(tx)
    rows = tx.execute(select(endpoints).order_by(endpoints.c.name)).all()
    return WebhookList(
        endpoints=tuple(
            EndpointView(
                name=row.name, url=row.url, owner=row.owner, state=_state(row, now),
                delivered=counts.get((row.id, "delivered"), 0),
                waiting=counts.get((row.id, "pending"), 0),
                parked=counts.get((row.id, "parked"), 0),
            )
            for row in rows
        ),
        parked=_parked(tx),
    )  # fmt: skip


def _counts(tx: Tx) -> dict[tuple[int, str], int]:
    """How many deliveries of each endpoint are in each state."""
    key = deliveries.c.endpoint_id, deliveries.c.state
    query = select(*key, func.count().label("many")).group_by(*key)
    return {(row.endpoint_id, row.state): row.many for row in tx.execute(query)}


def _state(row: Row[Any], now: int) -> Literal["on", "resting", "gone", "off"]:
    if not row.active:
        return "off"
    if row.paused_until_ms == outbox.FOREVER:
        return "gone"
    return "resting" if row.paused_until_ms > now else "on"


def _parked(tx: Tx) -> tuple[ParkedView, ...]:
    query = (
        select(deliveries, endpoints.c.name, events.c.kind)
        .join(endpoints, endpoints.c.id == deliveries.c.endpoint_id)
        .join(events, events.c.id == deliveries.c.event_id)
        .where(deliveries.c.state == "parked")
        .order_by(deliveries.c.done_ms.desc(), deliveries.c.id)
        .limit(PARKED_MAX)
    )
    rows = tx.execute(query).all()
    codes = _codes(tx, {row.aggregate for row in rows})
    return tuple(
        ParkedView(
            endpoint=row.name, webhook_id=row.webhook_id, kind=row.kind, attempts=row.attempts,
            about=codes.get(row.aggregate, row.aggregate), error=row.last_error, at_ms=row.done_ms,
        )
        for row in rows
    )  # fmt: skip


def _codes(tx: Tx, aggregates: set[str]) -> dict[str, str]:
    """What is printed on the papers of the orders among *aggregates*."""
    numbers = {int(each.partition(":")[2]) for each in aggregates if each.startswith("order:")}
    query = select(orders.c.id, orders.c.code).where(orders.c.id.in_(numbers))
    return {f"order:{row.id}": row.code for row in tx.execute(query)}


def replay(tx: Tx, wanted: Replay, *, actor: str, device: str, now: int) -> Replayed:
    """Send what is parked once more, and write down who asked. Refuses an unknown endpoint."""
    if wanted.endpoint:
        known = select(endpoints.c.id).where(endpoints.c.name == wanted.endpoint)
        if tx.execute(known).first() is None:
            raise Rejected(Code.REFERENCE_UNKNOWN, field="endpoint", value=shown(wanted.endpoint))
    count = outbox.replay(tx, endpoint=wanted.endpoint, now=now)
    commands.record(
        tx, actor=actor, device=device, permission="admin", name="webhooks.replay",
        key=wanted.endpoint, body={"count": count}, now=now,
    )  # fmt: skip
    return Replayed(count=count)


def routes() -> Router:
    """The handlers of these doors."""
    return Router("/v1", route_handlers=[get_webhooks, post_replay])
