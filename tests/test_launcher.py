"""The launcher: two commands on a fresh machine, whatever happens during the first one.

It is run as it is, by a real shell, in a copy of the project that needs one tiny package; pip finds
that package in a folder, so nothing here needs a network.
"""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SHELL = shutil.which("dash") or "/bin/sh"
TOOLS = ("cat", "cksum", "dirname", "readlink", "rm", "sleep", "uname", "sh")
MAIN = """
import importlib.metadata, os, sys
print(os.getcwd(), importlib.metadata.version("tiny"), *sys.argv[1:], sep="|")
"""


def wheel(folder: Path, version: str) -> str:
    """Make the wheel of package `tiny` in *folder*; its line for a requirements file."""
    path = folder / f"tiny-{version}-py3-none-any.whl"
    info = f"tiny-{version}.dist-info"
    files = {
        "tiny.py": f"VERSION = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: tiny\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return f"tiny=={version} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


class Machine:
    """A fresh machine: a clone of the project, and only the named programs on PATH."""

    def __init__(self, folder: Path) -> None:
        self.clone, self.programs = folder / "my clone", folder / "programs"
        self.wheels, self.elsewhere = folder / "wheels", folder / "elsewhere"
        for path in (self.clone / "app", self.programs, self.wheels, self.elsewhere):
            path.mkdir(parents=True)
        shutil.copy(ROOT / "genba", self.clone)
        (self.clone / "app/__init__.py").touch()
        (self.clone / "app/__main__.py").write_text(MAIN)
        self.lock("1.0")
        for tool in TOOLS:
            self.offer(tool, shutil.which(tool) or tool)
        self.offer("python3", str(Path(getattr(sys, "_base_executable", sys.executable))))

    def lock(self, version: str) -> None:
        """Make the project need *version* of `tiny`."""
        (self.clone / "requirements.txt").write_text(wheel(self.wheels, version))

    def offer(self, name: str, target: str) -> None:
        """Put *target* on PATH as *name*."""
        (self.programs / name).symlink_to(target)

    def program(self, name: str, text: str) -> None:
        """Put a shell script on PATH."""
        path = self.programs / name
        path.unlink(missing_ok=True)
        path.write_text(f"#!{SHELL}\n{text}\n")
        path.chmod(0o755)

    def start(
        self, *args: str, launcher: Path | None = None, more: Mapping[str, str] | None = None
    ) -> subprocess.Popen[str]:
        """The launcher, running with *args* in another folder than its own."""
        environment = {
            "PATH": str(self.programs),
            "HOME": str(self.elsewhere),
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": self.wheels.as_uri(),
            "UV_NO_INDEX": "1",
            "UV_FIND_LINKS": self.wheels.as_uri(),
            "UV_CACHE_DIR": str(self.elsewhere / "uv"),
        } | dict(more or {})
        return subprocess.Popen(
            [SHELL, str(launcher or self.clone / "genba"), *args],
            cwd=self.elsewhere,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def run(
        self, *args: str, launcher: Path | None = None, more: Mapping[str, str] | None = None
    ) -> tuple[int, str, str]:
        """Exit code, output and words of one run."""
        process = self.start(*args, launcher=launcher, more=more)
        output, words = process.communicate(timeout=60)
        return process.returncode, output.strip(), words

    def answer(self, version: str, *args: str) -> str:
        """What the program prints when it runs with *version* of its package."""
        return "|".join([str(self.elsewhere), version, *args])


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_the_first_run_installs_and_the_second_only_starts(machine: Machine) -> None:
    code, output, words = machine.run("demo", "--shop", "two words")
    assert (code, output) == (0, machine.answer("1.0", "demo", "--shop", "two words")), words
    assert "installing" in words
    assert "installed" in words

    code, output, words = machine.run()
    assert (code, output, words) == (0, machine.answer("1.0"), "")


def test_it_works_through_symbolic_links(machine: Machine) -> None:
    inner, outer = machine.elsewhere / "inner", machine.elsewhere / "outer"
    inner.symlink_to("../my clone/genba")
    outer.symlink_to(inner)
    code, output, words = machine.run("x", launcher=outer)
    assert (code, output) == (0, machine.answer("1.0", "x")), words


def test_the_current_folder_cannot_stand_in_for_our_modules(machine: Machine) -> None:
    for name in ("app", "pip"):
        (machine.elsewhere / name).mkdir()
        (machine.elsewhere / name / "__init__.py").write_text("raise SystemExit('stolen')")
    code, output, words = machine.run()
    assert (code, output) == (0, machine.answer("1.0")), words


def test_a_changed_lock_is_installed_again(machine: Machine) -> None:
    machine.run()
    machine.lock("2.0")
    assert machine.run()[:2] == (0, machine.answer("2.0"))


def test_a_package_with_another_hash_is_refused_and_nothing_starts(machine: Machine) -> None:
    good = machine.clone / "requirements.txt"
    pinned = good.read_text()
    good.write_text(pinned[:-2] + ("0" if pinned[-2] != "0" else "1") + "\n")
    code, output, words = machine.run()
    assert (code, output) == (1, "")
    assert "the next run tries again" in words

    good.write_text(pinned)
    assert machine.run()[:2] == (0, machine.answer("1.0"))


def test_a_package_without_a_hash_is_refused(machine: Machine) -> None:
    (machine.clone / "requirements.txt").write_text("tiny==1.0\n")
    assert machine.run()[:2] == (1, "")


@pytest.mark.parametrize("harm", ["killed", "half a package"])
def test_an_interrupted_install_is_repaired_by_the_next_run(machine: Machine, harm: str) -> None:
    machine.program("uv", ': >"$0.seen"; sleep 60')
    process = machine.start()
    _wait_for(machine.programs / "uv.seen")
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    (machine.programs / "uv").unlink()
    if harm == "half a package":  # what pip leaves when it dies between two files
        packages = next((machine.clone / ".venv").glob("lib/*/site-packages"), None)
        packages = packages or machine.clone / ".venv/lib/python3/site-packages"
        (packages / "tiny-1.0.dist-info").mkdir(parents=True)
        (packages / "tiny-1.0.dist-info/METADATA").write_text("Name: tiny\nVersion: 1.0\n")

    code, output, words = machine.run()
    assert (code, output) == (0, machine.answer("1.0")), words
    assert "did not finish" in words
    assert next(machine.clone.glob(".venv/lib/*/site-packages/tiny.py")).exists()


def test_two_launchers_at_once_install_once(machine: Machine) -> None:
    processes = [machine.start(str(number)) for number in range(3)]
    results = [process.communicate(timeout=60) for process in processes]
    assert [output.strip() for output, _ in results] == [
        machine.answer("1.0", str(number)) for number in range(3)
    ]
    assert sum("genba: installed" in words for _, words in results) == 1


def test_an_environment_made_by_hand_is_kept(machine: Machine) -> None:
    venv = machine.clone / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    (venv / "mine").touch()
    assert machine.run()[:2] == (0, machine.answer("1.0"))
    assert (venv / "mine").exists()


def test_an_environment_whose_python_is_gone_is_made_anew(machine: Machine) -> None:
    machine.run()
    (machine.clone / ".venv/bin/python").unlink()
    (machine.clone / ".venv/bin/python").symlink_to("/nowhere/python3")
    code, output, words = machine.run()
    assert (code, output) == (0, machine.answer("1.0")), words


@pytest.mark.parametrize("missing", ["ensurepip", "pip"])
def test_debian_has_pip_and_venv_in_separate_packages(
    machine: Machine, tmp_path: Path, missing: str
) -> None:
    hidden = tmp_path / "hidden" / missing
    hidden.mkdir(parents=True)
    (hidden / "__init__.py").write_text("raise ImportError('a separate package')")
    if missing == "pip":  # hidden from the system's Python only: ensurepip brings it to ours
        python = (machine.programs / "python3").readlink()
        (machine.programs / "python3").unlink()
        machine.program("python3", f"PYTHONPATH='{hidden.parent}' exec '{python}' \"$@\"")
        code, output, words = machine.run()
    else:
        code, output, words = machine.run(more={"PYTHONPATH": str(hidden.parent)})
    assert (code, output) == (0, machine.answer("1.0")), words


def test_uv_is_used_where_there_is_one(machine: Machine) -> None:
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    if uv is None:
        machine.program("uv", 'echo "$@" >>"$0.calls"; exit 1')
        code, output, words = machine.run()
        assert "trying pip" in words or (machine.programs / "uv.calls").exists()
    else:
        machine.offer("uv", uv)
        code, output, words = machine.run()
        assert not any(machine.clone.glob(".venv/lib/*/site-packages/pip")), "pip came from uv"
    assert (code, output) == (0, machine.answer("1.0")), words


def test_when_uv_fails_pip_is_tried(machine: Machine) -> None:
    machine.program("uv", 'test "$1" = venv && exit 0; exit 1')
    code, output, words = machine.run()
    assert (code, output) == (0, machine.answer("1.0")), words


def test_without_a_new_enough_python_it_says_so(machine: Machine) -> None:
    machine.program("python3", "exit 1")
    code, output, words = machine.run()
    assert (code, output) == (1, "")
    assert "Python 3.11 or newer is needed" in words


def _wait_for(path: Path) -> None:
    limit = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < limit, f"{path} never came"
        time.sleep(0.02)
