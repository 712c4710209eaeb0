"""The floor: every input has a fate, an answer and a line in the journal, whatever it holds."""

from collections.abc import Iterator
from typing import get_args

import pytest
from sqlalchemy import select

from picking.floor import Fate
from tests.floor_site import (
    CAROL,
    JAN,
    LEA,
    ON_BOTH,
    PIN,
    FloorSite,
    Hand,
    floor_at,
)
from tests.picking_site import ANNA, BERT
from wms.errors import Code, Rejected
from wms.promises import allocation
from wms.schema import (
    commands,
    people,
    places,
    sessions,
    stations,
    stock,
    tasks,
    terminals,
)

TEA, CUP = f"]E0{JAN['TEA']}", f"]E0{JAN['CUP']}"


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def site(engine: str, request: pytest.FixtureRequest) -> Iterator[FloorSite]:
    with floor_at(request.getfixturevalue(f"new_{engine}")()) as site:
        yield site
        site.check()


@pytest.fixture
def picker(site: FloorSite) -> Hand:
    """Anna at A-01, three teas and a cup to pick, a tote on her cart."""
    site.stock_up()
    site.release([site.order(("TEA", 3), ("CUP", 1))])
    hand = site.signed_in("HT-01", ANNA, work="pick")
    hand.expect("pick.bind", "1", "key")
    hand.expect("pick.place", "T-01")
    hand.expect("pick.item", "A-01")
    return hand


# Fates and the journal


@ON_BOTH
def test_every_input_has_a_fate_and_a_line_in_the_journal(site: FloorSite, picker: Hand) -> None:
    before = len(site.journal())
    inputs = (
        (TEA, "scan"), (TEA, "scan"), (CUP, "scan"), ("ok", "command"), ("5", "key"), ("", "scan"),
    )  # fmt: skip
    fates = [
        picker.send(text, via, after_ms=100).fate  # type: ignore[arg-type]
        for text, via in inputs
    ]
    assert fates == ["applied", "repeat", "refused", "applied", "refused", "refused"]
    lines = site.journal()[before:]
    assert [(line.text, line.via, line.fate) for line in lines] == [
        (text, via, fate) for (text, via), fate in zip(inputs, fates, strict=True)
    ]
    assert [line.code for line in lines] == [
        "", "", "pick.wrong_item", "", "pick.count_by_scan", "scan.locked",
    ]  # fmt: skip
    assert {line.person_id for line in lines} == {ANNA}
    assert {line.fate for line in lines} == set(get_args(Fate))


def test_every_input_is_a_command_with_the_permission_that_it_needed(
    site: FloorSite, picker: Hand
) -> None:
    picker.scan(TEA)
    picker.command("sign_off")
    rows = site.rows(select(commands).where(commands.c.name == "scan").order_by(commands.c.id))
    assert [(row.permission, row.actor) for row in rows] == [
        ("", "person:1"), ("", "person:1"), ("pick", "person:1"), ("pick", "person:1"),
        ("pick", "person:1"), ("pick", "person:1"), ("", "person:1"),
    ]  # fmt: skip
    assert {row.device for row in rows} == {"HT-01"}
    assert JAN["TEA"] not in str(rows), "the record says what was done, not what was read"


@ON_BOTH
def test_the_same_scan_id_gets_the_same_answer_and_changes_nothing(
    site: FloorSite, picker: Hand
) -> None:
    picker.scan(TEA, scan_id="a1")
    picker.scan(TEA)
    first = picker.scan(TEA, scan_id="a3")
    booked = picker.scan("T-01", scan_id="a4")
    before = (site.counts(), picker.shown(), site.in_tote("T-01"))
    assert before[2] == {"TEA": 3}
    for _ in range(3):
        assert picker.scan(TEA, scan_id="a3") == first
        assert picker.scan("T-01", scan_id="a4") == booked
    assert (site.counts(), picker.shown(), site.in_tote("T-01")) == before


@ON_BOTH
def test_a_known_scan_id_with_another_text_is_refused(site: FloorSite, picker: Hand) -> None:
    picker.scan(TEA, scan_id="a1")
    before = (site.counts(), picker.shown())
    with pytest.raises(Rejected, match=Code.KEY_REUSED):
        picker.send(CUP, "scan", scan_id="a1")
    with pytest.raises(Rejected, match=Code.KEY_REUSED):
        picker.send(TEA, "key", scan_id="a1")
    assert (site.counts(), picker.shown()) == before


@ON_BOTH
def test_two_terminals_may_use_the_same_scan_id(site: FloorSite) -> None:
    assert site.at("HT-01").scan("BADGE:anna", scan_id="1").prompt.person == "Anna"
    assert site.at("HT-02").scan("BADGE:bert", scan_id="1").prompt.person == "Bert"


