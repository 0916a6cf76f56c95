"""How many requests each person has made in the present minute."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "gateway_rates",
        sa.Column("username", sa.Text, primary_key=True),
        sa.Column("minute", sa.Integer, nullable=False),
        sa.Column("used", sa.Integer, nullable=False),
    )
