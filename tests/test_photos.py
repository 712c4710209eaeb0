"""Photos: only pictures get in, whatever they are called, and each once."""

import zlib
from collections.abc import Callable, Iterator

import pytest

from tests.picking_site import NOON, Site, refused, site_at
from wms.errors import Code
from wms.papers import photos

JPEG = b"\xff\xd8\xff\xe0" + b"x" * 40 + b"\xff\xd9"
PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 40 + b"\x00\x00\x00\x00IEND" + zlib.crc32(b"IEND").to_bytes(4)
WEBP = b"RIFF" + (44).to_bytes(4, "little") + b"WEBP" + b"x" * 40
HOSTILE = (
    b"", b"\xff\xd8\xff", b"GIF89a" + b"x" * 40, b"<svg xmlns='x' onload='alert(1)'/>", JPEG[:-1],
    PNG[:-4], WEBP + b"<script>", b"\x89PNG" + JPEG, b"MZ" + PNG, b"PK\x03\x04" + WEBP,
)  # fmt: skip


@pytest.fixture
def site(new_book: Callable[[], str]) -> Iterator[Site]:
    with site_at(new_book()) as site:
        yield site


def keep(site: Site, image: bytes, *, key: str = "k", ref: str = "return:5", type: str = "") -> int:
    return site.write(
        photos.keep, key=key, ref=ref, type=type, image=image, person=1, now=NOON
    )  # fmt: skip


def test_each_kind_of_picture_is_known_by_its_bytes(site: Site) -> None:
    for number, image in enumerate((JPEG, PNG, WEBP)):
        keep(site, image, key=f"k{number}")
    kept = site.read(photos.of, "return:5")
    assert [one.type for one in kept] == list(photos.TYPES)
    assert [one.size for one in kept] == [len(JPEG), len(PNG), len(WEBP)]
    assert {(one.person, one.at_ms) for one in kept} == {(1, NOON)}
    assert site.read(photos.image_of, kept[1].id) == ("image/png", PNG)
    assert site.read(photos.of, "return:6") == ()


@pytest.mark.parametrize("image", HOSTILE)
def test_what_is_no_picture_is_refused_whatever_it_is_called(image: bytes, site: Site) -> None:
    for called in ("", "image/png", "image/svg+xml"):
        with refused(Code.PHOTO_TYPE):
            keep(site, image, type=called)


def test_a_picture_that_is_called_another_kind_is_refused(site: Site) -> None:
    with refused(Code.PHOTO_TYPE):
        keep(site, JPEG, type="image/png")
    with refused(Code.PHOTO_TYPE):
        keep(site, JPEG, type="text/html")
    assert keep(site, JPEG, type="image/jpeg")


def test_a_picture_has_a_size(site: Site) -> None:
    with refused(Code.PHOTO_TOO_BIG):
        keep(site, JPEG[:-2] + b"x" * photos.BYTES_MAX + b"\xff\xd9")


def test_the_same_picture_again_is_kept_once(site: Site) -> None:
    first = keep(site, JPEG)
    assert keep(site, JPEG) == first
    with refused(Code.KEY_REUSED):
        keep(site, PNG)
    with refused(Code.KEY_REUSED):
        keep(site, JPEG, ref="return:6")
    assert len(site.read(photos.of, "return:5")) == 1


def test_a_stuck_button_does_not_fill_the_book(site: Site) -> None:
    for number in range(photos.OF_ONE_MAX):
        keep(site, JPEG, key=f"k{number}")
    with refused(Code.PHOTO_TOO_MANY):
        keep(site, JPEG, key="one more")


def test_a_picture_shows_something_with_a_name(site: Site) -> None:
    with refused(Code.TEXT_EMPTY):
        keep(site, JPEG, ref="")
    with refused(Code.REFERENCE_UNKNOWN):
        site.read(photos.image_of, 99)
