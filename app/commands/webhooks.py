"""`genba webhooks`: who hears of events, what nobody takes, and sending that once more."""

import datetime
from pathlib import Path
from typing import Annotated

import typer

from app.language import spoken
from wms.messages import say

ConfigFile = Annotated[Path, typer.Option("--config", help="The site's configuration.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


def add(cli: typer.Typer) -> None:
    """Add `genba webhooks list` and `replay`."""
    group = typer.Typer(
        help="See what the OMS was told, and tell it once more.", no_args_is_help=True,
        rich_markup_mode=None,
    )  # fmt: skip
    group.command("list")(show)
    group.command("replay")(replay)
    cli.add_typer(group, name="webhooks")


def show(as_json: AsJson = False, config: ConfigFile = Path("config.toml")) -> None:
    """List who hears of events, and the webhooks that are parked with the reason"""
    import msgspec

    from app.local import Server, clock_ms, reached
    from sync.feed_doors import WebhookList, list_webhooks

    with reached(config) as place:
        if isinstance(place, Server):
            found = place.ask("GET", "/v1/webhooks", WebhookList)
        else:
            found = place.read_now(list_webhooks, now=clock_ms())
    if as_json:
        typer.echo(msgspec.json.encode(found))
        return
    for each in found.endpoints:
        state = say(f"webhooks.state.{each.state}", spoken())
        typer.echo(say(
            "webhooks.endpoint", spoken(), name=each.name, state=state, url=each.url,
            delivered=each.delivered, waiting=each.waiting, parked=each.parked,
        ))  # fmt: skip
    for one in found.parked:
        at = datetime.datetime.fromtimestamp(one.at_ms / 1000, tz=datetime.UTC)
        moment = at.isoformat(timespec="seconds")
        typer.echo("\t".join((moment, one.endpoint, one.about, one.kind, one.error)))


def replay(
    endpoint: Annotated[
        str, typer.Argument(help="Only for this one of [webhooks.NAME]; else for all.")
    ] = "",
    config: ConfigFile = Path("config.toml"),
) -> None:
    """Send what is parked once more, and try endpoints that rest at once"""
    from app.local import ACTOR, Server, clock_ms, reached
    from sync import feed_doors

    with reached(config) as place:
        if isinstance(place, Server):
            done = place.ask(
                "POST", "/v1/webhooks/replay", feed_doors.Replayed, json={"endpoint": endpoint}
            )
        else:
            wanted = feed_doors.Replay(endpoint=endpoint)
            done = place.write_now(
                feed_doors.replay, wanted, actor=ACTOR, device="cli", now=clock_ms()
            )
    typer.echo(say("webhooks.replayed", spoken(), count=done.count))