@pytest.mark.parametrize("scan_id", ["x" * 81, "a\x00", "a\ud800", "a\x1b[2J"])
def test_a_scan_id_that_cannot_be_kept_is_refused(site: FloorSite, scan_id: str) -> None:
    before = site.counts()
    with pytest.raises(Rejected, match=Code.SCAN_INVALID):
        site.at("HT-01").scan("x", scan_id=scan_id)
    assert site.counts() == before


def test_an_unknown_terminal_is_refused(site: FloorSite) -> None:
    with pytest.raises(Rejected, match=Code.TERMINAL_UNKNOWN):
        site.at("HT-99").scan("x")
    with pytest.raises(Rejected, match=Code.TERMINAL_UNKNOWN):
        site.at("HT-99").shown()


# Errors lock the hand


@ON_BOTH
def test_an_error_locks_until_it_is_acknowledged(site: FloorSite, picker: Hand) -> None:
    wrong = picker.scan(CUP).prompt
    assert wrong.locked
    assert wrong.message is not None
    assert (wrong.message.expected, wrong.message.scanned) == ("TEA", "CUP")
    for count, text in enumerate((TEA, "T-01", "BADGE:anna", "back"), start=1):
        behind = picker.scan(text)
        assert behind.fate == "refused"
        assert (behind.prompt.locked, behind.prompt.refused) == (True, count)
        assert behind.prompt.message == wrong.message, "what is to be acknowledged stays readable"
    assert [line.code for line in site.journal()[-4:]] == ["scan.locked"] * 4
    free = picker.command("ok").prompt
    assert (free.locked, free.refused, free.message) == (False, 0, None)
    assert free.focus.qty == 3, "none of the queued scans counted"


@ON_BOTH
def test_what_the_book_refuses_locks_as_well(site: FloorSite) -> None:
    site.stock_up()
    site.release([site.order(("TEA", 3))])
    hand = site.signed_in("HT-01", ANNA, work="pick")
    hand.expect("pick.bind", "1", "key")
    site.put("A-02", "HAT", 1)
    site.put("T-01", "HAT", 1)
    refused = hand.scan("T-01").prompt
    assert refused.locked
    assert refused.message is not None
    assert refused.message.code == Code.TOTE_NOT_EMPTY
    hand.command("ok")
    hand.expect("pick.place", "T-02")


# Who is where


@ON_BOTH
def test_after_the_idle_time_the_badge_is_asked_for_and_the_work_is_kept(
    site: FloorSite, picker: Hand
) -> None:
    picker.scan(TEA)
    before = picker.prompt
    site.now += site.settings.idle_ms + 1
    idle, version = picker.shown()
    assert (idle.dialogue, idle.step) == ("sign_in", "badge")
    assert idle.message is not None
    assert idle.message.code == "sign_in.idle"
    stranger = picker.scan(TEA)
    assert (stranger.fate, stranger.prompt.dialogue) == ("refused", "sign_in")
    assert picker.shown()[1] > version
    assert picker.sign_in(ANNA) == before
    site.now += site.settings.idle_ms - 1
    assert picker.prompt == before


@ON_BOTH
def test_work_goes_on_at_another_terminal_at_the_same_prompt(site: FloorSite, picker: Hand) -> None:
    picker.scan(TEA)
    before, version = picker.shown()
    other = site.at("HT-02")
    assert other.sign_in(ANNA) == before
    left, after = picker.shown()
    assert (left.dialogue, after > version) == ("sign_in", True)
    assert left.message is not None
    assert left.message.code == "sign_in.elsewhere"
    assert picker.scan(TEA).fate == "refused", "nobody is at the old terminal"
    other.expect("pick.item", TEA)
    assert other.prompt.focus.qty == 1


def test_an_error_follows_to_another_terminal(site: FloorSite, picker: Hand) -> None:
    picker.scan(CUP)
    before = picker.prompt
    assert site.at("HT-02").sign_in(ANNA) == before
    assert site.at("HT-02").prompt.locked


def test_a_worker_who_is_disabled_is_out_at_once(site: FloorSite, picker: Hand) -> None:
    site.set(people, people.c.id == ANNA, active=0)
    assert picker.prompt.dialogue == "sign_in"
    assert picker.scan(TEA).fate == "refused"
    assert site.scalar(select(terminals.c.person_id).where(terminals.c.id == "HT-01")) is None


def test_a_permission_that_was_taken_away_opens_nothing(site: FloorSite, picker: Hand) -> None:
    site.set(people, people.c.id == ANNA, permissions='["ship"]')
    refused = picker.scan(TEA)
    assert refused.fate == "refused"
    assert refused.prompt.message is not None
    assert refused.prompt.message.code == Code.PERMISSION_MISSING
    assert refused.prompt.dialogue == "menu"


def test_signing_off_keeps_the_work(site: FloorSite, picker: Hand) -> None:
    before = picker.prompt
    assert picker.command("sign_off").prompt.dialogue == "sign_in"
    assert picker.sign_in(ANNA) == before
    picker.command("back")
    picker.command("back")
    assert picker.prompt.dialogue == "menu"
    assert picker.key("0").prompt.dialogue == "sign_in"


