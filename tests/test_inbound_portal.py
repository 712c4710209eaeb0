"""The RFID gate: a table of decisions, and pallets that are pushed through it on the real floor."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from devices import intake
from devices.intake import Heard
from picking import floor
from picking.portal import Decision, Expected, Missing, Read, decide
from tests.floor_site import ON_BOTH, Hand, refused
from tests.receive_site import JAN, ReceiveSite, dock_at, line
from wms.errors import Code, Rejected
from wms.inbound import tagged
from wms.rooms import gaps
from wms.rooms.gaps import Gap
from wms.rooms.signals import Signal, TagPassed, TagSeen
from wms.schema import devices, inbound_units, tag_reads
from wms.site.calendar import local_time
from wms.site.epc import serial_of, sgtin96

SHIRT, HAT = 1, 2


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def site(engine: str, request: pytest.FixtureRequest) -> Iterator[ReceiveSite]:
    with dock_at(request.getfixturevalue(f"new_{engine}")()) as site:
        row = {"name": "gate-1", "driver": "llrp", "health": "online", "since_ms": 0}
        site.add(devices, row)
        yield site


def tag(serial: int, sku: str = "SHIRT") -> str:
    return sgtin96(JAN[sku], serial, prefix_digits=7)


def read(*epcs: str, item: int = SHIRT, **more: Any) -> list[Read]:
    return [Read(epc, item=item, sku=f"item {item}", **more) for epc in epcs]


AWAY = (Gap(1, 2),)
NAMED = Expected(10, SHIRT, "SHIRT", frozenset("abc"))
COUNTED = Expected(20, SHIRT, "SHIRT", count=2)
TABLE: list[tuple[str, list[Expected], list[Read], bool, Decision]] = [
    ("all of it", [NAMED], read("a", "b", "c"), False,
     Decision(accepted=((10, "a"), (10, "b"), (10, "c")))),
    ("two missing", [NAMED], read("a"), False,
     Decision(accepted=((10, "a"),), missing=(Missing(SHIRT, "SHIRT", 2, ("b", "c")),))),
    ("one too much", [NAMED], read("a", "b", "c", "x"), False,
     Decision(accepted=((10, "a"), (10, "b"), (10, "c")), extra=tuple(read("x")))),
    ("another delivery's", [NAMED], [*read("a", "b", "c"), *read("x", delivery="IN0000008")], False,
     Decision(accepted=((10, "a"), (10, "b"), (10, "c")),
              elsewhere=tuple(read("x", delivery="IN0000008")))),
    ("received before", [NAMED], [*read("a"), *read("b", before=True)], False,
     Decision(accepted=((10, "a"),), missing=(Missing(SHIRT, "SHIRT", 2, ("b", "c")),),
              again=tuple(read("b", before=True)))),
    ("read twice", [NAMED], [*read("a"), *read("a"), *read("b", "c")], False,
     Decision(accepted=((10, "a"), (10, "b"), (10, "c")))),
    ("by number", [COUNTED], read("a", "b"), False, Decision(accepted=((20, "a"), (20, "b")))),
    ("fewer by number", [COUNTED], read("a"), False,
     Decision(accepted=((20, "a"),), missing=(Missing(SHIRT, "SHIRT", 1),))),
    ("more by number", [COUNTED], read("a", "b", "c"), False,
     Decision(accepted=((20, "a"), (20, "b")), extra=tuple(read("c")))),
    ("goods of no line", [COUNTED], read("a", "b", item=HAT), False,
     Decision(missing=(Missing(SHIRT, "SHIRT", 2),), extra=tuple(read("a", "b", item=HAT)))),
    ("a reader that was away", [NAMED], read("a"), True,
     Decision(accepted=((10, "a"),), missing=(Missing(SHIRT, "SHIRT", 2, ("b", "c")),),
              blind=AWAY)),
    ("nothing at all", [], [], False, Decision()),
]  # fmt: skip


@pytest.mark.parametrize(
    ("expected", "reads", "blind", "decision"), [row[1:] for row in TABLE],
    ids=[row[0] for row in TABLE],
)  # fmt: skip
def test_the_gate_decides(
    expected: list[Expected], reads: list[Read], blind: object, decision: Decision
) -> None:
    away = AWAY if blind else ()
    found = decide(expected, reads, blind=away)
    assert found == decision
    assert found == decide(expected, list(reversed(reads)), blind=away), "in whatever order"
    assert found.is_exact == (not (decision.missing or decision.extra or decision.elsewhere
                                   or blind))  # fmt: skip
    every = [*(epc for _, epc in found.accepted),
             *(one.epc for one in (*found.extra, *found.elsewhere, *found.again))]  # fmt: skip
    assert sorted(every) == sorted({one.epc for one in reads}), "each tag in exactly one list"


def seen(
    site: ReceiveSite, *epcs: str, device: str = "gate-1", rssi: int = -50, antenna: int = 0
) -> None:
    """The reader sees these tags now."""
    for epc in epcs:
        site.add(tag_reads, {"device": device, "epc": epc, "first_ms": site.now,
                             "last_ms": site.now, "count": 1, "rssi": rssi,
                             "antenna": antenna})  # fmt: skip


def at_gate(site: ReceiveSite) -> Hand:
    hand = site.receiving()
    hand.expect("receive.item", "ASN-1")
    hand.expect("receive.portal", "2", "key")
    return hand


@ON_BOTH
def test_missing_two_extra_one_belongs_to_another_delivery(site: ReceiveSite) -> None:
    tags = [tag(n) for n in range(1, 6)]
    delivery = site.announce(line("SHIRT", 5, epcs=tuple(tags))).inbound_id
    site.announce(line("SHIRT", 1, epcs=(tag(9),)), external_id="ASN-2")
    seen(site, *tags[:3], tag(9))
    seen(site, tags[3], device="gate-2", rssi=-71, antenna=3)
    hand = at_gate(site)
    assert list(hand.prompt.lines) == ["3 ok -2 +1", "Missing 2 SHIRT", "1 of IN0000002"]
    assert set(hand.expect("receive.locate", "3", "key").lines) == {
        "SHIRT gate-2 #3", "  -71 dBm 10s ago", "SHIRT gate-1", "  -50 dBm 10s ago",
    }  # fmt: skip
    hand.expect("receive.portal", "back", "command")
    hand.expect("receive.item", "1", "key")
    assert site.lines(delivery) == [("SHIRT", 5, 3, 0)]
    assert site.at_place("DOCK") == [("SHIRT", "", "available", "", 3)]
    hand.expect("receive.portal", "2", "key")
    assert hand.prompt.lines == (
        "0 ok -2 +1", "Missing 2 SHIRT", "1 of IN0000002", "Received before 3",
    )  # fmt: skip
    refused(hand.key("1"), "scan.unexpected")
    hand.command("ok")
    seen(site, *tags[3:])
    assert hand.expect("receive.portal", "2", "key").lines[0] == "2 ok -0 +1"
    hand.expect("receive.item", "1", "key")
    refused(hand.command("undo"), "undo.nothing")
    hand.command("ok")
    hand.expect("receive.close", "full", "command")
    hand.expect("receive.choose", "1", "key")
    assert site.lines(delivery) == [("SHIRT", 5, 5, 0)]


def test_without_announced_tags_goods_are_counted_by_their_item(site: ReceiveSite) -> None:
    delivery = site.asn(("SHIRT", 2), ("SOAP", 4))
    seen(site, tag(1), tag(2), tag(3), tag(1, "RADIO"), "e" * 24)
    hand = at_gate(site)
    lines = hand.prompt.lines
    assert lines[0] == "2 ok -0 +3"
    assert lines[1].startswith("Extra 3 ")
    assert not any("SOAP" in one for one in lines), "only tagged goods are expected to answer"
    hand.expect("receive.item", "1", "key")
    assert site.lines(delivery) == [("SHIRT", 2, 2, 0), ("SOAP", 4, 0, 0)]
    units = site.rows(select(inbound_units.c.code).where(inbound_units.c.seen_ms.is_not(None)))
    assert len(units) == 2
    hand.expect("receive.portal", "2", "key")
    assert "Received before 2" in hand.prompt.lines


@pytest.mark.parametrize(
    ("health", "since_ms"), [("offline", 90_000), ("online", 5_000), ("fault", 90_000)]
)
def test_a_blind_interval_is_not_absence(site: ReceiveSite, health: str, since_ms: int) -> None:
    site.announce(line("SHIRT", 2, epcs=(tag(1), tag(2))))
    seen(site, tag(1))
    changed = {"health": health, "since_ms": site.now - since_ms}
    site.set(devices, devices.c.name == "gate-1", **changed)
    lines = at_gate(site).prompt.lines
    assert lines[0] == "1 ok 1 unread? +0"
    assert lines[1].startswith("gate-1 was blind ")
    assert lines[2] == "Not seen 1 SHIRT"


@ON_BOTH
def test_a_gap_that_is_over_says_from_when_to_when_nobody_knows(site: ReceiveSite) -> None:
    site.announce(line("SHIRT", 2, epcs=(tag(1), tag(2))))
    site.set(devices, devices.c.name == "gate-1", since_ms=site.now - 600_000)
    then = site.now
    for ago_ms, until in ((400_000, 300_000), (40_000, 10_000)):
        site.write(gaps.note, [("gate-1", Gap(then - ago_ms, then - until, "reader.quiet"))])
    seen(site, tag(1))
    spans = [words for words in at_gate(site).prompt.lines if "blind" in words]
    zone = floor.TOKYO
    ends = (local_time(then - ms, zone).strftime("%H:%M:%S") for ms in (40_000, 10_000))
    assert spans == [f"gate-1 was blind {'-'.join(ends)}: look again"], "the first one was before"
    site.now = then + 55_000  # by then it is too long ago to matter
    assert not site.read(gaps.of, "gate-1", since_ms=site.now - 60_000, now=site.now)


@ON_BOTH
def test_at_a_door_only_what_came_in_counts(site: ReceiveSite) -> None:
    site.announce(line("SHIRT", 3, epcs=(tag(1), tag(2), tag(3))))
    passing: list[tuple[int, list[Signal]]] = [
        (1, [TagSeen("gate-1", tag(1), 2, -50, 2, beside=True),
             TagPassed("gate-1", tag(1), "in", 1, -50)]),
        (2, [TagSeen("gate-1", tag(2), 2, -50, 2, beside=True)]),
        (3, [TagPassed("gate-1", tag(3), "out", 2, -50), TagSeen("gate-1", tag(3), 2, -50, 2)]),
    ]  # fmt: skip
    for serial, signals in passing:
        heard = [Heard(site.now - 1_000 + serial, one) for one in signals]
        site.write(intake.record, heard=heard)
    assert at_gate(site).prompt.lines[:2] == ("1 ok -2 +0", "Missing 2 SHIRT")


def test_old_reads_say_nothing_of_what_is_here_now(site: ReceiveSite) -> None:
    site.announce(line("SHIRT", 2, epcs=(tag(1), tag(2))))
    seen(site, tag(1))
    site.now += 120_000
    assert at_gate(site).prompt.lines[0] == "0 ok -2 +0"


def test_a_tag_says_the_serial_number(site: ReceiveSite) -> None:
    site.good("RADIO", rfid_tagged=1)
    delivery = site.announce(line("RADIO", 2, epcs=(tag(7, "RADIO"), tag(8, "RADIO")))).inbound_id
    seen(site, tag(7, "RADIO"), tag(8, "RADIO"))
    at_gate(site).expect("receive.item", "1", "key")
    assert serial_of(tag(7, "RADIO")) == "7"
    assert [row[3] for row in site.at_place("DOCK")] == ["7", "8"]
    assert site.lines(delivery) == [("RADIO", 2, 2, 0)]


@ON_BOTH
def test_the_same_tags_again_are_received_once(site: ReceiveSite) -> None:
    delivery = site.announce(line("SHIRT", 3, epcs=(tag(1), tag(2)))).inbound_id
    number = int(site.scalar(select(inbound_units.c.line_id).limit(1)))

    def accept(key: str, *serials: int) -> int:
        return site.write(
            tagged.receive_tags, delivery=delivery, place="DOCK", actor="person:21",
            tags=[(number, tag(serial)) for serial in serials], today="2026-11-22", key=key,
            now=site.now,
        )  # fmt: skip

    assert accept("a", 1, 2) == 2
    assert accept("a", 1, 2) == 0
    assert accept("b", 2, 3) == 1
    with pytest.raises(Rejected, match=Code.INBOUND_OVER):
        accept("c", 4)
    assert site.lines(delivery) == [("SHIRT", 3, 3, 0)]
