"""The look-up's table: each transition that it lists."""

from zoneinfo import ZoneInfo

import pytest

from picking.dialogues.base import Seen
from picking.dialogues.look import LOOK, Asked, Check, Facts, State
from tests.dialogue_table import TEA, Move, command, item, key, move, other, place, tote
from wms.look.found import Fact, Found, Subject
from wms.look.goods import Passage, Promise, Stored

TOKYO = ZoneInfo("Asia/Tokyo")
NOTHING = Facts(None, TOKYO)
HEAP = Stored(place="A-01", owner="acme", sku="TEA", name="Tea", qty=10, allocated=3,
              condition="damaged", lot="L1", expiry="2027-01-31")  # fmt: skip
TEAS = Facts(
    Found(
        kind="item", code="TEA", name="Tea",
        facts=(Fact(name="owner", value="acme"), Fact(name="order_state", value="short"),
               Fact(name="reason", value="stock.short place=A item=B qty=1")),
        stock=(HEAP,),
        promises=(Promise(to="", place="A-01", sku="TEA", qty=3, state="open"),),
        passages=(Passage(at_ms=0, who="Anna", source="A-01", target="T-01", qty=1, sku="TEA"),),
    ),
    TOKYO,
)  # fmt: skip
SHOWN = State(at="shown", subject=Subject(kind="item", items=(TEA,)))


def do(state: State, seen: Seen, facts: Facts = NOTHING, then: Facts = TEAS) -> Move:
    return move(LOOK, state, seen, facts, then)


@pytest.mark.parametrize(
    ("seen", "kind"),
    [
        (item(TEA), "item"), (item(TEA, lot="L1"), "lot"), (item(TEA, serial="S1"), "serial"),
        (place("A-01"), "place"), (tote("T-01"), "tote"), (Seen("box", "B", code="B"), "box"),
        (Seen("parcel", "P1", code="P1", id=1), "parcel"),
        (Seen("tracking", "123", code="123", id=1), "parcel"),
        (Seen("manifest", "M1", code="M1", id=1), "manifest"),
        (Seen("badge", "BADGE:...", id=3), "badge"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_ask_to_shown_for_all_that_a_scanner_knows(seen: Seen, kind: str) -> None:
    found = do(State(), seen)
    assert found.at == "shown"
    (effect,) = found.effects
    assert isinstance(effect, Check)
    assert effect.asked.subject is not None
    assert effect.asked.subject.kind == kind


def test_a_paper_s_code_is_looked_for_among_papers() -> None:
    shared = Seen("tracking", "123", code="123")  # by several parcels: which is the book's to say
    assert do(State(), shared).effects == (Check(Asked(None, "123")),)
    assert do(State(), other("O0000012")).effects == (Check(Asked(None, "O0000012")),)
    assert do(State(), key("10023")).effects == (Check(Asked(None, "10023")),)
    assert do(State(), Seen("lot", "L1", lot="L1")).effects == (Check(Asked(None, "L1")),)


@pytest.mark.parametrize(
    "seen",
    [key("1"), other("?"), Seen("badge", "BADGE:...", id=0), command("full")],
    ids=["a digit", "a slip", "nobody's badge", "a key"],
)  # fmt: skip
def test_ask_to_ask_when_there_is_nothing_to_look_for(seen: Seen) -> None:
    refused = do(State(), seen, then=NOTHING)
    assert (refused.at, refused.refused, refused.effects) == ("ask", True, ())


def test_ask_to_menu_by_back() -> None:
    assert do(State(), command("back"), then=NOTHING).at == "menu"


def test_shown_to_shown_by_another_scan() -> None:
    other_one = do(State(at="shown", page=2), place("A-01"), TEAS)
    assert other_one.state == State(at="shown", subject=Subject(kind="place", code="A-01"))


def test_shown_to_shown_by_the_list_key_which_turns_the_page() -> None:
    state = SHOWN
    for wanted in (1, 2, 3, 0):
        turned = do(state, command("list"), TEAS)
        assert turned.state.page == wanted
        state = turned.state


def test_shown_to_shown_when_nobody_knows_the_next_code() -> None:
    refused = do(SHOWN, other("?"), TEAS)
    assert (refused.at, refused.code, refused.state) == ("shown", "look.unknown", SHOWN)


def test_shown_to_ask_when_it_is_no_longer_there() -> None:
    assert LOOK.arrive(SHOWN, NOTHING) == State()


def test_shown_to_ask_by_back() -> None:
    assert do(SHOWN, command("back"), TEAS, NOTHING).at == "ask"


def test_the_pages_say_everything_once() -> None:
    shown = [LOOK.prompt(State(at="shown", page=page), TEAS, "en") for page in range(4)]
    assert [(prompt.done, prompt.total) for prompt in shown] == [(n, 4) for n in range(1, 5)]
    assert shown[0].focus.item == "Tea"
    assert shown[0].focus.qty == 10
    assert shown[0].lines == (
        "Owner acme", "State waits for stock", "Because A does not have 1 of B free",
    )  # fmt: skip
    assert [prompt.title for prompt in shown] == ["Item", "Item TEA", "Item TEA", "Item TEA"]
    assert shown[1].lines == ("In stock (promised)", "A-01 10 (3) damaged L1 2027-01-31")
    assert shown[2].lines == ("Promised", "wave or task 3 promised A-01")
    assert shown[3].lines == ("Where it has been", "01/01 09:00 Anna", "  A-01 > T-01", "  TEA 1")
