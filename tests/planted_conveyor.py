"""Bugs in what is made of a conveyor's counters: levels, roll-overs, power cuts, and holds."""

from tests.planted import Bug, only

CONVEYORS = (
    Bug(
        what="boxes are counted by the level of a zone, not by its counter",
        file="devices/drivers/conveylinx.py",
        right="arrived=zone.arrived, departed=zone.departed,",
        wrong='arrived=int(zone.state == "blocked"), departed=int(zone.state == "clear"),',
        tests=only("test_conveyor", "between_two_looks"),
    ),
    Bug(
        what="a counter that begins anew is booked as 65,000 boxes",
        file="devices/box_counts.py",
        right="if most >= MODULUS or max(arrived, departed) > most:",
        wrong="if most >= MODULUS:",
        tests=only("test_conveyor", "difference or pulled_cable"),
    ),
    Bug(
        what="a counter that goes round is booked as boxes that came back",
        file="devices/box_counts.py",
        right="departed = (after.departed - before.departed) % MODULUS",
        wrong="departed = after.departed - before.departed",
        tests=only("test_conveyor", "difference"),
    ),
    Bug(
        what="what passed before a power cut is not missed",
        file="devices/box_counts.py",
        right="if not unbroken and max(after.arrived, after.departed) <= most:",
        wrong="if max(after.arrived, after.departed) < 0:",
        tests=only("test_conveyor", "difference or pulled_cable"),
    ),
    Bug(
        what="a conveyor whose program stands is shown as clear",
        file="devices/drivers/conveylinx.py",
        right="return now_s - self._pulse_s > self._options.frozen_s",
        wrong="return self._pulse_s > now_s",
        tests=only("test_conveyor", "program_that_stands"),
    ),
    Bug(
        what="what was held is let go of after a power cut",
        file="devices/conveyors.py",
        right="now = (self._supervisor.session(self._device), held)",
        wrong="now = (0, held)",
        tests=only("test_conveyor", "held_again"),
    ),
)
