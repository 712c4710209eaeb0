"""Every screen of the floor with facts as bad as a real day's, by dialogue: made by the dialogues.

A sample is named after its step, and a word more where a step has several looks. A dialogue that
is new belongs into `SCREENS`: a test compares them with the words that dialogues ask with.
"""

from tests.screens import bench, dock, inbound, lead, people, shelf, storage
from tests.screens.making import Show

SCREENS: dict[str, dict[str, Show]] = {
    "sign_in": people.SIGN_IN,
    "menu": people.MENU_PAGES,
    "pick": shelf.PICKING,
    "pack": bench.PACKING,
    "ship": dock.SHIPPING,
    "task": people.TASKS,
    "sort": bench.SORTING,
    "putaway": storage.PUTTING_AWAY,
    "replenish": storage.REPLENISHING,
    "move": storage.MOVING,
    "receive": inbound.RECEIVING,
    "count": lead.COUNTING,
    "returns": inbound.RETURNING,
    "approve_short": lead.DECIDING,
    "work": people.WORKING,
    "look": people.LOOKING,
}
