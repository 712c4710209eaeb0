"""The whole application asked by everybody, for a moment; and what must not be told as fine."""

from collections import Counter
from collections.abc import Iterator
from random import Random

import pytest

from tests.prove import Broken
from tests.prove.asking import Asking
from tests.prove.part_api import AUDIT_EVERY, WANTED, Doors, _document, _one, doors, rounds


@pytest.fixture(scope="module")
def site() -> Iterator[Doors]:
    with doors(1, 0) as made:
        yield made


def test_the_whole_application_describes_itself(site: Doors) -> None:
    """Two things of one name in two rooms once made this a fault of the server."""
    assert len(_document(site)["paths"]) > 60


@pytest.mark.long
def test_control_a_door_open_to_the_wrong_one_is_told(site: Doors) -> None:
    chance = Random(5)
    asking = Asking(_document(site), chance)
    (stock,) = [one for one in asking.operations if (one.method, one.path) == ("get", "/v1/stock")]
    site.bearers = {"nobody": site.bearers["everything"]}
    with pytest.raises(Broken, match="it needs stock"):
        for _ in range(40):
            _one(site, asking, stock, chance, 1)


@pytest.mark.long
def test_some_rounds_of_requests() -> None:
    done: Counter[str] = Counter()
    for number, told in enumerate(rounds(3, turn=60), 1):
        done += told
        if number == AUDIT_EVERY:
            break
    assert done[WANTED] == 60 * AUDIT_EVERY
    assert done["refused to the wrong one"] > 10
    assert done["answered 2xx"] > 10
