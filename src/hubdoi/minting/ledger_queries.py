"""The statements of the ledger that every mint or every status runs.

Building a statement takes longer than running it, so these are built once.
"""

from __future__ import annotations

import sqlalchemy as sa

from .ledger_tables import INTENDED, consents, repositories, versions

INSERT_CONSENT = consents.insert()
REPOSITORY = sa.select(repositories.c.id, repositories.c.type, repositories.c.name).where(
    repositories.c.hub == sa.bindparam("hub"), repositories.c.uid == sa.bindparam("uid")
)
VERSION = sa.select(versions.c.id, versions.c.step).where(
    versions.c.repository_id == sa.bindparam("repository"),
    versions.c.revision == sa.bindparam("revision"),
)
DOIS = (
    sa.select(repositories.c.uid, versions.c.doi, versions.c.revision)
    .join(versions)
    .where(
        repositories.c.hub == sa.bindparam("hub"),
        repositories.c.uid.in_(sa.bindparam("uids", expanding=True)),
        versions.c.step != INTENDED,
    )
    .order_by(versions.c.revision_date.desc(), versions.c.id.desc())
)
"""The (DOI, revision) pairs of many repositories, newest first."""
MARK = versions.update().where(versions.c.id == sa.bindparam("of")).values(step=sa.bindparam("to"))

_ROW = (
    sa.select(
        versions,
        repositories.c.uid,
        repositories.c.type,
        repositories.c.name,
        consents.c.username,
        consents.c.at,
        consents.c.digest,
    )
    .join(repositories, versions.c.repository_id == repositories.c.id)
    .join(consents, versions.c.consent_id == consents.c.id)
)
_OF_UID = (
    repositories.c.hub == sa.bindparam("hub"),
    repositories.c.uid == sa.bindparam("uid"),
)
REGISTERED_OF_UID = _ROW.where(*_OF_UID, versions.c.step != INTENDED).order_by(
    versions.c.revision_date.desc(), versions.c.id.desc()
)

_other = versions.alias("neighbour")
_order = sa.tuple_(versions.c.revision_date, versions.c.id)
_other_order = sa.tuple_(_other.c.revision_date, _other.c.id)
_neighbour = (
    sa.select(_other.c.doi)
    .where(_other.c.repository_id == versions.c.repository_id, _other.c.step != INTENDED)
    .limit(1)
    .correlate(versions)
)
ENTRY = _ROW.add_columns(
    _neighbour.where(_other_order < _order)
    .order_by(_other.c.revision_date.desc(), _other.c.id.desc())
    .scalar_subquery()
    .label("previous"),
    _neighbour.where(_other_order > _order)
    .order_by(_other.c.revision_date, _other.c.id)
    .scalar_subquery()
    .label("next"),
)
"""A version or an intent, with the DOIs of its registered neighbours (R7)."""
ENTRY_BY_ID = ENTRY.where(versions.c.id == sa.bindparam("id_"))
ENTRY_BY_REVISION = ENTRY.where(*_OF_UID, versions.c.revision == sa.bindparam("revision"))
