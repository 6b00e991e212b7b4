"""Tables. They know nothing but tables; texts and addresses are sealed before they come here.

Times are UTC, as seconds since 1970 in a float: the same on SQLite and PostgreSQL, and easy to shift in tests.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    false,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Number = BigInteger().with_variant(Integer, "sqlite")

person = Table(
    "person",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("channel", String(20), nullable=False),
    Column("address_tag", String(64), nullable=False),
    Column("address_sealed", LargeBinary, nullable=False),
    Column("sender", String(100), nullable=False),
    Column("country", String(2)),  # of the phone number, a hint only
    Column("data_key", LargeBinary, nullable=False),
    Column("language", String(12), nullable=False),
    Column("language_chosen", Boolean, nullable=False, default=False),
    Column("stopped_at", Float),
    Column("erased_at", Float),  # all was deleted; the rest of the row goes when the confirmation is sent
    Column("created_at", Float, nullable=False),
    Column("last_in_at", Float),
    Column("next_seq", Integer, nullable=False, default=1),
    Column("recent", String(400)),  # tags of the last exchanges, to notice machines that talk to us
    Column("panic_tag", String(64)),  # of a word of their own that shows the weather
    Column("discreet", Boolean, nullable=False, default=False, server_default=false()),
    Column("quiet_at", Float),  # nothing that was said before may be said again
    Column("code_tag", String(64)),  # of the code with which somebody comes back to the web chat
    Column("code_until", Float),
    UniqueConstraint("channel", "address_tag"),
    Index("uq_person_code", "code_tag", unique=True),
)

alias = Table(
    "alias",
    metadata,
    Column("channel", String(20), primary_key=True),
    Column("address_tag", String(64), primary_key=True),
    Column("person_id", String(32), ForeignKey("person.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("address_sealed", LargeBinary, nullable=False),
    Column("scoped", Boolean, nullable=False),  # a business-scoped user id
)

UNSETTLED = text("state IN ('received', 'queued')")
message = Table(
    "message",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("person_id", String(32), ForeignKey("person.id"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("direction", String(3), nullable=False),  # in, out
    Column("author", String(12), nullable=False),  # person, assistant, counsellor, service
    Column("staff_id", String(32)),
    Column("channel", String(20), nullable=False),
    Column("provider_id", String(200)),
    Column("kind", String(12), nullable=False),
    Column("text_sealed", LargeBinary, nullable=False),
    Column(
        "said_sealed", LargeBinary
    ),  # what was said, as keys and arguments, so that the desk can show it in another language
    Column("case_id", String(32)),
    Column("state", String(12), nullable=False),  # in: received, handled, merged; out: core.receipts
    Column("error", String(60)),
    Column("created_at", Float, nullable=False),
    Column("priority", Integer),  # of its sending, kept for sending it again
    Column("sent_at", Float),  # when it was handed to the provider, the last time
    Column("resent", Integer, nullable=False, server_default="0"),  # times that a failure receipt made us send it again
    Column("segments", Integer),  # SMS segments, counted
    Column("cost", Float),  # estimated, in the currency of the settings
    UniqueConstraint("channel", "direction", "provider_id"),
    UniqueConstraint("person_id", "seq"),
    Index("ix_message_unsettled", "state", "created_at", sqlite_where=UNSETTLED, postgresql_where=UNSETTLED),
)

job = Table(
    "job",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("kind", String(8), nullable=False),  # turn, send
    Column(
        "key", String(32), nullable=False
    ),  # the person: jobs of one kind and key run one at a time, in order of seq
    Column("seq", Integer, nullable=False),
    Column("priority", Integer, nullable=False),  # 0 emergency, 1 reply, 2 notice
    Column("message_id", String(32), ForeignKey("message.id"), nullable=False, unique=True),
    Column("state", String(8), nullable=False),  # ready, leased, held, dead
    Column("attempts", Integer, nullable=False, default=0),
    Column("run_at", Float, nullable=False),
    Column("lease_until", Float),
    Column("lease_token", String(32)),
    Column("tried_at", Float),  # the provider may have it: set before the request is written, emptied by a clear answer
    Column("lane", String(130)),  # of our senders: one lane, one speed
    Column("weight", Integer, nullable=False, server_default="1"),  # what it takes of its lane: SMS segments
    Column("error", String(60)),
    Column("created_at", Float, nullable=False),
    Index("ix_job_claim", "kind", "state", "priority", "id"),
    Index("ix_job_order", "kind", "key", "seq"),
)

pace = Table(
    "pace",
    metadata,
    Column("lane", String(130), primary_key=True),
    Column("level", Float, nullable=False),  # what may still be sent now; below zero, what was sent ahead
    Column("at", Float, nullable=False),
)

spending = Table(
    "spending",
    metadata,
    Column("day", Integer, primary_key=True, autoincrement=False),  # days since 1970, UTC
    Column("scope", String(50), primary_key=True),  # all, emergency, country:NP, person:<id>
    Column("segments", Integer, nullable=False),
    Column("cost", Float, nullable=False),
)

mark = Table(
    "mark",
    metadata,
    Column("name", String(60), primary_key=True),
    Column("at", Float, nullable=False),
)

button = Table(
    "button",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("person_id", String(32), ForeignKey("person.id"), nullable=False, index=True),
    Column(
        "position", Integer, nullable=False
    ),  # the number by which a text-only phone answers, from 1; 0 in older menus
    Column("payload", String(500), nullable=False),
    Column("expires_at", Float, nullable=False),
)

case = Table(
    "case_",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("person_id", String(32), ForeignKey("person.id"), nullable=False),
    Column("state", String(8), nullable=False),  # waiting, taken, closed
    Column("risk", Integer, nullable=False),  # core.risk.Level
    Column("reason", String(40), nullable=False),
    Column("language", String(12), nullable=False),
    Column("brief_sealed", LargeBinary, nullable=False),
    Column("opened_at", Float, nullable=False),
    Column("changed_at", Float, nullable=False),
    Column("taken_by", String(32), ForeignKey("staff.id")),
    Column("taken_at", Float),
    Column("closed_at", Float),
    Column("waits_since", Float),  # when it came back into the queue, if it ever did
    Column("delay_told_at", Float),  # when the person was told that nobody is free yet
    Column("alert", String(20)),  # what the counsellor must see now: stopped, goodbye
    Column("alert_at", Float),
    Column("escalated_at", Float),  # when it had waited so long that everybody at the desk was told
    Column("called_at", Float),  # when those on call were told
    Index(
        "uq_case_open", "person_id", unique=True,
        sqlite_where=text("state <> 'closed'"), postgresql_where=text("state <> 'closed'"),
    ),
    Index("ix_case_queue", "state", "risk", "opened_at"),
)  # fmt: skip

staff = Table(
    "staff",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(80), nullable=False, unique=True),
    Column("role", String(12), nullable=False),  # counsellor, supervisor, admin
    Column("languages", String(200), nullable=False, default=""),
    Column("password_hash", String(200)),
    Column("created_at", Float, nullable=False),
    Column("disabled_at", Float),
)

invitation = Table(
    "invitation",
    metadata,
    Column("token_digest", String(64), primary_key=True),
    Column("staff_id", String(32), ForeignKey("staff.id"), nullable=False),
    Column("created_at", Float, nullable=False),
    Column("expires_at", Float, nullable=False),
    Column("used_at", Float),
)

session = Table(
    "session",
    metadata,
    Column("token_digest", String(64), primary_key=True),
    Column("staff_id", String(32), ForeignKey("staff.id"), nullable=False),
    Column("csrf", String(64), nullable=False),
    Column("created_at", Float, nullable=False),
    Column("seen_at", Float, nullable=False),
    Column("listened_at", Float),  # when a page of it was last connected
)

audit = Table(
    "audit",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("at", Float, nullable=False),
    Column("staff_id", String(32)),
    Column("action", String(40), nullable=False),
    Column("case_id", String(32)),
)
