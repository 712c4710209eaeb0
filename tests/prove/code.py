"""Which code was proven: figures belong to what ran, not to the commit around it.

A commit that touches a page of the documents leaves all figures valid; one that touches the product
makes all of them void; one that touches a part's own tests, those of this part.
"""

import ast
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path

from tests.prove import Part
from tests.sources import CODE, ROOT, project_files, tree_of

ALSO = ("requirements.txt",)
LENGTH = 12


def of_product() -> str:
    """A digest of all that is shipped, words and tables included, and of what it stands on."""
    return _digest(
        path for path in project_files() if path.parts[0] in CODE or path.as_posix() in ALSO
    )


def of_part(part: Part) -> str:
    """A digest of the tests that *part* is made of."""
    return _digest(files_of(part))


def files_of(part: Part) -> set[Path]:
    """Its module and what else it reads, with whatever they import of the tests."""
    begin = [Path(f"{part.rounds.__module__.replace('.', '/')}.py"), *map(Path, part.reads)]
    known: set[Path] = set()
    while begin:
        path = begin.pop()
        if path not in known and (ROOT / path).is_file():
            known.add(path)
            begin += _imported(path)
    return known


def _imported(path: Path) -> Iterator[Path]:
    """Files of the tests that *path* may import: a name may be that of a module, or be in one."""
    for node in ast.walk(tree_of(path)):
        names: list[str] = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            if name.partition(".")[0] == "tests":
                file = Path(name.replace(".", "/"))
                yield from (file.with_suffix(".py"), file / "__init__.py")


def _digest(paths: Iterable[Path]) -> str:
    whole = sha256()
    for path in sorted(paths):
        whole.update(f"{path.as_posix()}\0".encode())
        whole.update(sha256((ROOT / path).read_bytes()).digest())
    return whole.hexdigest()[:LENGTH]
