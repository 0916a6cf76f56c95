"""Repositories that a webhook of the Hub told of, and the webhooks themselves."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "gateway_watched",
        sa.Column("uid", sa.Text, primary_key=True),
        sa.Column("told", sa.Text),
        sa.Column("due", sa.Float),
        sa.Column("leased", sa.Float),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("head", sa.Text),
        sa.Column("dois", sa.Text),
        sa.Column("seen", sa.Text),
    )
    op.create_index("gateway_watched_due", "gateway_watched", ["due"])
    op.create_table(
        "gateway_deliveries",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("uid", sa.Text, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
    )
    op.create_index("gateway_deliveries_at", "gateway_deliveries", ["at"])
    op.create_index("gateway_deliveries_uid", "gateway_deliveries", ["uid", "at"])
