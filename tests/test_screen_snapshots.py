"""Every screen of the floor as a picture: each step of each dialogue, both languages, two sizes.

`GENBA_SNAPSHOTS=write` writes the pictures anew; read the difference before you commit it.
"""

import os
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path

import pytest
from msgspec.structs import replace

from picking.dialogues import DIALOGUES
from tests.floor_prompts import samples
from tests.glass import on_glass, settled, until
from tests.screen_pictures import drawn, faults
from tests.screens import SCREENS
from tests.screens.making import LANGUAGES
from tui.driver import ScanApp
from tui.line import Via
from tui.link import Fate, Trouble
from tui.screen import PromptScreen
from wms.messages import say, texts
from wms.rooms.prompts import Focus, Message, Option, Prompt

SNAPSHOTS = Path(__file__).parent / "snapshots"
SMALLEST, COMMON = (20, 11), (40, 20)
SIZES = (SMALLEST, (26, 16), COMMON, (80, 24))
KINDS = sorted(samples("ja"))
NAMES = ("sign_in", *DIALOGUES)


class Paper:
    """A link that shows whatever prompt lies on it: pictures need no server."""

    trouble: Trouble | None = None
    version: int | None = None

    def __init__(self, prompt: Prompt) -> None:
        self.now = prompt

    async def prompt(self) -> Prompt:
        return self.now

    async def send(
        self, scan_id: str, text: str, via: Via, said_s: float | None = None,
        answers: int | None = None,
    ) -> tuple[Fate, Prompt]:  # fmt: skip
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


def agreed(name: str, pictures: dict[str, str]) -> None:
    """Compare with what is kept under *name*."""
    text = "".join(f"{title}\n{picture}\n\n" for title, picture in pictures.items())
    path = SNAPSHOTS / f"{name}.txt"
    if os.environ.get("GENBA_SNAPSHOTS") == "write":
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8")


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_of_prompt_looks_as_it_was_agreed(name: str) -> None:
    agreed(name, {
        f"{language} {width}x{height}": drawn(samples(language)[name], width, height)
        for language in LANGUAGES
        for width, height in SIZES
    })  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_the_screens_of_a_dialogue_look_as_they_were_agreed(name: str) -> None:
    agreed(f"dialogue_{name}", {
        f"{step} {language} {width}x{height}": drawn(show(language), width, height)
        for step, show in SCREENS[name].items()
        for language in LANGUAGES
        for width, height in (SMALLEST, COMMON)
    })  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_every_step_of_a_dialogue_has_its_screen(name: str) -> None:
    """The steps are those that have words to ask with; a dialogue has no others to show."""
    shown = {screen.partition(" ")[0]: show("ja") for screen, show in SCREENS[name].items()}
    assert {step: prompt.step for step, prompt in shown.items()} == {step: step for step in shown}
    assert {prompt.dialogue for prompt in shown.values()} == {name}
    wanted = {code.rpartition(".")[2] for code in texts() if code.startswith(f"{name}.ask.")}
    if name != "sign_in" and "approval" in DIALOGUES[name].state.__struct_fields__:
        wanted |= {"approval_badge", "approval_pin"}
    assert set(shown) == (wanted or {name})
    words = {
        step: say(f"{name}.ask.{step}", "ja") for step in wanted if f"{name}.ask.{step}" in texts()
    }
    assert {step: shown[step].ask for step in words} == words


@pytest.mark.parametrize("name", NAMES)
def test_nothing_that_matters_is_cut(name: str) -> None:
    found = {
        f"{screen} {language} {size}": wrong
        for screen, show in SCREENS[name].items()
        for language in LANGUAGES
        for size in (SMALLEST, (26, 16), COMMON)
        if (wrong := faults(show(language), *size))
    }
    assert found == {}


EASY: Callable[..., Prompt] = partial(replace, samples("ja")["pick_item"])
MENU_OF_KEYS = tuple(Option(key=f"F{n}", command="x", label="満杯") for n in range(2, 19))
MENU = tuple(Option(key=str(n), command=str(n), label="ピッキングリスト") for n in range(1, 7))


@pytest.mark.parametrize(
    ("prompt", "fault"),
    [
        (EASY(ask="商品のバーコードをていねいにスキャンしてくださいおねがいします"), "ask"),
        (EASY(options=MENU), "digit 6"),
        (EASY(options=MENU_OF_KEYS), "key F18"),
        (EASY(focus=Focus(item="抹茶", place="A-01-02-03-04-05-06-07")), "place"),
        (EASY(focus=Focus(item="抹茶", qty=1, lot="L" * 21)), "lot"),
        (EASY(options=tuple(replace(one, label="緑茶ピッキングリストの一覧" + one.key)
               for one in MENU[:2])),
         "two digits"),
        (EASY(locked=True, message=Message(severity="error", text="あ" * 70)), "message"),
        (EASY(locked=True, message=Message(severity="error", expected="A" * 120)), "message"),
        (EASY(message=Message(severity="attention", text="ロットがちがいます。" * 3)), "message"),
    ],
)  # fmt: skip
def test_the_check_sees_what_is_cut(prompt: Prompt, fault: str) -> None:
    assert [one for one in faults(prompt, *SMALLEST) if one.startswith(fault)] != []


async def test_glass_shows_what_the_layout_draws() -> None:
    paper = Paper(samples("ja")["sign_in"])
    app = Pictured(paper)
    async with on_glass(app, *SIZES[0]) as (glass, pilot):
        for name in ("pick_place", "pick_locked", "pack_weigh", "menu"):
            for language in LANGUAGES:
                paper.now = samples(language)[name]
                app.floor.take_scan("show the next prompt")
                await until(pilot, partial(_shows, app, paper.now))
                for width, height in SIZES:
                    glass.resize(width, height)
                    picture = await settled(glass, pilot)
                    assert picture == drawn(paper.now, width, height), (name, language, width)


def _shows(app: Pictured, prompt: Prompt) -> bool:
    return app.floor.conversation.prompt == prompt
