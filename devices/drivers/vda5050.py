"""A vehicle that speaks VDA 5050, version 2.x, over MQTT: watched, and given orders.

Options in `config.toml`:

    host, port        the MQTT broker; 1883
    username          and `password_file`, whose content is the password
    tls               false; `ca_file` for a certificate of the site's own
    manufacturer      of the vehicle, as its topics say it
    serial_number
    interface         "uagv"   the first part of its topics
    nodes             station numbers of the places file to node ids of the vehicle's map,
                      { 3 = "N-PICK-3" }; left out, a station's node is its number
    roads             edge ids of the map to their two nodes, { e1 = ["N1", "N2"] }; left out, the
                      vehicle finds its way between two nodes itself
    load_type         ""       told with pick and drop
    errors            the vendor's errorTypes to the reasons 1..9, { loadNotFound = 1 }
    silent_s          35.0     no state for so long is a lost vehicle (the standard: every 30 s)
    reply_timeout_s   2.0      for the broker
    poll_s            0.2      how often is looked what it has said, and when

One session is one connection to the broker. The vehicle is online while the broker says so (its
last will tells when not) and its states come. All that it remembers is its last order, so that an
order may be carried out twice after a power cut: `handoff` says so, and the floor scans what it
has brought. What to do is decided elsewhere (`devices/robot_rules.py`).
"""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec

from devices import options as device_options
from devices.capabilities import ConfigFault, Link, Unavailable
from devices.codecs import vda5050, vda5050_sight
from devices.codecs.grh1 import Answer, Cmd, Command, Mode, Sighting
from devices.codecs.vda5050 import Action, Connection, Factsheet, Header, Order, State
from devices.codecs.vda5050_sight import Known
from devices.drivers.mqtt import Address, Broker, Mqtt
from devices.patience import GARBAGE
from devices.transporter import Handoff
from wms.rooms.signals import RobotState

E_STOP, FAULT, WRONG_PROFILE = "robot.e_stop", "robot.fault", "robot.wrong_profile"
GONE = "robot.gone"
HANDLING = ("pick", "drop")

Message = TypeVar("Message", bound=Header)
TopicPart = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.:-]+$", max_length=100)]
Station = Annotated[str, msgspec.Meta(pattern=r"^[1-9][0-9]{0,4}$")]
Reason = Annotated[int, msgspec.Meta(ge=1, le=9)]


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """See the module's docstring."""

    host: device_options.Text
    manufacturer: TopicPart
    serial_number: TopicPart
    port: device_options.TcpPort = 1883
    username: str = ""
    password_file: str = ""
    tls: bool = False
    ca_file: str = ""
    interface: TopicPart = "uagv"
    nodes: dict[Station, device_options.Text] = {}
    roads: dict[str, tuple[str, str]] = {}
    load_type: str = ""
    errors: dict[str, Reason] = {}
    silent_s: device_options.Seconds = 35.0
    reply_timeout_s: device_options.Seconds = 2.0
    poll_s: device_options.Seconds = 0.2


def mqtt(options: Options) -> Broker:
    """The live connection."""
    try:
        password = Path(options.password_file).read_text().strip() if options.password_file else ""
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigFault(f"password_file: {error}") from error
    return Mqtt(Address(
        options.host, options.port, options.username, password, options.tls, options.ca_file,
        options.reply_timeout_s,
    ))  # fmt: skip


