"""The part of `docs/floor.md` that the code writes: every dialogue, its states and its messages.

Transitions come from the docstrings (which the tests hold to the code), words from `wms/words`.
A dialogue that is registered appears by itself.
"""

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from inspect import getdoc
from pathlib import Path
from types import ModuleType

from app.state_diagram import Transition, draw
from picking.dialogues import DIALOGUES, sign_in
from wms.errors import Code
from wms.messages import texts

BEGIN = "<!-- From here on `genba docs` writes; change the code or its words instead. -->"
END = "<!-- Here ends what `genba docs` writes. -->"
PACKAGE = "picking.dialogues"
SHARED = f"{PACKAGE}.base"
_LINE = re.compile(r"^\* ([\w, ]+) -> (\w+): (.*)$")
_EVERYWHERE = ("key.", "menu.")  # words that have tables of their own, or belong to the menu


def modules() -> dict[str, ModuleType]:
    """The module of each dialogue, the sign-in first."""
    own = {name: sys.modules[dialogue.step.__module__] for name, dialogue in DIALOGUES.items()}
    return {"sign_in": sign_in, **own}


def transitions(module: ModuleType) -> list[Transition]:
    """What the docstring lists, one for each source; words that go on in the next line are joined.

    >>> [each.target for each in transitions(sign_in)][:2]
    ['in', 'pin']
    """
    found: list[Transition] = []
    lines = (getdoc(module) or "").partition("Transitions:")[2].splitlines()
    for line in lines:
        listed = _LINE.match(line)
        if listed:
            sources = listed[1].split(", ")
            found += [Transition(source, listed[2], _plain(listed[3])) for source in sources]
        elif line.startswith("  ") and found:
            words = f"{found[-1].words} {_plain(line)}"
            same = found[-1].words
            found = [
                Transition(each.source, each.target, words) if each.words == same else each
                for each in found
            ]
    return found


def _plain(words: str) -> str:
    return words.strip().replace("`", "")


def diagrams() -> dict[str, str]:
    """Each dialogue's state diagram by file name."""
    return {
        f"states-{name}.svg": draw(_title(name), transitions(module))
        for name, module in modules().items()
    }


def catalogue() -> str:
    """Everything between the marks, as Markdown."""
    parts = [
        "## Every dialogue すべての画面", "",
        "Made from the code. Arrows to the right go on, arrows to the left go back, loops stay",
        "where they are; violet leaves for another dialogue, or for a page that F3 closes. Every",
        "scan that is refused says what was expected and what was read.", "",
    ]  # fmt: skip
    told: set[str] = set()
    for name, module in modules().items():
        codes = codes_of(name, module)
        told |= set(codes)
        parts += _section(name, module, codes)
    refusals = sorted({str(code) for code in Code} - told)
    parts += ["### What the book refuses 帳簿が断るとき", "",
              "These may come from any screen, from the API, or from a file.", ""]  # fmt: skip
    return "\n".join([*parts, *_table(refusals, "refusals")])


def write_into(page: str) -> str:
    """*page* with the catalogue in its place; at its end where it has none yet."""
    before, mark, rest = page.partition(BEGIN)
    after = rest.partition(END)[2] if mark else "\n"
    return f"{before.rstrip()}\n\n{BEGIN}\n\n{catalogue()}\n{END}{after}"


def codes_of(name: str, module: ModuleType) -> list[str]:
    """The words that a dialogue says: those whose codes its modules mention."""
    known = texts()
    found: set[str] = set()
    for tree in _trees(module):
        for node in ast.walk(tree):
            found |= _mentioned(node, known)
    mine = _EVERYWHERE if name != "menu" else ("key.",)
    return sorted(code for code in found if not code.startswith(mine))


def _mentioned(node: ast.AST, known: dict[str, dict[str, str]]) -> set[str]:
    if isinstance(node, ast.Constant) and node.value in known:
        return {str(node.value)}
    if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
        start = str(node.values[0].value)
        return {code for code in known if start.endswith(".") and code.startswith(start)}
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        member = node.attr if node.value.id == "Code" else ""
        return {str(Code[member])} if member in Code.__members__ else set()
    return set()


def _trees(module: ModuleType) -> Iterator[ast.Module]:
    """The syntax of a dialogue's own modules: itself, and what it imports that is no dialogue."""
    dialogues = {each.__name__ for each in modules().values()} - {module.__name__}
    todo, seen = [module.__name__], {SHARED}
    while todo:
        name = todo.pop()
        if name in seen or name in dialogues:
            continue
        seen.add(name)
        tree = _tree(name)
        yield tree
        todo += sorted(_imported(tree))


def _imported(tree: ast.Module) -> set[str]:
    """The modules of dialogues that *tree* imports, in either form."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == PACKAGE:
            found |= {f"{PACKAGE}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{PACKAGE}."):
            found.add(str(node.module))
    return found & sys.modules.keys()


@cache
def _tree(module: str) -> ast.Module:
    file = sys.modules[module].__file__
    assert file is not None, module
    return ast.parse(Path(file).read_text("utf-8"))


def _title(name: str) -> str:
    words = texts().get(f"{name}.title") or texts().get(f"menu.{name}")
    return f"{words['en']} {words['ja']}" if words else name


def _section(name: str, module: ModuleType, codes: list[str]) -> list[str]:
    about = " ".join((getdoc(module) or "").partition("\n\n")[0].split())
    return [
        f"### {_title(name)}", "", about, "",
        f"![{_title(name)}](pictures/states-{name}.svg)", "", *_table(codes, "messages"),
    ]  # fmt: skip


def _table(codes: list[str], what: str) -> list[str]:
    rows = [
        f"| {code} | {_cell(texts()[code]['ja'])} | {_cell(texts()[code]['en'])} |"
        for code in codes
    ]
    return [
        f"<details><summary>{len(codes)} {what}</summary>", "", "| | 日本語 | English |",
        "|---|---|---|", *rows, "", "</details>", "",
    ]  # fmt: skip


def _cell(words: str) -> str:
    return words.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
