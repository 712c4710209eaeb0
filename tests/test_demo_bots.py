"""The demo's workers never do the same thing for ever."""

import asyncio
import json
from collections import Counter
from random import Random

import httpx2
import msgspec

from app.demo.behaviours import BEHAVIOURS
from app.demo.bots import Bench, Bot
from app.demo.bots_pack import pack_verify
from app.demo.physical import Box, World
from app.demo.site import Worker
from app.demo.terminals import HttpTerminal
from app.demo.trouble import Trouble
from wms.rooms.prompts import Focus, Message, Option, Prompt

CARRIERS = ("sagawa", "japanpost", "yamato")
ROUNDS = 3
SHIPPER = Worker("P8", "中村 颯", "ship", "DOCK-1", "token", "badge")
WAITING = Box("P0000001-1", "201000000003", weight_g=500, units=Counter(), closed=True)
OPTIONS = tuple(
    Option(key=str(n), command=str(n), label=name) for n, name in enumerate(CARRIERS, start=1)
)
CHOOSE = Prompt(dialogue="ship", step="manifest", title="", ask="", options=OPTIONS)


class Floor:
    """Answers on the wire like the floor does: pickups to choose from, and a box for the first."""

    def __init__(self) -> None:
        self.chosen: list[str] = []
        self.enough = asyncio.Event()

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        shown = CHOOSE
        said = json.loads(request.content)["text"] if request.content else ""
        if said.isdigit():
            self.chosen.append(CARRIERS[int(said) - 1])
            focus = Focus(place=self.chosen[-1])
            shown = Prompt(dialogue="ship", step="load", title="", ask="", focus=focus)
        if said == WAITING.parcel or len(self.chosen) > ROUNDS * len(CARRIERS):
            self.enough.set()
        body = {"fate": "applied", "prompt": msgspec.to_builtins(shown)}
        return httpx2.Response(200, json=body)


def test_a_shipper_looks_at_every_pickup_until_each_box_is_loaded() -> None:
    asyncio.run(_load_one())


async def _load_one() -> None:
    floor = Floor()
    transport = httpx2.MockTransport(floor.answer)
    async with httpx2.AsyncClient(transport=transport, base_url="http://floor") as client:
        world = World(goods={}, shelves={}, emptied=frozenset(), boxes={"O0000001": WAITING})
        trouble = Trouble(Random(1), enabled=False)
        bot = Bot(SHIPPER, HttpTerminal(SHIPPER, client), world, trouble, 0, BEHAVIOURS)
        bot.paused.set()
        work = asyncio.create_task(bot.work())
        await asyncio.wait_for(floor.enough.wait(), timeout=10)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
    assert "sagawa" in floor.chosen


PACKER = Worker("P5", "伊藤 凛", "pack", "BENCH-1", "token", "badge", "PACK-1")
BENCH = Bench("PACK-1", weigh=lambda _grams: None, clear=lambda: None,
              label=lambda _parcel: "201000000003", mend=lambda: False, tags=lambda _tags: None,
              paper=lambda _code: False)  # fmt: skip


def verify(parcel: str, code: str = "") -> Prompt:
    message = Message(severity="error", code=code, text=code) if code else None
    return Prompt(dialogue="pack", step="verify", title="", ask="", focus=Focus(parcel=parcel),
                  message=message, locked=bool(code))  # fmt: skip


def closes(after: Prompt) -> bool:
    """Whether a packer takes box P1 for closed when a scan of its label leads to *after*."""

    def answer(_request: httpx2.Request) -> httpx2.Response:
        body = {"fate": "refused", "prompt": msgspec.to_builtins(after)}
        return httpx2.Response(200, json=body)

    async def scan() -> bool:
        transport = httpx2.MockTransport(answer)
        async with httpx2.AsyncClient(transport=transport, base_url="http://floor") as client:
            world = World(goods={}, shelves={}, emptied=frozenset())
            trouble = Trouble(Random(1), enabled=False)
            terminal = HttpTerminal(PACKER, client)
            bot = Bot(PACKER, terminal, world, trouble, 0, BEHAVIOURS, bench=BENCH)
            await pack_verify(bot, verify("P1"))
            return world.boxes["P1"].closed

    return asyncio.run(scan())


def test_a_packer_knows_that_a_box_is_closed_although_the_second_reading_is_refused() -> None:
    assert closes(verify("P2", "pack.wrong_label")), "the screen is at the order's next box"
    assert not closes(verify("P1", "pack.wrong_label"))
    assert not closes(verify("P2", "order.cancelled")), "it was stopped"
