"""What the lead reads is what the book says: ten numbers, forecasts, people, robots, exceptions."""

from collections.abc import Iterator
from random import Random

import pytest
from sqlalchemy import insert, update

from app.board import board
from app.board.facts import Order, Rate
from app.board.forecast import HOUR_MS, forecast, needed_per_hour
from devices.capabilities import Health
from devices.intake import record_health, register
from picking import floor
from sync import outbox
from sync.webhooks import Tried
from tests.feed_site import ship
from tests.picking_site import ANNA, NOON, Site, site_at
from wms import tasks
from wms.config import Config
from wms.config import Site as SiteConfig
from wms.db import Tx
from wms.messages import Language
from wms.orders import lifecycle as order_book
from wms.people import staff, terminals
from wms.record.event_kinds import OrderHeld, PrintChanged
from wms.record.events import emit
from wms.robots import roster
from wms.rooms.board_state import BoardState, Tile
from wms.schema import parcels, places, print_jobs, sessions, stations
from wms.schema import terminals as terminals_table
from wms.upkeep import incarnation

CONFIG = Config(site=SiteConfig(name="川口"))
MINUTE_MS = 60_000
BADGE = "0123456789abcdef0123456789abcdef"
FLOOR = floor.Settings(rng=Random(3))


@pytest.fixture
def site(database_url: str) -> Iterator[Site]:
    with site_at(database_url) as site:
        site.put("A-01", "PEN", 500)
        site.put("C-05", "CUP", 500)
        yield site


def seen(site: Site, language: Language = "en") -> BoardState:
    return site.read(board, config=CONFIG, now=site.now, language=language)


def tile(site: Site, code: str, language: Language = "en") -> Tile:
    return next(each for each in seen(site, language).tiles if each.code == code)


def stages(site: Site) -> dict[str, int]:
    return {stage.code: stage.count for stage in seen(site).stages if stage.count}


def an_order(number: int, carrier: str = "a") -> Order:
    return Order(number, f"O{number}", carrier, "released", "", 1, 0, number, 0, False)


def some(count: int) -> list[Order]:
    return [an_order(number) for number in range(count)]


# Forecasts


def test_the_next_pickup_s_orders_go_first_and_the_last_of_a_late_one_are_at_risk() -> None:
    groups = [("a", HOUR_MS, some(50)), ("b", 2 * HOUR_MS, some(80))]
    first, second = forecast(groups, Rate(parcels=15, ms=15 * MINUTE_MS), now=0)
    assert (first.finish_ms, first.late) == (50 * MINUTE_MS, ())
    assert second.finish_ms == 130 * MINUTE_MS
    assert [order.id for order in second.late] == list(range(70, 80)), "the least urgent ones"


def test_a_pickup_waits_for_all_before_it() -> None:
    groups = [(name, HOUR_MS, some(10)) for name in "abc"]
    found = forecast(groups, Rate(parcels=1, ms=MINUTE_MS), now=0)
    assert [one.finish_ms for one in found] == [10 * MINUTE_MS, 20 * MINUTE_MS, 30 * MINUTE_MS]


def test_nothing_is_forecast_without_a_rate() -> None:
    (only,) = forecast([("a", HOUR_MS, some(5))], Rate(0, 0), now=0)
    assert (only.finish_ms, only.late) == (None, ())


