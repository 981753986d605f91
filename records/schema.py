"""The tables. Portable: nothing here is special to one database."""

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    false,
    text,
)

OPEN_SITTING = "status IN ('open', 'running')"


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time in UTC. SQLite forgets the zone, Postgres gives that of its session."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be recorded")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

papers = Table(
    "papers",
    metadata,
    Column("exam_id", String(64), primary_key=True),
    Column("content", JSON, nullable=False),
    Column("hash", String(128), nullable=False),
    Column("published_at", UtcDateTime, nullable=False),
)

invitations = Table(
    "invitations",
    metadata,
    Column("jti", String(32), primary_key=True),
    Column("user_id", String(128), nullable=False),
    Column("exam_id", String(64), nullable=False),
    Column("profile", JSON, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("used", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
    CheckConstraint("used >= 0 AND used <= attempts", name="attempts"),
)

sittings = Table(
    "sittings",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("user_id", String(128), nullable=False),
    Column("exam_id", String(64), nullable=False),
    Column("room_name", String(64), nullable=False, unique=True),
    Column("paper", JSON, nullable=False),
    Column("paper_hash", String(128), nullable=False),
    Column("profile", JSON, nullable=False),
    Column("consent", JSON, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("status", String(16), nullable=False),
    Column("fence", Integer, nullable=False),
    Column("flags", JSON, nullable=False),
    Column("invitation", String(32), ForeignKey("invitations.jti")),
    Column("created_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    CheckConstraint("status IN ('open', 'running', 'finished', 'abandoned')", name="status"),
)
Index("ix_sittings_created_at", sittings.c.created_at)
Index("ix_sittings_status", sittings.c.status)
Index("ix_sittings_user_id_exam_id", sittings.c.user_id, sittings.c.exam_id)
# One open sitting of an exam for each student, however many ask at once.
Index(
    "uq_sittings_open",
    sittings.c.user_id,
    sittings.c.exam_id,
    unique=True,
    sqlite_where=text(OPEN_SITTING),
    postgresql_where=text(OPEN_SITTING),
)

turns = Table(
    "turns",
    metadata,
    Column("sitting_id", String(32), ForeignKey("sittings.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("event", JSON, nullable=False),
    Column("understood", JSON(none_as_null=True)),
    Column("question_id", String(128)),
    Column("answers_question", Boolean, nullable=False),
    # Rows from before there were revisions got it from the database.
    Column("revises", Boolean, nullable=False, server_default=false()),
    Column("text", Text, nullable=False),
    Column("confidence", Float),
    Column("words", JSON, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("used_ms", BigInteger, nullable=False),
    Column("answers", JSON, nullable=False),
    Column("flags", JSON, nullable=False),
    Column("status", String(16)),
    Column("clears_draft", Boolean, nullable=False),
)

utterances = Table(
    "utterances",
    metadata,
    Column("sitting_id", String(32), primary_key=True),
    Column("turn", Integer, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(32), nullable=False),
    Column("text", Text, nullable=False),
    Column("say", Text, nullable=False),
    Column("authored", Boolean, nullable=False),
    Column("question_id", String(128)),
    Column("started_at", UtcDateTime),
    Column("heard_ms", Integer),
    Column("whole", Boolean),
    ForeignKeyConstraint(["sitting_id", "turn"], ["turns.sitting_id", "turns.number"]),
)

answers = Table(
    "answers",
    metadata,
    Column("sitting_id", String(32), ForeignKey("sittings.id"), primary_key=True),
    Column("question_id", String(128), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    Column("covered", JSON, nullable=False),
    Column("probes", JSON, nullable=False),
    Column("flags", JSON, nullable=False),
    Column("value", Text),
    CheckConstraint(
        "status IN ('open', 'answered', 'skipped', 'dont_know', 'unanswered')", name="status"
    ),
)

drafts = Table(
    "drafts",
    metadata,
    Column("sitting_id", String(32), ForeignKey("sittings.id"), primary_key=True),
    Column("question_id", String(128)),
    Column("text", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

# Who examines a sitting now. No time is kept: the clocks of two machines are not compared.
leases = Table(
    "leases",
    metadata,
    Column("sitting_id", String(32), ForeignKey("sittings.id"), primary_key=True),
    Column("fence", Integer, nullable=False),
    Column("holder", String(64), nullable=False),
    Column("beat", Integer, nullable=False),
)

# What was done to the records by hand: by whom the machine's own log knows, and to whom a hash.
audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("action", String(32), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("detail", JSON, nullable=False),
)
