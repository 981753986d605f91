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
    UniqueConstraint,
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
    Column("released_at", UtcDateTime),
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
    # Where it begins in the recording: the segment, and the time from its beginning.
    Column("segment", Integer),
    Column("offset_ms", Integer),
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
    Column("segment", Integer),
    Column("offset_ms", Integer),
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

# What was done to the records by hand (records/audit.py). Students are named by a hash only.
audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("action", String(32), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("detail", JSON, nullable=False),
)

# One try to mark a sitting. Whoever grades holds it by fence and beat, as an examiner a sitting.
gradings = Table(
    "gradings",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("sitting_id", String(32), ForeignKey("sittings.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("reason", String(16), nullable=False),
    Column("questions", JSON(none_as_null=True)),
    Column("requested_by", String(64)),
    Column("state", String(16), nullable=False),
    Column("current", Boolean, nullable=False),
    Column("provisional", Boolean, nullable=False),
    Column("settings", JSON, nullable=False),
    # The paper whose key it is marked by, where that is not the sitting's own.
    Column("paper", JSON(none_as_null=True)),
    Column("tries", Integer, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("holder", String(64)),
    Column("beat", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("not_before", UtcDateTime),
    Column("finished_at", UtcDateTime),
    UniqueConstraint("sitting_id", "version"),
    CheckConstraint("state IN ('pending', 'running', 'done')", name="state"),
)
Index("ix_gradings_state", gradings.c.state)

marks = Table(
    "marks",
    metadata,
    Column("grading_id", String(32), ForeignKey("gradings.id"), primary_key=True),
    Column("question_id", String(128), primary_key=True),
    Column("sitting_id", String(32), ForeignKey("sittings.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("marks", Float),
    Column("out_of", Float, nullable=False),
    Column("spread", Float),
    Column("provisional", Boolean, nullable=False),
    Column("points", JSON, nullable=False),
    Column("flags", JSON, nullable=False),
    Column("graders", JSON, nullable=False),
    Column("paper_hash", String(128), nullable=False),
    Column("answer_hash", String(64), nullable=False),
    CheckConstraint("state IN ('graded', 'ungraded')", name="state"),
    CheckConstraint(
        "(state = 'ungraded' AND marks IS NULL) OR "
        "(state = 'graded' AND marks >= 0 AND marks <= out_of)",
        name="marks",
    ),
)
Index("ix_marks_sitting_id", marks.c.sitting_id)

# The teacher's word; the marks of the graders stay as they were.
overrides = Table(
    "overrides",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("sitting_id", String(32), ForeignKey("sittings.id"), nullable=False),
    Column("question_id", String(128), nullable=False),
    Column("grading_id", String(32), ForeignKey("gradings.id")),
    Column("old_marks", Float),
    Column("new_marks", Float, nullable=False),
    Column("reason", Text, nullable=False),
    Column("teacher", String(64), nullable=False),
    Column("at", UtcDateTime, nullable=False),
)
Index("ix_overrides_sitting_id", overrides.c.sitting_id)

# What the recogniser misheard, as a teacher heard it. The turn stays as it was.
corrections = Table(
    "corrections",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("sitting_id", String(32), ForeignKey("sittings.id"), nullable=False),
    Column("turn", Integer, nullable=False),
    Column("old_text", Text, nullable=False),
    Column("new_text", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("teacher", String(64), nullable=False),
    Column("at", UtcDateTime, nullable=False),
)
Index("ix_corrections_sitting_id", corrections.c.sitting_id)

# Results given to a student and taken back; the last one holds, and is `sittings.released_at`.
releases = Table(
    "releases",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("sitting_id", String(32), ForeignKey("sittings.id"), nullable=False),
    Column("action", String(16), nullable=False),
    Column("teacher", String(64), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    CheckConstraint("action IN ('released', 'withdrawn')", name="action"),
)
Index("ix_releases_sitting_id", releases.c.sitting_id)

appeals = Table(
    "appeals",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("sitting_id", String(32), ForeignKey("sittings.id"), nullable=False),
    Column("question_id", String(128)),
    Column("text", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("state", String(16), nullable=False),
    Column("reply", Text),
    Column("teacher", String(64)),
    Column("answered_at", UtcDateTime),
    CheckConstraint("state IN ('open', 'answered')", name="state"),
)
Index("ix_appeals_sitting_id", appeals.c.sitting_id)

# What a sitting cost. `key` tells what was counted, so that nothing is counted twice.
costs = Table(
    "costs",
    metadata,
    Column("sitting_id", String(32), ForeignKey("sittings.id"), primary_key=True),
    Column("key", String(190), primary_key=True),
    Column("part", String(16), nullable=False),
    Column("unit", String(32), nullable=False),
    Column("provider", String(64), nullable=False),
    Column("model", String(128), nullable=False),
    Column("quantity", Float, nullable=False),
    Column("price", Float),
    Column("currency", String(3)),
    Column("prices_of", String(10)),
    Column("at", UtcDateTime, nullable=False),
)

# The sound of a sitting: a segment of each examiner that held it, and the whole, once joined.
segments = Table(
    "segments",
    metadata,
    Column("sitting_id", String(32), ForeignKey("sittings.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("path", String(255), nullable=False),
    Column("state", String(16), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("duration_ms", Integer),
    Column("size", Integer),
    Column("sha256", String(64)),
    CheckConstraint("state IN ('open', 'closed', 'recovered', 'lost')", name="state"),
)

recordings = Table(
    "recordings",
    metadata,
    Column("sitting_id", String(32), ForeignKey("sittings.id"), primary_key=True),
    Column("path", String(255), nullable=False),
    Column("duration_ms", Integer, nullable=False),
    Column("size", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    # [{"number", "offset_ms", "duration_ms"}]: where each segment begins in the whole.
    Column("segments", JSON, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

# Each thing that was recorded, in the order it came, tied to the one before (records/chain.py).
links = Table(
    "links",
    metadata,
    Column("sitting_id", String(32), ForeignKey("sittings.id"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(16), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("link", String(64), nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

teachers = Table(
    "teachers",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("password_hash", String(255), nullable=False),
    Column("admin", Boolean, nullable=False),
    # Counts up when all of the teacher's sign-ins shall end.
    Column("session", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("disabled_at", UtcDateTime),
)

exam_teachers = Table(
    "exam_teachers",
    metadata,
    Column("exam_id", String(64), primary_key=True),
    Column("teacher_id", String(32), ForeignKey("teachers.id"), primary_key=True),
)