def test_each_terminal_opens_what_can_be_done_there(site: FloorSite) -> None:
    def digits(terminal: str, person: int) -> list[str]:
        hand = site.signed_in(terminal, person)
        return [option.label for option in hand.prompt.options if option.key.isdigit()]

    assert digits("HT-01", CAROL) == ["Pick", "Sign off"]
    assert digits("BENCH-1", CAROL) == ["Pick", "Pack", "Sign off"]
    site.at("LEAD-1").sign_in(LEA)
    site.at("LEAD-1").key(PIN)
    labels = [option.label for option in site.at("LEAD-1").prompt.options if option.key.isdigit()]
    assert labels == ["Pick", "Ship", "Tasks", "Sign off"]


def test_a_packer_away_from_the_bench_sees_the_menu_and_finds_the_work_again(
    site: FloorSite,
) -> None:
    site.stock_up()
    tote = site.at_bench([(("TEA", 2),)])
    bench = site.signed_in("BENCH-1", CAROL, work="pack")
    bench.expect("pack.item", next(iter(tote.values()))[0])
    bench.expect("pack.item", TEA)
    before = bench.prompt
    away = site.at("HT-01")
    assert away.sign_in(CAROL).dialogue == "menu"
    assert away.scan(TEA).fate == "refused"
    away.command("ok")
    assert bench.sign_in(CAROL) == before


# Keys that work everywhere


def test_the_language_key_changes_this_person_s_words(site: FloorSite, picker: Hand) -> None:
    assert picker.prompt.ask == "Scan the item"
    assert picker.command("language").prompt.ask == "商品をスキャン"
    assert site.at("HT-02").sign_in(ANNA).language == "ja", "it follows the person"
    assert site.signed_in("HT-01", CAROL).prompt.language == "en", "and nobody else"


@ON_BOTH
def test_a_call_for_help_becomes_one_task_of_somebody_else(site: FloorSite, picker: Hand) -> None:
    for _ in range(3):
        called = picker.command("assist").prompt
        assert called.message is not None
        assert called.message.code == "assist.called"
    rows = site.rows(select(tasks).where(tasks.c.kind == "assist"))
    assert [row.ref for row in rows] == ["person:1"]
    helper = site.signed_in("HT-02", BERT, work="task")
    shown = helper.expect("task.done", "1", "key")
    assert shown.lines == ("Help a colleague", "Anna HT-01")
    helper.expect("task.get", "1", "key")
    picker.command("assist")
    assert site.scalar(select(tasks.c.id).where(tasks.c.state == "open", tasks.c.kind == "assist"))


def test_help_says_what_to_do_here(site: FloorSite, picker: Hand) -> None:
    before = picker.prompt
    said = picker.command("help").prompt
    assert said.message is not None
    assert said.message.text == before.help
    assert (said.locked, said.step) == (False, before.step)


def test_acknowledging_nothing_is_no_mistake(site: FloorSite, picker: Hand) -> None:
    assert picker.command("ok").fate == "applied"


# States that are not of this day


def test_a_conversation_of_an_older_version_begins_anew(site: FloorSite, picker: Hand) -> None:
    for values in ({"state": '{"at":"teleport"}'}, {"dialogue": "dance", "state": "{}"}):
        site.set(sessions, sessions.c.person_id == ANNA, **values)
        assert picker.prompt.dialogue in ("pick", "menu")
        assert picker.scan("A-01").fate in ("applied", "refused")
        picker.command("ok")


def test_a_tote_that_somebody_took_away_is_said_at_the_bench(site: FloorSite) -> None:
    site.stock_up()
    totes = site.at_bench([(("TEA", 2),)])
    site.set(stations, stations.c.code == "PACK-1", place="BENCH-2")
    bench = site.signed_in("BENCH-1", CAROL, work="pack")
    refused = bench.scan(next(iter(totes.values()))[0]).prompt
    assert refused.message is not None
    assert refused.message.code == Code.TOTE_ELSEWHERE
    site.set(stations, stations.c.code == "PACK-1", place="BENCH-1")


@ON_BOTH
def test_what_is_in_the_hand_does_not_wander_off_with_a_cancelled_order(
    site: FloorSite, picker: Hand
) -> None:
    picker.scan(TEA)
    tea = site.view(1).stops[0].allocation
    site.write(allocation.release, [tea])
    assert picker.prompt.step == "gone"
    assert picker.scan(TEA).fate == "refused"
    picker.command("ok")
    picker.expect("pick.place", "A-01")
    assert picker.prompt.focus.place == "B-02"
    assert site.scalar(select(stock.c.allocated).where(stock.c.place == "A-01")) == 0
    assert site.scalar(select(places.c.parent).where(places.c.code == "T-01")) == "CART-1"
