"""The API's description: exactly what the parser does; its page loads nothing from elsewhere."""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
from litestar import Request, Response, Router, get
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, OpenAPIRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.serialization import encode_json

from app import VERSION
from app.answers import Refusal

AnyRequest = Request[Any, Any, Any]
Document = dict[str, Any]

REFERENCE = "#/components/schemas/{name}"
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "style-src 'self' 'unsafe-inline'; base-uri 'none'"
)
PAGE = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"/>'
    f'<meta http-equiv="Content-Security-Policy" content="{PAGE_POLICY}"/>'
    '<title>Genba API</title><script src="/docs/rapidoc.js" defer></script></head><body>'
    '<rapi-doc spec-url="/docs/openapi.json" load-fonts="false" theme="light" '
    'render-style="read" show-header="false" allow-server-selection="false">'
    "</rapi-doc></body></html>"
)


class Page(OpenAPIRenderPlugin):
    """Documentation for people: a warehouse has no way to a content network."""

    def render(self, request: AnyRequest, openapi_schema: Document) -> bytes:
        """An HTML page whose only script is our own copy of RapiDoc."""
        return PAGE.encode()


class Description(JsonRenderPlugin):
    """The schema for programs, with what the framework leaves out."""

    def __init__(self) -> None:
        super().__init__(path="/openapi.json")
        self.structs: Sequence[type] = ()  # what bodies and answers are made of

    def render(self, request: AnyRequest, openapi_schema: Document) -> bytes:
        """The completed schema as JSON."""
        return encode_json(completed(openapi_schema, self.structs))


def completed(schema: Document, structs: Sequence[type]) -> Document:
    """*schema* with msgspec's own word on *structs*, and with the form of every refusal.

    The framework describes structs without saying that unknown fields are refused.
    """
    _, parts = msgspec.json.schema_components([*structs, Refusal], ref_template=REFERENCE)
    missing = parts.keys() - schema["components"]["schemas"].keys() - {"Refusal", "Problem"}
    assert not missing, f"described under another name: {missing}"
    refusal = {
        "description": "Refused, with the reason",
        "content": {"application/json": {"schema": {"$ref": REFERENCE.format(name="Refusal")}}},
    }
    components = {
        **schema["components"],
        "schemas": {**schema["components"]["schemas"], **parts},
        "responses": {"Refusal": refusal},
    }
    paths = {path: _with_refusals(item) for path, item in schema["paths"].items()}
    return {**schema, "components": components, "paths": paths}


def _with_refusals(item: Mapping[str, Any]) -> Document:
    refusal = {"$ref": "#/components/responses/Refusal"}
    operations: Document = {}
    for method, operation in item.items():
        answers = {code: said for code, said in operation["responses"].items() if code != "400"}
        operations[method] = {
            **operation, "responses": {**answers, "4XX": refusal, "5XX": refusal}
        }  # fmt: skip
    return operations


@get("/docs/rapidoc.js", opt={"public": True}, include_in_schema=False)
async def script() -> Response[bytes]:
    """RapiDoc, compressed as it is kept (`app/static/README.md`)."""
    headers = {"Content-Encoding": "gzip", "Cache-Control": "max-age=86400"}
    return Response(_script(), media_type="text/javascript", headers=headers)


@cache
def _script() -> bytes:
    return files("app").joinpath("static/rapidoc-min.js.gz").read_bytes()


def config(description: Description) -> OpenAPIConfig:
    """What the web application needs to describe itself, under `/docs`."""
    bearer = SecurityScheme(type="http", scheme="bearer", description="An API token: genba_live_…")
    return OpenAPIConfig(
        title="Genba",
        version=VERSION,
        components=Components(security_schemes={"token": bearer}),
        security=[{"token": []}],
        use_handler_docstrings=True,
        openapi_router=Router(
            "/docs", route_handlers=[], opt={"public": True}, include_in_schema=False
        ),
        render_plugins=[Page(path="/"), description],
    )
