"""Big letters made of coloured spaces: readable at arm's length, and right in every font.

Block characters would do the same, but terminals disagree about their width.
"""

HEIGHT = 5
_GAP = 1

_PICTURES = (
    (
        "0123456789",
        "### .#. ### ### #.# ### ### ### ### ###",
        "#.# ##. ..# ..# #.# #.. #.. ..# #.# #.#",
        "#.# .#. ### .## ### ### ### ..# ### ###",
        "#.# .#. #.. ..# ..# ..# #.# ..# #.# ..#",
        "### ### ### ### ..# ### ### ..# ### ###",
    ),
    (
        "ABCDEFGHIJKL",
        ".#. ##. .## ##. ### ### .## #.# # ..# #.# #..",
        "#.# #.# #.. #.# #.. #.. #.. #.# # ..# #.# #..",
        "### ##. #.. #.# ##. ##. #.# ### # ..# ##. #..",
        "#.# #.# #.. #.# #.. #.. #.# #.# # #.# #.# #..",
        "#.# ##. .## ##. ### #.. .## #.# # .#. #.# ###",
    ),
    (
        "MNOPQRSTUVWXYZ",
        "#...# #..# .#. ##. .#. ##. .## ### #.# #.# #...# #.# #.# ###",
        "##.## ##.# #.# #.# #.# #.# #.. .#. #.# #.# #...# #.# #.# ..#",
        "#.#.# #.## #.# ##. #.# ##. .#. .#. #.# #.# #.#.# .#. .#. .#.",
        "#...# #..# #.# #.. ### #.# ..# .#. #.# #.# ##.## #.# .#. #..",
        "#...# #..# .#. #.. .## #.# ##. .#. ### .#. #...# #.# .#. ###",
    ),
    (
        "-./,:+ ",
        ".. . ..# .. . ... ..",
        ".. . ..# .. # .#. ..",
        "## . .#. .. . ### ..",
        ".. . #.. .# # .#. ..",
        ".. # #.. #. . ... ..",
    ),
)


def _read() -> dict[str, tuple[str, ...]]:
    glyphs: dict[str, tuple[str, ...]] = {}
    for characters, *rows in _PICTURES:
        columns = zip(*(row.split(" ") for row in rows), strict=True)
        glyphs.update(zip(characters, columns, strict=True))
    return glyphs


_GLYPHS = _read()


def drawable(text: str) -> bool:
    """Whether every character of *text* has a picture (lower case is drawn as upper case)."""
    return bool(text) and all(char in _GLYPHS for char in text.upper())


def width(text: str, scale: int = 1) -> int:
    """Cells across that `draw` needs."""
    return (sum(len(_GLYPHS[char][0]) + _GAP for char in text.upper()) - _GAP) * scale


def draw(text: str, scale: int = 1) -> list[str]:
    """Five rows of `#` (ink) and `.` (paper), each pixel *scale* cells wide.

    >>> print(chr(10).join(draw("4-1")))
    #.#.....#.
    #.#....##.
    ###.##..#.
    ..#.....#.
    ..#....###
    """
    rows = [".".join(_GLYPHS[char][y] for char in text.upper()) for y in range(HEIGHT)]
    return ["".join(pixel * scale for pixel in row) for row in rows]
