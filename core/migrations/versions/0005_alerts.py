"""Alerts: what a counsellor must see of a case, who waits too long, and whether somebody still sits at the desk."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("case_", sa.Column("alert", sa.String(length=20), nullable=True))
    for column in ("alert_at", "escalated_at", "called_at"):
        op.add_column("case_", sa.Column(column, sa.Float(), nullable=True))
    op.add_column("session", sa.Column("listened_at", sa.Float(), nullable=True))


def downgrade() -> None:
    op.drop_column("session", "listened_at")
    for column in ("called_at", "escalated_at", "alert_at", "alert"):
        op.drop_column("case_", column)
