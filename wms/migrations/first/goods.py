"""Owners, items, places, stock and the ledger."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
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

CONDITIONS = ("available", "quarantine", "damaged", "expired", "returned")
PLACE_KINDS = (
    "bin", "reserve", "dock", "buffer", "station", "slot", "tote", "carton", "pallet", "cart",
    "robot", "outside",
)  # fmt: skip
PICKABLE = ("bin",)  # stock is promised to orders only from these kinds
STORED = ("bin", "reserve")  # goods are put away here; a reserve feeds the bins
MOVING = ("tote", "carton", "pallet", "cart")  # containers: places with a parent

meta = Table(
    "meta",
    metadata,
    Column("key", String, primary_key=True),
    text_("value"),
)

owners = Table(
    "owners",
    metadata,
    Column("code", String, primary_key=True),
    text_("name"),
    Column("label_mode", String, nullable=False, server_default="immediate"),
    text_("order_cutoff"),  # HH:MM local; "" = none
    text_("company_prefix"),  # GS1 company prefix, whose length EPCs need
    whole("weight_tolerance_g", default=30),
    flag("must_weigh"),  # no box is packed without a scale
    flag("merge"),  # orders of one customer to one door may leave as one (同梱)
    flag("trust_tags"),  # tags that agree with the tote prove its tagged goods at the bench
    flag("trust_one_item"),  # of an order of one item a single scan proves every piece
    # Of an order that cannot be filled: send what there is, wait for all of it with the goods set
    # aside, give everything back, or let a lead say by badge.
    Column("short_policy", String, nullable=False, server_default="wait"),
    whole("approval_value"),  # stock differences worth more need a second badge; 0 = none does
    # How long the site knows whom an order was for: while goods may come back, and then so long.
    whole("return_days", default=30),
    whole("keep_days", default=90),
    CheckConstraint(one_of("label_mode", "immediate", "pre_issued"), name="label_mode"),
    CheckConstraint(
        one_of("short_policy", "wait", "ship_short", "never_split", "ask"), name="short_policy"
    ),
)

shops = Table(
    "shops",
    metadata,
    Column("code", String, primary_key=True),
    Column("owner", ForeignKey("owners.code"), nullable=False),
    text_("name"),
    text_("sender_name"),
    text_("sender_postal"),
    text_("sender_address"),
    text_("sender_phone"),
    text_("slip_message"),
    text_("contact"),  # whom the buyer may ask, as it stands on the slip
    text_("registration"),  # 登録番号 of a qualified invoice issuer
    Column("slip_template", String, nullable=False, server_default="packing-slip"),
    text_("card"),  # how message cards of gifts are printed: plain, framed; "" = they are not
    text_("noshi"),  # on paper with a cord (preprinted), with one (drawn); "" = it is not printed
    Column("notify", String, nullable=False, server_default="inspection"),
    flag("never_merge"),  # a marketplace that forbids it
    whole("shelf_days_min"),  # minimum remaining shelf life of what is sent
    CheckConstraint(one_of("notify", "inspection", "handover"), name="notify"),
)

items = Table(
    "items",
    metadata,
    Column("id", ID, primary_key=True),
    Column("owner", ForeignKey("owners.code"), nullable=False),
    Column("sku", String, nullable=False),
    Column("name", String, nullable=False),
    whole("weight_g"),
    whole("length_mm"),
    whole("width_mm"),
    whole("height_mm"),
    flag("lot_tracked"),
    flag("expiry_tracked"),
    flag("serial_tracked"),
    flag("rfid_tagged"),
    Column("storage", String, nullable=False, server_default="ambient"),
    flag("fragile"),
    flag("no_air"),
    text_("picture"),
    text_("kind"),  # "" goods, "gift" wrapping and cards, "insert"
    whole("value"),  # of one, in minor units of the owner's currency
    text_("velocity"),  # A, B, C; "" = not known yet
    flag("own_box"),  # travels in the box that it came in
    flag("relabel"),  # has no barcode of its own: gets one on arrival
    whole("shelf_days_in"),  # minimum remaining shelf life when it arrives
    UniqueConstraint("owner", "sku"),
    CheckConstraint(one_of("storage", "ambient", "chilled", "frozen"), name="storage"),
    CheckConstraint(one_of("velocity", "", "A", "B", "C"), name="velocity"),
)

barcodes = Table(
    "barcodes",
    metadata,
    Column("code", String, nullable=False),  # as scanned, GTINs without leading zeros to 13
    Column("item_id", ForeignKey("items.id"), nullable=False),
    Column("qty", Integer, CheckConstraint("qty > 0", name="qty"), nullable=False),
    PrimaryKeyConstraint("code", "item_id"),
    Index("ix_barcodes_item_id", "item_id"),
)

lots = Table(
    "lots",
    metadata,
    Column("item_id", ForeignKey("items.id"), nullable=False),
    Column("lot", String, nullable=False),  # every item has the blank lot ""
    text_("expiry"),  # YYYY-MM-DD, "" = does not expire
    flag("held"),
    PrimaryKeyConstraint("item_id", "lot"),
)

places = Table(
    "places",
    metadata,
    Column("code", String, primary_key=True),
    Column("kind", String, nullable=False),
    text_("zone"),
    text_("aisle"),
    whole("bay"),
    whole("level"),
    whole("x_mm"),
    whole("y_mm"),
    Column("parent", ForeignKey("places.code"), index=True),
    text_("check_digits"),  # two digits printed beside the code, for keyed entry and voice
    text_("blocked"),  # why nobody may pick here; "" = open
    text_("epc"),  # lower-case hex of the container's own tag
    Column("robot_station", Integer, unique=True),  # station number in profile GRH-1
    whole("totes_max"),  # as many containers stand there at once for robots; 0 = no limit
    text_("storage"),  # the only storage kind it is fit for; "" = any
    text_("velocity"),  # A is nearest to the benches
    text_("mix"),  # "" anything lies together, "item" one item, "lot" one lot of it
    whole("weight_g_max"),  # 0 = no limit, as for the two below
    whole("height_mm_max"),
    whole("volume_ml_max"),
    Column("counted_ms", MS, nullable=False, server_default="0"),  # last time somebody counted
    CheckConstraint(one_of("kind", *PLACE_KINDS), name="kind"),
    CheckConstraint(one_of("mix", "", "item", "lot"), name="mix"),
    CheckConstraint(one_of("velocity", "", "A", "B", "C"), name="velocity"),
)

pick_faces = Table(
    "pick_faces",
    metadata,
    Column("place", ForeignKey("places.code"), nullable=False),
    Column("item_id", ForeignKey("items.id"), nullable=False, index=True),
    Column("qty_min", Integer, nullable=False),  # below it the face is replenished
    Column("qty_max", Integer, nullable=False),  # up to this
    PrimaryKeyConstraint("place", "item_id"),
    CheckConstraint("0 <= qty_min AND qty_min <= qty_max", name="range"),
)

kit_lines = Table(
    "kit_lines",
    metadata,
    Column("kit_id", ForeignKey("items.id"), nullable=False),
    Column("item_id", ForeignKey("items.id"), nullable=False),
    Column("qty", Integer, CheckConstraint("qty > 0", name="qty"), nullable=False),
    PrimaryKeyConstraint("kit_id", "item_id"),
    CheckConstraint("kit_id <> item_id", name="not_itself"),
)

stock = Table(
    "stock",
    metadata,
    Column("place", ForeignKey("places.code"), nullable=False),
    Column("item_id", ID, nullable=False),
    Column("lot", String, nullable=False),
    Column("condition", String, nullable=False),
    Column("serial", String, nullable=False),
    Column("qty", Integer, nullable=False),
    whole("allocated"),
    PrimaryKeyConstraint("place", "item_id", "lot", "condition", "serial"),
    ForeignKeyConstraint(["item_id", "lot"], ["lots.item_id", "lots.lot"]),
    CheckConstraint("0 <= allocated AND allocated <= qty", name="allocated_within_qty"),
    CheckConstraint("serial = '' OR qty <= 1", name="a_serial_is_one"),
    CheckConstraint(one_of("condition", *CONDITIONS), name="condition"),
    Index("ix_stock_item_id_lot", "item_id", "lot"),
)
Index(
    "uq_stock_serial",
    stock.c.item_id,
    stock.c.serial,
    unique=True,
    sqlite_where=(stock.c.serial != "") & (stock.c.qty > 0),
    postgresql_where=(stock.c.serial != "") & (stock.c.qty > 0),
)

moves = Table(
    "moves",
    metadata,
    Column("id", ID, primary_key=True),
    commit_order(),
    Column("key", String, nullable=False, unique=True),  # idempotency: one key books once
    Column("item_id", ForeignKey("items.id"), index=True),  # NULL when a container moved
    text_("lot"),
    text_("condition"),
    text_("serial"),
    whole("qty"),
    Column("container", ForeignKey("places.code")),  # set when a container moved, contents and all
    Column("source", ForeignKey("places.code"), nullable=False, index=True),
    Column("target", ForeignKey("places.code"), nullable=False, index=True),
    text_("promise"),  # "" free units, "kept" their promise went along, "ended" it was fulfilled
    text_("reason"),
    text_("actor"),  # person:3, robot:agv-1, api:oms, worker:press
    text_("ref"),  # what it was for: allocation:5, mission:77, task:9
    at(),
    Index("ix_moves_actor_id", "actor", "id"),
    CheckConstraint("source <> target", name="goes_somewhere"),
    CheckConstraint(
        "(container IS NULL AND item_id IS NOT NULL AND qty > 0)"
        " OR (container IS NOT NULL AND item_id IS NULL AND qty = 0)",
        name="goods_or_container",
    ),
)

Index(
    "ix_moves_container",
    moves.c.container,
    sqlite_where=moves.c.container.is_not(None),
    postgresql_where=moves.c.container.is_not(None),
)

boxes = Table(
    "boxes",
    metadata,
    Column("code", String, primary_key=True),  # scanned from the shelf of boxes
    text_("name"),
    whole("length_mm"),
    whole("width_mm"),
    whole("height_mm"),
    whole("tare_g"),
    document("services"),  # carrier services that this box fits, [] = all
)

item_weights = Table(
    "item_weights",
    metadata,
    Column("item_id", ForeignKey("items.id"), primary_key=True),
    whole("boxes"),  # closed parcels that it was learned from
    Column("mean_mg", MS, nullable=False),  # of one piece; thousandths keep a mean from sticking
    Column("deviation_mg", MS, nullable=False),  # mean absolute deviation
)
