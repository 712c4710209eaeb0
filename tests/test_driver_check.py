"""`genba driver check`, and the page "Write a driver": whoever follows it has a driver."""

import re
import sys
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.__main__ import cli
from devices import conformance, registry
from devices.capabilities import ConfigFault
from tests.sources import text_of

PAGE = text_of(Path("docs/drivers.md"))
FILE = re.compile(r"^`([\w.]+)`:\n\n```\w+\n(.*?)^```", re.DOTALL | re.MULTILINE)
RUN = CliRunner(env={"LC_ALL": "en_US.UTF-8"})


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The page's package, laid out as an installer does it."""
    files = dict(FILE.findall(PAGE))
    assert sorted(files) == ["acme_pillar.py", "acme_pillar_twin.py", "pyproject.toml"]
    project = tomllib.loads(files["pyproject.toml"])
    for module in project["tool"]["setuptools"]["py-modules"]:
        (tmp_path / f"{module}.py").write_text(files[f"{module}.py"])
    about = tmp_path / "acme_pillar-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-pillar\nVersion: 1.0\n")
    points = [
        f"[{group}]\n" + "\n".join(f"{name} = {where}" for name, where in entries.items())
        for group, entries in project["project"]["entry-points"].items()
    ]
    (about / "entry_points.txt").write_text("\n".join(points))
    monkeypatch.syspath_prepend(str(tmp_path))
    for module in ("acme_pillar", "acme_pillar_twin"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    return tmp_path


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three promises instead of all of them."""
    few = (
        conformance.it_comes_online, conformance.it_does_what_it_is_told_once,
        conformance.without_a_link_it_is_unavailable,
    )  # fmt: skip
    monkeypatch.setattr(conformance, "PROMISES", few)


@pytest.mark.usefixtures("quick")
def test_the_page_s_driver_can_be_named_and_checked(installed: Path) -> None:
    assert "acme-pillar" in RUN.invoke(cli, ["driver", "list"]).stdout.split()
    done = RUN.invoke(cli, ["driver", "check", "acme-pillar"])
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[-1] == "acme-pillar kept 3 of 3 promises"
    assert "kept    it comes online" in done.stdout


@pytest.mark.long
@pytest.mark.usefixtures("quick")
def test_a_driver_that_only_pretends_is_found_out(installed: Path) -> None:
    driver = installed / "acme_pillar.py"
    real = 'if await self._ask(f"SHOW {channel} {colour or \'dark\'}") != "OK":'
    assert real in driver.read_text()
    driver.write_text(driver.read_text().replace(real, "if channel > 15:"))
    done = RUN.invoke(cli, ["driver", "check", "acme-pillar"])
    assert done.exit_code == 1
    assert "BROKEN  it does what it is told once: waited" in done.stdout


@pytest.mark.long
def test_the_page_s_driver_keeps_every_promise(installed: Path) -> None:
    done = RUN.invoke(cli, ["driver", "check", "acme-pillar"])
    assert done.exit_code == 0, done.output


def test_every_driver_of_ours_but_the_blind_queue_has_a_case() -> None:
    without = []
    for name in registry.OURS:
        try:
            assert registry.case(name).name == name
        except ConfigFault:
            without.append(name)
    assert without == ["zebra-queue"], "a queue that tells nothing keeps no promise of the kit"
    done = RUN.invoke(cli, ["driver", "check", "zebra-queue"])
    assert (done.exit_code, "has no case" in done.stderr) == (2, True)
    assert RUN.invoke(cli, ["driver", "check", "nonsense"]).exit_code == 2
