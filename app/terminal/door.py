"""`GET /t`: the page of a browser that is a terminal. It loads nothing from anywhere else.

Whoever opens it sees a form and nothing of the site: prompts, pictures and inputs pass the
terminal API, with the terminal's own token.
"""

import json
from functools import cache
from importlib.resources import files

from litestar import Response, Router, get
from litestar.params import FromPath

from wms.errors import Code, Rejected
from wms.messages import texts
from wms.text import shown

POLICY = (
    "default-src 'self'; img-src 'self' blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
TYPES = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
PARTS = (
    "terminal.css", "icon.svg", "main.js", "line.js", "link.js", "pictures.js", "say.js",
    "screen.js", "setup.js", "sheets.js", "sound.js",
)  # fmt: skip
WORDS = (
    "page.setup", "page.setup_help", "page.terminal", "page.token", "page.begin",
    "page.unreachable", "page.ok", "page.close", "page.keys", "page.digits", "page.theme",
    "page.forget", "page.photo", "page.photo_kept", "page.photo_under_way", "page.nothing_lost",
    "page.elsewhere", "page.here", "screen.pieces", "screen.place", "screen.sku", "screen.lot",
    "screen.expiry", "screen.tote", "screen.slot", "screen.weight", "screen.box", "screen.parcel",
    "screen.picture",
    "screen.expected", "screen.scanned", "screen.refused", "screen.sending", "screen.full",
    "screen.reconnecting", "screen.not_allowed", "screen.disk_full", "screen.busy",
    "screen.unsent", "screen.connecting",
    "screen.wait", "screen.full_text", "key.assist", "key.language",
)  # fmt: skip


@get("/t", opt={"public": True}, include_in_schema=False)
async def page() -> Response[bytes]:
    """The page."""
    return _file("index.html", "text/html")


@get("/t/{name:str}", opt={"public": True}, include_in_schema=False)
async def part(name: FromPath[str]) -> Response[bytes]:
    """A part of the page: one of a fixed list, and the words that it says by itself."""
    if name == "words.js":
        return _answer(words(), TYPES["js"])
    if name not in PARTS:
        raise Rejected(Code.NO_SUCH_PATH, path=shown(f"/t/{name}"))
    return _file(name, TYPES[name.rpartition(".")[2]])


@cache
def words() -> bytes:
    """The page's words in both languages, as a module of the page."""
    said = json.dumps({code: texts()[code] for code in WORDS}, ensure_ascii=False)
    return f"export default {said};\n".encode()


def _file(name: str, media_type: str) -> Response[bytes]:
    return _answer(_read(name), media_type)


def _answer(body: bytes, media_type: str) -> Response[bytes]:
    return Response(body, media_type=f"{media_type}; charset=utf-8", headers=HEADERS)


@cache
def _read(name: str) -> bytes:
    return files("app").joinpath("static", "terminal", name).read_bytes()


def routes() -> Router:
    """The handlers of the page."""
    return Router("/", route_handlers=[page, part])
