"""A server as a process whose machine is in trouble, and a terminal that never gives up a scan."""

import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from tests.site_process import GENBA, SiteProcess, free_port, write_config
from tests.sources import ROOT
from wms.audit import auditor
from wms.db import Book
from wms.upkeep import lock

PATIENCE_S = 120.0
TERMINAL = "HT-01"
# Starts the program with a switch: at SIGUSR1 the kernel answers every fsync with EIO from then on
# (seccomp(2): a filter for all threads; 74 and 75 are fsync and fdatasync on x86-64).
BREAKS = """
import ctypes, runpy, signal, struct, sys

class Program(ctypes.Structure):
    _fields_ = [("count", ctypes.c_ushort), ("code", ctypes.c_char_p)]

def break_the_disk(*_signal):
    code = b"".join(struct.pack("HBBI", *one) for one in (
        (0x20, 0, 0, 0), (0x15, 1, 0, 74), (0x15, 0, 1, 75), (0x06, 0, 0, 0x00050005),
        (0x06, 0, 0, 0x7FFF0000),
    ))
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(38, 1, 0, 0, 0) == 0
    assert libc.syscall(317, 1, 1, ctypes.byref(Program(5, code))) == 0, ctypes.get_errno()

signal.signal(signal.SIGUSR1, break_the_disk)
sys.argv = ["genba", *sys.argv[1:]]
runpy.run_module("app", run_name="__main__", alter_sys=True)
"""


@dataclass
class TroubledSite:
    """The site in *folder*, whatever process runs it now. `answers` are those of every scan that
    was acknowledged, by its id."""

    folder: Path
    site: SiteProcess | None = None
    token: str = ""
    badge: str = ""
    answers: dict[str, Any] = field(default_factory=dict)
    client: httpx2.Client = field(
        default_factory=lambda: httpx2.Client(trust_env=False, timeout=PATIENCE_S)
    )

    @contextmanager
    def running(
        self, program: Sequence[str] = GENBA, environment: Mapping[str, str] | None = None
    ) -> Iterator[SiteProcess]:
        """A server; it need not live until its doors are open."""
        port = free_port()
        config = write_config(self.folder, port)
        with (self.folder / "server.log").open("ab") as log:
            process = subprocess.Popen(
                [*program, "run", "--config", str(config)], cwd=ROOT, stderr=log,
                env={**os.environ, "LANG": "en_US.UTF-8", **(environment or {})},
            )  # fmt: skip
        self.site = SiteProcess(self.folder, port, process)
        try:
            until = time.monotonic() + PATIENCE_S
            while process.poll() is None and not self._answers(port):
                assert time.monotonic() < until, self.site.log()
                time.sleep(0.1)
            yield self.site
        finally:
            process.kill()
            process.wait()

    def _answers(self, port: int) -> bool:
        try:
            return self.client.get(f"http://127.0.0.1:{port}/v1/health").is_success
        except httpx2.TransportError:
            return False

    @property
    def database(self) -> str:
        return f"sqlite:///{self.folder}/data/genba.db"

    def admin(self, method: str, path: str, **body: Any) -> Any:
        """A call with the token of this machine's own commands."""
        assert self.site is not None
        holder = lock.holder_of(lock.path_of(self.database))
        assert holder is not None
        headers = {"Authorization": f"Bearer {holder.token}", "Accept-Language": "en"}
        url = f"{self.site.url}{path}"
        json = body or None
        answer = self.client.request(method, url, headers=headers, json=json)
        assert answer.is_success, answer.text
        return answer.json()

    def enrol(self) -> None:
        """A terminal and a person, unless an earlier process has heard of them."""
        if not self.token:
            name = f"{TERMINAL}-{time.monotonic_ns()}"  # nobody hears the answer of the one before
            self.token = self.admin("POST", "/v1/registry/terminals", terminal=name)["token"]
            self.terminal = name
        if not self.badge:
            code = f"anna-{time.monotonic_ns()}"
            person = {"code": code, "name": "Anna", "permissions": ["pick"]}
            self.badge = self.admin("POST", "/v1/people", **person)["badge"]

    def call(self, method: str, path: str = "", **body: Any) -> httpx2.Response:
        """A call of the terminal."""
        assert self.site is not None
        url = f"{self.site.url}/v1/terminals/{self.terminal}{path}"
        headers = {"Authorization": f"Bearer {self.token}", "Accept-Language": "en"}
        return self.client.request(method, url, headers=headers, json=body or None)

    def scan(self, scan_id: str, text: str) -> httpx2.Response:
        """One scan. What was acknowledged is remembered."""
        answer = self.call("POST", "/scans", scan_id=scan_id, text=text)
        if answer.status_code == 200:
            known = self.answers.setdefault(scan_id, (text, answer.json()))
            assert known == (text, answer.json()), "another answer to the same scan"
        return answer

    def prove(self) -> None:
        """Every acknowledged scan has its answer still; then the server ends, and the book is
        whole."""
        assert self.site is not None
        assert self.answers
        for scan_id, (text, _) in list(self.answers.items()):
            assert self.scan(scan_id, text).status_code == 200
        self.site.process.terminate()
        assert self.site.process.wait(60) == 0
        book = Book(self.database)
        assert book.read_now(auditor.full) == []
        book.close()
