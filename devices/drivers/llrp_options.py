"""What `config.toml` may say of an LLRP reader, and what of it counts as seen (`llrp.py`)."""

from typing import Annotated, Any

import msgspec

from devices import options as device_options
from devices.capabilities import ConfigFault
from devices.sightings import Rules

REPORT_TAGS = 20  # a report after so many reads or so long; without either there is never one
REPORT_MS = 100
QUIET_BEATS = 3  # so many keepalives may be late before the reader was blind
Antenna = Annotated[int, msgspec.Meta(ge=1, le=64)]


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """See the docstring of `llrp.py`."""

    host: device_options.Text
    port: device_options.TcpPort = 5084
    antennas: Annotated[
        tuple[Annotated[int, msgspec.Meta(ge=0, le=64)], ...], msgspec.Meta(min_length=1)
    ] = (1,)
    power_dbm: Annotated[float, msgspec.Meta(ge=0, le=36)] | None = None
    keepalive_ms: Annotated[int, msgspec.Meta(ge=100, le=1000)] = 1000
    reads_min: Annotated[int, msgspec.Meta(ge=1, le=100)] = 2
    within_ms: Annotated[int, msgspec.Meta(ge=100, le=60_000)] = 1_000
    rssi_min_dbm: Annotated[int, msgspec.Meta(ge=-128, le=0)] = -128
    gone_s: device_options.Seconds = 5.0
    inside: frozenset[Antenna] = frozenset()
    outside: frozenset[Antenna] = frozenset()

    def check(self) -> None:
        """Raises `ConfigFault` for what no single option shows."""
        if 0 in self.antennas and len(self.antennas) > 1:
            raise ConfigFault("antennas: 0 means all of them and stands alone")
        if bool(self.inside) != bool(self.outside):
            raise ConfigFault("inside, outside: a door needs antennas on both sides")
        if self.inside & self.outside:
            raise ConfigFault(f"antenna {min(self.inside & self.outside)} is inside and outside")
        strange = (self.inside | self.outside) - {*self.antennas}
        if strange and 0 not in self.antennas:
            raise ConfigFault(f"antenna {min(strange)} is not among the antennas")

    def rules(self) -> Rules:
        """What counts as seen at this reader."""
        return Rules(
            reads_min=self.reads_min, within_ms=self.within_ms, rssi_min=self.rssi_min_dbm,
            gone_ms=int(self.gone_s * 1000), inside=self.inside, outside=self.outside,
            quiet_ms=max(QUIET_BEATS * self.keepalive_ms, 1_500),
        )  # fmt: skip

    def for_sllurp(self) -> dict[str, Any]:
        """The same in `sllurp`'s words."""
        return {
            "antennas": list(self.antennas),
            "tx_power_dbm": None if self.power_dbm is None else float(self.power_dbm),
            "report_every_n_tags": REPORT_TAGS,
            "report_timeout_ms": REPORT_MS,
            "keepalive_interval": self.keepalive_ms,
            "reconnect": False,
            "reset_on_connect": True,
            "start_inventory": True,
            "event_selector": {
                "ReportBufferFillWarning": True,
                "AntennaEvent": True,
            },
            "tag_content_selector": {
                "EnableROSpecID": False,
                "EnableSpecIndex": False,
                "EnableInventoryParameterSpecID": False,
                "EnableAntennaID": True,
                "EnableChannelIndex": False,
                "EnablePeakRSSI": True,
                "EnableFirstSeenTimestamp": False,
                "EnableLastSeenTimestamp": True,
                "EnableTagSeenCount": True,
                "EnableAccessSpecID": True,
            },
        }
