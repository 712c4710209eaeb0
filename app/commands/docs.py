"""`genba docs`: what the documents show of the program, made by the program itself."""

from pathlib import Path
from typing import Annotated

import typer


def add(cli: typer.Typer) -> None:
    """Add `genba docs`."""
    cli.command("docs")(docs)


def docs(
    folder: Annotated[Path, typer.Option(help="Where they go.")] = Path("docs/pictures"),
) -> None:
    """Make the pictures of the documents anew, and the catalogue of the floor's dialogues

    The catalogue (states and messages of every dialogue) goes into `floor.md` beside the folder.
    Then a small site works through an afternoon in a temporary book, and its screens are drawn:
    each as an SVG and as text. Whoever changes a screen runs this and looks at the difference.
    """
    import asyncio

    from app import floor_catalogue
    from app.pictures.album import album

    folder.mkdir(parents=True, exist_ok=True)
    for name, diagram in floor_catalogue.diagrams().items():
        (folder / name).write_text(diagram, "utf-8")
    page = folder.parent / "floor.md"
    if page.exists():
        page.write_text(floor_catalogue.write_into(page.read_text("utf-8")), "utf-8")
        typer.echo(str(page))
    for name, picture in asyncio.run(album()).items():
        (folder / f"{name}.svg").write_text(picture.svg, "utf-8")
        (folder / f"{name}.txt").write_text(picture.text, "utf-8")
        typer.echo(str(folder / name))
