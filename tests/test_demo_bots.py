"""The demo's workers never do the same thing for ever."""

import asyncio
import json
from collections import Counter
from random import Random

import httpx2
import msgspec

from app.demo.behaviours import BEHAVIOURS
from app.demo.bots import Bot
from app.demo.physical import Box, World
from app.demo.site import Worker
from app.demo.terminals import HttpTerminal
from app.demo.trouble import Trouble
from wms.prompts import Focus, Option, Prompt

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
