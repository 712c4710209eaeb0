"""Pick faces and the limits of places come in from files."""

from collections.abc import Iterator

import pytest
from sqlalchemy import insert, select

from sync import files
from sync.columns import Kind
from sync.files import Report
from tests.floor_site import FloorSite, floor_at
from wms.errors import Code
from wms.replenish import faces
from wms.replenish.faces import NewFace
from wms.schema import items as item_table
from wms.schema import pick_faces
from wms.schema import places as place_table
from wms.site import items
from wms.storage import places

HEADER = "ロケ,荷主,商品コード,最小数,最大数\n"


@pytest.fixture
def site(sqlite_url: str) -> Iterator[FloorSite]:
    with floor_at(sqlite_url) as site:
        site.stock_up()
        yield site
        site.check()


def bring(site: FloorSite, kind: Kind, text: str) -> Report:
    parsed = files.read(kind, text.encode(), "test.csv")
    return site.write(
        files.bring_in, parsed, dry_run=False, language="en", actor="cli", device="cli",
        now=site.now,
    )  # fmt: skip


def told(report: Report) -> list[tuple[int, str, str]]:
    return [(one.row, one.column, one.code) for one in report.faults]


def test_faces_come_in_change_and_stay(site: FloorSite) -> None:
    rows = "A-01,acme,TEA,5,20\nB-02,acme,CUP,0,8\n"
    assert bring(site, "faces", HEADER + rows).new == 2
    assert bring(site, "faces", HEADER + rows).same == 2
    changed = bring(site, "faces", HEADER + "A-01,acme,TEA,5,30\n")
    assert (changed.changed, changed.changes) == (1, {"qty_max": 1})
    found = select(pick_faces.c.place, pick_faces.c.qty_max).order_by(pick_faces.c.place)
    assert site.rows(found) == [("A-01", 30), ("B-02", 8)]


def test_every_fault_of_a_face_is_told(site: FloorSite) -> None:
    site.add(place_table, {"code": "R-01", "kind": "reserve"})
    report = bring(
        site, "faces",
        HEADER + "A-01,acme,NONE,1,2\nA-99,acme,TEA,1,2\nR-01,acme,TEA,1,2\nA-01,acme,TEA,9,2\n"
        "A-01,acme,TEA,1,2\n",
    )  # fmt: skip
    assert told(report) == [
        (2, "商品コード", Code.REFERENCE_UNKNOWN), (3, "ロケ", Code.REFERENCE_UNKNOWN),
        (4, "ロケ", Code.FACE_NOT_BIN), (5, "最大数", Code.FACE_RANGE),
        (6, "商品コード", Code.ROW_TWICE),
    ]  # fmt: skip


def test_places_have_their_limits_and_keep_what_the_floor_knows(site: FloorSite) -> None:
    text = "ロケ,種類,温度帯,出荷頻度,混載,耐荷重g,棚高さmm,容量ml\n"
    text += "A-01,棚,冷蔵,A,単品,9000,400,20000\nR-01,保管棚,,,単一ロット,,,\n"
    site.set(place_table, place_table.c.code == "A-01", counted_ms=77, blocked="count")
    report = bring(site, "places", text)
    assert (report.new, report.changed) == (1, 1)
    columns = ("storage", "velocity", "mix", "weight_g_max", "height_mm_max", "volume_ml_max",
               "counted_ms", "blocked")  # fmt: skip
    found = select(*(place_table.c[name] for name in columns)).where(place_table.c.code == "A-01")
    assert site.rows(found) == [("chilled", "A", "item", 9000, 400, 20000, 77, "count")]
    assert bring(site, "places", text).same == 2


def test_an_item_keeps_what_no_file_says(site: FloorSite) -> None:
    tea = site.good("TEA", value=980)
    site.write(items.put, [items.NewItem(owner="acme", sku="TEA", name="Tea", velocity="A")])
    columns = (item_table.c.value, item_table.c.velocity)
    assert site.rows(select(*columns).where(item_table.c.id == tea)) == [(980, "A")]


def test_faces_are_put_by_the_thousand_in_a_few_statements(site: FloorSite) -> None:
    site.write(lambda tx: tx.execute(insert(place_table), [
        {"code": f"Z-{number:04d}", "kind": "bin"} for number in range(1_000)
    ]))  # fmt: skip
    rows = [
        NewFace(place=f"Z-{number:04d}", owner="acme", sku="TEA", min=1, max=2)
        for number in range(1_000)
    ]
    assert site.write(faces.put, rows).new == 1_000
    assert site.write(faces.put, rows).same == 1_000
    assert places.check_digits("Z-0001")
