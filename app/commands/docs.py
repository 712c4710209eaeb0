"""`genba docs`: the pictures in the documents, made by the program that they show."""

from pathlib import Path
from typing import Annotated

import typer


def add(cli: typer.Typer) -> None:
    """Add `genba docs`."""
    cli.command("docs")(docs)


def docs(
    folder: Annotated[Path, typer.Option(help="Where they go.")] = Path("docs/pictures"),
) -> None:
    """Make the pictures of the documents anew

    A small site works through an afternoon in a temporary book, and its screens are drawn: each
    as an SVG and as text. Whoever changes a screen runs this and looks at the difference.
    """
    import asyncio

    from app.pictures.album import album

    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in asyncio.run(album()).items():
        (folder / f"{name}.svg").write_text(picture.svg, "utf-8")
        (folder / f"{name}.txt").write_text(picture.text, "utf-8")
        typer.echo(str(folder / name))
