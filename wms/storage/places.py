"""Places: bins, docks, stations and containers, put many at once; and the places outside."""

import zlib
from collections.abc import Sequence
from typing import Annotated, Literal

from msgspec import Meta, Struct
from sqlalchemy import Row, bindparam, select, update

from wms.db import Tx, insert_for, upsert
from wms.errors import Code, Rejected
from wms.schema import places
from wms.shape import Fault, fault, of_refusal, refuse_first, shape_faults, sound
from wms.site.items import CHUNK, Put, differing_fields, put_result
from wms.stock import OUTSIDE
from wms.text import clean, code, shown

CODE_CHARACTERS = 32
# What a place that exists changes by other ways.
KEPT = ("code", "kind", "parent", "blocked", "counted_ms")

PlaceCode = Annotated[str, Meta(min_length=1, max_length=CODE_CHARACTERS, pattern="^[!-~]+$")]
Label = Annotated[str, Meta(max_length=32)]
Number = Annotated[int, Meta(ge=0, le=1_000_000)]
Limit = Annotated[int, Meta(ge=0, le=100_000_000)]  # 0 = none
Position = Annotated[int, Meta(ge=-10_000_000, le=10_000_000)]


class NewPlace(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A place as it comes in. `x_mm`, `y_mm` are on the floor plan; `parent` where it stands now.

    `check_digits` are made from the code unless they are given; they are printed beside it.
    `storage` is the only one it is fit for, `mix` what may lie there together: anything, one item,
    or one lot of it. `totes_max`: robots bring no more containers than that to
    stand there (0 = no limit).
    """

    code: PlaceCode
    kind: Literal[
        "bin", "reserve", "dock", "buffer", "station", "slot", "tote", "carton", "pallet", "cart",
        "robot",
    ]  # fmt: skip
    zone: Label = ""
    aisle: Label = ""
    bay: Number = 0
    level: Number = 0
    x_mm: Position = 0
    y_mm: Position = 0
    parent: Annotated[str, Meta(max_length=CODE_CHARACTERS)] = ""
    check_digits: Annotated[str, Meta(pattern="^([0-9]{2})?$")] = ""
    blocked: Annotated[str, Meta(max_length=100)] = ""
    epc: Annotated[str, Meta(max_length=64, pattern="^[0-9a-f]*$")] = ""
    robot_station: Annotated[int, Meta(ge=1, le=65_535)] | None = None
    totes_max: Annotated[int, Meta(ge=0, le=10_000)] = 0
    storage: Literal["", "ambient", "chilled", "frozen"] = ""
    velocity: Literal["", "A", "B", "C"] = ""
    mix: Literal["", "item", "lot"] = ""
    weight_g_max: Limit = 0
    height_mm_max: Limit = 0
    volume_ml_max: Limit = 0


Numbered = Sequence[tuple[int, NewPlace]]  # rows with their numbers among all that came


def check_digits(place: str) -> str:
    """Two digits that follow from a place's code: proof that its label was read, not guessed.

    >>> check_digits("A-01-1")
    '64'
    """
    return f"{zlib.crc32(place.encode()) % 100:02d}"


def ensure_outside(tx: Tx) -> None:
    """The places outside the site exist, whatever happened before."""
    rows = [{"code": place, "kind": "outside"} for place in OUTSIDE]
    tx.execute(insert_for(tx)(places).on_conflict_do_nothing(), rows)


def faults(tx: Tx, rows: Sequence[NewPlace]) -> list[Fault]:
    """Everything that keeps *rows* out of the book, row by row; nothing is written."""
    found = shape_faults(rows)
    found += _text_faults(sound(rows, found))
    found += _reference_faults(tx, sound(rows, found))
    return sorted(found, key=lambda fault: fault.row)


def put(tx: Tx, rows: Sequence[NewPlace]) -> Put:
    """Add or change places by code. Refuses the first of `faults`.

    Where a place stands and why it is blocked are facts of the floor: a put sets them for new
    places only.
    """
    refuse_first(faults(tx, rows))
    ensure_outside(tx)
    before = _existing(tx, [row.code for row in rows])
    values = {row.code: _values(row) for row in rows}
    differing = {
        code: differing_fields(before.get(code), _without_kept(row, code in before))
        for code, row in values.items()
    }
    changed = [row for code, row in values.items() if differing[code] is not None]
    upsert(
        tx, places, changed, key=("code",),
        update=lambda new: {
            column.name: new[column.name] for column in places.columns if column.name not in KEPT
        },
    )  # fmt: skip
    fresh = [
        {"b_code": row.code, "b_parent": row.parent}
        for row in rows
        if row.parent and row.code not in before
    ]
    if fresh:  # after all of them exist: a cart and its totes may come together
        here = places.c.code == bindparam("b_code")
        tx.execute(update(places).where(here).values(parent=bindparam("b_parent")), fresh)
    return put_result(differing.values(), len(rows) - len(before))


def block(tx: Tx, codes: Sequence[str], reason: str) -> int:
    """Nobody may pick from *codes* until they are opened again. Returns how many changed."""
    assert reason
    return _set_blocked(tx, codes, clean(reason, field="reason", max=100))


def unblock(tx: Tx, codes: Sequence[str]) -> int:
    """Open *codes* for picking. Returns how many changed."""
    return _set_blocked(tx, codes, "")


def _set_blocked(tx: Tx, codes: Sequence[str], reason: str) -> int:
    count = 0
    for start in range(0, len(codes), CHUNK):
        chosen = places.c.code.in_(codes[start : start + CHUNK]) & (places.c.blocked != reason)
        count += tx.execute(update(places).where(chosen).values(blocked=reason)).rowcount
    return count


def _values(row: NewPlace) -> dict[str, object]:
    return {
        "code": row.code, "kind": row.kind,
        "zone": clean(row.zone, field="zone", max=32),
        "aisle": clean(row.aisle, field="aisle", max=32),
        "bay": row.bay, "level": row.level, "x_mm": row.x_mm, "y_mm": row.y_mm,
        "check_digits": row.check_digits.strip() or check_digits(row.code),
        "blocked": clean(row.blocked, field="blocked", max=100), "epc": row.epc.strip(),
        "robot_station": row.robot_station, "totes_max": row.totes_max, "storage": row.storage,
        "velocity": row.velocity, "mix": row.mix, "weight_g_max": row.weight_g_max,
        "height_mm_max": row.height_mm_max, "volume_ml_max": row.volume_ml_max,
    }  # fmt: skip


def _without_kept(values: dict[str, object], exists: bool) -> dict[str, object]:
    if not exists:
        return values
    return {name: value for name, value in values.items() if name not in KEPT}


def _existing(tx: Tx, codes: Sequence[str]) -> dict[str, Row[tuple[object, ...]]]:
    found = {}
    for start in range(0, len(codes), CHUNK):
        chosen = places.c.code.in_(codes[start : start + CHUNK])
        found.update({row.code: row for row in tx.execute(select(places).where(chosen))})
    return found


def _text_faults(rows: Numbered) -> list[Fault]:
    found = []
    for number, row in rows:
        try:
            code(row.code, field="code", max=CODE_CHARACTERS)
            if row.code.startswith("@"):
                raise Rejected(Code.PLACE_OUTSIDE, field="code", value=row.code)
            _values(row)
        except Rejected as refusal:
            found.append(of_refusal(number, refusal))
    return found


def _reference_faults(tx: Tx, rows: Numbered) -> list[Fault]:
    codes = [row.code for _, row in rows]
    before = _existing(tx, codes)
    known = {*codes, *_existing(tx, sorted({row.parent for _, row in rows if row.parent}))}
    holder = {
        row.robot_station: row.code
        for row in tx.execute(select(places).where(places.c.robot_station.is_not(None)))
    }
    seen: set[str] = set()
    found = []
    for number, row in rows:
        if row.code in seen:
            found.append(fault(number, Code.ROW_TWICE, field="code", value=row.code))
        seen.add(row.code)
        if row.code in before and before[row.code]._mapping["kind"] != row.kind:
            found.append(fault(number, Code.PLACE_KIND, field="kind", value=row.code))
        if row.parent and (row.parent not in known or row.parent == row.code):
            value = shown(row.parent)
            found.append(fault(number, Code.REFERENCE_UNKNOWN, field="parent", value=value))
        station = row.robot_station
        if station is not None and holder.setdefault(station, row.code) != row.code:
            found.append(fault(number, Code.ROW_TWICE, field="robot_station", value=station))
    return found
