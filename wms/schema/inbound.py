"""Goods that come in: what was announced, and what of it has arrived."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
)

from wms.schema.base import ID, MS, at, metadata, one_of, text_, whole

INBOUND_STATES = ("expected", "receiving", "received", "cancelled")

inbounds = Table(
    "inbounds",
    metadata,
    Column("id", ID, primary_key=True),
    Column("code", String, nullable=False, unique=True),  # printed: IN0000012
    Column("owner", ForeignKey("owners.code"), nullable=False),
    Column("external_id", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("state", String, nullable=False, server_default="expected"),
    text_("supplier"),
    text_("expected_date"),  # YYYY-MM-DD
    text_("dock"),  # place where it stands
    text_("notes"),
    text_("body_hash"),
    at("accepted_ms"),
    at("state_ms"),
    UniqueConstraint("owner", "external_id"),
    CheckConstraint(one_of("kind", "asn", "order", "blind", "transfer"), name="kind"),
    CheckConstraint(one_of("state", *INBOUND_STATES), name="state"),
    sqlite_autoincrement=True,  # a restored book leaves out what may have been printed
)

inbound_lines = Table(
    "inbound_lines",
    metadata,
    Column("id", ID, primary_key=True),
    Column("inbound_id", ForeignKey("inbounds.id"), nullable=False),
    Column("line_no", Integer, nullable=False),
    Column("item_id", ForeignKey("items.id"), nullable=False, index=True),
    Column("qty", Integer, nullable=False),  # announced; 0 = it came unannounced
    text_("lot"),
    text_("expiry"),  # YYYY-MM-DD
    whole("received"),  # sound units
    whole("damaged"),
    text_("reason"),  # of a difference, once it was confirmed
    UniqueConstraint("inbound_id", "line_no"),
    CheckConstraint("qty >= 0 AND received >= 0 AND damaged >= 0", name="counts"),
)

inbound_units = Table(
    "inbound_units",
    metadata,
    Column("inbound_id", ForeignKey("inbounds.id"), nullable=False),
    Column("kind", String, nullable=False),
    Column("code", String, nullable=False, index=True),  # EPC: lower-case hex
    Column("line_id", ForeignKey("inbound_lines.id")),
    Column("seen_ms", MS),  # NULL: not yet
    text_("seen_by"),  # person:3, device:portal-1
    PrimaryKeyConstraint("inbound_id", "kind", "code"),
    CheckConstraint(one_of("kind", "epc", "serial", "sscc"), name="kind"),
)
