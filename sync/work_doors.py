"""Doors for value-added work: an owner asks for it, releases it, and sees how far it is."""

from litestar import Response, Router, get, post
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Struct

from sync.http import Now, TheBook, TheToken, told_once
from wms.db import Tx
from wms.people import tokens
from wms.people.tokens import Token
from wms.record import commands
from wms.site import calendar
from wms.work import jobs as work_orders
from wms.work.jobs import NewWork, Work

SCOPE = "work:write"


class WorkList(Struct, frozen=True, kw_only=True):
    """Work orders, the newest first."""

    work_orders: tuple[Work, ...]


class Nothing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Nothing has to be said."""


@post(
    "/work-orders", opt={"scope": SCOPE}, summary="Ask for kits or other work",
    responses={200: ResponseSpec(Work, description="It was here already")},
)  # fmt: skip
async def post_work(
    data: JSONBody[NewWork], book: TheBook, token: TheToken, now: Now
) -> Response[Work]:
    """201 for new work; 200 with how far it is for the same again; 409 for another."""
    answer = await book.write(create, data, token=token, now=now)
    return told_once(answer)


@get("/work-orders", opt={"scope": SCOPE}, summary="Work orders, the newest first")
async def get_works(book: TheBook, token: TheToken, owner: FromQuery[str] = "") -> WorkList:
    """The newest hundred."""
    whose = tokens.owner_for(token, owner)
    return await book.read(lambda tx: WorkList(work_orders=work_orders.listed(tx, owner=whose)))


@get("/work-orders/{reference:str}", opt={"scope": SCOPE}, summary="How far a work order is")
async def get_work(
    reference: FromPath[str], book: TheBook, token: TheToken, owner: FromQuery[str] = ""
) -> Work:
    """By its external id or its code (W0000012)."""
    whose = tokens.owner_for(token, owner)
    return await book.read(
        lambda tx: work_orders.view(tx, work_orders.find(tx, reference, owner=whose))
    )


@post(
    "/work-orders/{reference:str}/release", opt={"scope": SCOPE}, status_code=200,
    summary="Reserve its materials and ask for hands",
)  # fmt: skip
async def post_work_release(
    reference: FromPath[str], data: JSONBody[Nothing], book: TheBook, token: TheToken, now: Now,
    owner: FromQuery[str] = "",
) -> Work:  # fmt: skip
    """422 when materials are missing: nothing is reserved then."""
    del data
    return await book.write(release, reference, token=token, owner=owner, now=now)


@post(
    "/work-orders/{reference:str}/cancel", opt={"scope": SCOPE}, status_code=200,
    summary="No more of it is made",
)  # fmt: skip
async def post_work_cancel(
    reference: FromPath[str], data: JSONBody[Nothing], book: TheBook, token: TheToken, now: Now,
    owner: FromQuery[str] = "",
) -> Work:  # fmt: skip
    """What was made stays made; materials that were fetched are put back."""
    del data
    return await book.write(cancel, reference, token=token, owner=owner, now=now)


def create(tx: Tx, wanted: NewWork, *, token: Token, now: int) -> Work:
    """Take work on behalf of *token*. Refuses another owner's, and what `work_orders` does."""
    tokens.owner_for(token, wanted.owner)
    answer = work_orders.create(tx, wanted, now=now)
    if answer.new:
        _record(tx, token, "work.create", answer, now)
    return answer


def release(tx: Tx, reference: str, *, token: Token, owner: str, now: int) -> Work:
    """Release work on behalf of *token*."""
    number = work_orders.find(tx, reference, owner=tokens.owner_for(token, owner))
    before = work_orders.view(tx, number).state
    today = calendar.business_day(now, calendar.load(tx).zone).isoformat()
    answer = work_orders.release(tx, number, today=today, now=now)
    if answer.state != before:
        _record(tx, token, "work.release", answer, now)
    return answer


def cancel(tx: Tx, reference: str, *, token: Token, owner: str, now: int) -> Work:
    """Cancel work on behalf of *token*."""
    number = work_orders.find(tx, reference, owner=tokens.owner_for(token, owner))
    before = work_orders.view(tx, number).state
    answer = work_orders.cancel(tx, number, now=now)
    if answer.state != before:
        _record(tx, token, "work.cancel", answer, now)
    return answer


def _record(tx: Tx, token: Token, name: str, work: Work, now: int) -> None:
    commands.record(
        tx, actor=token.actor, device="api", permission=SCOPE, name=name, key=work.external_id,
        body={"work": work.code, "owner": work.owner}, now=now,
    )  # fmt: skip


def routes() -> Router:
    """The handlers of these doors."""
    handlers = [post_work, get_works, get_work, post_work_release, post_work_cancel]
    return Router("/v1", route_handlers=handlers)
