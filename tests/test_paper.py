"""Picking by paper: what the lists say, and that entering them does what scans would have done."""

from collections import Counter
from collections.abc import Iterator

import pytest
import zxingcpp
from sqlalchemy import func, select, update

from labels.templates import render
from picking import paper
from picking.paper import Entered, NotEntered, PaperTour, Taken
from tests.picking_site import ANNA, BERT, TODAY, Site, site_at
from tests.test_labels_pdf import images
from wms.errors import Code, Rejected
from wms.schema import moves, people, tasks, tours


@pytest.fixture
def site(database_url: str) -> Iterator[Site]:
    with site_at(database_url) as site:
        may(site, '["pick"]')
        site.put("A-01", "TEA", 10)
        site.put("B-02", "CUP", 10)
        site.release([site.order(("TEA", 2), ("CUP", 3)), site.order(("TEA", 1), ("CUP", 1))])
        yield site


def may(site: Site, permissions: str) -> None:
    site.write(lambda tx: tx.execute(update(people).values(permissions=permissions)))


def walk(site: Site) -> PaperTour:
    (tour,) = site.read(paper.lists)
    return tour


def filled(tour: PaperTour, *, drop: str = "DROP", less: int = 0) -> list[Taken]:
    """A sheet as a careful hand writes it; *less* were on the first shelf."""
    return [
        Taken(
            line=stop.line, taken=stop.qty - (less if number == 0 else 0),
            tote=f"T-0{stop.slot}", drop=drop,
        )
        for number, stop in enumerate(tour.stops)
    ]  # fmt: skip


def enter(site: Site, rows: list[Taken], person: int = ANNA, *, dry_run: bool = False) -> Entered:
    site.now += 1_000
    return site.write(
        paper.enter, rows, person=person, now=site.now, today=TODAY, rng=site.rng, dry_run=dry_run
    )


def test_a_list_says_where_to_walk_and_what_to_take(site: Site) -> None:
    tour = walk(site)
    assert [(stop.place, stop.sku, stop.slot, stop.qty) for stop in tour.stops] == [
        ("A-01", "TEA", 1, 2), ("A-01", "TEA", 2, 1), ("B-02", "CUP", 1, 3), ("B-02", "CUP", 2, 1),
    ]  # fmt: skip
    assert [(slot.slot, slot.tote) for slot in tour.slots] == [(1, ""), (2, "")]
    assert site.read(paper.lists, wave=tour.wave) == (tour,)
    assert site.read(paper.lists, wave=tour.wave + 1) == ()


def test_what_was_picked_before_the_server_went_down_is_not_on_the_list(site: Site) -> None:
    site.claim()
    site.pick(walk(site).tour)
    tour = walk(site)
    assert [stop.qty for stop in tour.stops] == [1, 3, 1]
    assert (tour.person, [slot.tote for slot in tour.slots]) == ("Anna", ["T-01", "T-02"])


def test_entering_does_what_the_scans_would_have_done(site: Site) -> None:
    done = enter(site, filled(walk(site)))
    assert done == Entered(lines=4, finished=1)
    assert [site.state(order) for order in (1, 2)] == ["picked", "picked"]
    assert (site.in_tote("T-01"), site.in_tote("T-02")) == (
        {"TEA": 2, "CUP": 3}, {"TEA": 1, "CUP": 1}
    )  # fmt: skip
    assert site.read(paper.lists) == ()


def test_the_same_sheet_again_changes_nothing(site: Site) -> None:
    rows = filled(walk(site))
    enter(site, rows)
    before = site.scalar(select(func.count()).select_from(moves))
    assert enter(site, rows) == Entered(same=4)
    assert site.scalar(select(func.count()).select_from(moves)) == before


def test_a_sheet_in_two_parts_is_one_walk(site: Site) -> None:
    rows = filled(walk(site))
    assert enter(site, rows[:2]) == Entered(lines=2, unfinished=1)
    assert enter(site, rows) == Entered(lines=2, same=2, finished=1)


