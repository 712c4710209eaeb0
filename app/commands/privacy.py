"""`genba privacy`: what is known of somebody, told or erased; and what is due, forgotten.

Whom it is about is read from standard input where it is a number or an address of theirs: other
users of the machine see the arguments of a command.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from app.language import spoken
from wms.messages import say

if TYPE_CHECKING:
    from app.privacy_doors import Masked
    from wms.privacy.subject import Erased, Subject

By = Literal["order", "customer", "phone", "email", "person"]
Sought = Annotated[By, typer.Argument(help="By what they are found; a person is of the staff.")]
Owner = Annotated[str, typer.Option(help="Only orders of this owner.")]
ConfigFile = Annotated[Path, typer.Option("--config", help="The site's configuration.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


def add(cli: typer.Typer) -> None:
    """Add `genba privacy export`, `erase` and `mask`."""
    group = typer.Typer(
        help="Personal data: told, erased, forgotten when it is due.", no_args_is_help=True,
        rich_markup_mode=None,
    )  # fmt: skip
    group.command("export")(export)
    group.command("erase")(erase)
    group.command("mask")(mask)
    cli.add_typer(group, name="privacy")


def export(
    by: Sought,
    owner: Owner = "",
    out: Annotated[Path | None, typer.Option(help="A new .json file, for your eyes alone.")] = None,
    config: ConfigFile = Path("config.toml"),
) -> None:
    """Tell everything that the book knows of one person, as JSON

    The order's code, the number, the address is read from standard input.
    """
    import os

    import msgspec

    from app.local import ACTOR, Server, clock_ms, fail, reached
    from wms.privacy import subject as privacy_subject
    from wms.privacy.subject import Told

    subject = _subject(by, owner)
    with reached(config) as place:
        if isinstance(place, Server):
            told = place.ask("POST", "/v1/privacy/export", Told, json=_body(subject))
        else:
            told = place.write_now(
                privacy_subject.export, subject, actor=ACTOR, device="cli", now=clock_ms()
            )
    text = msgspec.json.format(msgspec.json.encode(told), indent=2)
    if out is None:
        typer.echo(text)
        return
    try:
        handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as why:
        fail(f"{out}: {why.strerror}")
    with os.fdopen(handle, "wb") as file:
        file.write(text + b"\n")
    typer.echo(say("privacy.told", spoken(), file=str(out)))


def erase(
    by: Sought, owner: Owner = "", as_json: AsJson = False,
    config: ConfigFile = Path("config.toml"),
) -> None:  # fmt: skip
    """Erase what the book knows of one person, at their request

    The order's code, the number, the address is read from standard input. Orders under way are
    named and kept; whoever of the staff still works here is refused. The ledger, codes and counts
    stay as they are.
    """
    import msgspec

    from app.local import ACTOR, Server, clock_ms, reached
    from wms.privacy import subject as privacy_subject
    from wms.privacy.subject import Erased

    subject = _subject(by, owner)
    with reached(config) as place:
        if isinstance(place, Server):
            done = place.ask("POST", "/v1/privacy/erase", Erased, json=_body(subject))
        else:
            done = place.write_now(
                privacy_subject.erase, subject, actor=ACTOR, device="cli", now=clock_ms()
            )
            _clear(place)
    typer.echo(msgspec.json.encode(done) if as_json else _said(done))
    raise typer.Exit(1 if done.waiting else 0)


def mask(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what is due.")] = False,
    as_json: AsJson = False,
    config: ConfigFile = Path("config.toml"),
) -> None:
    """Forget what is due by the owners' and the site's days

    The server does the same every night. A dry run counts as far as to 5,000 rows of a kind.
    """
    import asyncio

    import msgspec

    from app.local import ACTOR, Server, clock_ms, reached
    from app.privacy_doors import Masked
    from wms import config as configuration
    from wms.privacy import forgetting

    with reached(config) as place:
        if isinstance(place, Server):
            path = f"/v1/privacy/mask?dry_run={str(dry_run).lower()}"
            done = place.ask("POST", path, Masked)
        else:
            keep = configuration.load(config).privacy
            if dry_run:
                rows = place.read_now(forgetting.count_due, keep, clock_ms())
            else:
                rows = asyncio.run(
                    forgetting.mask(place, keep, actor=ACTOR, device="cli", now=clock_ms())
                )
                _clear(place)
            done = Masked(rows=rows, dry_run=dry_run)
    typer.echo(msgspec.json.encode(done) if as_json else _forgotten(done))


def _subject(by: By, owner: str) -> "Subject":
    from wms.privacy.subject import Subject
    from wms.shape import convert

    label = f"{by}: " if sys.stdin.isatty() else ""
    typer.echo(label, nl=False, err=True)
    return convert({"owner": owner, by: sys.stdin.readline().strip()}, Subject)


def _body(subject: "Subject") -> dict[str, str]:
    import msgspec

    body: dict[str, str] = msgspec.to_builtins(subject)
    return body


def _clear(place: object) -> None:
    from wms.db import Book
    from wms.privacy import forgetting

    assert isinstance(place, Book)
    forgetting.clear_log(place)


def _said(done: "Erased") -> str:
    words = [say("privacy.erased", spoken(), orders=done.orders, people=done.people)]
    if done.waiting:
        words.append(say("privacy.waiting", spoken(), orders=", ".join(done.waiting)))
    return "\n".join(words)


def _forgotten(done: "Masked") -> str:
    if not any(done.rows.values()):
        return say("privacy.nothing", spoken())
    what = ", ".join(f"{name} {count}" for name, count in done.rows.items() if count)
    return say("privacy.due" if done.dry_run else "privacy.masked", spoken(), what=what)
