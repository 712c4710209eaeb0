"""F11: one server holds a SQLite book; this machine's commands come in through its door."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from app import http
from tests.api_site import LOCAL_SECRET, Clock, application
from tests.intake_site import order_body, seeded
from tests.serving import served
from tests.sources import ROOT
from wms.db import Book
from wms.errors import Code, Rejected
from wms.people import tokens
from wms.schema import commands
from wms.site import calendar
from wms.upkeep import lock, upgrade

ITEMS = "owner,sku,name\nA,NEW,新\n"
HOLD = """
import sys
from pathlib import Path
from wms.upkeep import lock
with lock.hold(Path(sys.argv[1]), url="http://127.0.0.1:1", token="t"):
    sys.stdout.write("held\\n")
    sys.stdout.flush()
    sys.stdin.read()
"""


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A book as a site has it: made by the migrations."""
    url = f"sqlite:///{tmp_path / 'book.db'}"
    upgrade.to_newest(url)
    return url


@pytest.fixture
def site(sqlite_url: str, tmp_path: Path) -> Path:
    """A folder with a configuration, a file to import, and a small site's book."""
    seeded(sqlite_url).close()
    (tmp_path / "items.csv").write_text(ITEMS, "utf-8")
    (tmp_path / "config.toml").write_text(
        f'[site]\nname = "x"\n[database]\nurl = "{sqlite_url}"\n', "utf-8"
    )
    return tmp_path


def test_a_second_server_on_a_postgresql_book_is_refused(postgresql_url: str) -> None:
    with (
        lock.hold_database(postgresql_url),
        pytest.raises(Rejected) as refused,
        lock.hold_database(postgresql_url),
    ):
        pass
    assert refused.value.code == Code.BOOK_HELD
    assert int(refused.value.params["pid"]) > 0
    with lock.hold_database(postgresql_url):  # it ended with who held it
        pass


