"""The returns table: each transition that it lists, on facts made by hand."""

from picking.dialogues.base import ItemSeen, Seen
from picking.dialogues.returns import RETURNS
from picking.dialogues.returns_effects import (
    Aside,
    Find,
    Leave,
    Take,
    TakeUnknown,
)
from picking.dialogues.returns_facts import State
from tests.dialogue_table import TEA, command, item, key, other, place
from tests.returns_table import (
    NOBODY,
    OPEN,
    TWO,
    UNIT,
    go,
    replace_facts,
    waiting,
)


def parcel() -> Seen:
    return Seen("parcel", "P1-1", code="P1-1", id=1)


# --- finding it


def test_arrive_to_evidence_when_it_is_one() -> None:
    for seen in (parcel(), other("RMA-7"), item(TEA), Seen("number", "7712", code="7712",
                                                          number=7712)):  # fmt: skip
        found = go(State(), seen, NOBODY, OPEN)
        assert found.at == "evidence"
        (asked,) = found.effects
        assert isinstance(asked, Find)
        assert asked.state.sought == seen.code
    assert RETURNS.prompt(State(at="evidence"), OPEN, "en").photo == "return:5"


def test_arrive_to_choose_when_it_may_be_several() -> None:
    several = replace_facts(NOBODY, candidates=TWO, holders=("", "Rita"))
    asked = go(State(), other("4011"), NOBODY, several)
    assert asked.at == "choose"
    prompt = RETURNS.prompt(asked.state, several, "en")
    assert [one.label for one in prompt.options][:2] == ["P8-1 2026-11-20", "R0000004 Rita"]


def test_arrive_to_arrive_when_nobody_knows_it() -> None:
    assert go(State(), other(), NOBODY, NOBODY).at == "arrive"
    assert go(State(), key("7"), NOBODY).evidence == ("RETURN", "7")
    assert go(State(), command("full"), NOBODY).code == "key.not_now"


def test_arrive_to_search_only_at_a_station() -> None:
    assert go(State(), key("1"), NOBODY).at == "search"
    handheld = replace_facts(NOBODY, at_station=False)
    assert go(State(), key("1"), handheld).refused
    assert "1" not in [one.key for one in RETURNS.prompt(State(), handheld, "ja").options]


def test_arrive_to_unknown_without_papers() -> None:
    assert go(State(), key("2"), NOBODY).at == "unknown"


def test_arrive_to_list_and_back() -> None:
    listed = go(State(), command("list"), NOBODY)
    prompt = RETURNS.prompt(listed.state, NOBODY, "en")
    assert (prompt.step, prompt.lines) == ("list", ("3 announced", "R0000007 SHELF"))
    assert go(listed.state, command("back"), NOBODY).at == "arrive"
    assert go(listed.state, other("RMA-7"), NOBODY, OPEN).at == "evidence"


def test_arrive_to_menu_by_back() -> None:
    assert go(State(), command("back"), NOBODY).at == "menu"


SOUGHT = State(at="choose", sought="4011")
SEVERAL = replace_facts(NOBODY, candidates=TWO, holders=("", "Rita"))


def test_choose_to_evidence_by_its_digit() -> None:
    taken = go(SOUGHT, key("1"), SEVERAL, OPEN)
    assert (taken.at, taken.effects) == ("evidence", (Take(TWO[0], over=False),))
    named = State(at="choose", words="山田")
    assert go(named, Seen("secret", "***", code="1"), SEVERAL, OPEN).effects == taken.effects
    assert go(named, Seen("secret", "***", code="9"), SEVERAL).refused
    over = go(SOUGHT, command("2"), SEVERAL, OPEN)
    assert over.effects == (Take(TWO[1], over=True),), "the digit of what Rita is at"


def test_choose_to_choose_when_it_is_no_choice() -> None:
    assert go(SOUGHT, key("3"), SEVERAL).evidence == ("1-2", "3")
    assert go(SOUGHT, parcel(), SEVERAL).at == "choose"


