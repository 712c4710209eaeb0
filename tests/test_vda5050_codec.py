"""VDA 5050 as bytes and as sightings: what is understood, what is refused, what it means."""

import json
from typing import Any

import pytest

from devices.codecs import vda5050, vda5050_sight
from devices.codecs.grh1 import Answer, Cmd, Command, Finished, Load, Mode
from devices.codecs.grh1 import State as Mission
from devices.codecs.vda5050 import Factsheet, Malformed, Order, OtherVersion, State
from devices.codecs.vda5050_sight import Known
from tests.vda_states import AHEAD, HEAD, IDLE, TOTE, M, actions

NOTHING = Known(0, 0, 0, frozenset(), frozenset())


def state(**changes: object) -> State:
    data = json.dumps(IDLE | changes).encode()
    return vda5050.read(data, State, manufacturer="acme", serial_number="A-0007")


def at_work(pick: str, drop: str, *more: tuple[str, str, str], **changes: object) -> State:
    left = [] if drop not in ("WAITING", "FAILED") else AHEAD
    fields = {"orderId": str(M), "actionStates": actions(pick, drop, *more), "nodeStates": left}
    return state(**fields | changes)


def shown(seen: State, known: Known = NOTHING) -> tuple[int, Mission, tuple[Finished, ...]]:
    sighting = vda5050_sight.sight(seen, known, station=3, errors={"loadNotFound": 1})
    return sighting.status.mission, sighting.status.state, sighting.journal


def command(cmd: Cmd, seq: int = 7) -> Command:
    return Command(
        seq=seq, cmd=cmd, mission=M, boot_id=1, fence=1, source=3, target=11, container="T-1"
    )


@pytest.mark.parametrize(
    ("pick", "drop", "loads", "means"),
    [
        ("WAITING", "WAITING", [], Mission.TO_SOURCE),
        ("INITIALIZING", "WAITING", [], Mission.LOADING),
        ("PAUSED", "WAITING", [], Mission.LOADING),
        ("FINISHED", "WAITING", TOTE, Mission.TO_TARGET),
        ("FINISHED", "RUNNING", TOTE, Mission.UNLOADING),
        ("FAILED", "WAITING", [], Mission.FAILED),
        ("FINISHED", "FAILED", TOTE, Mission.FAILED),
    ],
)
def test_how_far_a_mission_is(pick: str, drop: str, loads: list[Any], means: Mission) -> None:
    assert shown(at_work(pick, drop, loads=loads)) == (M, means, ())


def test_an_order_that_is_done_is_in_the_journal_and_not_in_hand() -> None:
    done = at_work("FINISHED", "FINISHED")
    assert shown(done) == (0, Mission.NONE, (Finished(M, Mission.DONE, 0),))
    still_rolling = at_work("FINISHED", "FINISHED", nodeStates=AHEAD)
    assert shown(still_rolling)[:2] == (M, Mission.UNLOADING)
    other = ("x", "stateRequest", "WAITING")
    assert shown(at_work("FINISHED", "FINISHED", other))[0] == 0, "asking is no part of an order"


def test_an_order_is_void_only_when_its_own_cancelling_is_done_and_nothing_was_moved() -> None:
    def cancelled(status: str, order: int = M) -> tuple[str, str, str]:
        return (f"{order}-cancelOrder-9", "cancelOrder", status)

    void = at_work("FAILED", "FAILED", cancelled("FINISHED"), nodeStates=[])
    assert shown(void) == (0, Mission.NONE, (Finished(M, Mission.VOIDED, 0),))
    obeying = at_work("WAITING", "WAITING", cancelled("RUNNING"))
    assert shown(obeying)[1] is Mission.TO_SOURCE
    assert vda5050_sight.is_cancelling(obeying)
    assert not vda5050_sight.is_cancelling(void)
    for wrong in (
        at_work("FAILED", "FAILED", cancelled("FINISHED"), nodeStates=[], loads=TOTE),
        at_work("FINISHED", "FAILED", cancelled("FINISHED"), nodeStates=[]),
        at_work("FAILED", "FAILED", cancelled("FAILED"), nodeStates=[]),
        at_work("FAILED", "FAILED", cancelled("FINISHED", M + 1), nodeStates=[]),
        at_work("FAILED", "FAILED", nodeStates=[]),
    ):
        assert shown(wrong)[:2] == (M, Mission.FAILED)


