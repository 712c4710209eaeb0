"""`genba label`: labels for places, totes, boxes, goods, people and parcels."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from app.paper import Where
    from app.print_doors import Template
    from wms.config import Config
    from wms.db import Book

Kind = Literal["place", "tote", "box", "item", "badge", "command-card", "shipping", "test"]
TEMPLATES: dict[str, "Template"] = {
    "place": "place", "tote": "tote", "box": "tote", "item": "item", "badge": "badge",
    "command-card": "command_card",
}  # fmt: skip
ONLY_FOR = {
    "--zone": ("place",), "--all": ("place", "tote", "box"), "--owner": ("item",),
    "--lot": ("item",), "--expiry": ("item",),
}  # fmt: skip


def add(cli: typer.Typer) -> None:
    """Add `genba label`."""
    cli.command("label")(label)


def label(
    kind: Annotated[Kind, typer.Argument(help="What gets a label.")],
    codes: Annotated[
        list[str] | None, typer.Argument(help="Their codes; for goods SKUs or bar codes.")
    ] = None,
    zone: Annotated[str, typer.Option(help="Every place of this zone.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    owner: Annotated[str, typer.Option(help="Whose goods, when several have that code.")] = "",
    lot: Annotated[str, typer.Option(help="The lot of these goods.")] = "",
    expiry: Annotated[str, typer.Option(help="Their expiry, YYYY-MM-DD.")] = "",
    print_at: Annotated[str, typer.Option("--print", help="Print at this station.")] = "",
    copies: Annotated[int, typer.Option(min=1, max=100, help="How many of each to print.")] = 1,
    out: Annotated[Path | None, typer.Option(help="Write ZPL to this file.")] = None,
    preview: Annotated[Path | None, typer.Option(help="Draw it as it will look (PNG).")] = None,
    sheet: Annotated[Path | None, typer.Option(help="Lay them out on A4 to cut out (PDF).")] = None,
    dots: Annotated[
        int, typer.Option(help="Dots a millimetre of the printer: 8 (203 dpi) or 12 (300 dpi).")
    ] = 8,
    as_json: Annotated[bool, typer.Option("--json", help="Only the data, as JSON.")] = False,
    config: Annotated[Path, typer.Option(help="The site's configuration.")] = Path("config.toml"),
) -> None:
    """Make labels: to a printer, a file, a picture or an A4 sheet

    place: shelves (ロケ), by code, --zone or --all. tote: totes (オリコン), carts and pallets. box:
    shelves of empty boxes. item: goods without a readable bar code. badge (名札): tokens come in
    on standard input, one a line. command-card: all commands, or those that are named. shipping:
    a parcel's label (送り状) once more, marked as a copy. test: bar codes in all sizes, and rulers.

    To try a new printer: genba label test --print PACK-1
    """
    from app.paper import Where

    given = {
        "--zone": zone, "--all": everything, "--owner": owner, "--lot": lot, "--expiry": expiry
    }  # fmt: skip
    _refuse_what_means_nothing(kind, codes or [], {name for name in given if given[name]})
    where = Where(
        config=config, out=out, preview=preview, sheet=sheet, station=print_at, copies=copies,
        dots=dots, as_json=as_json,
    )  # fmt: skip
    if kind == "shipping":
        _shipping((codes or [""])[0], where)
    elif kind == "test":
        _test_page(where)
    else:
        _labels(kind, codes or [], where, zone, everything, (owner, lot, expiry))


def _refuse_what_means_nothing(kind: Kind, codes: list[str], given: set[str]) -> None:
    for option in sorted(given):
        if kind not in ONLY_FOR[option]:
            raise typer.BadParameter(f"{option} is for {', '.join(ONLY_FOR[option])}")
    if kind in ONLY_FOR["--all"] and bool(codes) + len(given) != 1:
        raise typer.BadParameter("name some codes, or say --zone or --all")
    if kind == "item" and not codes:
        raise typer.BadParameter("name some SKUs or bar codes")
    if kind == "shipping" and len(codes) != 1:
        raise typer.BadParameter("name one parcel: P0000012-1")
    if kind == "test" and codes:
        raise typer.BadParameter("the test page is always the same: name nothing")
    if kind == "badge" and codes:
        raise typer.BadParameter("a badge's token is a secret: give it on standard input")


def _labels(
    kind: Kind, codes: list[str], where: "Where", zone: str, everything: bool,
    goods: tuple[str, str, str],
) -> None:  # fmt: skip
    from app import paper
    from app.local import read_only

    if kind == "command-card":
        paper.give("command_card", [{"commands": codes} if codes else {}], where)
        return
    tokens = _tokens() if kind == "badge" else []
    with read_only(where.config) as (settings, book):
        labels = _read(book, settings, kind, codes or tokens, zone, everything, goods)
    paper.give(TEMPLATES[kind], labels, where)


def _read(
    book: "Book", settings: "Config", kind: Kind, codes: list[str], zone: str, everything: bool,
    goods: tuple[str, str, str],
) -> list[dict[str, Any]]:  # fmt: skip
    from app import labels_for

    match kind:
        case "place":
            return book.read_now(labels_for.of_places, codes, zone=zone, everything=everything)
        case "tote":
            return book.read_now(labels_for.of_totes, codes, everything=everything)
        case "box":
            return book.read_now(labels_for.of_boxes, codes, everything=everything)
        case "badge":
            return book.read_now(labels_for.of_badges, codes, site=settings.site.name)
        case _:
            owner, lot, expiry = goods
            return book.read_now(labels_for.of_items, codes, owner=owner, lot=lot, expiry=expiry)


def _tokens() -> list[str]:
    found = [line.strip() for line in typer.get_text_stream("stdin") if line.strip()]
    if not found:
        raise typer.BadParameter("no token came in on standard input")
    return found


def _test_page(where: "Where") -> None:
    from app import paper

    printer = f"{where.station or 'test'}  {where.dots} dots/mm"
    paper.give("test_page", [{"title": printer, "note": "genba label test"}], where)


def _shipping(parcel: str, where: "Where") -> None:
    from app import labels_for, paper
    from app.local import read_only

    with read_only(where.config) as (_, book):
        data, copy = book.read_now(labels_for.of_parcel, parcel, station=where.station)
    paper.give_shipping(data, copy, where)
