"""Doors for counting: what wants to be counted, sweeps, and stocktakes from freezing to signature.

`genba count` and `genba stocktake` come in here while a server holds the book.
"""

from typing import Annotated

import msgspec
from litestar import Router, delete, get, post
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta, Struct

from picking import stocktaking, sweep
from sync.http import Now, TheBook, TheToken
from wms.counts import chosen, counting, stocktakes
from wms.counts.confidence import Reason
from wms.counts.stocktakes import Entry, Stocktake
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.record import commands, requests
from wms.site import calendar

PLACES_MAX = 500
Place = Annotated[str, Meta(min_length=1, max_length=32)]
Maybe = Annotated[str, Meta(max_length=100)]
Minutes = Annotated[int, Meta(ge=1, le=1_440)]


class DoubtView(Struct, frozen=True, kw_only=True):
    """A place: how sure the book is of it, of 100, and why; how urgent a count of it is."""

    place: str
    zone: str
    percent: int
    reasons: tuple[Reason, ...]
    velocity: str
    urgency: int
    waits: bool
    counted_ms: int


class DoubtList(Struct, frozen=True, kw_only=True):
    """Places, the one that most wants to be counted first."""

    places: tuple[DoubtView, ...]


class NewCounts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Counts that are asked for. `key` is made by whoever asks, once.

    With `opening` of shelves of which the book knows nothing: what is found there is opening stock.
    Then without `places` of all of them, or those of `zone`.
    """

    key: Annotated[str, Meta(min_length=1, max_length=80)]
    places: Annotated[tuple[Place, ...], Meta(max_length=PLACES_MAX)] = ()
    opening: bool = False
    zone: Maybe = ""


class Opened(Struct, frozen=True, kw_only=True):
    """How many counts were asked for; places that wait for one already are not among them."""

    count: int


class NewSweep(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A reader was carried along *place* in the last *minutes*."""

    key: Annotated[str, Meta(min_length=1, max_length=80)]
    place: Place
    device: Annotated[str, Meta(min_length=1, max_length=64)]
    minutes: Minutes = 10


class Swept(Struct, frozen=True, kw_only=True):
    """`agreed`, or `recount`: somebody has to look."""

    ending: str


