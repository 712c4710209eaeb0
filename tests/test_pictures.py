"""The pictures in the documents show what the program shows now."""

from pathlib import Path

from app.pictures.album import album
from tests.sources import ROOT

FOLDER = ROOT / "docs/pictures"


async def test_the_pictures_are_current_in_both_languages_and_need_no_network() -> None:
    taken = await album()  # one test: the afternoon takes a few seconds
    for name, picture in taken.items():
        for kind, made in (("txt", picture.text), ("svg", picture.svg)):
            kept = FOLDER / f"{name}.{kind}"
            assert kept.exists(), f"{kept} is missing: run genba docs"
            assert kept.read_text("utf-8") == made, f"{kept} is out of date: run genba docs"
        assert "href" not in picture.svg
        assert "@import" not in picture.svg
    drawn = {path.stem for path in FOLDER.iterdir() if path.stem.startswith("states-")}
    assert {path.stem for path in FOLDER.iterdir()} - drawn == set(taken)
    assert {Path(name).suffix for name in taken} == {".en", ".ja"}
