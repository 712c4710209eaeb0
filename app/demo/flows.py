"""What shops and suppliers do during a whole shift: announce deliveries, and think again."""

import asyncio
import base64
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx2

from app.demo import shift, special
from app.demo.oms import Oms
from app.demo.physical import World
from app.demo.site import Site

AGAIN_S = 0.2
LATE_S = 25.0  # the longest that a customer thinks about it

Flow = Callable[[httpx2.AsyncClient], Coroutine[Any, Any, None]]


@dataclass(slots=True)
class Flows:
    """The other side of the API during a shift. `answers` counts what cancels were told."""

    site: Site
    world: World
    oms: Oms
    random: Random
    doubtful: list[str]  # orders whose customers will cancel
    dose: shift.Dose
    returning: int  # how many boxes come back
    answers: Counter[str] = field(default_factory=Counter)
    cancelled: set[str] = field(default_factory=set)
    look_s: float = AGAIN_S  # how often somebody looks whether something has happened
    late_s: float = LATE_S
    sent_back: bool = False
    stocktake: str = ""
    waiting: set[str] = field(default_factory=set)  # what is still to come

    async def run(self) -> None:
        """Everything, side by side."""
        headers = {"Authorization": f"Bearer {self.oms.token}"}
        async with (
            httpx2.AsyncClient(
                base_url=self.oms.url,
                headers=headers,
                timeout=20,
                trust_env=False,
                transport=self.oms.transport,
            ) as client,
            asyncio.TaskGroup() as group,
        ):
            group.create_task(self._announce(client))
            for external_id in self.doubtful:
                name = f"second thoughts of {external_id}"
                self.waiting.add(name)
                group.create_task(self._until_done(name, self._cancel(client, external_id)))
            for name, flow in self._others():
                self.waiting.add(name)
                group.create_task(self._until_done(name, flow(client)))

    def _others(self) -> list[tuple[str, Flow]]:
        known: dict[str, Flow] = {
            "shipped boxes": self._send_back, "a set": self._have_made,
            "a stocktake": self._take_stock, "a stopped box": self._stop,
            "a bill": self._send_paper, "an undelivered box": self._undelivered,
        }  # fmt: skip
        return [(name, known[name]) for name in self.dose.flows]

    async def _until_done(self, name: str, flow: Coroutine[Any, Any, None]) -> None:
        await flow
        self.waiting.discard(name)

    async def _announce(self, client: httpx2.AsyncClient) -> None:
        for truck in self.world.trucks:
            body = shift.announcement(truck, self.site)
            await self._ask(client, "/v1/inbounds", body)
            self.world.happened("announced")
            await asyncio.sleep(5 * self.look_s)

    async def _cancel(self, client: httpx2.AsyncClient, external_id: str) -> None:
        """Now and then at once, mostly while it is being worked on."""
        while external_id not in self.oms.posted:
            await asyncio.sleep(self.look_s)
        thinks_s = self.random.choice((0.0, 1.0, 1.0)) * self.random.random() * self.late_s
        await asyncio.sleep(thinks_s)
        await self._ask_to_cancel(client, external_id)

    async def _stop(self, client: httpx2.AsyncClient) -> None:
        """出荷止め: the shop has heard the number already, and does not want it to leave."""
        while not self._heard(special.STOPPED, "parcel.inspected"):
            await asyncio.sleep(self.look_s)
        await self._ask_to_cancel(client, special.STOPPED)

    async def _ask_to_cancel(self, client: httpx2.AsyncClient, external_id: str) -> None:
        body = {"reason": "お客様のご都合"}
        answer = await self._ask(client, f"/v1/orders/{external_id}/cancel", body)
        self.answers[f"{answer['outcome']}, {answer['stage']}"] += 1
        if answer["outcome"] == "cancelled":
            self.cancelled.add(external_id)

    async def _send_back(self, client: httpx2.AsyncClient) -> None:
        """When the trucks are gone, some customers send a box back: every second one wants another,
        and the third box holds a broken piece."""
        while len(shipped := self._shipped()) < self.returning:
            await asyncio.sleep(self.look_s)
        for number, (external_id, parcel) in enumerate(shipped[: self.returning]):
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
        gone = [name for name in self.oms.posted if self._heard(name, "order.shipped")]
        return [
            (name, inspected[name][0]) for name in sorted(gone)
            if len(inspected.get(name, ())) == 1 and inspected[name][0] in self.world.boxes
        ]  # fmt: skip

    def _heard(self, name: str, kind: str) -> bool:
        """Whether the shops heard that of an order."""
        return any(one == kind for one, _ in self.oms.heard.get(name, ()))

    async def _undelivered(self, client: httpx2.AsyncClient) -> None:
        """持ち戻り: the carrier brings a box back unopened. Its owner looks at the photo, and wants
        the goods back on the shelf."""
        while not self.sent_back or not (left := self._may_come_back()):
            await asyncio.sleep(self.look_s)
        external_id, parcel = left[0]
        units = Counter(self.world.boxes[parcel].units)
        back = shift.Back(parcel, external_id, "undelivered", units)
        self.world.back.append(back)
        owner = self.oms.posted[external_id]["owner"]
        while not (code := await self._photographed(client, owner)):
            await asyncio.sleep(self.look_s)
        await self._ask(
            client, f"/v1/returns/{code}/decision?owner={owner}", {"decision": "cancel"}
        )
        back.decided = True

    def _may_come_back(self) -> list[tuple[str, str]]:
        known = {back.parcel for back in self.world.back}
        return [
            (name, parcel) for name, parcel in self._shipped()
            if parcel not in known and len(self.world.boxes[parcel].units) == 1
        ]  # fmt: skip

    async def _photographed(self, client: httpx2.AsyncClient, owner: str) -> str:
        """The return's code, once the box was set aside and its photo can be seen."""
        page = await self._look(client, f"/v1/returns?state=arrived&owner={owner}")
        for one in page["returns"]:
            if one["kind"] == "undelivered" and one["photos"]:
                self.world.happened("photo seen")
                return str(one["code"])
        return ""

    async def _have_made(self, client: httpx2.AsyncClient) -> None:
        """An owner wants some sets made."""
        body = special.work()
        made = await self._ask(client, "/v1/work-orders", body)
        path = f"/v1/work-orders/{made['code']}"
        await self._ask(client, f"{path}/release?owner={body['owner']}", {})
        while (await self._look(client, f"{path}?owner={body['owner']}"))["state"] != "done":
            await asyncio.sleep(5 * self.look_s)

    async def _send_paper(self, client: httpx2.AsyncClient) -> None:
        """後払い請求書: the order was announced with it, and its box waits until it has come."""
        while special.PAPER not in self.oms.posted:
            await asyncio.sleep(self.look_s)
        pdf = base64.b64encode(special.bill_pdf()).decode()
        body = {"kind": "invoice", "code": special.PAPER_CODE, "pdf": pdf}
        path = f"/v1/orders/{special.PAPER}/documents?owner={special.OWNER}"
        await self._ask(client, path, body)

    async def _take_stock(self, client: httpx2.AsyncClient) -> None:
        """一斉棚卸 of a small zone: frozen, counted by two people, signed."""
        zone, path = special.STOCKTAKE_ZONE, "/v1/stocktakes"
        while not (running := await self._stocktakes(client)):
            asked = {"key": f"demo-{zone}", "zone": zone}
            await self._try(client, path, asked)  # whose answer may be lost
        self.stocktake = str(running[0]["code"])
        path = f"{path}/{self.stocktake}"
        while True:
            seen = (await self._look(client, path))["stocktake"]
            if seen["counted"] == seen["places"]:
                break
            await asyncio.sleep(5 * self.look_s)
        while (await self._stocktakes(client))[0]["state"] != "signed":
            await self._try(client, f"{path}/sign", {"by": "森 一郎"})
        self.world.happened("stocktake signed")

    async def _stocktakes(self, client: httpx2.AsyncClient) -> list[dict[str, Any]]:
        """Those of that zone, whatever has become of them."""
        every: list[dict[str, Any]] = (await self._look(client, "/v1/stocktakes"))["stocktakes"]
        return [one for one in every if one["zone"] == special.STOCKTAKE_ZONE]

    async def _try(
        self, client: httpx2.AsyncClient, path: str, body: dict[str, Any]
    ) -> None:  # fmt: skip
        """Ask for it; whoever needs to know whether it happened looks."""
        try:
            done = (await client.post(path, json=body)).is_success
        except httpx2.HTTPError:
            done = False
        if not done:
            await asyncio.sleep(self.look_s)

    def exchanges_left(self) -> int:
        """Replacements that are still to be shipped: one for every exchange that was accepted, but
        for those that no shelf holds."""
        wanted = sum(back.kind == "exchange" and not back.broken for back in self.world.back)
        short = sum(
            name not in self.oms.posted and told[-1][0] == "order.short"
            for name, told in self.oms.heard.items()
        )
        return wanted - self.exchanges_sent() - short

    def exchanges_sent(self) -> int:
        """Replacements that the shops heard of as shipped."""
        return sum(
            name not in self.oms.posted and any(kind == "order.shipped" for kind, _ in told)
            for name, told in self.oms.heard.items()
        )

    async def _look(self, client: httpx2.AsyncClient, path: str) -> dict[str, Any]:
        """Look something up."""
        return await self._ask(client, path, None)

    async def _ask(
        self, client: httpx2.AsyncClient, path: str, body: dict[str, Any] | None
    ) -> dict[str, Any]:
        """Ask until the floor has answered; the same question each time."""
        while True:
            try:
                answer = await (client.get(path) if body is None else client.post(path, json=body))
            except httpx2.HTTPError:
                await asyncio.sleep(self.look_s)
                continue
            if answer.is_success:
                found: dict[str, Any] = answer.json()
                return found
            if answer.status_code < 500 and answer.status_code != 429:
                raise AssertionError(f"{path}: {answer.status_code} {answer.text[:300]}")
            await asyncio.sleep(self.look_s)
