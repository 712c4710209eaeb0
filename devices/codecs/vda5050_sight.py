"""What a VDA 5050 vehicle shows, in the words in which robots are conducted; and orders for it.

A mission is an order whose id is the mission's number, with update 0, all of it released: sent
twice, the vehicle ignores the second. It has two actions, `NUMBER-pick` and `NUMBER-drop`. How far
they are says how far the mission is; nothing else is believed. The vehicle shows its last order
until it gets another one: that is all its memory, so it may do a thing twice (`at_least_once`).
"""

import zlib
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from devices.codecs.grh1 import (
    LAST_NUMBER,
    MISSION_END,
    Answer,
    Cmd,
    Command,
    Finished,
    Load,
    Mode,
    Sighting,
    Status,
)
from devices.codecs.grh1 import State as MissionState
from devices.codecs.vda5050 import Action, ActionParameter, Edge, Error, Node, State

BOOT_ID = 1  # the standard has none: what a vehicle forgot is seen by what it does not show
OTHER_ERROR = 9  # of the reasons why a mission stops
VENDOR_ANSWER = 20
TENTHS = 10
FINAL = ("FINISHED", "FAILED")
AT_WORK = ("INITIALIZING", "RUNNING", "PAUSED")
REFUSALS = {
    "noRouteError": Answer.UNKNOWN_STATION, "orderError": Answer.BUSY,
    "orderUpdateError": Answer.BUSY, "validationError": Answer.MALFORMED,
}  # fmt: skip
INSTANT = {Cmd.VOID: "cancelOrder", Cmd.PAUSE: "startPause", Cmd.RESUME: "stopPause"}
NO_ORDERS = (*INSTANT.values(), "stateRequest", "factsheetRequest")  # and no part of an order

Roads = Mapping[str, tuple[str, str]]  # edge id -> from node, to node


@dataclass(frozen=True, slots=True)
class Known:
    """What the driver adds to a state: the last command and its answer, the fence that it speaks
    for, and which missions are confirmed or proven void on this connection."""

    ack_seq: int
    answer: int
    fence: int
    confirmed: frozenset[int]
    voided: frozenset[int]


def number_of(order_id: str) -> int:
    """The mission of an order, 0 for none, and for an order of somebody else a number that is
    none of ours (ours have more than 40 bits).

    >>> number_of("1234"), number_of(""), number_of("01") > 0
    (1234, 0, True)
    """
    if not order_id:
        return 0
    if order_id.isascii() and order_id.isdigit() and len(order_id) < 20:
        number = int(order_id)
        if str(number) == order_id and 0 < number < MISSION_END:
            return number
    return zlib.crc32(order_id.encode()) or 1


def sight(
    state: State, known: Known, *, station: int, errors: Mapping[str, int]
) -> Sighting:  # fmt: skip
    """*state* as the conductor reads it. *station*: where it stood last; *errors*: a vendor's types
    by reason.

    A mission that was delivered or cancelled is in the journal, as soon as the vehicle has no way
    to go any more; one that failed stays in hand until it is confirmed.
    """
    number = number_of(state.order_id)
    at = _mission_state(state) if str(number) == state.order_id else MissionState.NONE
    ended, journal = is_over(state), {each: MissionState.VOIDED for each in known.voided}
    in_hand = number
    if ended and at in (MissionState.DONE, MissionState.VOIDED):
        journal[number], in_hand = at, 0
    elif ended and (at is MissionState.NONE or number in known.confirmed):
        in_hand = 0
        if at is not MissionState.NONE:
            journal[number] = at
    elif at in (MissionState.DONE, MissionState.VOIDED):  # it is still on its way out
        at = MissionState.UNLOADING if at is MissionState.DONE else MissionState.TO_SOURCE
    if not in_hand:
        at = MissionState.NONE
    failed = at is MissionState.FAILED
    status = Status(
        heartbeat=state.header_id, boot_id=BOOT_ID, mode=_mode(state), ack_seq=known.ack_seq,
        answer=known.answer, mission=in_hand, state=at,
        error=_reason(state, errors) if failed else 0, load=_load(state), load_id=_load_id(state),
        location=0 if state.driving else station,
        battery=int(state.battery_state.battery_charge * TENTHS),
        fault_seq=zlib.crc32(state.order_id.encode()) % LAST_NUMBER, floor_alive=True,
        fence_seen=known.fence,
    )  # fmt: skip
    return Sighting(status, tuple(Finished(each, end, 0) for each, end in sorted(journal.items())))


