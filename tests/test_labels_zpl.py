"""ZPL: what the builder writes, what the preview reads, and that neither believes the other."""

import re
from collections.abc import Callable
from random import Random

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from labels import symbols
from labels.preview import Unprintable, read
from labels.preview_symbols import code128
from labels.raster import graphic_field
from labels.zpl import Label, field_data
from tests.label_reading import barcodes, collisions, one
from wms.errors import Code, Rejected

PRINTABLE_ASCII = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1)
DOTS = (8, 12)


@given(st.text(max_size=60))
def test_no_field_data_can_be_a_command(text: str) -> None:
    try:
        written = field_data(text)
    except UnicodeEncodeError:
        assert any("\ud800" <= character <= "\udfff" for character in text)
        return
    inside = written.removeprefix("^FH_^FD").removesuffix("^FS")
    assert re.fullmatch(r"(?:[ -\[\]`-}]|_[0-9A-F]{2})*", inside)


def label_with(symbol: symbols.Symbol, dots: int, module_mm: float = 0.375) -> Label:
    """A label of the usual width with *symbol* on it."""
    label = Label(100, 50, dots)
    if symbol.matrix:
        label.matrix(symbol, 2, 2, 46, 1.5)
    else:
        label.linear(symbol, 1, 5, 98, 20, module_mm)
    return label


@given(PRINTABLE_ASCII.filter(lambda text: len(text) <= 24), st.sampled_from(DOTS))
def test_any_code_128_is_read_back(text: str, dots: int) -> None:
    label = one(label_with(symbols.code128(text, "code"), dots).to_zpl())
    assert label.fields[0].text == text
    assert barcodes(label.image()) == {text}
    assert not collisions(label)


@given(PRINTABLE_ASCII)
def test_the_width_of_a_code_128_is_known_before_it_is_printed(text: str) -> None:
    symbol = symbols.code128(text, "code")
    shown, widths = code128(symbol.data)
    assert shown == text
    assert sum(widths) == symbol.modules


