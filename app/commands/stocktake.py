"""`genba stocktake`: places are frozen, counted by two people, signed for, and opened again."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.language import spoken, word
from wms.messages import say

if TYPE_CHECKING:
    from app.count_doors import StocktakeView
    from wms.counts.stocktakes import Stocktake

ConfigFile = Annotated[Path, typer.Option("--config", help="The site's configuration.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
Which = Annotated[str, typer.Argument(help="The stocktake: ST000001.")]
COLUMNS = (
    "place", "owner", "sku", "name", "lot", "condition", "serial", "book", "counted", "differs",
)  # fmt: skip


def add(cli: typer.Typer) -> None:
    """Add `genba stocktake start`, `show`, `recount`, `sign` and `end`."""
    group = typer.Typer(
        help="Stocktaking: freeze, count twice, sign, certify.", no_args_is_help=True,
        rich_markup_mode=None,
    )  # fmt: skip
    for name, command in (
        ("start", start), ("show", show), ("recount", recount), ("sign", sign), ("end", end),
    ):  # fmt: skip
        group.command(name)(command)
    cli.add_typer(group, name="stocktake")


def start(
    owner: Annotated[str, typer.Option(help="Only places with goods of this owner.")] = "",
    zone: Annotated[str, typer.Option(help="Only this zone.")] = "",
    config: ConfigFile = Path("config.toml"),
) -> None:
    """Freeze places and ask for two counts of each"""
    import os

    from app import count_doors
    from app.local import ACTOR, Server, clock_ms, reached
    from wms.counts.stocktakes import Stocktake

    asked = {"key": os.urandom(8).hex(), "owner": owner, "zone": zone}
    with reached(config) as place:
        if isinstance(place, Server):
            begun = place.ask("POST", "/v1/stocktakes", Stocktake, json=asked)
        else:
            wanted = count_doors.NewStocktake(**asked)
            begun = place.write_now(
                count_doors.start, wanted, actor=ACTOR, device="cli", now=clock_ms()
            )  # fmt: skip
    _tell(begun)


def show(
    stocktake: Annotated[str, typer.Argument(help="The stocktake; without it, all of them.")] = "",
    every: Annotated[bool, typer.Option("--all", help="Every line, not only differences.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="Write the certificate: a .pdf, .xlsx or .csv file.")
    ] = None,
    owner: Annotated[str, typer.Option(help="Only the goods of this owner.")] = "",
    as_json: AsJson = False,
    config: ConfigFile = Path("config.toml"),
) -> None:
    """Show how far a stocktake is, what differs, or write its certificate"""
    import msgspec

    from app.count_doors import StocktakeList, StocktakeView, list_stocktakes, view
    from app.local import Server, reached

    every = every or out is not None
    with reached(config) as place:
        if not stocktake:
            found = (
                place.ask("GET", "/v1/stocktakes", StocktakeList)
                if isinstance(place, Server)
                else place.read_now(list_stocktakes)
            )
            if as_json:
                typer.echo(msgspec.json.encode(found))
            else:
                for each in found.stocktakes:
                    _tell(each)
            return
        if isinstance(place, Server):
            path = f"/v1/stocktakes/{stocktake}"
            wanted = {"all": str(every).lower(), "owner": owner}
            seen = place.ask("GET", path, StocktakeView, params=wanted)
        else:
            seen = place.read_now(view, stocktake, every=every, owner=owner)
    if as_json:
        typer.echo(msgspec.json.encode(seen))
    elif out is not None:
        _write(out, seen, config)
    else:
        _tell(seen.stocktake)
        for one in seen.entries:
            state = "" if one.condition == "available" else word(f"condition.{one.condition}")
            goods = " ".join(part for part in (one.sku, one.lot, one.serial, state) if part)
            typer.echo(f"{one.place}\t{one.owner}\t{goods}\t{one.book}\t{one.counted}")


def recount(
    stocktake: Which,
    place: Annotated[str, typer.Argument(help="The place.")],
    config: ConfigFile = Path("config.toml"),
) -> None:
    """Have a place counted once more that two people have counted"""
    from app import count_doors
    from app.local import ACTOR, Server, clock_ms, reached
    from wms.counts.stocktakes import Stocktake

    with reached(config) as book:
        if isinstance(book, Server):
            path = f"/v1/stocktakes/{stocktake}/recounts/{place}"
            _tell(book.ask("POST", path, Stocktake))
        else:
            _tell(book.write_now(
                count_doors.recount, stocktake, place, actor=ACTOR, device="cli", now=clock_ms()
            ))  # fmt: skip


def sign(
    stocktake: Which,
    by: Annotated[str, typer.Option(help="Who signs for the owner.")],
    config: ConfigFile = Path("config.toml"),
) -> None:
    """The owner signs: what was found is booked, the places are open again"""
    from app import count_doors
    from app.local import ACTOR, Server, clock_ms, reached

    with reached(config) as place:
        if isinstance(place, Server):
            path = f"/v1/stocktakes/{stocktake}/sign"
            done = place.ask("POST", path, count_doors.Signed, json={"by": by})
        else:
            done = place.write_now(
                count_doors.sign, stocktake, by, actor=ACTOR, device="cli", now=clock_ms()
            )  # fmt: skip
    _tell(done.stocktake)
    if done.orders:
        typer.echo(say("stocktake.short", spoken(), orders=", ".join(done.orders)))


def end(stocktake: Which, config: ConfigFile = Path("config.toml")) -> None:
    """Give a stocktake up: nothing is booked, the places are open again"""
    from app import count_doors
    from app.local import ACTOR, Server, clock_ms, reached
    from wms.counts.stocktakes import Stocktake

    with reached(config) as place:
        if isinstance(place, Server):
            _tell(place.ask("DELETE", f"/v1/stocktakes/{stocktake}", Stocktake))
        else:
            _tell(place.write_now(
                count_doors.end, stocktake, actor=ACTOR, device="cli", now=clock_ms()
            ))  # fmt: skip


def _tell(one: "Stocktake") -> None:
    state = say(f"stocktake.state.{one.state}", spoken())
    told = say(
        "stocktake.line", spoken(), stocktake=one.code, state=state, places=one.places,
        counted=one.counted, differing=one.differing,
    )  # fmt: skip
    typer.echo(told)


def _write(out: Path, seen: "StocktakeView", config: Path) -> None:
    """The certificate: what was found, as of the moment when it was signed (or frozen)."""
    from sync.sheets import csv_text, xlsx
    from wms import config as configuration
    from wms.site.calendar import local_time

    one = seen.stocktake
    site = configuration.load(config).site
    as_of = local_time(one.signed_ms or one.frozen_ms, site.zone).strftime("%Y-%m-%d %H:%M")
    rows: list[tuple[str | int, ...]] = [
        (say("stocktake.certificate", spoken()), one.code, seen.owner, one.zone,
         say("stocktake.as_of", spoken()), as_of, say("stocktake.signed_by", spoken()),
         one.signed_by),
        tuple(say(f"stocktake.{name}", spoken()) for name in COLUMNS),
    ]  # fmt: skip
    rows += [
        (each.place, each.owner, each.sku, each.name, each.lot,
         word(f"condition.{each.condition}"), each.serial, each.book, each.counted,
         each.counted - each.book)
        for each in seen.entries
    ]  # fmt: skip
    if out.suffix.lower() == ".pdf":
        data = _pdf(seen, as_of, site.name)
    elif out.suffix.lower() == ".xlsx":
        data = xlsx(rows)
    else:
        data = csv_text(rows).encode("utf-8-sig")
    out.write_bytes(data)
    typer.echo(say("stocktake.written", spoken(), path=str(out), count=len(seen.entries)))


def _pdf(seen: "StocktakeView", as_of: str, site: str) -> bytes:
    """The certificate on paper, with its totals, and room to sign."""
    from labels.certificate import Certificate, CountedLine, render

    one = seen.stocktake
    lines = tuple(
        CountedLine(
            place=each.place, owner=each.owner, sku=each.sku, name=each.name, lot=each.lot,
            condition=each.condition, serial=each.serial, book=each.book, counted=each.counted,
            value=each.value,
        )
        for each in seen.entries
    )  # fmt: skip
    whose = seen.owner != one.owner
    return render(Certificate(
        code=one.code, as_of=as_of, state=one.state, site=site,
        owner=f"{seen.owner} {seen.owner_name}".strip(), zone=one.zone, signed_by=one.signed_by,
        places=len({line.place for line in lines}) if whose else one.places, lines=lines,
        language=spoken(),
    ))  # fmt: skip