def test_a_failed_order_stays_in_hand_until_it_is_confirmed() -> None:
    failed = at_work("FAILED", "FAILED", nodeStates=[], errors=[
        {"errorType": "loadNotFound", "errorLevel": "WARNING"}])  # fmt: skip
    assert shown(failed)[:2] == (M, Mission.FAILED)
    sighting = vda5050_sight.sight(failed, NOTHING, station=0, errors={"loadNotFound": 1})
    assert sighting.status.error == 1
    known = Known(0, 0, 0, frozenset({M}), frozenset())
    assert shown(failed, known) == (0, Mission.NONE, (Finished(M, Mission.FAILED, 0),))


def test_orders_of_somebody_else_are_strangers_while_they_last() -> None:
    busy = state(orderId="b7c1-9", nodeStates=AHEAD)
    mission, at, _ = shown(busy)
    assert 0 < mission < 2**32 < M
    assert at is Mission.NONE
    assert shown(state(orderId="b7c1-9")) == (0, Mission.NONE, ())


def test_mode_load_and_place() -> None:
    def status(**changes: object) -> Any:
        return vda5050_sight.sight(state(**changes), NOTHING, station=3, errors={}).status

    idle = status()
    assert (idle.mode, idle.load, idle.location, idle.battery) == (Mode.AUTO, Load.EMPTY, 3, 815)
    assert status(driving=True).location == 0
    assert status(paused=True).mode is Mode.PAUSED
    assert status(operatingMode="SERVICE").mode is Mode.MANUAL
    assert status(errors=[{"errorType": "x", "errorLevel": "FATAL"}]).mode is Mode.FAULT
    stopped = {"eStop": "MANUAL", "fieldViolation": False}
    assert status(safetyState=stopped, paused=True).mode is Mode.E_STOP
    assert status(loads=TOTE).load is Load.LOADED
    blind = {key: value for key, value in IDLE.items() if key != "loads"}
    read = vda5050.read(
        json.dumps(blind).encode(), State, manufacturer="acme", serial_number="A-0007"
    )
    assert vda5050_sight.sight(read, NOTHING, station=3, errors={}).status.load is Load.UNKNOWN


def test_what_a_state_answers() -> None:
    assign, void = command(Cmd.ASSIGN), command(Cmd.VOID)
    assert vda5050_sight.answer(assign, state()) == Answer.NONE
    assert vda5050_sight.answer(assign, at_work("WAITING", "WAITING")) == Answer.OK

    def error(kind: str, key: str, value: str) -> State:
        about = [{"referenceKey": key, "referenceValue": value}]
        return state(errors=[
            {"errorType": kind, "errorLevel": "WARNING", "errorReferences": about}])  # fmt: skip

    assert vda5050_sight.answer(assign, error("noRouteError", "orderId", str(M))) == (
        Answer.UNKNOWN_STATION
    )
    assert vda5050_sight.answer(assign, error("noRouteError", "orderId", "1")) == Answer.NONE
    assert vda5050_sight.answer(assign, error("vendors", "orderId", str(M))) == 20
    assert not vda5050_sight.proves_void(void, state())
    refused = error("noOrderToCancel", "actionId", f"{M}-cancelOrder-7")
    assert vda5050_sight.proves_void(void, refused)
    assert not vda5050_sight.proves_void(command(Cmd.VOID, 8), refused), "an older cancelling"
    mine = at_work("WAITING", "WAITING", (f"{M}-cancelOrder-7", "cancelOrder", "FAILED"))
    assert not vda5050_sight.proves_void(void, mine), "it is there"


