"""Other addresses of the same person, such as the number behind a business-scoped user id."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alias",
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("address_tag", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("address_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("scoped", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_alias_person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("channel", "address_tag", name="pk_alias"),
    )
    op.create_index("ix_alias_person_id", "alias", ["person_id"])


def downgrade() -> None:
    op.drop_table("alias")
