"""The lead's board: readable at two sizes, alive every second, honest when the server is gone."""

import asyncio
import os
import time
from itertools import count
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.board_sample import board_sample
from tests.floor_prompts import samples
from tests.glass import on_glass, settled, until
from tests.tiny_server import TOKEN, TinyFloor, eventually, serving
from tui.board import Board, BoardAction
from tui.board_layout import BoardView, lay_out_board, lay_out_list, tile_key
from tui.board_link import HttpBoardLink
from tui.capture import capture
from tui.link import HttpLink
from tui.paint import row_cells
from tui.text import safe
from wms.messages import Language
from wms.rooms.board_state import BoardState

SNAPSHOTS = Path(__file__).parent / "snapshots"
SIZES = ((80, 24), (120, 40))
LANGUAGES: tuple[Language, ...] = ("ja", "en")


async def nothing(_: Board) -> None:
    """An action that does nothing."""


ACTIONS = (
    BoardAction("p", "take over", nothing),
    BoardAction("u", "unplug", nothing),
    BoardAction("q", "quit", nothing),
)


def board(port: int, actions: tuple[BoardAction, ...] = ACTIONS) -> Board:
    """A board that reads from *port*."""
    link = HttpBoardLink(f"http://127.0.0.1:{port}", token=TOKEN)
    return Board(link, clock=time.monotonic, actions=actions, language="en")


def floor() -> TinyFloor:
    """A server with a picker at HT-01 and a board."""
    tiny = TinyFloor(samples("en")["pick_item"])
    tiny.board = msgspec.json.encode(board_sample("en"))
    return tiny


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_board_looks_as_it_was_agreed(language: Language) -> None:
    tiny = floor()
    tiny.board = msgspec.json.encode(board_sample(language))
    pictures = []
    async with serving(tiny) as port, on_glass(board(port), *SIZES[0]) as (glass, pilot):
        await until(pilot, lambda: "14:20:05" in glass.text())
        for width, height in SIZES:
            glass.resize(width, height)
            picture = await settled(glass, pilot)
            pictures.append(f"{language} {width}x{height}\n{picture}\n\n")
    path = SNAPSHOTS / f"board_{language}.txt"
    if os.environ.get("GENBA_SNAPSHOTS") == "write":
        path.write_text("".join(pictures), "utf-8")
    assert "".join(pictures) == path.read_text("utf-8")


async def test_the_board_lives_and_says_when_it_does_not() -> None:
    tiny = floor()
    running = None
    async with serving(tiny) as port:
        running = on_glass(board(port), 80, 24)
        glass, pilot = await running.__aenter__()
        await until(pilot, lambda: "14:20:05" in glass.text())
        tiny.board = msgspec.json.encode(replace(board_sample("en"), clock="14:20:06"))
        await until(pilot, lambda: "14:20:06" in glass.text())
    try:
        await until(pilot, lambda: "No connection, last seen 14:20:06" in glass.text())
        assert "Yamato" in glass.text()
        async with serving(tiny, port):
            await until(pilot, lambda: "No connection" not in glass.text())
    finally:
        await running.__aexit__(None, None, None)


async def test_a_board_that_is_no_board_and_a_wrong_token_are_said() -> None:
    tiny = floor()
    tiny.board = b'{"what": "is this"}'
    async with serving(tiny) as port, on_glass(board(port), 80, 24) as (glass, pilot):
        await until(pilot, lambda: "Waiting for the server" in glass.text())
        tiny.tokens = set()
        await until(pilot, lambda: "Check the token" in glass.text())


async def test_a_digit_opens_what_is_behind_its_number() -> None:
    async with serving(floor()) as port, on_glass(board(port), 80, 24) as (glass, pilot):
        await until(pilot, lambda: "14:20:05" in glass.text())
        await pilot.press("5")
        await until(pilot, lambda: "Have 3 shelves counted" in glass.text())
        assert "M-1001  Matcha latte x10" in glass.text()
        assert "21 more" in glass.text()
        await pilot.press("escape")
        await until(pilot, lambda: "Yamato" in glass.text())


async def test_an_action_may_ask_and_tell() -> None:
    async def unplug(on: Board) -> None:
        chosen = await on.choose("Which device?", [("L1", "LABEL-1"), ("S1", "SCALE-1")])
        on.note(f"unplugged {chosen}")

    actions = (BoardAction("u", "unplug", unplug),)
    async with serving(floor()) as port, on_glass(board(port, actions), 80, 24) as (glass, pilot):
        await until(pilot, lambda: "u unplug" in glass.text())
        await pilot.press("u")
        await until(pilot, lambda: "2  SCALE-1" in glass.text())
        await pilot.press("2")
        await until(pilot, lambda: "-> unplugged S1" in glass.text())


async def test_a_picker_is_taken_over_inside_the_board_and_given_back() -> None:
    tiny = floor()
    ids = map(str, count())

    async def take_over(on: Board) -> None:
        url = f"http://127.0.0.1:{port}"
        link = HttpLink(url, terminal="HT-01", token=TOKEN, clock=time.monotonic)
        await on.take_over(link, ids=ids.__next__)
        on.note("given back")

    actions = (BoardAction("p", "take over", take_over),)
    async with serving(tiny) as port, on_glass(board(port, actions), 80, 24) as (glass, pilot):
        await until(pilot, lambda: "p take over" in glass.text())
        await pilot.press("p")
        await until(pilot, lambda: "Matcha" in glass.text() and "Esc back" in glass.text())
        await pilot.press(*"NG", "enter")
        await until(pilot, lambda: "NEED GOOD" in glass.text())
        tiny.faults = ["drop_before"]
        await pilot.press(*"4901", "enter", "escape")
        await until(pilot, lambda: "-> given back" in glass.text())
        await eventually(lambda: tiny.texts() == ["NG", "4901"])


def test_every_number_has_its_own_key() -> None:
    assert [tile_key(index) for index in range(10)] == list("1234567890")


def _everywhere(text: str) -> BoardState:
    """A board with *text* in every field of words."""
    builtins = msgspec.to_builtins(board_sample("en"))
    codes = {"code", "tone", "health", "language"}

    def fill(value: object, name: str = "") -> object:
        if isinstance(value, dict):
            return {key: fill(each, key) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [fill(each, name) for each in value]
        return text if isinstance(value, str) and name not in codes else value

    return msgspec.convert(fill(builtins), BoardState)


@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=50), size=st.sampled_from([*SIZES, (60, 16), (200, 60)]))
def test_any_text_fits_the_board_in_plain_cells(text: str, size: tuple[int, int]) -> None:
    view = BoardView(_everywhere(text), text, text, ((text, text),))
    for rows in (lay_out_board(view, *size), lay_out_list(view, 4, *size)):
        assert len(rows) == size[1]
        for row in rows:
            assert row_cells(row) <= size[0]
            assert all(safe(span.text) == span.text for span in row)


async def test_a_capture_is_what_the_program_shows_and_needs_no_network() -> None:
    async def loaded(pilot: object) -> None:
        await eventually(lambda: bool(app.state.clock))

    async with serving(floor()) as port:
        app = board(port)
        taken = await capture(app, width=80, height=24, title="Board <1>", prepare=loaded)
    assert "Kawaguchi" in taken.text and "Yamato" in taken.text
    assert "Board &lt;1&gt;" in taken.svg
    assert "url(" not in taken.svg and "http" not in taken.svg.replace("www.w3.org", "", 1)[40:]
    await asyncio.sleep(0)
