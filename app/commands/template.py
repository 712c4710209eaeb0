"""`genba template`: one workbook to open a site with, filled in by hand and brought in whole."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from app.language import spoken
from wms.messages import say

if TYPE_CHECKING:
    from sync.template_book import WorkbookReport

SHOWN_MAX = 50


def add(cli: typer.Typer) -> None:
    """Add `genba template make` and `put`."""
    group = typer.Typer(
        help="One workbook to open a site with.", no_args_is_help=True, rich_markup_mode=None
    )
    group.command("make")(make)
    group.command("put")(put)
    cli.add_typer(group, name="template")


def make(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="The XLSX file to make.")],
    language: Annotated[
        Literal["ja", "en"] | None, typer.Option(help="Of its words; without it, yours.")
    ] = None,
) -> None:
    """Make the workbook: a sheet for each sort of data, with drop-downs and an example row"""
    from sync.template_file import empty

    file.write_bytes(empty(language or spoken()))
    typer.echo(say("template.made", spoken(), file=str(file)))


def put(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="The workbook, filled in.")
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check everything and keep nothing.")
    ] = False,
    errors: Annotated[
        Path | None, typer.Option(help="Write the faults beside their rows into this XLSX file.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
    config: Annotated[Path, typer.Option(help="The site's configuration.")] = Path("config.toml"),
) -> None:
    """Bring the workbook in: all of its sheets, or nothing. Exit code 1 when it was refused"""
    import msgspec

    from sync.template_file import with_faults

    data = file.read_bytes()
    report = _bring_in(data, file.name, dry_run, config)
    if errors is not None and report.fault_count:
        errors.write_bytes(with_faults(data, file.name, report, spoken()))
    if as_json:
        typer.echo(msgspec.json.encode(report))
    else:
        _show(report)
    raise typer.Exit(1 if report.fault_count else 0)


def _bring_in(data: bytes, name: str, dry_run: bool, config: Path) -> "WorkbookReport":
    from app.local import ACTOR, Server, clock_ms, reached
    from sync import template_book, template_reader

    with reached(config) as place:
        if isinstance(place, Server):
            asked = {"name": name[:200], "dry_run": str(dry_run).lower()}
            return place.ask(
                "POST", "/v1/workbook", template_book.WorkbookReport, also=(422,), params=asked,
                content=data,
            )  # fmt: skip
        filled = template_reader.read(data, name)
        try:
            return place.write_now(
                template_book.bring_in, filled, dry_run=dry_run, language=spoken(), actor=ACTOR,
                device="cli", now=clock_ms(),
            )  # fmt: skip
        except template_book.Unapplied as done:
            return done.report


def _show(report: "WorkbookReport") -> None:
    language = spoken()
    if report.fault_count:
        for one in report.faults[:SHOWN_MAX]:
            typer.echo(say(
                "template.fault", language, sheet=one.sheet, row=one.row, reason=one.told,
            ))  # fmt: skip
        words = say("template.refused", language, file=report.file, count=report.fault_count)
        typer.echo(words, err=True)
        return
    parts = ", ".join(f"{each.sheet} {each.rows}" for each in report.sheets)
    code = "template.tried" if report.dry_run else "template.put"
    typer.echo(say(code, language, file=report.file, parts=parts))
