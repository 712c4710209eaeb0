"""`genba doctor`: what is wrong, and how to mend it."""

from pathlib import Path
from typing import Annotated

import typer

MARK_CELLS = 5


def add(cli: typer.Typer) -> None:
    """Add `genba doctor`."""
    cli.command("doctor")(doctor)


def doctor(
    config: Annotated[Path, typer.Option(help="The site's configuration.")] = Path("config.toml"),
    fsync: Annotated[
        bool, typer.Option("--fsync", help="Measure for longer what the disk promises.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a finding.")] = False,
) -> None:
    """Say what is wrong with this installation and how to mend it

    Looks at Python, SQLite, fonts, the configuration, the database and its disk, the clock, the
    server's port, secrets and devices. Exit code 1 when something must be mended before work can
    begin.
    """
    import msgspec

    from app.doctor import FSYNCS, FSYNCS_MORE, Doctor
    from app.language import padded, spoken, word

    worst = 0
    fsyncs = FSYNCS_MORE if fsync else FSYNCS
    for finding in Doctor(config, spoken(), fsyncs=fsyncs).findings():
        worst = max(worst, int(finding.state == "fault"))
        if as_json:
            typer.echo(msgspec.json.encode(finding).decode())
            continue
        typer.echo(f"{padded(word(f'doctor.state.{finding.state}'), MARK_CELLS)} "
                   f"{finding.check:8} {finding.what}")  # fmt: skip
        if finding.mend:
            typer.echo(f"{'':14} -> {finding.mend}")
    raise typer.Exit(worst)
