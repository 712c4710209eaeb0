"""Requests that no shop should send: nonsense, somebody else's token, an order a second time."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx2

from app.demo.oms import Oms

Ask = Callable[[str], Coroutine[Any, Any, None]]
NONSENSE = (
    b"", b"{", b"[" * 500, b'{"owner": "SAKURA"}', b'{"lines": [], "lines": []}', b"\xff\xfe{}",
    b'{"owner": "SAKURA\\u0000", "lines": NaN}',
)  # fmt: skip
BUSY = (429, 503)  # no answer to the question


@dataclass(slots=True)
class Strangers:
    """They ask at the door of the shops. `wrong` is what they should not have been told."""

    oms: Oms
    random: Random
    hit: Callable[[str], None]
    wrong: list[str] = field(default_factory=list)

    def menu(self) -> dict[str, Ask]:
        """What they do, by its name."""
        return {
            "nonsense posted": self._nonsense, "a stranger's token": self._token,
            "an order posted again": self._again,
        }  # fmt: skip

    async def _nonsense(self, name: str) -> None:
        await self._post(name, (400, 413, 422), content=self.random.choice(NONSENSE))

    async def _token(self, name: str) -> None:
        token = "".join(self.random.choices("abcdef0123456789", k=43))
        await self._post(name, (401, 403), token=token, content=b"{}")

    async def _again(self, name: str) -> None:
        if self.oms.posted:
            body = self.oms.posted[self.random.choice(sorted(self.oms.posted))]
            await self._post(name, (200, 201), json=body)

    async def _post(
        self, name: str, expected: tuple[int, ...], *, token: str = "", **options: Any
    ) -> None:
        headers = {
            "Authorization": f"Bearer {token or self.oms.token}",
            "Content-Type": "application/json",
        }
        async with httpx2.AsyncClient(
            base_url=self.oms.url, headers=headers, transport=self.oms.transport
        ) as client:
            try:
                answer = await client.post("/v1/orders", **options)
            except httpx2.HTTPError:
                return  # it did not arrive, or the answer did not
        if answer.status_code in expected:
            self.hit(name)
        elif answer.status_code not in BUSY:
            self.wrong.append(f"{name}: answered {answer.status_code} {answer.text[:200]}")
