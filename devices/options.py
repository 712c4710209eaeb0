"""What `config.toml` says for one device, checked: a wrong or unknown option is a `ConfigFault`."""

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

import msgspec

from devices.capabilities import ConfigFault

Options = TypeVar("Options", bound=msgspec.Struct)

TcpPort = Annotated[int, msgspec.Meta(ge=1, le=65535)]
Seconds = Annotated[float, msgspec.Meta(gt=0, le=3600)]
Text = Annotated[str, msgspec.Meta(min_length=1)]


def read(options: Mapping[str, Any], kind: type[Options]) -> Options:
    """*options* as a *kind* (a Struct with `forbid_unknown_fields=True`)."""
    try:
        return msgspec.convert(dict(options), kind)
    except msgspec.ValidationError as error:
        raise ConfigFault(str(error)) from error
