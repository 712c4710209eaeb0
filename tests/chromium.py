"""A headless Chromium for tests, driven over its DevTools pipe: real keys in, what is shown out.

No driver package is needed: the browser speaks JSON with a NUL between messages on two pipes.
"""

import json
import os
import shutil
import subprocess
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-default-apps",
    "--disable-extensions", "--disable-dev-shm-usage", "--no-first-run", "--mute-audio",
    "--autoplay-policy=user-gesture-required", "--hide-scrollbars", "--remote-debugging-pipe",
)  # fmt: skip
PATIENCE_S = 30.0
POLL_S = 0.03
SHOWN = (
    "(e => e && e.checkVisibility() ? e.value || e.innerText.trim() : '')"
    "(document.getElementById('{name}'))"
)
# Keys that are not just a character: the code by which Windows knows them.
CODES = {
    "Enter": 13,
    "Tab": 9,
    "Backspace": 8,
    "Escape": 27,
    **{f"F{n}": 111 + n for n in range(1, 13)},
}


def executable() -> str:
    """Where Chromium is; "" where there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), "")


needs_chromium = pytest.mark.skipif(not executable(), reason="there is no Chromium here")


class Navigated(Exception):
    """The page was left while a script ran in it: the next one is another page."""


@dataclass
class Browser:
    """A running browser and the messages that came out of it."""

    process: subprocess.Popen[bytes]
    into: int
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    answers: dict[int, dict[str, Any]] = field(default_factory=dict)
    incoming: Queue[dict[str, Any]] = field(default_factory=Queue)
    requests: list[str] = field(default_factory=list)  # every address that was asked for
    complaints: list[str] = field(default_factory=list)  # errors and refusals of the policy
    context: str = ""  # storage of its own, like another device's

    def call(self, method: str, session: str = "", **params: Any) -> dict[str, Any]:
        """Call *method* and wait for its answer."""
        number = next(self.numbers)
        message: dict[str, Any] = {"id": number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self.into, json.dumps(message).encode() + b"\0")
        until = time.monotonic() + PATIENCE_S
        while number not in self.answers:
            self.listen(until - time.monotonic())
        answer = self.answers.pop(number)
        if "navigated or closed" in str(answer.get("error", "")):
            raise Navigated
        assert "error" not in answer, f"{method}: {answer['error']}"
        result: dict[str, Any] = answer["result"]
        return result

    def listen(self, patience_s: float) -> None:
        """Take in one message."""
        try:
            message = self.incoming.get(timeout=max(patience_s, 0.001))
        except Empty:
            pytest.fail("Chromium does not answer")
        if "id" in message:
            self.answers[message["id"]] = message
        else:
            self._note(message["method"], message["params"])

    def _note(self, method: str, params: dict[str, Any]) -> None:
        if method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(str(params["exceptionDetails"]))
        elif method == "Log.entryAdded" and params["entry"]["source"] in ("security", "javascript"):
            self.complaints.append(params["entry"]["text"])

    def another_device(self) -> None:
        """Forget every window and what they stored."""
        if self.context:
            self.call("Target.disposeBrowserContext", browserContextId=self.context)
        self.context = self.call("Target.createBrowserContext")["browserContextId"]
        self.requests.clear()
        self.complaints.clear()

    def page(self, width: int = 240, height: int = 320) -> "Page":
        """A new window as big as a handheld's, which belongs to nobody yet."""
        wanted = {"url": "about:blank", "browserContextId": self.context}
        target = self.call("Target.createTarget", **wanted)["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session)
        for domain in ("Page", "Runtime", "Network", "Log"):
            page.call(f"{domain}.enable")
        page.resize(width, height)
        return page


@dataclass
class Page:
    """One window of the browser."""

    browser: Browser
    session: str

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        return self.browser.call(method, self.session, **params)

    def resize(self, width: int, height: int) -> None:
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, mobile=True,
            deviceScaleFactor=2,
        )  # fmt: skip

    def go(self, url: str) -> None:
        self.call("Page.navigate", url=url)

    def reload(self) -> None:
        """Load the page anew, and wait until the old one is gone."""
        self.run("window.before = true")
        self.call("Page.reload")
        self.until("window.before === undefined")

    def run(self, script: str) -> Any:
        """The value of an expression in the page (a promise is waited for)."""
        answer = self.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def until(self, script: str, wanted: Any = True) -> Any:
        """Wait until *script* gives *wanted* (while a page loads it may give nothing)."""
        found = None
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            with suppress(Navigated):
                answer = self.call("Runtime.evaluate", expression=script, returnByValue=True)
                found = answer["result"].get("value")
                if "exceptionDetails" not in answer and found == wanted:
                    return found
            time.sleep(POLL_S)
        pytest.fail(f"{script} is {found!r}, not {wanted!r}")

    def text(self, name: str) -> str:
        """What the element *name* shows; "" when it is not to be seen."""
        found: str = self.run(SHOWN.format(name=name))
        return found

    def shows(self, name: str, wanted: str) -> None:
        """Wait until the element *name* shows *wanted*."""
        self.until(SHOWN.format(name=name), wanted)

    def key(self, key: str, *, control: bool = False) -> None:
        """Press and let go of one key as a keyboard does, wedge scanners included."""
        plain = len(key) == 1 and key.isascii() and key.isalnum()
        code = ord(key.upper()) if plain else CODES.get(key, 0)
        event: dict[str, Any] = {"key": key, "windowsVirtualKeyCode": code}
        if control:
            event["modifiers"] = 2
        elif len(key) == 1:
            event["text"] = key
        elif key == "Enter":
            event["text"] = "\r"
        self.call("Input.dispatchKeyEvent", type="keyDown", **event)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def scan(self, text: str, end: str = "Enter") -> None:
        """What a wedge scanner types: the code, a group separator as ctrl+], its suffix."""
        for character in text:
            if character == "\x1d":
                self.key("]", control=True)
            else:
                self.key(character)
        self.key(end)

    def press(self, selector: str) -> None:
        """Touch the middle of an element."""
        x, y = self.run(
            f"(r => [r.x + r.width / 2, r.y + r.height / 2])"
            f"(document.querySelector({json.dumps(selector)}).getBoundingClientRect())"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def picture(self, file: Path) -> None:
        """A screenshot, for eyes."""
        file.write_bytes(b64decode(self.call("Page.captureScreenshot")["data"]))


def _read(source: int, put: Callable[[dict[str, Any]], None]) -> None:
    rest = b""
    while chunk := os.read(source, 65_536):
        *whole, rest = (rest + chunk).split(b"\0")
        for message in whole:
            put(json.loads(message))


@contextmanager
def chromium(folder: Path, *flags: str) -> Iterator[Browser]:
    """A browser whose profile is in *folder*, until the block ends."""
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()
    arguments = [*FLAGS, f"--user-data-dir={folder}", *flags, "about:blank"]
    # The browser reads from descriptor 3 and writes to 4.
    script = f'exec "$0" "$@" 3<&{theirs_in} 4>&{theirs_out}'
    process = subprocess.Popen(
        ["bash", "-c", script, executable(), *arguments], pass_fds=(theirs_in, theirs_out),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        env={**os.environ, "HOME": str(folder)},
    )  # fmt: skip
    os.close(theirs_in)
    os.close(theirs_out)
    browser = Browser(process, ours_out)
    reader = Thread(target=_read, args=(ours_in, browser.incoming.put), daemon=True)
    reader.start()
    try:
        yield browser
        browser.call("Browser.close")
        process.wait(PATIENCE_S)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(ours_out)
        reader.join(PATIENCE_S)
        os.close(ours_in)
