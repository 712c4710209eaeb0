"""People, their terminals and conversations, and every trigger pull."""

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

from wms.migrations.first.base import ID, MS, at, document, metadata, one_of, text_, whole

people = Table(
    "people",
    metadata,
    Column("id", ID, primary_key=True),
    Column("code", String, nullable=False, unique=True),
    Column("name", String, nullable=False),
    Column("badge_hash", String, nullable=False, unique=True),  # SHA-256 of the badge's token
    text_("pin_hash"),  # argon2id of the peppered PIN; "" = badge alone
    document("permissions"),  # a list of verbs: pick, pack, ship, look, lead
    Column("language", String, nullable=False, server_default="ja"),
    whole("active", default=1),
    whole("failures"),
    Column("locked_until_ms", MS, nullable=False, server_default="0"),
    CheckConstraint(one_of("language", "ja", "en"), name="language"),
)

roles = Table(
    "roles",
    metadata,
    Column("code", String, primary_key=True),
    text_("name"),
    document("permissions"),
)

person_roles = Table(
    "person_roles",
    metadata,
    Column("person_id", ForeignKey("people.id"), nullable=False),
    Column("role", ForeignKey("roles.code"), nullable=False),
    text_("owner"),  # "" = for every owner's goods
    PrimaryKeyConstraint("person_id", "role", "owner"),
)

approvals = Table(
    "approvals",
    metadata,
    Column("id", ID, primary_key=True),
    Column("key", String, nullable=False, unique=True),
    Column("verb", String, nullable=False),  # the permission that the second badge had
    Column("ref", String, nullable=False, index=True),  # what was approved: count:5
    Column("asked_by", ForeignKey("people.id"), nullable=False),
    Column("given_by", ForeignKey("people.id"), nullable=False),
    text_("reason"),
    at(),
    CheckConstraint("asked_by <> given_by", name="four_eyes"),
)

terminals = Table(
    "terminals",
    metadata,
    Column("id", String, primary_key=True),  # HT-01
    Column("token_hash", String, nullable=False),
    text_("station"),  # a bench terminal stands at a station; "" = handheld
    text_("scanner"),  # a serial scanner that belongs to it
    Column("person_id", ForeignKey("people.id"), index=True),  # NULL: nobody is signed in
    document("state"),  # of the sign-in dialogue
    Column("language", String, nullable=False, server_default="ja"),
    whole("version"),  # grows with every change of what the screen should show
    at("seen_ms"),
    Column("pins_forgotten_ms", MS, nullable=False, server_default="0"),  # wrong ones
)

sessions = Table(
    "sessions",
    metadata,
    Column("person_id", ForeignKey("people.id"), primary_key=True),
    Column("dialogue", String, nullable=False),
    document("state"),
    text_("message"),  # JSON of the last Message
    whole("locked"),
    whole("refused"),  # inputs refused behind the error that is shown
    Column("prompted_ms", MS, nullable=False),
    text_("last_text"),
    Column("last_ms", MS, nullable=False, server_default="0"),
    Column("last_clock_ms", MS),  # by the terminal's own clock; NULL when it told none
    text_("moved"),  # JSON of the last inputs by cable, which its terminal may not know of yet
    Column("updated_ms", MS, nullable=False),
)

scans = Table(
    "scans",
    metadata,
    Column("id", ID, primary_key=True),
    Column("terminal_id", ForeignKey("terminals.id"), nullable=False),
    Column("scan_id", String, nullable=False),
    Column("person_id", ForeignKey("people.id")),
    text_("text"),  # "" for secrets
    Column("via", String, nullable=False),  # scan, key, command, device
    Column("fate", String, nullable=False),
    text_("code"),  # of the refusal
    text_("dialogue"),
    text_("step"),
    document("answer"),
    at(),
    UniqueConstraint("terminal_id", "scan_id"),
    CheckConstraint(one_of("fate", "applied", "refused", "repeat"), name="fate"),
)

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("id", ID, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("token_hash", String, nullable=False, unique=True),  # SHA-256
    document("scopes"),
    text_("owner"),  # "" = every owner
    Column("expires_ms", MS, nullable=False),
    Column("used_ms", MS),
    Column("revoked", Integer, nullable=False, server_default="0"),
)
