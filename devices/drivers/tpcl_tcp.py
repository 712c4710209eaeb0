"""A Toshiba TEC label printer (TPCL) on raw TCP. Options and promises: as `asking_printer` says.

The printer must take commands between braces (its control codes set to "auto" or `{|}`).
"""

from collections.abc import Mapping
from typing import Any

from devices.codecs import tpcl
from devices.drivers.asking_printer import AskingPrinter, Options

__all__ = ["Options", "TpclTcpPrinter"]


class TpclTcpPrinter(AskingPrinter):
    """A `Driver` and a `LabelPrinter`."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__(options, tpcl)
