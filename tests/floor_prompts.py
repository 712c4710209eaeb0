"""Prompts as the dialogues make them, one of each kind that a floor screen must show well."""

from msgspec.structs import replace

from wms.messages import Language
from wms.rooms.prompts import Await, Focus, Message, Option, Prompt

LONG_JA = "㈱髙島 抹茶ﾗﾃ ｽﾃｨｯｸ 10本入 お徳用パック（緑）キャップ付き 数量限定 2026年冬"
LONG_EN = "Takashima matcha latte sticks, box of 10, value pack (green) with cap, winter 2026"


def samples(language: Language) -> dict[str, Prompt]:
    """Every sample in *language*, by name."""
    ja = language == "ja"
    place = _pick(ja)
    item = replace(
        place, step="item", ask=_w(ja, "商品をスキャン", "Scan item"), awaits=(Await.ITEM,)
    )
    qty = replace(
        item,
        step="qty",
        ask=_w(ja, "数をいれる", "Enter quantity"),
        awaits=(Await.QTY,),
        focus=replace(place.focus, qty=24),
    )
    tote = replace(
        place,
        step="tote",
        ask=_w(ja, "オリコンをスキャン", "Scan tote"),
        awaits=(Await.TOTE,),
        message=Message(text=_w(ja, "3個そろいました", "All 3 picked")),
    )
    return {
        "sign_in": _sign_in(ja),
        "pin": _pin(ja),
        "menu": _menu(ja),
        "pick_place": place,
        "pick_item": item,
        "pick_qty": qty,
        "pick_tote": tote,
        "pick_locked": replace(item, locked=True, refused=2, message=_wrong_item(ja)),
        "long_names": _long(item, ja),
        "pack_items": _pack(ja),
        "pack_weigh": _weigh(ja),
        "label_scan": _label(ja),
        "label_locked": replace(_label(ja), locked=True, message=_wrong_label(ja)),
        "ship": _ship(ja),
    }


def _w(ja: bool, japanese: str, english: str) -> str:
    return japanese if ja else english


def _options(ja: bool, *keys: str) -> tuple[Option, ...]:
    words = {
        "F2": ("short", "棚になし", "Empty"),
        "F3": ("back", "もどる", "Back"),
        "F4": ("later", "あとで", "Later"),
        "F5": ("list", "一覧", "List"),
        "F6": ("full", "満杯", "Full"),
        "F8": ("reprint", "再印刷", "Reprint"),
        "F9": ("assist", "応援", "Assist"),
    }
    return tuple(
        Option(key=key, command=words[key][0], label=_w(ja, *words[key][1:])) for key in keys
    )


def _base(ja: bool, dialogue: str, step: str, title: str, ask: str) -> Prompt:
    person = _w(ja, "田中 花子", "Hanako T")
    language: Language = "ja" if ja else "en"
    return Prompt(
        dialogue=dialogue, step=step, title=title, ask=ask, language=language, person=person
    )


def _sign_in(ja: bool) -> Prompt:
    title, ask = _w(ja, "はじめる", "Sign in"), _w(ja, "名札をスキャン", "Scan your badge")
    prompt = _base(ja, "sign_in", "badge", title, ask)
    return replace(prompt, awaits=(Await.BADGE,), person="")


def _pin(ja: bool) -> Prompt:
    title, ask = _w(ja, "暗証番号", "PIN"), _w(ja, "暗証番号をいれる", "Enter your PIN")
    prompt = _base(ja, "sign_in", "pin", title, ask)
    return replace(prompt, awaits=(Await.PIN,), secret=True, options=_options(ja, "F3"))


def _menu(ja: bool) -> Prompt:
    title, ask = _w(ja, "しごと", "Work"), _w(ja, "番号をえらぶ", "Choose a number")
    words = [("ピッキング", "Pick"), ("出荷検品", "Pack"), ("出荷", "Ship"), ("終わる", "Sign out")]
    options = tuple(
        Option(key=str(number), command=f"work.{number}", label=_w(ja, *label))
        for number, label in enumerate(words, 1)
    )
    prompt = _base(ja, "menu", "choose", title, ask)
    return replace(prompt, awaits=(Await.CHOICE,), options=options)


