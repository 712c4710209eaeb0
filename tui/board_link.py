"""The wire between the lead's board and the server: one read a second, and orders to robots."""

from typing import Protocol
from urllib.parse import quote

import httpx2
import msgspec

from wms.messages import Language, say
from wms.rooms.board_state import BoardState


class BoardDown(Exception):
    """The server did not answer. `allowed` is false when it refused this board's token."""

    def __init__(self, *, allowed: bool = True) -> None:
        super().__init__("no answer" if allowed else "not allowed")
        self.allowed = allowed


class _Problem(msgspec.Struct):
    message: str


class _Refusal(msgspec.Struct):
    error: _Problem


class BoardLink(Protocol):
    """Where the board's state comes from."""

    async def state(self, language: Language) -> BoardState:
        """The board now, its words in *language*. Raises `BoardDown`."""
        ...

    async def close(self) -> None: ...


class HttpBoardLink:
    """`BoardLink` over HTTP: `GET /v1/board` with a bearer token; words by `Accept-Language`."""

    def __init__(self, url: str, *, token: str, timeout_s: float = 5.0) -> None:
        self._client = httpx2.AsyncClient(
            base_url=url.rstrip("/"),
            headers={"Authorization": f"Bearer {token}"},
            timeout=timeout_s,
            trust_env=False,
        )

    async def state(self, language: Language) -> BoardState:
        """The board now. Raises `BoardDown` when there is no answer or not a board."""
        try:
            answer = await self._client.get("/v1/board", headers={"Accept-Language": language})
            if answer.status_code in (401, 403):
                raise BoardDown(allowed=False)
            if answer.status_code >= 400:
                raise BoardDown
            return msgspec.json.decode(answer.content, type=BoardState)
        except (httpx2.TransportError, httpx2.DecodingError, msgspec.MsgspecError) as lost:
            raise BoardDown from lost

    async def order_robot(self, robot: str, order: str, language: Language) -> str:
        """Have *robot* pause, resume or reset; what to tell the lead. Raises `BoardDown`."""
        headers = {"Accept-Language": language}
        path = f"/v1/robots/{quote(robot, safe='')}/orders"
        try:
            answer = await self._client.post(path, json={"order": order}, headers=headers)
            if answer.status_code in (401, 403):
                raise BoardDown(allowed=False)
            if answer.is_success:
                return say(f"robot.told.{order}", language, robot=robot)
            return msgspec.json.decode(answer.content, type=_Refusal).error.message
        except (httpx2.TransportError, httpx2.DecodingError, msgspec.MsgspecError) as lost:
            raise BoardDown from lost

    async def close(self) -> None:
        """Let go of the connection."""
        await self._client.aclose()
