"""By which name the institution knows who asked for a DOI."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("gateway_work", sa.Column("asked_by", sa.Text))
