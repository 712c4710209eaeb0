"""Screens of put-away, replenishment and moves as pictures, as small as a floor terminal gets.

`GENBA_SNAPSHOTS=write` writes the pictures anew; read the difference before you commit it.
"""

import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from picking.dialogues.move import MOVE
from picking.dialogues.move_facts import State as Moving
from picking.dialogues.putaway import PUTAWAY
from picking.dialogues.putaway_facts import State as Putting
from picking.dialogues.replenish import REPLENISH
from picking.dialogues.replenish_facts import State as Filling
from tests import test_dialogue_move as of_move
from tests import test_dialogue_putaway as of_putaway
from tests import test_dialogue_replenish as of_replenish
from tests.dialogue_table import TEA
from tests.glass import on_glass, settled, until
from tests.test_screen_snapshots import SNAPSHOTS, Paper, Pictured, _ambiguous, _shows
from wms.messages import Language
from wms.prompts import Prompt

SIZES = ((20, 11), (40, 20))
LANGUAGES: tuple[Language, ...] = ("ja", "en")
DATED = replace(of_replenish.LOTTED, expiry="2027-06-01", name="抹茶ラテ スティック 10本入 お徳用")
Show = Callable[[Language], Prompt]

SCREENS: dict[str, Show] = {
    "putaway_source": partial(PUTAWAY.prompt, Putting(), of_putaway.NOTHING),
    "putaway_item": partial(
        PUTAWAY.prompt, of_putaway.AT_ITEM, of_putaway.WHOLE
    ),
    "putaway_which": partial(
        PUTAWAY.prompt, Putting(at="which", source="LPN-1", item=TEA), of_putaway.LOTS
    ),
    "putaway_count": partial(PUTAWAY.prompt, of_putaway.COUNTING, of_putaway.OF_TEA),
    "putaway_place": partial(PUTAWAY.prompt, of_putaway.COUNTED, of_putaway.OF_TEA),
    "putaway_whole": partial(PUTAWAY.prompt, of_putaway.WHOLE_GOES, of_putaway.WHOLE),
    "replenish_get": partial(REPLENISH.prompt, Filling(), of_replenish.NOTHING),
    "replenish_place": partial(REPLENISH.prompt, of_replenish.AT_PLACE, of_replenish.BOTH),
    "replenish_container": partial(
        REPLENISH.prompt, Filling(at="container", promised=72), of_replenish.BOTH
    ),
    "replenish_item": partial(
        REPLENISH.prompt, of_replenish.AT_ITEM, replace(of_replenish.BOTH, takes=(DATED,))
    ),
    "replenish_face": partial(REPLENISH.prompt, of_replenish.AT_FACE, of_replenish.CARRIED),
    "replenish_rest": partial(REPLENISH.prompt, Filling(at="rest"), of_replenish.CARRIED),
    "move_item": partial(MOVE.prompt, of_move.AT_ITEM, of_move.MIXED),
    "move_place": partial(MOVE.prompt, of_move.COUNTED, of_move.OF_TEA),
    "move_whole": partial(MOVE.prompt, Moving(at="place", source="P-01", whole=True),
                          of_move.PALLET),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(SCREENS))
async def test_a_screen_of_the_storage_looks_as_it_was_agreed(name: str) -> None:
    text = await _drawn(SCREENS[name])
    path = SNAPSHOTS / f"storage_{name}.txt"
    if os.environ.get("GENBA_SNAPSHOTS") == "write":
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8")
    assert _ambiguous(text) == []


async def _drawn(show: Show) -> str:
    paper = Paper(show("ja"))
    app = Pictured(paper)
    text = ""
    async with on_glass(app, *SIZES[0]) as (glass, pilot):
        for language in LANGUAGES:
            paper.now = show(language)
            app.floor.take_scan("show the next prompt")
            await until(pilot, partial(_shows, app, paper.now))
            for width, height in SIZES:
                glass.resize(width, height)
                text += f"{language} {width}x{height}\n{await settled(glass, pilot)}\n\n"
    return text
