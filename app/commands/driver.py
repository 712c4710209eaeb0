"""`genba driver`: is a driver, ours or anybody's, one that the floor can rely on."""

from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import Struct

from app.language import spoken
from wms.messages import say

if TYPE_CHECKING:
    from devices.conformance import Case


class Verdict(Struct, frozen=True, kw_only=True):
    """One promise of the kit: how long it took, and what was broken ("" = it was kept)."""

    promise: str
    seconds: float
    broken: str = ""


def add(cli: typer.Typer) -> None:
    """Add `genba driver check` and `list`."""
    group = typer.Typer(
        help="Drivers of devices: which there are, and whether one keeps its promises.",
        no_args_is_help=True, rich_markup_mode=None,
    )  # fmt: skip
    group.command("check")(check)
    group.command("list")(names)
    cli.add_typer(group, name="driver")


def names() -> None:
    """List every driver that can be named in config.toml, ours and those of installed packages"""
    from devices import registry

    for name in registry.names():
        typer.echo(name)


def check(
    name: Annotated[str, typer.Argument(help="The driver, as config.toml would name it.")],
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Hold a driver to the promises that every driver keeps, against its twin; takes a minute

    No device and no site is needed. Exit code 0 when every promise was kept, 1 when one was broken,
    2 when there is no such driver or nothing to check it with.
    """
    import asyncio

    import msgspec

    from devices import registry
    from devices.capabilities import ConfigFault

    try:
        case = registry.case(name)
    except ConfigFault as fault:
        typer.echo(str(fault), err=True)
        raise typer.Exit(2) from None
    verdicts = asyncio.run(_judged(case, quiet=as_json))
    broken = [one for one in verdicts if one.broken]
    if as_json:
        typer.echo(msgspec.json.encode(verdicts))
    else:
        code = "driver.broken" if broken else "driver.kept"
        typer.echo(say(code, spoken(), driver=name, kept=len(verdicts) - len(broken),
                       promises=len(verdicts)))  # fmt: skip
    raise typer.Exit(1 if broken else 0)


async def _judged(case: "Case", *, quiet: bool) -> list[Verdict]:
    """Every promise, one after another: each has the driver, the twin and the loop to itself."""
    import asyncio
    import logging

    import structlog

    from devices.conformance import PROMISES
    from devices.conformance import check as held

    # What a driver logs while its twin misbehaves is what the check is about; it would hide it.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    clock = asyncio.get_running_loop().time
    verdicts = []
    for promise in PROMISES:
        began, broken = clock(), ""
        try:
            await held(case, promise)
        except AssertionError as error:
            broken = str(error) or "broken"
        verdicts.append(Verdict(
            promise=promise.__name__, seconds=round(clock() - began, 1), broken=broken
        ))  # fmt: skip
        if not quiet:
            mark = say("driver.no" if broken else "driver.yes", spoken())
            words = promise.__name__.replace("_", " ")
            typer.echo(f"{mark}  {words}{': ' if broken else ''}{broken}")
    return verdicts
