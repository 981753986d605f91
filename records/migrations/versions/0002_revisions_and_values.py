"""Revisions of an answer beside its original words, and what an answer comes to as a value"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("turns") as turns:
        # The default is for the rows that are there; new ones always say.
        turns.add_column(
            sa.Column("revises", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    with op.batch_alter_table("answers") as answers:
        answers.add_column(sa.Column("value", sa.Text(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("answers") as answers:
        answers.drop_column("value")
    with op.batch_alter_table("turns") as turns:
        turns.drop_column("revises")
