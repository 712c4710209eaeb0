"""Value-added work on goods: kits made and taken apart, labels changed, things repaired."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
)

from wms.migrations.first.base import ID, MS, at, metadata, one_of, text_, whole

work_orders = Table(
    "work_orders",
    metadata,
    Column("id", ID, primary_key=True),
    Column("code", String, nullable=False, unique=True),  # printed: W0000012
    Column("owner", ForeignKey("owners.code"), nullable=False),
    text_("external_id"),
    Column("kind", String, nullable=False),
    Column("item_id", ForeignKey("items.id"), nullable=False),  # what comes out of it
    Column("qty", Integer, nullable=False),
    whole("done"),
    Column("state", String, nullable=False, server_default="open"),
    text_("station"),
    text_("origin"),  # what it came from: return:5
    whole("minutes"),  # spent on it, by the clock of the terminal
    at("created_ms"),
    Column("done_ms", MS),
    UniqueConstraint("owner", "external_id", "code"),
    CheckConstraint(one_of("kind", "kit", "unkit", "relabel", "bundle", "repair"), name="kind"),
    CheckConstraint(
        one_of("state", "open", "released", "working", "done", "cancelled"), name="state"
    ),
    CheckConstraint("qty > 0 AND 0 <= done AND done <= qty", name="adds_up"),
    Index("ix_work_orders_state", "state"),
    sqlite_autoincrement=True,  # a restored book leaves out what may have been printed
)

work_materials = Table(
    "work_materials",
    metadata,
    Column("work_id", ForeignKey("work_orders.id"), nullable=False),
    Column("item_id", ForeignKey("items.id"), nullable=False),
    Column("qty", Integer, nullable=False),  # for all of it
    whole("used"),
    PrimaryKeyConstraint("work_id", "item_id"),
    CheckConstraint("qty > 0 AND 0 <= used AND used <= qty", name="adds_up"),
)

work_spans = Table(
    "work_spans",
    metadata,
    Column("id", ID, primary_key=True),
    Column("work_id", ForeignKey("work_orders.id"), nullable=False, index=True),
    Column("person_id", ForeignKey("people.id"), nullable=False),
    Column("began_ms", MS, nullable=False),
    Column("ended_ms", MS),
)