class NewStocktake(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be counted: an owner's goods, a zone, or (neither) the whole site.

    `key` is made by whoever asks, once: asked again, it is the same stocktake.
    """

    key: Annotated[str, Meta(min_length=1, max_length=80)]
    owner: Maybe = ""
    zone: Maybe = ""


class Signature(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who signs for the owner."""

    by: Annotated[str, Meta(min_length=1, max_length=100)]


class Signed(Struct, frozen=True, kw_only=True):
    """The stocktake as it is now; `orders` lack goods."""

    stocktake: Stocktake
    orders: tuple[str, ...]


class StocktakeList(Struct, frozen=True, kw_only=True):
    """The newest first."""

    stocktakes: tuple[Stocktake, ...]


class StocktakeView(Struct, frozen=True, kw_only=True):
    """A stocktake, and what was counted: all of it, or what differs; of one `owner`'s goods ("" =
    everybody's)."""

    stocktake: Stocktake
    entries: tuple[Entry, ...]
    owner: str = ""
    owner_name: str = ""


@get("/counts", opt={"scope": "board:read"}, summary="What wants to be counted")
async def get_counts(
    book: TheBook, now: Now, zone: FromQuery[str] = "", owner: FromQuery[str] = "",
    limit: FromQuery[int] = 100,
) -> DoubtList:  # fmt: skip
    """How sure the book is of each shelf, and why."""
    return await book.read(list_doubts, zone=zone, owner=owner, limit=limit, now=now)


@post("/counts", opt={"scope": "admin"}, summary="Ask for counts")
async def post_counts(
    data: JSONBody[NewCounts], book: TheBook, token: TheToken, now: Now
) -> Opened:
    """Each becomes a task; a place that waits for a count already is left as it is."""
    return await book.write(open_counts, data, actor=token.actor, device="api", now=now)


@post("/counts/sweep", opt={"scope": "admin"}, summary="Compare an RFID sweep with the book")
async def post_sweep(data: JSONBody[NewSweep], book: TheBook, token: TheToken, now: Now) -> Swept:
    """A sweep that agrees is a count; one that differs asks somebody to look."""
    return await book.write(do_sweep, data, actor=token.actor, device="api", now=now)


@post("/stocktakes", opt={"scope": "admin"}, summary="Freeze places and count them twice")
async def post_stocktake(
    data: JSONBody[NewStocktake], book: TheBook, token: TheToken, now: Now
) -> Stocktake:
    """Nothing is promised from these places, or put into them, until it is signed or ended.

    Asked again with the same `key`, it is the same answer, and no second stocktake.
    """
    return await book.write(start, data, actor=token.actor, device="api", now=now)


@get("/stocktakes", opt={"scope": "board:read"}, summary="Stocktakes")
async def get_stocktakes(book: TheBook) -> StocktakeList:
    """How far each is."""
    return await book.read(list_stocktakes)


@get("/stocktakes/{stocktake:str}", opt={"scope": "board:read"}, summary="A stocktake")
async def get_stocktake(
    stocktake: FromPath[str], book: TheBook, all: FromQuery[bool] = False,
    owner: FromQuery[str] = "",
) -> StocktakeView:  # fmt: skip
    """What two people have counted: what differs, or with `all` every line; of one owner or all."""
    return await book.read(view, stocktake, every=all, owner=owner)


@post("/stocktakes/{stocktake:str}/sign", opt={"scope": "admin"}, summary="The owner signs")
async def post_signature(
    stocktake: FromPath[str], data: JSONBody[Signature], book: TheBook, token: TheToken, now: Now
) -> Signed:
    """What was found is booked, and the places are open again: all of it or nothing."""
    return await book.write(
        sign, stocktake, data.by, actor=token.actor, device="api", now=now
    )  # fmt: skip


@post(
    "/stocktakes/{stocktake:str}/recounts/{place:str}", opt={"scope": "admin"},
    summary="Count a place once more",
)  # fmt: skip
async def post_recount(
    stocktake: FromPath[str], place: FromPath[str], book: TheBook, token: TheToken, now: Now
) -> Stocktake:
    """It was counted by two people, and nobody believes it."""
    return await book.write(
        recount, stocktake, place, actor=token.actor, device="api", now=now
    )  # fmt: skip


@delete(
    "/stocktakes/{stocktake:str}", opt={"scope": "admin"}, summary="Give a stocktake up",
    status_code=200,
)  # fmt: skip
async def delete_stocktake(
    stocktake: FromPath[str], book: TheBook, token: TheToken, now: Now
) -> Stocktake:
    """Nothing of it is booked; the places are open again."""
    return await book.write(end, stocktake, actor=token.actor, device="api", now=now)


def list_doubts(tx: Tx, *, zone: str, owner: str, limit: int, now: int) -> DoubtList:
    """The places that most want to be counted, up to *limit*."""
    return DoubtList(places=tuple(
        DoubtView(
            place=one.place, zone=one.zone, percent=one.sure.percent, reasons=one.sure.reasons,
            velocity=one.velocity, urgency=one.urgency, waits=one.waits,
            counted_ms=one.counted_ms,
        )
        for one in chosen.doubts(tx, now=now, zone=zone, owner=owner)[: max(limit, 0)]
    ))  # fmt: skip


def open_counts(tx: Tx, wanted: NewCounts, *, actor: str, device: str, now: int) -> Opened:
    """Ask for counts and write down who did. Refuses `STOCKTAKE_EMPTY` where there is no place."""
    asked, kind = wanted.places, "cycle"
    if wanted.opening:
        asked = chosen.unused(tx, zone=wanted.zone, only=wanted.places)
        kind = counting.OPENING
    if not asked:
        raise Rejected(Code.STOCKTAKE_EMPTY)
    opened = sum(
        counting.open_all(
            tx, asked[start : start + PLACES_MAX], kind=kind, key=f"asked:{wanted.key}",
            reason="asked", now=now, priority=1,
        )
        for start in range(0, len(asked), PLACES_MAX)
    )  # fmt: skip
    _record(tx, "counts.open", wanted.key, actor, device, now)
    return Opened(count=opened)


def do_sweep(tx: Tx, wanted: NewSweep, *, actor: str, device: str, now: int) -> Swept:
    """Compare a sweep with the book and write down who asked."""
    ended = sweep.sweep(
        tx, place=wanted.place, device=wanted.device, since_ms=now - wanted.minutes * 60_000,
        key=wanted.key, actor=actor, now=now, today=_today(tx, now),
    )  # fmt: skip
    _record(tx, "counts.sweep", wanted.key, actor, device, now)
    return Swept(ending=ended.ending)


def start(tx: Tx, wanted: NewStocktake, *, actor: str, device: str, now: int) -> Stocktake:
    """Begin a stocktake and write down who did; under a known key, the answer of the first time.

    Refuses `KEY_REUSED` when that key came with another scope, and what `stocktakes` refuses.
    """
    hash = requests.body_hash(msgspec.json.encode(wanted))
    asked = {"scope": f"stocktake:{actor}", "key": wanted.key, "hash": hash}
    stored = requests.answered(tx, **asked)
    if stored is not None:
        return msgspec.json.decode(stored.response, type=Stocktake)
    try:
        begun = stocktakes.start(tx, owner=wanted.owner, zone=wanted.zone, now=now)
    except Rejected:
        stored = requests.answered(tx, **asked)  # the same request may have come twice at once
        if stored is None:
            raise
        return msgspec.json.decode(stored.response, type=Stocktake)
    response = msgspec.json.encode(begun).decode()
    requests.keep(tx, **asked, status=200, response=response, now=now)
    _record(tx, "stocktake.start", begun.code, actor, device, now)
    return begun


def list_stocktakes(tx: Tx) -> StocktakeList:
    """The newest first."""
    return StocktakeList(stocktakes=tuple(stocktakes.listed(tx)))


def view(tx: Tx, code: str, *, every: bool, owner: str = "") -> StocktakeView:
    """A stocktake with its lines: *every* one or those that differ, of *owner* or of all.

    Refuses `REFERENCE_UNKNOWN` (the stocktake, or the owner).
    """
    shown = stocktakes.show(tx, code)
    owner = owner or shown.owner
    entries = stocktakes.entries(tx, code, only_differences=not every, owner=owner)
    name = stocktakes.name_of(tx, owner) if owner else ""
    return StocktakeView(
        stocktake=shown, entries=tuple(entries), owner=owner, owner_name=name
    )  # fmt: skip


def sign(tx: Tx, code: str, by: str, *, actor: str, device: str, now: int) -> Signed:
    """Book what was found and write down who did, and who signed."""
    ended, orders = stocktaking.sign(
        tx, code, by=by, actor=actor, key=f"stocktake:{code}", now=now, today=_today(tx, now)
    )
    _record(tx, "stocktake.sign", code, actor, device, now)
    return Signed(stocktake=ended, orders=orders)


def recount(tx: Tx, code: str, place: str, *, actor: str, device: str, now: int) -> Stocktake:
    """Have a place counted once more and write down who asked."""
    stocktakes.recount(tx, code, place)
    _record(tx, "stocktake.recount", f"{code} {place}", actor, device, now)
    return stocktakes.show(tx, code)


def end(tx: Tx, code: str, *, actor: str, device: str, now: int) -> Stocktake:
    """Give a stocktake up and write down who did."""
    stocktakes.end(tx, code, now=now)
    _record(tx, "stocktake.end", code, actor, device, now)
    return stocktakes.show(tx, code)


def _today(tx: Tx, now: int) -> str:
    return calendar.business_day(now, calendar.load(tx).zone).isoformat()


def _record(tx: Tx, name: str, key: str, actor: str, device: str, now: int) -> None:
    commands.record(tx, actor=actor, device=device, permission="admin", name=name, key=key, now=now)


def routes() -> Router:
    """The handlers of these doors."""
    return Router("/v1", route_handlers=[
        get_counts, post_counts, post_sweep, post_stocktake, get_stocktakes, get_stocktake,
        post_signature, post_recount, delete_stocktake,
    ])  # fmt: skip
