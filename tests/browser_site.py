"""The floor's site behind a real door, and a browser that is one of its terminals."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from app.http import HttpSettings, make_app
from app.terminal import door
from picking import http as terminal_door
from picking import pictures
from tests.chromium import Browser, Page
from tests.floor_site import JAN, TOKEN, FloorSite, floor_at
from tests.picking_site import NOON
from tests.serving import served
from tests.site_process import free_port
from wms.db import Book

TEA, CUP = f"]E0{JAN['TEA']}", f"]E0{JAN['CUP']}"
BEHIND_THE_BOUNCE_S = 0.35


@dataclass
class BrowserSite:
    """A site whose server can be stopped and started again on the same port."""

    site: FloorSite
    url: str
    folder: Path
    port: int = field(default_factory=free_port)
    running: ExitStack = field(default_factory=ExitStack)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Open the door."""
        began, book = time.monotonic(), Book(self.url, threads=True)
        self.running.callback(book.close)
        app = make_app(
            book, clock_ms=lambda: NOON + 60_000 + int((time.monotonic() - began) * 1000),
            settings=HttpSettings(),
            routers=[
                terminal_door.routes(self.site.settings), door.routes(),
                pictures.routes(self.site.settings, self.folder),
            ],
        )  # fmt: skip
        self.running.enter_context(served(app, self.port))

    def stop(self) -> None:
        """Nobody answers any more."""
        self.running.close()

    def link(self, terminal: str = "HT-01") -> str:
        """The link that makes a browser *terminal*."""
        return f"{self.address}/t#{terminal}:{TOKEN}{terminal}"

    def open(self, browser: Browser, *, width: int = 240, height: int = 320) -> Page:
        """A window that is HT-01 and has its first prompt."""
        page = browser.page(width, height)
        page.go(self.link())
        page.until("document.body.dataset.step", "sign_in.badge")
        return page

    def picking(self, browser: Browser) -> Page:
        """Anna stands before A-01, where three teas are to be picked, a tote on her cart."""
        self.site.stock_up()
        self.site.release([self.site.order(("TEA", 3), ("CUP", 1))])
        page = self.open(browser)
        page.scan("BADGE:anna")
        page.until("document.body.dataset.step", "menu.menu")
        page.press("[data-command='1']")
        page.until("document.body.dataset.step", "pick.get")
        page.key("1")
        page.until("document.body.dataset.step", "pick.bind")
        page.scan("T-01")
        page.until("document.body.dataset.step", "pick.place")
        page.scan("A-01")
        page.until("document.body.dataset.step", "pick.item")
        time.sleep(BEHIND_THE_BOUNCE_S)
        return page


@contextmanager
def browser_site(url: str, folder: Path) -> Iterator[BrowserSite]:
    """The site, open, in the empty book at *url*; *folder* holds pictures."""
    with floor_at(url) as floor:
        site = BrowserSite(floor, url, folder)
        site.start()
        try:
            yield site
            floor.check()
        finally:
            site.stop()
