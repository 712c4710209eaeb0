"""What is installed is what the project asks for: pinned, hashed, for every system."""

import re
import tomllib
from importlib.metadata import version
from pathlib import Path

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.sources import text_of

LOCK = text_of(Path("requirements.txt"))
PROJECT = tomllib.loads(text_of(Path("pyproject.toml")))["project"]
ASKED = [
    Requirement(line)
    for line in (*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["test"])
]
# A block is one package: its pin, perhaps a marker, and a hash for each of its files.
BLOCKS = re.findall(r"^[a-z0-9][^\n]*\\\n(?:    --hash=[^\n]+\n)+", LOCK, re.MULTILINE)
PINNED = {
    canonicalize_name(pin.name): pin
    for pin in (Requirement(block.splitlines()[0].rstrip("\\ ")) for block in BLOCKS)
}
SYSTEMS = [
    {"sys_platform": system, "platform_system": name, "platform_machine": machine}
    for system, name, machine in (
        ("linux", "Linux", "x86_64"),
        ("linux", "Linux", "aarch64"),
        ("darwin", "Darwin", "arm64"),
    )
]


def wanted(marker: Marker | None, system: dict[str, str]) -> bool:
    """Whether a requirement with *marker* is one on *system*."""
    return marker is None or marker.evaluate(dict(system))


def test_everything_that_is_asked_for_is_pinned_on_every_system() -> None:
    for asked in ASKED:
        pinned = PINNED[canonicalize_name(asked.name)]
        (pin,) = pinned.specifier
        assert pin.operator == "=="
        assert asked.specifier.contains(pin.version), asked
        for system in SYSTEMS:
            assert wanted(asked.marker, system) == wanted(pinned.marker, system), (asked, system)


def test_every_package_has_hashes() -> None:
    pins = [line for line in LOCK.splitlines() if re.match(r"[a-z0-9]", line)]
    assert len(pins) == len(BLOCKS) == len(PINNED)
    assert len(PINNED) > len(ASKED)


def test_it_names_no_place_to_install_from() -> None:
    comments_and_all = LOCK.replace("--no-emit-index-url --no-emit-find-links", "")
    for word in ("://", "--index-url", "--extra-index-url", "--find-links", "@ "):
        assert word not in comments_and_all
    assert "uv pip compile pyproject.toml --extra test --universal" in LOCK, "how to make it anew"


def test_the_ones_that_speak_on_wires_are_pinned_by_the_project_itself() -> None:
    exact = {asked.name for asked in ASKED if str(asked.specifier).startswith("==")}
    assert {"textual", "pymodbus", "sllurp"} <= exact


def test_what_runs_here_is_what_is_pinned() -> None:
    here = {
        name: (version(name), next(iter(pin.specifier)).version)
        for name, pin in PINNED.items()
        if wanted(pin.marker, {})
    }
    assert {name: both for name, both in here.items() if both[0] != both[1]} == {}
