"""The ORCID iDs with which people signed in."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "gateway_orcids",
        sa.Column("username", sa.Text, primary_key=True),
        sa.Column("orcid", sa.Text, nullable=False, unique=True),
        sa.Column("at", sa.Text, nullable=False),
    )
