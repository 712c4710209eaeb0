"""`genba backup`, `restore` and `upgrade`: the book kept safe, brought back, brought up."""

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.language import spoken
from wms.messages import say

if TYPE_CHECKING:
    from wms.config import Config
    from wms.upkeep.restore import Proven

ConfigFile = Annotated[Path, typer.Option("--config", help="The site's configuration.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
DAY_MS = 86_400_000
SHOWN_MAX = 20


def add(cli: typer.Typer) -> None:
    """Add `genba backup`, `restore` and `upgrade`."""
    cli.command("backup")(backup)
    cli.command("restore")(restore)
    cli.command("upgrade")(upgrade)


def backup(
    folder: Annotated[
        Path | None, typer.Option(help="Where to, instead of the configuration's folder.")
    ] = None,
    as_json: AsJson = False,
    config: ConfigFile = Path("config.toml"),
) -> None:
    """Back the book up into one file, while the server works

    Older backups in the folder than the configuration's days to keep are removed, once the new one
    is whole and on the disk.
    """
    import msgspec

    from app.local import clock_ms, database_url, reading
    from wms.upkeep import backup as backups

    settings = _settings(config)
    root = config.resolve().parent
    where = folder or root / settings.backups.folder
    url = database_url(settings, root)
    now = clock_ms()
    with reading(url):  # there is a book, and this program understands it
        file, told = backups.make(url, where, now=now)
    gone = backups.forget_older(where, than_ms=now - settings.backups.keep_days * DAY_MS)
    if as_json:
        names = [old.name for old in gone]
        typer.echo(msgspec.json.encode({"file": str(file), "manifest": told, "removed": names}))
        return
    size = -(-file.stat().st_size // 1_000_000)
    typer.echo(say("backup.made", spoken(), file=str(file), megabytes=size, commands=told.commands))
    for old in gone:
        typer.echo(say("backup.forgotten", spoken(), file=old.name))


def restore(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The backup.")],
    check: Annotated[
        bool, typer.Option("--check", help="Only try it out, beside the book, and audit it.")
    ] = False,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Also with faults in the audit.")
    ] = False,
    idle: Annotated[
        bool, typer.Option("--idle", help="Nobody has worked since the backup: skip no numbers.")
    ] = False,
    config: ConfigFile = Path("config.toml"),
) -> None:
    """Restore a backup: in the place of the book, or with --check to see that it could be

    The book is made beside the old one, brought to this program's schema, audited (the ledger is
    replayed) and only then put in its place. The old one is kept under another name. On PostgreSQL
    the database that the configuration names must be a new, empty one. Tracking numbers, numbers
    of orders and the like that were given since the backup are left out: as the old book says, or
    more than can have been given. Exit code 1 on any fault.
    """
    from app.local import clock_ms, database_url
    from wms.site.carriers import called
    from wms.upkeep import lock
    from wms.upkeep import restore as restoring

    settings = _settings(config)
    url = database_url(settings, config.resolve().parent)
    random = secrets.token_bytes(8)
    if check:
        proven = _tried_out(file, random)
        _tell(file, proven, clock_ms())
        raise typer.Exit(1 if proven.faults else 0)
    database = lock.path_of(url)
    aside = None
    if database is None:
        with lock.hold_database(url):
            proven = restoring.into_postgresql(file, url, now=clock_ms(), random=random, idle=idle)
    else:
        database.parent.mkdir(parents=True, exist_ok=True)
        with lock.hold(database):
            proven, aside = restoring.into_sqlite(
                file, database.with_suffix(""), now=clock_ms(), random=random, anyway=anyway,
                idle=idle,
            )  # fmt: skip
    _tell(file, proven, clock_ms())
    typer.echo(say("backup.restored", spoken(), file=file.name))
    for one in proven.skipped:
        if one.counter[0] == "tracking":
            _, owner, carrier = one.counter
            typer.echo(say(
                "backup.skipped", spoken(), owner=owner, carrier=called(carrier, spoken()),
                count=one.now - one.was, next=one.now,
            ))  # fmt: skip
    if proven.labels:
        typer.echo(say("backup.labels", spoken(), count=proven.labels))
    if aside is not None:
        typer.echo(say("backup.aside", spoken(), file=str(aside)))
    raise typer.Exit(1 if proven.faults and not anyway else 0)


def upgrade(
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Go on although the audit found faults.")
    ] = False,
    config: ConfigFile = Path("config.toml"),
) -> None:
    """Bring the book to this program's schema: a backup, the migrations, the whole audit

    `genba run` does the same when it starts. Killed at any moment, the next one goes on.
    """
    from app.local import clock_ms, database_url
    from wms.upkeep import lock, safe_upgrade

    settings = _settings(config)
    root = config.resolve().parent
    url = database_url(settings, root)
    file = lock.path_of(url)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
    with lock.hold(file), lock.hold_database(url):
        kept = safe_upgrade.bring_up(
            url, root / settings.backups.folder, now=clock_ms(), anyway=anyway
        )
    if kept is None:
        typer.echo(say("upgrade.nothing", spoken()))
    else:
        typer.echo(say("upgrade.done", spoken(), file=str(kept)))


def _settings(file: Path) -> "Config":
    from app.local import fail
    from wms.config import ConfigError, load

    try:
        return load(file)
    except ConfigError as error:
        fail("\n".join(error.told(spoken())))


def _tried_out(file: Path, random: bytes) -> "Proven":
    """Restore where nobody works with it; a backup of PostgreSQL gets a server of its own."""
    import tempfile
    from contextlib import ExitStack

    from app import postgres
    from app.local import fail
    from wms.upkeep import backup as backups
    from wms.upkeep import restore as restoring

    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="genba-check-")))
        url = ""
        if backups.manifest(file).engine != "sqlite":
            try:
                url = stack.enter_context(postgres.running()).url()
            except postgres.CannotStart as why:
                fail(say("backup.no_server", spoken(), why=str(why)))
        return restoring.try_out(file, folder, url, random=random)


def _tell(file: Path, proven: "Proven", now: int) -> None:
    told = proven.manifest
    minutes = max(0, now - told.made_ms) // 60_000
    hours, days = minutes // 60, minutes // 1_440
    if days:
        age = say("backup.days", spoken(), days=days, hours=hours % 24)
    else:
        age = say("backup.minutes", spoken(), hours=hours, minutes=minutes % 60)
    typer.echo(say(
        "backup.age", spoken(), file=file.name, age=age, engine=told.engine,
        revision=told.revision, commands=told.commands,
    ))  # fmt: skip
    if not proven.faults:
        typer.echo(say("backup.sound", spoken(), count=len(proven.findings)))
        return
    typer.echo(say("backup.faulty", spoken(), count=proven.faults), err=True)
    shown = [(step, one) for step, found in proven.findings for one in found][:SHOWN_MAX]
    for step, one in shown:
        typer.echo(f"  {step.invariant:6} {one.where} {one.what}", err=True)
