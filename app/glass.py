"""What the commands with a screen share: a terminal to show it on, and the right to connect."""

import sys
from pathlib import Path

from app.language import spoken
from app.local import database_url, fail
from app.secrets import read_secret
from wms import config
from wms.messages import say
from wms.upkeep import lock


def need_glass() -> None:
    """End the command where there is no terminal to show a screen on."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        fail(say("screen.no_terminal", spoken()))


def secret_of(text: str, root: Path) -> str:
    """A token as it was given: itself, or `env:NAME` or `file:PATH` (relative to *root*)."""
    return read_secret(text, root) if text.startswith(("env:", "file:")) else text


def own_server(file: Path) -> lock.Holder:
    """The server of *file*'s site that runs on this machine; ends the command if none does."""
    try:
        settings = config.load(file)
    except config.ConfigError as error:
        fail("\n".join(error.told(spoken())))
    holder = lock.holder_of(lock.path_of(database_url(settings, file.resolve().parent)))
    if holder is None or not holder.url:
        fail(say("board.no_server", spoken()))
    return holder
