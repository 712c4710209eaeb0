"""The house style, executable. What a machine can check does not belong in reviews.

A rule is a function from a file to its faults ("line: what is wrong"); RULES says which files each
is for, and PLANTED proves that each still sees what it is for.
"""

import ast
import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from app import VERSION
from tests.sources import (
    CODE,
    ROOT,
    Function,
    calls,
    dotted,
    imports,
    project_files,
    python_files,
    strings,
    text_of,
    tree_of,
)

FUNCTION_LINES_MAX = 60
FILE_LINES_MAX = 400
COLUMNS_MAX = 100

# The doors that must survive anything, and tell it.
CATCH_ALL = {
    Path("devices/supervisor.py"), Path("devices/containment.py"), Path("app/__main__.py"),
}  # fmt: skip
# Where the real clock, ids and randomness are handed to those who are passed theirs.
WIRING = {Path("app/wiring.py"), Path("app/local.py")}

BANNED_CALLS = {
    "print": "log, or write to the terminal with typer.echo",
    "datetime.now": "pass the time in",
    "datetime.utcnow": "pass the time in",
    "date.today": "pass the date in",
    "time.time": "pass the clock in",
    "time.time_ns": "pass the clock in",
    "uuid4": "pass the ids in",
    "uuid.uuid4": "pass the ids in",
}
SEEDED = {"random.Random", "random.SystemRandom"}
IGNORE_WITHOUT_CODE = re.compile(r"#\s*type:\s*ignore(?!\[)")

LEDGER = Path("wms/stock.py")
LEDGER_TABLES = {"stock", "moves"}
WRITERS = {"insert", "update", "delete", "insert_for", "insert_once", "upsert"}
RAW_WRITE = re.compile(r"\b(INSERT INTO|UPDATE|DELETE FROM)\s+(stock|moves)\b", re.IGNORECASE)

LATER = re.compile(r"\b(FIXME|XXX)\b")
REGISTRY = re.compile(r"pypi\.org|pythonhosted|npmjs\.(org|com)|crates\.io")
MACHINE = re.compile(r"/root/|/work/(main|shared)|\.\./shared|pyenv|/opt/pypi")
THIS = Path("tests/test_tidy.py")  # it has to contain the words that it looks for

Rule = Callable[[Path], Iterator[str]]


def short_files(path: Path) -> Iterator[str]:
    lines = text_of(path).count("\n")
    if lines > FILE_LINES_MAX:
        yield f"1: {lines} lines; split it"


def short_functions(path: Path) -> Iterator[str]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, Function):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES_MAX:
                yield f"{node.lineno}: {node.name} has {length} lines"


def short_lines(path: Path) -> Iterator[str]:
    for number, line in enumerate(text_of(path).splitlines(), 1):
        if len(line) > COLUMNS_MAX:
            yield f"{number}: {len(line)} columns"


def file_says_its_purpose(path: Path) -> Iterator[str]:
    if not ast.get_docstring(tree_of(path)):
        yield "1: no docstring"


def public_names_say_their_promise(path: Path) -> Iterator[str]:
    for node in tree_of(path).body:
        if not isinstance(node, Function | ast.ClassDef) or node.name.startswith("_"):
            continue
        if not ast.get_docstring(node):
            yield f"{node.lineno}: {node.name} has no docstring"


def everything_is_passed_in(path: Path) -> Iterator[str]:
    for name, call in calls(path):
        short = name.removeprefix("datetime.") if name.count(".") == 2 else name
        if short in BANNED_CALLS:
            yield f"{call.lineno}: {name}() - {BANNED_CALLS[short]}"
        if name.startswith("random.") and name not in SEEDED and imports(path, "random"):
            yield f"{call.lineno}: {name}() - pass a random.Random in"


def errors_are_caught_by_name(path: Path) -> Iterator[str]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.ExceptHandler):
            kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            names = {dotted(kind) if kind else "" for kind in kinds}
            if names & {"", "Exception", "BaseException"} and not _reraises(node):
                yield f"{node.lineno}: name the error"


def _reraises(handler: ast.ExceptHandler) -> bool:
    """Whether the handler only tidies up, and lets the error go on its way."""
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def nothing_left_for_later(path: Path) -> Iterator[str]:
    for number, line in enumerate(text_of(path).splitlines(), 1):
        if LATER.search(line):
            yield f"{number}: do it now, or write an issue"


def ignored_errors_are_named(path: Path) -> Iterator[str]:
    for number, line in enumerate(text_of(path).splitlines(), 1):
        if IGNORE_WITHOUT_CODE.search(line):
            yield f"{number}: say which error is ignored"


