"""How much of a quota is used, for the status of everybody who has one."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    # The ledger's own table, which an empty database gets with its index.
    if sa.inspect(op.get_bind()).has_table("ledger_consents"):
        op.create_index(
            "ledger_consents_person", "ledger_consents", ["username", "at"], if_not_exists=True
        )
