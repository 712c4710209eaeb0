"""Papers of the OMS: through the door, proven, kept once, printed at the bench, never hostile."""

import base64
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from reportlab.pdfgen.canvas import Canvas

from tests.api_site import Api, api
from tests.intake_site import accept, order
from wms.errors import Code, Rejected
from wms.orders.new import NewPaper
from wms.papers.documents import BYTES_MAX, refuse_unsafe


def pdf(pages: int = 1, words: str = "請求書 INV-1") -> bytes:
    """A plain paper."""
    out = BytesIO()
    canvas = Canvas(out, invariant=1, pageCompression=1)
    for _ in range(pages):
        canvas.drawString(100, 700, words.encode("ascii", "replace").decode())
        canvas.showPage()
    canvas.save()
    return out.getvalue()


PAPER = pdf()
HIDDEN = zlib.compress(b"1 0 obj << /S /JavaScript /JS (app.alert(1)) >> endobj")


def with_object(text: bytes) -> bytes:
    """A paper with one more object in it."""
    return PAPER.replace(b"endobj", b"endobj\n99 0 obj\n" + text + b"\nendobj", 1)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "not a PDF"),
        (b"<html>%PDF-1.4 %%EOF", "not a PDF"),
        (b"GIF89a" + PAPER, "not a PDF"),
        (PAPER[:-40], "not a PDF"),
        (b"%PDF-1.4\n%%EOF", "0 pages"),
        (pdf(21), "21 pages"),
        (with_object(b"<< /S /JavaScript /JS (x) >>"), "JavaScript"),
        (with_object(b"<< /S /J#61vaScript >>"), "JavaScript"),
        (with_object(b"<< /S /Launch /F (cmd.exe) >>"), "Launch"),
        (with_object(b"<</OpenAction 5 0 R>>"), "OpenAction"),
        (with_object(b"<< /EmbeddedFiles << >> >>"), "EmbeddedFiles"),
        (with_object(b"<< /Encrypt 7 0 R >>"), "Encrypt"),
        (with_object(b"<< /Type /ObjStm >> stream\n" + HIDDEN + b"\nendstream"), "JavaScript"),
        (
            with_object(
                b"<< /Type /ObjStm /Filter [/ASCIIHexDecode /FlateDecode] >> stream\n"
                + HIDDEN.hex().encode()
                + b">\nendstream"
            ),
            "ObjStm",
        ),
        (
            with_object(
                b"<< /Type /ObjStm /Filter /FlateDecode /DecodeParms 9 0 R >> stream\n"
                + zlib.compress(b"\x02" + b"coded by rows, as pictures are")
                + b"\nendstream"
            ),
            "ObjStm",
        ),
        (
            with_object(b"<< >> stream\n" + zlib.compress(bytes(40_000_000)) + b"\nendstream"),
            "size",
        ),
        (PAPER + b" " * BYTES_MAX + b"%%EOF", "size"),
    ],
)
def test_what_is_no_plain_paper_is_refused(data: bytes, what: str) -> None:
    with pytest.raises(Rejected) as refusal:
        refuse_unsafe(data)
    assert (refusal.value.code, refusal.value.params["reason"]) == (Code.DOCUMENT_UNSAFE, what)


def test_plain_papers_are_taken() -> None:
    refuse_unsafe(PAPER)
    refuse_unsafe(pdf(20))
    objects = b"<< /Type /ObjStm /Filter /FlateDecode >> stream\n" + zlib.compress(b"7 0 << >>")
    table = b"<< /Type /XRef /DecodeParms << /Predictor 12 >> /Filter /FlateDecode >> stream\n"
    places = zlib.compress(b"\x02\x01\x00\x10")
    refuse_unsafe(with_object(objects + b"\nendstream endobj\n8 0 obj\n" + table + places))


@pytest.fixture
def site(new_sqlite: Any) -> Iterator[Api]:
    with api(new_sqlite()) as site:
        accept(site.book, order("E-1"))
        yield site


