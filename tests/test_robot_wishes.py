"""Pause, resume and reset: a lead's word stands in the book until the robot has answered it."""

from dataclasses import replace

import pytest
from litestar.testing import TestClient
from sqlalchemy import select, update

from app import robot_doors
from app.http import HttpSettings, make_app
from devices.codecs.grh1 import Answer, Cmd, Mode, Sighting, State
from devices.conformance import until
from devices.robot_rules import Accepted, Action, EndWish, GiveNext, Tell, Wait, decide
from devices.twins import grh1_memory as m
from devices.twins.grh1 import Pace
from tests.robot_sim import SimulatedSite
from tests.robot_site import Killed
from tests.test_robot_decide import BOOT, IDLE, RECORD, SEQ, in_hand, see, under_way
from tests.virtual_time import run
from wms.db import Book
from wms.errors import Code, Rejected
from wms.people import tokens
from wms.robots import wishes
from wms.robots.roster import RobotRecord, Wish
from wms.robots.wishes import STALE_MS, Order
from wms.schema import commands, robots

NOW = 1_000_000
SECRET = "a lead's own"


def step(
    wish: Wish, seen: Sighting, *, record: RobotRecord = IDLE, waiting: bool = False, now: int = NOW
) -> Action:
    wanting = replace(record, wish=wish)
    return decide(wanting, seen, waiting=waiting, may_work=True, battery_min=150, now=now)


def test_a_wish_is_said_until_it_is_answered_and_before_other_words() -> None:
    fresh = Wish("pause", 0, 0, NOW)
    assert step(fresh, see()) == Tell(Cmd.PAUSE, fresh)
    busy = in_hand(State.TO_TARGET)
    assert step(fresh, busy, record=under_way()) == Tell(Cmd.PAUSE, fresh)
    assert step(fresh, see(), record=RECORD, waiting=True) == Wait("answer")
    said = replace(fresh, seq=SEQ + 1, boot_id=BOOT)
    assert step(said, see(), waiting=True) == Wait("answer")
    assert step(said, see()) == Tell(Cmd.PAUSE, said), "nothing came of it: once more"


def test_what_a_robot_has_shown_is_written_down_before_it_is_told_anything() -> None:
    assert step(Wish("pause", 0, 0, NOW), in_hand(State.TO_SOURCE), record=RECORD) == Accepted(1000)


def test_a_pause_stands_until_the_robot_stands() -> None:
    taken = Wish("pause", SEQ, BOOT, NOW)
    assert step(taken, see()) == Wait("wish"), "no new work on its way to a stop"
    assert step(taken, in_hand(State.TO_TARGET), record=under_way()) == Wait("robot")
    assert step(taken, see(mode=Mode.PAUSED)) == EndWish(taken)
    assert step(taken, see(answer=Answer.WRONG_MODE, mode=Mode.MANUAL)) == EndWish(taken)
    assert step(taken, see(boot_id=BOOT + 1)) == Tell(Cmd.PAUSE, taken), "a reboot forgot it"


@pytest.mark.parametrize(("what", "cmd"), [("resume", Cmd.RESUME), ("reset", Cmd.RESET)])
def test_what_sets_it_in_motion_is_a_matter_of_the_moment(what: str, cmd: Cmd) -> None:
    fresh = Wish(what, 0, 0, NOW)
    assert step(fresh, see(mode=Mode.PAUSED)) == Tell(cmd, fresh)
    assert step(replace(fresh, seq=SEQ), see()) == EndWish(replace(fresh, seq=SEQ))
    assert step(fresh, see(mode=Mode.PAUSED), now=NOW + STALE_MS + 1) == EndWish(fresh)
    old = Wish("pause", 0, 0, 0)
    assert step(old, see(), now=NOW + STALE_MS) == Tell(Cmd.PAUSE, old), "a stop is never too old"


def test_without_a_wish_all_is_as_before() -> None:
    assert decide(IDLE, see(), waiting=False, may_work=True, battery_min=150) == GiveNext()


