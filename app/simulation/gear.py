"""Which devices a simulated shift has: its seed draws them, from those that a site may buy.

Not every kind in every shift: some cost more time than the others together, and what two of them do
to one another is met as well by many shifts that have each pair now and then.
"""

from dataclasses import dataclass
from random import Random

PRINTERS = ("zpl", "sbpl", "tpcl")
READERS = ("field", "llrp")
LLRP_PERCENT, VEHICLE_PERCENT = 40, 33


@dataclass(frozen=True, slots=True)
class Gear:
    """`printer` is the language of the label printers; `reader` says whether RFID readers speak
    LLRP or stand at the seam of their driver; `vehicles` speak VDA 5050."""

    printer: str = "zpl"
    reader: str = "field"
    vehicles: int = 0


def drawn(seed: int) -> Gear:
    """What the shift of *seed* has."""
    random = Random(f"gear {seed}")  # noqa: S311 - what happens in a shift is no secret
    return Gear(
        printer=random.choice(PRINTERS),
        reader=READERS[random.random() * 100 < LLRP_PERCENT],
        vehicles=int(random.random() * 100 < VEHICLE_PERCENT),
    )
