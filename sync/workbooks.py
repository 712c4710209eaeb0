"""XLSX files from outside, proven before a reader lays them out: how much they unfold to.

The reader keeps every cell of a sheet up to the last one, each with its own copy of its text, and
where memory ends the whole server ends. A workbook of 2 kB can ask for any amount: by what its
archive unfolds to (which it may lie about), by a cell far away, by many small cells, or by one long
text that many cells share. So it is unfolded here, within a limit, measured, and handed on as it
was measured.
"""

import io
import re
import struct
import zipfile
from lzma import LZMAError

from wms.errors import Code, Rejected

ROWS_MAX = 100_000
CELLS_MAX = 6_000_000  # of the rectangle that holds all cells of a sheet
TEXT_BYTES_MAX = 400_000_000  # of all cells, each with its own copy of a shared text
UNPACKED_BYTES_MAX = 200_000_000
CHUNK_BYTES = 1_000_000
NEEDED = (".xml", ".rels")  # pictures and programs are left behind
# A start tag of what is measured, and the text behind it; and every such tag, however it goes on.
_TAG = re.compile(
    rb"<(?:[\w.-]+:)?(row|c|v)((?:\s(?:[^<>\"']++|\"[^<\"]*+\"|'[^<']*+')*+)?+)/?>([^<]*+)"
)
_BEGUN = re.compile(rb"<(?:[\w.-]+:)?(?:row|c|v)[\s/>]")
_TEXT = re.compile(rb"<(?:[\w.-]+:)?si[\s/>]")
_PLACE = re.compile(rb"(?<![:\w])r\s*=\s*[\"']([^\"']*)")
_SHARED = re.compile(rb"(?<![:\w])t\s*=\s*[\"']s[\"']")
_NEAR = re.compile(rb"([A-Z]{0,3})([0-9]{1,7})")
# What Python's reader of archives raises besides `BadZipFile`, about a damaged or odd one: offsets
# that lie before its beginning, a method or a secret that it does not know, an end too early.
_DAMAGED = (ValueError, RuntimeError, EOFError, OSError, OverflowError, struct.error, LZMAError)


def proven(data: bytes) -> bytes:
    """The workbook *data*, unfolded and measured, as an archive that says the truth of itself.

    Refuses `IMPORT_TOO_BIG`; raises `BadZipFile` for what is no XLSX.
    """
    try:
        parts = _unfolded(data)
    except _DAMAGED as error:
        raise zipfile.BadZipFile from error
    if "xl/workbook.xml" not in parts:
        raise zipfile.BadZipFile  # another kind of workbook: its cells cannot be looked at
    shared = [part for part in parts.values() if _TEXT.search(part)]
    if len(shared) > 1 or any(b"<!" in part for part in shared):
        raise zipfile.BadZipFile  # wherever they lie, there is one list of them, and it is plain
    texts = [len(text) for part in shared for text in _TEXT.split(part)[1:]]
    for part in parts.values():
        if b"sheetData" in part:  # wherever it lies: the archive says what is a sheet
            _refuse_huge(part, texts)
    plain = io.BytesIO()
    with zipfile.ZipFile(plain, "w") as archive:
        for name, part in parts.items():
            archive.writestr(zipfile.ZipInfo(name), part)
    return plain.getvalue()


def _unfolded(data: bytes) -> dict[str, bytes]:
    """The parts that a reader of cells needs, as they are and not as the archive says."""
    found: dict[str, bytes] = {}
    left = UNPACKED_BYTES_MAX
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for part in archive.infolist():
            if not part.filename.casefold().endswith(NEEDED):
                continue
            if part.filename in found:
                raise zipfile.BadZipFile
            chunks = []
            with archive.open(part) as file:
                while chunk := file.read(CHUNK_BYTES):
                    left -= len(chunk)
                    if left < 0:
                        raise Rejected(Code.IMPORT_TOO_BIG, limit=ROWS_MAX)
                    chunks.append(chunk)
            found[part.filename] = b"".join(chunks)
    return found


def _refuse_huge(sheet: bytes, texts: list[int]) -> None:
    """Refuse a sheet whose rectangle, or whose texts, a server cannot hold.

    *texts* are the sizes of the shared ones. A row or a cell that does not say where it is comes
    after the one before it.
    """
    rows, columns, size = _measured(sheet, texts)
    if rows > ROWS_MAX + 1 or rows * columns > CELLS_MAX or size > TEXT_BYTES_MAX:
        raise Rejected(Code.IMPORT_TOO_BIG, limit=ROWS_MAX)


def _measured(sheet: bytes, texts: list[int]) -> tuple[int, int, int]:
    if b"<!" in sheet or sheet.count(b"<?") > 1:  # it could hide cells, and no program writes it
        raise zipfile.BadZipFile
    rows = columns = row = column = size = tags = 0
    shared = False
    for tag in _TAG.finditer(sheet):
        kind, attributes, text = tag.groups()
        tags += 1
        if b'"' in attributes and b"'" in attributes:
            raise zipfile.BadZipFile  # one could stand in the other
        if kind == b"v":
            size += _size(text, texts) if shared else 0
            continue
        place = _PLACE.search(attributes)
        letters, number = _at(place[1]) if place is not None else (0, 0)
        if kind == b"row":
            row, column = number or row + 1, 0
        else:
            shared = _SHARED.search(attributes) is not None
            row, column = number or row, letters or column + 1
        rows, columns = max(rows, row), max(columns, column)
        if rows > ROWS_MAX + 1 or size > TEXT_BYTES_MAX:
            return rows, columns, size
    if tags != sum(1 for _ in _BEGUN.finditer(sheet)):
        raise zipfile.BadZipFile  # some could not be read
    return rows, columns, size


def _size(index: bytes, texts: list[int]) -> int:
    """Bytes of the shared text number *index*; what is no plain number may be any of them."""
    if not (index.isdigit() and len(index) < 9):
        return max(texts, default=0)
    return texts[int(index)] if int(index) < len(texts) else 0


def _at(reference: bytes) -> tuple[int, int]:
    """Column and row of AB12, counted from one; a row's own reference has no column."""
    near = _NEAR.fullmatch(reference)
    if near is None:
        raise Rejected(Code.IMPORT_TOO_BIG, limit=ROWS_MAX)
    column = 0
    for letter in near[1]:
        column = column * 26 + letter - 64
    return column, int(near[2])
