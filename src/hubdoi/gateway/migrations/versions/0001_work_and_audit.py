"""The work that is left to do, and the audit log that only grows."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_SQLITE = """
CREATE TRIGGER gateway_audit_{act} BEFORE {act} ON gateway_audit
BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END
"""
_POSTGRES = """
CREATE FUNCTION gateway_audit_grows() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the audit log only grows'; END $$;
CREATE TRIGGER gateway_audit_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON gateway_audit
EXECUTE FUNCTION gateway_audit_grows()
"""


def upgrade() -> None:
    op.create_table(
        "gateway_work",
        sa.Column("version_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("repository_id", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due", sa.Float, nullable=False),
        sa.Column("reason", sa.Text),
    )
    op.create_index("gateway_work_due", "gateway_work", ["state", "due"])
    op.create_table(
        "gateway_audit",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("act", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("why", sa.Text),
    )
    op.create_index("gateway_audit_subject", "gateway_audit", ["subject"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_POSTGRES)
    else:
        for act in ("UPDATE", "DELETE"):
            op.execute(_SQLITE.format(act=act))
