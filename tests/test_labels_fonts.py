"""The embedded fonts: what they are, what they cover, and what happens to everything else."""

import hashlib
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labels.fonts.subset import WANTED, make
from labels.glyphs import FONT_FOLDER, GETA, Face, covered, face_of, printable, runs, width_em
from labels.lines import fit, wrap
from wms.errors import Code, Rejected

JAPANESE = st.text(
    st.sampled_from("山田髙﨑𠮷ー、。（）「」ァｶﾞ 0aA-./　〓株式会社"), min_size=1, max_size=80
)
ANY_TEXT = st.text(max_size=80) | JAPANESE


def test_every_font_and_licence_is_the_one_we_checked() -> None:
    lines = (FONT_FOLDER / "SHA256SUMS").read_text("ascii").splitlines()
    sums = {name: digest for digest, name in (line.split() for line in lines)}
    files = {path.name for path in FONT_FOLDER.iterdir() if path.suffix in (".ttf", ".txt")}
    assert set(sums) == files
    for name, digest in sums.items():
        assert hashlib.sha256((FONT_FOLDER / name).read_bytes()).hexdigest() == digest, name


def test_both_licences_are_the_open_font_licence() -> None:
    for name in ("OFL-BIZUDGothic.txt", "OFL-NotoSansJP.txt"):
        assert "SIL OPEN FONT LICENSE Version 1.1" in (FONT_FOLDER / name).read_text("utf-8")


def test_the_subset_repeats_nothing_and_holds_only_what_was_wanted() -> None:
    extra = covered(Face.NOTO_SANS_JP) - {0x20}
    assert not extra & covered(Face.BIZ_UD_GOTHIC)
    assert all(any(low <= code <= high for low, high in WANTED) for code in extra)


def test_the_subset_is_made_from_one_known_font_only(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="not the Noto Sans JP"):
        make(FONT_FOLDER / Face.BIZ_UD_GOTHIC, tmp_path / "other.ttf")


def test_all_that_carriers_and_names_use_can_be_printed() -> None:
    """Everything of cp932 and of JIS X 0213 (where all kanji for names are) has a glyph."""
    for code in range(0x20, 0x30000):
        character = chr(code)
        if unicodedata.category(character) in ("Cc", "Cf", "Co", "Cs", "Cn"):
            continue
        for encoding in ("cp932", "euc_jis_2004"):
            if character.encode(encoding, "ignore") and character not in "ǵ⦅⦆":
                assert face_of(character) is not None, f"{character} U+{code:04X} of {encoding}"


@pytest.mark.parametrize(
    "character", ["👍", "한", "简", "\ue000", "\U0010ffff", "a\u0346", "\ud800"]
)
def test_a_character_that_no_font_has_is_refused_by_name(character: str) -> None:
    with pytest.raises(Rejected) as refused:
        printable(f"山田{character}", "recipient.name")
    assert refused.value.code == Code.LABEL_GLYPH
    assert refused.value.params["field"] == "recipient.name"
    assert refused.value.params["code_point"] == f"U+{ord(character[-1]):04X}"


@pytest.mark.parametrize(
    "hidden", ["\x1b", "\x00", "\x9b", "\u202e", "\u2066", "\u200b", "\ufeff", "\u2028", "\ufffd"]
)
def test_what_would_hide_or_steer_is_shown_as_unprintable(hidden: str) -> None:
    assert printable(f"山{hidden}田", "name").text == f"山{GETA}田"


@pytest.mark.parametrize(
    ("given_", "printed"),
    [
        ("葛\U000e0100城", "葛城"),
        ("☎\ufe0f", "☎"),
        ("か\u3099", "が"),
        ("あ\u3099", "あ゛"),
        ("神\ufa19", "神\ufa19"),  # the old shape of 神 stays what it is
        ("e\u0301", "é"),
        ("1\u20092", "1 2"),
    ],
)
def test_what_is_composed_simplified_or_kept(given_: str, printed: str) -> None:
    assert printable(given_, "name").text == printed


def test_a_removed_variation_selector_is_noted() -> None:
    assert printable("葛\U000e0100城", "name").simplified
    assert not printable("葛城", "name").simplified


@given(ANY_TEXT)
def test_no_character_is_ever_dropped_silently(text: str) -> None:
    """Every character but selectors and composed marks is printed, replaced or refused."""
    try:
        shown = printable(text, "name")
    except Rejected as refused:
        assert refused.code == Code.LABEL_GLYPH
        return
    assert "".join(run.text for run in runs(shown.text)) == shown.text
    assert all(face_of(character) for character in shown.text)
    if not shown.simplified:
        assert len(shown.text) == len(text) or unicodedata.normalize("NFC", text) != text


@given(JAPANESE, st.integers(2, 30))
def test_wrapping_loses_nothing_and_keeps_inside(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert "".join(lines) == text
    assert all(width_em(line.rstrip(" \u3000")) <= width for line in lines)


@given(JAPANESE, st.integers(20, 200), st.integers(20, 100))
def test_text_that_fits_lies_in_its_box_and_no_larger_size_would(
    text: str, width: int, height: int
) -> None:
    sizes = range(40, 8, -2)
    found = fit(text, width, height, sizes)
    if found is None:
        return
    assert found.height <= height
    assert all(width_em(line.rstrip()) * found.size <= width for line in found.lines)
    larger = [size for size in sizes if size > found.size]
    assert fit(text, width, height, larger) is None
