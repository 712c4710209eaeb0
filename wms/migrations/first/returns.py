"""Goods that come back, what was found in them, and what became of it."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
)

from wms.migrations.first.base import ID, MS, at, flag, metadata, one_of, text_, whole

RETURN_STATES = ("announced", "arrived", "grading", "graded", "closed", "cancelled")
GRADES = ("A", "B", "C", "damaged", "wrong_item", "missing", "swapped")
DISPOSITIONS = ("restock", "quarantine", "repair", "dispose", "to_owner", "none")

returns = Table(
    "returns",
    metadata,
    Column("id", ID, primary_key=True),
    Column("code", String, nullable=False, unique=True),  # printed: R0000012
    Column("owner", ForeignKey("owners.code"), nullable=False),
    Column("external_id", String, nullable=False),  # the RMA of the OMS, or our own code
    Column("kind", String, nullable=False),
    Column("state", String, nullable=False, server_default="announced"),
    Column("order_id", ForeignKey("orders.id"), index=True),  # NULL: nobody knows yet
    Column("parcel_id", ForeignKey("parcels.id"), index=True),
    Column("exchange_id", ForeignKey("orders.id")),  # the order that sends the replacement
    Column("cancelled_id", ForeignKey("orders.id")),  # what it is to be decided again after
    text_("reason"),  # the customer's
    text_("decision"),  # the owner's about an undelivered parcel: reship, cancel
    text_("place"),  # where an undelivered parcel stands until they have decided
    text_("body_hash"),  # of the announcement
    text_("station"),
    Column("person_id", ForeignKey("people.id")),  # who grades it
    at("accepted_ms"),
    at("state_ms"),
    UniqueConstraint("owner", "external_id"),
    CheckConstraint(
        one_of("kind", "return", "exchange", "repair", "undelivered", "unknown"), name="kind"
    ),
    CheckConstraint(one_of("state", *RETURN_STATES), name="state"),
    sqlite_autoincrement=True,  # a restored book leaves out what may have been printed
)

return_lines = Table(
    "return_lines",
    metadata,
    Column("id", ID, primary_key=True),
    Column("return_id", ForeignKey("returns.id"), nullable=False),
    Column("line_no", Integer, nullable=False),
    Column("item_id", ForeignKey("items.id"), nullable=False),
    Column("qty", Integer, nullable=False),  # announced; 0 = it came unannounced
    text_("serial"),
    whole("graded"),
    Column("exchange_item_id", ForeignKey("items.id")),  # NULL: the same again
    UniqueConstraint("return_id", "line_no"),
    CheckConstraint("qty >= 0 AND graded >= 0", name="counts"),
)

return_units = Table(
    "return_units",
    metadata,
    Column("id", ID, primary_key=True),
    Column("key", String, nullable=False, unique=True),  # of the scan that graded it
    Column("return_id", ForeignKey("returns.id"), nullable=False, index=True),
    Column("line_id", ForeignKey("return_lines.id"), nullable=False, index=True),
    Column("order_line_id", ForeignKey("order_lines.id"), index=True),  # NULL: never sent by it
    Column("item_id", ForeignKey("items.id"), nullable=False),
    text_("lot"),
    text_("serial"),
    Column("qty", Integer, nullable=False),
    Column("grade", String, nullable=False),
    Column("disposition", String, nullable=False),
    text_("condition"),  # as which it was put away; "" = nothing was booked
    text_("place"),  # where the unit was put
    text_("note"),
    flag("refund"),  # the owner's rule accepts it
    flag("undone"),  # a slip of the hand, taken back
    Column("sent_id", ForeignKey("orders.id")),  # the order that sends it back to its owner
    Column("person_id", ForeignKey("people.id"), nullable=False),
    at(),
    CheckConstraint("qty > 0", name="qty"),
    CheckConstraint(one_of("grade", *GRADES), name="grade"),
    CheckConstraint(one_of("disposition", *DISPOSITIONS), name="disposition"),
)

return_rules = Table(
    "return_rules",
    metadata,
    Column("owner", ForeignKey("owners.code"), nullable=False),
    Column("grade", String, nullable=False),
    Column("disposition", String, nullable=False),  # what is proposed
    flag("accepted"),  # refunded, exchanged
    PrimaryKeyConstraint("owner", "grade"),
    CheckConstraint(one_of("grade", *GRADES), name="grade"),
    CheckConstraint(one_of("disposition", *DISPOSITIONS), name="disposition"),
)

photos = Table(
    "photos",
    metadata,
    Column("id", ID, primary_key=True),
    Column("key", String, nullable=False, unique=True),
    Column("ref", String, nullable=False),  # what it shows: return:5, inbound_line:7
    Column("type", String, nullable=False),  # image/jpeg
    Column("image", LargeBinary, nullable=False),
    Column("person_id", ForeignKey("people.id")),
    Column("at_ms", MS, nullable=False),
    Index("ix_photos_ref", "ref"),
    CheckConstraint(one_of("type", "image/jpeg", "image/png", "image/webp"), name="type"),
)
