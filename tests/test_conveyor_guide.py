"""What the guide of a conveyor's module says, and what becomes of somebody who counts levels."""

from dataclasses import replace
from typing import Any

import pytest

from devices.capabilities import Conveyor, Link
from devices.cases import conveylinx as bench
from devices.codecs import conveylinx as codec
from devices.conformance import PATIENCE_S, check, it_does_what_it_is_told_once
from devices.drivers.conveylinx import Conveylinx


def test_what_the_guide_does_not_have_is_not_made_up() -> None:
    inputs = [0] * codec.INPUTS_COUNT
    assert codec.reading(inputs).up.state == ""
    inputs[0] = 0x0501  # the high byte is for the other direction
    assert codec.reading(inputs).up.state == "clear"
    for bit, why in ((3, "motor"), (5, "jam"), (6, "sensor"), (7, "power"), (2, "power")):
        inputs[7] = 1 << bit
        assert codec.reading(inputs).down.trouble == f"conveyor.{why}"
        assert codec.reading(inputs).up.trouble == ""
    inputs[6], inputs[7] = 1 << 4, 1 << 15
    assert codec.reading(inputs).up.trouble == "conveyor.neighbour"
    assert codec.reading(inputs).down.trouble == "", "a motor that is not used is no trouble"


class LevelReader(Conveylinx):
    """What one writes on the first day: a box is seen when the zone is blocked, and then is not."""

    was = ""
    boxes = 0

    async def open(self, link: Link) -> None:
        def emit(signal: Any) -> None:
            self.boxes += signal.state == "clear" and self.was == "blocked"
            self.was = signal.state
            link.emit(replace(signal, arrived=self.boxes, departed=self.boxes))

        await super().open(replace(link, emit=emit))


async def test_who_counts_levels_instead_of_counters_breaks_the_case(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("devices.conformance.PATIENCE_S", PATIENCE_S / 8)
    assert isinstance(Conveylinx({"host": "192.0.2.1"}), Conveyor)
    with pytest.raises((AssertionError, TimeoutError)):
        await check(replace(bench.CASE, driver=LevelReader), it_does_what_it_is_told_once)
