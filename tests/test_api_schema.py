"""The schema says exactly what the API does: Schemathesis makes requests from it, good and bad."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.api_site import LOCAL_SECRET, Api, api

EXAMPLES = 20
HEADERS = {"Authorization": f"Bearer {LOCAL_SECRET}"}
NOTHING_TO_GET_WRONG = {"/v1/health"}
# Refusals that a request of the schema's own making must never get: they are about its shape.
OF_SHAPE = ("field.", "body.", "http.")


@pytest.fixture
def site(sqlite_url: str) -> Iterator[Api]:
    with api(sqlite_url, requests_per_s=100_000, burst=100_000) as made:
        yield made


def operations(site: Api) -> list[Any]:
    """Every operation that the schema describes."""
    schema = schemathesis.openapi.from_asgi("/docs/openapi.json", site.app)
    return [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]


def try_out(operation: Any, mode: GenerationMode, probe: Callable[[Any], None]) -> None:
    """Call *probe* with some cases of *operation*, the same ones in every run."""

    def one(case: Any) -> None:
        probe(case)

    quiet = settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True,
        suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate],
    )  # fmt: skip
    quiet(given(case=operation.as_strategy(generation_mode=mode))(one))()


def test_what_the_schema_allows_is_understood(site: Api) -> None:
    def probe(case: Any) -> None:
        response = case.call_and_validate(
            headers=HEADERS, excluded_checks=[positive_data_acceptance]
        )
        if response.status_code >= 400 and "error" in response.json():
            error = response.json()["error"]
            assert not error["code"].startswith(OF_SHAPE), error

    found = operations(site)
    assert len(found) >= 9
    for operation in found:
        try_out(operation, GenerationMode.POSITIVE, probe)


def test_what_the_schema_forbids_is_refused(site: Api) -> None:
    def probe(case: Any) -> None:
        if (
            [] not in (case.query or {}).values()
        ):  # an empty list is not sent: nothing is wrong then
            case.call_and_validate(headers=HEADERS)

    for operation in operations(site):
        if operation.path not in NOTHING_TO_GET_WRONG:
            try_out(operation, GenerationMode.NEGATIVE, probe)
