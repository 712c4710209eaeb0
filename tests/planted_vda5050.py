"""Bugs in the second kind of robot: whose order it is, what is void, and what a word is worth."""

from tests.planted import Bug, only

SIGHTS = ("tests/test_vda5050_codec.py",)
WORD = only("test_mission_book", "word")

VDA5050 = (
    Bug(
        what="the word of a vehicle that may do a thing twice settles a mission",
        file="devices/robot_rules.py",
        right="if isinstance(action, Done) and not exactly_once:",
        wrong="if isinstance(action, Done) and not battery_min:",
        tests=only("test_robot_decide", "word_alone"),
    ),
    Bug(
        what="an order is void because some other order was cancelled",
        file="devices/codecs/vda5050_sight.py",
        right='startswith(f"{state.order_id}-{INSTANT[Cmd.VOID]}-")',
        wrong='count(f"-{INSTANT[Cmd.VOID]}-")',
        tests=SIGHTS,
    ),
    Bug(
        what="an order that was cancelled with the tote on board is void",
        file="devices/codecs/vda5050_sight.py",
        right="not state.loads and state.loads is not None and _cancelled(state)",
        wrong="_cancelled(state)",
        tests=SIGHTS,
    ),
    Bug(
        what="a vehicle that cannot tell what it carries is empty",
        file="devices/codecs/vda5050_sight.py",
        right="        return Load.UNKNOWN\n",
        wrong="        return Load.EMPTY\n",
        tests=SIGHTS,
    ),
    Bug(
        what="somebody else's order is cancelled",
        file="devices/drivers/vda5050.py",
        right="            wanted = is_over\n",
        wrong="            wanted = True\n",
        tests=only("test_vda5050_driver", "another_s_order"),
    ),
    Bug(
        what="an order that is said again is an update of itself",
        file="devices/drivers/vda5050.py",
        right="order_update_id=0",
        wrong="order_update_id=command.seq",
        tests=only("test_vda5050", "lost_or_come_twice"),
    ),
    Bug(
        what="a delivery that waits for its scan holds the vehicle",
        file="wms/robots/roster.py",
        right='mission.state == "person" and mission.reason != Why.TO_CONFIRM',
        wrong='mission.state == "person"',
        tests=WORD,
    ),
    Bug(
        what="two totes for one place, since the first was only said to be there",
        file="wms/robots/choosing.py",
        right="missions.c.state.in_(OPEN) | to_confirm())",
        wrong="missions.c.state.in_(OPEN))",
        tests=WORD,
    ),
    Bug(
        what="any bench confirms what was brought to another",
        file="wms/robots/evidence.py",
        right="(missions_table.c.container == container) & (missions_table.c.target == place)",
        wrong="missions_table.c.container == container",
        tests=only("test_floor_confirm", "bench"),
    ),
)
