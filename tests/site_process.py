"""A whole site as a real process: `genba run` on a free port, with its configuration and book."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from tests.sources import ROOT

START_S_MAX = 30.0
GENBA = (sys.executable, "-m", "app")


def free_port() -> int:
    """A port of this machine that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True)
class SiteProcess:
    """`genba run` of the configuration in *folder*."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]

    @property
    def config(self) -> str:
        return str(self.folder / "config.toml")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def log(self) -> str:
        return (self.folder / "server.log").read_text("utf-8")

    def answers(self) -> bool:
        """Whether the API is there. An assertion when the process has ended instead."""
        assert self.process.poll() is None, self.log()
        try:
            return httpx2.get(f"{self.url}/v1/health", trust_env=False).status_code == 200
        except httpx2.TransportError:
            return False


def write_config(folder: Path, port: int, *lines: str) -> Path:
    """A site's configuration in *folder*, with *lines* of more sections."""
    file = folder / "config.toml"
    head = ("[site]", 'name = "試験センター"', 'language = "en"', "[server]", f"port = {port}")
    file.write_text("\n".join((*head, *lines)), "utf-8")
    return file


@contextmanager
def site_process(folder: Path, *lines: str) -> Iterator[SiteProcess]:
    """Run the site until the block ends."""
    port = free_port()
    config = write_config(folder, port, *lines)
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [*GENBA, "run", "--config", str(config)], cwd=ROOT, stderr=log,
            env={**os.environ, "LANG": "en_US.UTF-8"},
        )  # fmt: skip
    site = SiteProcess(folder, port, process)
    try:
        until = time.monotonic() + START_S_MAX
        while not site.answers():
            assert time.monotonic() < until, site.log()
            time.sleep(0.05)
        yield site
    finally:
        process.kill()
        process.wait()
