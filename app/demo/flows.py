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
    sent_back: bool = False

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
            group.create_task(self._send_back(client))

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

    async def _send_back(self, client: httpx2.AsyncClient) -> None:
        """When the trucks are gone, some customers send a box back: every second one wants another,
        and the third box holds a broken piece."""
        wanted = max(shift.RETURNS_MIN, len(self.oms.posted) // shift.RETURN_EVERY)
        while len(shipped := self._shipped()) < wanted:
            await asyncio.sleep(AGAIN_S)
        for number, (external_id, parcel) in enumerate(shipped[:wanted]):
            unit = min(self.world.boxes[parcel].units)
            kind = "exchange" if number % 2 else "return"
            body = {
                "owner": self.oms.posted[external_id]["owner"], "external_id": f"RMA-{number + 1}",
                "kind": kind, "order": external_id, "lines": [{"sku": unit[0], "qty": 1}],
                "reason": "サイズ違い",
            }  # fmt: skip
            await self._ask(client, "/v1/returns", body)
            broken = number == 2
            self.world.back.append(shift.Back(parcel, external_id, kind, Counter([unit]), broken))
            self.world.happened("sent back")
        self.sent_back = True

    def _shipped(self) -> list[tuple[str, str]]:
        """External ids of orders that were shipped in one box, and their boxes."""
        inspected: dict[str, list[str]] = {}
        for event in list(self.oms.inbox.values()):
            if event["type"] == "parcel.inspected":
                inspected.setdefault(event["subject"], []).append(event["data"]["parcel"])
        gone = [
            name for name, told in self.oms.heard.items()
            if any(kind == "order.shipped" for kind, _ in told) and name in self.oms.posted
        ]  # fmt: skip
        return [
            (name, inspected[name][0]) for name in sorted(gone)
            if len(inspected.get(name, ())) == 1 and inspected[name][0] in self.world.boxes
        ]  # fmt: skip

    def exchanges_left(self) -> int:
        """Replacements that are still to be shipped: one for every exchange that was accepted."""
        wanted = sum(back.kind == "exchange" and not back.broken for back in self.world.back)
        sent = sum(
            name not in self.oms.posted and any(kind == "order.shipped" for kind, _ in told)
            for name, told in self.oms.heard.items()
        )
        return wanted - sent

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