def only_the_ledger_writes_stock(path: Path) -> Iterator[str]:
    for name, call in calls(path):
        owner, _, verb = name.rpartition(".")
        written = {dotted(part).rpartition(".")[2] for part in call.args[:2]}
        written |= {owner.rpartition(".")[2]}
        if verb in WRITERS and written & LEDGER_TABLES:
            yield f"{call.lineno}: {verb} of {min(written & LEDGER_TABLES)}; {LEDGER} does that"
    for text in strings(path):
        if RAW_WRITE.search(str(text.value)):
            yield f"{text.lineno}: SQL that writes the ledger; {LEDGER} does that"


def speaks_only_of_itself(path: Path) -> Iterator[str]:
    for number, line in enumerate(text_of(path).splitlines(), 1):
        if REGISTRY.search(line):
            yield f"{number}: names a package registry"
        if MACHINE.search(line):
            yield f"{number}: names a folder of one machine"


CODE_FILES = python_files(*CODE)
PYTHON_FILES = python_files(*CODE, "tests")
OTHER_SOURCES = [
    path for path in project_files() if path.suffix in {".toml", ".sh"} or path.name == "genba"
]
RULES: dict[Rule, Sequence[Path]] = {
    short_files: PYTHON_FILES,
    short_functions: PYTHON_FILES,
    short_lines: [*PYTHON_FILES, *OTHER_SOURCES],
    file_says_its_purpose: PYTHON_FILES,
    public_names_say_their_promise: CODE_FILES,
    everything_is_passed_in: [path for path in CODE_FILES if path not in WIRING],
    errors_are_caught_by_name: [path for path in PYTHON_FILES if path not in CATCH_ALL],
    nothing_left_for_later: [path for path in PYTHON_FILES if path != THIS],
    ignored_errors_are_named: [path for path in PYTHON_FILES if path != THIS],
    only_the_ledger_writes_stock: [path for path in CODE_FILES if path != LEDGER],
    speaks_only_of_itself: [path for path in project_files() if path != THIS],
}
PLANTED: list[tuple[Rule, str]] = [
    (short_files, "\n" * 401),
    (short_functions, "def long():\n" + "    pass\n" * 60),
    (short_lines, "x" * 101),
    (file_says_its_purpose, "import ast"),
    (public_names_say_their_promise, "def quiet(): ..."),
    (public_names_say_their_promise, "class Quiet: ..."),
    (everything_is_passed_in, "print(1)"),
    (everything_is_passed_in, "def now(): return datetime.datetime.now(UTC)"),
    (everything_is_passed_in, "started = time.time()"),
    (everything_is_passed_in, "key = str(uuid.uuid4())"),
    (everything_is_passed_in, "import random\nrandom.shuffle([])"),
    (errors_are_caught_by_name, "try: x\nexcept: pass"),
    (errors_are_caught_by_name, "try: x\nexcept Exception as error: pass"),
    (errors_are_caught_by_name, "try: x\nexcept (OSError, BaseException): pass"),
    (nothing_left_for_later, "# FIXME soon"),
    (ignored_errors_are_named, "x = 1  # type: ignore"),
    (only_the_ledger_writes_stock, "tx.execute(insert(moves).values(qty=1))"),
    (only_the_ledger_writes_stock, "tx.execute(schema.stock.update())"),
    (only_the_ledger_writes_stock, "insert_once(tx, schema.moves, {})"),
    (only_the_ledger_writes_stock, "tx.execute(text(f'update stock set qty = {n}'))"),
    (speaks_only_of_itself, "https://pypi.org/simple"),
    (speaks_only_of_itself, "see ../shared/notes"),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_style_is_kept(rule: Rule) -> None:
    faults = [f"{path}:{fault}" for path in RULES[rule] for fault in rule(path)]
    if faults:
        pytest.fail("\n".join(faults), pytrace=False)


@pytest.mark.parametrize(
    ("rule", "code"), PLANTED, ids=[f"{rule.__name__}{n}" for n, (rule, _) in enumerate(PLANTED)]
)
def test_each_rule_sees_what_it_is_for(rule: Rule, code: str, tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text(code, "utf-8")
    assert list(rule(planted))


def test_the_rules_look_at_every_room() -> None:
    for room in (*CODE, "tests"):
        assert any(path.parts[0] == room for path in PYTHON_FILES), room
    assert list(only_the_ledger_writes_stock(LEDGER)), "the ledger is written in another way now"
    assert {rule for rule, _ in PLANTED} == set(RULES)


def test_the_version_is_said_once() -> None:
    assert tomllib.loads(text_of(Path("pyproject.toml")))["project"]["version"] == VERSION


@pytest.mark.parametrize("name", ["genba", ".ci/run"])
def test_what_people_start_can_be_started(name: str) -> None:
    assert (ROOT / name).stat().st_mode & 0o111