def _pick(ja: bool) -> Prompt:
    title, ask = _w(ja, "ピッキング", "Pick"), _w(ja, "棚をスキャン", "Scan place")
    focus = Focus(
        place="A-12-03",
        item=_w(ja, "抹茶ラテ スティック 10本入", "Matcha latte sticks x10"),
        sku="MATCHA-10",
        lot="L2211",
        expiry="2027-03-31",
        qty=3,
        tote="T-0412",
        slot="2",
    )
    options = _options(ja, "F2", "F3", "F4", "F6", "F9")
    prompt = _base(ja, "pick", "place", title, ask)
    return replace(prompt, awaits=(Await.PLACE,), focus=focus, done=3, total=12, options=options)


def _wrong_item(ja: bool) -> Message:
    text = _w(ja, "商品がちがいます", "Wrong item")
    return Message(
        severity="error",
        code="scan.wrong_item",
        text=text,
        expected="4901234567894",
        scanned="4909999999990",
    )


def _long(item: Prompt, ja: bool) -> Prompt:
    name = _w(ja, LONG_JA, LONG_EN)
    focus = replace(item.focus, item=name, place="B-103-45-C", tote="T-000412", qty=120)
    return replace(item, focus=focus, person=_w(ja, "長谷川 左衛門三郎", "Maximilian Long"))


def _pack(ja: bool) -> Prompt:
    title, ask = _w(ja, "検品", "Check and pack"), _w(ja, "商品をスキャン", "Scan item")
    lines = (
        _w(ja, "抹茶ラテ スティック 2/2", "Matcha latte sticks 2/2"),
        _w(ja, "ガーゼハンカチ 0/1", "Gauze handkerchief 0/1"),
        _w(ja, "メッセージカード 0/1", "Message card 0/1"),
        _w(ja, "RFID 3/4 不足: ハンカチ", "RFID 3/4 missing: handkerchief"),
    )
    prompt = _base(ja, "pack", "items", title, ask)
    return replace(
        prompt,
        awaits=(Await.ITEM,),
        focus=Focus(tote="T-0412"),
        lines=lines,
        done=2,
        total=4,
        options=_options(ja, "F2", "F3", "F8", "F9"),
    )


def _weigh(ja: bool) -> Prompt:
    title, ask = _w(ja, "重さ", "Weigh"), _w(ja, "はかりにのせる", "Put it on the scale")
    text = _w(ja, "182g重い 抹茶ラテが1つ多い?", "+182 g: one matcha latte too many?")
    message = Message(
        severity="attention", code="weight.over", text=text, expected="1234 g", scanned="1416 g"
    )
    prompt = _base(ja, "pack", "weigh", title, ask)
    return replace(
        prompt,
        awaits=(Await.WEIGHT,),
        focus=Focus(tote="T-0412", box="M60", weight_g=1234),
        message=message,
        done=4,
        total=4,
        options=_options(ja, "F3", "F9"),
    )


def _label(ja: bool) -> Prompt:
    title, ask = _w(ja, "送り状", "Label"), _w(ja, "送り状をスキャン", "Scan the label")
    prompt = _base(ja, "pack", "label", title, ask)
    return replace(
        prompt,
        awaits=(Await.LABEL,),
        focus=Focus(parcel="1234-5678-9012", box="M60"),
        message=Message(text=_w(ja, "印刷しました", "Printed")),
        options=_options(ja, "F8", "F3", "F9"),
    )


def _wrong_label(ja: bool) -> Message:
    text = _w(ja, "となりの箱の送り状です", "This label is the neighbour's")
    return Message(
        severity="error",
        code="label.other",
        text=text,
        expected="1234-5678-9012",
        scanned="1234-5678-9023",
    )


def _ship(ja: bool) -> Prompt:
    title, ask = _w(ja, "積み込み", "Load"), _w(ja, "荷物をスキャン", "Scan parcel")
    lines = (_w(ja, "ヤマト 17:00 発", "Yamato leaves 17:00"), _w(ja, "残り 118個", "118 left"))
    prompt = _base(ja, "ship", "load", title, ask)
    return replace(
        prompt,
        awaits=(Await.PARCEL,),
        lines=lines,
        done=194,
        total=312,
        message=Message(text=_w(ja, "のせました", "Loaded")),
        options=_options(ja, "F3", "F5", "F9"),
    )
