"""`genba orders`: find an order, hold it, let it go on, or cancel it."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar
from urllib.parse import quote

import typer
from msgspec import Struct

from app.language import spoken, word

if TYPE_CHECKING:
    from wms.orders.view import OrderBrief

T = TypeVar("T", bound=Struct)
ConfigFile = Annotated[Path, typer.Option("--config", help="The site's configuration.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
Reference = Annotated[str, typer.Argument(help="External id, code (O0000012) or number.")]
Owner = Annotated[str, typer.Option("--owner", help="Whose, where several use the same id.")]
Why = Annotated[str, typer.Option("--reason", help="Why, for people.")]


def add(cli: typer.Typer) -> None:
    """Add `genba orders list`, `show`, `hold`, `release` and `cancel`."""
    group = typer.Typer(
        help="Find an order, hold it, let it go on, or cancel it.", no_args_is_help=True,
        rich_markup_mode=None,
    )  # fmt: skip
    for name, command in (
        ("list", list_all), ("show", show), ("hold", hold), ("release", release),
        ("cancel", cancel),
    ):  # fmt: skip
        group.command(name)(command)
    cli.add_typer(group, name="orders")


def list_all(
    state: Annotated[str, typer.Option("--state", help="Only these: held, short...")] = "",
    owner: Owner = "", as_json: AsJson = False, config: ConfigFile = Path("config.toml"),
) -> None:  # fmt: skip
    """List the newest orders"""
    from app.local import Server, reached
    from wms.orders.view import OrderList, listed

    with reached(config) as place:
        if isinstance(place, Server):
            asked = {"state": state, "owner": owner}
            found = place.ask("GET", "/v1/orders", OrderList, params=asked)
        else:
            found = place.read_now(listed, state=state, owner=owner)
    if as_json:
        _tell(found, as_json=True)
        return
    for one in found.orders:
        typer.echo(_line(one))


def show(
    reference: Reference, owner: Owner = "", as_json: AsJson = False,
    config: ConfigFile = Path("config.toml"),
) -> None:  # fmt: skip
    """Show one order: its lines and its parcels"""
    from app.local import Server, reached
    from wms.messages import reason_words
    from wms.orders.view import OrderView, get
    from wms.site.carriers import called

    with reached(config) as place:
        if isinstance(place, Server):
            path = f"/v1/orders/{quote(reference, safe='')}"
            found = place.ask("GET", path, OrderView, params={"owner": owner})
        else:
            found = place.read_now(get, reference, owner=owner)
    if as_json:
        _tell(found, as_json=True)
        return
    state, why = word(f"look.order.{found.state}"), reason_words(found.state_reason, spoken())
    typer.echo(f"{found.code}  {found.external_id}  {state}  {why}".rstrip())
    for line in found.lines:
        wanted = line.qty - line.cancelled
        typer.echo(f"  {line.line_no}  {line.sku}  {line.packed}/{wanted}  {line.name}")
    for box in found.parcels:
        state, carrier = word(f"look.parcel.{box.state}"), called(box.carrier, spoken())
        typer.echo(f"  {box.parcel}  {state}  {carrier}  {box.tracking}".rstrip())


def hold(
    reference: Reference, reason: Why = "", owner: Owner = "", as_json: AsJson = False,
    config: ConfigFile = Path("config.toml"),
) -> None:  # fmt: skip
    """Hold an order: nothing of it leaves"""
    from sync.change_doors import HoldRequest, hold_order
    from wms.orders.holds import Held

    asked = HoldRequest(reason=reason)
    held = _do("hold", Held, hold_order, reference, asked, owner=owner, config=config)
    _tell(held, held.code, word(f"look.order.{held.state}"), as_json=as_json)


def release(
    reference: Reference, owner: Owner = "", as_json: AsJson = False,
    config: ConfigFile = Path("config.toml"),
) -> None:  # fmt: skip
    """Let a held order go on"""
    from sync.change_doors import ReleaseRequest, release_order
    from wms.orders.holds import Held

    asked = ReleaseRequest()
    held = _do("release", Held, release_order, reference, asked, owner=owner, config=config)
    _tell(held, held.code, word(f"look.order.{held.state}"), as_json=as_json)


def cancel(
    reference: Reference, reason: Why = "", owner: Owner = "", as_json: AsJson = False,
    config: ConfigFile = Path("config.toml"),
) -> None:  # fmt: skip
    """Cancel an order, wherever its goods are"""
    from sync.change_doors import CancelRequest, cancel_order
    from wms.orders.cancel import Cancelled

    asked = CancelRequest(reason=reason)
    done = _do("cancel", Cancelled, cancel_order, reference, asked, owner=owner, config=config)
    places = " ".join((*done.put_back, *done.search, done.returning)).strip()
    outcome, stage = word(f"orders.outcome.{done.outcome}"), word(f"orders.stage.{done.stage}")
    _tell(done, done.code or done.external_id, f"{outcome} ({stage})", places, as_json=as_json)


def _do(
    verb: str, answer: type[T], command: Callable[..., T], reference: str, asked: Struct, *,
    owner: str, config: Path,
) -> T:  # fmt: skip
    """Through the door of the server, or in the book itself."""
    import msgspec

    from app.http import LOCAL
    from app.local import Server, clock_ms, reached

    with reached(config) as place:
        if isinstance(place, Server):
            path = f"/v1/orders/{quote(reference, safe='')}/{verb}"
            body = msgspec.to_builtins(asked)
            return place.ask("POST", path, answer, params={"owner": owner}, json=body)
        return place.write_now(
            command, reference, asked, token=LOCAL, owner=owner, now=clock_ms()
        )  # fmt: skip


def _tell(answer: Struct, *told: str, as_json: bool) -> None:
    import msgspec

    typer.echo(msgspec.json.encode(answer) if as_json else "  ".join(one for one in told if one))


def _line(one: "OrderBrief") -> str:
    from wms.messages import reason_words

    why = reason_words(one.state_reason, spoken()) if one.state_reason else ""
    state = word(f"look.order.{one.state}")
    return f"{one.code}  {one.owner}  {one.external_id}  {state}  {one.ship_date}  {why}".rstrip()