@given(st.text("0123456789", min_size=4, max_size=40))
def test_digits_are_packed_in_pairs(text: str) -> None:
    assert symbols.code128(text, "code").modules <= 11 * (len(text) // 2 + 5) + 13


@pytest.mark.parametrize("dots", DOTS)
@pytest.mark.parametrize(
    "elements",
    [
        (("00", "340123450000000123"),),
        (("00", "999999999999999995"),),
        (("01", "04901234567894"), ("17", "271231"), ("10", "LOT-A1"), ("21", "S1")),
        (("10", "WWWWWWWWWW-ABCDEFGHI"),),
        (("02", "04901234567894"), ("37", "12345"), ("10", "1234567890")),
        (("10", "12345"), ("21", "678901")),
    ],
)
def test_gs1_128_separates_exactly_the_elements_of_open_length(
    elements: tuple[tuple[str, str], ...], dots: int
) -> None:
    label = label_with(symbols.gs1_128(elements, "gs1"), dots)
    (read_back,) = zxingcpp.read_barcodes(one(label.to_zpl()).image())
    assert read_back.symbology_identifier == "]C1"
    assert read_back.text == "".join(f"({identifier}){value}" for identifier, value in elements)


@pytest.mark.parametrize(
    "elements",
    [
        (("00", "340123450000000124"),),  # check digit
        (("01", "4901234567894"),),  # not fourteen digits
        (("10", "ロット"),),
        (("10", "L 1"),),
        (("10", ""),),
    ],
)
def test_gs1_refuses_what_no_scanner_could_trust(elements: tuple[tuple[str, str], ...]) -> None:
    with pytest.raises(Rejected) as refused:
        symbols.gs1_128(elements, "sscc")
    assert refused.value.code == Code.LABEL_BARCODE
    with pytest.raises(Rejected):
        symbols.gs1_data_matrix(elements, "sscc")


@given(st.text("0123456789-$:/.+", min_size=4, max_size=14), st.sampled_from(DOTS))
def test_any_nw7_is_read_back(text: str, dots: int) -> None:
    symbol = symbols.nw7(text, "tracking")
    label = one(label_with(symbol, dots).to_zpl())
    assert barcodes(label.image()) == {text}
    assert not collisions(label)
    assert label.fields[0].ink.width % symbol.modules == 0


@pytest.mark.parametrize("dots", DOTS)
@pytest.mark.parametrize("make", [symbols.nw7, symbols.code128])
def test_quiet_zones_are_never_given_up_for_a_longer_code(
    make: Callable[[str, str], symbols.Symbol], dots: int
) -> None:
    for length in range(4, 60):
        try:
            label = one(label_with(make("7-" * (length // 2), "code"), dots).to_zpl())
        except Rejected as refused:
            assert refused.code == Code.LABEL_BARCODE_WIDE
            assert length > 20
            return
        assert not collisions(label)
    pytest.fail("nothing was too long")


@given(PRINTABLE_ASCII.filter(lambda text: len(text) <= 100), st.sampled_from(DOTS))
def test_any_qr_is_read_back_and_no_larger_than_reckoned(text: str, dots: int) -> None:
    symbol = symbols.qr(text, "token")
    label = one(label_with(symbol, dots).to_zpl())
    assert barcodes(label.image()) == {text}
    field = label.fields[0]
    assert field.ink.width + field.x <= 48 * dots
    # Printers lower a QR code by the last ^BY height, which an earlier label may have set.
    assert field.y - field.x == 1


@pytest.mark.parametrize("dots", DOTS)
@pytest.mark.parametrize("lot", ["A", "LOT_A-1", "12345678901234567890", "%&'*+,-./:;<=>?!"])
def test_a_gs1_data_matrix_is_read_back(lot: str, dots: int) -> None:
    elements = (("01", "04901234567894"), ("10", lot), ("21", "S_1"))
    label = one(label_with(symbols.gs1_data_matrix(elements, "item"), dots).to_zpl())
    (read_back,) = zxingcpp.read_barcodes(label.image())
    assert read_back.symbology_identifier == "]d2"
    assert read_back.bytes.decode() == f"010490123456789410{lot}\x1d21S_1"
    assert label.fields[0].text == read_back.bytes.decode()


@pytest.mark.parametrize("text", ["", "山田", "A\x1bB", "A\x1d", "é"])
def test_a_barcode_refuses_what_it_cannot_hold(text: str) -> None:
    for make in (symbols.code128, symbols.nw7, symbols.qr):
        with pytest.raises(Rejected) as refused:
            make(text, "code")
        assert refused.value.code == Code.LABEL_BARCODE


def test_a_barcode_never_runs_off_the_label() -> None:
    with pytest.raises(Rejected) as refused:
        label_with(symbols.code128("W" * 40, "code"), 8)
    assert refused.value.code == Code.LABEL_BARCODE_WIDE
    with pytest.raises(Rejected):
        symbols.qr("x" * 500, "token")


def test_a_field_off_the_label_is_our_own_mistake() -> None:
    with pytest.raises(AssertionError, match="runs off the label"):
        Label(50, 30, 8).frame(10, 10, 41, 5)


@given(
    st.integers(1, 4000), st.integers(1, 6), st.randoms(use_true_random=False), st.integers(0, 9)
)
def test_compressed_pictures_come_out_dot_for_dot(
    width: int, height: int, random: Random, blackness: int
) -> None:
    """Long runs, equal rows, rows of one colour: all that the compression has signs for."""
    runs = iter(lambda: [int(random.randint(0, 9) < blackness)] * random.randint(1, 2500), None)
    dots: list[int] = []
    while len(dots) < width * height:
        dots += next(runs)
    picture = Image.new("1", (width, height))
    picture.putdata(dots[: width * height])
    zpl = f"^XA^PW4100^LL50^FO3,4{graphic_field(picture)}^FS^XZ".encode()
    field = one(zpl).fields[0]
    assert field.ink.crop((0, 0, width, height)).tobytes() == picture.tobytes()
    assert field.ink.getbbox() == picture.getbbox()


def test_compression_follows_the_manual_s_table() -> None:
    """Hand-made from the manual: runs of 1-19 (G-Y), of 20s (g-z), fill, black fill, repeat."""
    data = "hMF0,:!K0F00,"  # row of 54 nibbles: 47 F, 0, fill; the same; black; 50 ...
    row = "F" * 47 + "0" * 7
    zpl = f"^XA^PW300^LL9^FO0,0^GFA,108,108,27,{data}^FS^XZ".encode()
    (field,) = one(zpl).fields
    digits = field.ink.tobytes().hex().upper()
    assert digits == row + row + "F" * 54 + "0" * 5 + "F" + "0" * 48


@pytest.mark.parametrize(
    "zpl",
    [
        b"^XA^FO1,1^A0N,20,20^FDtext^FS^XZ",
        b"^XA^XFE:OTHER.ZPL^FS^XZ",
        b"~JR",
        b"^XA^FO1,1^GFA,2,2,1,FF^FS^XZ",
        b"^XA^FO1,1^GFA,1,1,1,F^FS^XZ",
        b"^XA^FO1,1^BCN,50,N,N,N,N^FS^XZ",
        b"^XA^FO1,1^GB10,10,1^XZ",
        b"^XA^GB10,10,1^FS^XZ",
        b"^XA^POI^XZ",
        b"^XA^FO1,1^BCN,50,N,N,N,N^FD>:\xe5\xb1\xb1^FS^XZ",
        b"stray ^XA^XZ",
    ],
)
def test_the_preview_refuses_what_it_does_not_know(zpl: bytes) -> None:
    with pytest.raises(Unprintable):
        read(zpl)


def test_the_preview_reads_the_driver_s_additions_without_inking_them() -> None:
    added = b"^FN9999^FDjob-1^FS^PQ3^FH_^HV9999,32,JOB,_0D_0A,L^FS"
    label = one(b"^XA^CI28^PW80^LL80^FO8,8^GB9,9,1^FS" + added + b"^XZ")
    assert [field.kind for field in label.fields] == ["GB"]
    assert label.copies == 3
