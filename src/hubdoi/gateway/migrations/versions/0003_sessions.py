"""Sessions of the curators' pages, and the sign-ins that lead to them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "gateway_sessions",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("username", sa.Text, nullable=False),
        sa.Column("csrf", sa.Text, nullable=False),
        sa.Column("expires", sa.Float, nullable=False),
    )
    op.create_index("gateway_sessions_expires", "gateway_sessions", ["expires"])
    op.create_table(
        "gateway_sign_ins",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("verifier", sa.Text, nullable=False),
        sa.Column("nonce", sa.Text, nullable=False),
        sa.Column("next", sa.Text, nullable=False),
        sa.Column("expires", sa.Float, nullable=False),
    )
