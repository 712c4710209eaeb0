"""A real server on a disk that is full or breaks, and one that dies at any point: nothing is lost,
nothing is done twice, and work goes on by itself."""

import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from random import Random

import httpx2
import pytest
from psycopg import sql
from sqlalchemy import insert, select
from sqlalchemy.exc import OperationalError

from app.dying import DIE_AT
from app.machine.broken import EXIT_CODE
from tests.feed_site import until
from tests.postgres import make_book
from tests.prove.mortal import Mortal, mortal
from tests.troubled_site import BREAKS, PATIENCE_S, TroubledSite
from wms.db import Book, Tx
from wms.schema import meta
from wms.trouble import trouble_of

pytestmark = pytest.mark.long
NUMBERS = count()


@pytest.fixture
def site(tmp_path: Path) -> TroubledSite:
    return TroubledSite(tmp_path)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MB where the site's book is."""
    folder = tmp_path / "data"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)]
    if os.getuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root mounts a file system")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def scans(site: TroubledSite, number: int) -> None:
    """So many acknowledged scans."""
    for _ in range(number):
        assert site.scan(f"s{next(NUMBERS)}", "4900000000009").status_code == 200


def fill(file: Path) -> None:
    """Take all the room that there is."""
    with file.open("ab", buffering=0) as sink:
        for size in (65_536, 4_096, 1):
            with suppress(OSError):
                while True:
                    sink.write(b"x" * size)


async def test_f7_a_full_disk_stops_scans_with_words_and_room_lets_them_go_on(
    site: TroubledSite, small_disk: Path
) -> None:
    film, ballast = small_disk / "somebody's film", small_disk / "ballast"
    with site.running() as server:
        site.enrol()
        assert site.scan("in", f"BADGE:{site.badge}").status_code == 200
        scans(site, 5)
        await until(ballast.exists)
        fill(film)
        until_s = time.monotonic() + PATIENCE_S
        while (answer := site.scan(f"s{next(NUMBERS)}", "x" * 3_000)).status_code == 200:
            assert time.monotonic() < until_s
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "book.full")
        await until(lambda: _disk_row(site) == "fault disk.full")
        _says_so(site)
        assert not ballast.exists(), "its room was for the alarm"
        assert "disk is full" in site.admin("GET", "/v1/board")["exceptions"][0]["text"]
        assert httpx2.get(f"{server.url}/v1/health", trust_env=False).status_code == 200
    fill(film)
    with site.running():  # killed, and started on the full disk; the book's log was made shorter
        fill(film)
        await until(lambda: site.scan(f"s{next(NUMBERS)}", "x" * 3_000).status_code == 503, 90)
        _says_so(site)
        film.unlink()
        await until(lambda: site.scan("waits", "4900000000009").status_code == 200, 90)
        await until(lambda: _disk_row(site) == "")
        assert ballast.exists()
        scans(site, 3)
        site.prove()


def _says_so(site: TroubledSite) -> None:
    shown = site.call("GET").json()["prompt"]["message"]
    assert (shown["code"], shown["severity"]) == ("book.full", "error")


def _disk_row(site: TroubledSite) -> str:
    found = site.admin("GET", "/v1/devices")["devices"]
    rows = [one for one in found if one["name"] == "server-disk"]
    return f"{rows[0]['health']} {rows[0]['reason']}" if rows else ""


def _breaks_by_size(server: subprocess.Popen[bytes]) -> None:
    """The kernel refuses every write to a file."""
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))


def _breaks_by_sync(server: subprocess.Popen[bytes]) -> None:
    """The kernel says EIO to every fsync."""
    server.send_signal(signal.SIGUSR1)


