"""Bots: workers who read prompts and handle the physical world, and nothing else.

Each behaviour answers one step of a dialogue, as a person would: look at the prompt, look at the
shelf, scan what is in the hand. They make the mistakes that `Trouble` tells them to make.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from app.demo.physical import World
from app.demo.site import Bin, Worker
from app.demo.trouble import Trouble
from wms.rooms.prompts import Prompt

WAIT_S = 0.3  # after so long a worker without work looks again; a little longer each time
WAIT_MAX_S = 6.0


class Terminal(Protocol):
    """A worker's terminal. `scan` is the trigger, `key` the keypad, `command` a function key.

    A scan that the floor took for a bounce was not counted: `scan` waits and pulls again.
    """

    async def prompt(self) -> Prompt: ...

    async def scan(self, text: str) -> Prompt: ...

    async def twice(self, text: str) -> Prompt:
        """The same trigger pull arrives two times."""
        ...

    async def key(self, text: str) -> Prompt: ...

    async def command(self, name: str) -> Prompt: ...

    async def picture(self, name: str) -> bytes: ...

    async def photo(self, ref: str, image: bytes) -> None: ...


@dataclass(slots=True)
class Bench:
    """What stands on a packing bench: ways to put a box on the scale and to take a label."""

    place: str
    weigh: Callable[[int], None]
    clear: Callable[[], None]
    label: Callable[[str], str | None]  # parcel code -> tracking number on the label that came out
    mend: Callable[[], bool]  # reload the printer if it needs it
    tags: Callable[[Counter[Bin]], None]  # put tagged goods before the reader
    paper: Callable[[str], bool]  # whether a sheet with that code came out of the A4 printer


@dataclass(slots=True)
class Wall:
    """A put wall: where it stands, its slots, and which of them shine in a colour."""

    place: str
    slots: tuple[str, ...]
    shines: Callable[[str], list[str]]


AT_REST = ("sign_in", "menu")  # a terminal that locked itself is no work


@dataclass(slots=True)
class Bot:
    """One worker. `pace_s` is the time that a motion takes."""

    worker: Worker
    terminal: Terminal
    world: World
    trouble: Trouble
    pace_s: float
    behaviours: Mapping[str, "Behaviour"]
    bench: Bench | None = None
    wall: Wall | None = None
    hand: Counter[Bin] = field(default_factory=Counter)
    cart: list[str] = field(default_factory=list)
    steps: int = 0
    seen: Prompt | None = None  # what the screen showed last
    turns: int = 0  # how often it chose among several: the next one is another one
    bounce_s: float = 0.35  # longer than the floor's
    wait_s: float = WAIT_S
    wait_s_max: float = WAIT_MAX_S
    last_text: str = ""
    idle: int = 0  # how often in a row there was no work
    memo: dict[str, Any] = field(default_factory=dict)  # what this trade has to remember
    paused: asyncio.Event = field(default_factory=asyncio.Event)

    async def work(self) -> None:
        """Work until cancelled: one step after another, as the prompt says."""
        prompt = await self.terminal.prompt()
        while True:
            await self.paused.wait()
            self.seen = prompt
            await asyncio.sleep(self.pace_s)
            prompt = await self.step(prompt)
            self.steps += 1

    async def step(self, prompt: Prompt) -> Prompt:
        """Do what one prompt asks for. Returns the prompt that follows."""
        if prompt.locked:
            return await self.terminal.command("ok")
        name = f"{prompt.dialogue}.{prompt.step}"
        assert name in self.behaviours, f"{self.worker.role} does not know {name}"
        rested = self.idle
        after = await self.behaviours[name](self, prompt)
        if self.idle == rested and prompt.dialogue not in AT_REST:
            self.idle = 0
        return after

    async def rest(self, looks: int = 1) -> None:
        """Nothing to do just now, at so many looks: wait a moment before looking again."""
        self.idle += looks
        await asyncio.sleep(min(self.wait_s * self.idle, self.wait_s_max))

    def barcode(self, unit: Bin) -> str:
        """What the trigger reads from a unit: its JAN, or a GS1 code where it carries a lot."""
        sku, lot = unit
        good = self.world.goods[sku]
        if lot:
            return f"]C101{good.jan:0>14}10{lot}"
        return f"]E0{good.jan}"

    async def scan(self, text: str) -> Prompt:
        """Pull the trigger; now and then on something else first, or twice.

        The next unit of the same item takes a hand longer than a trigger bounces.
        """
        if text == self.last_text:
            await asyncio.sleep(self.bounce_s)
        self.last_text = text
        mistake = self.trouble.wrong_scan()
        if mistake is not None:
            prompt = await self.terminal.scan(mistake)
            if prompt.locked:
                self.trouble.handled("wrong scans")
                await self.terminal.command("ok")
        if self.trouble.double_scan():
            prompt = await self.terminal.twice(text)
            self.trouble.handled("double scans")
            return prompt
        after = await self.terminal.scan(text)
        while after.dialogue == "sign_in":  # it locked itself meanwhile, and took this for a badge
            await self.step(after)
            after = await self.terminal.scan(text)
        return after


def told(prompt: Prompt | None) -> str:
    """A screen in one line: what it asks for, where, and what it says of the last input."""
    if prompt is None:
        return "-"
    shown, said = prompt.focus, prompt.message
    about = (shown.place, shown.tote, shown.sku, shown.parcel, said.text if said else "")
    return " ".join((f"{prompt.dialogue}.{prompt.step}", *(word for word in about if word)))


Behaviour = Callable[[Bot, Prompt], Awaitable[Prompt]]
