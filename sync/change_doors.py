"""Doors through which an order changes its mind: cancel, change, hold, release.

A cancel or change that comes too late is answered like any other: `outcome` says "refused", what
was done instead, and the OMS hears the same as an event.
"""

from typing import Annotated

from litestar import Router, post
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta, Struct
from sqlalchemy import select

from sync.http import Now, TheBook, TheToken
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.orders import cancel, changes, holds, view
from wms.orders.cancel import Cancelled
from wms.orders.changes import Change, Changed
from wms.orders.holds import Held
from wms.orders.new import EXTERNAL_ID_CHARACTERS
from wms.people import tokens
from wms.people.tokens import Token
from wms.record import commands
from wms.schema import owners
from wms.site import calendar
from wms.text import clean, code, shown

Reason = Annotated[str, Meta(max_length=cancel.REASON_CHARACTERS)]


class LineWanted(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many eaches of a line are wanted from now on: fewer than before, 0 for none."""

    line_no: Annotated[int, Meta(ge=1, le=1_000)]
    qty: Annotated[int, Meta(ge=0, le=9_999)]


class CancelRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Without `lines` the whole order. `reason` is for people, and comes back in the event."""

    reason: Reason = ""
    lines: Annotated[tuple[LineWanted, ...], Meta(max_length=200)] = ()


class HoldRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why an order is held, for people."""

    reason: Reason = ""


class ReleaseRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Nothing has to be said."""


@post(
    "/orders/{reference:str}/cancel", opt={"scope": "orders:write"}, status_code=200,
    summary="Cancel an order, or make its lines smaller",
)  # fmt: skip
async def post_cancel(
    reference: FromPath[str], data: JSONBody[CancelRequest], book: TheBook, token: TheToken,
    now: Now, owner: FromQuery[str] = "",
) -> Cancelled:  # fmt: skip
    """Wherever its goods are; `outcome` and `stage` say what that meant. Repeats have one effect.

    A cancel that overtakes its order is kept under the external id: the order will arrive as
    cancelled. For that it must be known whose it is: by the token, or by `owner`.
    """
    return await book.write(cancel_order, reference, data, token=token, owner=owner, now=now)


@post(
    "/orders/{reference:str}/change", opt={"scope": "orders:write"}, status_code=200,
    summary="Change recipient, date, time slot, service or notes",
)  # fmt: skip
async def post_change(
    reference: FromPath[str], data: JSONBody[Change], book: TheBook, token: TheToken, now: Now,
    owner: FromQuery[str] = "",
) -> Changed:  # fmt: skip
    """Until its label is printed; what is left out stays as it is."""
    return await book.write(change_order, reference, data, token=token, owner=owner, now=now)


@post(
    "/orders/{reference:str}/hold", opt={"scope": "orders:write"}, status_code=200,
    summary="Nothing of it leaves until it is released",
)  # fmt: skip
async def post_hold(
    reference: FromPath[str], data: JSONBody[HoldRequest], book: TheBook, token: TheToken,
    now: Now, owner: FromQuery[str] = "",
) -> Held:  # fmt: skip
    """Its goods are kept for it, wherever they are."""
    return await book.write(hold_order, reference, data, token=token, owner=owner, now=now)


@post(
    "/orders/{reference:str}/release", opt={"scope": "orders:write"}, status_code=200,
    summary="A held order goes on",
)  # fmt: skip
async def post_release(
    reference: FromPath[str], data: JSONBody[ReleaseRequest], book: TheBook, token: TheToken,
    now: Now, owner: FromQuery[str] = "",
) -> Held:  # fmt: skip
    """From where it was, or as far as it came meanwhile."""
    return await book.write(release_order, reference, data, token=token, owner=owner, now=now)


def cancel_order(
    tx: Tx, reference: str, asked: CancelRequest, *, token: Token, owner: str, now: int
) -> Cancelled:
    """Cancel on behalf of *token*; an order that is not here yet is remembered."""
    whose = tokens.owner_for(token, owner)
    order = _known(tx, reference, whose) if whose and not asked.lines else None
    if order is None and whose and not asked.lines:
        order = _remember(tx, reference, whose)
        if order is None:
            _record(tx, token, "orders.cancel", reference, {"stage": "before"}, now)
            return Cancelled(
                owner=whose, external_id=reference, outcome="cancelled", stage="before"
            )
    if order is None:
        order = int(view.find(tx, reference, owner=whose).id)
    if asked.lines:
        wanted = {line.line_no: line.qty for line in asked.lines}
        if len(wanted) != len(asked.lines):
            raise Rejected(Code.ROW_TWICE, field="lines", value="line_no")
        answer = cancel.reduce(tx, order, wanted=wanted, reason=asked.reason, now=now)
    else:
        answer = cancel.cancel(tx, order, reason=asked.reason, now=now)
    if answer.new:
        told = {"order": answer.code, "outcome": answer.outcome, "stage": answer.stage}
        _record(tx, token, "orders.cancel", answer.external_id, told, now)
    return answer


def change_order(
    tx: Tx, reference: str, asked: Change, *, token: Token, owner: str, now: int
) -> Changed:
    """Change on behalf of *token*; the record says which fields, never what they hold."""
    row = view.find(tx, reference, owner=tokens.owner_for(token, owner))
    answer = changes.change(tx, row.id, asked, now=now)
    if answer.new:
        told = {
            "order": answer.code, "outcome": answer.outcome, "fields": ",".join(answer.fields),
        }  # fmt: skip
        _record(tx, token, "orders.change", answer.external_id, told, now)
    return answer


def hold_order(
    tx: Tx, reference: str, asked: HoldRequest, *, token: Token, owner: str, now: int
) -> Held:
    """Hold on behalf of *token*."""
    row = view.find(tx, reference, owner=tokens.owner_for(token, owner))
    answer = holds.hold(tx, row.id, reason=asked.reason, now=now)
    if answer.new:
        _record(tx, token, "orders.hold", answer.external_id, {"order": answer.code}, now)
    return answer


def release_order(
    tx: Tx, reference: str, asked: ReleaseRequest, *, token: Token, owner: str, now: int
) -> Held:
    """Release on behalf of *token*, by the site's calendar."""
    del asked
    row = view.find(tx, reference, owner=tokens.owner_for(token, owner))
    today = calendar.business_day(now, calendar.load(tx).zone).isoformat()
    answer = holds.release(tx, row.id, today=today, now=now)
    if answer.new:
        _record(tx, token, "orders.release", answer.external_id, {"order": answer.code}, now)
    return answer


def _known(tx: Tx, reference: str, owner: str) -> int | None:
    try:
        return int(view.find(tx, reference, owner=owner).id)
    except Rejected as refusal:
        if refusal.code is not Code.ORDER_UNKNOWN:
            raise
        return None


def _remember(tx: Tx, reference: str, owner: str) -> int | None:
    """Keep a cancel that came first. Refuses an id that no order could have."""
    name = code(reference, field="reference", max=EXTERNAL_ID_CHARACTERS)
    if tx.execute(select(owners.c.code).where(owners.c.code == owner)).first() is None:
        raise Rejected(Code.REFERENCE_UNKNOWN, field="owner", value=shown(owner))
    return cancel.cancel_unknown(tx, owner=owner, external_id=name)


def _record(tx: Tx, token: Token, name: str, key: str, body: dict[str, str], now: int) -> None:
    commands.record(
        tx, actor=token.actor, device="api", permission="orders:write", name=name,
        key=clean(key, field="reference", max=200), body=body, now=now,
    )  # fmt: skip


def routes() -> Router:
    """The handlers of these doors."""
    return Router("/v1", route_handlers=[post_cancel, post_change, post_hold, post_release])
