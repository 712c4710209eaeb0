"""Commands of the command line, a file each. Every module here has `add(cli)`, which adds its own.

Modules are light: what a command needs is imported when it runs, so that `genba --help` is quick.
A command's docstring is its help: the first line says what it does, without a full stop.
"""

from importlib import import_module
from pkgutil import iter_modules

from typer import Typer


def add_all(cli: Typer) -> None:
    """Add the commands of every module in this folder, in the order of their names."""
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}").add(cli)
