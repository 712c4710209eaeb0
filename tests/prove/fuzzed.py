"""The parsers that strangers and broken devices speak to, each with good inputs and its promise.

A target takes bytes and a seed. It may raise what is declared for it and nothing else; what else
it promises (a screen gets nothing that steers it, chunks do not matter) is asserted.
"""

import csv
import io
import json
import struct
import tomllib
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, get_args

from app.body import document
from devices.codecs import (
    grh1,
    lines,
    llrp_frames,
    llrp_tags,
    modbus_coils,
    mt_sics,
    vda5050,
    vda5050_sight,
    zpl_status,
)
from devices.drivers.llrp_client import DECODING_ERRORS
from devices.twins.llrp_wire import Malformed
from labels.zpl import field_data
from picking.resolve import elements
from sync import files, sheets, webhooks
from sync.columns import COLUMNS, Kind
from tests.intake_site import order_body
from tests.prove import fuzzed_doors, fuzzed_llrp
from tests.prove.mutating import chunks
from tests.vda_states import BUSY, IDLE
from wms import config, dates, text
from wms.errors import Rejected
from wms.orders.new import NewOrder
from wms.shape import convert
from wms.site.epc import gtin_of, serial_of, sgtin96

ROOT = Path(__file__).parent.parent.parent
GS1 = ROOT / "tests" / "fixtures" / "gs1_scans.csv"
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Target:
    """A parser: `seeds` are good inputs, `many` executions are a turn of it."""

    name: str
    seeds: Callable[[], tuple[bytes, ...]]
    run: Callable[[bytes, Random], object]
    many: int
    declared: tuple[type[Exception], ...] = ()


def _scan(data: bytes, _chance: Random) -> None:
    seen = text.storable(data.decode("utf-8", "surrogateescape"))
    assert text.storable(seen) == seen
    found = elements(seen)
    assert found.count >= 0
    assert found.expiry == "" or dates.is_date(found.expiry), found
    _steers_nothing(text.shown(found.code + found.lot + found.serial))


def _steers_nothing(shown: str) -> None:
    """Nothing of it steers a terminal or hides from the eye."""
    for one in shown:
        assert one >= " ", repr(shown)
        assert not "\x7f" <= one < "\xa0", repr(shown)
        assert one not in "\u200b\u202e\u2028\ufeff", repr(shown)


def _text(data: bytes, chance: Random) -> None:
    raw = data.decode("utf-8", "surrogateescape" if chance.random() < 0.5 else "replace")
    _steers_nothing(text.shown(raw))
    if chance.random() < 0.5:
        kept = text.clean(raw, field="notes", max=200)
        assert text.clean(kept, field="notes", max=200) == kept
    else:
        kept = text.code(raw, field="sku", max=80)
        assert text.code(kept, field="sku", max=80) == kept


def _date(data: bytes, _chance: Random) -> None:
    dates.iso_date(data.decode("utf-8", "replace"), field="day")


def _serial(data: bytes, chance: Random) -> None:
    name = chance.choice(list(lines.NAMED_SUFFIXES))
    whole, parts = (lines.Lines(lines.NAMED_SUFFIXES[name]) for _ in range(2))
    found = [scan for part in chunks(data, chance) for scan in parts.feed(part)]
    assert whole.feed(data) == found
    assert (whole.dropped, whole.pending) == (parts.dropped, parts.pending)
    for scan in [*found, *parts.give_up()]:
        assert len(scan) <= lines.SCAN_BYTES_MAX + 1


def _modbus(data: bytes, chance: Random) -> None:
    parts = modbus_coils.Replies()
    for part in chunks(data, chance):
        for reply in parts.feed(part):
            modbus_coils.coils(reply, chance.randint(1, 64))
            modbus_coils.was_written(reply, 0, 4)


def _scale(data: bytes, chance: Random) -> None:
    whole, parts = mt_sics.Replies(), mt_sics.Replies()
    found = [one for part in chunks(data, chance) for one in parts.feed(part)]
    assert whole.feed(data) == found
    assert whole.noise == parts.noise
    assert all(isinstance(one.grams, int) for one in found if isinstance(one, mt_sics.Reading))


def _printer(data: bytes, chance: Random) -> None:
    whole, parts = zpl_status.Answers(), zpl_status.Answers()
    found = [one for part in chunks(data, chance) for one in parts.feed(part)]
    assert whole.feed(data) == found
    assert whole.noise == parts.noise
    for one in found:
        assert not isinstance(one, zpl_status.Value) or (one.count or 0) >= 0


