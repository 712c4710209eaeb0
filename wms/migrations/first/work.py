"""Work of people, robots and printers, and the health of devices."""

from sqlalchemy import (
    BigInteger,
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

MISSION_STATES = (
    "queued", "assigning", "assigned", "done", "failed", "voiding", "voided", "person", "settled",
)  # fmt: skip
PRINT_STATES = (
    "requested", "ready", "sending", "confirmed", "spooled", "uncertain", "blocked", "failed",
    "void",
)  # fmt: skip

tours = Table(
    "tours",
    metadata,
    Column("id", ID, primary_key=True),
    Column("wave_id", ForeignKey("waves.id"), nullable=False, index=True),
    # cart: a tote an order; total: one-piece by item; single: one order; batch: for a put wall
    Column("kind", String, nullable=False),
    Column("after", ForeignKey("tours.id")),  # pick and pass: the zone before this one
    text_("zone"),
    Column("state", String, nullable=False, server_default="open"),
    Column("person_id", ForeignKey("people.id"), index=True),
    text_("cart"),
    text_("drop_place"),
    text_("wall"),  # station of the put wall where a batch is sorted
    whole("priority"),
    at("created_ms"),
    Column("claimed_ms", MS),
    Column("done_ms", MS),
    CheckConstraint(one_of("kind", "cart", "total", "single", "batch"), name="kind"),
    CheckConstraint(one_of("state", "open", "claimed", "done", "void"), name="state"),
    Index("ix_tours_state_person_id", "state", "person_id"),
)

tour_totes = Table(
    "tour_totes",
    metadata,
    Column("id", ID, primary_key=True),
    Column("tour_id", ForeignKey("tours.id"), nullable=False, index=True),
    Column("slot", Integer, nullable=False),  # 1.. position on the cart
    Column("order_id", ForeignKey("orders.id"), index=True),  # NULL in a total tour
    Column("tote", ForeignKey("places.code"), index=True),  # NULL until bound by scan
    flag("full"),  # a full tote is followed by another row with the same slot
    text_("station"),  # where it should be packed
    text_("state"),  # "" on the cart, dropped, at_station, empty
)

stops = Table(
    "stops",
    metadata,
    Column("id", ID, primary_key=True),
    Column("tour_id", ForeignKey("tours.id"), nullable=False),
    Column("seq", Integer, nullable=False),  # walking order
    Column("slot", Integer, nullable=False),
    Column("allocation_id", ForeignKey("allocations.id"), nullable=False, unique=True),
    Column("state", String, nullable=False, server_default="open"),
    CheckConstraint(one_of("state", "open", "done", "short"), name="state"),
    Index("ix_stops_tour_id_seq", "tour_id", "seq"),
)

tasks = Table(
    "tasks",
    metadata,
    Column("id", ID, primary_key=True),
    Column("key", String, nullable=False, unique=True),
    Column("kind", String, nullable=False),  # look, find_load, count, carry, print_check...
    Column("state", String, nullable=False, server_default="open"),
    text_("place"),
    text_("ref", index=True),  # mission:77, stop:12, print_job:5
    document("body"),
    whole("priority"),
    Column("person_id", ForeignKey("people.id"), index=True),
    at("created_ms"),
    Column("claimed_ms", MS),
    Column("done_ms", MS),
    text_("outcome"),
    CheckConstraint(one_of("state", "open", "claimed", "done", "void"), name="state"),
    Index("ix_tasks_state_kind", "state", "kind"),
)

missions = Table(
    "missions",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),  # MISSION_ID, never reused
    Column("job", String, nullable=False),  # what is to be carried, over all attempts
    Column("attempt", Integer, nullable=False, server_default="1"),
    Column("container", ForeignKey("places.code"), nullable=False),
    Column("source", ForeignKey("places.code"), nullable=False),
    Column("target", ForeignKey("places.code"), nullable=False),
    whole("priority"),
    Column("state", String, nullable=False, server_default="queued"),
    Column("robot", ForeignKey("robots.device"), index=True),
    Column("boot_id", BigInteger),
    Column("fence", Integer),
    Column("seq", Integer),
    flag("accepted"),  # acceptance was seen
    whole("error"),
    text_("reason"),
    at("created_ms"),
    Column("assigned_ms", MS),
    Column("settled_ms", MS),
    UniqueConstraint("job", "attempt"),
    CheckConstraint(one_of("state", *MISSION_STATES), name="state"),
    Index("ix_missions_state", "state"),
)

robots = Table(
    "robots",
    metadata,
    Column("device", String, primary_key=True),
    Column("place", ForeignKey("places.code"), nullable=False),  # the load while it is carried
    Column("quarantine", ForeignKey("places.code"), nullable=False),
    whole("fence"),
    whole("last_seq"),
    Column("boot_id", BigInteger),
    text_("hold"),  # why it gets no new work; "" = may work
    text_("mode"),
    text_("state"),
    whole("battery"),  # 0.1 %
    whole("location"),
    text_("waits"),  # why it is at nothing, as its conductor decided last
    text_("wish"),  # what a lead wants of it: pause, resume, reset; "" once it was answered
    whole("wish_seq"),  # the number under which it was said last; 0 = not yet
    Column("wish_boot", BigInteger, nullable=False, server_default="0"),
    Column("wish_ms", MS, nullable=False, server_default="0"),
    CheckConstraint(one_of("wish", "", "pause", "resume", "reset"), name="wish"),
)

