"""Requests made from an OpenAPI document: mostly of the right shape, with codes that mean something
here, or something that does not belong there at all."""

import json
import re
from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import quote

from tests.prove.mutating import WORSE

DEPTH_MAX = 5
METHODS = ("get", "post", "put", "patch", "delete")
CODES: tuple[str, ...] = (
    "acme", "bloom", "acme-shop", "TEA", "CUP", "FOOD", "SHIRT", "A-01", "B-02", "RS-1", "DOCK",
    "PACK-1", "HT-01", "yamato", "sagawa", "L1", "P1", "anna", "E-1", "key-1000001", "gate-1",
    "label-1", "4901234567894", "2026-11-22", "2026-11", "2026-11-22T12:00:00Z", "available",
    "pick", "lead", "orders", "items", "stock", "en", "ja", "O0000001", "P0000001-1", "IN0000001",
    "M-YAMATO-261122-1700", "1", "2", "orders:write", "admin", "https://example.com/hook",
)  # fmt: skip
STRANGE: tuple[Any, ...] = (
    None, True, -1, 0, 10**18, 2**63, 1.5, "", [], {}, [[]], "\u0000", "\ud83d", "x" * 3_000,
    "=1+1", "'; DROP TABLE moves; --", "../../etc/passwd", "%00", "\x1b]52;c;AA==\x07", "^XZ~JR",
    "<script>alert(1)</script>", "{{7*7}}", "\u202egnp", "髙橋", "٣",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Operation:
    """One verb on one path, as the document describes it."""

    method: str
    path: str
    about: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent."""

    method: str
    url: str
    content: bytes
    headers: dict[str, str]


class Asking:
    """Makes requests of *document*."""

    def __init__(self, document: dict[str, Any], chance: Random) -> None:
        self.document, self.chance = document, chance
        self.operations = [
            Operation(method, path, about[method])
            for path, about in sorted(document["paths"].items())
            for method in METHODS if method in about
        ]  # fmt: skip

    def request(self, operation: Operation) -> Request:
        """A request of *operation*; one in five has something strange in it."""
        chance = self.chance
        strange = chance.random() < 0.2
        named = {p["name"]: p for p in operation.about.get("parameters", []) if p["in"] == "path"}

        def part(found: re.Match[str]) -> str:
            schema = named.get(found[1], {}).get("schema", {"type": "string"})
            return quote(self._text(self.value(schema, strange)), safe="") or "1"

        url = re.sub(r"{(\w+)(?::\w+)?}", part, operation.path)
        asked = [
            f"{quote(p['name'])}={quote(self._text(self.value(p.get('schema', {}), strange)))}"
            for p in operation.about.get("parameters", [])
            if p["in"] == "query" and (p.get("required") or chance.random() < 0.4)
        ]
        headers = {
            p["name"]: re.sub(r"[^ -~]", "?", self._text(self.value(p.get("schema", {}), False)))
            for p in operation.about.get("parameters", [])
            if p["in"] == "header" and (p.get("required") or chance.random() < 0.5)
        }
        content, kind = self._body(operation.about, strange)
        if kind:
            headers["Content-Type"] = kind
        return Request(
            operation.method.upper(), url + ("?" + "&".join(asked) if asked else ""), content,
            headers,
        )  # fmt: skip

    def _body(self, about: dict[str, Any], strange: bool) -> tuple[bytes, str]:
        wanted = self._resolved(about.get("requestBody", {})).get("content", {})
        if not wanted:
            return b"", ""
        kind = self.chance.choice(sorted(wanted))
        if "json" not in kind:
            return self.chance.choice(WORSE) + b"sku,name\r\nTEA,1\r\n", kind
        value = self.value(wanted[kind].get("schema", {}), strange)
        body = json.dumps(value).encode("ascii")
        if strange and self.chance.random() < 0.3:
            at = self.chance.randrange(len(body) + 1)
            body = body[:at] + self.chance.choice(WORSE) + body[at:]
        return body, kind

    def value(self, schema: dict[str, Any], strange: bool, depth: int = 0) -> Any:
        """A value of *schema*, or (*strange*) now and then none of it."""
        chance, schema = self.chance, self._resolved(schema)
        if strange and chance.random() < 0.15:
            return chance.choice(STRANGE)
        for several in ("oneOf", "anyOf", "allOf"):
            if several in schema:
                return self.value(chance.choice(schema[several]), strange, depth)
        if "enum" in schema:
            return chance.choice(schema["enum"])
        if "const" in schema:
            return schema["const"]
        kind = schema.get("type", "string")
        if isinstance(kind, list):
            kind = chance.choice(kind)
        match kind:
            case "object":
                return self._object(schema, strange, depth)
            case "array":
                least = schema.get("minItems", 0)
                many = max(least, 0 if depth > DEPTH_MAX else chance.randint(0, 2))
                return [self.value(schema.get("items", {}), strange, depth + 1)
                        for _ in range(many)]  # fmt: skip
            case "integer" | "number":
                return max(schema.get("minimum", 0), chance.choice((0, 1, 1, 2, 3, 5, 12, 400)))
            case "boolean":
                return chance.random() < 0.5
            case "null":
                return None
        text = chance.choice(CODES)
        return text[: schema.get("maxLength", 100)].ljust(schema.get("minLength", 0), "1")

    def _object(self, schema: dict[str, Any], strange: bool, depth: int) -> dict[str, Any]:
        must = schema.get("required", ())
        more = depth <= DEPTH_MAX
        made = {
            name: self.value(inner, strange, depth + 1)
            for name, inner in schema.get("properties", {}).items()
            if name in must or (more and self.chance.random() < 0.4)
        }
        if strange and self.chance.random() < 0.1:
            made[self.chance.choice(("admin", "owner", "__proto__", "id", ""))] = "1"
        return made

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in schema:
            found: Any = self.document
            for step in schema["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            schema = found
        return schema

    @staticmethod
    def _text(value: Any) -> str:
        if isinstance(value, str):
            return value.encode("utf-8", "replace").decode()
        return json.dumps(value)
