"""The command line answers at once, in the reader's language; `genba test` tells the truth."""

import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from app import VERSION, __main__
from app.commands import test as test_command
from tests.sources import ROOT
from wms.errors import Code, Rejected

HELP_CPU_S_MAX = 0.3
RUNNER = CliRunner()


def genba(*args: str) -> subprocess.CompletedProcess[str]:
    """Run the command line as its own process."""
    return subprocess.run(
        [sys.executable, "-m", "app", *args], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small project that `genba test` looks at instead of ours."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_it.py").write_text("def test_it() -> None:\n    assert True\n")
    shutil.copy(ROOT / "tests/effort.py", tmp_path / "tests/conftest.py")
    (tmp_path / "pyproject.toml").write_text(
        "[tool.pytest.ini_options]\naddopts = '-q'\nmarkers = ['long: x']\ntestpaths = ['tests']\n"
    )
    monkeypatch.setattr(test_command, "ROOT", tmp_path)
    monkeypatch.setenv("PYTEST_ADDOPTS", "--maxprocesses=1")  # one test needs no three workers
    return tmp_path


def test_help_is_quick_and_lists_the_commands() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    answer = genba("--help")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert answer.returncode == 0
    assert "  test " in answer.stdout
    assert used_s < HELP_CPU_S_MAX, "a command module imports something heavy; import it inside"


def test_it_says_its_version() -> None:
    assert genba("--version").stdout == f"genba {VERSION}\n"


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ({"LANG": "ja_JP.UTF-8"}, "キー K1 は別の内容で使われています"),
        ({"LANG": "de_DE.UTF-8"}, "Key K1 was used before with other content"),
        ({"LANG": "ja_JP.UTF-8", "LC_ALL": "C"}, "Key K1 was used before with other content"),
        ({}, "Key K1 was used before with other content"),
    ],
)
def test_a_refusal_is_said_in_the_readers_language(
    locale: dict[str, str],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in locale.items():
        monkeypatch.setenv(name, value)
    refusing = typer.Typer()

    @refusing.command()
    def refuse() -> None:
        raise Rejected(Code.KEY_REUSED, key="K1")

    monkeypatch.setattr(__main__, "cli", refusing)
    monkeypatch.setattr(sys, "argv", ["genba"])
    with pytest.raises(SystemExit) as exit_:
        __main__.main()
    assert exit_.value.code == 1
    assert capsys.readouterr().err == words + "\n"


def test_checks_that_pass_are_a_line_each(project: Path) -> None:
    answer = RUNNER.invoke(__main__.cli, ["test", "--only", "lint", "--only", "tests"])
    assert answer.exit_code == 0, answer.output
    names = [line.split()[0] for line in answer.output.splitlines() if line.endswith(" passed")]
    assert names == ["lint", "tests"]
    assert answer.output.splitlines()[-1].startswith("1 passed in ")


def test_a_check_that_fails_shows_why_and_the_others_still_run(project: Path) -> None:
    (project / "tests/test_it.py").write_text("import os\n\n\ndef test_it():\n    assert 1 == 2\n")
    answer = RUNNER.invoke(
        __main__.cli, ["test", "--only", "lint", "--only", "format", "--only", "tests"]
    )
    assert answer.exit_code == 1
    for part in ("F401", "lint ", "format ", "assert 1 == 2"):
        assert part in answer.output
    assert answer.output.splitlines()[-1].startswith("1 failed in ")


def test_long_tests_run_only_when_asked_for(project: Path) -> None:
    (project / "tests/test_it.py").write_text(
        "import pytest\n\n\n@pytest.mark.long\ndef test_long() -> None:\n    pass\n\n\n"
        "def test_short() -> None:\n    pass\n"
    )
    short = RUNNER.invoke(__main__.cli, ["test", "--only", "tests"])
    assert short.output.splitlines()[-1].startswith("1 passed")
    long = RUNNER.invoke(__main__.cli, ["test", "--only", "tests", "--long"])
    assert long.output.splitlines()[-1].startswith("2 passed")


def test_an_unknown_check_is_refused_with_those_there_are() -> None:
    answer = RUNNER.invoke(__main__.cli, ["test", "--only", "lnit"])
    assert answer.exit_code == 2
    for name in ("lnit", "lint", "format", "contracts", "types", "tests"):
        assert name in answer.output


def test_the_ci_script_runs_the_same_command() -> None:
    script = (ROOT / ".ci/run").read_text()
    assert "./genba test" in script
    assert os.access(ROOT / ".ci/run", os.X_OK)