def _robot(data: bytes, chance: Random) -> None:
    size = chance.choice((grh1.STATUS_COUNT, grh1.JOURNAL_COUNT, grh1.COMMAND_COUNT))
    if chance.random() < 0.7 and len(data) >= 2:  # head and tail agree: the rest is looked at
        data = (data + bytes(size * 2))[: size * 2 - 2] + data[:2]
    data = (data + bytes(size * 2))[: size * 2]
    registers = list(struct.unpack(f">{size}H", data))
    if size == grh1.COMMAND_COUNT:
        registers[-2] = grh1.crc16(data[:-4])
        grh1.parse_command(registers)
    elif chance.random() < 0.6:
        grh1.parse_status(registers)
    else:
        grh1.parse_journal(registers)


def _epc(data: bytes, _chance: Random) -> None:
    epc = data.decode("utf-8", "replace")
    gtin = gtin_of(epc)
    if gtin is not None:
        assert gtin.isascii(), gtin
        assert gtin.isdigit(), gtin
        assert serial_of(epc).isdigit()


def _tags(data: bytes, chance: Random) -> None:
    reports = llrp_tags.TagReports("portal")
    numbers = [byte - 128 for byte in data[:3]]
    named = dict(zip(("AntennaID", "PeakRSSI", "TagSeenCount"), numbers, strict=False))
    report: dict[str, Any] = {name: value for name, value in named.items() if chance.random() < 0.8}
    reports.read(report if chance.random() < 0.1 else {**report, "EPC": data[3:]})
    llrp_tags.outcome_of(report)


def _json(data: bytes, _chance: Random) -> None:
    value = document(data)
    if isinstance(value, dict):
        convert(value, NewOrder)


def _config(data: bytes, _chance: Random) -> None:
    config.check(tomllib.loads(data.decode("utf-8")), "config.toml")


def _table(data: bytes, chance: Random) -> None:
    found = files.read(chance.choice(KINDS), data, "file.csv")
    assert found.rows or found.faults or found.columns.missing or not found.entries