class Vda5050Robot:
    """See the module's docstring. A `Driver` and a `Transporter` (`devices/robots.py`)."""

    handoff = Handoff.AT_LEAST_ONCE

    def __init__(
        self, options: Mapping[str, Any], connect: Callable[[Options], Broker] = mqtt
    ) -> None:
        self._options = device_options.read(options, Options)
        self._connect = connect
        self._broker: Broker | None = None
        self._link: Link | None = None
        self._is_connected = True  # until its last will, or itself, says otherwise
        self._state: State | None = None
        self._state_s = 0.0
        self._header_ids: dict[str, int] = {}
        self._fence = 0
        self._asked: Command | None = None  # the last command, while it is not answered
        self._ack = (0, int(Answer.NONE))
        self._refused: frozenset[int] = frozenset()
        self._confirmed: frozenset[int] = frozenset()
        self._voided: frozenset[int] = frozenset()
        self._said: RobotState | None = None
        self._stations = {node: int(number) for number, node in self._options.nodes.items()}
        if len(self._stations) != len(self._options.nodes):
            raise ConfigFault("nodes: two stations have one node")

    async def open(self, link: Link) -> None:
        """Connect, ask for its state, and wait until it has come.

        Raises `Unavailable` for a vehicle that is away, `ConfigFault` for one that speaks another
        version or has no hands.
        """
        self._link, self._state_s = link, link.clock()
        self._broker = self._connect(self._options)
        own = {"state": 0, "connection": 1, "factsheet": 0}
        await self._broker.connect({self._topic(name): quality for name, quality in own.items()})
        await self._ask("factsheetRequest")
        await self._ask("stateRequest")
        while self._state is None:
            self._hear(link, *await self._broker.receive())

    async def run(self) -> None:
        """Hear what it says, until the broker, or the vehicle, is lost."""
        assert self._link is not None
        link = self._link
        async with asyncio.TaskGroup() as both:
            both.create_task(self._listen(link))
            both.create_task(self._watch(link))

    async def close(self) -> None:
        """Let go of the connection."""
        self._link = None
        if self._broker is not None:
            await self._broker.close()

    async def look(self) -> Sighting:
        """What it has said last. Raises `Unavailable`."""
        return self._sight(self._shown())

    def _sight(self, state: State) -> Sighting:
        return vda5050_sight.sight(
            state, Known(*self._ack, self._fence, self._confirmed, self._voided),
            station=self._station(state.last_node_id), errors=self._options.errors,
        )  # fmt: skip

    async def take(self, fence: int) -> None:
        """It has no fence: the book's guard who speaks for it, and an order's id is its own."""
        self._shown()
        self._fence = fence

    async def command(self, command: Command) -> None:
        """Say one command, once. `Unavailable`: not sent; `Uncertain`: look what became of it."""
        state = self._shown()
        self._asked = command
        if command.cmd is Cmd.ASSIGN:
            await self._order(command, state)
        elif command.cmd is Cmd.VOID:
            await self._void(command, state)
        elif command.cmd is Cmd.CONFIRM:
            await self._confirm(command, state)
        elif command.cmd in vda5050_sight.INSTANT:
            await self._publish_actions(vda5050_sight.instant(command))
        else:
            self._answer(command, Answer.WRONG_MODE)  # the standard has no reset from outside
        self._note_answer(state)

    async def _order(self, command: Command, state: State) -> None:
        """One order is one mission, whole; the first node is where the vehicle is."""
        source, target = self._node(command.source), self._node(command.target)
        start = state.last_node_id or source
        way = vda5050_sight.route(self._options.roads, start, source, target)
        if way is None:
            self._answer(command, Answer.UNKNOWN_STATION)
            return
        nodes, edges = vda5050_sight.carry(command, way, source, self._options.load_type)
        order_id = str(command.mission)
        await self._publish("order", lambda head: Order(
            **head, order_id=order_id, order_update_id=0, nodes=nodes, edges=edges
        ))  # fmt: skip

    async def _void(self, command: Command, state: State) -> None:
        """`cancelOrder` names no order: it is only said when it can hit no other."""
        is_over = vda5050_sight.is_over(state)
        if state.order_id == str(command.mission):
            wanted = not is_over and not vda5050_sight.is_cancelling(state)
        elif command.mission in self._refused:
            self._prove_void(command)
            return
        else:
            wanted = is_over
        if wanted:
            await self._publish_actions(vda5050_sight.instant(command))

    async def _confirm(self, command: Command, state: State) -> None:
        """The floor has seen how it ended. What is left of a failed order is cancelled."""
        self._confirmed |= {command.mission}
        if state.order_id == str(command.mission) and not vda5050_sight.is_over(state):
            rest = Command(
                seq=command.seq, cmd=Cmd.VOID, mission=command.mission, boot_id=command.boot_id,
                fence=command.fence,
            )  # fmt: skip
            await self._publish_actions(vda5050_sight.instant(rest))
        self._answer(command, Answer.OK)

    def _prove_void(self, command: Command) -> None:
        self._voided |= {command.mission}
        self._answer(command, Answer.OK)

    def _answer(self, command: Command, answer: int) -> None:
        self._asked, self._ack = None, (command.seq, answer)
        if command.cmd is Cmd.ASSIGN and answer != Answer.OK:
            self._refused |= {command.mission}

    def _note_answer(self, state: State) -> None:
        """What *state* says to the last command."""
        command = self._asked
        if command is None:
            return
        if command.cmd is Cmd.VOID and vda5050_sight.proves_void(command, state):
            self._prove_void(command)
        elif answer := vda5050_sight.answer(command, state):
            self._answer(command, answer)

    async def _listen(self, link: Link) -> None:
        assert self._broker is not None
        while True:
            self._hear(link, *await self._broker.receive())

    async def _watch(self, link: Link) -> None:
        """The broker answers for the vehicle as long as its states come as the standard says."""
        while True:
            if link.clock() - self._state_s > self._options.silent_s:
                raise Unavailable("device.silent")
            link.alive()
            await asyncio.sleep(min(self._options.poll_s, self._options.silent_s / 4))

    def _hear(self, link: Link, topic: str, payload: bytes) -> None:
        try:
            if topic == self._topic("state"):
                self._take_state(link, self._read(payload, State))
            elif topic == self._topic("connection"):
                self._take_connection(self._read(payload, Connection))
            elif topic == self._topic("factsheet"):
                self._take_factsheet(self._read(payload, Factsheet))
        except vda5050.Malformed:
            link.missed(GARBAGE, 1)
            link.degraded(WRONG_PROFILE)
        except vda5050.OtherVersion as error:
            raise ConfigFault(str(error)) from error

    def _read(self, payload: bytes, kind: type[Message]) -> Message:
        own = self._options
        return vda5050.read(
            payload, kind, manufacturer=own.manufacturer, serial_number=own.serial_number
        )

    def _take_connection(self, said: Connection) -> None:
        self._is_connected = said.connection_state == "ONLINE"
        if not self._is_connected:
            raise Unavailable(GONE)

    def _take_factsheet(self, sheet: Factsheet) -> None:
        if missing := [name for name in HANDLING if not sheet.can(name, "NODE")]:
            raise ConfigFault(f"the vehicle knows no {' and no '.join(missing)} at a node")

    def _take_state(self, link: Link, state: State) -> None:
        """The newest state is what counts; one that was overtaken on its way tells nothing."""
        if self._state is not None and _is_older(state, self._state):
            return
        self._state, self._state_s = state, link.clock()
        link.alive()
        self._note_answer(state)
        status = self._sight(state).status
        link.degraded({Mode.E_STOP: E_STOP, Mode.FAULT: FAULT}.get(status.mode, ""))
        said = RobotState(
            device=link.device, mode=status.mode.name.lower(), state=status.state.name.lower(),
            mission=status.mission, location=status.location, battery=status.battery,
        )  # fmt: skip
        if said != self._said:
            self._said = said
            link.emit(said)

    async def _ask(self, action_type: str) -> None:
        """`stateRequest` or `factsheetRequest`; the id is new with each connection's clock."""
        assert self._link is not None
        number = f"{self._link.session}-{int(self._link.clock() * 1000)}"
        await self._publish_actions(Action(
            action_type=action_type, action_id=f"{action_type}-{number}", blocking_type="NONE"
        ))  # fmt: skip

    async def _publish_actions(self, *actions: Action) -> None:
        await self._publish(
            "instantActions", lambda head: vda5050.InstantActions(**head, actions=actions)
        )

    async def _publish(self, name: str, message: Callable[[dict[str, Any]], Header]) -> None:
        if self._broker is None:
            raise Unavailable("device.unreachable")
        number = self._header_ids.get(name, -1) + 1
        self._header_ids[name] = number
        head = {
            "header_id": number, "timestamp": vda5050.stamp(self._now_ms()),
            "version": vda5050.VERSION, "manufacturer": self._options.manufacturer,
            "serial_number": self._options.serial_number,
        }  # fmt: skip
        await self._broker.publish(self._topic(name), vda5050.write(message(head)))

    def _now_ms(self) -> int:
        """The vehicle's own time, as it said it last: clocks that differ do no harm so."""
        if self._state is None or self._link is None:
            return 0
        said = vda5050.time_ms(self._state.timestamp) or 0
        return said + int((self._link.clock() - self._state_s) * 1000)

    def _shown(self) -> State:
        """Its last state. Raises `Unavailable` when there is no link to it."""
        if self._link is None or self._state is None or not self._is_connected:
            raise Unavailable(GONE)
        return self._state

    def _topic(self, name: str) -> str:
        own = self._options
        version = f"v{vda5050.MAJOR}"
        return f"{own.interface}/{version}/{own.manufacturer}/{own.serial_number}/{name}"

    def _node(self, station: int) -> str:
        return self._options.nodes.get(str(station), str(station))

    def _station(self, node: str) -> int:
        if self._options.nodes:
            return self._stations.get(node, 0)
        return int(node) if node.isascii() and node.isdigit() and len(node) <= 5 else 0


def _is_older(state: State, last: State) -> bool:
    """Whether it was sent before the last one. A vehicle that began anew counts from 0 again, and
    goes on with its clock."""
    at_ms, last_ms = vda5050.time_ms(state.timestamp), vda5050.time_ms(last.timestamp)
    if at_ms is None or last_ms is None:
        return False
    return state.header_id <= last.header_id and at_ms < last_ms
