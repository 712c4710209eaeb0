"""`GET /v1/board`, the board in the reader's language, and `GET /v1/evening`, the day's end."""

from litestar import Router, get
from litestar.di import NamedDependency, Provide
from msgspec.structs import replace

from app.board.evening import Evening, evening
from app.board.facts import read
from app.board.floor import devices, people, robots
from app.board.happenings import happenings
from app.board.tiles import pickup_rows, stage_rows, tiles
from app.board.words import clock_s
from sync.http import Now, TheBook
from wms.config import Config
from wms.db import Tx
from wms.messages import Language, say
from wms.rooms.board_state import BoardState, Happening


def board(tx: Tx, *, config: Config, now: int, language: Language) -> BoardState:
    """The whole board at *now* (UTC milliseconds), its words in *language*."""
    facts = read(tx, now=now)
    return BoardState(
        site=config.site.name, clock=clock_s(now, facts.zone), language=language,
        tiles=tiles(facts, language), pickups=pickup_rows(facts, language),
        stages=stage_rows(facts), people=people(facts, language),
        robots=robots(facts, language), devices=devices(facts, language),
        exceptions=happenings(facts, language),
    )  # fmt: skip


@get("/board", opt={"scope": "board:read"}, summary="The lead's board")
async def get_board(
    book: TheBook, now: Now, language: NamedDependency[Language], config: NamedDependency[Config]
) -> BoardState:
    """Ten numbers, what is behind them, and everybody at work; by `Accept-Language`."""
    shown = await book.read(board, config=config, now=now, language=language)
    if not book.full:
        return shown
    alarm = Happening(at=shown.clock, text=say("disk.full", language), tone="error")
    return replace(shown, exceptions=(alarm, *shown.exceptions))


@get("/evening", opt={"scope": "board:read"}, summary="Whether the day adds up")
async def get_evening(book: TheBook, now: Now) -> Evening:
    """Labelled = handed over + still here; what is for the next day."""
    return await book.read(evening, now=now)


def board_router(config: Config) -> Router:
    """The handlers of the board of the site in *config*."""
    return Router(
        "/v1", route_handlers=[get_board, get_evening],
        dependencies={"config": Provide(lambda: config, sync_to_thread=False)},
    )  # fmt: skip