def _ask(s: SimulatedSite, order: Order) -> str:
    return s.book.write_now(
        wishes.ask, robot="agv-1", order=order, actor="lead", device="t",
        permission="robots:write", now=s.now_ms(),
    )  # fmt: skip


def _row(book: Book) -> tuple[str, str]:
    query = select(robots.c.wish, robots.c.mode).where(robots.c.device == "agv-1")
    row = book.read_now(lambda tx: tx.execute(query).one())
    return row.wish, row.mode


def test_a_robot_pauses_goes_on_and_is_reset_whatever_dies_in_between(sqlite_url: str) -> None:
    async def scene() -> None:
        async with SimulatedSite(sqlite_url, pace=Pace(travel_s=30)) as s:
            deaths = {"wish:decided", "wish:committed", "pause:written", "endwish:committed"}

            def die(_robot: str, point: str) -> None:
                if point in deaths:
                    deaths.discard(point)
                    raise Killed(point)

            async def comes(wish: str, mode: str) -> None:
                await s.until_with_reboots(lambda: _row(s.book) == (wish, mode), 600)

            s.reached = die
            await s.boot()
            await comes("", "auto")
            job = s.request()
            await s.until_with_reboots(lambda: bool(s.mission(job).accepted), 600)
            _ask(s, "pause")
            await comes("", "paused")
            assert deaths == set()
            assert s.twin.plc.memory.mode == m.PAUSED
            assert s.mission(job).state == "assigned", "what it has in hand it keeps"
            with pytest.raises(Rejected, match=Code.ROBOT_MODE):
                _ask(s, "reset")
            _ask(s, "resume")
            await s.until_with_reboots(lambda: s.mission(job).state == "done", 600)
            assert _row(s.book) == ("", "auto")
            s.twin.plc.set_mode(m.FAULT)
            await comes("", "fault")
            _ask(s, "reset")
            await comes("", "paused")
            assert s.faults() == []

    run(scene())


def test_a_word_to_go_on_is_not_kept_for_a_robot_that_is_away(sqlite_url: str) -> None:
    async def scene() -> None:
        async with SimulatedSite(sqlite_url) as s:
            await s.boot()
            await until(lambda: _row(s.book) == ("", "auto"), "online", 600)
            _ask(s, "pause")
            await until(lambda: _row(s.book) == ("", "paused"), "paused", 600)
            await s.twin.power_off()
            _ask(s, "resume")
            slept_ms = s.now_ms() + STALE_MS + 5_000
            await until(lambda: s.now_ms() > slept_ms, "a minute", 600)
            await s.twin.power_on()
            await until(lambda: _row(s.book)[0] == "", "dropped", 600)
            assert s.twin.plc.memory.mode == m.PAUSED

    run(scene())


def test_the_door_asks_who_may_and_tells_what_stands(sqlite_url: str) -> None:
    async def furnish() -> None:
        async with SimulatedSite(sqlite_url):
            pass

    run(furnish())
    book = Book(sqlite_url)
    settings = HttpSettings(local_token_hash=tokens.token_hash(SECRET))
    app = make_app(book, clock_ms=lambda: NOW, settings=settings, routers=[robot_doors.routes()])
    with TestClient(app) as client:
        client.headers["Authorization"] = f"Bearer {SECRET}"
        client.headers["Accept-Language"] = "en"
        answer = client.post("/v1/robots/agv-1/orders", json={"order": "pause"})
        assert (answer.status_code, answer.json()["wish"]) == (201, "pause")
        shown = client.get("/v1/robots").json()["robots"]
        assert [(one["robot"], one["wish"]) for one in shown] == [("agv-1", "pause")]
        book.write_now(lambda tx: tx.execute(update(robots).values(mode="e_stop")))
        answer = client.post("/v1/robots/agv-1/orders", json={"order": "resume"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "robot.mode")
        assert client.post("/v1/robots/x/orders", json={"order": "pause"}).status_code == 422
        assert client.post("/v1/robots/agv-1/orders", json={"order": "jump"}).status_code == 400
    names = book.read_now(lambda tx: list(tx.execute(select(commands.c.name)).scalars()))
    assert names == ["robot.pause"]
    book.close()
