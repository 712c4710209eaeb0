"""F47: what a receiver who checks as docs/api.md says believes, and what it does not."""

import base64
import re
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from app.local import clock_ms
from sync.webhooks import headers_of
from tests.sources import text_of

OLD, NEW, OTHER = (
    "whsec_" + base64.b64encode(sha256(name).digest()).decode() for name in (b"1", b"2", b"3")
)
BODY = b'{"type":"order.shipped","data":{"external_id":"A-1","seq":7}}'
MINUTES_MS = 60_000


@pytest.fixture(scope="module")
def take() -> Callable[..., Any]:
    """The very check that the page shows."""
    blocks = re.findall(r"```python\n(.*?)```", text_of(Path("docs/api.md")), re.DOTALL)
    (check,) = [one for one in blocks if "standardwebhooks" in one]
    names: dict[str, Any] = {}
    exec(compile(check, "docs/api.md", "exec"), names)  # noqa: S102 - our own page
    found: Callable[..., Any] = names["take"]
    return found


def sent(secrets: str = OLD, *, at_ms: int = 0, identity: str = "msg_1") -> dict[str, str]:
    return headers_of(identity, BODY, secrets=secrets, now=clock_ms() + at_ms)


def test_f47_what_we_send_is_believed_once(take: Callable[..., Any]) -> None:
    seen: set[str] = set()
    headers = sent()
    assert take(headers, BODY, OLD, seen)["data"]["external_id"] == "A-1"
    assert take(headers, BODY, OLD, seen) is None, "a replay"
    assert take(sent(at_ms=2 * MINUTES_MS), BODY, OLD, seen) is None, "tried again by us"
    assert take(sent(identity="msg_2"), BODY, OLD, seen) is not None


def with_signature(change: Callable[[str], str]) -> dict[str, str]:
    headers = sent()
    return {**headers, "webhook-signature": change(headers["webhook-signature"])}


FORGED: dict[str, Callable[[], tuple[dict[str, str], bytes]]] = {
    "another secret": lambda: (sent(OTHER), BODY),
    "another body": lambda: (sent(), BODY.replace(b"A-1", b"A-2")),
    "one byte more": lambda: (sent(), BODY + b" "),
    "another id": lambda: ({**sent(), "webhook-id": "msg_9"}, BODY),
    "another time": lambda: ({**sent(), "webhook-timestamp": str(clock_ms() // 1000 - 9)}, BODY),
    "an old one": lambda: (sent(at_ms=-6 * MINUTES_MS), BODY),
    "one from the future": lambda: (sent(at_ms=6 * MINUTES_MS), BODY),
    "no signature": lambda: ({**sent(), "webhook-signature": ""}, BODY),
    "a signature of nothing": lambda: ({**sent(), "webhook-signature": "v1,"}, BODY),
    "another version": lambda: (with_signature(lambda it: it.replace("v1,", "v0,")), BODY),
    "half a signature": lambda: (with_signature(lambda it: it[:20]), BODY),
    "no comma": lambda: ({**sent(), "webhook-signature": "v1"}, BODY),
    "no headers": lambda: ({}, BODY),
    "no time": lambda: ({**sent(), "webhook-timestamp": "soon"}, BODY),
}  # fmt: skip


@pytest.mark.parametrize("name", FORGED)
def test_f47_what_is_forged_is_not_believed(take: Callable[..., Any], name: str) -> None:
    headers, body = FORGED[name]()  # signed now, not when the tests were collected
    seen: set[str] = set()
    assert take(headers, body, OLD, seen) is None
    assert not seen, "and its id is not taken from the true one"


def test_f47_a_secret_is_changed_without_a_gap_and_the_old_one_ends(
    take: Callable[..., Any],
) -> None:
    both = f"{OLD} {NEW}"
    for secret in (OLD, NEW, both):
        assert take(sent(both), BODY, secret, set()) is not None
    assert take(sent(OLD), BODY, NEW, set()) is None
    assert take(sent(NEW), BODY, both, set()) is not None
    assert take(sent(NEW), BODY, OLD, set()) is None, "who stole the old one learns nothing new"
