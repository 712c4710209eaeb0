"""A board at 14:20 of a busy day, in both languages."""

from functools import partial

from wms.messages import Language
from wms.rooms.board_state import (
    BoardState,
    DeviceHealth,
    Happening,
    PersonAtWork,
    PickupTile,
    RobotAtWork,
    Stage,
    Tile,
)


def board_sample(language: Language) -> BoardState:
    """The board in *language*."""
    return BoardState(
        site=_w(language, "川口センター", "Kawaguchi"),
        clock="14:20:05",
        language=language,
        tiles=_tiles(language),
        pickups=_pickups(language),
        stages=_stages(),
        people=_people(language),
        robots=_robots(language),
        devices=_devices(language),
        exceptions=_happenings(language),
    )


def _w(language: Language, japanese: str, english: str) -> str:
    return japanese if language == "ja" else english


def _pickups(language: Language) -> tuple[PickupTile, ...]:
    rows = (
        (_w(language, "ヤマト 宅急便", "Yamato"), "17:00", (312, 641, 1204), "16:48", 12, 7),
        (_w(language, "佐川 飛脚", "Sagawa"), "18:00", (80, 122, 160), "18:07", -7, 11),
        (_w(language, "ゆうパック", "Japan Post"), "18:30", (41, 60, 77), "16:10", 140, 0),
    )
    return tuple(
        PickupTile(
            carrier=carrier,
            cutoff=cutoff,
            orders=left[0],
            lines=left[1],
            pieces=left[2],
            finish=finish,
            slack_min=slack_min,
            at_risk=at_risk,
        )
        for carrier, cutoff, left, finish, slack_min, at_risk in rows
    )


def _stages() -> tuple[Stage, ...]:
    return (
        Stage(code="waiting", count=9, oldest_s=5400),
        Stage(code="released", count=210, oldest_s=2520),
        Stage(code="picking", count=64, oldest_s=1140),
        Stage(code="packing", count=31, oldest_s=540),
        Stage(code="labelled", count=128, oldest_s=7260),
        Stage(code="shipped", count=402),
    )


def _people(language: Language) -> tuple[PersonAtWork, ...]:
    names = (
        ("田中 花子", "Hanako T"),
        ("鈴木 一郎", "Ichiro S"),
        ("Nguyen", "Nguyen"),
        ("髙橋 美咲", "Misaki T"),
        ("佐藤 健", "Ken S"),
        ("山本", "Yamamoto"),
        ("中村", "Nakamura"),
    )
    step = _w(language, "棚をスキャン A-12-03", "Scan place A-12-03")
    return tuple(
        PersonAtWork(
            name=_w(language, *name),
            terminal=f"HT-{number:02d}",
            dialogue=_w(language, "ピック", "Pick"),
            step=step,
            lines_per_hour=110 - number,
        )
        for number, name in enumerate(names, 1)
    )


def _robots(language: Language) -> tuple[RobotAtWork, ...]:
    moving, charging = _w(language, "搬送中", "moving"), _w(language, "充電中", "charging")
    silent = _w(language, "応答なし 42秒", "silent 42s")
    return (
        RobotAtWork(name="R-01", state=moving, mission="T-0412 PACK-1", battery_pct=87),
        RobotAtWork(
            name="R-02", state=silent, mission="T-0388 PACK-2", battery_pct=54, tone="error"
        ),
        RobotAtWork(name="R-03", state=charging, battery_pct=21),
    )


def _devices(language: Language) -> tuple[DeviceHealth, ...]:
    paper, restart = _w(language, "用紙切れ", "paper out"), _w(language, "再起動", "restarting")
    return (
        DeviceHealth(name="LABEL-1", health="online"),
        DeviceHealth(name="LABEL-2", health="fault", reason=paper),
        DeviceHealth(name="SCALE-1", health="online"),
        DeviceHealth(name="RFID-P1", health="degraded", reason=restart),
    )


def _tiles(language: Language) -> tuple[Tile, ...]:
    w = partial(_w, language)
    rows = tuple(f"M-{1000 + n}  {w('抹茶ラテ 10本入', 'Matcha latte x10')}  A-{n:02d}-01"
                 for n in range(40))  # fmt: skip
    return (
        Tile(code="left", value="433/823/1441"),
        Tile(code="finish", value="18:07 > 18:00", tone="error",
             hint=w("佐川 11件が遅れる: 3人を回す", "Sagawa: 11 late, move 3 people"),
             rows=rows[:11]),
        Tile(code="stages", value=w("95 最長19分", "95, oldest 19m")),
        Tile(code="rate", value="118 < 140", tone="attention",
             hint=w("ピックに2人足す", "Add 2 pickers")),
        Tile(code="short", value="9 / 3", tone="attention",
             hint=w("3棚を数えさせる", "Have 3 shelves counted"), rows=rows),
        Tile(code="held", value="4"),
        Tile(code="blocked", value="0"),
        Tile(code="inbound", value="12 / 5"),
        Tile(code="errors", value="2/1/1/0"),
        Tile(code="devices", value="2", tone="error",
             hint=w("LABEL-2 用紙を入れる", "LABEL-2: load paper")),
    )  # fmt: skip


def _happenings(language: Language) -> tuple[Happening, ...]:
    w = partial(_w, language)
    return (
        Happening(at="14:19:58", tone="error",
                  text=w("R-02 が応答しません。T-0388 を人の作業に切替",
                         "R-02 silent: T-0388 given to people")),
        Happening(at="14:18:31",
                  text=w("A-12-03 棚になし 抹茶ラテ 2個。別の棚 B-02-01 へ",
                         "A-12-03 empty: 2 from B-02-01")),
        Happening(at="14:15:02", tone="error",
                  text=w("LABEL-2 用紙切れ。LABEL-1 に振替",
                         "LABEL-2 paper out: printing on LABEL-1")),
        Happening(at="14:11:40", text=w("重さ +182g T-0371", "Weight +182 g T-0371")),
        Happening(at="14:02:09", text=w("商品ちがい 田中 花子", "Wrong item scanned")),
    )  # fmt: skip
