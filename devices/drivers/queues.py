"""What drivers of print queues of the operating system have in common."""

from collections.abc import Collection

from devices.capabilities import ConfigFault

NO_SPOOLER = "printer.no_spooler"
NO_QUEUE = "printer.no_queue"


def refuse_unknown(queue: str, known: Collection[str]) -> None:
    """`ConfigFault` where there is no such *queue* among the *known* ones."""
    if queue not in known:
        raise ConfigFault(f"no print queue {queue!r}; there are: {', '.join(known)}")


def no_queues(error: OSError) -> ConfigFault:
    """The programs of the print system are not there."""
    return ConfigFault(f"this machine has no print queues: {error}")
