"""`genba paper`: work goes on by paper when the server is down, and is entered afterwards."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.language import spoken
from wms.messages import say

if TYPE_CHECKING:
    from picking.paper import Entered, PaperTour, Taken

ConfigFile = Annotated[Path, typer.Option("--config", help="The site's configuration.")]
Wave = Annotated[int | None, typer.Option(help="Only this wave (`genba waves list`).")]
COLUMNS = ("line", "place", "item", "wanted", "taken", "tote", "drop")


def add(cli: typer.Typer) -> None:
    """Add `genba paper print`, `form` and `enter`."""
    group = typer.Typer(
        help="Pick by paper when the server is down, and enter it afterwards.",
        no_args_is_help=True, rich_markup_mode=None,
    )  # fmt: skip
    group.command("print")(to_pdf)
    group.command("form")(form)
    group.command("enter")(enter)
    cli.add_typer(group, name="paper")


def to_pdf(
    out: Annotated[Path, typer.Option(help="The PDF to write.")] = Path("pick-lists.pdf"),
    wave: Wave = None,
    config: ConfigFile = Path("config.toml"),
) -> None:
    """Write pick lists, A4: a walk a page, a barcode a line

    Reads the database itself: the server need not run. Print them in time where the database is on
    the machine that may fail.
    """
    from app.local import fail
    from labels.templates import render

    found, zone = _read(config, wave)
    if not found:
        fail(say("paper.none", spoken()))
    tours = [_tour(tour, zone) for tour in found]
    out.write_bytes(render("pick_list", {"tours": tours, "language": spoken()}))
    lines = sum(len(tour.stops) for tour in found)
    typer.echo(say("paper.printed", spoken(), path=str(out), tours=len(found), lines=lines))


def form(
    out: Annotated[Path, typer.Option(help="The CSV to write.")] = Path("taken.csv"),
    wave: Wave = None,
    config: ConfigFile = Path("config.toml"),
) -> None:
    """Write the same lines as a CSV to fill in: what was taken, into which tote, set down where"""
    from app.local import fail
    from sync.sheets import csv_text

    found, _ = _read(config, wave)
    if not found:
        fail(say("paper.none", spoken()))
    rows: list[tuple[str | int, ...]] = [COLUMNS]
    for tour in found:
        totes = {slot.slot: slot.tote for slot in tour.slots}
        rows += [
            (f"L{stop.line}", stop.place, stop.item, stop.qty, "", totes.get(stop.slot, ""), "")
            for stop in tour.stops
        ]
    out.write_bytes(csv_text(rows).encode("utf-8-sig"))
    typer.echo(say("paper.form", spoken(), path=str(out), lines=len(rows) - 1))


def enter(
    file: Annotated[Path, typer.Argument(help="The CSV, filled in.")],
    person: Annotated[str, typer.Option(help="Whose hand it was: the person's code.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check everything and keep nothing.")
    ] = False,
    config: ConfigFile = Path("config.toml"),
) -> None:
    """Enter what was picked by paper: all of the file, or nothing

    The same file again changes nothing. Lines whose `taken` is empty are left out; a smaller
    number than wanted is a shortage, as if 棚になし had been pressed.
    """
    from wms.errors import Rejected

    try:
        rows = _taken(file)
    except Rejected as refusal:
        _stop(say(refusal.code, spoken(), **refusal.params))
    done = _give(config, rows, person, dry_run)
    if done.faults:
        for fault in done.faults:
            reason = say(fault.code, spoken(), **fault.params)
            typer.echo(say("paper.fault", spoken(), line=f"L{fault.line}", reason=reason), err=True)
        _stop(say("paper.nothing_entered", spoken()))
    if dry_run:
        typer.echo(say("paper.tried", spoken(), lines=done.lines + done.same))
        return
    typer.echo(say(
        "paper.entered", spoken(), lines=done.lines, same=done.same, short=done.short,
        finished=done.finished, unfinished=done.unfinished,
    ))  # fmt: skip


def _stop(words: str) -> None:
    from app.local import fail

    fail(words)


def _read(config: Path, wave: int | None) -> "tuple[tuple[PaperTour, ...], Any]":
    from app.local import read_only
    from picking import paper

    with read_only(config) as (settings, book):
        return book.read_now(paper.lists, wave=wave), settings.site.zone


def _tour(tour: "PaperTour", zone: Any) -> dict[str, Any]:
    from wms.site.calendar import local_time

    at = local_time(tour.pickup_ms, zone)
    return {
        "code": f"TOUR-{tour.tour}", "carrier": tour.carrier, "person": tour.person,
        "pickup_day": f"{at:%Y-%m-%d}", "pickup_time": f"{at:%H:%M}",
        "slots": [
            {"slot": slot.slot, "order": slot.order, "tote": slot.tote} for slot in tour.slots
        ],
        "lines": [
            {
                "line": f"L{stop.line}", "place": stop.place, "item": stop.item, "sku": stop.sku,
                "lot": stop.lot, "expiry": stop.expiry, "qty": stop.qty, "slot": stop.slot,
            }
            for stop in tour.stops
        ],
    }  # fmt: skip


def _taken(file: Path) -> "list[Taken]":
    """The lines of the filled form. Refuses what `sync.sheets.table` and `wms.shape` refuse."""
    from picking.paper import Taken
    from sync.sheets import table
    from wms.shape import convert

    sheet = table(file.read_bytes(), file.name)
    rows = []
    for line in sheet.lines:
        cells = dict(zip(sheet.columns, line.cells, strict=False))
        if cells.get("taken"):
            row = {
                "line": cells.get("line", "").removeprefix("L"), "taken": cells["taken"],
                "tote": cells.get("tote", ""), "drop": cells.get("drop", ""),
            }  # fmt: skip
            rows.append(convert(row, Taken, strict=False))
    return rows


def _give(config: Path, rows: "list[Taken]", person: str, dry_run: bool) -> "Entered":
    from random import SystemRandom

    import msgspec

    from app.local import ACTOR, Server, clock_ms, reached
    from picking.floor import Settings
    from picking.paper import Entered, NotEntered
    from picking.paper_doors import PaperSheet
    from picking.paper_doors import enter as book_it
    from wms.config import load

    sheet = PaperSheet(person=person, lines=tuple(rows), dry_run=dry_run)
    with reached(config) as place:
        if isinstance(place, Server):
            asked = msgspec.to_builtins(sheet)
            return place.ask("POST", "/v1/paper", Entered, also=(422,), json=asked)
        settings = Settings(rng=SystemRandom(), zone=load(config).site.zone)
        try:
            return place.write_now(
                book_it, sheet, settings=settings, actor=ACTOR, device="cli", now=clock_ms()
            )
        except NotEntered as told:
            return told.report