def test_choose_to_arrive_by_back() -> None:
    assert go(SOUGHT, command("back"), SEVERAL).state == State()


SEARCHING = State(at="search")


def test_search_to_choose_when_somebody_has_that_name() -> None:
    one = replace_facts(NOBODY, candidates=TWO[:1], holders=("",))
    found = go(SEARCHING, Seen("secret", "***", code="山田"), NOBODY, one)
    assert (found.at, found.state.words) == ("choose", "山田"), "a name alone decides nothing"


def test_search_to_search_when_nobody_has() -> None:
    assert go(SEARCHING, Seen("secret", "***", code="?"), NOBODY, NOBODY).at == "search"
    assert go(SEARCHING, command("full"), NOBODY).refused
    assert RETURNS.prompt(SEARCHING, NOBODY, "ja").secret
    assert RETURNS.secret is not None
    assert RETURNS.secret(SEARCHING) and RETURNS.secret(State(at="choose", words="佐藤"))
    assert not RETURNS.secret(UNIT) and not RETURNS.secret(SOUGHT)


def test_search_to_arrive_by_back() -> None:
    assert go(SEARCHING, command("back"), NOBODY).state == State()


NAMELESS = State(at="unknown")
WHOSE = replace_facts(NOBODY, owners=("acme", "bloom"))


def test_unknown_to_evidence_by_its_owner() -> None:
    bloom = go(NAMELESS, key("2"), WHOSE, OPEN)
    assert (bloom.at, bloom.effects) == ("evidence", (TakeUnknown("bloom"),))
    assert go(NAMELESS, item(TEA), WHOSE, OPEN).effects == (TakeUnknown("acme"),)


def test_unknown_to_unknown_when_that_is_nobody() -> None:
    assert go(NAMELESS, key("3"), WHOSE).evidence == ("1-2", "3")
    both = Seen("item", "4901", code="4901", items=(
        ItemSeen(1, "acme", "A", "A", 1), ItemSeen(2, "bloom", "B", "B", 1),
    ))  # fmt: skip
    assert go(NAMELESS, both, WHOSE).refused, "the same code of two owners"


def test_unknown_to_arrive_by_back() -> None:
    assert go(NAMELESS, command("back"), WHOSE).state == State()


# --- what it is

SEEN = State(at="evidence")


def test_evidence_to_unit_when_it_is_opened() -> None:
    assert go(SEEN, key("1")).at == "unit"
    prompt = RETURNS.prompt(SEEN, OPEN, "en")
    assert prompt.lines == (
        "TEA x2", "CUP x1 S1", "Return", "P1-1 480 g", "Packed by Carol", "1 tags",
    )  # fmt: skip


def test_evidence_to_aside_when_it_is_unopened() -> None:
    assert go(SEEN, key("2")).at == "aside"


def test_evidence_to_place_when_it_goes_back_whole() -> None:
    whole = go(SEEN, key("3"), waiting())
    assert (whole.at, whole.state.whole) == ("place", True)


def test_evidence_to_evidence_when_that_cannot_be() -> None:
    assert go(SEEN, key("3")).evidence == ("1 / 2", "3")
    assert go(SEEN, key("1"), waiting(waits=True)).evidence == ("F3", "1")
    assert go(SEEN, item(TEA)).evidence == ("1 / 2", "TEA")


def test_evidence_to_arrive_by_back() -> None:
    left = go(SEEN, command("back"), then=NOBODY)
    assert (left.at, left.effects) == ("arrive", (Leave(5),))


UNOPENED = State(at="aside")


def test_aside_to_arrive_when_it_was_set_down() -> None:
    down = go(UNOPENED, place("SHELF"), then=NOBODY)
    assert (down.at, down.effects) == ("arrive", (Aside(5, "SHELF"),))


def test_aside_to_aside_when_that_is_no_place() -> None:
    assert go(UNOPENED, item(TEA)).evidence == ("PLACE", "TEA")


def test_aside_to_evidence_by_back() -> None:
    assert go(UNOPENED, command("back")).at == "evidence"
