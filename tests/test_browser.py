"""A browser as a terminal, in a real Chromium with real keys: nothing is lost, nothing twice."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser_site import BEHIND_THE_BOUNCE_S, CUP, TEA, BrowserSite, browser_site
from tests.chromium import Browser, chromium, needs_chromium
from tests.floor_site import LEA, PIN, TOKEN

pytestmark = needs_chromium
HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>alert(1)</script>"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture
def site(sqlite_url: str, tmp_path: Path, browser: Browser) -> Iterator[BrowserSite]:
    browser.another_device()
    with browser_site(sqlite_url, tmp_path) as site:
        yield site
    assert not [url for url in browser.requests if not url.startswith((site.address, "blob:"))]
    assert browser.complaints == []


def test_a_link_makes_a_terminal_and_its_token_is_in_no_address(
    site: BrowserSite, browser: Browser
) -> None:
    page = site.open(browser)
    assert page.run("location.href") == f"{site.address}/t"
    assert page.run("history.length") <= 2
    assert page.run("JSON.parse(localStorage['genba.terminal']).token") == f"{TOKEN}HT-01"
    assert not [url for url in browser.requests if TOKEN in url]
    page.reload()
    page.until("document.body.dataset.step", "sign_in.badge")


def test_a_terminal_is_told_once_by_hand_or_by_a_scanned_link(
    site: BrowserSite, browser: Browser
) -> None:
    page = browser.page()
    page.go(f"{site.address}/t")
    page.until("document.getElementById('setup').hidden", False)
    page.scan(f"HT-01:wrong-{TOKEN}")
    page.until("document.getElementById('setup-fault').textContent.includes('HT-01')")
    page.run("document.getElementById('setup-name').value = ''")
    page.scan(f"{site.address}/t#HT-01:{TOKEN}HT-01")
    page.until("document.body.dataset.step", "sign_in.badge")


def test_a_walk_by_scanner_keys_and_touch(site: BrowserSite, browser: Browser) -> None:
    page = site.picking(browser)
    assert page.text("place") == "A-01"
    assert page.text("numbers").split() == ["3pcs", "1", "Tote", "T-01"]
    page.scan(TEA, end="Tab")
    page.until("document.querySelector('.qty b').textContent", "2")
    assert page.run("document.body.dataset.rang") in ("ok", "tick")
    time.sleep(BEHIND_THE_BOUNCE_S)
    page.press("#keys .digits")
    page.press("[data-tap='2']")
    page.press("[data-tap='enter']")  # two by hand are refused: five and fewer are scanned
    page.until("document.body.classList.contains('locked')")
    page.key("Enter")
    page.until("document.body.classList.contains('locked')", False)
    assert [line.via for line in site.site.journal()[-3:]] == ["scan", "key", "command"]


def test_a_gs1_code_keeps_its_separators(site: BrowserSite, browser: Browser) -> None:
    page = site.picking(browser)
    code = "]C101049012345678941727013110L1\x1d21S1"
    for text in (code, code.replace("\x1d", "\u241d"), code.replace("\x1d", "<GS>")):
        before = len(site.site.journal())
        page.scan(text)
        page.until("document.body.dataset.waiting", "0")
        page.until("document.getElementById('input').value", "")
        assert [line.text for line in site.site.journal()[before:]] == [code]
        page.key("Enter")
        page.until("document.body.dataset.waiting", "0")
        time.sleep(BEHIND_THE_BOUNCE_S)


def test_a_pasted_list_is_a_scan_a_line(site: BrowserSite, browser: Browser) -> None:
    page = site.picking(browser)
    before = len(site.site.journal())
    page.run(
        "(d => { d.setData('text', 'ONE-1\\r\\nTWO-2\\nTHREE'); document.dispatchEvent("
        "new ClipboardEvent('paste', {clipboardData: d, bubbles: true, cancelable: true})); })"
        "(new DataTransfer())"
    )
    page.until("document.getElementById('input').value", "THREE")
    page.until("document.body.dataset.waiting", "0")
    lines = site.site.journal()[before:]
    assert [(line.text, line.via) for line in lines] == [("ONE-1", "scan"), ("TWO-2", "scan")]


def test_an_error_locks_the_line_until_it_is_acknowledged(
    site: BrowserSite, browser: Browser
) -> None:
    page = site.picking(browser)
    page.scan(CUP)
    page.until("document.body.classList.contains('locked')")
    assert page.run("document.body.dataset.rang") == "error"
    assert page.text("lock-text") == "Wrong item. Needs TEA, read CUP"
    assert "TEA" in page.text("lock-expected")
    page.scan(TEA)
    page.shows("lock-count", "1 refused")
    page.press("#ok")
    page.until("document.body.classList.contains('locked')", False)
    assert page.run("document.querySelector('.qty b').textContent") == "3"


def test_a_reload_shows_the_same_prompt(site: BrowserSite, browser: Browser) -> None:
    page = site.picking(browser)
    page.scan(TEA)
    page.until("document.querySelector('.qty b').textContent", "2")
    page.reload()
    page.until("document.body.dataset.step", "pick.item")
    assert page.run("document.querySelector('.qty b').textContent") == "2"
    page.scan(CUP)
    page.until("document.body.classList.contains('locked')")
    page.reload()
    page.until("document.body.classList.contains('locked')")


def test_a_server_that_dies_and_comes_back_loses_no_scan(
    site: BrowserSite, browser: Browser
) -> None:
    page = site.picking(browser)
    before = len(site.site.journal())
    site.stop()
    for text in (TEA, CUP):
        page.scan(text)
        time.sleep(BEHIND_THE_BOUNCE_S)
    page.until("document.getElementById('trouble').innerText.includes('2 unsent')")
    assert "nothing is lost" in page.text("trouble")
    assert page.run("JSON.parse(localStorage['genba.queue.HT-01']).length") == 2
    site.start()
    page.until("document.body.classList.contains('locked')")
    lines = site.site.journal()[before:]
    assert [(line.text, line.fate) for line in lines] == [(TEA, "applied"), (CUP, "refused")]
    page.until("document.getElementById('trouble').hidden")
    assert page.run("localStorage['genba.queue.HT-01']") is None


def test_scans_made_while_the_server_was_away_survive_a_reload(
    site: BrowserSite, browser: Browser
) -> None:
    page = site.picking(browser)
    before = len(site.site.journal())
    page.call("Network.emulateNetworkConditions", offline=True, latency=0,
              downloadThroughput=-1, uploadThroughput=-1)  # fmt: skip
    for _ in range(2):
        page.scan(TEA)
        time.sleep(BEHIND_THE_BOUNCE_S)
    page.until("document.body.dataset.waiting", "2")
    ids = page.run("JSON.parse(localStorage['genba.queue.HT-01']).map(e => e.id)")
    page.call("Page.navigate", url="about:blank")
    page.call("Network.emulateNetworkConditions", offline=False, latency=0,
              downloadThroughput=-1, uploadThroughput=-1)  # fmt: skip
    page.go(f"{site.address}/t")
    page.until("document.body.dataset.step", "pick.item")
    page.until("document.querySelector('.qty b').textContent", "1")
    lines = site.site.journal()[before:]
    assert [line.scan_id for line in lines] == ids, "once each, in order, under their own ids"


def test_an_answer_that_was_lost_is_asked_for_again_and_nothing_happens_twice(
    site: BrowserSite, browser: Browser
) -> None:
    page = site.picking(browser)
    before = len(site.site.journal())
    page.run(
        "(real => { let lost = 1; window.fetch = async (path, how) => { const got = await "
        "real(path, how); if (how.method === 'POST' && lost-- > 0) throw new TypeError('radio'); "
        "return got; }; })(window.fetch)"
    )
    page.scan(TEA)
    page.until("document.querySelector('.qty b').textContent", "2")
    assert [line.fate for line in site.site.journal()[before:]] == ["applied"]


def test_a_pin_is_hidden_never_written_down_and_keyed_with_gloves(
    site: BrowserSite, browser: Browser
) -> None:
    page = site.open(browser)
    page.scan("BADGE:lea")
    page.until("document.body.dataset.step", "sign_in.pin")
    page.until("document.getElementById('pad').hidden", False)
    style = "getComputedStyle(document.getElementById('input')).webkitTextSecurity"
    assert page.run(style) == "disc"
    site.stop()
    for digit in PIN:
        page.press(f"[data-tap='{digit}']")
    page.press("[data-tap='enter']")
    page.until("document.body.dataset.waiting", "1")
    assert page.run("localStorage['genba.queue.HT-01']") is None
    assert PIN not in page.run("JSON.stringify(localStorage)")
    page.scan("BADGE:anna")  # what comes meanwhile could only be meant for another screen
    assert page.run("document.body.dataset.waiting") == "1"
    site.start()
    page.until("document.body.dataset.step", "menu.menu")
    assert site.site.session(LEA).dialogue == "menu"


def test_keys_work_from_the_keyboard_and_f5_does_not_reload(
    site: BrowserSite, browser: Browser
) -> None:
    page = site.picking(browser)
    page.run("window.stays = true")
    page.run("document.addEventListener('keydown', e => { window.kept = e.defaultPrevented; })")
    page.key("F5")
    page.until("document.body.dataset.step", "pick.list")
    assert page.run("window.kept") is True, "the browser itself must not get it"
    page.key("F3")
    page.until("document.body.dataset.step", "pick.item")
    page.key("F1")
    page.until("document.getElementById('sheet').hidden", False)
    assert "Scan each piece" in page.text("sheet")
    page.key("Escape")
    page.key("F10")
    page.shows("ask", "商品をスキャン")
    page.press("#keys .more")
    page.press("#sheet [data-command='language']")
    page.shows("ask", "Scan the item")
    assert page.run("window.stays") is True


def test_hostile_names_are_only_text(site: BrowserSite, browser: Browser) -> None:
    page = site.picking(browser)
    site.site.good("TEA", name=HOSTILE, picture="https://evil.example/x.png")
    page.shows("item", HOSTILE)
    assert page.run("document.getElementById('item').textContent") == HOSTILE
    assert page.run("document.querySelectorAll('#body img[src]').length") == 0
    assert not [url for url in browser.requests if "/pictures?" in url], "not even asked for"
    assert page.run("document.scripts.length") == 1
    assert page.run("document.title") == "HT-01 Genba"
    page.key("F1")
    page.until("document.getElementById('sheet').hidden", False)
    assert page.run("document.querySelectorAll('#sheet script, #sheet img').length") == 0


def test_a_second_window_takes_over_and_the_first_steps_back(
    site: BrowserSite, browser: Browser
) -> None:
    first, second = site.open(browser), site.open(browser)
    first.until("document.getElementById('sheet').innerText.includes('別の画面')")
    first.scan("BADGE:anna")
    second.scan("BADGE:bert")
    second.until("document.getElementById('person').textContent", "Bert")
    assert [line.fate for line in site.site.journal()] == ["applied"]


def test_a_terminal_that_was_ended_says_so_and_keeps_its_scans(
    site: BrowserSite, browser: Browser
) -> None:
    page = site.picking(browser)
    from wms.people import terminals

    site.site.write(terminals.revoke, "HT-01")
    page.scan(TEA)
    page.until("document.getElementById('trouble').innerText.includes('Check this terminal')")
    assert page.run("JSON.parse(localStorage['genba.queue.HT-01']).length") == 1
