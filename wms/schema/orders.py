"""Orders, what is promised to them, and the parcels that leave."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
)

from wms.schema.base import ID, MS, at, document, flag, metadata, one_of, text_, whole

ORDER_STATES = (
    "waiting_date", "accepted", "short", "released", "picked", "packed", "shipped",
    "cancelled", "held",
)  # fmt: skip
ALLOCATION_STATES = ("open", "picked", "packed", "released")
PARCEL_STATES = ("open", "labelled", "closed", "loaded", "shipped", "void")

services = Table(
    "services",
    metadata,
    Column("code", String, primary_key=True),  # yamato-takkyubin
    Column("carrier", String, nullable=False),  # yamato
    text_("name"),  # 宅急便
    text_("format"),  # of tracking numbers: mod7-12
    whole("weight_g_max"),
    whole("sides_mm_max"),  # length + width + height, 0 = no limit
    whole("thickness_mm_max"),  # the shortest side, 0 = no limit
    whole("pieces_max"),  # boxes an order, 0 = no limit
)

service_upgrades = Table(
    "service_upgrades",
    metadata,
    Column("owner", ForeignKey("owners.code"), nullable=False),
    Column("service", ForeignKey("services.code"), nullable=False),
    Column("upgrade", ForeignKey("services.code"), nullable=False),  # itself: one more box of it
    whole("cost"),  # how much more it costs the owner, in minor units
    PrimaryKeyConstraint("owner", "service", "upgrade"),
)

label_modes = Table(
    "label_modes",
    metadata,
    Column("owner", ForeignKey("owners.code"), nullable=False),
    Column("service", ForeignKey("services.code"), nullable=False),
    Column("mode", String, nullable=False),  # for this service otherwise than `owners.label_mode`
    PrimaryKeyConstraint("owner", "service"),
    CheckConstraint(one_of("mode", "immediate", "pre_issued"), name="mode"),
)

pickups = Table(
    "pickups",
    metadata,
    Column("id", ID, primary_key=True),
    Column("carrier", String, nullable=False),
    Column("at", String, nullable=False),  # HH:MM local
    UniqueConstraint("carrier", "at"),
)

transit = Table(
    "transit",
    metadata,
    Column("carrier", String, nullable=False),
    Column("prefecture", String, nullable=False),  # "" = everywhere else
    Column("days", Integer, nullable=False),
    whole("surface_days"),  # for what may not fly; 0 = not told
    PrimaryKeyConstraint("carrier", "prefecture"),
)

holidays = Table(
    "holidays",
    metadata,
    Column("scope", String, nullable=False),  # "site" or a carrier
    Column("date", String, nullable=False),  # YYYY-MM-DD
    PrimaryKeyConstraint("scope", "date"),
)

waves = Table(
    "waves",
    metadata,
    Column("id", ID, primary_key=True),
    Column("carrier", String, nullable=False),
    Column("pickup_ms", MS, nullable=False),
    Column("state", String, nullable=False, server_default="open"),
    at("created_ms"),
    CheckConstraint(one_of("state", "open", "released", "done"), name="state"),
)

orders = Table(
    "orders",
    metadata,
    Column("id", ID, primary_key=True),
    Column("owner", ForeignKey("owners.code"), nullable=False),
    Column("shop", ForeignKey("shops.code"), nullable=False),
    Column("external_id", String, nullable=False),
    Column("code", String, nullable=False, unique=True),  # printed: O0000123
    Column("state", String, nullable=False),
    text_("state_reason"),
    Column("service", ForeignKey("services.code"), nullable=False),
    Column("carrier", String, nullable=False),
    text_("delivery_date"),  # YYYY-MM-DD, "" = earliest
    text_("time_slot"),
    Column("ship_date", String, nullable=False),  # YYYY-MM-DD, site's calendar
    text_("customer"),  # who bought it: the shop's own number, or a hash of mail or phone
    document("recipient"),
    document("gift"),
    text_("notes"),
    text_("kind"),  # "" a sale, "exchange", "repair", "reship", "transfer"
    text_("origin"),  # what it came from: return:5
    whole("amount"),  # that the customer paid, in minor units, as the OMS said
    whole("cod"),  # what the driver collects at the door (代引), in minor units
    text_("depot"),  # the carrier's office where it is fetched (営業所止め); "" = to the door
    text_("leave_at"),  # where it may be left (置き配): door, box, meter...
    whole("surcharge"),  # what changes of service and further boxes cost, in minor units
    text_("before_hold"),  # the state to which a held order goes back
    whole("priority"),
    whole("pieces"),  # sum of line quantities still wanted
    flag("one_piece"),
    Column("wave_id", ForeignKey("waves.id"), index=True),
    Column("body_hash", String, nullable=False),
    at("accepted_ms"),
    at("state_ms"),
    Column("masked_ms", MS),  # since then nobody can tell whom it was for
    UniqueConstraint("owner", "external_id"),
    CheckConstraint(one_of("state", *ORDER_STATES), name="state"),
    Index("ix_orders_state_ship_date", "state", "ship_date"),
    Index("ix_orders_owner_customer", "owner", "customer"),
    sqlite_autoincrement=True,  # a restored book leaves out what may have been printed
)
Index(
    "ix_orders_unmasked",
    orders.c.state_ms,
    sqlite_where=orders.c.masked_ms.is_(None),
    postgresql_where=orders.c.masked_ms.is_(None),
)

order_lines = Table(
    "order_lines",
    metadata,
    Column("id", ID, primary_key=True),
    Column("order_id", ForeignKey("orders.id"), nullable=False),
    Column("line_no", Integer, nullable=False),
    Column("item_id", ForeignKey("items.id"), nullable=False, index=True),
    Column("qty", Integer, nullable=False),
    Column("kind", String, nullable=False, server_default="goods"),
    text_("note"),
    whole("price"),  # of one, in minor units, as the shop charged it; 0 = not told
    whole("packed"),
    whole("shipped"),
    whole("cancelled"),
    whole("returned"),  # came back, over all returns
    Column("merged_from", ForeignKey("orders.id"), index=True),  # the order that leaves with this
    UniqueConstraint("order_id", "line_no"),
    CheckConstraint("qty > 0", name="qty"),
    CheckConstraint(
        "0 <= shipped AND shipped <= packed AND 0 <= cancelled AND packed + cancelled <= qty",
        name="adds_up",
    ),
    CheckConstraint("0 <= returned AND returned <= shipped", name="returned"),
    CheckConstraint(one_of("kind", "goods", "gift", "insert"), name="kind"),
)

allocations = Table(
    "allocations",
    metadata,
    Column("id", ID, primary_key=True),
    Column("line_id", ForeignKey("order_lines.id"), index=True),  # NULL: promised to the wave
    Column("wave_id", ForeignKey("waves.id"), index=True),
    Column("task_id", ForeignKey("tasks.id"), index=True),  # replenishment, materials
    Column("item_id", ID, nullable=False),
    Column("lot", String, nullable=False),
    Column("condition", String, nullable=False),
    Column("serial", String, nullable=False),
    Column("place", ForeignKey("places.code"), nullable=False),
    Column("qty", Integer, nullable=False),
    Column("state", String, nullable=False, server_default="open"),
    text_("override"),  # why first-expiry order was not followed
    at("created_ms"),
    ForeignKeyConstraint(["item_id", "lot"], ["lots.item_id", "lots.lot"]),
    CheckConstraint("qty > 0", name="qty"),
    CheckConstraint(one_of("state", *ALLOCATION_STATES), name="state"),
    CheckConstraint(
        "line_id IS NOT NULL OR wave_id IS NOT NULL OR task_id IS NOT NULL",
        name="promised_to_someone",
    ),
    Index("ix_allocations_state_place", "state", "place"),
    Index("ix_allocations_wave_item", "wave_id", "item_id"),
)

manifests = Table(
    "manifests",
    metadata,
    Column("id", ID, primary_key=True),
    Column("code", String, nullable=False, unique=True),  # scanned: M0000012
    Column("carrier", String, nullable=False),
    Column("pickup_ms", MS, nullable=False),
    Column("state", String, nullable=False, server_default="open"),
    Column("closed_ms", MS),
    text_("closed_by"),
    UniqueConstraint("carrier", "pickup_ms"),
    CheckConstraint(one_of("state", "open", "closed"), name="state"),
)

parcels = Table(
    "parcels",
    metadata,
    Column("id", ID, primary_key=True),
    Column("code", String, nullable=False, unique=True),  # our own barcode and the box as a place
    Column("order_id", ForeignKey("orders.id"), nullable=False, index=True),
    Column("piece", Integer, nullable=False, server_default="1"),
    Column("state", String, nullable=False, server_default="open"),
    text_("station"),
    text_("box"),
    Column("service", ForeignKey("services.code"), nullable=False),
    Column("carrier", String, nullable=False),
    text_("tracking"),
    text_("ship_date"),
    whole("predicted_g"),
    whole("weight_g"),
    whole("copies"),
    Column("labelled_ms", MS),
    Column("verified_ms", MS),  # its own label was scanned back on the box
    Column("loaded_ms", MS),
    Column("shipped_ms", MS),
    Column("manifest_id", ForeignKey("manifests.id"), index=True),
    at("created_ms"),
    UniqueConstraint("order_id", "piece"),
    CheckConstraint(one_of("state", *PARCEL_STATES), name="state"),
)
Index(
    "uq_parcels_tracking",
    parcels.c.carrier,
    parcels.c.tracking,
    parcels.c.ship_date,
    parcels.c.piece,
    unique=True,
    sqlite_where=(parcels.c.tracking != "") & (parcels.c.state != "void"),
    postgresql_where=(parcels.c.tracking != "") & (parcels.c.state != "void"),
)

parcel_lines = Table(
    "parcel_lines",
    metadata,
    Column("parcel_id", ForeignKey("parcels.id"), nullable=False),
    Column("line_id", ForeignKey("order_lines.id"), nullable=False, index=True),
    Column("lot", String, nullable=False),
    Column("serial", String, nullable=False),
    Column("qty", Integer, nullable=False),
    PrimaryKeyConstraint("parcel_id", "line_id", "lot", "serial"),
    CheckConstraint("qty > 0", name="qty"),
)

tracking_ranges = Table(
    "tracking_ranges",
    metadata,
    Column("owner", ForeignKey("owners.code"), nullable=False),
    Column("carrier", String, nullable=False),
    Column("next", MS, nullable=False),  # number without its check digit
    Column("last", MS, nullable=False),
    PrimaryKeyConstraint("owner", "carrier"),
    CheckConstraint("next <= last + 1", name="within"),
)

documents = Table(
    "documents",
    metadata,
    Column("id", ID, primary_key=True),
    Column("order_id", ForeignKey("orders.id"), nullable=False, index=True),
    Column("kind", String, nullable=False),  # invoice, receipt, letter; ours: card, noshi
    Column("code", String, nullable=False),  # the barcode on it, scanned as it goes into the box
    Column("pdf", LargeBinary),  # NULL: announced, and its box waits until it comes
    document("bill"),  # the amounts of a bill that is printed here; {} = none
    Column("parcel_id", ForeignKey("parcels.id")),  # the box that it is in
    at(),
    UniqueConstraint("order_id", "code"),
    CheckConstraint(one_of("kind", "invoice", "receipt", "letter", "card", "noshi"), name="kind"),
)

insert_rules = Table(
    "insert_rules",
    metadata,
    Column("id", ID, primary_key=True),
    Column("owner", ForeignKey("owners.code"), nullable=False),
    text_("shop"),  # "" = every shop of the owner
    Column("item_id", ForeignKey("items.id"), nullable=False),  # what goes into the box
    whole("qty", default=1),
    whole("nth_order"),  # of the same customer; 0 = any
    Column("with_item_id", ForeignKey("items.id")),  # only with this item
    whole("amount_min"),
    text_("from_date"),  # YYYY-MM-DD, "" = no limit
    text_("until_date"),
    text_("wish"),  # only with a gift that asks for it: wrapping, noshi, message
    text_("wish_words"),  # and in these words; "" = whatever they are
    CheckConstraint("qty > 0", name="qty"),
    CheckConstraint(one_of("wish", "", "wrapping", "noshi", "message"), name="wish"),
)

slips = Table(
    "slips",
    metadata,
    Column("id", ID, primary_key=True),
    Column("order_id", ForeignKey("orders.id"), nullable=False, index=True),
    Column("carrier", String, nullable=False),
    Column("tracking", String, nullable=False),
    Column("state", String, nullable=False, server_default="imported"),
    Column("parcel_id", ForeignKey("parcels.id")),
    at(),
    UniqueConstraint("carrier", "tracking", "order_id"),
    CheckConstraint(one_of("state", "imported", "matched", "void"), name="state"),
)
