"""States of a vehicle of VDA 5050, as one comes over the wire."""

from typing import Any

M = 3_754_000_000_000_000_001
HEAD = {
    "headerId": 1, "timestamp": "2026-11-22T14:20:00.000Z", "version": "2.1.0",
    "manufacturer": "acme", "serialNumber": "A-0007",
}  # fmt: skip
IDLE: dict[str, Any] = HEAD | {
    "orderId": "", "orderUpdateId": 0, "lastNodeId": "DROP-3", "lastNodeSequenceId": 0,
    "nodeStates": [], "edgeStates": [], "driving": False, "actionStates": [],
    "batteryState": {"batteryCharge": 81.5, "charging": False}, "operatingMode": "AUTOMATIC",
    "errors": [], "safetyState": {"eStop": "NONE", "fieldViolation": False}, "loads": [],
    "information": [{"infoType": "x", "infoLevel": "DEBUG"}], "zoneSetId": "later",
}  # fmt: skip
AHEAD = [{"nodeId": "BENCH-1", "sequenceId": 2, "released": True}]
TOTE = [{"loadId": "T-1"}]


def actions(pick: str, drop: str, *more: tuple[str, str, str]) -> list[dict[str, str]]:
    """The states of an order's two actions, and of more."""
    every = ((f"{M}-pick", "pick", pick), (f"{M}-drop", "drop", drop), *more)
    return [
        {"actionId": name, "actionType": kind, "actionStatus": status}
        for name, kind, status in every
    ]


BUSY = IDLE | {
    "orderId": str(M), "actionStates": actions("FINISHED", "WAITING"), "nodeStates": AHEAD,
    "loads": TOTE, "errors": [{"errorType": "x", "errorLevel": "WARNING", "errorReferences": [
        {"referenceKey": "orderId", "referenceValue": "1"}]}],
}  # fmt: skip
