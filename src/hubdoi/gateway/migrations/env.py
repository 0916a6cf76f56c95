"""Alembic runs this for every migration; the connection is that of `hubdoi.gateway.database`."""

from alembic import context

from hubdoi.gateway.database import VERSION_TABLE
from hubdoi.gateway.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
)
with context.begin_transaction():
    context.run_migrations()
