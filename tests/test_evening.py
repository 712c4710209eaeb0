"""At 17:00: labelled = handed over, left behind, uncounted differences, tomorrow's volume."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from app.__main__ import cli
from app.board.evening import Behind, Volume, evening
from tests.floor_site import FloorSite, floor_at
from tests.test_cancel import BASKET
from tests.test_parcels import close, close_out, manifest, pack
from wms.orders import holds
from wms.schema import orders
from wms.shipping import parcels


@pytest.fixture
def site(sqlite_url: str) -> Iterator[FloorSite]:
    with floor_at(sqlite_url) as site:
        site.stock_up()
        yield site
        site.check()


def test_the_evening_adds_up_and_names_what_stays_and_what_comes(
    site: FloorSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.at_bench([BASKET, BASKET])
    first, second = pack(site, 1), pack(site, 2)
    for parcel in (first, second):
        close(site, parcel)
    truck = manifest(site)
    site.write(parcels.load, parcel=first, manifest=truck, now=site.now)
    close_out(site, truck)
    site.write(holds.hold, 2, now=site.now)
    late = site.order(("HAT", 3))
    site.set(orders, orders.c.id == late, state="waiting_date", ship_date="2026-11-24")
    site.order(("HAT", 1))

    found = site.read(evening, now=site.now)
    assert (found.labelled, found.handed_over, found.unfinished) == (2, 1, 1)
    code = site.scalar(select(orders.c.code).where(orders.c.id == 2))
    assert found.behind == (
        Behind(parcel="P0000002-1", order=code, carrier="yamato", on_truck=False, stopped=True),
    )
    assert found.tomorrow == (Volume(carrier="yamato", orders=1, lines=1, pieces=3),)
    assert (found.next_date, found.uncounted) == ("2026-11-24", ())

    monkeypatch.setenv("LANG", "en_US.UTF-8")
    file = tmp_path / "config.toml"
    file.write_text(f'[site]\nname = "T"\n[database]\nurl = "{site.book.url}"\n')
    done = CliRunner().invoke(cli, ["evening", "--config", str(file)])
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[1].startswith("  P0000002-1  ")
    assert "must not leave" in done.output
