"""A repeated input gets the answer of the first one: the same bytes, not only the same sense."""

from random import Random

import msgspec
from sqlalchemy import insert

from picking import floor
from tests.picking_site import NOON, site_at
from wms.schema import terminals

SETTINGS = floor.Settings(rng=Random(1))


def test_a_repeated_scan_is_answered_byte_for_byte(database_url: str) -> None:
    with site_at(database_url) as site:
        hand = {"id": "HT-1", "token_hash": "x", "seen_ms": NOON}
        site.write(lambda tx: tx.execute(insert(terminals).values(hand)))
        first, again = (
            msgspec.json.encode(
                site.write(
                    floor.scan,
                    terminal="HT-1",
                    scan_id="s-1",
                    text="4901234567894",
                    via="scan",
                    now=NOON,
                    settings=SETTINGS,
                )
            )
            for _ in range(2)
        )
        assert first == again
