"""The commands of whoever runs a site: the same with and without a server, and its screens."""

import asyncio
import fcntl
import os
import struct
import subprocess
import termios
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pyte
import pytest
from sqlalchemy import insert, select
from typer.testing import CliRunner, Result

from app.__main__ import cli
from app.crew import MadePerson, MadeTerminal, NewPerson, PersonList, TerminalList, make_person
from picking.http import admit
from sync.feed_doors import WebhookList
from tests.site_process import GENBA, SiteProcess, free_port, site_process, write_config
from tests.sources import ROOT
from wms.db import Book
from wms.errors import Rejected
from wms.people import staff
from wms.people.staff import by_badge
from wms.schema import commands, places, stations

PIN = "314159"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SiteProcess]:
    """A site with a server."""
    lines = (
        "[stations.PACK-1]", 'place = "BENCH-1"', "[webhooks.oms]",
        'url = "http://127.0.0.1:1/x"', 'secret = "env:NONE"',
    )  # fmt: skip
    with site_process(tmp_path_factory.mktemp("running"), *lines) as site:
        yield site


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The configuration of a site without a server, with a bench in its book."""
    folder = tmp_path_factory.mktemp("alone")
    config = write_config(folder, free_port())
    assert genba("token", "list", config=str(config)).exit_code == 0  # makes the book
    book = Book(f"sqlite:///{folder}/data/genba.db")
    book.write_now(lambda tx: tx.execute(insert(places).values(code="BENCH-1", kind="station")))
    row = {"code": "PACK-1", "kind": "pack", "place": "BENCH-1"}
    book.write_now(lambda tx: tx.execute(insert(stations).values(row)))
    book.close()
    return str(config)


@pytest.fixture(params=["alone", "running"])
def config(request: pytest.FixtureRequest) -> str:
    """A site's configuration: without a server, then with one."""
    site: Any = request.getfixturevalue(request.param)
    return str(getattr(site, "config", site))


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")


def genba(*words: str, config: str, typed: str = "") -> Result:
    return CliRunner().invoke(cli, [*words, "--config", config], input=typed)


def ask(kind: type[Any], *words: str, config: str) -> Any:
    done = genba(*words, "--json", config=config)
    assert done.exit_code == 0, done.output
    return msgspec.json.decode(done.stdout, type=kind)


def book_of(config: str) -> Book:
    """The book itself, to look into beside the server."""
    return Book(f"sqlite:///{Path(config).parent}/data/genba.db")


def refusal(done: Result) -> str:
    """Why a command was refused: said by the server, or raised to the top-level door."""
    assert done.exit_code == 1
    return str(done.exception) if isinstance(done.exception, Rejected) else done.stderr


def test_a_terminal_signs_on_with_its_token_until_it_is_revoked(config: str) -> None:
    made = ask(MadeTerminal, "terminal", "add", "HT-01", "--station", "PACK-1", config=config)
    assert made.token.startswith("genba_term_")
    book = book_of(config)
    book.read_now(admit, "HT-01", made.token)
    listed = ask(TerminalList, "terminal", "list", config=config)
    assert [(one.id, one.station, one.revoked) for one in listed.terminals] == [
        ("HT-01", "PACK-1", False)
    ]
    assert made.token not in genba("terminal", "list", config=config).output
    twice = refusal(genba("terminal", "add", "HT-01", config=config))
    assert "HT-01" in twice
    assert genba("terminal", "revoke", "HT-01", config=config).output == (
        "Terminal HT-01 is ended\n"
    )
    with pytest.raises(Rejected):
        book.read_now(admit, "HT-01", made.token)
    with pytest.raises(Rejected):
        book.read_now(admit, "HT-01", "")
    again = ask(MadeTerminal, "terminal", "add", "HT-01", config=config)
    assert again.token != made.token
    book.read_now(admit, "HT-01", again.token)
    assert genba("terminal", "revoke", "HT-01", config=config).exit_code == 0
    done = select(commands.c.name).where(commands.c.name.like("terminal.%"))
    assert len(book.read_now(lambda tx: tx.execute(done).all())) == 4
    book.close()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("terminal", "add", "HT 01"), "terminal"),
        (("terminal", "add", "HT-02", "--station", "NOWHERE"), "NOWHERE"),
        (("terminal", "add", "HT-02", "--scanner", "no-such"), "no-such"),
        (("terminal", "revoke", "HT-77"), "HT-77"),
        (("person", "add", "E 1", "葵", "--may", "pick"), "code"),
        (("person", "add", "E1", "葵", "--may", "fly"), "permissions"),
        (("webhooks", "replay", "nobody"), "nobody"),
    ],
)
def test_what_is_wrong_is_refused_with_words(
    config: str, words: tuple[str, ...], said: str
) -> None:
    assert said in refusal(genba(*words, config=config))