@pytest.mark.parametrize("breaks", [_breaks_by_size, _breaks_by_sync])
def test_f8_a_broken_disk_ends_the_server_and_the_next_one_has_everything(
    site: TroubledSite, breaks: Callable[[subprocess.Popen[bytes]], None]
) -> None:
    with site.running((sys.executable, "-c", BREAKS)) as server:
        site.enrol()
        site.scan("in", f"BADGE:{site.badge}")
        scans(site, 5)
        breaks(server.process)
        with suppress(httpx2.TransportError):
            for number in range(20):
                assert site.scan(f"late{number}", "4900000000009").status_code in (200, 503)
                time.sleep(0.1)
        assert server.process.wait(30) == EXIT_CODE
    with site.running() as server:
        scans(site, 1)
        site.prove()
        if breaks is _breaks_by_sync:  # the other one takes the log's file, too
            assert '"disk.broken"' in server.log()
            assert '"book.proven_again"' in server.log()


def test_the_service_manager_hears_when_the_server_is_ready_lives_and_goes(
    site: TroubledSite,
) -> None:
    ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    ear.bind("\0genba-ear")
    ear.settimeout(PATIENCE_S)
    told = {"NOTIFY_SOCKET": "@genba-ear", "WATCHDOG_USEC": "4000000"}
    with ear, site.running(environment=told) as server:
        assert [ear.recv(100), ear.recv(100)] == [b"READY=1", b"WATCHDOG=1"]
        server.process.terminate()
        assert server.process.wait(60) == 0
        last = b""
        while last != b"STOPPING=1":
            last = ear.recv(100)


POINTS = (
    "set_up:begun", "set_up:written", "set_up:committed", "make_terminal:written",
    "make_person:committed", "http.admit:read", "http.take:begun#2", "http.take:written#3",
    "http.take:committed", "http.take:committed#4",
)  # fmt: skip


def test_f1_a_server_that_dies_at_ten_points_goes_on_from_its_book(site: TroubledSite) -> None:
    for number, point in enumerate(POINTS):
        with site.running(environment={DIE_AT: point}) as server:
            with suppress(httpx2.TransportError):
                while server.process.poll() is None:
                    site.enrol()
                    site.scan(f"in{number}", f"BADGE:{site.badge}")
                    scans(site, 1)
                    site.scan("again and again", "4900000000009")
            assert server.process.wait(60) == -signal.SIGKILL, point
    with site.running():
        site.enrol()
        scans(site, 2)
        site.prove()


def test_f7_a_database_server_s_disk_that_is_full_is_told_from_any_other_failure() -> None:
    """PostgreSQL: could not extend file."""
    folder = Path(tempfile.mkdtemp(prefix="genba-small-", dir="/dev/shm"))
    mount = ["mount", "-t", "tmpfs", "-o", "size=96m,mode=777", "tmpfs", str(folder)]
    if os.getuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root mounts a file system")
    try:
        with mortal() as server:
            if server.user:
                shutil.chown(folder, server.user)
            _fill_and_empty(server, folder)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
        folder.rmdir()


def _fill_and_empty(server: Mortal, folder: Path) -> None:
    with server.connected() as admin:
        admin.execute(sql.SQL("CREATE TABLESPACE small LOCATION {}").format(str(folder)))
        admin.execute("CREATE DATABASE book TABLESPACE small")
    url = server.url("book")
    make_book(url)
    told: list[str] = []
    book = Book(url, troubled=lambda kind, _why: told.append(kind))

    def put(tx: Tx, key: str) -> None:
        tx.execute(insert(meta).values(key=key, value=random.randbytes(400_000).hex()))

    random = Random(7)
    film = folder / "somebody's film"
    book.write_now(put, "before")
    fill(film)
    with pytest.raises(OperationalError) as full:
        for number in range(100):
            book.write_now(put, f"k{number}")
    assert (trouble_of(full.value), told, book.full) == ("full", ["full"], True)
    film.unlink()
    book.full = False
    book.write_now(put, "after")
    kept = set(book.read_now(lambda tx: tx.scalars(select(meta.c.key)).all()))
    assert {"before", "after"} <= kept
    book.close()
