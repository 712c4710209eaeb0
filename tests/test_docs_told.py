"""What the documents tell is so: links lead somewhere, examples are taken, tables agree with us."""

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import NODEFAULT, Struct
from msgspec.structs import fields

from devices import registry
from picking.http import Input
from tests.sources import ROOT, project_files, text_of
from tests.test_docs import DOCS, all_keys
from wms import config
from wms.db import Book
from wms.messages import texts
from wms.orders.lifecycle import faults
from wms.orders.new import NewOrder
from wms.record.event_kinds import KINDS, OrderEvent
from wms.site import items
from wms.site.items import NewItem
from wms.site_settings import SiteSettings, put

PAPERS = [*DOCS, Path("README.ja.md"), Path("DECISIONS.md"), Path("CHANGELOG.md")]
BLOCK = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r'\]\(([^)\s]+)\)|src="([^"]+)"')
FLOOR = text_of(Path("docs/floor.md"))
API = text_of(Path("docs/api.md"))
CONFIG = text_of(Path("docs/config.md"))
WORDS = texts()
NOON = 1_795_316_400_000  # 22 November 2026


def blocks(language: str, *papers: Path) -> Iterator[tuple[str, str]]:
    """Each block of *language* in *papers*: where, and what is in it."""
    for path in papers or DOCS:
        for kind, block in BLOCK.findall(text_of(path)):
            if kind == language:
                yield str(path), block


def values(text: str) -> Iterator[Any]:
    """The JSON values that stand one after another in *text*."""
    decoder, at = json.JSONDecoder(), 0
    while at < len(text.rstrip()):
        value, at = decoder.raw_decode(text, at)
        at += len(text[at:]) - len(text[at:].lstrip())
        yield value


def test_links_lead_somewhere() -> None:
    for path in PAPERS:
        for found in LINK.findall(text_of(path)):
            link = (found[0] or found[1]).partition("#")[0]
            if link and "://" not in link:
                assert (ROOT / path.parent / link).exists(), f"{path}: {link}"


def test_files_that_are_named_exist() -> None:
    known = {str(path) for path in project_files()}
    folders = {f"{parent}/" for path in project_files() for parent in path.parents}
    for path in DOCS:
        for span in SPAN.findall(BLOCK.sub("", text_of(path))):
            if re.fullmatch(r"(app|wms|devices|picking|labels|sync|tui|tests|docs)/[\w/.]*", span):
                assert span in known | folders, f"{path}: {span}"


def test_configuration_in_the_documents_can_be_started_with() -> None:
    found = 0
    for where, block in blocks("toml"):
        if "[project" in block:
            continue
        table = tomllib.loads(block)
        settings = config.check({"site": {"name": "x"}, **table}, where)
        for device in settings.devices.values():
            if device.driver in registry.OURS:
                registry.load(device.driver)(device.options)
        found += 1
    assert found >= 6


def test_every_key_has_its_default_in_the_table() -> None:
    told = {
        key: default.strip().strip("`")
        for keys, default in re.findall(r"^\| (`[^|]*`) \| ([^|]*) \|", CONFIG, re.MULTILINE)
        for key in SPAN.findall(keys)
    }
    real = dict(defaults(config.Config))
    assert set(told) == all_keys(config.Config) == set(real)
    for key, default in real.items():
        if default is NODEFAULT:
            assert told[key] == "(needed)", key
        elif told[key]:
            said = tomllib.loads(f"x = {told[key]}")["x"]
            assert said == json.loads(msgspec.json.encode(default)), key


def defaults(cls: type[Struct], at: str = "") -> Iterator[tuple[str, Any]]:
    """Every key of *cls* with its default, named as in the documents."""
    for field in fields(cls):
        kind, here = field.type, f"{at}{field.name}"
        inner = getattr(kind, "__args__", (None, None))[-1]
        if isinstance(inner, type) and issubclass(inner, Struct):
            kind, here = inner, f"{here}.*"
        if isinstance(kind, type) and issubclass(kind, Struct):
            yield from defaults(kind, f"{here}.")
        elif field.name != "options":
            yield here, field.default


def test_every_option_of_every_driver_is_told_with_its_default() -> None:
    for name in registry.OURS:
        told = CONFIG.split(f"**{name}**")[1].split("\n\n")[0]
        module = __import__(registry.OURS[name].partition(":")[0], fromlist=["Options"])
        for field in fields(module.Options):
            assert f"`{field.name}`" in told, f"{name}: {field.name}"
            default = field.default
            if isinstance(default, int | float) and not isinstance(default, bool):
                said = re.search(rf"`{field.name}` (-?[\d.]+)", " ".join(told.split()))
                assert said is not None, f"{name}: {field.name}"
                assert float(said[1].rstrip(".")) == default, f"{name}: {field.name}"


def test_every_kind_of_event_has_an_example_that_is_one() -> None:
    shown = [
        value
        for _, block in blocks("json", Path("docs/api.md"))
        for value in values(block)
        if "type" in value
    ]
    assert {value["type"] for value in shown} == set(KINDS)
    for value in shown:
        kind, data = KINDS[value["type"]], dict(value["data"])
        about, seq = data.pop("about"), data.pop("seq")
        if issubclass(kind, OrderEvent):
            assert data.pop("order") == "O0000012"
        assert set(data) == {field.name for field in fields(kind)}, value["type"]
        event = msgspec.convert(data, kind)
        assert about == event.aggregate
        assert seq >= 1


def test_the_example_order_and_input_are_taken(sqlite_url: str) -> None:
    found = [value for _, block in blocks("json", Path("docs/api.md")) for value in values(block)]
    (wanted,) = [value for value in found if "lines" in value]
    (given,) = [value for value in found if "scan_id" in value]
    assert msgspec.convert(given, Input).via == "scan"
    order = msgspec.convert(wanted, NewOrder)
    book = Book(sqlite_url)
    example = tomllib.loads(text_of(Path("docs/site.toml")))
    book.write_now(put, msgspec.convert(example, SiteSettings))
    book.write_now(items.put, [
        NewItem(owner="SAKURA", sku=line.sku, name="?") for line in order.lines
    ])  # fmt: skip
    assert book.write_now(faults, [order], now=NOON) == []
    book.close()


@pytest.mark.parametrize("name", sorted(code for code in WORDS if ".ask." in code))
def test_every_question_of_the_floor_is_on_the_trainer_s_page(name: str) -> None:
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|", FLOOR, re.MULTILINE)
    assert (WORDS[name]["en"], WORDS[name]["ja"]) in rows


def test_keys_are_called_on_the_page_as_on_the_screen() -> None:
    from picking.dialogues.base import COMMAND_KEYS

    for command, key in COMMAND_KEYS.items():
        words = WORDS[f"key.{command}"]
        assert f"| {key} | {words['ja']} | {words['en']} |" in FLOOR, key


def test_python_in_the_documents_is_python() -> None:
    for where, block in blocks("python"):
        assert ast.parse(block), where


def test_the_readers_see_what_they_are_for() -> None:
    assert list(values('{"a": 1}\n {"b": 2}\n')) == [{"a": 1}, {"b": 2}]
    assert BLOCK.findall("a\n   ```sh\n   x\n   ```\n") == [("sh", "   x\n")]
    assert LINK.findall('![a](b/c.svg) <img src="d.svg">') == [("b/c.svg", ""), ("", "d.svg")]
    assert dict(defaults(config.Config))["server.port"] == 8470
