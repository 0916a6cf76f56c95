"""What kind of request a curator decides."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column(
        "gateway_requests", sa.Column("kind", sa.Text, nullable=False, server_default="mint")
    )
    op.execute("UPDATE gateway_requests SET kind = 'correction' WHERE correction IS NOT NULL")
    op.execute("ALTER TABLE gateway_requests RENAME COLUMN correction TO details")
