"""`genba import`: orders, items, places, faces, stock or deliveries from a file, all or none."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from app.language import spoken
from wms.messages import say

if TYPE_CHECKING:
    from app.local import Server
    from sync.files import Report
    from wms.db import Book

SHOWN_MAX = 50
FileKind = Literal[
    "orders", "items", "places", "faces", "stock", "inbounds", "returns", "kits", "slips"
]


def add(cli: typer.Typer) -> None:
    """Add `genba import`."""
    cli.command("import")(bring_in)


def bring_in(
    kind: Annotated[FileKind, typer.Argument(help="What is in the file.")],
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="CSV (UTF-8 or CP932) or XLSX.")
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check everything and keep nothing.")
    ] = False,
    report: Annotated[Path | None, typer.Option(help="Write the faults to this CSV file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
    config: Annotated[Path, typer.Option(help="The site's configuration.")] = Path("config.toml"),
) -> None:
    """Bring orders, items, places, faces, stock or deliveries in from a CSV or XLSX file

    All of the file, or nothing when anything in it is wrong; then every fault is told with its
    row. The same file again changes nothing. Exit code 1 when it was refused. Columns
    and their values, with examples: docs/files.md.
    """
    import msgspec

    from sync.files import faults_csv

    done = _with_progress(kind, file, dry_run, config, hidden=as_json)
    if report is not None:
        report.write_bytes(faults_csv(done, spoken()))
    if as_json:
        typer.echo(msgspec.json.encode(done))
    else:
        _show(done)
    raise typer.Exit(1 if done.fault_count else 0)


def _with_progress(
    kind: FileKind,
    file: Path, dry_run: bool, config: Path, *, hidden: bool,
) -> "Report":  # fmt: skip
    from rich.console import Console
    from rich.progress import Progress

    from app.local import reached

    console = Console(stderr=True)
    hidden = hidden or not console.is_terminal
    with Progress(console=console, transient=True, disable=hidden) as progress:
        bar = progress.add_task(say("import.reading", spoken()), total=2)
        data = file.read_bytes()
        with reached(config) as place:
            progress.update(bar, advance=1, description=say("import.writing", spoken()))
            return _run(place, kind, data, file.name, dry_run)


def _run(
    place: "Book | Server", kind: FileKind, data: bytes,
    name: str, dry_run: bool,
) -> "Report":  # fmt: skip
    from app.local import ACTOR, Server, clock_ms
    from sync import files

    if isinstance(place, Server):
        asked = {"name": name[:200], "dry_run": str(dry_run).lower()}
        return place.ask(
            "POST", f"/v1/imports/{kind}", files.Report, also=(422,), params=asked, content=data
        )
    parsed = files.read(kind, data, name)
    try:
        return place.write_now(
            files.bring_in, parsed, dry_run=dry_run, language=spoken(), actor=ACTOR, device="cli",
            now=clock_ms(),
        )  # fmt: skip
    except files.DryRun as done:
        return done.report


def _show(report: "Report") -> None:
    from sync.columns import name_of

    language = spoken()
    if report.fault_count:
        for fault in report.faults[:SHOWN_MAX]:
            typer.echo(say(
                "import.fault", language, row=fault.row, column=fault.column, reason=fault.reason
            ))  # fmt: skip
        typer.echo(
            say("import.refused", language, file=report.file, count=report.fault_count), err=True
        )
        return
    outcome = "import.dry_run" if report.dry_run else "import.done"
    typer.echo(say(
        outcome, language, file=report.file, new=report.new, changed=report.changed,
        same=report.same,
    ))  # fmt: skip
    for column, count in report.changes.items():
        typer.echo(say("import.change", language, column=name_of(report.kind, column, language),
                       count=count))  # fmt: skip
