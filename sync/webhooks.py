"""One webhook on the wire: what it says (CloudEvents 1.0), how it is signed (Standard Webhooks),
when it is tried again, and what an answer means. Pure.

Sources: the CloudEvents 1.0 JSON format in structured mode; standardwebhooks.com, whose retry
schedule is used here.
"""

import binascii
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any, Literal

import msgspec
from standardwebhooks import Webhook
from standardwebhooks.webhooks import EmptyWebhookSecretError

from wms.record.event_kinds import OrderEvent
from wms.record.events import Told
from wms.text import shown

BACKOFF_S = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
JITTER = 0.2
# About us, this moment or the road, not about this event: another time it may be taken.
PASSING = frozenset({401, 403, 407, 408, 409, 421, 423, 425, 429})
GONE = 410
REASON_CHARACTERS_MAX = 200
MEDIA_TYPE = "application/cloudevents+json; charset=utf-8"

Fate = Literal["delivered", "retry", "parked", "gone"]


class BadSecret(Exception):
    """The secret behind the endpoint's reference is not a `whsec_...` value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One attempt to be made. `attempts` were made before; `body` is the same in each."""

    delivery: int
    endpoint: int
    name: str
    url: str
    secret: str  # the reference, never the secret
    webhook_id: str
    body: bytes
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came of an attempt; `delay_ms` until the next one."""

    delivery: int
    endpoint: int
    name: str
    attempts: int
    fate: Fate
    delay_ms: int = 0
    error: str = ""


def body_of(told: Told, *, life: str, order: str) -> bytes:
    """The event as CloudEvents JSON. Source and id together name it, whatever the endpoint.

    *life* is the book's incarnation: after a restore it is another source. *order* is the order's
    printed code; `seq` counts 1, 2, 3... within `about`, so a receiver sees what is missing.
    """
    event = told.event
    data: dict[str, Any] = msgspec.to_builtins(event)
    data |= {"about": told.aggregate, "seq": told.seq}
    subject = told.aggregate
    if isinstance(event, OrderEvent):
        data["order"] = order
        subject = event.external_id or order
    at = datetime.fromtimestamp(told.at_ms / 1000, tz=UTC)
    return msgspec.json.encode({
        "specversion": "1.0", "id": str(told.id), "source": f"urn:genba:{life}",
        "type": event.kind, "subject": subject, "time": at, "datacontenttype": "application/json",
        "data": data,
    })  # fmt: skip


def headers_of(webhook_id: str, body: bytes, *, secrets: str, now: int) -> dict[str, str]:
    """The headers of one attempt at *now* (UTC milliseconds).

    *secrets* are one or more `whsec_...` values with spaces between: while a secret is changed,
    both sign. Raises `BadSecret`.
    """
    # The library reads the clock face of whatever it is given as UTC: give it UTC.
    at = datetime.fromtimestamp(now // 1000, tz=UTC)
    try:
        signers = [Webhook(secret) for secret in secrets.split()]
    except (binascii.Error, EmptyWebhookSecretError, ValueError) as error:
        raise BadSecret("not a whsec_ secret") from error
    if not signers:
        raise BadSecret("no secret")
    return {
        "content-type": MEDIA_TYPE, "user-agent": "genba",
        "webhook-id": webhook_id, "webhook-timestamp": str(now // 1000),
        "webhook-signature": " ".join(
            signer.sign(webhook_id, at, body.decode()) for signer in signers
        ),
    }  # fmt: skip


def judged(one: Outgoing, status: int, reason: str, *, scale: float, random: Random) -> Tried:
    """What follows from an answer: its HTTP *status*, or 0 when there was none, and why.

    2xx is delivered. 410 ends the endpoint. Any other 4xx that is about this very event parks it,
    and so does the last of ten attempts. *scale* shortens the schedule.
    """
    fate: Fate = "retry"
    if 200 <= status < 300:
        return _tried(one, "delivered")
    if status == GONE:
        fate = "gone"
    elif (400 <= status < 500 and status not in PASSING) or one.attempts >= len(BACKOFF_S):
        fate = "parked"
    said = f"{status} {reason}".strip() if status else reason
    return _tried(one, fate, delay_ms(one.attempts, scale=scale, random=random), said)


def _tried(one: Outgoing, fate: Fate, delay: int = 0, error: str = "") -> Tried:
    return Tried(
        delivery=one.delivery, endpoint=one.endpoint, name=one.name, attempts=one.attempts + 1,
        fate=fate, delay_ms=delay, error=error,
    )  # fmt: skip


def delay_ms(attempts: int, *, scale: float, random: Random) -> int:
    """Milliseconds to wait after a failure that *attempts* others came before: 5 s to 24 h, +-20 %.

    >>> delay_ms(0, scale=1, random=Random(1)) in range(4_000, 6_001)
    True
    """
    base_s = BACKOFF_S[min(attempts, len(BACKOFF_S) - 1)]
    return round(base_s * 1000 * scale * random.uniform(1 - JITTER, 1 + JITTER))


def words_of(answer: bytes) -> str:
    """The beginning of an answer's body, fit to be kept and shown.

    >>> words_of(b"no \\x1b[2J such order")
    'no �[2J such order'
    """
    text = " ".join(answer.decode("utf-8", "replace").split())
    return "".join(shown(text[at : at + 40]) for at in range(0, REASON_CHARACTERS_MAX, 40))
