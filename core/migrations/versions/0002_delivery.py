"""Delivery: attempts of unknown outcome, lanes and their pace, spending, marks, exchanges that repeat."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

UNSETTLED = sa.text("state IN ('received', 'queued')")


def upgrade() -> None:
    op.create_table(
        "mark",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_mark")),
    )
    op.create_table(
        "pace",
        sa.Column("lane", sa.String(length=130), nullable=False),
        sa.Column("level", sa.Float(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("lane", name=op.f("pk_pace")),
    )
    op.create_table(
        "spending",
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("scope", sa.String(length=50), nullable=False),
        sa.Column("segments", sa.Integer(), nullable=False),
        sa.Column("cost", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("day", "scope", name=op.f("pk_spending")),
    )
    # ADD COLUMN and not batches: no table is copied, so that a large database is not locked for long
    op.add_column("person", sa.Column("recent", sa.String(length=400), nullable=True))
    op.add_column("message", sa.Column("priority", sa.Integer(), nullable=True))
    op.add_column("message", sa.Column("sent_at", sa.Float(), nullable=True))
    op.add_column("message", sa.Column("resent", sa.Integer(), server_default="0", nullable=False))
    op.add_column("message", sa.Column("segments", sa.Integer(), nullable=True))
    op.add_column("message", sa.Column("cost", sa.Float(), nullable=True))
    op.add_column("job", sa.Column("tried_at", sa.Float(), nullable=True))
    op.add_column("job", sa.Column("lane", sa.String(length=130), nullable=True))
    op.add_column("job", sa.Column("weight", sa.Integer(), server_default="1", nullable=False))
    op.create_index(
        "ix_message_unsettled", "message", ["state", "created_at"],
        sqlite_where=UNSETTLED, postgresql_where=UNSETTLED,
    )


def downgrade() -> None:
    op.drop_index("ix_message_unsettled", table_name="message")
    for table, columns in (
        ("job", ("weight", "lane", "tried_at")),
        ("message", ("cost", "segments", "resent", "sent_at", "priority")),
        ("person", ("recent",)),
    ):
        for column in columns:
            op.drop_column(table, column)
    for table in ("spending", "pace", "mark"):
        op.drop_table(table)