def test_a_person_gets_a_badge_and_nothing_that_opens_doors_is_kept(config: str) -> None:
    made = ask(
        MadePerson, "person", "add", "E042", "佐藤 葵", "--may", "pick", "--may", "pack",
        config=config,
    )  # fmt: skip
    book = book_of(config)
    person = book.read_now(by_badge, made.badge)
    assert person is not None
    assert (person.name, person.permissions) == ("佐藤 葵", frozenset({"pick", "pack"}))
    twice = refusal(genba("person", "add", "E042", "だれか", "--may", "pick", config=config))
    assert "E042" in twice
    listed = genba("person", "list", config=config).stdout
    assert "E042\t佐藤 葵\tpack pick\t-" in listed
    assert made.badge not in listed
    secret = made.badge.encode()
    assert not any(
        secret in file.read_bytes() for file in (Path(config).parent / "data").iterdir()
    ), "the book keeps its hash only"
    book.close()


def test_a_leads_pin_is_asked_for_twice_and_shown_never(config: str) -> None:
    words = ("person", "add", "E100", "高橋 湊", "--may", "lead")
    done = genba(*words, config=config, typed=f"{PIN}\n{PIN}\n")
    assert done.exit_code == 0, done.output
    assert PIN not in done.output
    book = book_of(config)
    person = book.read_now(by_badge, done.stdout.split()[-1])
    assert person is not None and person.has_pin
    pepper = (Path(config).parent / "data/pepper").read_text()
    assert book.write_now(staff.check_pin, person.id, PIN, pepper=pepper, now=0)
    shown = ask(PersonList, "person", "list", config=config).people
    assert [one.has_pin for one in shown if one.code == "E100"] == [True]
    weak = genba("person", "add", "E101", "x", "--may", "lead", "--pin", config=config,
                 typed="1234\n1234\n")  # fmt: skip
    assert "6" in refusal(weak) or "pin" in refusal(weak)
    book.close()


def test_rights_are_changed_through_the_server(running: SiteProcess) -> None:
    def done(*words: str, typed: str = "") -> str:
        result = genba(*words, config=running.config, typed=typed)
        assert result.exit_code == 0, result.output
        return result.stdout

    badge = done("person", "add", "E7", "凛", "--may", "pick").split()[-1]
    done("role", "add", "counter", "--may", "count")
    done("person", "grant", "E7", "counter")
    done("person", "pin", "E7", typed=f"{PIN}\n{PIN}\n")
    assert "counter\t\tcount\t1" in done("role", "list")
    assert "E7\t凛\tpick counter\tPIN" in done("person", "list")
    done("person", "revoke", "E7", "counter")
    assert done("person", "badge", "E7").split()[-1] != badge
    assert "E7" in done("person", "end", "E7")
    assert "E7\t凛\tpick\tPIN\tended" in done("person", "list")
    assert "nobody" in refusal(genba("person", "grant", "E7", "nobody", config=running.config))


def test_counts_and_stocktakes_through_the_server(running: SiteProcess, tmp_path: Path) -> None:
    def done(*words: str) -> str:
        result = genba(*words, config=running.config)
        assert result.exit_code == 0, result.output
        return result.stdout

    book = book_of(running.config)
    book.write_now(lambda tx: tx.execute(insert(places).values(code="Z-01", kind="bin", zone="Z")))
    book.close()
    assert done("count", "open", "Z-01", "NOWHERE") == "1 counts asked for\n"
    assert done("count", "list", "--zone", "Z", "--limit", "5") == "", "nothing ever lay there"
    begun = done("stocktake", "start", "--zone", "Z")
    assert begun == "ST000001 goes on: 0 of 1 places counted, 0 differ\n"
    assert done("stocktake", "show") == begun
    assert done("stocktake", "show", "ST000001", "--all") == begun
    file = tmp_path / "certificate.xlsx"
    assert "0 lines" in done("stocktake", "show", "ST000001", "--out", str(file))
    assert file.read_bytes().startswith(b"PK")
    unfinished = genba("stocktake", "sign", "ST000001", "--by", "Sato", config=running.config)
    assert "1 places to count" in refusal(unfinished)
    again = genba("stocktake", "recount", "ST000001", "Z-01", config=running.config)
    assert "Z-01" in refusal(again)
    swept = genba("count", "sweep", "Z-01", "--device", "reader-1", config=running.config)
    assert "Z-01" in refusal(swept)
    assert "given up" in done("stocktake", "end", "ST000001")
    assert "over" in refusal(genba("stocktake", "end", "ST000001", config=running.config))


