"""Scans survive the terminal: frames, torn reads, separators, pastes, echoes of line ends."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.floor_prompts import samples
from tui.framing import LOOSE_S, TORN_S, Burst, Framer, Keys
from tui.line import GUARD_S, QUIET_S, Line, Send, TurnPage, read
from wms.rooms.prompts import Await

PICK = samples("ja")["pick_item"]
MENU = samples("ja")["menu"]
QTY = samples("ja")["pick_qty"]
LOCKED = samples("ja")["pick_locked"]
GS1 = "]C1010491234567894210ABC\x1d2112345"


def test_a_burst_is_one_scan_whatever_ends_it() -> None:
    for end in ("\r", "\n", "\r\n", "\t", "\x03"):
        assert Framer().feed(f"{GS1}{end}", 0.0) == [Burst(GS1)]
    assert Framer().feed("\x02A-01-02\x03", 0.0) == [Burst("A-01-02")]


def test_two_scans_in_one_read_are_two_scans_in_order() -> None:
    assert Framer().feed("A-01-02\r4901\r\n", 0.0) == [Burst("A-01-02"), Burst("4901")]


@given(
    cuts=st.lists(st.integers(1, len(GS1)), max_size=12),
    gaps=st.lists(st.sampled_from([0.0, 0.03, TORN_S, 0.3]), min_size=13, max_size=13),
    end=st.sampled_from(["\r", "\n", "\r\n", "\x03"]),
)
def test_however_a_scan_is_torn_it_is_one_scan(
    cuts: list[int], gaps: list[float], end: str
) -> None:
    framer, now_s, line = Framer(), 0.0, ""
    scans: list[str] = []
    edges = sorted({0, *cuts, len(GS1)})
    chunks = [GS1[a:b] for a, b in pairwise(edges)]
    for chunk, gap in zip([*chunks[:-1], chunks[-1] + end], gaps, strict=False):
        now_s += gap
        for piece in framer.tick(now_s) + framer.feed(chunk, now_s):
            if isinstance(piece, Burst):
                scans.append(piece.text)
                line = ""  # as the screen does: a scan voids what was half typed
                continue
            line += piece.text
        if line.endswith(tuple("\r\n\x03")):
            scans.append(line.rstrip("\r\n\x03"))
    assert scans == [GS1]


def test_a_burst_without_an_end_goes_on_as_keys_and_so_does_its_late_rest() -> None:
    framer = Framer()
    assert framer.feed("490123", 0.0) == []
    assert framer.holds
    assert framer.tick(TORN_S / 2) == []
    assert framer.tick(TORN_S) == [Keys("490123")]
    assert framer.feed("4567\r", TORN_S + 0.1) == [Keys("4567\r")]
    assert framer.feed("A-01-02\r", TORN_S + LOOSE_S + 1) == [Burst("A-01-02")]


def test_short_bursts_and_escape_sequences_are_keys() -> None:
    framer = Framer()
    assert framer.feed("3\r", 0.0) == [Keys("3\r")]
    assert framer.feed("\x1bOQ", 0.0) == [Keys("\x1bOQ")]
    assert framer.feed("4901234\x1bOQ", 0.0) == [Keys("4901234"), Keys("\x1bOQ")]


def test_a_paste_reaches_the_parser_whole_even_when_torn() -> None:
    framer = Framer()
    first = framer.feed("\x1b[200~4901", 0.0)
    second = framer.feed("2345\n\x1b[201~", 0.5)
    assert first + second == [Keys("\x1b[200~4901"), Keys("2345\n\x1b[201~")]
    assert framer.feed("4901\r", 1.0) == [Burst("4901")]


def type_keys(line: Line, text: str, gap_s: float, start_s: float = 10.0) -> float:
    """Type *text*; returns the time of the last key."""
    now_s = start_s
    for char in text:
        names = {"\x1d": "ctrl+right_square_bracket"}
        assert line.press(names.get(char, char), char, now_s, PICK) is None
        now_s += gap_s
    return now_s


def test_a_scanner_that_types_slowly_keeps_its_separators() -> None:
    for end in ("enter", "ctrl+j", "tab", "ctrl+c"):
        line = Line()
        now_s = type_keys(line, GS1, 0.02)
        assert line.press(end, None, now_s, PICK) == Send(GS1, "scan")


def test_a_person_types_slower_than_a_scanner() -> None:
    line = Line()
    now_s = type_keys(line, "A-12-03", 0.15)
    assert line.press("enter", "\r", now_s, PICK) == Send("A-12-03", "key")


def test_the_line_feed_of_a_crlf_does_not_acknowledge_an_error() -> None:
    line = Line()
    now_s = type_keys(line, GS1, 0.02)
    line.press("enter", "\r", now_s, PICK)
    assert line.press("ctrl+j", "\n", now_s + 0.01, LOCKED) is None
    line.scanned(now_s + 1)
    assert line.press("ctrl+j", "\n", now_s + 1.01, LOCKED) is None
    later_s = now_s + 1.02 + GUARD_S
    assert line.press("enter", "\r", later_s, LOCKED) == Send("ok", "command")


def test_enter_alone_says_nothing_unless_the_screen_is_locked() -> None:
    assert Line().press("enter", "\r", 0.0, PICK) is None
    assert Line().press("enter", "\r", 0.0, LOCKED) == Send("ok", "command")


def test_a_scan_while_locked_is_still_sent_for_the_server_to_refuse() -> None:
    assert read("4901234567894", "scan", LOCKED) == Send("4901234567894", "scan")
    line = Line()
    now_s = type_keys(line, "49012345", 0.02)
    assert line.press("enter", "\r", now_s, LOCKED) == Send("49012345", "scan")


def test_keys_digits_and_command_barcodes_say_the_same() -> None:
    short = Send("short", "command")
    assert Line().press("f2", None, 0.0, PICK) == short
    assert read("CMD:short", "scan", PICK) == short
    assert read("]C0CMD:SHORT", "scan", PICK) == short
    line = Line()
    line.press("2", "2", 0.0, MENU)
    assert line.pause(QUIET_S, MENU) == Send("work.2", "command")
    line.press("2", "2", 1.0, MENU)
    assert line.press("enter", "\r", 1.1, MENU) == Send("work.2", "command")


def test_a_lone_digit_chooses_a_pickup_but_may_begin_a_place() -> None:
    for awaits, chosen in ((Await.MANIFEST, Send("work.2", "command")), (Await.PLACE, None)):
        line, prompt = Line(), replace(MENU, awaits=(awaits, Await.CHOICE))
        line.press("2", "2", 0.0, prompt)
        assert line.pause(QUIET_S, prompt) == chosen


def test_a_lone_digit_takes_the_weight_of_the_scale() -> None:
    weigh = replace(samples("ja")["pack_weigh"], options=MENU.options)
    line = Line()
    line.press("1", "1", 0.0, weigh)
    assert line.pause(QUIET_S, weigh) == Send("work.1", "command")


def test_every_fixed_key_works_without_being_offered() -> None:
    bare = replace(PICK, options=())
    said = {key: Line().press(key, None, 0.0, bare) for key in ("f2", "f3", "f4", "f9", "f10")}
    names = ["short", "back", "later", "assist", "language"]
    assert list(said.values()) == [Send(name, "command") for name in names]
    assert Line().press("f1", None, 0.0, bare) == TurnPage()
    assert read("CMD:help", "scan", bare) == TurnPage()


def test_a_menu_digit_that_begins_a_code_is_not_a_choice() -> None:
    line = Line()
    line.press("4", "4", 0.0, MENU)
    line.press("9", "9", 0.05, MENU)
    assert line.pause(1.0, MENU) is None
    assert line.text == "49"


def test_a_quantity_is_never_taken_for_a_menu_digit() -> None:
    both = replace(QTY, options=MENU.options)
    line = Line()
    line.press("2", "2", 0.0, both)
    assert line.pause(1.0, both) is None
    assert line.press("enter", "\r", 1.0, both) == Send("2", "key")


def test_backspace_and_escape_mend_the_line() -> None:
    line = Line()
    type_keys(line, "123", 0.1)
    line.press("backspace", "\x7f", 11.0, PICK)
    assert line.text == "12"
    line.press("escape", "\x1b", 11.1, PICK)
    assert line.text == ""
