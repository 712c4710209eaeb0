"""The floor screen as a picture: every kind of prompt, both languages, four sizes of terminal.

`GENBA_SNAPSHOTS=write` writes the pictures anew; read the difference before you commit it.
"""

import os
import unicodedata
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from tests.floor_prompts import samples
from tests.glass import on_glass, settled, until
from tui.driver import ScanApp
from tui.line import Via
from tui.link import Fate, Trouble
from tui.screen import PromptScreen
from wms.messages import Language
from wms.prompts import Prompt

SNAPSHOTS = Path(__file__).parent / "snapshots"
SIZES = ((20, 11), (26, 16), (40, 20), (80, 24))
NAMES = sorted(samples("ja"))


class Paper:
    """A link that shows whatever prompt lies on it: pictures need no server."""

    trouble: Trouble | None = None

    def __init__(self, prompt: Prompt) -> None:
        self.now = prompt

    async def prompt(self) -> Prompt:
        return self.now

    async def send(
        self, scan_id: str, text: str, via: Via, said_s: float | None = None
    ) -> tuple[Fate, Prompt]:
        return "applied", self.now

    async def close(self) -> None:
        """Nothing is open."""


class Pictured(ScanApp):
    """An application of one floor screen."""

    def __init__(self, paper: Paper) -> None:
        super().__init__()
        ids = map(str, count())
        self.floor = PromptScreen(paper, ids=ids.__next__, clock=lambda: 0.0)

    def on_mount(self) -> None:
        """Show the floor screen."""
        self.push_screen(self.floor)


async def _pictures(prompts: dict[Language, Prompt]) -> dict[str, str]:
    paper = Paper(prompts["ja"])
    app = Pictured(paper)
    pictures = {}
    async with on_glass(app, *SIZES[0]) as (glass, pilot):
        for language, prompt in prompts.items():
            paper.now = prompt
            app.floor.take_scan("show the next prompt")
            await until(pilot, partial(_shows, app, prompt))
            for width, height in SIZES:
                glass.resize(width, height)
                pictures[f"{language} {width}x{height}"] = await settled(glass, pilot)
    return pictures


@pytest.mark.parametrize("name", NAMES)
async def test_a_prompt_looks_as_it_was_agreed(name: str) -> None:
    languages: tuple[Language, ...] = ("ja", "en")
    pictures = await _pictures({language: samples(language)[name] for language in languages})
    text = "".join(f"{title}\n{picture}\n\n" for title, picture in pictures.items())
    path = SNAPSHOTS / f"{name}.txt"
    if os.environ.get("GENBA_SNAPSHOTS") == "write":
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8")
    assert _ambiguous(text) == []


def _shows(app: Pictured, prompt: Prompt) -> bool:
    return app.floor.conversation.prompt == prompt


def _ambiguous(text: str) -> list[str]:
    return [char for char in text if unicodedata.east_asian_width(char) == "A"]
