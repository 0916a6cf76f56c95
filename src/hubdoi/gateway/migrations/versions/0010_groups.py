"""The groups of people, as JupyterHub or the sign-in provider said."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "gateway_groups",
        sa.Column("username", sa.Text, primary_key=True),
        sa.Column("groups", sa.Text, nullable=False),
    )
