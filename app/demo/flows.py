"""What shops and suppliers do during a whole shift: announce deliveries, and think again."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx2

from app.demo import shift
from app.demo.oms import Oms
from app.demo.physical import World
from app.demo.site import Site

AGAIN_S = 0.2
LATE_S = 25.0  # the longest that a customer thinks about it


@dataclass(slots=True)
class Flows:
    """The other side of the API during a shift. `answers` counts what cancels were told."""

    site: Site
    world: World
    oms: Oms
    random: Random
    doubtful: list[str]  # orders whose customers will cancel
    answers: Counter[str] = field(default_factory=Counter)
    cancelled: set[str] = field(default_factory=set)

    async def run(self) -> None:
        """Everything, side by side."""
        headers = {"Authorization": f"Bearer {self.oms.token}"}
        async with (
            httpx2.AsyncClient(
                base_url=self.oms.url, headers=headers, timeout=20, trust_env=False
            ) as client,
            asyncio.TaskGroup() as group,
        ):
            group.create_task(self._announce(client))
            for external_id in self.doubtful:
                group.create_task(self._cancel(client, external_id))

    async def _announce(self, client: httpx2.AsyncClient) -> None:
        for truck in self.world.trucks:
            body = shift.announcement(truck, self.site)
            await self._ask(client, "/v1/inbounds", body)
            self.world.happened("announced")
            await asyncio.sleep(1.0)

    async def _cancel(self, client: httpx2.AsyncClient, external_id: str) -> None:
        """Now and then at once, mostly while it is being worked on."""
        while external_id not in self.oms.posted:
            await asyncio.sleep(AGAIN_S)
        await asyncio.sleep(self.random.choice((0.0, 1.0, 1.0)) * self.random.random() * LATE_S)
        body = {"reason": "お客様のご都合"}
        answer = await self._ask(client, f"/v1/orders/{external_id}/cancel", body)
        self.answers[answer["outcome"]] += 1
        if answer["outcome"] == "cancelled":
            self.cancelled.add(external_id)

    async def _ask(
        self, client: httpx2.AsyncClient, path: str, body: dict[str, Any]
    ) -> dict[str, Any]:
        """Ask until the floor has answered; the same question each time."""
        while True:
            try:
                answer = await client.post(path, json=body)
            except httpx2.HTTPError:
                await asyncio.sleep(AGAIN_S)
                continue
            if answer.is_success:
                found: dict[str, Any] = answer.json()
                return found
            if answer.status_code < 500 and answer.status_code != 429:
                raise AssertionError(f"{path}: {answer.status_code} {answer.text[:300]}")
            await asyncio.sleep(AGAIN_S)
