"""People with their roles, policies by group, and the requests that a curator decides."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "gateway_people",
        sa.Column("username", sa.Text, primary_key=True),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("group", sa.Text),
        sa.Column("added", sa.Text, nullable=False),
    )
    op.create_index("gateway_people_group", "gateway_people", ["group"])
    op.create_table(
        "gateway_policies",
        sa.Column("group", sa.Text, primary_key=True),
        sa.Column("owners", sa.Text),
        sa.Column("prefix", sa.Text),
        sa.Column("suffix", sa.Text),
        sa.Column("quota", sa.Integer),
        sa.Column("require", sa.Text),
        sa.Column("review", sa.Integer, nullable=False),
    )
    op.create_table(
        "gateway_requests",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("version_id", sa.Integer),
        sa.Column("uid", sa.Text, nullable=False),
        sa.Column("repo", sa.Text, nullable=False),
        sa.Column("revision", sa.Text, nullable=False),
        sa.Column("doi", sa.Text, nullable=False),
        sa.Column("username", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("asked", sa.Text, nullable=False),
        sa.Column("decided", sa.Text),
        sa.Column("decided_by", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("record", sa.Text, nullable=False),
    )
    op.create_index("gateway_requests_state", "gateway_requests", ["state", "id"])
    op.create_index("gateway_requests_repository", "gateway_requests", ["revision", "uid"])
