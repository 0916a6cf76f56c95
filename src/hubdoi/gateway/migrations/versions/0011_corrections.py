"""Corrections of registered records that a curator decides."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("gateway_requests", sa.Column("correction", sa.Text))
