"""Driver names of the configuration lead to drivers, or to a word about what was meant."""

from pathlib import Path

import pytest

from devices import registry
from devices.capabilities import ConfigFault, Driver


def test_every_name_in_the_registry_leads_to_a_driver() -> None:
    for name in registry.names():
        assert callable(registry.load(name)), name


def test_an_unknown_name_lists_what_there_is() -> None:
    with pytest.raises(
        ConfigFault, match="there are conveylinx, grh1, llrp, modbus-lights, mt-sics"
    ):
        registry.load("qqqq")


def test_a_near_name_is_offered() -> None:
    with pytest.raises(ConfigFault, match="did you mean 'serial-scanner'"):
        registry.load("serial_scaner")


THEIRS = """
class Lamp:
    def __init__(self, options): ...
    async def open(self, link): ...
    async def run(self): ...
    async def close(self): ...
"""
ENTRY_POINTS = """
[genba.drivers]
lamp = their_lamp:Lamp
llrp = their_lamp:Lamp
broken = their_lamp:NoSuchThing
gone = no_such_module:Lamp
"""


@pytest.fixture
def _installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A third party's package, as an installer lays it out."""
    about = tmp_path / "their_lamp-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: their-lamp\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(ENTRY_POINTS)
    (tmp_path / "their_lamp.py").write_text(THEIRS)
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.usefixtures("_installed")
def test_an_installed_package_brings_its_own_driver_but_not_ours() -> None:
    assert isinstance(registry.load("lamp")({}), Driver)
    assert "lamp" in registry.names()
    assert registry.load("llrp").__module__ == "devices.drivers.llrp"


@pytest.mark.usefixtures("_installed")
@pytest.mark.parametrize("name", ["broken", "gone"])
def test_a_driver_that_cannot_be_loaded_is_a_fault(name: str) -> None:
    with pytest.raises(ConfigFault, match=f"driver '{name}' cannot be loaded"):
        registry.load(name)
