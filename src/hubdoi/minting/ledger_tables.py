"""The tables of the ledger, with the unique keys that the rules rest on (R8)."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

schema = sa.Table("ledger_schema", metadata, sa.Column("version", sa.Integer, nullable=False))

repositories = sa.Table(
    "ledger_repositories",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("hub", sa.Text, nullable=False),
    sa.Column("uid", sa.Text, nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("deleted", sa.Text),
    sa.Column("reason", sa.Text),
    sa.UniqueConstraint("hub", "uid"),
    sa.Index("ledger_repositories_name", "hub", "type", "name"),
)

terms = sa.Table(
    "ledger_terms",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("text", sa.Text, nullable=False),
)

consents = sa.Table(
    "ledger_consents",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("username", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("digest", sa.ForeignKey("ledger_terms.digest"), nullable=False),
    sa.Index("ledger_consents_person", "username", "at"),
)

versions = sa.Table(
    "ledger_versions",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("repository_id", sa.ForeignKey("ledger_repositories.id"), nullable=False),
    sa.Column("revision", sa.Text, nullable=False),
    sa.Column("revision_date", sa.Text, nullable=False),
    sa.Column("doi", sa.Text, nullable=False),
    sa.Column("doi_key", sa.Text, nullable=False, unique=True),
    sa.Column("step", sa.Text, nullable=False),
    sa.Column("record", sa.Text, nullable=False),
    sa.Column("consent_id", sa.ForeignKey("ledger_consents.id"), nullable=False),
    sa.UniqueConstraint("repository_id", "revision"),
    sa.Index("ledger_versions_order", "repository_id", "revision_date", "id"),
    # What `recover` looks for; a partial index stays small however many versions there are.
    sa.Index(
        "ledger_versions_open",
        "step",
        sqlite_where=sa.text("step != 'linked'"),
        postgresql_where=sa.text("step != 'linked'"),
    ),
)

# With a bound value SQLite would prepare a statement again each time that it runs, because a partial
# index tests the column; preparing takes twenty times as long as running.
INTENDED: sa.ColumnElement[str] = sa.literal_column("'intended'")
LINKED: sa.ColumnElement[str] = sa.literal_column("'linked'")

# What was corrected in a registered record; the newest row of a version is what its record says now.
amendments = sa.Table(
    "ledger_amendments",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("version_id", sa.ForeignKey("ledger_versions.id"), nullable=False, index=True),
    sa.Column("consent_id", sa.ForeignKey("ledger_consents.id"), nullable=False),
    sa.Column("step", sa.Text, nullable=False),
    sa.Column("before", sa.Text, nullable=False),
    sa.Column("after", sa.Text, nullable=False),
    sa.Index(
        "ledger_amendments_open",
        "step",
        sqlite_where=sa.text("step != 'registered'"),
        postgresql_where=sa.text("step != 'registered'"),
    ),
)

# DOIs that were reserved before a release; a repository has at most one without a version.
reservations = sa.Table(
    "ledger_reservations",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("hub", sa.Text, nullable=False),
    sa.Column("uid", sa.Text, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("doi", sa.Text, nullable=False),
    sa.Column("doi_key", sa.Text, nullable=False, unique=True),
    sa.Column("username", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.UniqueConstraint("hub", "uid", "number"),
)

answers = sa.Table(
    "ledger_answers",
    metadata,
    sa.Column("username", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("body", sa.Text, nullable=False),
    # SQLite looks here for every version that is withdrawn.
    sa.Column("version_id", sa.ForeignKey("ledger_versions.id"), nullable=False, index=True),
    sqlite_with_rowid=False,
)

# Consents to DOIs that a person generates on a Hub's settings page.
hand_offs = sa.Table(
    "handoff_consents",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("hub", sa.Text, nullable=False),
    sa.Column("uid", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("revision", sa.Text, nullable=False),
    sa.Column("consent", sa.Integer, nullable=False),
)
