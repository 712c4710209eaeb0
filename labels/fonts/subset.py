"""Make `NotoSansJP-Subset.ttf`: the name characters that BIZ UDGothic lacks, and nothing else.

`python -m labels.fonts.subset NotoSansJP_400Regular.ttf`, with fontTools' `pyftsubset` on the path.
"""

import hashlib
import subprocess
import sys
from pathlib import Path

from reportlab.pdfbase.ttfonts import TTFontFile

from labels.glyphs import Face, covered

SOURCE_SHA256 = "d930d5d52d15231c283089760f84584272ad5e37e14607ba0d19c798e7a9caec"
WANTED = (
    (0x00A0, 0x024F),  # Latin letters with accents
    (0x1E00, 0x1EFF),  # the same, for Vietnamese names
    (0x2010, 0x2027),  # hyphens and dashes, as house numbers are pasted
    (0x20A0, 0x20BF),  # currencies
    (0x2E80, 0x2FDF),  # radicals: what copying from a PDF leaves of ordinary kanji
    (0x3000, 0x30FF),  # kana and their marks
    (0x31F0, 0x31FF),  # small kana of Ainu place names
    (0x3400, 0x4DBF),  # ideographs: JIS X 0213 and the shapes that names keep
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x323AF),
)


def wanted(source: Path) -> list[int]:
    """The code points to keep: wanted, in the source, and not in BIZ UDGothic."""
    missing = set(TTFontFile(str(source)).charToGlyph) - covered(Face.BIZ_UD_GOTHIC)
    return sorted(code for code in missing if any(low <= code <= high for low, high in WANTED))


def make(source: Path, target: Path) -> None:
    """Write the subset of *source* to *target*. Refuses any other source font than the known one.

    The same bytes come out every time: the font's own time stamps are kept.
    """
    if hashlib.sha256(source.read_bytes()).hexdigest() != SOURCE_SHA256:
        raise SystemExit(
            f"{source} is not the Noto Sans JP Regular that labels/fonts/README.md names"
        )
    codes = ",".join(f"U+{code:04X}" for code in wanted(source))
    options = ("--no-hinting", "--layout-features=", "--notdef-outline", "--no-recalc-timestamp")
    tables = "--drop-tables+=BASE,GDEF,GPOS,GSUB,STAT,vhea,vmtx"
    command = ["pyftsubset", str(source), f"--unicodes={codes}", f"--output-file={target}", tables]
    subprocess.run([*command, *options], check=True)


if __name__ == "__main__":
    make(Path(sys.argv[1]), Face.NOTO_SANS_JP.path)
