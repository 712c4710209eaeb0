"""The project's own files, read once, for the tests that look at them."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TypeAlias

ROOT = Path(__file__).parent.parent
ROOMS = ("wms", "devices", "picking", "labels", "sync", "tui")
CODE = (*ROOMS, "app")
# Environments, caches and what is built or run here, as in .gitignore.
NOT_OURS = re.compile(r"\.(?!ci$).*|__pycache__|.*\.egg-info|data|build|dist")

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def project_files() -> tuple[Path, ...]:
    """Every file that belongs to the project, from its root; git is not asked, nor needed."""

    def walk(folder: Path) -> Iterator[Path]:
        for path in folder.iterdir():
            if path.is_dir() and not NOT_OURS.fullmatch(path.name):
                yield from walk(path)
            elif path.is_file():
                yield path.relative_to(ROOT)

    return tuple(sorted(walk(ROOT)))


def python_files(*folders: str) -> list[Path]:
    """The project's Python files in *folders*, from its root."""
    return [path for path in project_files() if path.suffix == ".py" and path.parts[0] in folders]


@cache
def text_of(path: Path) -> str:
    """What is in *path* (from the root); nothing when it is not text."""
    try:
        return (ROOT / path).read_text("utf-8")
    except UnicodeDecodeError:
        return ""


@cache
def tree_of(path: Path) -> ast.Module:
    """The syntax tree of the Python file *path*."""
    return ast.parse(text_of(path), str(path))


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Every call in *path* with the dotted name of what is called (`datetime.now`)."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call) and (name := dotted(node.func)):
            yield name, node


def dotted(node: ast.AST) -> str:
    """The dotted name of an expression; empty when it is something else.

    >>> dotted(ast.parse("a.b.c", mode="eval").body)
    'a.b.c'
    """
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}".lstrip(".")
    return ""


def strings(path: Path) -> Iterator[ast.Constant]:
    """Every string literal in *path*, docstrings and the parts of f-strings included."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node


def imports(path: Path, module: str) -> bool:
    """Whether *path* has `import module` (so that `module.name` is the module's)."""
    return any(
        alias.name == module and alias.asname is None
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Import)
        for alias in node.names
    )