@pytest.mark.parametrize(
    "changes",
    [
        {"orderId": 7}, {"operatingMode": "AUTO"}, {"errors": None}, {"headerId": -1},
        {"batteryState": {"batteryCharge": 101, "charging": False}}, {"serialNumber": "A-0008"},
        {"actionStates": [{"actionId": "x", "actionStatus": "DONE"}]}, {"nodeStates": [7]},
    ],
)  # fmt: skip
def test_what_is_no_state_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        state(**changes)


def test_other_messages_that_are_none() -> None:
    for data in (b"", b"{", b"[]", b"\xff", b"{" * 100_000, b" " * 2_000_000, b"null"):
        with pytest.raises(Malformed):
            vda5050.read(data, State, manufacturer="acme", serial_number="A-0007")
    for version in ("1.1.0", "3.0.0", "", "x"):
        with pytest.raises(OtherVersion):
            state(version=version)


def test_an_order_is_written_in_the_standard_s_words() -> None:
    way = vda5050_sight.route({}, "DOCK", "DROP-3", "BENCH-1")
    assert way is not None
    nodes, edges = vda5050_sight.carry(command(Cmd.ASSIGN), way, "DROP-3", "tote")
    order = Order(
        header_id=0, timestamp=vda5050.stamp(0), version=vda5050.VERSION, manufacturer="acme",
        serial_number="A-0007", order_id=str(M), order_update_id=0, nodes=nodes, edges=edges,
    )  # fmt: skip
    said = json.loads(vda5050.write(order))
    assert (said["orderId"], said["orderUpdateId"], said["headerId"]) == (str(M), 0, 0)
    assert [(node["nodeId"], node["sequenceId"], node["released"]) for node in said["nodes"]] == [
        ("DOCK", 0, True), ("DROP-3", 2, True), ("BENCH-1", 4, True),
    ]  # fmt: skip
    assert [(edge["startNodeId"], edge["endNodeId"], edge["sequenceId"]) for edge in said["edges"]
            ] == [("DOCK", "DROP-3", 1), ("DROP-3", "BENCH-1", 3)]  # fmt: skip
    assert said["nodes"][0]["actions"] == []
    (pick,), (drop,) = said["nodes"][1]["actions"], said["nodes"][2]["actions"]
    assert (pick["actionType"], pick["actionId"]) == ("pick", f"{M}-pick")
    assert (drop["actionType"], drop["blockingType"]) == ("drop", "HARD")
    assert {"key": "loadId", "value": "T-1"} in pick["actionParameters"]


def test_roads_lead_the_shortest_way_or_nowhere() -> None:
    roads = {"a": ("N1", "N2"), "b": ("N2", "N3"), "c": ("N1", "N4"), "d": ("N4", "N3"),
             "e": ("N3", "N1")}  # fmt: skip
    assert vda5050_sight.route(roads, "N2", "N1", "N3") == [
        "N2", "b", "N3", "e", "N1", "a", "N2", "b", "N3",
    ]  # fmt: skip
    assert vda5050_sight.route(roads, "N1", "N9") is None
    here = vda5050_sight.route(roads, "N1", "N1", "N2")
    assert here == ["N1", "a", "N2"]
    nodes, _ = vda5050_sight.carry(command(Cmd.ASSIGN), here, "N1", "")
    assert [[action.action_type for action in node.actions] for node in nodes] == [
        ["pick"], ["drop"],
    ]  # fmt: skip


def test_a_factsheet_says_what_the_vehicle_can_do() -> None:
    known = [{"actionType": "pick", "actionScopes": ["NODE", "EDGE"]}]
    data = json.dumps(HEAD | {"protocolFeatures": {"agvActions": known}}).encode()
    sheet = vda5050.read(data, Factsheet, manufacturer="acme", serial_number="A-0007")
    assert sheet.can("pick", "NODE")
    assert not sheet.can("pick", "INSTANT")
    assert not sheet.can("drop", "NODE")