def test_fewer_than_wanted_is_a_shortage(site: Site) -> None:
    rows = filled(walk(site), less=1)
    site.put("C-03", "TEA", 5)
    done = enter(site, rows)
    assert (done.lines, done.short, done.unfinished) == (4, 1, 1)
    (again,) = walk(site).stops
    assert (again.place, again.qty) == ("C-03", 1), "it lies elsewhere, too"
    assert (site.in_tote("T-01")["TEA"], site.in_tote("T-02")["TEA"]) == (1, 1)
    assert site.scalar(select(func.count()).where(tasks.c.kind == "count")) == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"line": 9_999}, Code.PAPER_LINE),
        ({"taken": 99}, Code.STOP_TOO_MANY),
        ({"tote": ""}, Code.TEXT_EMPTY),
        ({"tote": "T-77"}, Code.TOTE_UNKNOWN),
    ],
)
def test_what_is_wrong_is_told_by_its_line_and_nothing_is_entered(
    change: dict[str, str | int], code: Code, site: Site
) -> None:
    rows = filled(walk(site))
    first = {"line": rows[0].line, "taken": rows[0].taken, "tote": "T-01", "drop": "DROP"}
    wrong = Taken(**{**first, **change})  # type: ignore[arg-type]
    with pytest.raises(NotEntered) as refused:
        enter(site, [wrong, *rows[1:]])
    assert [(fault.line, fault.code) for fault in refused.value.report.faults] == [
        (wrong.line, code)
    ]
    assert site.scalar(select(func.count()).where(moves.c.reason == "pick")) == 0
    assert site.scalar(select(tours.c.state)) == "open"


def test_a_walk_without_a_place_to_set_it_down_is_refused(site: Site) -> None:
    with pytest.raises(NotEntered) as refused:
        enter(site, filled(walk(site), drop=""))
    (fault,) = refused.value.report.faults
    assert (fault.code, fault.params) == (Code.TEXT_EMPTY, {"field": "drop"})


def test_a_colleague_s_walk_is_entered_under_their_name(site: Site) -> None:
    site.claim(ANNA)
    with pytest.raises(NotEntered) as refused:
        enter(site, filled(walk(site)), person=BERT)
    assert refused.value.report.faults[0].code == Code.TOUR_NOT_YOURS
    assert enter(site, filled(walk(site)), person=ANNA).finished == 1


def test_a_line_that_was_scanned_after_all_is_not_entered_twice(site: Site) -> None:
    rows = filled(walk(site))
    site.claim()
    site.pick(walk(site).tour)
    with pytest.raises(NotEntered) as refused:
        enter(site, rows)
    assert refused.value.report.faults[0].code == Code.STOP_CLOSED
    assert enter(site, rows[1:]).finished == 1


def test_a_dry_run_tells_and_keeps_nothing(site: Site) -> None:
    with pytest.raises(NotEntered) as told:
        enter(site, filled(walk(site)), dry_run=True)
    assert told.value.report == Entered(lines=4, finished=1)
    assert len(walk(site).stops) == 4


def test_who_may_not_pick_enters_nothing(site: Site) -> None:
    may(site, "[]")
    with pytest.raises(Rejected) as refused:
        enter(site, filled(walk(site)))
    assert refused.value.code == Code.PERMISSION_MISSING


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_line_has_its_barcode(language: str) -> None:
    lines = [
        {"line": f"L{n}", "place": f"A-0{n % 9}-12-3", "item": "有機ほうじ茶 ティーバッグ 50個入",
         "sku": "TEA-50", "lot": "L2611", "expiry": "2027-01-31", "qty": n, "slot": n % 6 + 1}
        for n in range(1, 31)
    ]  # fmt: skip
    slots = [{"slot": n, "order": f"O000000{n}", "tote": ""} for n in range(1, 7)]
    tour = {"code": "TOUR-12", "carrier": "yamato", "pickup_day": "2026-11-22",
            "pickup_time": "17:00", "slots": slots, "lines": lines}  # fmt: skip
    made = render("pick_list", {"tours": [tour, tour], "language": language})
    found = [[code.text for code in zxingcpp.read_barcodes(page)] for page in images(made)]
    read = Counter(text for page in found for text in page if text.startswith("L"))
    assert read == Counter(2 * [f"L{n}" for n in range(1, 31)])
    assert all("TOUR-12" in page for page in found)
