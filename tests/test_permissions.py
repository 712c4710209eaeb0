"""Who may do what, made from the code: every dialogue and every door of the API, with and without
the right to it."""

import importlib
import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from litestar import HttpMethod
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

import app
import picking
import sync
from picking.dialogues import DIALOGUES
from picking.dialogues.menu import WAYS
from tests.api_site import api
from tests.floor_site import FloorSite, floor_at
from tests.picking_site import ANNA
from wms.errors import Code
from wms.people import staff
from wms.people.tokens import OWNED_SCOPES, SCOPES
from wms.schema import people as people_table
from wms.schema import sessions, stations, terminals

GUARDED = sorted(name for name, dialogue in DIALOGUES.items() if dialogue.permission)


@pytest.fixture(scope="module")
def site(sqlite_folder: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FloorSite]:
    from tests.postgres import make_book

    url = f"sqlite:///{tmp_path_factory.mktemp('rights') / 'book.db'}"
    make_book(url)
    with floor_at(url) as site:
        for kind in sorted({station for station in WAYS.values() if station}):
            code = f"AT-{kind}"
            site.add(stations, {"code": code, "kind": kind, "place": "BENCH-1"})
            site.add(terminals, {"id": code, "station": code, "token_hash": code, "seen_ms": 0})
        yield site
        site.check()


def test_every_dialogue_is_guarded_but_the_menu_and_the_look_that_asks_inside() -> None:
    assert set(DIALOGUES) - set(GUARDED) == {"menu", "look"}
    assert set(WAYS) == set(DIALOGUES) - {"menu"}


@pytest.mark.parametrize("name", [*GUARDED, "look"])
def test_without_its_permission_a_dialogue_is_neither_offered_nor_open(
    site: FloorSite, name: str
) -> None:
    """All permissions but this one; and a session that stands in it, as after a change."""
    permission = DIALOGUES[name].permission or name
    hand = site.at(f"AT-{WAYS[name]}" if WAYS[name] else "HT-01")
    may = [verb for verb in staff.PERMISSIONS if verb != permission]
    site.set(people_table, people_table.c.id == ANNA, permissions=json.dumps(may))
    menu = hand.sign_in(ANNA)
    if menu.dialogue != "menu":
        site.set(sessions, sessions.c.person_id == ANNA, dialogue="menu", state="{}", locked=0)
    before = site.counts()["moves"]
    assert hand.command(name).prompt.dialogue == "menu"
    hand.command("ok")
    if DIALOGUES[name].permission:
        site.set(sessions, sessions.c.person_id == ANNA, dialogue=name, state="{}")
        answer = hand.scan("4901234567894")
        assert answer.prompt.message is not None
        assert (answer.fate, answer.prompt.message.code, answer.prompt.dialogue) == (
            "refused", Code.PERMISSION_MISSING, "menu",
        )  # fmt: skip
        hand.command("ok")
    site.set(people_table, people_table.c.id == ANNA, permissions=json.dumps([permission]))
    assert hand.command(name).prompt.dialogue == name, "and with nothing but it, it opens"
    hand.command("sign_off")
    site.set(sessions, sessions.c.person_id == ANNA, dialogue="menu", state="{}", locked=0)
    assert site.counts()["moves"] == before


def _modules_with_doors() -> Iterator[ModuleType]:
    for package in (app, picking, sync):
        for path in sorted(Path(package.__path__[0]).rglob("*.py")):
            if "opt={" in path.read_text("utf-8"):
                parts = path.relative_to(Path(package.__path__[0])).with_suffix("").parts
                yield importlib.import_module(".".join((package.__name__, *parts)))


def test_a_door_that_an_owner_s_token_opens_asks_whose_token_it_is() -> None:
    """Whoever adds a door for partners cannot forget that each sees only what is theirs."""
    doors = {
        id(door): door
        for module in _modules_with_doors()
        for door in vars(module).values()
        if isinstance(door, HTTPRouteHandler)
    }
    assert len(doors) > 60, "these are all"
    blind = [
        f"{sorted(door.http_methods)} {sorted(door.paths)}"
        for door in doors.values()
        if door.opt.get("scope") in OWNED_SCOPES
        and "token" not in inspect.signature(inspect.unwrap(door.fn)).parameters
    ]
    assert blind == []


def test_with_every_scope_but_its_own_a_door_stays_shut(sqlite_url: str) -> None:
    with api(sqlite_url) as site:
        others = {
            scope: site.headers(*[one for one in SCOPES if one not in (scope, "admin")])
            for scope in SCOPES
        }
        tried = 0
        for route in site.app.routes:
            if not isinstance(route, HTTPRoute):
                continue
            for method, (handler, _model) in route.route_handler_map.items():
                scope = handler.opt.get("scope")
                if scope is None or method == HttpMethod.OPTIONS:
                    continue
                site.clock.now += 1_000
                path = re.sub(r"{\w+}", "1", route.path_format)
                for headers, status in ((others[scope], 403), ({}, 401)):
                    answer = site.client.request(method, path, headers=headers)
                    assert answer.status_code == status, (method, path, answer.text)
                    tried += 1
        assert tried > 40