def _mission_state(state: State) -> MissionState:
    """How far an order of ours is, by its two actions."""
    pick, drop = (_status(state, f"{state.order_id}-{name}") for name in ("pick", "drop"))
    if drop == "FINISHED":
        return MissionState.DONE
    if pick != "FINISHED" and not state.loads and state.loads is not None and _cancelled(state):
        return MissionState.VOIDED
    if "FAILED" in (pick, drop) or is_over(state):
        return MissionState.FAILED
    if drop in AT_WORK:
        return MissionState.UNLOADING
    if pick == "FINISHED":
        return MissionState.TO_TARGET
    return MissionState.LOADING if pick in AT_WORK else MissionState.TO_SOURCE


def is_over(state: State) -> bool:
    """Nothing is left of the order that it shows: no way to go, and nothing to do.

    Then a `cancelOrder`, which names no order, hits nobody's.
    """
    actions = [each for each in state.action_states if each.action_type not in NO_ORDERS]
    final = all(action.action_status in FINAL for action in actions)
    return final and not state.node_states and not state.edge_states


def _cancelled(state: State) -> bool:
    """Whether it has obeyed a `cancelOrder` that was for this very order."""
    return "FINISHED" in _cancellings(state)


def is_cancelling(state: State) -> bool:
    """Whether it is about to: told once more, some vehicles complain."""
    return any(status not in FINAL for status in _cancellings(state))


def _cancellings(state: State) -> list[str]:
    return [
        action.action_status
        for action in state.action_states
        if action.action_id.startswith(f"{state.order_id}-{INSTANT[Cmd.VOID]}-")
    ]


def _status(state: State, action_id: str) -> str:
    found = (each.action_status for each in state.action_states if each.action_id == action_id)
    return next(found, "WAITING")


def _mode(state: State) -> Mode:
    if state.safety_state.e_stop != "NONE":
        return Mode.E_STOP
    if any(error.error_level == "FATAL" for error in state.errors):
        return Mode.FAULT
    if state.operating_mode not in ("AUTOMATIC", "SEMIAUTOMATIC"):
        return Mode.MANUAL
    return Mode.PAUSED if state.paused else Mode.AUTO


def _load(state: State) -> Load:
    if state.loads is None:
        return Load.UNKNOWN
    return Load.LOADED if state.loads else Load.EMPTY


def _load_id(state: State) -> int:
    return zlib.crc32(state.loads[0].load_id.encode()) if state.loads else 0


def _reason(state: State, errors: Mapping[str, int]) -> int:
    """Why it gave up, in the reasons of the profile: the standard leaves these to the vendor."""
    known = (errors[error.error_type] for error in state.errors if error.error_type in errors)
    return next(known, OTHER_ERROR)


def action_id(command: Command) -> str:
    """The id of the instant action that says *command*: no two have the same."""
    return f"{command.mission}-{INSTANT[command.cmd]}-{command.seq}"


def answer(command: Command, state: State) -> int:
    """What *state* says to *command*; `Answer.NONE` while it says nothing."""
    is_ours = state.order_id == str(command.mission)
    if command.cmd is Cmd.ASSIGN:
        return Answer.OK if is_ours else _refusal(state.errors, "orderId", str(command.mission))
    said = action_id(command)
    status = _status(state, said)
    if status in ("RUNNING", "FINISHED"):
        return Answer.OK
    if status == "FAILED" or _refusal(state.errors, "actionId", said):
        return Answer.TOO_LATE if is_ours else Answer.WRONG_MODE
    return Answer.NONE


