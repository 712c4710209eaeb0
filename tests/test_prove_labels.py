"""Labels under storm, in short; and planted mistakes, each of which the storm finds."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from devices import printing
from devices.drivers.zpl_tcp import ZplTcpPrinter
from tests.prove import Broken
from tests.prove.part_labels import PART, RETRY_S, one_round


@pytest.fixture(autouse=True)
def _soon_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printing, "RETRY_S", RETRY_S)


def test_no_label_is_lost_and_none_comes_out_twice(sqlite_url: str) -> None:
    done = asyncio.run(one_round(1, sqlite_url, labels=40))
    assert done["labels"] == 40
    assert done["confirmed"] >= 20
    assert PART.wanted == {"labels": 100_000}


def storms(new_sqlite: Callable[[], str]) -> None:
    for seed in range(1, 6):
        asyncio.run(one_round(seed, new_sqlite(), labels=120))


@pytest.mark.long
def test_sending_an_uncertain_label_again_unasked_is_found(
    new_sqlite: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    leave = printing._leave

    async def naive(book: Any, job: Any, state: str, *rest: Any) -> str:
        return await leave(book, job, "ready" if state == "uncertain" else state, *rest)

    monkeypatch.setattr(printing, "_leave", naive)
    with pytest.raises(Broken, match="came out"):
        storms(new_sqlite)


@pytest.mark.long
def test_believing_that_what_was_sent_was_printed_is_found(
    new_sqlite: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def trusting(*_: Any) -> str:
        return ""

    monkeypatch.setattr(ZplTcpPrinter, "_one_label", trusting)
    with pytest.raises(Broken, match="called confirmed and is not there"):
        storms(new_sqlite)
