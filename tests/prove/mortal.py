"""A PostgreSQL server that may be killed, whole or a single backend, and started again."""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psycopg
from psycopg import sql

from app import postgres
from tests.postgres import memory_folder

# A killed process leaves to the kernel what it wrote: no sync is needed, but a commit is written.
SETTINGS = {
    "fsync": "off", "full_page_writes": "off", "synchronous_commit": "on", "wal_level": "minimal",
    "max_wal_senders": "0", "shared_buffers": "64MB", "restart_after_crash": "on",
}  # fmt: skip
BACK_S_MAX = 60.0
VICTIM = "victim"  # the name under which the process that is tried calls


class Mortal:
    """The server of *folder*, with *programs*, as *user*."""

    def __init__(self, folder: Path, programs: Path, user: str | None) -> None:
        self.folder, self.programs, self.user = folder, programs, user
        self.life = ExitStack()
        self.start()

    def start(self) -> None:
        self.process = self.life.enter_context(
            postgres._started(self.programs, self.folder, SETTINGS, self.user)
        )

    def url(self, database: str, caller: str = "") -> str:
        """The address of *database* for a book."""
        address = postgres.Server(self.folder, self.process).url(database)
        return f"{address}&application_name={caller}" if caller else address

    def run(self, command: str, *names: str) -> None:
        """One command outside a transaction."""
        with self.connected() as admin:
            admin.execute(sql.SQL(command).format(*map(sql.Identifier, names)))

    def connected(self) -> psycopg.Connection[tuple[int, ...]]:
        """A connection to it, as soon as it lets anybody in."""
        until_s = time.monotonic() + BACK_S_MAX
        address = postgres.Server(self.folder, self.process).address()
        while True:
            try:
                return psycopg.connect(address, autocommit=True)
            except psycopg.OperationalError:
                if time.monotonic() > until_s:
                    raise
                time.sleep(0.02)

    def backends(self, database: str) -> list[int]:
        """The processes of the server that work for the victim now."""
        query = "SELECT pid FROM pg_stat_activity WHERE datname = %s AND application_name = %s"
        with self.connected() as admin:
            return [row[0] for row in admin.execute(query, (database, VICTIM))]

    def settle(self, database: str) -> None:
        """Wait until nothing is under way for the victim, even if it is gone."""
        query = (
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = %s AND application_name = %s AND state <> 'idle'"
        )
        until_s = time.monotonic() + BACK_S_MAX
        with self.connected() as admin:
            while admin.execute(query, (database, VICTIM)).fetchall()[0][0]:
                assert time.monotonic() < until_s, "its backend goes on"
                time.sleep(0.01)

    def kill_postmaster(self) -> None:
        """SIGKILL, and a new start once its children have noticed."""
        orphans = _children(self.process.pid)
        self.process.kill()
        self.process.wait()
        until_s = time.monotonic() + BACK_S_MAX
        while any(Path(f"/proc/{pid}").exists() for pid in orphans):
            assert time.monotonic() < until_s, "somebody outlives the postmaster"
            time.sleep(0.01)
        (self.folder / "data" / "postmaster.pid").unlink(missing_ok=True)
        self.life.close()
        self.start()

    def close(self) -> None:
        self.life.close()


def kill_backend(pid: int) -> None:
    """SIGKILL: the postmaster then throws everybody out and recovers."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _children(parent: int) -> list[int]:
    """Who was started by process *parent* (field 4 of /proc/PID/stat, proc(5))."""
    found = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(file.read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(file.parent.name))
    return found


@contextmanager
def mortal() -> Iterator[Mortal]:
    """A new, empty server; gone afterwards."""
    folder = Path(tempfile.mkdtemp(
        prefix="genba-pg-", dir=memory_folder() or postgres._short_folder()
    ))  # fmt: skip
    try:
        user = postgres._server_user(folder)
        programs = postgres._programs(folder, user)
        postgres._initialise(programs, folder / "data", user)
        server = Mortal(folder, programs, user)
        try:
            yield server
        finally:
            server.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
