"""Counts: what lies in a place, seen by eyes; and the one day when everything is counted."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
)

from wms.schema.base import ID, MS, at, document, metadata, one_of, text_, whole

COUNT_STATES = ("open", "counted", "recount", "approval", "done", "void")

stocktakes = Table(
    "stocktakes",
    metadata,
    Column("id", ID, primary_key=True),
    Column("code", String, nullable=False, unique=True),
    text_("owner"),  # "" = everybody's goods
    text_("zone"),  # "" = the whole site
    Column("state", String, nullable=False, server_default="frozen"),
    at("frozen_ms"),
    Column("signed_ms", MS),
    text_("signed_by"),  # the owner's name on the certificate
    CheckConstraint(one_of("state", "frozen", "counted", "signed", "void"), name="state"),
)

counts = Table(
    "counts",
    metadata,
    Column("id", ID, primary_key=True),
    Column("place", ForeignKey("places.code"), nullable=False, index=True),
    Column("kind", String, nullable=False),
    Column("state", String, nullable=False, server_default="open"),
    Column("round", Integer, nullable=False, server_default="1"),
    Column("task_id", ForeignKey("tasks.id"), index=True),
    Column("stocktake_id", ForeignKey("stocktakes.id"), index=True),
    Column("person_id", ForeignKey("people.id")),  # of the last round
    Column("first_person_id", ForeignKey("people.id")),
    text_("reason"),
    document("expected"),  # what the book said when counting began
    at("created_ms"),
    Column("done_ms", MS),
    CheckConstraint(
        one_of("kind", "cycle", "zero", "short", "stocktake", "sweep", "opening"), name="kind"
    ),
    CheckConstraint(one_of("state", *COUNT_STATES), name="state"),
    Index("ix_counts_state", "state"),
)

count_lines = Table(
    "count_lines",
    metadata,
    Column("count_id", ForeignKey("counts.id"), nullable=False),
    Column("round", Integer, nullable=False),
    Column("item_id", ForeignKey("items.id"), nullable=False),
    text_("lot"),
    text_("condition"),
    text_("serial"),
    whole("book"),
    whole("counted"),
    PrimaryKeyConstraint("count_id", "round", "item_id", "lot", "condition", "serial"),
    CheckConstraint("book >= 0 AND counted >= 0", name="counts"),
)
