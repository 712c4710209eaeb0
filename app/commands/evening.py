"""`genba evening`: does the day add up, what stays behind, what is for tomorrow."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.language import spoken

if TYPE_CHECKING:
    from app.board.evening import Evening


def add(cli: typer.Typer) -> None:
    """Add `genba evening`."""
    cli.command("evening")(evening)


def evening(
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
    config: Annotated[Path, typer.Option(help="The site's configuration.")] = Path("config.toml"),
) -> None:
    """Show whether labelled = handed over, what stays behind, and tomorrow's volume

    For the end of the shift: parcels that are still here by name, orders of today without a label,
    places whose difference nobody has counted to the end, and the orders of the next day.
    """
    import msgspec

    from app.board.evening import Evening
    from app.board.evening import evening as read
    from app.local import Server, clock_ms, reached

    with reached(config) as place:
        if isinstance(place, Server):
            found = place.ask("GET", "/v1/evening", Evening)
        else:
            found = place.read_now(read, now=clock_ms())
    if as_json:
        typer.echo(msgspec.json.encode(found))
        return
    for line in _told(found):
        typer.echo(line)


def _told(found: "Evening") -> list[str]:
    from wms.messages import say
    from wms.site.carriers import called

    language = spoken()
    told = [say(
        "evening.adds_up", language, date=found.date, labelled=found.labelled,
        handed=found.handed_over, behind=len(found.behind),
    )]  # fmt: skip
    for one in found.behind:
        why = "evening.stopped" if one.stopped else "evening.truck" if one.on_truck else ""
        words = say(why, language) if why else ""
        told.append(f"  {one.parcel}  {called(one.carrier, language)}  {words}".rstrip())
    told.append(say("evening.unfinished", language, count=found.unfinished))
    places = " ".join(found.uncounted)
    told.append(say("evening.uncounted", language, count=len(found.uncounted), places=places))
    if not found.next_date:
        return [*told, say("evening.no_tomorrow", language)]
    told.append(say("evening.tomorrow", language, date=found.next_date))
    told += [
        f"  {called(one.carrier, language)}  {one.orders}/{one.lines}/{one.pieces}"
        for one in found.tomorrow
    ]
    return told
