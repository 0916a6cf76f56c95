"""The gateway's own tables, beside those of the ledger."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

# When an intent of the ledger is finished: the ledger says what, this says when and why not yet.
work = sa.Table(
    "gateway_work",
    metadata,
    sa.Column("version_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("repository_id", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    # Seconds since 1970 by the database's clock: that of a host may be wrong.
    sa.Column("due", sa.Float, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Index("gateway_work_due", "state", "due"),
)

# Who did what, when and why; rows are only ever added, and the database itself refuses to change them.
audit = sa.Table(
    "gateway_audit",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("act", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("why", sa.Text),
    sa.Index("gateway_audit_subject", "subject"),
)
