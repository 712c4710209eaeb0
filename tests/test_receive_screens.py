"""Every screen of receiving on the smallest and on a common terminal, in both languages.

`GENBA_SNAPSHOTS=write` writes the pictures anew; read the difference before you commit it.
"""

import os
import unicodedata
from dataclasses import replace
from pathlib import Path

from msgspec.structs import replace as changed

from picking.dialogues.receive import RECEIVE
from picking.dialogues.receive_facts import Facts, State
from picking.portal import Decision, Missing, Read, Sighting
from tests.picking_site import NOON
from tests.receive_table import (
    BASE,
    CHOOSE,
    HAT,
    ITEM,
    LABEL,
    LAST,
    MILK,
    PILL,
    RADIO,
    SOAP,
    hand,
    holding,
    item,
)
from tui.layout import View, lay_out
from wms.messages import Language
from wms.prompts import Prompt

SNAPSHOT = Path(__file__).parent / "snapshots" / "receive.txt"
SIZES = ((20, 11), (40, 20))
LANGUAGES: tuple[Language, ...] = ("ja", "en")
LONG = "さくらハンドクリーム 抹茶の香り 50g 数量限定"
READ = replace(
    BASE,
    portal=Decision(
        accepted=((1, "a"), (1, "b")), missing=(Missing(SOAP, "SOAP", 2, ("c", "d")),),
        extra=(Read("e", HAT, "HAT"),), elsewhere=(Read("f", SOAP, "SOAP", "IN0000008"),),
    ),
    sightings=(Sighting("c", "SOAP", "gate-2", -61, NOON - 9_000),),
)  # fmt: skip
PILLS = replace(holding(PILL), item=replace(item(PILL), name=LONG))
SCREENS: dict[str, tuple[State, Facts]] = {
    "choose": (State(), CHOOSE),
    "owner": (State(at="owner"), replace(CHOOSE, owners=("SAKURA", "MORI"))),
    "item": (ITEM, replace(BASE, last=LAST._replace(place=LABEL), last_item=item(SOAP))),
    "lot": (hand(PILL, at="lot"), PILLS),
    "expiry": (hand(MILK, at="expiry"), holding(MILK)),
    "serial": (hand(RADIO, at="serial", qty=3, serials=("S1",)), holding(RADIO)),
    "sure": (hand(MILK, at="sure", expiry="2026-11-21"), holding(MILK)),
    "put": (hand(PILL, at="put", qty=124, lot="L26110012", expiry="2027-05-31"), PILLS),
    "over": (hand(SOAP, at="over", qty=9, target="PL-1"), holding(SOAP)),
    "why": (hand(SOAP, at="why", qty=2), holding(SOAP)),
    "bind": (changed(ITEM, at="bind", code="4999"), BASE),
    "inside": (changed(ITEM, at="inside", code="4999", binding=SOAP), holding(SOAP)),
    "list": (changed(ITEM, at="list"), BASE),
    "close": (changed(ITEM, at="close"), BASE),
    "portal": (changed(ITEM, at="portal", portal_ms=NOON), READ),
    "locate": (changed(ITEM, at="locate", portal_ms=NOON), READ),
}  # fmt: skip


def drawn(prompt: Prompt, width: int, height: int) -> str:
    rows = lay_out(View(prompt=prompt), width, height)
    return "\n".join("".join(span.text for span in row).rstrip() for row in rows)


def test_the_screens_of_receiving_look_as_it_was_agreed() -> None:
    pictures = [
        f"{name} {language} {width}x{height}\n{drawn(RECEIVE.prompt(*at, language), width, height)}"
        for name, at in SCREENS.items()
        for language in LANGUAGES
        for width, height in SIZES
    ]
    text = "\n\n".join(pictures) + "\n"
    if os.environ.get("GENBA_SNAPSHOTS") == "write":
        SNAPSHOT.write_text(text, "utf-8")
    assert text == SNAPSHOT.read_text("utf-8")


def test_the_smallest_screen_shows_the_question_and_every_digit() -> None:
    for name, at in SCREENS.items():
        for language in LANGUAGES:
            prompt = RECEIVE.prompt(*at, language)
            picture = drawn(prompt, *SIZES[0])
            assert f"> {prompt.ask}" in picture, (name, language)
            for option in prompt.options:
                if option.key.isdigit():
                    assert f"{option.key} {option.label[:5]}" in picture, (name, option)
            assert [c for c in picture if unicodedata.east_asian_width(c) == "A"] == []


def test_every_step_has_its_screen() -> None:
    from picking.dialogues.receive_prompt import AWAITS

    assert set(SCREENS) == set(AWAITS)
