"""docs/permissions.md is made from the code: who may do what at a terminal, and at which door.

`GENBA_SNAPSHOTS=write` writes it anew; read the difference before you commit it.
"""

import importlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar.handlers import HTTPRouteHandler

import app
import picking
import sync
from picking.dialogues import DIALOGUES
from picking.dialogues.menu import WAYS
from tests.sources import ROOT, text_of
from wms.messages import say
from wms.people.staff import APPROVALS, PERMISSIONS, VERBS
from wms.people.tokens import OWNED_SCOPES, SCOPES

PAGE = Path("docs/permissions.md")
BEGIN = """# Permissions, dialogue by dialogue and door by door

Made from the code (a test compares). What roles are, and how they are given, is in
[people.md](people.md); tokens are in [api.md](api.md). Everything that is not marked is refused.

## At a terminal

`●` the permission opens the dialogue, for the goods of its owners. `○` one more is asked for
inside. `✓` it is asked of somebody else, by badge and PIN. A dialogue with a bench opens there
alone. In the menu, any scan is looked up for whoever is signed in.
"""
DOORS = """
## At a door of the API

`●` the scope opens the door. A token of one owner sees only what is theirs; the scopes in italics
see the whole site and are given to no owner. `admin` opens every door that a scope opens. Those of
a terminal are opened by its own token; the page `/t`, the API's documents and `/v1/health` by none.
"""
ASKS = re.compile(r"\b(must|may|must_touch|may_touch|given)\(|verb=|\.permissions")
BARE = re.compile(r"/(v1|docs|t|metrics)(/|$)")  # every other door's router is at /v1
SPECIAL = {*VERBS, *APPROVALS, "lead"}


def modules_of(*packages: object) -> Iterator[Path]:
    for package in packages:
        yield from sorted(Path(package.__path__[0]).rglob("*.py"))  # type: ignore[attr-defined]


def asked_inside() -> dict[str, set[str]]:
    """For each dialogue the verbs beyond its own that its modules ask for, by name or constant."""
    found: dict[str, set[str]] = {name: set() for name in DIALOGUES}
    for path in modules_of(importlib.import_module("picking.dialogues")):
        name = next((one for one in DIALOGUES if re.fullmatch(rf"{one}(_\w+)?", path.stem)), None)
        if name is None:
            continue
        module = importlib.import_module(f"picking.dialogues.{path.stem}")
        for line in path.read_text("utf-8").splitlines():
            if ASKS.search(line):
                words = re.findall(r"\w+", line)
                found[name] |= {str(getattr(module, word, word)) for word in words} & SPECIAL
    return found


def doors() -> list[tuple[str, str, str]]:
    """(scope or "", verb, path) of each door, by path."""
    found = set()
    for path in modules_of(app, picking, sync):
        if "opt={" not in path.read_text("utf-8"):
            continue
        parts = path.relative_to(ROOT).with_suffix("").parts
        for door in vars(importlib.import_module(".".join(parts))).values():
            if isinstance(door, HTTPRouteHandler):
                for verb in door.http_methods:
                    for each in door.paths:
                        plain = re.sub(r"{(\w+):\w+}", r"{\1}", each)
                        bare = BARE.match(plain)
                        where = plain if bare else f"/v1{plain}"
                        found.add((str(door.opt.get("scope") or ""), str(verb), where))
    return sorted(found, key=lambda one: (one[2], one[1]))


def terminal_table() -> list[str]:
    inside = asked_inside()
    names = sorted(DIALOGUES)
    lines = ["| dialogue | | bench | opened by | asks inside |", "|---|---|---|---|---|"]
    for name in names:
        dialogue = DIALOGUES[name]
        opens = dialogue.permission or (name if name in WAYS else "")
        opened = f"● `{opens}`" if opens else "everybody signed in"
        asks = [
            f"{'✓' if verb in APPROVALS else '○'} `{verb}`"
            for verb in PERMISSIONS if verb in inside[name] - {dialogue.permission}
        ]  # fmt: skip
        title = say(f"menu.{name}", "ja") if name != "menu" else "メニュー"
        lines.append(f"| `{name}` | {title} | {dialogue.station} | {opened} | {' '.join(asks)} |")
    return lines


def door_table() -> list[str]:
    heads = [scope if scope in OWNED_SCOPES else f"*{scope}*" for scope in SCOPES]
    lines = [f"| door | {' | '.join(heads)} |", f"|---|{':-:|' * len(SCOPES)}"]
    for scope, verb, path in doors():
        opens = ["●" if one in (scope, "admin") and scope else "" for one in SCOPES]
        lines.append(f"| `{verb} {path}` | {' | '.join(opens)} |")
    return lines


def page() -> str:
    return "\n".join(["".join((BEGIN, "")), *terminal_table(), DOORS, *door_table(), ""])


def test_the_page_is_what_the_code_says() -> None:
    made = page()
    if os.environ.get("GENBA_SNAPSHOTS") == "write":
        (ROOT / PAGE).write_text(made, "utf-8")
    assert made == text_of(PAGE), "GENBA_SNAPSHOTS=write pytest tests/test_permissions_page.py"


def test_every_permission_opens_a_dialogue_or_is_asked_for_somewhere() -> None:
    """A permission that nobody asks for would be a promise to whoever takes it away."""
    opened = {dialogue.permission for dialogue in DIALOGUES.values()} | set(WAYS)
    idle = [
        verb for verb in PERMISSIONS
        if verb not in opened and not any(verb in asked for asked in asked_inside().values())
    ]  # fmt: skip
    assert idle == []


@pytest.mark.parametrize("scope", SCOPES)
def test_every_scope_opens_something(scope: str) -> None:
    assert any(one == scope for one, _verb, _path in doors())