def proves_void(command: Command, state: State) -> bool:
    """Whether *state* proves that the order of *command*, a VOID, is not there and never came.

    Of what one client says, a broker changes no order: a vehicle that has answered the cancelling
    and shows no such order has never got it.
    """
    if state.order_id == str(command.mission):
        return False
    is_answered = _status(state, action_id(command)) in FINAL
    return is_answered or _refusal(state.errors, "actionId", action_id(command)) != Answer.NONE


def _refusal(errors: tuple[Error, ...], key: str, value: str) -> int:
    """The answer behind an error that refers to that."""
    about = (error.error_type for error in errors if error.is_about(key, value))
    found = next(about, None)
    return Answer.NONE if found is None else REFUSALS.get(found, VENDOR_ANSWER)


def instant(command: Command) -> Action:
    """The instant action for a VOID, PAUSE or RESUME."""
    return Action(
        action_type=INSTANT[command.cmd], action_id=action_id(command), blocking_type="HARD"
    )


def route(roads: Roads, *stops: str) -> list[str] | None:
    """Edge and node ids by turns, from the first stop through all others; None without a way.

    The fewest edges; of ways as long, the first by name. Without *roads* the vehicle finds its way
    itself: one edge between two stops.

    >>> route({"e1": ("A", "B"), "e2": ("B", "C")}, "A", "C", "B")
    >>> route({"e1": ("A", "B"), "e2": ("B", "C")}, "A", "B", "C")
    ['A', 'e1', 'B', 'e2', 'C']
    >>> route({}, "A", "A", "B")
    ['A', 'A-B', 'B']
    """
    way = [stops[0]]
    for stop in stops[1:]:
        if stop == way[-1]:
            continue
        leg = _leg(roads, way[-1], stop) if roads else [f"{way[-1]}-{stop}", stop]
        if leg is None:
            return None
        way += leg
    return way


def _leg(roads: Roads, start: str, goal: str) -> list[str] | None:
    """Breadth first: every node is left once."""
    came: dict[str, tuple[str, str]] = {}
    ahead = deque([start])
    while ahead:
        here = ahead.popleft()
        for edge, (from_node, to_node) in sorted(roads.items()):
            if from_node != here or to_node == start or to_node in came:
                continue
            came[to_node] = (edge, here)
            if to_node == goal:
                return _back(came, start, goal)
            ahead.append(to_node)
    return None


def _back(came: Mapping[str, tuple[str, str]], start: str, goal: str) -> list[str]:
    leg: list[str] = []
    while goal != start:
        edge, before = came[goal]
        leg[:0] = [edge, goal]
        goal = before
    return leg


def carry(
    command: Command, way: list[str], source: str, load_type: str
) -> tuple[tuple[Node, ...], tuple[Edge, ...]]:  # fmt: skip
    """Nodes and edges of an order: pick up at the first pass of *source*, drop at the end."""
    stop, last = 2 * way[::2].index(source), len(way) - 1
    nodes = tuple(
        Node(
            node_id=way[at], sequence_id=at, released=True,
            actions=(
                *((_handling(command, "pick", source, load_type),) if at == stop else ()),
                *((_handling(command, "drop", way[last], load_type),) if at == last else ()),
            ),
        )
        for at in range(0, len(way), 2)
    )  # fmt: skip
    edges = tuple(
        Edge(
            edge_id=way[at], sequence_id=at, released=True,
            start_node_id=way[at - 1], end_node_id=way[at + 1],
        )
        for at in range(1, len(way), 2)
    )  # fmt: skip
    return nodes, edges


def _handling(command: Command, name: str, node: str, load_type: str) -> Action:
    told = {"stationName": node, "loadId": command.container, "loadType": load_type}
    return Action(
        action_type=name, action_id=f"{command.mission}-{name}", blocking_type="HARD",
        action_parameters=tuple(ActionParameter(key, word) for key, word in told.items() if word),
    )  # fmt: skip
