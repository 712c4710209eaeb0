"""Every driver keeps every promise of the kit, against a twin that speaks the real wire."""

import pkgutil
from importlib import import_module

import pytest

from devices.conformance import PROMISES, Case, Promise, check
from tests import conformance_cases

CASES: list[Case] = [
    import_module(f"{conformance_cases.__name__}.{found.name}").CASE
    for found in pkgutil.iter_modules(conformance_cases.__path__)
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
async def test_a_driver_keeps(case: Case, promise: Promise) -> None:
    await check(case, promise)
