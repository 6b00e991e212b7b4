"""Schema changes, in order, by Alembic."""
