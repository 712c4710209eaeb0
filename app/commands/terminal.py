"""`genba terminal`: make, list and end the terminals of the floor."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from app.language import spoken
from wms.messages import say

ConfigFile = Annotated[Path, typer.Option("--config", help="The site's configuration.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


def add(cli: typer.Typer) -> None:
    """Add `genba terminal add`, `list` and `revoke`."""
    group = typer.Typer(
        help="Make, list and end the terminals of the floor.", no_args_is_help=True,
        rich_markup_mode=None,
    )  # fmt: skip
    group.command("add")(make)
    group.command("list")(show)
    group.command("revoke")(revoke)
    cli.add_typer(group, name="terminal")


def make(
    terminal: Annotated[str, typer.Argument(help="Its name: HT-01, BENCH-1.")],
    station: Annotated[str, typer.Option(help="The bench it stands at; none: a handheld.")] = "",
    scanner: Annotated[str, typer.Option(help="The serial scanner that belongs to it.")] = "",
    language: Annotated[
        Literal["ja", "en"], typer.Option(help="What it speaks before anybody signs in.")
    ] = "ja",
    page: Annotated[
        str, typer.Option(help="The server's address for handhelds; adds the link of a browser.")
    ] = "",
    qr: Annotated[
        Path | None, typer.Option(help="Write that link as a QR code into this SVG file.")
    ] = None,
    as_json: AsJson = False,
    config: ConfigFile = Path("config.toml"),
) -> None:
    """Make a terminal known; its token is shown once and kept nowhere

    With --page http://genba.example:8470 the link is shown that makes a browser this terminal; it
    holds the token, and so does its QR code.
    """
    import os

    import msgspec

    from app.crew import MadeTerminal, NewTerminal, make_terminal
    from app.local import ACTOR, Server, clock_ms, reached
    from wms.people.terminals import RANDOM_BYTES
    from wms.shape import convert

    asked = {
        "terminal": terminal, "station": station, "scanner": scanner, "language": language,
    }  # fmt: skip
    wanted = convert(asked, NewTerminal)
    with reached(config) as place:
        if isinstance(place, Server):
            made = place.ask("POST", "/v1/registry/terminals", MadeTerminal, json=asked)
        else:
            made = place.write_now(
                make_terminal, wanted, random=os.urandom(RANDOM_BYTES), actor=ACTOR, device="cli",
                now=clock_ms(),
            )  # fmt: skip
    if as_json:
        typer.echo(msgspec.json.encode(made))
        return
    typer.echo(say("terminal.made", spoken(), terminal=terminal), err=True)
    typer.echo(made.token)
    if page:
        link = f"{page.rstrip('/')}/t#{terminal}:{made.token}"
        typer.echo(link)
        if qr is not None:
            _write_qr(link, qr)


def _write_qr(link: str, file: Path) -> None:
    """The code for a handheld's camera, readable by its owner only: it holds the token."""
    import zxingcpp

    file.touch(mode=0o600)
    file.write_text(zxingcpp.create_barcode(link, zxingcpp.BarcodeFormat.QRCode).to_svg(), "utf-8")


def show(as_json: AsJson = False, config: ConfigFile = Path("config.toml")) -> None:
    """List every terminal: where it stands, and who is signed on"""
    import msgspec

    from app.crew import TerminalList, list_terminals
    from app.local import Server, reached

    with reached(config) as place:
        if isinstance(place, Server):
            found = place.ask("GET", "/v1/registry/terminals", TerminalList)
        else:
            found = place.read_now(list_terminals)
    if as_json:
        typer.echo(msgspec.json.encode(found))
        return
    for each in found.terminals:
        state = say("terminal.revoked", spoken()) if each.revoked else each.person or "-"
        typer.echo("\t".join((each.id, each.station or "-", each.scanner or "-", state)))


def revoke(
    terminal: Annotated[str, typer.Argument(help="The terminal's name.")],
    config: ConfigFile = Path("config.toml"),
) -> None:
    """End a terminal's token at once; `add` gives it a new one"""
    from app.crew import end_terminal
    from app.local import ACTOR, Server, clock_ms, reached

    with reached(config) as place:
        if isinstance(place, Server):
            place.ask("DELETE", f"/v1/registry/terminals/{terminal}", type(None))
        else:
            place.write_now(end_terminal, terminal, actor=ACTOR, device="cli", now=clock_ms())
    typer.echo(say("terminal.ended", spoken(), terminal=terminal))