def _folded(data: bytes, _chance: Random) -> None:
    """A workbook whose sheet holds *data*."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook())) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, data if name.endswith("sheet1.xml") else old.read(name))
    sheets.table(out.getvalue(), "file.xlsx")


def _answer(data: bytes, chance: Random) -> None:
    said = webhooks.words_of(data)
    assert len(said) <= webhooks.REASON_CHARACTERS_MAX
    status = chance.choice((0, 200, 204, 301, 400, 410, 429, 500, chance.randint(-5, 999)))
    one = webhooks.Outgoing(
        delivery=1, endpoint=1, name="oms", url="https://x", secret="", webhook_id="1", body=b"",
        attempts=chance.randint(0, 12),
    )  # fmt: skip
    tried = webhooks.judged(one, status, said, scale=1, random=chance)
    assert (tried.fate == "delivered") == (200 <= status < 300)


def _secret(data: bytes, _chance: Random) -> None:
    webhooks.headers_of("id", b"{}", secrets=data.decode("utf-8", "replace"), now=1_000)


def _zpl(data: bytes, _chance: Random) -> None:
    raw = data.decode("utf-8", "replace")
    written = field_data(raw).removeprefix("^FH_^FD").removesuffix("^FS")
    assert not {"^", "~"} & set(written), written
    parts = written.split("_")
    back = parts[0].encode() + b"".join(bytes.fromhex(p[:2]) + p[2:].encode() for p in parts[1:])
    assert back.decode() == raw


# Good inputs


@cache
def workbook() -> bytes:
    return sheets.xlsx([("sku", "name", "owner"), ("TEA", "茶", "acme"), ("CUP", 12, "acme")])


def _scans() -> tuple[bytes, ...]:
    rows = csv.DictReader(GS1.open(encoding="utf-8"))
    return tuple(row["scan"].replace("<GS>", "\x1d").encode() for row in rows)


def _files() -> tuple[bytes, ...]:
    made = []
    for kind in KINDS:
        names = [column.names[-1] for column in COLUMNS[kind]]
        made.append(sheets.csv_text([names, ["1"] * len(names), ["2026-11-22"] * len(names)]))
    return tuple(each.encode(code) for each in made for code in ("utf-8", "cp932"))


def _bodies() -> tuple[bytes, ...]:
    body = order_body()
    return tuple(json.dumps(one, ensure_ascii=False).encode() for one in (body, [body], {"a": 1.5}))


def _configs() -> tuple[bytes, ...]:
    whole = (ROOT / "config.toml").read_bytes()
    return (whole, *(b"[" + part for part in whole.split(b"\n[") if len(part) < 900))


def _registers() -> tuple[bytes, ...]:
    status = grh1._STATUS.pack(
        7, grh1.PROTOCOL, 1, 1, 1, 7, 0, 9, 0, 0, 0, 0, 0, 80, 0, grh1.MAGIC_U32, grh1.MAGIC_F32,
        1, 1, 7,
    )  # fmt: skip
    return status, status[:32] * 3, bytes(96)


def _vehicle(data: bytes, _chance: Random) -> None:
    state = vda5050.read(data, vda5050.State, manufacturer="acme", serial_number="A-0007")
    nothing = vda5050_sight.Known(0, 0, 0, frozenset(), frozenset())
    seen = vda5050_sight.sight(state, nothing, station=3, errors={}).status
    assert 0 <= seen.mission < 2**63
    assert 0 <= seen.battery <= 1_000


def _words() -> tuple[bytes, ...]:
    return ("神田の茶 2個".encode(), b"A-01", b"a\x1b[2Jb", b"2026-11-22", "ｶﾞｯｺｳ髙橋".encode())


TARGETS = (
    Target("scans and GS1", _scans, _scan, 400),
    Target("text", _words, _text, 800, (Rejected,)),
    Target("dates", _words, _date, 800, (Rejected,)),
    Target("serial lines", lambda: (b"]C10104901234567894\r\nA\tB\r", b"\x02A-01\x03"), _serial,
           300),
    Target("Modbus", lambda: (
        b"\x00\x01\x00\x00\x00\x06\x01\x0f\x00\x13\x00\x0a",
        b"\x00\x02\x00\x00\x00\x06\x01\x01\x03\xcd\x6b\x05",
        b"\x00\x01\x00\x00\x00\x03\x01\x8f\x02",
    ), _modbus, 800, (modbus_coils.Garbage,)),
    Target("MT-SICS", lambda: (b"S S      12.345 kg\r\n", b"S I\r\n", b'I4 A "12"\r\n'), _scale,
           500),
    Target("~HS", lambda: (
        b"\x02030,0,0,1245,000,0,0,0,000,0,0,0\x03\r\n\x02001,0,0,0,1,2,6,0,00000000,1,000\x03\r\n"
        b"\x021234,0\x03\r\n", b'"12 INCHES"', b"JOB[a-1]\r\n", b"\x02ZT411,V92,8,65536KB\x03\r\n",
    ), _printer, 60),
    Target("GRH-1", _registers, _robot, 800, (grh1.Torn, grh1.WrongProfile, ValueError)),
    Target("VDA 5050", lambda: (json.dumps(BUSY).encode(), json.dumps(IDLE).encode()), _vehicle,
           300, (vda5050.Malformed, vda5050.OtherVersion)),
    Target("EPC", lambda: tuple(
        sgtin96("4901234567894", n, prefix_digits=7).encode() for n in (0, 5, 1 << 37)
    ), _epc, 1_200),
    Target("tag reports", lambda: (b"abc3034", b"\x00\xff\x7f30740242201d8840000fe632"), _tags,
           800),
    Target("LLRP stream", lambda: (b"".join(fuzzed_llrp.reports()),), fuzzed_llrp.frames, 300,
           (llrp_frames.Garbage,)),
    Target("LLRP messages", fuzzed_llrp.reports, fuzzed_llrp.messages, 100, DECODING_ERRORS),
    Target("LLRP orders", fuzzed_llrp.requests, fuzzed_llrp.orders, 300, (Malformed,)),
    Target("scans of a book", fuzzed_doors.codes, fuzzed_doors.scans, 20),
    Target("SBPL answers", lambda: fuzzed_doors.SATO, fuzzed_doors.sato, 300),
    Target("TPCL answers", lambda: fuzzed_doors.TEC, fuzzed_doors.tec, 300),
    Target("photos", fuzzed_doors.pictures, fuzzed_doors.picture, 800),
    Target("papers", fuzzed_doors.papers, fuzzed_doors.paper, 200, (Rejected,)),
    Target("JSON bodies", _bodies, _json, 100, (Rejected,)),
    Target("configuration", _configs, _config, 2,
           (config.ConfigError, tomllib.TOMLDecodeError, UnicodeDecodeError)),
    Target("CSV", _files, _table, 40, (Rejected,)),
    Target("workbooks", lambda: (workbook(),), _table, 10, (Rejected,)),
    Target("sheets of workbooks", lambda: (
        zipfile.ZipFile(io.BytesIO(workbook())).read("xl/worksheets/sheet1.xml"),
    ), _folded, 5, (Rejected,)),
    Target("answers to webhooks", _words, _answer, 400),
    Target("secrets of webhooks", lambda: (b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",), _secret,
           200, (webhooks.BadSecret,)),
    Target("ZPL fields", _words, _zpl, 500),
)  # fmt: skip
