"""What people allowed at the Hub, encrypted."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "gateway_grants",
        sa.Column("owner", sa.Text, primary_key=True),
        sa.Column("username", sa.Text, nullable=False),
        sa.Column("sealed", sa.Text, nullable=False),
        sa.Column("granted", sa.Text, nullable=False),
    )
    op.create_index("gateway_grants_username", "gateway_grants", ["username"])
