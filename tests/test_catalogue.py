"""The catalogue of the floor is made from the code, and the documents show the newest one."""

import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app import floor_catalogue
from app.__main__ import cli
from app.state_diagram import Transition, draw, lanes
from picking.dialogues import DIALOGUES
from tests.dialogue_table import transitions_listed
from tests.sources import ROOT
from wms.errors import Code
from wms.messages import texts

PAGE = ROOT / "docs" / "floor.md"
PICTURES = ROOT / "docs" / "pictures"
STALE = "run `genba docs` and look at the difference"
SVG = "{http://www.w3.org/2000/svg}"


def test_the_page_says_what_the_code_says() -> None:
    page = PAGE.read_text("utf-8")
    assert floor_catalogue.write_into(page) == page, STALE


def test_the_diagrams_are_of_this_code() -> None:
    diagrams = floor_catalogue.diagrams()
    assert {path.name for path in PICTURES.glob("states-*.svg")} == set(diagrams), STALE
    for name, diagram in diagrams.items():
        assert (PICTURES / name).read_text("utf-8") == diagram, f"{name}: {STALE}"


@pytest.mark.parametrize("name", ["sign_in", *DIALOGUES])
def test_a_diagram_shows_every_transition_that_is_listed(name: str) -> None:
    module = floor_catalogue.modules()[name]
    assert module.__file__ is not None
    found = floor_catalogue.transitions(module)
    listed = transitions_listed(Path(module.__file__))
    assert Counter((each.source, each.target) for each in found) == listed
    picture = ElementTree.fromstring(floor_catalogue.diagrams()[f"states-{name}.svg"])  # noqa: S314
    said = [text.text for text in picture.iter(f"{SVG}text")]
    assert {each.words for each in found} <= set(said)


def test_every_question_help_and_refusal_is_in_the_catalogue() -> None:
    catalogue = floor_catalogue.catalogue()
    words = [code for code in texts() if ".ask." in code or code.startswith("help.")]
    shared = {"help.said"}  # says another's help
    wanted = {*words, *map(str, Code)} - shared
    assert sorted(code for code in wanted if f"| {code} |" not in catalogue) == []


def test_a_change_of_words_makes_the_page_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    page = floor_catalogue.write_into("# Floor\n\nBefore.\n\n## After\n")
    assert floor_catalogue.write_into(page) == page
    assert page.startswith("# Floor\n\nBefore.\n\n## After\n\n<!--")
    monkeypatch.setitem(texts()["look.unknown"], "en", "What is this?")
    assert floor_catalogue.write_into(page) != page


def test_a_transition_s_words_may_go_on_in_the_next_line_and_are_only_words() -> None:
    rows = [
        Transition("a", "b", "<script>&"),
        Transition("b", "a", "back"),
        Transition("a", "menu", "x"),
    ]
    assert lanes(rows) == ["a", "b", "menu"]
    drawn = draw("A & B", rows)
    assert "<script>" not in drawn
    assert draw("A & B", rows) == drawn
    ElementTree.fromstring(drawn)  # noqa: S314


def test_the_command_writes_the_page_beside_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_album() -> dict[str, object]:
        return {}

    monkeypatch.setattr("app.pictures.album.album", no_album)  # it has a test of its own
    (tmp_path / "floor.md").write_text("# Floor\n", "utf-8")
    done = CliRunner().invoke(cli, ["docs", "--folder", str(tmp_path / "pictures")])
    assert done.exit_code == 0, done.output
    assert "states-look.svg" in (tmp_path / "floor.md").read_text("utf-8")
    assert (tmp_path / "pictures" / "states-look.svg").exists()
