"""VDA 5050, version 2: the messages as values, to and from JSON, with no I/O.

Names are the standard's own (`order_id` here is `orderId` there). What comes in is checked: a
message that lacks what the standard demands, or has another word where it lists words, is
`Malformed`. Fields that we do not use, and those of later versions 2.x, are passed over.
What a state means for a mission is in `devices/codecs/vda5050_sight.py`.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal, TypeVar

import msgspec

VERSION = "2.0.0"
MAJOR = "2"
BYTES_MAX = 1_000_000  # a state with a long path is some kilobytes
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Text = Annotated[str, msgspec.Meta(max_length=1_000)]
Number = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Percent = Annotated[float, msgspec.Meta(ge=0, le=100)]
BlockingType = Literal["NONE", "SOFT", "HARD"]
ActionStatus = Literal["WAITING", "INITIALIZING", "RUNNING", "PAUSED", "FINISHED", "FAILED"]
OperatingMode = Literal["AUTOMATIC", "SEMIAUTOMATIC", "MANUAL", "SERVICE", "TEACHIN"]
EStop = Literal["AUTOACK", "MANUAL", "REMOTE", "NONE"]
ErrorLevel = Literal["WARNING", "FATAL"]
ConnectionState = Literal["ONLINE", "OFFLINE", "CONNECTIONBROKEN"]


class Malformed(ValueError):
    """It is no such message as the standard describes."""


class OtherVersion(ValueError):
    """Another major version of the standard: its words may mean something else."""


class Header(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What every message begins with. `header_id` grows by one a message and topic."""

    header_id: Number
    timestamp: Text
    version: Text
    manufacturer: Text
    serial_number: Text


class ActionParameter(msgspec.Struct, frozen=True, rename="camel"):
    """One word for the vehicle about an action."""

    key: str
    value: str


class Action(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """Something to be done at a node, or (in `InstantActions`) at once."""

    action_type: str
    action_id: str
    blocking_type: BlockingType
    action_parameters: tuple[ActionParameter, ...] = ()


class Node(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A place to pass or to act at. Nodes have even, edges odd sequence ids."""

    node_id: str
    sequence_id: int
    released: bool
    actions: tuple[Action, ...] = ()


class Edge(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """The way from a node to the next."""

    edge_id: str
    sequence_id: int
    released: bool
    start_node_id: str
    end_node_id: str
    actions: tuple[Action, ...] = ()


class Order(Header, frozen=True, rename="camel", kw_only=True):
    """Topic `order`. The same `order_id` and `order_update_id` again is ignored by a vehicle."""

    order_id: str
    order_update_id: int
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


class InstantActions(Header, frozen=True, rename="camel", kw_only=True):
    """Topic `instantActions`."""

    actions: tuple[Action, ...]


class NodeState(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A node that the vehicle has still to reach."""

    node_id: Text
    sequence_id: Number
    released: bool


class EdgeState(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A way that it has still to go."""

    edge_id: Text
    sequence_id: Number
    released: bool


class ActionState(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """How far it is with an action: of its order, or an instant one."""

    action_id: Text
    action_status: ActionStatus
    action_type: Text = ""


class Load(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What it carries, as far as it can tell."""

    load_id: Text = ""


class BatteryState(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """`battery_charge` in percent."""

    battery_charge: Percent
    charging: bool


class ErrorReference(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What an error is about: key `orderId`, `actionId`..."""

    reference_key: Text
    reference_value: Text


class Error(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """Something that troubles the vehicle, as long as it does."""

    error_type: Text
    error_level: ErrorLevel
    error_references: tuple[ErrorReference, ...] = ()

    def is_about(self, key: str, value: str) -> bool:
        """Whether it refers to that."""
        return any(
            reference.reference_key == key and reference.reference_value == value
            for reference in self.error_references
        )


class SafetyState(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """Its emergency stop and its protective field."""

    e_stop: EStop
    field_violation: bool


class State(Header, frozen=True, rename="camel", kw_only=True):
    """Topic `state`: at every change, and at least every 30 s.

    `order_id` is the order in hand or the last one; `loads` None: it cannot tell what it carries.
    """

    order_id: Text
    order_update_id: Number
    last_node_id: Text
    last_node_sequence_id: Number
    node_states: tuple[NodeState, ...]
    edge_states: tuple[EdgeState, ...]
    driving: bool
    action_states: tuple[ActionState, ...]
    battery_state: BatteryState
    operating_mode: OperatingMode
    errors: tuple[Error, ...]
    safety_state: SafetyState
    loads: tuple[Load, ...] | None = None
    paused: bool = False


class Connection(Header, frozen=True, rename="camel", kw_only=True):
    """Topic `connection`, retained; CONNECTIONBROKEN is the vehicle's last will."""

    connection_state: ConnectionState


class AgvAction(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """An action that the vehicle knows, and where: INSTANT, NODE, EDGE."""

    action_type: Text
    action_scopes: tuple[Text, ...]


class ProtocolFeatures(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """The part of a factsheet that we need."""

    agv_actions: tuple[AgvAction, ...]


class Factsheet(Header, frozen=True, rename="camel", kw_only=True):
    """Topic `factsheet`: what the vehicle can do at all."""

    protocol_features: ProtocolFeatures

    def can(self, action: str, scope: str) -> bool:
        """Whether it knows *action* in *scope*."""
        return any(
            known.action_type == action and scope in known.action_scopes
            for known in self.protocol_features.agv_actions
        )


Message = TypeVar("Message", bound=Header)


def read(data: bytes, kind: type[Message], *, manufacturer: str, serial_number: str) -> Message:
    """*data* as a message of this *kind* from this vehicle. `Malformed`, `OtherVersion`.

    The version is looked at first: what another one leaves out is no mistake of the vehicle.
    """
    if len(data) > BYTES_MAX:
        raise Malformed(f"{len(data)} bytes")
    try:
        header = msgspec.json.decode(data, type=Header)
        if header.version.partition(".")[0] != MAJOR:
            raise OtherVersion(f"VDA 5050 {header.version[:20]}; this driver speaks {VERSION}")
        message = msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(str(error)) from error
    if (message.manufacturer, message.serial_number) != (manufacturer, serial_number):
        raise Malformed("it names another vehicle")
    return message


def write(message: Header) -> bytes:
    """*message* as it goes to the broker."""
    return msgspec.json.encode(message)


def time_ms(stamp: str) -> int | None:
    """A timestamp of the standard in UTC milliseconds; None for one that is none.

    >>> time_ms("1991-03-11T11:40:03.12Z"), time_ms("soon")
    (668691603120, None)
    """
    try:
        at = datetime.fromisoformat(stamp)
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        return (at - EPOCH) // timedelta(milliseconds=1)
    except (ValueError, OverflowError):
        return None


def stamp(at_ms: int) -> str:
    """UTC milliseconds as the standard writes them.

    >>> stamp(668691603120)
    '1991-03-11T11:40:03.120Z'
    """
    at = EPOCH + timedelta(milliseconds=at_ms)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
