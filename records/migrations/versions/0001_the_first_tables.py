"""The first tables"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

OPEN_SITTING = "status IN ('open', 'running')"


def upgrade() -> None:
    op.create_table(
        "invitations",
        sa.Column("jti", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.String(length=128), nullable=False),
        sa.Column("exam_id", sa.String(length=64), nullable=False),
        sa.Column("profile", sa.JSON(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("used >= 0 AND used <= attempts", name=op.f("ck_invitations_attempts")),
        sa.PrimaryKeyConstraint("jti", name=op.f("pk_invitations")),
    )
    op.create_table(
        "papers",
        sa.Column("exam_id", sa.String(length=64), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("hash", sa.String(length=128), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("exam_id", name=op.f("pk_papers")),
    )
    op.create_table(
        "sittings",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.String(length=128), nullable=False),
        sa.Column("exam_id", sa.String(length=64), nullable=False),
        sa.Column("room_name", sa.String(length=64), nullable=False),
        sa.Column("paper", sa.JSON(), nullable=False),
        sa.Column("paper_hash", sa.String(length=128), nullable=False),
        sa.Column("profile", sa.JSON(), nullable=False),
        sa.Column("consent", sa.JSON(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.Column("invitation", sa.String(length=32), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('open', 'running', 'finished', 'abandoned')",
            name=op.f("ck_sittings_status"),
        ),
        sa.ForeignKeyConstraint(
            ["invitation"], ["invitations.jti"], name=op.f("fk_sittings_invitation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sittings")),
        sa.UniqueConstraint("room_name", name=op.f("uq_sittings_room_name")),
    )
    op.create_index("ix_sittings_created_at", "sittings", ["created_at"])
    op.create_index("ix_sittings_user_id_exam_id", "sittings", ["user_id", "exam_id"])
    op.create_index(
        "uq_sittings_open",
        "sittings",
        ["user_id", "exam_id"],
        unique=True,
        sqlite_where=sa.text(OPEN_SITTING),
        postgresql_where=sa.text(OPEN_SITTING),
    )

    op.create_table(
        "answers",
        sa.Column("sitting_id", sa.String(length=32), nullable=False),
        sa.Column("question_id", sa.String(length=128), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("covered", sa.JSON(), nullable=False),
        sa.Column("probes", sa.JSON(), nullable=False),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "status IN ('open', 'answered', 'skipped', 'dont_know', 'unanswered')",
            name=op.f("ck_answers_status"),
        ),
        sa.ForeignKeyConstraint(
            ["sitting_id"], ["sittings.id"], name=op.f("fk_answers_sitting_id")
        ),
        sa.PrimaryKeyConstraint("sitting_id", "question_id", name=op.f("pk_answers")),
    )
    op.create_table(
        "drafts",
        sa.Column("sitting_id", sa.String(length=32), nullable=False),
        sa.Column("question_id", sa.String(length=128), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["sitting_id"], ["sittings.id"], name=op.f("fk_drafts_sitting_id")),
        sa.PrimaryKeyConstraint("sitting_id", name=op.f("pk_drafts")),
    )
    op.create_table(
        "turns",
        sa.Column("sitting_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("event", sa.JSON(), nullable=False),
        sa.Column("understood", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("question_id", sa.String(length=128), nullable=True),
        sa.Column("answers_question", sa.Boolean(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_ms", sa.BigInteger(), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=True),
        sa.Column("clears_draft", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["sitting_id"], ["sittings.id"], name=op.f("fk_turns_sitting_id")),
        sa.PrimaryKeyConstraint("sitting_id", "number", name=op.f("pk_turns")),
    )
    op.create_table(
        "utterances",
        sa.Column("sitting_id", sa.String(length=32), nullable=False),
        sa.Column("turn", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("say", sa.Text(), nullable=False),
        sa.Column("authored", sa.Boolean(), nullable=False),
        sa.Column("question_id", sa.String(length=128), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("heard_ms", sa.Integer(), nullable=True),
        sa.Column("whole", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(
            ["sitting_id", "turn"],
            ["turns.sitting_id", "turns.number"],
            name=op.f("fk_utterances_sitting_id_turn"),
        ),
        sa.PrimaryKeyConstraint("sitting_id", "turn", "position", name=op.f("pk_utterances")),
    )


def downgrade() -> None:
    for table in ("utterances", "turns", "drafts", "answers", "sittings", "papers", "invitations"):
        op.drop_table(table)
