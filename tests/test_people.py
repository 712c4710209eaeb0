"""Badges and PINs: what opens a door is kept unreadable, and guessing does not pay."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from tests.floor_site import ON_BOTH, FloorSite, floor_at
from wms.errors import Code, Rejected
from wms.people import staff
from wms.schema import people as table

PIN, PEPPER = "246810", "from outside the book"


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def site(engine: str, request: pytest.FixtureRequest) -> Iterator[FloorSite]:
    with floor_at(request.getfixturevalue(f"new_{engine}")()) as site:
        yield site


@pytest.fixture
def max_(site: FloorSite) -> int:
    return site.write(
        staff.add, code="P9", name="Max", badge="token-of-max", permissions=("pick",), pin=PIN,
        pepper=PEPPER,
    )  # fmt: skip


def check(site: FloorSite, person: int, pin: str, pepper: str = PEPPER) -> bool:
    return site.write(staff.check_pin, person, pin, pepper=pepper, now=site.now)


@ON_BOTH
def test_a_badge_is_its_owner_s_and_nothing_readable_is_kept(site: FloorSite, max_: int) -> None:
    found = site.read(staff.by_badge, "token-of-max")
    assert found is not None
    assert (found.id, found.name, found.permissions, found.has_pin) == (
        max_, "Max", frozenset({"pick"}), True,
    )  # fmt: skip
    assert site.read(staff.by_badge, "token-of-ma") is None
    kept = str(site.rows(select(table)))
    assert "token-of-max" not in kept
    assert PIN not in kept
    site.set(table, table.c.id == max_, active=0)
    assert site.read(staff.by_badge, "token-of-max") is None
    assert not site.read(staff.by_id, max_).active


def test_a_pin_needs_its_pepper(site: FloorSite, max_: int) -> None:
    assert check(site, max_, PIN)
    assert not check(site, max_, PIN, pepper="another"), "a stolen book alone opens nothing"
    again = site.write(
        staff.add, code="P10", name="Mia", badge="b", permissions=(), pin=PIN, pepper=PEPPER
    )
    hashes = site.rows(select(table.c.pin_hash).where(table.c.id.in_([max_, again])))
    assert len({row.pin_hash for row in hashes}) == 2, "the same PIN looks different"


@ON_BOTH
def test_five_wrong_pins_lock_for_longer_each_time(site: FloorSite, max_: int) -> None:
    waits = []
    for _ in range(staff.FAILURES_MAX - 1):
        assert not check(site, max_, "000000")
    for _ in range(8):
        assert site.read(staff.locked_s, max_, now=site.now) == 0
        assert not check(site, max_, "000000")
        waits.append(site.read(staff.locked_s, max_, now=site.now))
        with pytest.raises(Rejected, match=Code.BADGE_LOCKED):
            check(site, max_, PIN)
        site.now += waits[-1] * 1_000
    assert waits == [30, 60, 120, 240, 480, 900, 900, 900]
    assert check(site, max_, PIN), "and then the right one opens"
    assert not check(site, max_, "000000")
    assert site.read(staff.locked_s, max_, now=site.now) == 0, "the count begins anew"


@pytest.mark.parametrize("pin", ["12345", "abcdef", "１２３４５６", "12 456", "-12345"])
def test_a_weak_pin_is_refused(site: FloorSite, pin: str) -> None:
    with pytest.raises(Rejected, match=Code.PIN_WEAK):
        site.write(
            staff.add, code="P9", name="x", badge="b", permissions=(), pin=pin, pepper=PEPPER
        )


def test_a_lead_has_a_pin_and_rights_are_known_ones(site: FloorSite) -> None:
    before = site.counts()
    with pytest.raises(Rejected, match=Code.PIN_WEAK):
        site.write(staff.add, code="P9", name="x", badge="b", permissions=("lead",))
    with pytest.raises(Rejected, match=Code.PERMISSION_UNKNOWN):
        site.write(staff.add, code="P9", name="x", badge="b", permissions=("root",))
    assert site.counts() == before


def test_who_has_no_pin_cannot_be_guessed_in(site: FloorSite) -> None:
    for pin in ("", "000000"):
        assert not check(site, 1, pin)


def test_the_language_is_remembered(site: FloorSite) -> None:
    site.write(staff.set_language, 1, "ja")
    assert site.read(staff.by_id, 1).language == "ja"
