"""A SATO label printer (SBPL) on raw TCP. Options and promises: as `asking_printer` says.

The printer's interface must be set to a protocol that answers `ENQ` (status 4, "driver").
"""

from collections.abc import Mapping
from typing import Any

from devices.codecs import sbpl
from devices.drivers.asking_printer import AskingPrinter, Options

__all__ = ["Options", "SbplTcpPrinter"]


class SbplTcpPrinter(AskingPrinter):
    """A `Driver` and a `LabelPrinter`."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__(options, sbpl)
