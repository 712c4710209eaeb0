"""Workbooks that would take all the memory there is are refused before a reader opens them."""

import io
import zipfile

import pytest

from sync import sheets
from sync.sheets import Line
from wms.errors import Code, Rejected

SPREADSHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
BOOK = (
    f'<workbook xmlns="{SPREADSHEET}" xmlns:r="{OFFICE}"><sheets>'
    '<sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>'
)
ROOT = (
    f'<Relationships xmlns="{PACKAGE}">'
    f'<Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
    "</Relationships>"
)
USUAL = "xl/worksheets/sheet1.xml"
FIRST = '<row r="1"><c r="A1" t="inlineStr"><is><t>sku</t></is></c></row>'
FAR = f'{FIRST}<row r="3000"><c r="CZZ3000"><v>1</v></c></row>'


def book(rows: str, path: str = USUAL, target: str = "worksheets/sheet1.xml", **more: str) -> bytes:
    relations = (
        f'<Relationships xmlns="{PACKAGE}">'
        f'<Relationship Id="rId1" Type="{OFFICE}/worksheet" Target="{target}"/>'
        f'<Relationship Id="rId2" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/>'
        "</Relationships>"
    )
    sheet = f'<worksheet xmlns="{SPREADSHEET}"><sheetData>{rows}</sheetData></worksheet>'
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("_rels/.rels", ROOT)
        archive.writestr("xl/workbook.xml", BOOK)
        archive.writestr("xl/_rels/workbook.xml.rels", relations)
        archive.writestr(path, sheet)
        for name, text in more.items():
            archive.writestr(f"xl/{name}.xml", f'<sst xmlns="{SPREADSHEET}">{text}</sst>')
    return out.getvalue()


def why(data: bytes) -> str:
    with pytest.raises(Rejected) as refusal:
        sheets.table(data, "bomb.xlsx")
    return refusal.value.code


def shared(count: int) -> str:
    return FIRST + "".join(
        f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(2, count)
    )


@pytest.mark.parametrize("data", [
    pytest.param(book(FAR), id="a cell far away"),
    pytest.param(book(FAR, path="xl/evil.xml", target="evil.xml"), id="in another folder"),
    pytest.param(book(FAR, path="xl/evil/s.xml", target="/xl/evil/s.xml"), id="by its whole path"),
    pytest.param(book(FAR, path="xl/Worksheets/sheet1.XML"), id="in other letters"),
    pytest.param(
        book(f"<row>{'<c/>' * 3_500}</row>" + "<row><c/></row>" * 2_000), id="without references"
    ),
    pytest.param(
        book(shared(4_100), sharedStrings=f"<si><t>{'a' * 100_000}</t></si>"), id="one shared text"
    ),
])  # fmt: skip
def test_what_unfolds_without_end_is_too_big(data: bytes) -> None:
    assert why(data) == Code.IMPORT_TOO_BIG


@pytest.mark.parametrize("rows", [
    pytest.param(f"<!-- {FAR} -->{FIRST}", id="a comment"),
    pytest.param(f'{FIRST}<row x=\' r="2"\' r="99999999"/>', id="a place in a place"),
    pytest.param(f'{FIRST}<row r="99999999" x="<"/>', id="a tag that cannot be read"),
])  # fmt: skip
def test_what_could_hide_a_cell_is_no_workbook(rows: str) -> None:
    assert why(book(rows)) == Code.IMPORT_FORMAT


def test_an_archive_that_lies_about_its_size_is_no_workbook() -> None:
    """Its parts would be unfolded to the end before the lie is found out."""
    long = book(f'{FIRST}<row r="2"><c r="A2" t="str"><v>{"a" * 3_000_000}</v></c></row>')
    size = zipfile.ZipFile(io.BytesIO(long)).getinfo(USUAL).file_size.to_bytes(4, "little")
    assert long.count(size) == 2
    assert why(long.replace(size, (1_000).to_bytes(4, "little"))) == Code.IMPORT_FORMAT


def test_cells_need_not_say_where_they_are() -> None:
    cell = '<c t="{}"><v>{}</v></c>'
    rows = f"<row>{cell.format('str', 'sku')}{cell.format('s', 0)}</row>"
    rows += f"<row>{cell.format('str', 'TEA')}{cell.format('n', 7)}</row>"
    found = sheets.table(book(rows, sharedStrings="<si><t>qty</t></si>"), "plain.xlsx")
    assert found == (("sku", "qty"), (Line(2, ("TEA", "7")),))
