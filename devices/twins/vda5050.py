"""A vehicle that speaks VDA 5050 over MQTT: a second reading of the standard, to be broken.

It drives from node to node, picks and drops, and says how it is. It keeps one order in mind, its
last; and that is all it knows of what it did before. The faults:

    silence() / speak()           it works on, says nothing, and hears nothing
    power_off() / power_on()      no goodbye: the broker says its last will; `wiped=True`: it has
                                  forgotten its order
    lose_link()                   it lost the network for a moment
    reject_next(error)            the next order is refused with that errorType, however often
    fail_next(error, action)      the next pick or drop fails, with what it holds where it is
    goes_on                       after a failure it drives on all the same
    drop_load()                   it falls off between two nodes
    loads_known                   False: it cannot tell what it carries
    garble_next                   so many states are cut in the middle
    paused, stopped, mode, fatal, version, battery
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from devices.twins.grh1_body import Body, Delivery, DeliveryLog, Stations, World
from devices.twins.mqtt_wire import Broken, Client, Message
from devices.twins.vda5050_memory import FINAL, Memory

RETRY_S = 0.05
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


class Vda5050Twin:
    """One vehicle. `nodes` are the ids of the nodes that it knows, with the stations there; it
    starts at the first. `clock` gives seconds for motion and for its timestamps."""

    def __init__(
        self,
        *,
        serial: str,
        nodes: Mapping[str, int],
        clock: Callable[[], float],
        world: World | None = None,
        travel_s: float = 0.05,
        hand_off_s: float = 0.03,
        scan_s: float = 0.01,
        state_every_s: float = 0.3,
        keepalive_s: int = 2,
        log: Path | None = None,
    ) -> None:
        self.serial, self.nodes = serial, dict(nodes)
        first = next(iter(self.nodes))
        self.world: World = world if world is not None else Stations()
        self.body = Body(self.world, station=self.nodes[first])
        self.log, self.memory = DeliveryLog(log), Memory(at_node=first)
        self.travel_s, self.hand_off_s = travel_s, hand_off_s
        self.paused = self.stopped = self.fatal = self.goes_on = self.driving = False
        self.loads_known, self.mode, self.version, self.garble_next = True, "AUTOMATIC", "2.0.0", 0
        self.errors: list[dict[str, Any]] = []
        self._clock, self._scan_s, self._state_every_s = clock, scan_s, state_every_s
        self._keepalive_s = keepalive_s
        self._client = Client(self._hear)
        self._silent = False
        self._reject, self._fail = "", ("", "")
        self._rejected: dict[str, str] = {}
        self._doing: dict[str, Any] | None = None  # the action that it is at
        self._until_s = 0.0
        self._numbers: dict[str, int] = {}
        self._shown, self._shown_s = "", float("-inf")
        self._address = ("127.0.0.1", 0)
        self._living: asyncio.Task[None] | None = None

    @property
    def deliveries(self) -> list[Delivery]:
        """Every container that it has physically moved, in order."""
        return self.log.deliveries

    async def start(self, host: str, port: int) -> None:
        """Switch on; it looks for its broker there as long as it is on."""
        self._address = (host, port)
        if self._living is None:
            self._living = asyncio.create_task(self._live(), name=f"vehicle {self.serial}")

    async def power_off(self) -> None:
        """The battery is pulled: no goodbye to anyone. What lies on its fork stays there."""
        if self._living is not None:
            self._living.cancel()
            await asyncio.wait({self._living})
            self._living = None
        self._client.die()
        self.driving, self._numbers = False, {}
        if self._doing is not None:
            self._doing["status"], self._doing = "WAITING", None

    async def power_on(self, *, wiped: bool = False) -> None:
        """It boots, and goes on with its order; *wiped* it knows of none."""
        if wiped:
            self.memory = Memory(at_node=self.memory.at_node)
        await self.start(*self._address)

    def silence(self) -> None:
        """See the module's docstring."""
        self._silent = True

    def speak(self) -> None:
        """It talks again."""
        self._silent = False

    def lose_link(self) -> None:
        """The network is gone for a moment."""
        self._client.die()

    def reject_next(self, error: str) -> None:
        """The next order is refused."""
        self._reject = error

    def fail_next(self, error: str, action: str) -> None:
        """The next *action* (pick, drop) fails."""
        self._fail = (error, action)

    @property
    def rejects_next(self) -> bool:
        """Whether that order is still to come."""
        return self._reject != ""

    @property
    def fails_next(self) -> bool:
        """Whether that action is still to come."""
        return self._fail[1] != ""

    def drop_load(self) -> str | None:
        """What it carried lies in the aisle."""
        return self.body.lose()

    def put_in_order(self) -> str | None:
        """A person takes off what is on it, and clears its troubles. Returns what that was."""
        self.errors, self.fatal, self.stopped, self.mode = [], False, False, "AUTOMATIC"
        return self.body.lose()

    async def _live(self) -> None:
        while True:
            if not self._client.is_up:
                with suppress(OSError, EOFError, Broken, TimeoutError):
                    await self._connect()
            self._move(self._clock())
            self._say_state()
            await asyncio.sleep(self._scan_s if self._client.is_up else max(RETRY_S, self._scan_s))

    async def _connect(self) -> None:
        self._client.die()
        self._client = Client(self._hear)
        will = self._message("connection", {"connectionState": "CONNECTIONBROKEN"}, retain=True)
        await self._client.connect(
            *self._address, client=self.serial, keepalive_s=self._keepalive_s, will=will,
            topics=(self._topic("order"), self._topic("instantActions")),
        )  # fmt: skip
        self._publish("connection", {"connectionState": "ONLINE"}, retain=True)
        self._shown = ""

    # What it hears.

    async def _hear(self, message: Message) -> None:
        if self._silent:
            return
        try:
            said = json.loads(message.payload)
            if message.topic == self._topic("order"):
                self._take_order(said)
            else:
                for action in said["actions"]:
                    self._take_instant(action)
        except (ValueError, KeyError, TypeError):
            self._complain("validationError")

    def _take_order(self, order: dict[str, Any]) -> None:
        """The standard's rules: known already, an update, refused, or taken."""
        known, number, update = self.memory, order["orderId"], order["orderUpdateId"]
        if (number, update) == (known.order, known.update):
            return
        about = {"orderId": number}
        if number == known.order:  # this vehicle takes orders whole: no update fits on
            self._complain("orderUpdateError", about)
        elif error := self._rejected.get(number) or self._reject:
            self._rejected[number], self._reject = error, ""
            self._complain(error, about)
        elif known.is_busy or self.mode != "AUTOMATIC":
            self._complain("orderError", about)
        elif order["nodes"][0]["nodeId"] != known.at_node or not self._knows(order["nodes"]):
            self._complain("noRouteError", about)
        else:
            self._accept(order)

    def _knows(self, nodes: list[dict[str, Any]]) -> bool:
        return all(node["nodeId"] in self.nodes and node["released"] for node in nodes)

    def _accept(self, order: dict[str, Any]) -> None:
        nodes = order["nodes"]
        self.memory = Memory(
            order=order["orderId"], update=order["orderUpdateId"], nodes=list(nodes[1:]),
            edges=list(order["edges"]), at_node=nodes[0]["nodeId"], at_sequence=0,
            actions=[
                {**action, "status": "WAITING", "node": node["sequenceId"]}
                for node in nodes
                for action in node["actions"]
            ],
        )  # fmt: skip
        self.errors = [error for error in self.errors if error["errorLevel"] == "FATAL"]

    def _take_instant(self, action: dict[str, Any]) -> None:
        """Done at once, but the cancelling of an order: it is over when the vehicle stands."""
        if any(action["actionId"] == known["actionId"] for known in self.memory.instants):
            return
        kind, known = action["actionType"], {**action, "status": "FINISHED"}
        if kind == "cancelOrder":
            if self.memory.is_busy:
                known["status"] = "RUNNING"
            else:
                known["status"] = "FAILED"
                self._complain("noOrderToCancel", {"actionId": action["actionId"]})
        elif kind in ("startPause", "stopPause"):
            self.paused = kind == "startPause"
        elif kind == "factsheetRequest":
            self._publish("factsheet", self._factsheet())
        elif kind != "stateRequest":
            known["status"] = "FAILED"
        self.memory.instants.append(known)
        self._shown = ""

    def _complain(self, error: str, about: Mapping[str, str] | None = None) -> None:
        references = [
            {"referenceKey": key, "referenceValue": word} for key, word in (about or {}).items()
        ]
        self.errors.append(
            {"errorType": error, "errorLevel": "WARNING", "errorReferences": references}
        )

    # What it does.

    def _move(self, now_s: float) -> None:
        """A little of its order, unless something holds it."""
        if self.paused or self.stopped or self.fatal or self.mode != "AUTOMATIC":
            self._until_s += self._scan_s
            return
        if (self._doing is not None or self.driving) and now_s < self._until_s:
            return
        if self._doing is not None:
            self._handle(self._doing)
            self._doing = None
        elif self.driving:
            self._arrive()
        if not self._obey_cancel():
            self._begin(now_s)

    def _begin(self, now_s: float) -> None:
        memory = self.memory
        here = [
            action for action in memory.actions
            if action["status"] == "WAITING" and action["node"] == memory.at_sequence
        ]  # fmt: skip
        if here:
            self._doing, self._until_s = here[0], now_s + self.hand_off_s
            here[0]["status"] = "RUNNING"
        elif memory.edges:
            self.driving, self._until_s = True, now_s + self.travel_s
            self.body.station = 0

    def _arrive(self) -> None:
        memory, self.driving = self.memory, False
        memory.edges.pop(0)
        node = memory.nodes.pop(0)
        memory.at_node, memory.at_sequence = node["nodeId"], node["sequenceId"]
        self.body.station = self.nodes[memory.at_node]

    def _obey_cancel(self) -> bool:
        asked = [
            each for each in self.memory.instants
            if each["actionType"] == "cancelOrder" and each["status"] == "RUNNING"
        ]  # fmt: skip
        for action in asked:
            self._abandon()
            action["status"] = "FINISHED"
        return bool(asked)

    def _abandon(self) -> None:
        """Nothing more of its order is done."""
        self.memory.nodes, self.memory.edges = [], []
        for action in self.memory.actions:
            if action["status"] not in FINAL:
                action["status"] = "FAILED"

    def _handle(self, action: dict[str, Any]) -> None:
        """Its fork moves, or finds that it cannot."""
        kind, (error, fails) = action["actionType"], self._fail
        if fails == kind:
            self._fail = ("", "")
        else:
            error = self._pick(action) if kind == "pick" else self._drop()
        action["status"] = "FAILED" if error else "FINISHED"
        if error:
            self._complain(error, {"actionId": action["actionId"], "orderId": self.memory.order})
            if not self.goes_on:
                self._abandon()

    def _pick(self, action: dict[str, Any]) -> str:
        told = {each["key"]: each["value"] for each in action["actionParameters"]}
        here = list(self.world.loads_at(self.body.station))
        if not here or self.body.fork is not None:
            return "unexpectedLoad" if self.body.fork else "loadNotFound"
        wanted = told.get("loadId", "")
        self.body.pick_up(self.body.station, wanted if wanted in here else here[0])
        return ""

    def _drop(self) -> str:
        if self.body.fork is None:
            return "loadLost"
        if not self.world.has_room(self.body.station):
            return "stationOccupied"
        source = self.body.taken_at
        code = self.body.put_down(self.body.station)
        number = int(self.memory.order) if self.memory.order.isdigit() else 0
        self.log.append(Delivery(
            number, 0, code, source, self.body.station, int(self._clock() * 1000)
        ))  # fmt: skip
        return ""

    # What it says.

    def _say_state(self) -> None:
        """At every change, and every so often."""
        if self._silent or not self._client.is_up:
            return
        state = self._state()
        shown, now_s = json.dumps(state), self._clock()
        if shown == self._shown and now_s - self._shown_s < self._state_every_s:
            return
        self._shown, self._shown_s = shown, now_s
        message = self._message("state", state)
        if self.garble_next:
            self.garble_next -= 1
            message = Message(message.topic, message.payload[: len(message.payload) // 2])
        self._client.publish(message)

    def _state(self) -> dict[str, Any]:
        memory, fork = self.memory, self.body.fork
        fatal = [{"errorType": "driveFault", "errorLevel": "FATAL"}] if self.fatal else []
        state: dict[str, Any] = {
            "orderId": memory.order, "orderUpdateId": memory.update,
            "lastNodeId": memory.at_node, "lastNodeSequenceId": memory.at_sequence,
            "nodeStates": [_part(node, "nodeId") for node in memory.nodes],
            "edgeStates": [_part(edge, "edgeId") for edge in memory.edges],
            "driving": self.driving, "paused": self.paused, "operatingMode": self.mode,
            "actionStates": [
                {"actionId": action["actionId"], "actionType": action["actionType"],
                 "actionStatus": action["status"]}
                for action in (*memory.actions, *memory.instants)
            ],
            "batteryState": {"batteryCharge": self.body.battery / 10, "charging": False},
            "errors": [*self.errors, *fatal],
            "safetyState": {"eStop": "MANUAL" if self.stopped else "NONE", "fieldViolation": False},
        }  # fmt: skip
        if self.loads_known:
            state["loads"] = [{"loadId": fork, "loadType": "tote"}] if fork else []
        return state

    def _factsheet(self) -> dict[str, Any]:
        scopes = {"pick": "NODE", "drop": "NODE", "cancelOrder": "INSTANT", "startPause": "INSTANT"}
        known = [{"actionType": name, "actionScopes": [scope]} for name, scope in scopes.items()]
        return {"typeSpecification": {"seriesName": "twin"},
                "protocolFeatures": {"agvActions": known, "optionalParameters": []}}  # fmt: skip

    def _publish(self, name: str, said: dict[str, Any], *, retain: bool = False) -> None:
        self._client.publish(self._message(name, said, retain=retain))

    def _message(self, name: str, said: dict[str, Any], *, retain: bool = False) -> Message:
        number = self._numbers[name] = self._numbers.get(name, -1) + 1
        at = (EPOCH + timedelta(seconds=self._clock())).isoformat(timespec="milliseconds")
        head = {
            "headerId": number, "timestamp": at.replace("+00:00", "Z"), "version": self.version,
            "manufacturer": "genba", "serialNumber": self.serial,
        }  # fmt: skip
        payload = json.dumps(head | said).encode()
        return Message(self._topic(name), payload, int(name == "connection"), retain)

    def _topic(self, name: str) -> str:
        return f"uagv/v2/genba/{self.serial}/{name}"


def _part(part: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: part[key] for key in (name, "sequenceId", "released")}
