"""`genba activity`: what was done in a day, by person and dialogue, as CSV."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.language import spoken, word

if TYPE_CHECKING:
    from wms.people.activity import Activity

COLUMNS = (
    "person", "dialogue", "inputs", "refused", "lines", "pieces", "active_s", "lines_per_hour",
    "travel_m",
)  # fmt: skip


def add(cli: typer.Typer) -> None:
    """Add `genba activity`."""
    cli.command("activity")(activity)


def activity(
    day: Annotated[str, typer.Argument(help="The day, like 2026-11-22.")],
    days: Annotated[int, typer.Option(min=1, max=92, help="So many days from it.")] = 1,
    out: Annotated[Path | None, typer.Option(help="A .csv file, instead of the screen.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
    config: Annotated[Path, typer.Option(help="The site's configuration.")] = Path("config.toml"),
) -> None:
    """Count what people did: inputs, lines an hour, pieces, metres walked. Codes, no names"""
    from datetime import date, datetime, time, timedelta

    import msgspec

    from app.local import read_only
    from sync.sheets import csv_text
    from wms.errors import Code, Rejected
    from wms.people import activity as activities
    from wms.text import shown

    try:
        first = date.fromisoformat(day)
    except ValueError:
        raise Rejected(Code.DATE_WRONG, field="day", value=shown(day)) from None
    with read_only(config) as (settings, book):
        begin, end = (
            int(datetime.combine(at, time(), settings.site.zone).timestamp() * 1_000)
            for at in (first, first + timedelta(days=days))
        )
        found = book.read_now(activities.activity, since_ms=begin, until_ms=end)
    if as_json:
        typer.echo(msgspec.json.encode(found))
        return
    header = tuple(word(f"activity.{name}") for name in COLUMNS)
    rows = [header, *(_row(one) for one in found)]
    if out is None:
        typer.echo(csv_text(rows), nl=False)
    else:
        out.write_bytes(csv_text(rows).encode("utf-8-sig"))


def _row(one: "Activity") -> tuple[str | int, ...]:
    """The columns of one line; "-" where nobody knows the way. English keeps a dialogue's code."""
    cells = {name: getattr(one, name) for name in COLUMNS}
    cells["travel_m"] = "-" if one.travel_m is None else one.travel_m
    if spoken() == "ja":
        cells["dialogue"] = word(f"menu.{one.dialogue}")
    return tuple(cells[name] for name in COLUMNS)
