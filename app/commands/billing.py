"""`genba billing`: what was done for whom in a month, as CSV or a workbook."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.language import spoken, word
from wms.messages import Language, say

if TYPE_CHECKING:
    from wms.look.billing import Entry

COLUMNS = ("owner", "activity", "detail", "unit", "qty")


def add(cli: typer.Typer) -> None:
    """Add `genba billing`."""
    cli.command("billing")(billing)


def billing(
    month: Annotated[str, typer.Argument(help="The month, like 2026-11.")],
    owner: Annotated[str, typer.Option(help="Only this owner's.")] = "",
    out: Annotated[
        Path | None, typer.Option(help="A .csv or .xlsx file, instead of the screen.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
    config: Annotated[Path, typer.Option(help="The site's configuration.")] = Path("config.toml"),
) -> None:
    """Count what was done for each owner in a month: receipts, storage, picks, parcels...

    Counted from the ledger, never entered by hand. Storage is in thirds of the month (what a third
    began with, and what came in), in places held overnight, and in their square metres where
    their size is stated; of a month that goes on, until now. Prices are your contract's.
    """
    import msgspec

    from app.local import clock_ms, fail, read_only
    from wms.errors import Rejected
    from wms.look import billing as bills

    try:
        with read_only(config) as (settings, book):
            span = bills.month(month, settings.site.zone)
            found = book.read_now(bills.bill, span, now=clock_ms(), owner=owner)
    except Rejected as refusal:
        fail(say(refusal.code, spoken(), **refusal.params))
    if as_json:
        typer.echo(msgspec.json.encode(found))
    elif out is not None:
        _write(out, found)
    elif not found:
        typer.echo(say("billing.nothing", spoken(), month=month))
    else:
        _show(found, spoken())


def _write(out: Path, found: "list[Entry]") -> None:
    from sync.sheets import csv_text, xlsx

    rows = [_words(one, spoken()) for one in found]
    rows.insert(0, tuple(say(f"billing.{name}", spoken()) for name in COLUMNS))
    book = xlsx(rows) if out.suffix == ".xlsx" else csv_text(rows).encode("utf-8-sig")
    out.write_bytes(book)
    typer.echo(say("billing.written", spoken(), path=str(out), count=len(found)))


def _words(one: "Entry", language: Language) -> tuple[str | int, ...]:
    activity, unit = say(f"billing.{one.activity}", language), say(f"billing.{one.unit}", language)
    return (one.owner, activity, _detail(one, language), unit, one.qty)


def _detail(one: "Entry", language: Language) -> str:
    """Grades and kinds of work in words; a date and a service's own code stay. English codes are
    English words."""
    codes = {"returns": f"returns.grade.{one.detail}", "work": f"work.kind.{one.detail}"}
    if language == "en" or one.activity not in codes:
        return one.detail
    return word(codes[one.activity])


def _show(found: "list[Entry]", language: Language) -> None:
    for one in found:
        owner, activity, detail, unit, qty = _words(one, language)
        typer.echo(f"{owner or '-':12}  {qty:>10}  {unit}  {activity} {detail}".rstrip())
