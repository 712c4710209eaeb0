"""The documents tell what is there, and everything that is there.

Compared both ways: commands and their options, kinds of events. Where there are no documents yet,
the comparison is an expected failure, which shows in the summary.
"""

import re
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from app.__main__ import cli
from tests.sources import project_files, text_of
from wms.events import Event

DOCS = [
    path
    for path in project_files()
    if path.suffix == ".md" and (path.parts[0] == "docs" or path == Path("README.md"))
]
CODE_SPAN = re.compile(r"```[^\n]*\n(.*?)```|`([^`\n]+)`", re.DOTALL)
COMMAND = re.compile(r"(?:^|[\s(]|\./)genba(?![\w./-])((?: +[^\s|;&#`]+)*)")


def code_spans() -> Iterator[tuple[str, str]]:
    """Each piece of code in the documents: where, and its lines."""
    for path in DOCS:
        for block, span in CODE_SPAN.findall(text_of(path)):
            for line in (block or span).splitlines():
                yield str(path), line


def commands() -> dict[str, TyperCommand]:
    """Every command by its words (`import orders`)."""

    def walk(group: TyperGroup, words: str) -> Iterator[tuple[str, TyperCommand]]:
        for name, command in group.commands.items():
            if isinstance(command, TyperGroup):
                yield from walk(command, f"{words}{name} ")
            elif isinstance(command, TyperCommand):
                yield words + name, command

    top = get_command(cli)
    assert isinstance(top, TyperGroup)
    return dict(walk(top, ""))


def said_commands() -> Iterator[tuple[str, list[str]]]:
    """Each use of `genba` in the documents: where, and the words after it."""
    for where, line in code_spans():
        for words in COMMAND.findall(line):
            yield where, words.split()


def event_kinds() -> set[str]:
    """Every kind of event that the book knows."""

    def walk(kind: type[Event]) -> Iterator[str]:
        for child in kind.__subclasses__():
            yield from [child.kind] if child.kind else []
            yield from walk(child)

    return set(walk(Event))


def need_docs() -> None:
    """Mark what cannot be compared yet."""
    if not DOCS:
        pytest.xfail("there are no documents yet")


def test_commands_in_the_documents_exist() -> None:
    need_docs()
    known = commands()
    for where, words in said_commands():
        if not words or words[0].startswith("-"):
            continue  # `genba` itself, or its own options
        name = next((name for name in known if words[: name.count(" ") + 1] == name.split()), "")
        groups = {name.partition(" ")[0] for name in known if " " in name}
        assert name or words in [[group] for group in groups], f"{where}: genba {' '.join(words)}"
        if name:
            options = {option for param in known[name].params for option in param.opts}
            said = {word.partition("=")[0] for word in words if word.startswith("--")}
            assert said <= options | {"--help"}, f"{where}: genba {' '.join(words)}"


def test_every_command_is_in_the_documents() -> None:
    need_docs()
    said = {" ".join(words) for _, words in said_commands()}
    assert [
        name for name in commands() if not any(f"{s} ".startswith(f"{name} ") for s in said)
    ] == []


def test_events_in_the_documents_exist() -> None:
    need_docs()
    kinds = event_kinds()
    nouns = {kind.partition(".")[0] for kind in kinds}
    for where, line in code_spans():
        noun, dot, verb = line.strip().partition(".")
        if not dot or noun not in nouns or not verb.isidentifier() or f"{noun}.{verb}" in kinds:
            continue
        module = import_module(f"wms.{noun}") if find_spec(f"wms.{noun}") else None
        assert hasattr(module, verb), f"{where}: no event {noun}.{verb}"


def test_every_event_is_in_the_documents() -> None:
    need_docs()
    said = "\n".join(line for _, line in code_spans())
    assert [kind for kind in sorted(event_kinds()) if kind not in said] == []


@pytest.mark.parametrize(
    ("module", "test"),
    [("wms.config", "test_every_config_key_exists"), ("app.http", "test_every_api_path_exists")],
)
def test_what_is_not_compared_is_not_there_yet(module: str, test: str) -> None:
    assert find_spec(module) is None or test in globals(), f"{module} is here: write {test}"


def test_the_readers_of_the_documents_see_what_they_are_for() -> None:
    assert "test" in commands()
    assert "order.shipped" in event_kinds()
    assert CODE_SPAN.findall("a `genba test` b\n```sh\n./genba demo\n```") == [
        ("", "genba test"),
        ("./genba demo\n", ""),
    ]
    assert COMMAND.findall("./genba demo --seed 7 | less") == [" demo --seed 7"]
    assert COMMAND.findall("git clone genba.git") == []
