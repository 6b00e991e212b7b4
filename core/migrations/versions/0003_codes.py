"""Codes with which somebody comes back to the web chat."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("person", sa.Column("code_tag", sa.String(length=64), nullable=True))
    op.add_column("person", sa.Column("code_until", sa.Float(), nullable=True))
    op.create_index("uq_person_code", "person", ["code_tag"], unique=True)


def downgrade() -> None:
    op.drop_index("uq_person_code", table_name="person")
    for column in ("code_until", "code_tag"):
        op.drop_column("person", column)
