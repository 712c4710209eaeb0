"""先出し: slips that were issued before the picking come in by file, and each finds its box."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from sync import files
from tests.floor_site import JAN, ON_BOTH, FloorSite, floor_at
from wms import site_settings
from wms.schema import orders, services, slips
from wms.shipping import parcels
from wms.site_settings import NewLabelMode

TEA, CUP = (f"]E0{JAN[sku]}" for sku in ("TEA", "CUP"))
FIRST, SECOND, THIRD = (parcels.number_of(45_678_901_230 + n) for n in range(3))


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def site(engine: str, request: pytest.FixtureRequest) -> Iterator[FloorSite]:
    with floor_at(request.getfixturevalue(f"new_{engine}")()) as site:
        site.stock_up()
        yield site
        site.check()


def bring_in(site: FloorSite, *rows: tuple[str, str]) -> files.Report:
    lines = ["受注番号,送り状番号", *(",".join(row) for row in rows)]
    parsed = files.read("slips", "\n".join(lines).encode("cp932"), "b2.csv")
    return site.write(
        files.bring_in, parsed, dry_run=False, language="ja", actor="cli", device="cli",
        now=site.now,
    )  # fmt: skip


def names(site: FloorSite) -> list[str]:
    query = select(orders.c.external_id).order_by(orders.c.id)
    return list(site.read(lambda tx: tx.scalars(query).all()))


@ON_BOTH
def test_a_batch_of_slips_is_taken_once_and_each_is_matched_at_its_own_order(
    site: FloorSite,
) -> None:
    """By service: this one's slips come before the picking, the owner's others do not."""
    site.write(site_settings.put_label_modes, [
        NewLabelMode(owner="acme", service="yamato", mode="pre_issued")
    ])  # fmt: skip
    hand, (tote, _other) = site.packing((("TEA", 1), ("CUP", 1)), (("TEA", 2), ("CUP", 1)))
    one, two = names(site)
    rows = ((one, f"a{FIRST[:4]}-{FIRST[4:8]}-{FIRST[8:]}a"), (two, SECOND), (two, THIRD))
    first, again = bring_in(site, *rows), bring_in(site, *rows)
    assert (first.new, again.new, again.same) == (3, 0, 3)
    for text in (tote, TEA, CUP):
        hand.scan(text)
    hand.expect("pack.slip", "BX-S")
    assert hand.scan(SECOND).fate == "refused", "another order's slip"
    hand.command("ok")
    hand.expect("pack.verify", f"a{FIRST}a")
    assert not site.jobs(), "its label is on the slip that is there already"
    states = site.rows(select(slips.c.state).order_by(slips.c.id))
    assert [row.state for row in states] == ["matched", "imported", "imported"]


def test_what_is_wrong_with_a_slip_is_told_of_its_row(site: FloorSite) -> None:
    site.orders([(("TEA", 1),), (("TEA", 1),), (("TEA", 1),)])
    site.set(services, services.c.code == "yamato", carrier="yamato")
    one, two, three = names(site)
    site.set(orders, orders.c.external_id == three, state="cancelled")
    wrong = FIRST[:-1] + str((int(FIRST[-1]) + 1) % 10)
    told = bring_in(
        site, ("nobody", FIRST), (one, wrong), (one, SECOND), (two, SECOND), (three, THIRD)
    )
    assert [(one.row, one.code) for one in told.faults] == [
        (2, "reference.unknown"), (3, "tracking.wrong"), (5, "tracking.taken"), (6, "order.state"),
    ]  # fmt: skip
    assert not site.rows(select(slips))
    site.set(orders, orders.c.external_id == three, state="accepted")
