"""Since when a case waits that was in a counsellor's hands before."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("case_", sa.Column("waits_since", sa.Float(), nullable=True))


def downgrade() -> None:
    op.drop_column("case_", "waits_since")
