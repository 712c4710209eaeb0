"""A server that shows whatever prompt a test wants, and takes pictures."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
from litestar import Litestar, Request, Response, get, post
from litestar.params import FromPath, FromQuery

from app.terminal import door
from tests.serving import served
from wms.rooms.prompts import Prompt

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cf"
    "c000000301010018dd8db00000000049454e44ae426082"
)


@dataclass
class Shows:
    """What is shown now, and what came in."""

    prompt: Prompt
    port: int = 0
    inputs: list[dict[str, Any]] = field(default_factory=list)
    photos: list[tuple[str, bytes]] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)

    @property
    def link(self) -> str:
        return f"http://127.0.0.1:{self.port}/t#HT-01:whatever-token"


@contextmanager
def showing(prompt: Prompt) -> Iterator[Shows]:
    """The page of the terminal with *prompt* on it, until somebody sets another."""
    shows = Shows(prompt)

    def answer(**more: str) -> Response[bytes]:
        body = msgspec.json.encode({"prompt": shows.prompt, "version": 1, **more})
        return Response(body, media_type="application/json")

    @get("/v1/terminals/{terminal:str}")
    async def prompt_now(terminal: FromPath[str]) -> Response[bytes]:
        return answer()

    @post("/v1/terminals/{terminal:str}/scans", status_code=200)
    async def scan(terminal: FromPath[str], request: Request[Any, Any, Any]) -> Response[bytes]:
        shows.inputs.append(msgspec.json.decode(await request.body()))
        return answer(fate="applied")

    @get("/v1/terminals/{terminal:str}/pictures")
    async def picture(terminal: FromPath[str], name: FromQuery[str]) -> Response[bytes]:
        shows.pictures.append(name)
        return Response(PNG, media_type="image/png")

    @post("/v1/terminals/{terminal:str}/photos", status_code=200)
    async def photo(
        terminal: FromPath[str],
        request: Request[Any, Any, Any],
        ref: FromQuery[str],
        key: FromQuery[str],
    ) -> dict[str, int]:
        shows.photos.append((ref, await request.body()))
        return {"photo": len(shows.photos)}

    app = Litestar([door.routes(), prompt_now, scan, picture, photo], openapi_config=None)
    with served(app) as port:
        shows.port = port
        yield shows
