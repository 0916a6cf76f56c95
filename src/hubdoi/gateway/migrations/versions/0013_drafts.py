"""What DataCite has to do for reserved DOIs."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "gateway_drafts",
        sa.Column("doi", sa.Text, primary_key=True),
        sa.Column("act", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due", sa.Float, nullable=False),
        sa.Column("reason", sa.Text),
    )
    op.create_index("gateway_drafts_due", "gateway_drafts", ["state", "due"])
