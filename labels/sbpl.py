"""A label for SATO printers (SBPL): the picture of it, in bands.

Source: SATO's SBPL reference for the CL-NX ("[ESC+A1]", "[ESC+V]", "[ESC+H]", "[ESC+G]").
Hexadecimal, not binary: a byte of a picture must not look like a question (`ENQ`) on its way. Not
verified on a printer: where the first dot lies depends on the base point that is set at its panel.
"""

from labels.bands import sheet


def from_zpl(zpl: bytes, _dots_per_mm: int) -> bytes:
    """The one label in *zpl* as one job, `ESC A ... ESC Z`, for one copy."""
    label = sheet(zpl)
    parts = [f"\x1bA\x1bA1{label.height:04d}{label.width:04d}"]
    parts += [
        f"\x1bV{band.y + 1:04d}\x1bH{band.x + 1:04d}"
        f"\x1bGH{band.bytes_across:03d}{band.rows // 8:03d}{band.dots.hex().upper()}"
        for band in label.bands
    ]
    return "".join([*parts, "\x1bQ1\x1bZ"]).encode("ascii")