@pytest.fixture
def held(sqlite_url: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the book."""
    path = lock.path_of(sqlite_url)
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], cwd=ROOT, text=True, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def genba(site: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app", *args, "--config", str(site / "config.toml")], cwd=ROOT,
        capture_output=True, text=True, check=False, env={"LANG": "C", "PATH": ""},
    )  # fmt: skip


def doors_used(url: str) -> list[tuple[str, str]]:
    book = Book(url)
    query = select(commands.c.actor, commands.c.device).order_by(commands.c.id)
    found = [(row.actor, row.device) for row in book.read_now(lambda tx: tx.execute(query).all())]
    book.close()
    return found


def test_f11_a_second_holder_is_refused_with_the_first_one_s_pid(
    sqlite_url: str, held: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "TRIES", 2)
    path = lock.path_of(sqlite_url)
    with pytest.raises(Rejected) as refused, lock.hold(path):
        pass
    assert (refused.value.code, refused.value.params["pid"]) == (Code.BOOK_HELD, held.pid)


def test_a_killed_holder_holds_nothing(sqlite_url: str, held: subprocess.Popen[str]) -> None:
    path = lock.path_of(sqlite_url)
    assert path is not None
    holder = lock.holder_of(path)
    assert holder == lock.Holder(pid=held.pid, url="http://127.0.0.1:1", token="t")
    assert path.stat().st_mode & 0o077 == 0, "the token is for this user alone"
    held.kill()
    held.wait()
    assert lock.holder_of(path) is None
    with lock.hold(path):
        assert lock.holder_of(path) is not None


def test_looking_never_takes_the_book_away(sqlite_url: str) -> None:
    path = lock.path_of(sqlite_url)
    assert lock.holder_of(path) is None
    with lock.hold(path, url="u"):
        assert [lock.holder_of(path) for _ in range(3)] == [lock.holder_of(path)] * 3
    assert lock.holder_of(path) is None


def test_postgresql_needs_no_lock() -> None:
    assert lock.path_of("postgresql://user@host/genba") is None
    with lock.hold(None):
        assert lock.holder_of(None) is None


def test_without_a_server_a_command_opens_the_book(site: Path, sqlite_url: str) -> None:
    dry = genba(site, "import", "items", str(site / "items.csv"), "--dry-run", "--json")
    assert (dry.returncode, json.loads(dry.stdout)["new"]) == (0, 1)
    done = genba(site, "import", "items", str(site / "items.csv"))
    assert (done.returncode, done.stdout) == (0, "items.csv: 1 new, 0 changed, 0 as before\n")
    made = genba(site, "token", "create", "oms", "--scope", "orders:write", "--owner", "A")
    assert made.stdout.startswith("genba_live_")
    listed = json.loads(genba(site, "token", "list", "--json").stdout)["tokens"]
    assert [(one["name"], one["owner"], one["revoked"]) for one in listed] == [("oms", "A", False)]
    assert genba(site, "token", "revoke", "oms").returncode == 0
    assert doors_used(sqlite_url) == [("cli", "cli")] * 3


def test_while_a_server_runs_a_command_uses_its_door(site: Path, sqlite_url: str) -> None:
    book = Book(sqlite_url, threads=True)
    path = lock.path_of(sqlite_url)
    with (
        served(application(book, Clock())) as port,
        lock.hold(path, url=f"http://127.0.0.1:{port}", token=LOCAL_SECRET),
    ):
        done = genba(site, "import", "items", str(site / "items.csv"))
        assert (done.returncode, done.stdout) == (0, "items.csv: 1 new, 0 changed, 0 as before\n")
        (site / "items.csv").write_text(ITEMS + "A,,nameless\n", "utf-8")
        report = site / "faults.csv"
        wrong = genba(site, "import", "items", str(site / "items.csv"), "--report", str(report))
        assert (wrong.returncode, wrong.stdout) == (1, "Row 3 sku: sku must not be empty\n")
        assert report.read_text("utf-8-sig").splitlines()[1] == (
            "3,sku,sku must not be empty,text.empty"
        )
        made = genba(site, "token", "create", "oms", "--scope", "orders:write")
        assert made.stdout.startswith("genba_live_")
        again = genba(site, "token", "create", "oms", "--scope", "orders:write")
        assert (again.returncode, again.stderr) == (1, "name oms comes twice\n")
        assert "oms\t" in genba(site, "token", "list").stdout
        assert genba(site, "token", "revoke", "oms").returncode == 0
    book.close()
    assert doors_used(sqlite_url) == [("api:local", "api")] * 3


def test_a_new_site_begins_with_its_first_import(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[site]\nname = "x"\ntimezone = "Asia/Seoul"\n', "utf-8")
    (tmp_path / "places.csv").write_text("code,kind\nA-01,bin\n", "utf-8")
    done = genba(tmp_path, "import", "places", str(tmp_path / "places.csv"))
    assert (done.returncode, done.stdout) == (0, "places.csv: 1 new, 0 changed, 0 as before\n")
    book = Book(f"sqlite:///{tmp_path / 'data' / 'genba.db'}")
    assert book.read_now(calendar.load).zone.key == "Asia/Seoul"
    book.close()


def test_a_server_that_does_not_answer_is_told(site: Path, held: subprocess.Popen[str]) -> None:
    answer = genba(site, "token", "list")
    assert answer.returncode == 1
    assert answer.stderr == "The server does not answer (ConnectError)\n"
    assert "Traceback" not in answer.stderr


def test_f39_a_body_that_dribbles_in_is_cut_off(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "BODY_TIMEOUT_S", 0.3)
    book = seeded(sqlite_url)
    clock = Clock()
    secret = book.write_now(
        tokens.create, name="slow", scopes=["orders:write"], owner="", days=1, now=clock.now,
        random=bytes(32),
    )  # fmt: skip
    body = json.dumps(order_body()).encode()
    head = (
        f"POST /v1/orders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {secret}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with (
        served(application(book, clock)) as port,
        socket.create_connection(("127.0.0.1", port), timeout=10) as line,
    ):
        line.sendall(head.encode() + body[:10])
        answer = b""
        while not answer.endswith(b"}") and (more := line.recv(65_536)):
            answer += more
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"body.too_slow" in answer
    book.close()
