"""`genba doctor` finds what would stop the floor, and says how to mend it."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import insert, update
from typer.testing import CliRunner

from app.__main__ import cli
from app.doctor import Finding
from app.local import clock_ms
from tests.site_process import free_port, write_config
from wms.db import Book
from wms.record import commands
from wms.schema import owners, tracking_ranges

Examine = Callable[..., tuple[int, list[Finding]]]


@pytest.fixture
def examine(tmp_path: Path) -> Examine:
    """Runs the command on a site with more lines in its configuration: exit code and findings."""

    def run(*lines: str, language: str = "en_US.UTF-8") -> tuple[int, list[Finding]]:
        config = write_config(tmp_path, free_port(), *lines)
        done = CliRunner(env={"LANG": language, "LC_ALL": language}).invoke(
            cli, ["doctor", "--json", "--config", str(config)]
        )
        return done.exit_code, [
            msgspec.json.decode(line, type=Finding) for line in done.stdout.splitlines()
        ]

    return run


def wrong(findings: list[Finding]) -> dict[str, str]:
    """What is not well, by check; each says how to mend it."""
    assert all(finding.mend for finding in findings if finding.state != "ok")
    return {finding.check: finding.what for finding in findings if finding.state != "ok"}


def test_a_new_site_is_well_before_its_first_start(examine: Examine) -> None:
    code, findings = examine()
    assert code == 0
    assert {finding.check for finding in findings} >= {"config", "book", "disk", "door"}
    theirs = {"clock", "disk", "python", "sqlite"}
    assert wrong(findings).keys() <= theirs, "those are the machine's"


def test_each_fault_of_the_configuration_is_found(examine: Examine) -> None:
    code, findings = examine(
        "[devices.label-1]", 'driver = "zpl-tcp"', 'host = "127.0.0.1"', "port = 1",
        "[webhooks.oms]", 'url = "https://oms.example"', 'secret = "file:none"',
    )  # fmt: skip
    assert code == 1
    assert "label-1" in wrong(findings)["devices"]
    assert "oms" in wrong(findings)["secrets"]
    code, findings = examine("[serve]")
    assert (code, "serve" in wrong(findings)["config"]) == (1, True)


def test_owners_without_tracking_numbers_are_named(examine: Examine, sqlite_url: str) -> None:
    book = Book(sqlite_url)
    book.write_now(lambda tx: tx.execute(insert(owners), [
        {"code": "acme", "name": "アクメ", "label_mode": "immediate"},
        {"code": "bloom", "name": "ブルーム", "label_mode": "immediate"},
        {"code": "later", "name": "あと", "label_mode": "pre_issued"},
    ]))  # fmt: skip
    row = {"owner": "acme", "carrier": "yamato", "next": 1, "last": 3}
    book.write_now(lambda tx: tx.execute(insert(tracking_ranges), [row]))
    of_book = ("[database]", f'url = "{sqlite_url}"')
    code, findings = examine(*of_book)
    said = [finding.what for finding in findings if finding.check == "numbers"]
    assert said == [
        "acme has 3 Yamato Transport tracking numbers left",
        "bloom has no tracking numbers: no label of theirs can be printed",
    ]
    assert code == 0
    book.write_now(lambda tx: tx.execute(update(tracking_ranges).values(next=4)))
    book.write_now(commands.record, actor="a", device="d", permission="", name="n",
                   now=clock_ms() + 7_200_000)  # fmt: skip
    code, findings = examine(*of_book, language="ja_JP.UTF-8")
    said = [finding.what for finding in findings if finding.check == "clock"]
    assert "120 分遅れています" in said[-1] or "119 分遅れています" in said[-1], "F12: set back"
    assert (code, wrong(findings)["numbers"]) == (1, "荷主 bloom に送り状番号がありません")
    book.close()