def test_the_rate_needed_is_that_of_the_tightest_pickup() -> None:
    groups = [("a", HOUR_MS // 2, some(30)), ("b", 4 * HOUR_MS, some(10))]
    found = forecast(groups, Rate(1, 1), now=0)
    assert needed_per_hour(found, now=0) == 60
    past = forecast([("a", 0, some(2))], Rate(1, 60_000), now=HOUR_MS)
    assert [len(one.late) for one in past] == [2], "a truck that has gone takes nothing"


# The ten numbers


def test_there_are_ten_numbers_in_their_order(site: Site) -> None:
    found = seen(site)
    assert [each.code for each in found.tiles] == [
        "left", "finish", "stages", "rate", "short", "held", "blocked", "inbound", "errors",
        "devices",
    ]  # fmt: skip
    assert [each.value for each in found.tiles[6:8]] == ["0", "0/0"]
    assert found.site == "川口"
    assert found.clock == "12:00:00"


def test_orders_lines_and_pieces_that_are_left(site: Site) -> None:
    numbers = site.orders([[("PEN", 2), ("CUP", 1)], [("PEN", 5)]])
    left = tile(site, "left")
    assert left.value == "2/3/8"
    assert left.hint == "Yamato Transport by 17:00: 2 to go"
    assert left.rows == (
        "O0000001  Yamato Transport  Waiting  0s", "O0000002  Yamato Transport  Waiting  0s",
    )  # fmt: skip
    site.release(numbers[:1])
    ship(site, numbers[0])
    assert tile(site, "left").value == "1/1/5"


def test_orders_of_another_day_are_not_todays_work(site: Site) -> None:
    order = site.order(("PEN", 1))
    site.write(lambda tx: order_book.set_state(tx, [order], "held", now=site.now, reason="x"))
    assert tile(site, "left").value == "0/0/0"
    assert tile(site, "held").value == "1"
    site.now -= 24 * HOUR_MS
    assert tile(site, "held").value == "1", "a held order is never out of sight"


def test_an_order_is_counted_where_it_stands(site: Site) -> None:
    order = site.order(("PEN", 2))
    assert stages(site) == {"waiting": 1}
    site.release([order])
    assert stages(site) == {"released": 1}
    tour = site.claim()
    assert stages(site) == {"picking": 1}
    site.walk(tour.id)
    site.drop(tour.id)
    assert stages(site) == {"packing": 1}
    site.now += 20 * MINUTE_MS
    assert tile(site, "stages").value == "1, oldest 20m"
    site.write(lambda tx: order_book.set_state(tx, [order], "packed", now=site.now))
    assert stages(site) == {"labelled": 1}
    assert tile(site, "left").value == "0/0/0"


def test_a_shipped_order_is_counted_on_its_day(site: Site) -> None:
    order = site.order(("PEN", 2))
    site.release([order])
    ship(site, order)
    assert stages(site) == {"shipped": 1}
    site.now += 24 * HOUR_MS
    assert stages(site) == {}


def test_one_piece_orders_are_picked_when_their_total_is_walked(site: Site) -> None:
    numbers = site.orders([[("PEN", 1)]] * 3)
    site.release(numbers)
    assert stages(site) == {"released": 3}
    site.claim()
    assert stages(site) == {"picking": 3}


def test_a_rate_too_low_says_where_a_hand_more_helps(site: Site) -> None:
    done = site.order(("PEN", 2))
    site.release([done])
    ship(site, done)
    site.now = NOON + 10 * MINUTE_MS
    site.release(site.orders([[("PEN", 2)]] * 60))
    found = seen(site)
    rate, finish = found.tiles[3], found.tiles[1]
    assert rate.value == "6 < 12"
    assert rate.tone == "error"
    assert rate.hint == "Add 2 to: Pick"
    (yamato,) = found.pickups
    assert (yamato.orders, yamato.cutoff) == (60, "17:00")
    assert yamato.slack_min == pytest.approx(-310, abs=2)
    assert 30 <= yamato.at_risk <= 33
    assert finish.value == f"{yamato.finish} > 17:00"
    assert finish.hint == f"Yamato Transport: {yamato.at_risk} will miss it. Add 2 to: Pick"
    assert len(finish.rows) == yamato.at_risk


def test_the_rate_is_that_of_the_last_quarter_of_an_hour_else_of_the_day(site: Site) -> None:
    done = site.order(("PEN", 2))
    site.release([done])
    ship(site, done)
    assert tile(site, "rate").value.endswith(">= 0")
    site.now = NOON + 60 * MINUTE_MS
    assert tile(site, "rate").value == "1 >= 0", "nothing in a quarter: one in the hour"
    early = site.now - 20 * MINUTE_MS
    site.write(lambda tx: tx.execute(update(parcels).values(verified_ms=early)))
    assert tile(site, "rate").value == "1 >= 0"
    late = site.now - 5 * MINUTE_MS
    site.write(lambda tx: tx.execute(update(parcels).values(verified_ms=late)))
    assert tile(site, "rate").value == "4 >= 0", "one in the quarter"


def test_what_is_short_and_which_shelves_are_to_be_counted(site: Site) -> None:
    site.put("A-02", "RARE", 2)
    number = site.order(("RARE", 2))
    site.release([number, *site.orders([[("GONE", 3)]])])
    tour = site.claim()
    site.short(tour.id)
    short = tile(site, "short")
    assert short.value == "2 / 1"
    assert short.hint == "Have 1 shelves counted"
    assert short.rows == ("O0000001  RARE x2", "O0000002  GONE x3", "A-02  to be counted")
    happened = [each.text for each in seen(site).exceptions]
    assert "A-02 empty: 2 of RARE missing Anna" in happened
    assert "O0000002 lacks 3 of GONE" in happened
    assert "A-02 棚になし RARE 2個 Anna" in [each.text for each in seen(site, "ja").exceptions]


def test_held_orders_say_why_in_the_readers_language(site: Site) -> None:
    order = site.order(("PEN", 1))

    def hold(tx: Tx) -> None:
        order_book.set_state(tx, [order], "held", now=site.now, reason="order.no_house_number")
        emit(tx, OrderHeld(order_id=order, reason="order.no_house_number"), now=site.now)

    site.write(hold)
    held = tile(site, "held", "ja")
    assert (held.value, held.tone) == ("1", "attention")
    assert held.rows == ("O0000001  住所確認待ち (番地がありません)",)
    assert "no house number" in tile(site, "held").hint
    assert "O0000001: Address to be confirmed" in seen(site).exceptions[0].text


def test_a_webhook_that_nobody_takes_is_an_error_with_its_order(site: Site) -> None:
    site.write(incarnation.ensure, b"\x01" * 8)
    site.write(outbox.configure, [outbox.Endpoint(name="oms", url="http://x", secret="s")])
    site.order(("PEN", 1))
    assert tile(site, "errors").value == "0/0/0/1"
    site.write(outbox.collect, now=site.now)
    (sent,) = site.read(outbox.due, now=site.now, flying=(), concurrency=9)
    tried = Tried(
        delivery=sent.delivery, endpoint=sent.endpoint, name="oms", attempts=1, fate="parked",
        error="422 no such shop",
    )  # fmt: skip
    site.write(outbox.settle, [tried], now=site.now)
    errors = tile(site, "errors")
    assert (errors.value, errors.tone) == ("0/0/0/1", "error")
    assert errors.rows == ("oms  O0000001  422 no such shop",)
    assert "genba webhooks replay" in errors.hint
    assert seen(site).exceptions[0].text == "oms does not take O0000001: 422 no such shop"


def test_labels_in_doubt_are_seen_to(site: Site) -> None:
    why = "printer.paper_out"

    def doubt(tx: Tx) -> None:
        row = {
            "key": "p", "station": "PACK-1", "template": "shipping", "state": "uncertain",
            "reason": why, "created_ms": site.now, "copy_no": 2,
        }  # fmt: skip
        job = tx.execute(insert(print_jobs).values(row).returning(print_jobs.c.id)).scalar_one()
        emit(tx, PrintChanged(job_id=job, state="uncertain", reason=why), now=site.now)

    site.write(doubt)
    errors = tile(site, "errors")
    assert errors.value == "0/1/0/0"
    assert errors.hint == "See whether 1 labels came out"
    assert "PACK-1  Did the label come out?" in errors.rows[0]
    assert "Paper is out" in seen(site).exceptions[0].text


def test_devices_that_are_down_say_why(site: Site) -> None:
    site.write(register, configured={"label-1": "zpl-tcp", "agv-1": "grh1"}, holder="1", now=NOON)
    why = "printer.paper_out"
    site.write(
        record_health, device="label-1", health=Health.DEGRADED, reason=why, now=site.now
    )  # fmt: skip
    devices = tile(site, "devices")
    assert (devices.value, devices.tone) == ("1", "error")
    assert devices.hint == "label-1: Paper is out: load labels"
    by_name = {each.name: each for each in seen(site, "ja").devices}
    assert by_name["label-1"].reason == "用紙切れ: ラベルを補充"
    assert by_name["agv-1"].health == "starting"
    assert seen(site).exceptions[0].text == "label-1: Paper is out: load labels"


def test_robots_show_what_they_carry_and_why_they_stand(site: Site) -> None:
    site.write(register, configured={"agv-1": "grh1"}, holder="1", now=NOON)

    def enrol(tx: Tx) -> None:
        for code in ("R-1", "Q-1"):
            tx.execute(insert(places).values(code=code, kind="robot"))
        roster.enrol(tx, robot="agv-1", place="R-1", quarantine="Q-1")
        roster.seen(
            tx, robot="agv-1", boot_id=1, mode="auto", state="to_target", battery=873, location=0
        )

    site.write(enrol)
    (robot,) = seen(site).robots
    assert (robot.state, robot.battery_pct, robot.tone) == ("moving", 87, "ok")
    site.write(roster.seen, robot="agv-1", boot_id=1, mode="e_stop", state="none", battery=870,
               location=0)  # fmt: skip
    assert [(each.state, each.tone) for each in seen(site).robots] == [
        ("emergency stop", "attention")
    ]
    why = "device.silent"
    site.write(record_health, device="agv-1", health=Health.OFFLINE, reason=why, now=site.now)
    assert [(each.state, each.tone) for each in seen(site).robots] == [
        ("It has fallen silent", "error")
    ]
    site.write(tasks.open_task, key="look:1", kind="look", now=site.now, ref="robot:agv-1",
               body={"robot": "agv-1", "why": "robot.silent"})  # fmt: skip
    assert seen(site).exceptions[0].text == (
        "Look at the robot: agv-1 The robot is silent: go and look"
    )


def scan(site: Site, text: str) -> None:
    site.now += 2_000
    site.write(floor.scan, terminal="HT-01", scan_id=site.key("scan"), text=text, via="scan",
               now=site.now, settings=FLOOR)  # fmt: skip


def sign_in(site: Site, *permissions: str) -> None:
    """Aoi signs in at HT-01 and takes the first thing on the menu."""

    def enrol(tx: Tx) -> None:
        staff.add(tx, code="E1", name="葵", badge=BADGE, permissions=permissions)
        tx.execute(insert(stations).values(code="PACK-9", kind="pack", place="BENCH-2"))
        terminals.add(tx, terminal="HT-01", station="PACK-9", random=bytes(32), now=site.now)

    site.write(enrol)
    for text in (f"BADGE:{BADGE}", "CMD:1"):
        scan(site, text)


def test_people_are_seen_at_work(site: Site) -> None:
    assert seen(site).people == ()
    site.release([site.order(("PEN", 2))])
    sign_in(site, "pick")
    scan(site, "CMD:1")
    (aoi,) = seen(site).people
    assert (aoi.name, aoi.terminal, aoi.dialogue) == ("葵", "HT-01", "Pick")
    assert aoi.step == "Scan an empty tote"
    japanese = seen(site, "ja").people[0]
    assert (japanese.dialogue, japanese.step) == ("ピッキング", "オリコンをスキャン")
    scan(site, "T-01")
    assert seen(site).people[0].step == "Scan the place A-01"
    assert tile(site, "rate").rows == ("Pick  1",)


def test_wrong_scans_at_the_benches_are_counted_once_each(site: Site) -> None:
    sign_in(site, "pack")
    scan(site, "NO SUCH TOTE")
    shown = tile(site, "errors")
    assert shown.value == "1/0/0/0"
    assert shown.hint.startswith("1 mistakes at") and len(shown.rows) == 1, "where to look"
    scan(site, "BEHIND THE ERROR")
    assert tile(site, "errors").value == "1/0/0/0", "what was scanned behind a lock is no error"
    site.now += 24 * HOUR_MS
    assert tile(site, "errors").value == "0/0/0/0"


def test_a_line_picked_counts_for_whoever_picked_it(site: Site) -> None:
    def sign_in(tx: Tx) -> None:
        terminals.add(tx, terminal="HT-02", random=bytes(32), now=site.now)
        here = terminals_table.c.id == "HT-02"
        tx.execute(update(terminals_table).where(here).values(person_id=ANNA))
        row = {"person_id": ANNA, "dialogue": "pick", "prompted_ms": 0, "updated_ms": 0}
        tx.execute(insert(sessions).values(row))

    site.write(sign_in)
    site.now = NOON
    site.release(site.orders([[("PEN", 2), ("CUP", 2)]] * 2))
    tour = site.claim()
    site.walk(tour.id)
    site.now = NOON + 10 * MINUTE_MS
    (anna,) = seen(site).people
    assert anna.lines_per_hour == pytest.approx(24, abs=1)
