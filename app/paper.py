"""Where paper from the command line goes: standard output, a file, a picture, a printer."""

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, NoReturn

import msgspec
import typer

from app import print_doors
from app.board.words import reason
from app.language import spoken
from app.local import ACTOR, Server, clock_ms, fail, reached
from app.print_doors import NewReprint, PrintJobs, Template
from labels import preview, templates
from wms.messages import say
from wms.papers.print_jobs import PrintJob

WAIT_S = 10.0  # a printer that works answers within a second or two
PAUSE_S = 0.25
GAP_DOTS = 16  # between labels of one picture
SHEETS: dict[str, str] = {
    "place": "places", "tote": "totes", "badge": "badges", "item": "items",
    "command_card": "command_cards",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """What was asked for on the command line. `dots` a millimetre: 8 (203 dpi) or 12 (300 dpi)."""

    config: Path
    out: Path | None = None
    preview: Path | None = None
    sheet: Path | None = None
    station: str = ""
    copies: int = 1
    dots: int = 8
    as_json: bool = False


def give(
    template: Template, labels: Sequence[dict[str, Any]], where: Where
) -> None:  # fmt: skip
    """Bring *labels* wherever *where* says; refuses what the template cannot print."""
    if not labels:
        fail(say("label.none", spoken()))
    if where.as_json:
        typer.echo(msgspec.json.encode(labels))
        return
    if where.sheet is not None:
        if template not in SHEETS:
            raise typer.BadParameter(f"{template} has no sheet; there are {', '.join(SHEETS)}")
        _save(where.sheet, templates.render("sheet", {SHEETS[template]: labels}))
    if where.out is not None or where.preview is not None or not _goes_elsewhere(where):
        made = [templates.render(template, data, dots_per_mm=where.dots) for data in labels]
        _write(made, where)
    if where.station:
        _print(template, labels, where)


def give_shipping(data: Mapping[str, Any], copy: int, where: Where) -> None:
    """Bring one parcel's shipping label there, marked as the copy that it is."""
    if where.as_json:
        typer.echo(msgspec.json.encode(data))
        return
    if where.out is not None or where.preview is not None or not _goes_elsewhere(where):
        _write([templates.render("shipping", data, dots_per_mm=where.dots, copy=copy)], where)
    if where.station:
        _reprint(str(data["parcel"]), where)


def give_pdf(template: Template, data: dict[str, Any], where: Where) -> None:
    """Bring an A4 paper there."""
    if where.as_json:
        typer.echo(msgspec.json.encode(data))
        return
    if where.out is not None or not where.station:
        _write_or_stop([templates.render(template, data)], where)
    if where.station:
        _print(template, [data], where)


def _goes_elsewhere(where: Where) -> bool:
    return bool(where.sheet or where.station)


def _write(made: Sequence[bytes], where: Where) -> None:
    if where.preview is not None:
        _draw(made, where.preview)
    if where.out is not None or where.preview is None:
        _write_or_stop(made, where)


def _write_or_stop(made: Sequence[bytes], where: Where) -> None:
    """To the file, or to a program that listens; a person at a terminal is asked where to."""
    if where.out is not None:
        _save(where.out, b"".join(made))
    elif sys.stdout.isatty():
        _refuse_terminal()
    else:
        typer.echo(b"".join(made), nl=False)


def _refuse_terminal() -> NoReturn:
    raise typer.BadParameter(say("label.where_to", spoken()))


def _save(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        fail(str(error))


def _draw(made: Sequence[bytes], path: Path) -> None:
    """The labels below one another in one picture."""
    from PIL import Image

    drawn = [label.image() for zpl in made for label in preview.read(zpl)]
    height = sum(label.height + GAP_DOTS for label in drawn) - GAP_DOTS
    picture = Image.new("L", (max(label.width for label in drawn), height), 128)
    top = 0
    for label in drawn:
        picture.paste(label, (0, top))
        top += label.height + GAP_DOTS
    png = BytesIO()
    picture.save(png, "PNG")
    _save(path, png.getvalue())


def _print(template: Template, labels: Sequence[dict[str, Any]], where: Where) -> None:
    import secrets

    key = f"{ACTOR}:{secrets.token_hex(8)}"
    wanted = print_doors.new_prints(key, where.station, template, labels, where.copies)
    with reached(where.config) as place:
        jobs: list[PrintJob] = []
        for one in wanted:
            if isinstance(place, Server):
                asked = msgspec.to_builtins(one)
                jobs += place.ask("POST", "/v1/print-jobs", PrintJobs, json=asked).jobs
            else:
                jobs += place.write_now(
                    print_doors.request, one, actor=ACTOR, device="cli", now=clock_ms()
                ).jobs
        server = place if isinstance(place, Server) else None
        _tell(jobs[-1], len(jobs), server)


def _reprint(parcel: str, where: Where) -> None:
    with reached(where.config) as place:
        if isinstance(place, Server):
            asked = msgspec.to_builtins(NewReprint(station=where.station))
            path = f"/v1/parcels/{parcel}/reprints"
            _tell(place.ask("POST", path, PrintJob, json=asked), 1, place)
            return
        job = place.write_now(
            print_doors.reprint, parcel, station=where.station, actor=ACTOR, device="cli",
            now=clock_ms(),
        )  # fmt: skip
        _tell(job, 1, None)


def _tell(job: PrintJob, count: int, server: Server | None) -> None:
    """Say what became of the last job; without a server it waits for one."""
    language = spoken()
    typer.echo(say("label.asked", language, count=count, station=job.station))
    if server is None:
        typer.echo(say("label.no_server", language))
        return
    until = time.monotonic() + WAIT_S
    while not (job.is_over or job.reason) and time.monotonic() < until:
        time.sleep(PAUSE_S)
        job = server.ask("GET", f"/v1/print-jobs/{job.id}", PrintJob)
    said = say(f"print.{job.state}", language, reason=reason(job.reason, language))
    typer.echo(" ".join(part for part in (job.printer, said.strip()) if part))
    if job.state not in ("confirmed", "spooled"):
        raise typer.Exit(1)
