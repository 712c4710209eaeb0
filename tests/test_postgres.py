"""The PostgreSQL server of the tests and the demo: a real one, and it leaves nothing behind."""

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import inspect, text

from app import postgres
from tests.postgres import UNSAFE
from wms.db import open_engine
from wms.schema import metadata

ROOT = Path(__file__).parent.parent


def modes(path: Path) -> dict[Path, int]:
    """The modes of *path* and all its parents."""
    return {folder: stat.S_IMODE(folder.stat().st_mode) for folder in (path, *path.parents)}


def test_every_book_is_whole_and_empty(database_url: str) -> None:
    engine = open_engine(database_url)
    assert set(metadata.tables) <= set(inspect(engine).get_table_names())
    with engine.begin() as tx:
        assert tx.execute(text("SELECT count(*) FROM moves")).scalar() == 0
        tx.execute(text("CREATE TABLE mine (id integer)"))
    engine.dispose()


def test_books_do_not_see_one_another(new_book: Callable[[], str]) -> None:
    first, second = open_engine(new_book()), open_engine(new_book())
    with first.begin() as tx:
        tx.execute(text("CREATE TABLE mine (id integer)"))
    assert "mine" not in inspect(second).get_table_names()
    first.dispose()
    second.dispose()


def test_text_sorts_as_in_sqlite(database_url: str) -> None:
    engine = open_engine(database_url)
    with engine.begin() as tx:
        tx.execute(text("CREATE TABLE words (word text)"))
        for word in ("b", "A", "あ", "ア", "a", "B", "漢", "é"):
            tx.execute(text("INSERT INTO words VALUES (:word)"), {"word": word})
        words = tx.execute(text("SELECT word FROM words ORDER BY word")).scalars().all()
    assert list(words) == sorted(words)
    engine.dispose()


def test_a_server_opens_no_folder_and_leaves_nothing_behind() -> None:
    before = modes(postgres.wheel_folder())
    with postgres.running(UNSAFE) as server:
        assert modes(postgres.wheel_folder()) == before
        assert stat.S_IMODE(server.folder.stat().st_mode) == 0o700
        with psycopg.connect(server.address()) as connection:
            (listen,) = connection.execute("SHOW listen_addresses").fetchone() or ("?",)
            assert listen == ""
    assert server.process.poll() is not None
    assert not server.folder.exists()


def test_a_server_dies_with_whoever_started_it() -> None:
    program = (
        "import sys\nfrom app import postgres\n"
        "with postgres.running({'fsync': 'off'}) as server:\n"
        "    sys.stdout.write(f'{server.folder}\\n')\n"
        "    sys.stdout.flush()\n"
        "    sys.stdin.read()\n"
    )
    starter = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert starter.stdout is not None
    folder = Path(starter.stdout.readline().strip())
    assert folder.is_dir()
    starter.send_signal(signal.SIGKILL)
    starter.communicate()
    limit_s = time.monotonic() + 20
    while folder.exists():  # it goes after the server did
        assert time.monotonic() < limit_s, "the server outlived us"
        time.sleep(0.05)


def test_programs_that_the_servers_user_cannot_reach_run_from_a_copy(tmp_path: Path) -> None:
    programs = postgres.copy_programs(postgres.wheel_folder(), tmp_path)
    done = subprocess.run([programs / "initdb", "--version"], capture_output=True, check=True)
    assert b"PostgreSQL" in done.stdout


def test_a_server_that_cannot_start_says_why() -> None:
    with (
        pytest.raises(postgres.CannotStart, match="shared_buffers"),
        postgres.running({"shared_buffers": "lots"}),
    ):
        pass
