"""The day report: a second reckoning of the bill, read back from its files, and what differs."""

from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from rich.cells import cell_len

from app.commands.billing import COLUMNS
from app.demo import bill, figures
from app.demo.bots import told
from app.demo.figures import Key
from app.demo.headless import stalled
from app.demo.report import Row
from app.demo.report_words import flow_words, table
from sync.sheets import csv_text, xlsx
from tests.ledger_world import World
from tests.lived_book import live
from wms.db import Tx
from wms.look import billing
from wms.messages import Language, say
from wms.rooms.prompts import Focus, Message, Prompt

NOVEMBER = billing.month("2026-11", ZoneInfo("Asia/Tokyo"))
NOW = NOVEMBER.between[1] - 86_400_000  # the last evening is still to come


def _both(tx: Tx) -> tuple[figures.Figures, figures.Figures]:
    billed = figures.Figures()
    for one in billing.bill(tx, NOVEMBER, now=NOW):
        owner = "" if one.activity == "robots" else one.owner
        billed[Key(owner, one.activity, one.detail, one.unit)] += one.qty
    return figures.billable(tx, NOVEMBER, now=NOW), billed


def _file(folder: Path, name: str, *lines: tuple[str | int, ...]) -> Path:
    rows = [tuple(say(f"billing.{column}", "en") for column in COLUMNS), *lines]
    book = xlsx(rows) if name.endswith(".xlsx") else csv_text(rows).encode("utf-8-sig")
    (folder / name).write_bytes(book)
    return folder / name


def test_two_reckonings_of_a_book_that_has_lived_agree(sqlite_url: str) -> None:
    world = World(sqlite_url)
    live(world)
    counted, billed = world.book.read_now(_both)
    assert counted == billed
    assert {key.activity for key in counted} > {"storage", "returns", "picks"}


PICKED = ("SAKURA", "picks", "", "pieces", 12)


@pytest.mark.parametrize("name", bill.FILES)
def test_a_bill_is_read_back_as_it_was_written(tmp_path: Path, name: str) -> None:
    stored = ("SAKURA", "storage", "2026-11-21", say("billing.piece_thirds", "en"), 900)
    robots = [(owner, "robots", "", "seconds", 5) for owner in ("SAKURA", "MORI")]
    found = bill.read(_file(tmp_path, name, PICKED, stored, *robots))
    assert found == figures.Figures({
        Key("SAKURA", "picks", "", "pieces"): 12,
        Key("SAKURA", "storage", "2026-11-21", "piece_thirds"): 900,
        Key("", "robots", "", "seconds"): 10,
    })  # fmt: skip


def test_what_is_no_line_of_a_bill_is_named(tmp_path: Path) -> None:
    strange = ("SAKURA", "gardening", "", "pieces", 1)
    with pytest.raises(bill.BillUnreadable, match=r"bill.csv line 3: .*gardening"):
        bill.read(_file(tmp_path, "bill.csv", PICKED, strange))
    with pytest.raises(bill.BillUnreadable, match="twice"):
        bill.read(_file(tmp_path, "bill.csv", PICKED, PICKED))


def test_a_difference_is_a_sentence_that_names_it() -> None:
    row = Row(flow="picked", unit="pieces", owner="MORI", hand=12, ledger=12, billed=11)
    assert not row.agrees
    assert row.words == "MORI picked pieces: by hand 12, ledger 12, bill 11"
    assert Row(flow="stored", unit="pallets", hand=3, ledger=3).agrees
    assert [line.split() for line in table([row], "en")] == [
        ["flow", "owner", "unit", "by", "hand", "ledger", "bill"],
        ["picked", "MORI", "pieces", "12", "12", "11"],
    ]


def test_every_flow_of_the_report_has_words_and_columns_in_both_languages() -> None:
    flows = (
        "deliveries", "stored", "counted", "adjusted", "shipped", "returned", "exchanged", "made",
        "received", "put away", "replenished", "picked", "sorted", "packed", "put back",
        "graded damaged", "bill work kit",
    )  # fmt: skip
    rows = [Row(flow=flow, unit="pieces", owner="MORI", hand=1_200) for flow in flows]
    rows.append(Row(flow="cancels", unit="cancelled, promised", hand=3, ledger=3))
    for language in get_args(Language):
        lines = table(rows, language)
        ends = {cell_len(line[: line.rindex("1,200")]) for line in lines if "1,200" in line}
        assert len(lines) == len(rows) + 1
        assert len(ends) == 1, "the numbers stand below one another, whatever the language"
    assert flow_words("put away", "ja") == "格納"


def test_a_day_that_stands_still_says_who_waits_for_what() -> None:
    message = Message(severity="error", code="pick.too_many", text="1 are wanted, 4 are too many")
    focus = Focus(place="W-01-01-1", sku="M-WALL1")
    screen = Prompt(dialogue="pick", step="item", title="", ask="", focus=focus, message=message)
    bots = {"HT-02": {"name": "鈴木 蓮", "sees": told(screen)}}
    status = {"waiting": ["MORI-HON-WALL-001"], "busy": ["returns"], "bots": bots}
    assert stalled(status, "en") == [
        "nothing moved for 120 s", "orders left: MORI-HON-WALL-001", "not done yet: returns",
        "HT-02 鈴木 蓮: pick.item W-01-01-1 M-WALL1 1 are wanted, 4 are too many",
    ]  # fmt: skip
