"""Every prompt in a browser: at 240x320 and upwards nothing that matters is cut, nor too small."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from PIL import Image

from tests.chromium import Browser, Page, chromium, needs_chromium
from tests.floor_prompts import samples
from tests.prompt_server import Shows, showing
from tests.screens import SCREENS
from tests.screens.making import LANGUAGES
from wms.messages import Language
from wms.rooms.prompts import Prompt

pytestmark = needs_chromium
SIZES = ((240, 320), (320, 240), (360, 640), (800, 1280))
GLOVE_PX = 48
# Of each element that must be seen whole: what is wrong with it.
FAULTS = """
(() => {
  const faults = [], body = document.getElementById('body').getBoundingClientRect();
  const wide = document.documentElement.scrollWidth, high = document.documentElement.scrollHeight;
  if (wide > innerWidth || high > innerHeight) faults.push(`page ${wide}x${high}`);
  const seen = e => e && e.checkVisibility({checkOpacity: true});
  for (const id of NAMES) {
    const element = document.getElementById(id);
    if (!seen(element)) continue;
    const box = element.getBoundingClientRect();
    const inside = element.closest('#body') ? body : {top: 0, bottom: innerHeight};
    if (box.top < inside.top - 1 || box.bottom > inside.bottom + 1 || box.right > innerWidth + 1)
      faults.push(`${id} ${Math.round(box.bottom)} > ${Math.round(inside.bottom)}`);
    if (element.scrollWidth > element.clientWidth + 1 && id !== 'input')
      faults.push(`${id} is cut`);
  }
  for (const button of document.querySelectorAll('button')) {
    if (!seen(button) || button.closest('#menu') && button.closest('#body').scrollTop) continue;
    const box = button.getBoundingClientRect();
    if (box.width < GLOVE || box.height < GLOVE)
      faults.push(`${button.textContent} ${box.width}x${box.height}`);
    if (button.scrollWidth > button.clientWidth + 1) faults.push(`${button.textContent} is cut`);
  }
  return faults;
})()
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture
def shows(browser: Browser) -> Iterator[Shows]:
    browser.another_device()
    with showing(replace(samples("ja")["sign_in"], title="?")) as shows:
        yield shows
    assert browser.complaints == []


def show(page: Page, shows: Shows, prompt: Prompt) -> None:
    """Let the page look at once, and wait until it shows *prompt*."""
    shows.prompt = prompt
    page.run("document.body.dataset.step = ''")
    page.run("document.dispatchEvent(new Event('visibilitychange'))")
    page.until("document.body.dataset.step", f"{prompt.dialogue}.{prompt.step}")


def faults(page: Page, *names: str) -> list[str]:
    listed = str(list(names))
    found: list[str] = page.run(FAULTS.replace("NAMES", listed).replace("GLOVE", str(GLOVE_PX)))
    return found


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("language", ["ja", "en"])
def test_no_prompt_overflows(
    shows: Shows, browser: Browser, size: tuple[int, int], language: Language
) -> None:
    page = browser.page(*size)
    page.go(shows.link)
    page.until("document.body.dataset.step", "sign_in.badge")
    upright = size[1] >= size[0]
    for name, prompt in samples(language).items():
        show(page, shows, prompt)
        must = ["ask", "input", "keys", "ok", "lock-text"]
        must += ["place"] if upright or not prompt.locked else []
        must += ["numbers", "message"] if upright and not prompt.locked else []
        assert faults(page, *must) == [], f"{name} {language} {size}"


@pytest.mark.long
@pytest.mark.parametrize("name", sorted(SCREENS))
def test_no_screen_of_a_dialogue_overflows_the_smallest_display(
    shows: Shows, browser: Browser, name: str
) -> None:
    page = browser.page(*SIZES[0])
    page.go(shows.link)
    page.until("document.body.dataset.step", "sign_in.badge")
    found = {}
    for screen, show_in in SCREENS[name].items():
        for language in LANGUAGES:
            prompt = show_in(language)
            show(page, shows, prompt)
            must = ["ask", "input", "keys", "ok", "lock-text"]
            must += [] if prompt.locked else ["place", "numbers", "message"]
            wrong = faults(page, *must)
            if wrong:
                found[f"{screen} {language}"] = wrong
    assert found == {}


def test_a_menu_of_six_is_touched_without_scrolling(shows: Shows, browser: Browser) -> None:
    page = browser.page()
    page.go(shows.link)
    page.until("document.body.dataset.step", "sign_in.badge")
    menu = samples("ja")["menu"]
    digits = [replace(menu.options[0], key=str(n), command=str(n)) for n in (1, 2, 3, 4, 9, 0)]
    show(page, shows, replace(menu, options=tuple(digits)))
    assert faults(page, "menu", "ask") == []
    page.press("#menu [data-command='9']")
    page.until("document.body.dataset.waiting", "0")
    assert [(each["text"], each["via"]) for each in shows.inputs] == [("9", "command")]
    assert shows.inputs[0]["version"] == 1, "the prompt that was answered"


def test_a_picture_comes_through_our_door_and_opens_when_touched(
    shows: Shows, browser: Browser
) -> None:
    page = browser.page()
    page.go(shows.link)
    page.until("document.body.dataset.step", "sign_in.badge")
    item = samples("ja")["pick_item"]
    show(page, shows, replace(item, focus=replace(item.focus, picture="のし 御祝.png")))
    page.until("document.getElementById('picture').hidden", False)
    assert shows.pictures == ["のし 御祝.png"]
    assert faults(page, "place", "item", "numbers", "picture") == []
    page.press("#picture")
    page.until("document.querySelector('#sheet img').complete")
    page.key("Escape")
    outside = replace(item.focus, picture="https://evil.example/x.png")
    show(page, shows, replace(item, step="place", focus=outside))
    page.until("document.getElementById('picture').hidden", True)
    assert len(shows.pictures) == 1
    assert not [url for url in browser.requests if "evil" in url]


def test_a_photo_is_made_smaller_and_sent_for_what_was_asked(
    shows: Shows, browser: Browser, tmp_path: Path
) -> None:
    page = browser.page()
    page.go(shows.link)
    page.until("document.body.dataset.step", "sign_in.badge")
    assert page.run("document.querySelector('.shoot')") is None
    show(page, shows, replace(samples("en")["pack_items"], photo="return:5"))
    page.until("document.querySelector('.shoot').checkVisibility()")
    assert faults(page, "ask", "keys") == []
    Image.effect_noise((3000, 2000), 60).convert("RGB").save(tmp_path / "crushed.png")
    root = page.call("DOM.getDocument")["root"]["nodeId"]
    camera = page.call("DOM.querySelector", nodeId=root, selector="#camera")["nodeId"]
    page.call("DOM.setFileInputFiles", nodeId=camera, files=[str(tmp_path / "crushed.png")])
    page.until("document.getElementById('message').textContent", "The photo is kept")
    ((ref, image),) = shows.photos
    assert ref == "return:5"
    assert image.startswith(b"\xff\xd8\xff")
    (tmp_path / "sent.jpg").write_bytes(image)
    assert max(Image.open(tmp_path / "sent.jpg").size) == 1280
