"""Who may do what, for whose goods: roles, grants, badges that end; `genba person` and `role`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from app.__main__ import cli
from app.crew import Permission
from tests.floor_site import LEA, ON_BOTH, PIN, FloorSite, floor_at, refused
from tests.picking_site import ANNA, BERT
from wms.errors import Code, Rejected
from wms.people import roles, staff
from wms.schema import commands, owners, sessions, tasks, terminals
from wms.schema import people as table


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def site(engine: str, request: pytest.FixtureRequest) -> Iterator[FloorSite]:
    with floor_at(request.getfixturevalue(f"new_{engine}")()) as site:
        site.add(owners, {"code": "beta"})
        yield site
        site.check()


def may(site: FloorSite, person: int, verb: str, owner: str = "") -> bool:
    return site.read(staff.may, person, verb, owner)


def test_the_door_knows_every_permission() -> None:
    assert get_args(Permission) == staff.PERMISSIONS


@ON_BOTH
def test_a_role_for_one_owner_is_not_for_another(site: FloorSite) -> None:
    assert site.write(roles.put, code="counter", permissions=("count", "look"))
    assert not site.write(roles.put, code="counter", permissions=("count",), name="棚卸")
    assert site.write(roles.grant, person="P1", what="counter", owner="acme")
    assert not site.write(roles.grant, person="P1", what="counter", owner="acme")
    assert may(site, ANNA, "count", "acme")
    assert not may(site, ANNA, "count", "beta")
    assert not may(site, ANNA, "count"), "for everybody's goods it is not"
    assert not may(site, ANNA, "look", "acme"), "the role has changed"
    assert may(site, ANNA, "pick", "beta"), "her own permission holds for all"
    with pytest.raises(Rejected, match="count beta"):
        site.read(staff.must, ANNA, "count", "beta")
    assert site.write(roles.grant, person="P1", what="counter")
    assert may(site, ANNA, "count", "beta")
    assert [(one.code, one.permissions, one.people) for one in site.read(roles.listed)] == [
        ("counter", ("count",), 1)
    ]
    assert site.write(roles.revoke, person="P1", what="counter")
    assert not may(site, ANNA, "count", "beta")
    assert site.write(roles.revoke, person="P1", what="counter", owner="acme")
    assert not site.write(roles.revoke, person="P1", what="counter", owner="acme")
    assert not may(site, ANNA, "count", "acme")


@ON_BOTH
def test_what_a_role_opens_is_open_from_the_next_input_on(site: FloorSite) -> None:
    hand = site.signed_in("HT-01", ANNA)
    assert hand.command("ship").fate == "refused"
    hand.command("ok")
    site.write(roles.put, code="loader", permissions=("ship",))
    site.write(roles.grant, person="P1", what="loader", owner="acme")
    hand.expect("ship.manifest", "ship", "command")
    site.write(roles.revoke, person="P1", what="loader", owner="acme")
    refused(hand.scan("A-01"), Code.PERMISSION_MISSING)
    hand.command("ok")
    site.write(roles.grant, person="P1", what="ship")
    hand.expect("ship.manifest", "ship", "command")
    site.write(roles.revoke, person="P1", what="ship")
    assert not may(site, ANNA, "ship")


def test_what_is_wrong_with_a_role_is_refused(site: FloorSite) -> None:
    def why(command: Any, **words: Any) -> str:
        with pytest.raises(Rejected) as refusal:
            site.write(command, **words)
        return refusal.value.code

    assert why(roles.put, code="x", permissions=("fly",)) == Code.PERMISSION_UNKNOWN
    assert why(roles.put, code="pick", permissions=("pick",)) == Code.ROW_TWICE
    assert why(roles.put, code="a b", permissions=("pick",)) == Code.FIELD_PATTERN
    assert why(roles.grant, person="P1", what="nobody") == Code.REFERENCE_UNKNOWN
    assert why(roles.grant, person="P9", what="pick") == Code.REFERENCE_UNKNOWN
    site.write(roles.put, code="counter", permissions=("count",))
    wrong = why(roles.grant, person="P1", what="counter", owner="nobody")
    assert wrong == Code.REFERENCE_UNKNOWN
    assert why(roles.grant, person="P1", what="pick", owner="acme") == Code.REFERENCE_UNKNOWN
    assert why(roles.grant, person="P1", what="approve_count") == Code.APPROVAL_PIN
    site.write(roles.grant, person="P1", what="counter")
    lead: dict[str, Any] = {"code": "counter", "permissions": ("count", "lead")}
    assert why(roles.put, **lead) == Code.APPROVAL_PIN, "Anna has it, and no PIN"
    site.write(staff.new_pin, code="P1", pin=PIN, pepper="x")
    assert not site.write(roles.put, **lead)


@ON_BOTH
def test_a_lost_badge_ends_at_once_and_the_work_is_for_others(site: FloorSite) -> None:
    hand = site.signed_in("HT-02", BERT, work="task")
    waits = {"key": "k", "kind": "look", "place": "DROP", "ref": "mission:0", "created_ms": 1}
    site.add(tasks, waits)
    hand.expect("task.done", "1", "key")
    assert site.write(staff.end, code="P2") == 1
    assert site.scalar(select(terminals.c.person_id).where(terminals.c.id == "HT-02")) is None
    assert hand.prompt.dialogue == "sign_in"
    assert hand.scan("BADGE:bert").fate == "refused"
    row = site.rows(select(tasks))[0]
    assert (row.state, row.person_id) == ("open", None)
    assert not may(site, BERT, "task")
    site.write(staff.new_badge, code="P2", badge="bert-2")
    assert hand.scan("BADGE:bert").fate == "refused", "whoever found the old one"
    assert hand.scan("BADGE:bert-2").prompt.person == "Bert"


def test_a_new_badge_signs_off_and_the_work_stays(site: FloorSite) -> None:
    hand = site.signed_in("HT-01", ANNA, work="pick")
    site.write(staff.new_badge, code="P1", badge="anna-2")
    assert hand.prompt.dialogue == "sign_in"
    assert hand.scan("BADGE:anna-2").prompt.dialogue == "pick"
    assert site.scalar(select(sessions.c.dialogue).where(sessions.c.person_id == ANNA)) == "pick"


def test_a_new_pin_unlocks_and_the_old_one_is_wrong(site: FloorSite) -> None:
    site.set(table, table.c.id == LEA, failures=7, locked_until_ms=site.now + 99_000)
    pepper = site.settings.pepper
    site.write(staff.new_pin, code="P5", pin="271828", pepper=pepper)
    assert not site.write(staff.check_pin, LEA, PIN, pepper=pepper, now=site.now)
    assert site.write(staff.check_pin, LEA, "271828", pepper=pepper, now=site.now)
    with pytest.raises(Rejected, match=Code.PIN_WEAK):
        site.write(staff.new_pin, code="P5", pin="12345", pepper=pepper)


# The command line


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("GENBA_LANGUAGE", "en")
    file = tmp_path / "config.toml"
    file.write_text('[site]\nname = "Test"\n[database]\nurl = "sqlite:///data/genba.db"\n')
    return str(file)


def genba(config: str, *words: str, typed: str = "") -> str:
    done = CliRunner().invoke(cli, [*words, "--config", config], input=typed)
    assert done.exit_code == 0, (done.output, done.exception)
    return done.stdout


def test_a_person_s_rights_by_the_command_line(config: str) -> None:
    genba(config, "person", "add", "E1", "葵", "--may", "pick")
    genba(config, "role", "add", "counter", "--may", "count", "--may", "look", "--name", "棚卸")
    genba(config, "person", "grant", "E1", "counter")
    genba(config, "person", "grant", "E1", "ship")
    (role,) = json.loads(genba(config, "role", "list", "--json"))["roles"]
    assert role == {
        "role": "counter", "name": "棚卸", "permissions": ["count", "look"], "people": 1,
    }  # fmt: skip
    (person,) = json.loads(genba(config, "person", "list", "--json"))["people"]
    assert (person["permissions"], person["roles"]) == (
        ["pick", "ship"], [{"role": "counter", "owner": ""}],
    )  # fmt: skip
    assert "E1\t葵\tpick ship counter\t-" in genba(config, "person", "list")
    genba(config, "person", "revoke", "E1", "counter")
    genba(config, "person", "revoke", "E1", "pick")
    genba(config, "person", "pin", "E1", typed=f"{PIN}\n{PIN}\n")
    assert "E1\t葵\tship\tPIN" in genba(config, "person", "list")
    badge = genba(config, "person", "badge", "E1").split()[-1]
    assert len(badge) == 32
    genba(config, "person", "end", "E1")
    assert "E1\t葵\tship\tPIN\tended" in genba(config, "person", "list")


def test_every_change_of_rights_is_written_down(site: FloorSite) -> None:
    from app import rights

    who: dict[str, Any] = {"actor": "api:admin", "device": "api", "now": site.now}
    role = rights.NewRole(role="counter", permissions=("count",))
    site.write(rights.put_role, role, **who)
    for wanted in (rights.NewGrant(what="counter", owner="acme"),):
        site.write(rights.grant, "P1", wanted, **who)
        site.write(rights.revoke, "P1", wanted, **who)
    site.write(rights.new_pin, "P1", PIN, pepper="x", **who)
    site.write(rights.new_badge, "P1", random=b"1" * 16, **who)
    site.write(rights.end, "P1", **who)
    done = site.rows(select(commands).order_by(commands.c.id))
    assert [(row.name, row.key) for row in done] == [
        ("role.put", "counter"), ("person.grant", "P1 counter acme"),
        ("person.revoke", "P1 counter acme"), ("person.pin", "P1"), ("person.badge", "P1"),
        ("person.end", "P1"),
    ]  # fmt: skip
    assert PIN not in str(done)
