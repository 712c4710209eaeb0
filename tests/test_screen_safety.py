"""Nothing in the data may reach the terminal as a command, shift a row, or rest on colour alone."""

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.color import Color, ColorSystem
from rich.console import Console
from rich.style import Style

from tests.floor_prompts import samples
from tests.glass import on_glass
from tests.test_screen_snapshots import Paper, Pictured
from tui.driver import ScanApp
from tui.full_page import pages
from tui.layout import View, lay_out, shown_input
from tui.paint import THEMES, row_cells
from tui.text import cells, safe, wrap
from wms.rooms.prompts import Focus, Message, Option, Prompt

EVIL = "A\x1b[2J\x1b]0;owned\x07B\x9b31mC\u202eD\u200bE\u2066F\ufeffG…→①\x00\r\nH"
SIZES = ((20, 11), (26, 16), (40, 20), (80, 24))


def evil_prompt(text: str) -> Prompt:
    """A prompt whose every field holds *text*."""
    focus = Focus(
        place=text, item=text, sku=text, lot=text, expiry=text, qty=3, tote=text, slot=text,
        box=text, parcel=text, weight_g=5, picture=text,
    )  # fmt: skip
    return Prompt(
        dialogue="pick",
        step="item",
        title=text,
        ask=text,
        focus=focus,
        lines=(text, text),
        person=text,
        done=1,
        total=2,
        message=Message(severity="error", text=text, expected=text, scanned=text),
        options=tuple(Option(key=key, command="a", label=text) for key in ("1", "F2")),
    )


@pytest.mark.parametrize("size", SIZES)
async def test_no_escape_from_data_reaches_the_terminal(size: tuple[int, int]) -> None:
    app = Pictured(Paper(evil_prompt(EVIL)))
    async with on_glass(app, *size) as (glass, pilot):
        await pilot.pause()
        app.floor.take_scan("x")
        await pilot.pause()
        await pilot.press("f1")
        await pilot.pause()
        written = "".join(glass.written)
    for forbidden in ("\x1b[2J\x1b]", "\x1b]", "\x9b", "\u202e", "\u200b", "\ufeff", "\0"):
        assert forbidden not in written
    assert not [char for char in written if unicodedata.east_asian_width(char) == "A"]


@settings(max_examples=150, deadline=None)
@given(text=st.text(max_size=60), size=st.sampled_from(SIZES), locked=st.booleans())
def test_any_text_fits_every_screen_in_plain_cells(
    text: str, size: tuple[int, int], locked: bool
) -> None:
    width, height = size
    prompt = replace(evil_prompt(text), locked=locked, refused=3)
    view = View(prompt, typed=text, waiting=2, trouble=text)
    for rows in (lay_out(view, width, height), *pages(prompt, width, height)):
        assert len(rows) == height
        for row in rows:
            assert row_cells(row) <= width
            for span in row:
                assert safe(span.text) == span.text, span


def test_safe_text_keeps_what_people_write() -> None:
    for text in ("㈱髙島 抹茶ﾗﾃ", "𠮷田", "ボトル500ml（緑）", "A-12-03 ~ [2]", "５枚組・白"):
        assert safe(text) == text


def test_names_are_cut_by_cells_and_never_inside_a_character() -> None:
    for width in range(2, 30):
        lines = wrap(safe("㈱髙島 抹茶ﾗﾃ ｽﾃｨｯｸ 10本入、お徳用パック"), width)
        assert all(cells(line) <= width for line in lines)
        joined = "".join(lines).replace(" ", "")
        assert joined == safe("㈱髙島抹茶ﾗﾃｽﾃｨｯｸ10本入、お徳用パック")


def test_a_secret_is_never_shown() -> None:
    prompt = samples("ja")["pin"]
    assert shown_input(View(prompt, typed="1234")) == "****"
    text = "".join(span.text for row in lay_out(View(prompt, typed="1234"), 26, 16) for span in row)
    assert "1234" not in text and "****" in text


def test_a_group_separator_is_seen_as_a_bar() -> None:
    assert shown_input(View(samples("ja")["pick_item"], typed="10ABC\x1d21")) == "10ABC|21"


def test_every_message_carries_a_mark_beside_its_colour() -> None:
    prompt = samples("ja")["pick_item"]
    marks = []
    for severity in ("ok", "attention", "error"):
        message = Message(severity=severity, text="同じことば")
        rows = lay_out(View(replace(prompt, message=message)), 26, 16)
        marks.append(next(r[0].text.strip() for r in rows if r and "同じことば" in r[0].text))
    assert marks == ["OK 同じことば", "! 同じことば", "!! 同じことば"]


def test_question_input_and_message_stay_in_their_rows() -> None:
    for size in SIZES:
        places = set()
        for name in ("pick_place", "pick_item", "pick_tote", "pack_items", "ship"):
            rows = lay_out(View(samples("ja")[name]), *size)
            roles = [row[0].role if row else "text" for row in rows]
            places.add((roles.index("ask"), roles.index("input")))
        assert len(places) == 1, size


@pytest.mark.parametrize("theme", THEMES)
def test_every_theme_is_readable(theme: str) -> None:
    for role, style in THEMES[theme].items():  # type: ignore[index]
        least = 4.5 if role in ("ok", "input", "keys") else 6.5
        assert contrast(style) >= least, (theme, role)


def test_ok_attention_and_error_differ_in_sixteen_colours() -> None:
    for name in ("yellow", "white"):
        papers = [THEMES[name][role].bgcolor for role in ("ok", "attention", "error", "head")]
        shown = [paper.downgrade(ColorSystem.STANDARD).number for paper in papers if paper]
        assert len(set(shown)) == 4, (name, shown)


def contrast(style: Style) -> float:
    """The contrast of *style* as WCAG 2 defines it: 1 (none) to 21."""
    assert style.color and style.bgcolor
    lights = sorted(map(_light, (style.color, style.bgcolor)))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def _light(colour: Color) -> float:
    parts = [part / 255 for part in colour.get_truecolor()]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


async def test_a_typed_key_costs_a_line_not_a_screen() -> None:
    app = Pictured(Paper(samples("ja")["pick_item"]))
    async with on_glass(app, 40, 20) as (glass, pilot):
        await pilot.pause()
        app.floor.take_scan("x")
        await pilot.pause(0.05)
        sizes = [sum(map(len, glass.written))]
        for key in "490":
            await pilot.press(key)
            sizes.append(sum(map(len, glass.written)))
    assert all(later - earlier < 400 for earlier, later in pairwise(sizes))


def test_a_crash_shows_where_and_no_customer() -> None:
    app = ScanApp()
    customer = secret_of_the_day()
    try:
        raise ValueError(len(customer))
    except ValueError:
        app._fatal_error()
    (shown,) = app._exit_renderables
    text = "".join(part.text for part in Console(width=200).render(shown))
    assert "ValueError" in text
    assert customer not in text


def secret_of_the_day() -> str:
    """Made here, so that the line that uses it does not hold it."""
    return "-".join(("Taro", "Yamada"))
