"""Safety of the phone: a word of one's own, discreet answers, and from when on nothing earlier is said."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("person", sa.Column("panic_tag", sa.String(length=64), nullable=True))
    op.add_column("person", sa.Column("discreet", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("person", sa.Column("quiet_at", sa.Float(), nullable=True))


def downgrade() -> None:
    for column in ("quiet_at", "discreet", "panic_tag"):
        op.drop_column("person", column)
