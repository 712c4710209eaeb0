"""`config.toml`, typed. Unknown keys, missing keys and wrong values stop the start, all at once."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_origin
from zoneinfo import ZoneInfo, available_timezones

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import FieldInfo, fields

from wms.errors import Rejected
from wms.messages import Language, say
from wms.shape import refusal_of

Port = Annotated[int, Meta(ge=1, le=65535)]
Seconds = Annotated[float, Meta(gt=0, le=3600)]
Count = Annotated[int, Meta(ge=1, le=10_000)]
# Drivers of label printers, which never take a PDF, and the language that labels are sent in.
LANGUAGES = {"zpl-tcp": "zpl", "zebra-queue": "zpl", "sbpl-tcp": "sbpl", "tpcl-tcp": "tpcl"}


class Site(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[site]`: who and where."""

    name: str
    language: Literal["ja", "en"] = "ja"
    timezone: str = "Asia/Tokyo"
    company_prefix: Annotated[str, Meta(pattern="^([0-9]{6,12})?$")] = ""

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


class Database(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[database]`: `sqlite:///FILE` (beside config.toml), or `postgresql://...`."""

    url: str = "sqlite:///data/genba.db"


class Server(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[server]`: where the API listens. Anything but this machine needs TLS, or a yes."""

    host: str = "127.0.0.1"
    port: Port = 8470
    tls_certificate: str = ""
    tls_key: str = ""
    allow_plain_network: bool = False
    requests_per_second: Annotated[int, Meta(ge=1, le=100_000)] = 20


class Floor(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[floor]`: how terminals behave."""

    bounce_ms: Annotated[int, Meta(ge=0, le=5_000)] = 300
    confirm_ms: Annotated[int, Meta(ge=0, le=10_000)] = 1_000
    idle_lock_minutes: Annotated[int, Meta(ge=1, le=600)] = 10


class Waves(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[waves]`: when orders become work, and how big a walk is."""

    cart_totes: Annotated[int, Meta(ge=1, le=60)] = 8
    orders_min: Count = 20
    orders_max: Count = 60
    wait_minutes: Annotated[float, Meta(ge=0, le=600)] = 20
    total_pieces_max: Count = 40
    identical_min: Annotated[int, Meta(ge=0, le=1_000)] = 0


class PickZone(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[picking.zones.NAME]`: how one zone is picked, where that is not as everywhere."""

    method: Literal["", "cart", "pass", "single", "batch"] = ""
    pass_place: str = ""
    wall: str = ""
    people: tuple[str, ...] = ()


class Picking(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[picking]`: how goods are fetched, and what is asked at the shelf."""

    method: Literal["cart", "pass", "single", "batch"] = "cart"
    wall: str = ""
    zero_check: bool = False
    take_over_minutes: Annotated[int, Meta(ge=0, le=600)] = 10
    zones: dict[str, PickZone] = {}


class Counts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[counts]`: how many places are counted each day, the least certain ones first; over how many
    days it is measured how fast goods move."""

    per_day: Annotated[int, Meta(ge=0, le=10_000)] = 0
    velocity_days: Annotated[int, Meta(ge=0, le=400)] = 0


class Robots(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[robots]`: how long a silent robot is waited for before a person is sent to look."""

    patience_s: Seconds = 10


class Device(Struct, frozen=True, kw_only=True):
    """`[devices.NAME]`: a driver's name; every other key goes to the driver."""

    driver: str
    options: dict[str, Any] = {}


class Station(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[stations.NAME]`: a bench and the devices that stand on it (names of `[devices]`)."""

    kind: Literal["pack", "ship", "receive", "return", "wall", "work"] = "pack"
    place: str
    printer: str = ""
    dots_per_mm: Literal[8, 12] = 8  # of its label printer: 203 or 300 dpi
    rfid: bool = False  # its label printer writes tags
    slip_printer: str = ""
    scale: str = ""
    scanner: str = ""
    reader: str = ""
    light: str = ""  # of a door with a reader: DEVICE:CHANNEL
    neighbour: str = ""
    slots: tuple[str, ...] = ()  # of a wall: PLACE, or PLACE=DEVICE:CHANNEL


class Webhook(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[webhooks.NAME]`: who hears of events. The secret is a reference: `env:NAME` or `file:`."""

    url: str
    secret: str
    owner: str = ""
    kinds: tuple[str, ...] = ()
    private_network: bool = False
    retry_scale: Annotated[float, Meta(gt=0, le=1)] = 1.0


class Secrets(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[secrets]`: references, never values."""

    pepper: str = "file:data/pepper"


class Backups(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[backups]`: where backups go, and how long they stay: names and addresses are in them."""

    folder: str = "backups"
    keep_days: Annotated[int, Meta(ge=1, le=3_650)] = 35


class Privacy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[privacy]`: days that the site keeps what tells of people; owners have their own for names
    and addresses. Forgotten every day at `hour`, local."""

    journal_days: Annotated[int, Meta(ge=1, le=3_650)] = 30
    label_days: Annotated[int, Meta(ge=1, le=3_650)] = 7
    photo_days: Annotated[int, Meta(ge=1, le=3_650)] = 120
    sighting_days: Annotated[int, Meta(ge=1, le=3_650)] = 180
    hour: Annotated[int, Meta(ge=0, le=23)] = 3


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    site: Site
    database: Database = Database()
    server: Server = Server()
    floor: Floor = Floor()
    waves: Waves = Waves()
    picking: Picking = Picking()
    counts: Counts = Counts()
    robots: Robots = Robots()
    secrets: Secrets = Secrets()
    backups: Backups = Backups()
    privacy: Privacy = Privacy()
    devices: dict[str, Device] = {}
    stations: dict[str, Station] = {}
    webhooks: dict[str, Webhook] = {}

    def language_of(self, station: str) -> str:
        """What the label printer of *station* speaks, or its neighbour's where it has none.

        A driver that is not ours takes ZPL.
        """
        here = self.stations[station]
        helper = self.stations.get(here.neighbour)
        printer = self.devices.get(here.printer or (helper.printer if helper else ""))
        return LANGUAGES.get(printer.driver, "zpl") if printer else "zpl"


class Wrong(NamedTuple):
    """One fault: a code of the words, what fills its blanks, and what is against a value."""

    code: str
    params: Mapping[str, str | int]
    refusal: Rejected | None = None

    def told(self, language: Language) -> str:
        params = dict(self.params)
        if self.refusal is not None:
            field = str(self.params["at"]).rpartition(".")[2]
            if language == "ja":  # in English msgspec has said it
                blanks = {**self.refusal.params, "field": field}
                params["reason"] = say(self.refusal.code, language, **blanks)
        return say(self.code, language, **params)


class ConfigError(Exception):
    """Every fault in the file, one a line; as text in English, `told` in either language."""

    def __init__(self, source: str, faults: Sequence[Wrong]) -> None:
        self.source, self.faults = source, tuple(faults)
        super().__init__("\n".join(self.told("en")))

    def told(self, language: Language) -> list[str]:
        """A line for each fault, with the file and the key."""
        lines = sorted(one.told(language) for one in self.faults)
        return [f"{self.source}: {line}" for line in lines]


def _wrong(code: str, **params: str | int) -> Wrong:
    return Wrong(f"config.{code}", params)


def load(path: Path) -> Config:
    """Read and check *path*. Raises `ConfigError` with all faults, each with its key."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise ConfigError(str(path), [_wrong("missing_file")]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), [_wrong("unreadable", why=str(error))]) from None
    return check(table, str(path))


def check(table: dict[str, Any], source: str) -> Config:
    """The typed form of a parsed *table*; `ConfigError` names *source* and every fault."""
    faults: list[Wrong] = []
    config = _build(Config, table, "", faults)
    if config is not None:
        faults += _cross_checks(config)
    if faults or config is None:
        raise ConfigError(source, faults)
    assert isinstance(config, Config)
    return config


def _build(cls: type[Struct], table: Any, at: str, faults: list[Wrong]) -> Struct | None:
    """Walk one section; every field is converted on its own so that every fault is named."""
    if not isinstance(table, dict):
        faults.append(_wrong("section", at=at.rstrip("."), value=repr(table)))
        return None
    if cls is Device:
        options = {key: value for key, value in table.items() if key != "driver"}
        table = {**({"driver": table["driver"]} if "driver" in table else {}), "options": options}
    known = {field.name: field for field in fields(cls)}
    before = len(faults)
    for key in table.keys() - known.keys():
        if near := get_close_matches(key, known, 1):
            faults.append(_wrong("unknown_key_near", at=f"{at}{key}", near=near[0]))
        else:
            faults.append(_wrong("unknown_key", at=f"{at}{key}"))
    values: dict[str, Any] = {}
    for name, field in known.items():
        if name in table:
            values[name] = _value(field.type, table[name], f"{at}{name}", faults)
        elif _required(field):
            faults.append(_wrong("missing", at=f"{at}{name}"))
    return cls(**values) if len(faults) == before else None


def _required(field: FieldInfo) -> bool:
    return field.default is msgspec.NODEFAULT and field.default_factory is msgspec.NODEFAULT


def _value(kind: Any, value: Any, at: str, faults: list[Wrong]) -> Any:
    if isinstance(kind, type) and issubclass(kind, Struct):
        return _build(kind, value, f"{at}.", faults)
    if get_origin(kind) is dict and get_args(kind)[1] is not Any:
        if not isinstance(value, dict):
            faults.append(_wrong("section", at=at, value=repr(value)))
            return {}
        inner = get_args(kind)[1]
        return {name: _value(inner, each, f"{at}.{name}", faults) for name, each in value.items()}
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        why = str(error).lower().split(" - at")[0]
        told = {"at": at, "reason": why, "value": repr(value)}
        faults.append(Wrong("config.value", told, refusal_of(error)))
        return None


def _cross_checks(config: Struct) -> list[Wrong]:
    """What one section says of another: time zones exist, stations name devices that exist."""
    assert isinstance(config, Config)
    faults = []
    if config.site.timezone not in available_timezones():
        faults.append(_wrong("timezone", value=config.site.timezone))
    for name, station in config.stations.items():
        faults += _of_station(config, name, station)
    host = config.server.host
    local = host in ("127.0.0.1", "::1", "localhost")
    if not (local or config.server.tls_certificate or config.server.allow_plain_network):
        faults.append(_wrong("open_network", host=host))
    return faults


def _of_station(config: Config, name: str, station: Station) -> Iterator[Wrong]:
    at = f"stations.{name}"
    for role in ("printer", "slip_printer", "scale", "scanner", "reader"):
        device = getattr(station, role)
        if device and device not in config.devices:
            yield _wrong("no_device", at=f"{at}.{role}", device=device)
    slips = config.devices.get(station.slip_printer)
    if slips is not None and slips.driver in LANGUAGES:
        yield _wrong("labels_only", at=f"{at}.slip_printer", device=station.slip_printer)
    lit = [(f"{at}.slots", slot, slot.partition("=")[2]) for slot in station.slots]
    for key, slot, light in (*lit, (f"{at}.light", name, station.light)):
        device, _, channel = light.partition(":")
        if light and (device not in config.devices or not channel.isdigit()):
            yield _wrong("no_light", at=key, slot=slot, light=light)
    if not station.neighbour:
        return
    helper = config.stations.get(station.neighbour)
    if helper is None:
        yield _wrong("no_station", at=f"{at}.neighbour", station=station.neighbour)
    elif helper.printer and helper.dots_per_mm != station.dots_per_mm:
        yield _wrong(
            "other_dots", at=f"{at}.neighbour", helper=station.neighbour, station=name,
            helper_dots=helper.dots_per_mm, dots=station.dots_per_mm,
        )  # fmt: skip
    elif helper.printer and station.printer:
        own, other = config.language_of(name), config.language_of(station.neighbour)
        if own != other:
            yield _wrong(
                "other_language", at=f"{at}.neighbour", helper=station.neighbour, station=name,
                helper_language=other, language=own,
            )  # fmt: skip
