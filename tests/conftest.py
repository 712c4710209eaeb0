"""What the tests share: fresh books on both databases, and what a run leaves to the long mode."""

import gc
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import tests.effort  # noqa: F401 - registers how hard Hypothesis tries
from tests.engines import share_statements
from tests.floor_site import Hand
from tests.postgres import Databases, databases, make_book, memory_folder

# Files whose every promise is looked at on both databases in every run: what is said there is
# about transactions, locks, or statements that are written for each. Of the others every fourth
# test runs on PostgreSQL, too, and all of them with `--long`.
ABOUT_DATABASES = ("races", "ledger", "stock", "db", "migrations", "audit", "planner", "whole_day")
EVERY = 4

share_statements()


def pytest_configure(config: pytest.Config) -> None:
    """Objects live as long as their test; looking for cycles all the time is a tenth of it.

    In the long mode every input of every floor test is sent twice.
    """
    gc.set_threshold(100_000, 50, 100)
    Hand.twice = config.getoption("hypothesis_profile", None) == "long"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave most second looks, on PostgreSQL, to the long mode; begin with what takes longest."""
    items.sort(key=lambda item: item.path.stem != "test_demo")
    seen: Counter[str] = Counter()
    for item in items:
        file = item.path.stem
        if "postgresql" not in item.name or any(word in file for word in ABOUT_DATABASES):
            continue
        if seen[file] % EVERY:
            item.add_marker(pytest.mark.long)
        seen[file] += 1


def pytest_collection_finish() -> None:
    """What was imported stays: nobody needs to look at it again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Databases]:
    """A PostgreSQL server of this test worker."""
    with databases() as result:
        yield result


@pytest.fixture(scope="session")
def sqlite_folder() -> Iterator[Path]:
    """A folder for this worker's SQLite books, with one to copy from."""
    with tempfile.TemporaryDirectory(prefix="genba-sqlite-", dir=memory_folder()) as name:
        folder = Path(name)
        make_book(f"sqlite:///{folder / 'template.db'}")
        yield folder


@pytest.fixture
def new_postgresql(postgres: Databases) -> Iterator[Callable[[], str]]:
    """Makes fresh PostgreSQL books: each call gives the URL of another one."""
    made: list[str] = []

    def make() -> str:
        made.append(postgres.create())
        return made[-1]

    yield make
    for url in made:
        postgres.drop(url)


@pytest.fixture
def new_sqlite(sqlite_folder: Path) -> Iterator[Callable[[], str]]:
    """Makes fresh SQLite books: each call gives the URL of another one."""
    with tempfile.TemporaryDirectory(dir=sqlite_folder) as name:
        folder = Path(name)

        def make() -> str:
            file = folder / f"book_{len(list(folder.glob('*.db')))}.db"
            shutil.copy(sqlite_folder / "template.db", file)
            return f"sqlite:///{file}"

        yield make


@pytest.fixture(params=["sqlite", "postgresql"])
def new_book(request: pytest.FixtureRequest) -> Callable[[], str]:
    """Makes fresh books, on SQLite and then on PostgreSQL (for tests that need several)."""
    make: Callable[[], str] = request.getfixturevalue(f"new_{request.param}")
    return make


@pytest.fixture
def database_url(new_book: Callable[[], str]) -> str:
    """The URL of a fresh book; a test that asks for it runs on SQLite and on PostgreSQL."""
    return new_book()


@pytest.fixture
def sqlite_url(new_sqlite: Callable[[], str]) -> str:
    """The URL of a fresh book on SQLite."""
    return new_sqlite()


@pytest.fixture
def postgresql_url(new_postgresql: Callable[[], str]) -> str:
    """The URL of a fresh book on PostgreSQL."""
    return new_postgresql()