stations = Table(
    "stations",
    metadata,
    Column("code", String, primary_key=True),
    Column("kind", String, nullable=False),  # pack, ship, receive, return, wall, work
    Column("place", ForeignKey("places.code"), nullable=False),
    text_("printer"),  # device names, "" = none
    text_("slip_printer"),
    text_("scale"),
    text_("scanner"),
    text_("reader"),
    text_("neighbour"),  # station whose printer helps out
    text_("redirect"),  # station whose printers a worker chose instead; "" = its own
    flag("rfid"),  # its label printer writes tags
    text_("light"),  # of its door: device:channel, "" = none
    CheckConstraint(
        one_of("kind", "pack", "ship", "receive", "return", "wall", "work"), name="kind"
    ),
)

wall_slots = Table(
    "wall_slots",
    metadata,
    Column("place", ForeignKey("places.code"), primary_key=True),
    Column("wall", ForeignKey("stations.code"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("order_id", ForeignKey("orders.id"), unique=True),  # NULL: free
    text_("light"),  # device:channel, "" = none
    text_("colour"),  # what the light should show: blue, green, "" = dark
    text_("shown"),  # and beside it
    UniqueConstraint("wall", "position"),
)

devices = Table(
    "devices",
    metadata,
    Column("name", String, primary_key=True),
    Column("driver", String, nullable=False),
    Column("health", String, nullable=False, server_default="starting"),
    text_("reason"),
    Column("since_ms", MS, nullable=False),
    whole("fence"),
    text_("holder"),  # the server process that drives it
)

device_facts = Table(
    "device_facts",
    metadata,
    Column("id", ID, primary_key=True),
    commit_order(),
    Column("device", String, nullable=False),
    Column("kind", String, nullable=False),  # scan, weight
    Column("text", String, nullable=False),
    at(),
)

tag_reads = Table(
    "tag_reads",
    metadata,
    Column("device", String, nullable=False),
    Column("epc", String, nullable=False),  # lower-case hex
    Column("first_ms", MS, nullable=False),
    Column("last_ms", MS, nullable=False),
    whole("count"),
    whole("rssi"),  # dBm of the strongest of the newest reads
    whole("antenna"),  # that had it; 0 = the reader does not say
    text_("way"),  # the last time through a door: in, out; by = only ever beside it; "" = no door
    Column("passed_ms", MS, nullable=False, server_default="0"),  # when that was
    # When it had been silent for long enough, its reader at work; 0 = it is there.
    Column("gone_ms", MS, nullable=False, server_default="0"),
    PrimaryKeyConstraint("device", "epc"),
    Index("ix_tag_reads_device_passed", "device", "passed_ms"),
)

device_gaps = Table(  # when a device was not at work: what it did not see then may have been there
    "device_gaps",
    metadata,
    Column("id", ID, primary_key=True),
    Column("device", String, nullable=False),
    Column("from_ms", MS, nullable=False),
    Column("until_ms", MS),  # NULL: still
    text_("reason"),
    Index("ix_device_gaps_device_until", "device", "until_ms"),
)

conveyor_zones = Table(  # the zones of conveyors as they are, and what went through them today
    "conveyor_zones",
    metadata,
    Column("device", String, nullable=False),
    Column("zone", String, nullable=False),  # up, down
    text_("state"),  # clear, moving, blocked, stopped, "" = it does not say
    text_("trouble"),  # a code of the words, "" = none
    at("since_ms"),  # that it is so
    at("looked_ms"),
    whole("session"),  # the driver's in which that was; 0 = from before: compare nothing with it
    whole("arrived"),  # the zone's own counters then
    whole("departed"),
    text_("day"),  # of the site, to which the following belongs
    whole("arrived_today"),
    whole("departed_today"),
    whole("unknown_today"),  # so many times what had passed meanwhile could not be told
    flag("held"),  # boxes are to stop there
    PrimaryKeyConstraint("device", "zone"),
    CheckConstraint(
        "arrived BETWEEN 0 AND 65535 AND departed BETWEEN 0 AND 65535", name="counters"
    ),
    CheckConstraint(
        "arrived_today >= 0 AND departed_today >= 0 AND unknown_today >= 0", name="today"
    ),
)

print_jobs = Table(
    "print_jobs",
    metadata,
    Column("id", ID, primary_key=True),
    Column("key", String, nullable=False, unique=True),
    Column("station", String, nullable=False),
    text_("printer"),  # the device that got it, once chosen
    Column("template", String, nullable=False),
    document("data"),
    Column("format", String, nullable=False, server_default="zpl"),  # zpl, pdf
    Column("payload", LargeBinary),
    whole("copies", default=1),
    whole("copy_no", default=1),
    Column("parcel_id", ForeignKey("parcels.id"), index=True),
    Column("state", String, nullable=False, server_default="requested"),
    text_("reason"),
    at("created_ms"),
    Column("sent_ms", MS),
    Column("done_ms", MS),
    CheckConstraint(one_of("state", *PRINT_STATES), name="state"),
    Index("ix_print_jobs_state", "state"),
)

tags = Table(  # EPCs that were made here
    "tags",
    metadata,
    Column("epc", String, primary_key=True),  # lower-case hex
    Column("item_id", ForeignKey("items.id"), nullable=False, index=True),
    Column("gtin", String, nullable=False),
    Column("serial", String, nullable=False),
    # asked: to be written; written: and proven by reading; uncertain: perhaps; void: never
    Column("state", String, nullable=False, server_default="asked"),
    Column("job_id", ForeignKey("print_jobs.id"), index=True),  # of the label that it is in
    Column("made_ms", MS, nullable=False),
    Column("done_ms", MS),
    CheckConstraint(one_of("state", "asked", "written", "uncertain", "void"), name="state"),
)