def test_webhooks_are_listed_and_sent_again(running: SiteProcess, alone: str) -> None:
    listed = ask(WebhookList, "webhooks", "list", config=running.config)
    assert [(one.name, one.state, one.parked) for one in listed.endpoints] == [("oms", "on", 0)]
    assert "oms on delivered 0" in genba("webhooks", "list", config=running.config).stdout
    for config in (running.config, alone):
        assert genba("webhooks", "replay", config=config).stdout == "0 will be sent once more\n"


def test_a_screen_needs_something_to_show_itself_on(running: SiteProcess) -> None:
    told = "This needs a terminal to show itself on\n"
    done = genba("board", config=running.config)
    assert (done.exit_code, done.stderr) == (1, told)
    shown = CliRunner().invoke(cli, ["tui", "--terminal", "HT-01", "--token", "x"])
    assert (shown.exit_code, shown.stderr) == (1, told)


class Glass:
    """A command on a pseudo-terminal of 80x24."""

    def __init__(self, master: int) -> None:
        self.master = master
        self.screen = pyte.Screen(80, 24)
        self.stream = pyte.ByteStream(self.screen)

    def read(self) -> None:
        try:
            self.stream.feed(os.read(self.master, 65_536))
        except OSError:  # the process has closed its side
            asyncio.get_running_loop().remove_reader(self.master)

    async def until(self, seen: Callable[[str], bool]) -> None:
        async with asyncio.timeout(20):
            while not seen("\n".join(self.screen.display)):  # noqa: ASYNC110 - no event says it
                await asyncio.sleep(0.05)


@asynccontextmanager
async def on_a_pty(*words: str, **env: str) -> AsyncIterator[Glass]:
    """Run `genba` with *words*; it must end by ctrl+q."""
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    kept = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")}
    process = await asyncio.create_subprocess_exec(
        *GENBA, *words, cwd=ROOT, stdin=slave, stdout=slave, stderr=subprocess.STDOUT,
        env=kept | {"TERM": "xterm"} | env,
    )  # fmt: skip
    os.close(slave)
    glass = Glass(master)
    loop = asyncio.get_running_loop()
    loop.add_reader(master, glass.read)
    try:
        yield glass
        os.write(master, b"\x11")
        assert await asyncio.wait_for(process.wait(), 10) == 0
    finally:
        loop.remove_reader(master)
        if process.returncode is None:
            process.kill()
            await process.wait()
        os.close(master)


async def test_the_board_and_a_handheld_show_the_running_site(running: SiteProcess) -> None:
    made = ask(MadeTerminal, "terminal", "add", "HT-09", "--language", "en", config=running.config)
    person = NewPerson(code="E900", name="葵", permissions=("pick",), language="en")
    book = book_of(running.config)
    badge = book.write_now(
        make_person, person, random=b"\x07" * 16, pepper="", actor="test", device="test", now=0
    ).badge  # fmt: skip
    secret = running.folder / "terminal.token"
    secret.write_text(made.token)
    secret.chmod(0o600)
    handheld = ("tui", "--terminal", "HT-09", "--server", running.url)
    async with (
        on_a_pty("board", "--config", running.config) as board,
        on_a_pty(*handheld, GENBA_TERMINAL_TOKEN=f"file:{secret}") as screen,
    ):
        await screen.until(lambda text: "Scan your badge" in text)
        os.write(screen.master, f"BADGE:{badge}\r".encode())
        await screen.until(lambda text: "Pick" in text)
        await board.until(lambda text: "試験センター" in text.replace(" ", "") and "葵" in text)
    book.close()
    answer = httpx2.get(f"{running.url}/v1/board", trust_env=False)
    assert answer.status_code == 401
