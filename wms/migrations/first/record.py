"""What happened and who was told: events, cursors, deliveries, idempotency keys, audit chain."""

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

from wms.migrations.first.base import (
    ID,
    MS,
    at,
    commit_order,
    document,
    flag,
    metadata,
    one_of,
    text_,
    whole,
)

events = Table(
    "events",
    metadata,
    Column("id", ID, primary_key=True),
    commit_order(),
    Column("kind", String, nullable=False),
    Column("aggregate", String, nullable=False),  # order:12, item:5, device:printer-1
    Column("seq", Integer, nullable=False),  # dense 1.. inside its aggregate
    text_("owner"),  # whose event it is; "" = the site's own
    document("body"),
    at(),
    UniqueConstraint("aggregate", "seq"),
    Index("ix_events_kind", "kind"),
)

event_seqs = Table(
    "event_seqs",
    metadata,
    Column("aggregate", String, primary_key=True),
    Column("seq", Integer, nullable=False),
)

cursors = Table(
    "cursors",
    metadata,
    Column("name", String, primary_key=True),
    Column("xid", MS, nullable=False),
    Column("position", MS, nullable=False),
)

endpoints = Table(
    "endpoints",
    metadata,
    Column("id", ID, primary_key=True),
    Column("name", String, nullable=False, unique=True),  # of its section: the URL may change
    Column("url", String, nullable=False),
    text_("owner"),  # "" = every owner's events
    Column("secret", String, nullable=False),  # a reference into the environment or a secrets file
    document("kinds"),  # event kinds it wants, [] = all of orders and parcels
    whole("active", default=1),
    whole("failures"),
    Column("paused_until_ms", MS, nullable=False, server_default="0"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", ID, primary_key=True),
    Column("endpoint_id", ForeignKey("endpoints.id"), nullable=False),
    Column("event_id", ForeignKey("events.id"), nullable=False),
    Column("aggregate", String, nullable=False),
    Column("webhook_id", String, nullable=False, unique=True),
    Column("state", String, nullable=False, server_default="pending"),
    whole("attempts"),
    Column("next_ms", MS, nullable=False),
    text_("last_error"),
    Column("done_ms", MS),
    UniqueConstraint("endpoint_id", "event_id"),
    CheckConstraint(one_of("state", "pending", "delivered", "parked"), name="state"),
    Index("ix_deliveries_endpoint_id_state_next_ms", "endpoint_id", "state", "next_ms"),
    Index("ix_deliveries_endpoint_id_aggregate_state", "endpoint_id", "aggregate", "state"),
)

requests = Table(
    "requests",
    metadata,
    Column("scope", String, nullable=False),  # api:<token name>, import
    Column("key", String, nullable=False),
    Column("body_hash", String, nullable=False),
    Column("status", Integer, nullable=False),
    document("response"),
    at(),
    PrimaryKeyConstraint("scope", "key"),
)

commands = Table(
    "commands",
    metadata,
    Column("id", ID, primary_key=True),
    commit_order(),
    Column("actor", String, nullable=False),  # person:3, api:oms, worker:planner
    text_("device"),  # terminal or door
    text_("permission"),
    Column("name", String, nullable=False),  # scan, orders.accept, import.items, waves.release
    text_("key"),
    document("body"),  # never personal data
    at(),
)

seals = Table(
    "seals",
    metadata,
    Column("seq", ID, primary_key=True, autoincrement=False),  # dense 1..
    Column("kind", String, nullable=False),  # command, move
    Column("row_id", ID, nullable=False),
    Column("hash", String, nullable=False),
    UniqueConstraint("kind", "row_id"),
    CheckConstraint(one_of("kind", "command", "move"), name="kind"),
)

versions = Table(
    "versions",
    metadata,
    Column("owner", String, nullable=False),
    Column("external_id", String, nullable=False),
    Column("version", Integer, nullable=False),
    flag("cancelled"),  # a cancel that came before its order is remembered here
    PrimaryKeyConstraint("owner", "external_id"),
)
