"""The units of `docs/systemd`: what they start is there, and what they start is kept in."""

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.__main__ import cli
from tests.sources import ROOT, text_of

UNITS = Path("docs/systemd")
SERVICES = ("genba.service", "genba-backup.service")
PROGRAM = "/opt/genba/genba"
EXPOSED_MAX = 25  # tenths, of `systemd-analyze security`: 100 is a service that nothing keeps in
KEPT_IN = {
    "NoNewPrivileges=yes", "CapabilityBoundingSet=", "AmbientCapabilities=",
    "ProtectSystem=strict", "ReadWritePaths=/srv/genba", "ProtectHome=yes", "PrivateTmp=yes",
    "ProtectClock=yes", "ProtectHostname=yes", "ProtectKernelLogs=yes",
    "ProtectKernelModules=yes", "ProtectKernelTunables=yes", "ProtectControlGroups=yes",
    "ProtectProc=invisible", "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
    "RestrictNamespaces=yes", "RestrictRealtime=yes", "RestrictSUIDSGID=yes",
    "LockPersonality=yes", "RemoveIPC=yes", "SystemCallArchitectures=native",
    "SystemCallFilter=@system-service", "UMask=0077", "User=genba",
}  # fmt: skip


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_kept_in_and_starts_what_there_is(name: str) -> None:
    lines = text_of(UNITS / name).splitlines()
    assert set(lines) >= KEPT_IN
    started = [line.partition("=")[2] for line in lines if line.startswith("ExecStart")]
    assert started
    for command in started:
        program, *asked = shlex.split(command)
        assert program == PROGRAM
        done = CliRunner().invoke(cli, [*asked, "--help"])
        assert done.exit_code == 0, done.output
        assert asked[-2:] == ["--config", "/srv/genba/config.toml"], "the folder that it may write"
    assert f"Documentation=file://{Path(PROGRAM).parent}/docs/operations.md" in lines


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd here")
def test_the_service_manager_understands_the_units(tmp_path: Path) -> None:
    for unit in sorted((ROOT / UNITS).iterdir()):
        text = unit.read_text("utf-8").replace(PROGRAM, "/bin/true")  # it is not installed here
        (tmp_path / unit.name).write_text(text, "utf-8")
    for name in (*SERVICES, "genba-backup.timer"):
        told = _analyze("verify", tmp_path / name).stderr.splitlines()
        assert [line for line in told if "genba" in line] == [], "others may be wrong here"
    for name in SERVICES:
        limit = f"--threshold={EXPOSED_MAX}"
        said = _analyze("security", "--offline=true", limit, tmp_path / name)
        assert said.returncode == 0, said.stdout[-200:]


def _analyze(*asked: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *asked], capture_output=True, text=True, check=False, timeout=60
    )