def ask(site: Api, body: dict[str, Any], path: str = "E-1", owner: str = "") -> tuple[int, Any]:
    headers = site.headers("orders:write", owner=owner)
    answer = site.client.post(f"/v1/orders/{path}/documents", json=body, headers=headers)
    return answer.status_code, answer.json()


def bill(data: bytes = PAPER, **changes: Any) -> dict[str, Any]:
    return {"kind": "invoice", "code": "INV-1", "pdf": base64.b64encode(data).decode(), **changes}


def test_a_paper_is_kept_once(site: Api) -> None:
    status, answer = ask(site, bill())
    assert (status, answer["here"], answer["packed"], answer["new"]) == (201, True, False, True)
    assert ask(site, bill())[0] == 200
    assert ask(site, bill(pdf()[:-5] + b"      %%EOF\n"))[0] == 409
    assert ask(site, bill(kind="receipt"))[0] == 409
    headers = site.headers("orders:read")
    listed = site.client.get("/v1/orders/E-1/documents", headers=headers).json()["documents"]
    assert [(one["code"], one["here"]) for one in listed] == [("INV-1", True)]


def test_a_paper_can_be_announced_before_it_comes(site: Api) -> None:
    status, answer = ask(site, bill(pdf=""))
    assert (status, answer["here"]) == (201, False)
    assert ask(site, bill(pdf=""))[0] == 200
    status, answer = ask(site, bill())
    assert (status, answer["here"]) == (201, True)


def test_what_is_wrong_with_a_paper_is_said(site: Api) -> None:
    for body, status, code in (
        (bill(pdf="not base64!"), 400, "field.wrong"), (bill(b"%PDF-1.4"), 422, "document.unsafe"),
        (bill(code="INV 1"), 400, "field.pattern"), (bill(kind="poem"), 400, "field.choice"),
        ({"kind": "invoice"}, 400, "field.missing"), (bill(more=1), 400, "field.unknown"),
    ):  # fmt: skip
        got, answer = ask(site, body)
        assert (got, answer["error"]["code"]) == (status, code), body
    assert ask(site, bill(), path="nothing")[0] == 404


def test_nobody_puts_papers_into_another_owner_s_box(site: Api) -> None:
    assert ask(site, bill(), owner="B")[0] == 404
    headers = site.headers("orders:read")
    assert site.client.post(
        "/v1/orders/E-1/documents", json=bill(), headers=headers
    ).status_code == 403  # fmt: skip


def test_an_order_announces_its_papers(site: Api) -> None:
    headers = {**site.headers("orders:write", "orders:read")}
    accept(site.book, order("E-2", documents=(NewPaper(kind="receipt", code="RC-77"),)))
    listed = site.client.get("/v1/orders/E-2/documents", headers=headers).json()["documents"]
    assert [(one["kind"], one["code"], one["here"]) for one in listed] == [
        ("receipt", "RC-77", False),
    ]  # fmt: skip


def test_the_amounts_of_a_bill_are_kept_once_and_are_no_program(site: Api) -> None:
    body: dict[str, Any] = {
        "kind": "invoice", "code": "INV-9",
        "bill": {"amount": 3_300, "totals": [{"label": "10%対象", "amount": 3_300}]},
    }  # fmt: skip
    status, answer = ask(site, body)
    assert (status, answer["here"], answer["new"]) == (201, True, True)
    assert ask(site, body)[0] == 200
    other = {**body, "bill": {"amount": 3_301}}
    assert ask(site, other)[0] == 409
    assert ask(site, bill(code="INV-9"))[0] == 409, "nor is there a PDF besides"
    wrong: tuple[tuple[dict[str, Any], int, str], ...] = (
        ({**bill(code="INV-8"), "bill": {"amount": 1}}, 400, "field.wrong"),
        ({**body, "kind": "letter", "code": "INV-8"}, 400, "field.wrong"),
        ({**body, "code": "INV-8", "bill": {"amount": 1, "to": "🎂"}}, 422, "label.glyph"),
        ({**body, "code": "INV-8", "bill": {"amount": 1.5}}, 400, "field.not_int"),
    )
    for sent, wanted, code in wrong:
        got, answer = ask(site, sent)
        assert (got, answer["error"]["code"]) == (wanted, code), sent
