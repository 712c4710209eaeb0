"""The page of the browser terminal, and the doors of its pictures, without a browser."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx2
import msgspec
import pytest
import zxingcpp
from typer.testing import CliRunner

from app.__main__ import cli
from app.terminal import door
from tests.browser_site import BrowserSite, browser_site
from tests.floor_site import TOKEN
from tests.picking_site import ANNA
from tests.site_process import write_config
from wms.messages import texts
from wms.schema import photos, scans
from wms.site.items import NewItem
from wms.site.items import put as put_items

PAGE = Path("app/static/terminal")
ADDRESS = re.compile(r"(?:https?:)?//[a-z0-9]+\.", re.IGNORECASE)
SVG = "http://www.w3.org/2000/svg"
JPEG = b"\xff\xd8\xff\xe0" + bytes(200) + b"\xff\xd9"
MINE = {"Authorization": f"Bearer {TOKEN}HT-01", "Accept-Language": "en"}
OTHERS = {"Authorization": f"Bearer {TOKEN}HT-02", "Accept-Language": "en"}


@pytest.fixture
def site(sqlite_url: str, tmp_path: Path) -> Iterator[BrowserSite]:
    with browser_site(sqlite_url, tmp_path / "pictures") as site:
        (tmp_path / "pictures").mkdir()
        yield site


@pytest.fixture
def client(site: BrowserSite) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=site.address, trust_env=False) as client:
        yield client


def test_the_page_may_load_nothing_from_elsewhere(client: httpx2.Client) -> None:
    page = client.get("/t")
    assert page.status_code == 200
    policy = page.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert page.headers["x-content-type-options"] == "nosniff"
    scripts = re.findall(r"<script([^>]*)>(.*?)</script>", page.text, re.DOTALL)
    assert [body.strip() for _, body in scripts] == [""], "no script stands in the page"
    assert "style=" not in page.text
    for name in ("index.html", *door.PARTS):
        text = (PAGE / name).read_text("utf-8").replace(SVG, "")
        assert not ADDRESS.search(text), f"{name} names an address"


def test_every_part_is_served_and_nothing_else(client: httpx2.Client) -> None:
    kept = {path.name for path in PAGE.iterdir()}
    assert kept == {*door.PARTS, "index.html"}
    for name in (*door.PARTS, "words.js"):
        answer = client.get(f"/t/{name}")
        assert answer.status_code == 200
        assert answer.headers["content-type"].partition(";")[0] in door.TYPES.values()
    for name in ("index.html", "nothing.js", "..%2f..%2fREADME.md", "%2e%2e", "main.js%00"):
        assert client.get(f"/t/{name}").status_code in (400, 404), name


def test_the_command_shows_the_link_and_its_qr_code(tmp_path: Path) -> None:
    config, qr = write_config(tmp_path, 8_470), tmp_path / "ht-01.svg"
    done = CliRunner().invoke(cli, [
        "terminal", "add", "HT-01", "--page", "http://genba.example:8470/", "--qr", str(qr),
        "--config", str(config),
    ])  # fmt: skip
    assert done.exit_code == 0, done.output
    token, link = done.stdout.splitlines()
    assert link == f"http://genba.example:8470/t#HT-01:{token}"
    drawn = zxingcpp.create_barcode(link, zxingcpp.BarcodeFormat.QRCode)
    assert qr.read_text("utf-8") == drawn.to_svg()
    assert [one.text for one in zxingcpp.read_barcodes(drawn.to_image(scale=4))] == [link]
    assert qr.stat().st_mode & 0o077 == 0


def test_what_names_bring_is_only_ever_text() -> None:
    """An item's name that is markup must not become markup."""
    risky = re.compile(r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\(|new Function")
    for name in door.PARTS:
        assert not risky.search((PAGE / name).read_text("utf-8")), name


def test_the_page_s_words_are_those_that_it_says() -> None:
    said: set[str] = set()
    for path in PAGE.glob("*.js"):
        said |= set(re.findall(r'"((?:page|screen|key)\.[a-z_]+)"', path.read_text("utf-8")))
    # put together from the link's reason
    said |= {"screen.not_allowed", "screen.reconnecting", "screen.disk_full", "screen.busy"}
    said |= {"key.assist", "key.language"}
    assert said == set(door.WORDS)
    assert set(door.WORDS) <= set(texts())


def test_no_part_of_the_page_is_longer_than_a_source_may_be() -> None:
    for path in PAGE.iterdir():
        lines = path.read_text("utf-8").splitlines()
        assert len(lines) <= 400, path
        assert max(map(len, lines)) <= 100 or path.suffix == ".svg", path


def test_a_picture_of_goods_comes_from_the_site_s_own_folder(
    site: BrowserSite, client: httpx2.Client
) -> None:
    (site.folder / "tea.jpg").write_bytes(JPEG)
    (site.folder / "evil.jpg").write_bytes(b"<svg onload=alert(1)>")
    (site.folder.parent / "secret.jpg").write_bytes(JPEG)
    door_of = "/v1/terminals/HT-01/pictures"
    shown = client.get(door_of, params={"name": "tea.jpg"}, headers=MINE)
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/jpeg")
    assert shown.content == JPEG
    for name in ("evil.jpg", "../secret.jpg", "none.jpg", "/etc/hostname", ".", "photo:1"):
        refused = client.get(door_of, params={"name": name}, headers=MINE)
        assert refused.status_code in (404, 422), name
    stranger = client.get(door_of, params={"name": "tea.jpg"})
    assert stranger.status_code == 401


def test_a_photo_is_kept_only_where_a_prompt_asked_for_one(
    site: BrowserSite, client: httpx2.Client
) -> None:
    site.site.signed_in("HT-01", ANNA)
    url, query = "/v1/terminals/HT-01/photos", {"ref": "return:5", "key": "ht-01-abc-p1"}
    headers = {**MINE, "Content-Type": "image/jpeg"}
    refused = client.post(url, params=query, headers=headers, content=JPEG)
    assert refused.json()["error"]["code"] == "photo.unasked"
    stranger = client.post(url, params=query, content=JPEG)
    assert stranger.status_code == 401
    big = client.post(url, params=query, headers=headers, content=bytes(5_000_000))
    assert big.status_code == 413
    assert site.site.rows(photos.select()) == []


def test_a_photo_that_comes_late_is_kept_once_with_whoever_took_it(
    site: BrowserSite, client: httpx2.Client
) -> None:
    hand = site.site.signed_in("HT-01", ANNA)
    hand.scan("A-01")
    asked = msgspec.json.decode(site.site.journal()[-1].answer)
    asked["prompt"]["photo"] = "return:5"  # what the last screen showed
    written = msgspec.json.encode(asked).decode()
    site.site.set(scans, scans.c.id == site.site.journal()[-1].id, answer=written)
    url, query = "/v1/terminals/HT-01/photos", {"ref": "return:5", "key": "ht-01-abc-p1"}
    headers = {**MINE, "Content-Type": "image/jpeg"}
    for _ in range(2):
        kept = client.post(url, params=query, headers=headers, content=JPEG)
        assert kept.status_code == 200, kept.text
    (row,) = site.site.rows(photos.select())
    assert (row.ref, row.type, row.person_id) == ("return:5", "image/jpeg", ANNA)
    shown = client.get(
        "/v1/terminals/HT-01/pictures", params={"name": f"photo:{row.id}"}, headers=MINE
    )
    assert shown.content == JPEG
    other = client.get(
        "/v1/terminals/HT-02/pictures", params={"name": f"photo:{row.id}"}, headers=OTHERS
    )
    assert other.status_code == 404, "nobody leafs through what others photographed"
    item = NewItem(owner="acme", sku="SEEN", name="Seen", picture=f"photo:{row.id}")
    site.site.write(put_items, [item])
    goods = client.get(
        "/v1/terminals/HT-02/pictures", params={"name": f"photo:{row.id}"}, headers=OTHERS
    )
    assert goods.content == JPEG
    svg = client.post(
        url, params={**query, "key": "ht-01-abc-p2"}, headers=headers, content=b"<svg onload=x>"
    )
    assert svg.json()["error"]["code"] == "photo.type"
