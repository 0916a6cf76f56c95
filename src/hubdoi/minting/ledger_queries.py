"""The statements of the ledger that every mint or every status runs.

Building a statement takes longer than running it, so these are built once.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from .beside import Addition
from .database import Database
from .ledger_tables import INTENDED, LINKED, answers, consents, repositories, reservations, versions
from .prepared import Prepared

INSERT_CONSENT = Prepared(consents.insert(), ("username", "at", "digest"))
REPOSITORY = sa.select(repositories.c.id, repositories.c.type, repositories.c.name).where(
    repositories.c.hub == sa.bindparam("hub"), repositories.c.uid == sa.bindparam("uid")
)
VERSION = sa.select(versions.c.id, versions.c.step).where(
    versions.c.repository_id == sa.bindparam("repository"),
    versions.c.revision == sa.bindparam("revision"),
)
STEP = (
    sa.select(versions.c.step)
    .join(repositories)
    .where(
        repositories.c.hub == sa.bindparam("hub"),
        repositories.c.uid == sa.bindparam("uid"),
        versions.c.revision == sa.bindparam("revision"),
    )
)
IS_KNOWN = sa.or_(
    sa.exists().where(
        repositories.c.hub == sa.bindparam("hub"), repositories.c.uid == sa.bindparam("uid")
    ),
    sa.exists().where(
        reservations.c.hub == sa.bindparam("hub"), reservations.c.uid == sa.bindparam("uid")
    ),
)
"""Whether the ledger has anything of a repository."""
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
_COLUMNS = (
    versions,
    repositories.c.uid,
    repositories.c.type,
    repositories.c.name,
    consents.c.username,
    consents.c.at,
    consents.c.digest,
)
_ROW = (
    sa.select(*_COLUMNS)
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

OPEN_RESERVATION = (
    sa.select(reservations)
    .where(
        reservations.c.hub == sa.bindparam("hub"),
        reservations.c.uid == sa.bindparam("uid"),
        ~sa.exists().where(
            versions.c.doi_key == reservations.c.doi_key, versions.c.step != INTENDED
        ),
    )
    .order_by(reservations.c.number.desc())
    .limit(1)
)
"""The reservation that the next mint of a repository publishes."""
_STANDING: sa.CompoundSelect[Any] = sa.union_all(
    sa.select(*_COLUMNS, repositories.c.id.label("repository"), sa.null().label("reserved"))
    .select_from(
        repositories.outerjoin(
            versions,
            (versions.c.repository_id == repositories.c.id)
            & ((versions.c.step != INTENDED) | (versions.c.revision == sa.bindparam("revision"))),
        ).outerjoin(consents, versions.c.consent_id == consents.c.id)
    )
    .where(*_OF_UID),
    sa.select(
        *[sa.null()] * (len(sa.select(*_COLUMNS).selected_columns) + 1),
        OPEN_RESERVATION.with_only_columns(reservations.c.doi).scalar_subquery(),
    ),
)
STANDING = Prepared(_STANDING)
"""The registered versions of a repository and what there is of one revision, in any order, one row
without a version where there is none; and a row without a repository, for the DOI that is reserved."""

_other = versions.alias("neighbour")
_order = sa.tuple_(versions.c.revision_date, versions.c.id)
_other_order = sa.tuple_(_other.c.revision_date, _other.c.id)
_neighbour = (
    sa.select(_other.c.doi)
    .where(_other.c.repository_id == versions.c.repository_id, _other.c.step != INTENDED)
    .limit(1)
    .correlate(versions)
)
_previous = (
    _neighbour.where(_other_order < _order)
    .order_by(_other.c.revision_date.desc(), _other.c.id.desc())
    .scalar_subquery()
)
_next = (
    _neighbour.where(_other_order > _order)
    .order_by(_other.c.revision_date, _other.c.id)
    .scalar_subquery()
)
_NEIGHBOURS = (_previous.label("previous"), _next.label("next"))
ENTRY = _ROW.add_columns(*_NEIGHBOURS)
"""A version or an intent, with the DOIs of its registered neighbours (R7)."""
ENTRY_COLUMNS = (*_COLUMNS, *_NEIGHBOURS)
"""Those of `ENTRY`, for who reads it from a join with other tables."""
ENTRY_BY_ID = ENTRY.where(versions.c.id == sa.bindparam("id_"))
ENTRY_BY_REVISION = ENTRY.where(*_OF_UID, versions.c.revision == sa.bindparam("revision"))

_MARK = versions.update().where(versions.c.id == sa.bindparam("of"))
_has_neighbours = sa.exists().where(
    _other.c.repository_id == versions.c.repository_id,
    _other.c.id != versions.c.id,
    _other.c.step != INTENDED,
)
_MARK_REGISTERED = _MARK.values(
    step=sa.case((_has_neighbours, sa.literal_column("'registered'")), else_=LINKED)
)
MARK = Prepared(_MARK.values(step=sa.bindparam("to")).returning(versions.c.step))
MARK_REGISTERED = Prepared(_MARK_REGISTERED.returning(versions.c.step))
"""What has no neighbours is linked at once; whether it has some is seen as the step is written (R7)."""
_WRITTEN = (versions.c.id, versions.c.repository_id, versions.c.step, versions.c.doi)


def mark_registered_with(addition: Addition) -> Prepared:
    """`MARK_REGISTERED` in PostgreSQL, and what is written beside it."""
    marked = _MARK_REGISTERED.returning(*_WRITTEN).cte("marked")
    return Prepared(sa.select(marked.c.step).add_cte(*addition(marked)))


_SAID = ("revision", "revision_date", "doi", "doi_key", "step", "record")
VERSION_COLUMNS = ("repository_id", "consent_id", *_SAID)


def insert_repository(database: Database) -> Any:
    """An insert of a repository, which gives its number where it is new."""
    insert = database.insert(repositories).on_conflict_do_nothing(index_elements=["hub", "uid"])
    return insert.returning(repositories.c.id)


def insert_version(database: Database) -> Any:
    """An insert of a version, which gives its number where the revision has none."""
    insert = database.insert(versions)
    insert = insert.on_conflict_do_nothing(index_elements=["repository_id", "revision"])
    return insert.returning(versions.c.id)


def insert_intent(database: Database, addition: Addition | None = None) -> Prepared:
    """A new repository, a consent and a version in one statement of PostgreSQL, for the number of each.

    All are None, and nothing is written, where the repository is there already or a DOI was ever
    reserved for it. With an `addition`, the answer is remembered too, if it has a key. A parameter
    has the name of its column after ``new_``: SQLAlchemy keeps the bare names of an insert for itself.
    """

    def given(table: sa.Table, *names: str) -> dict[str, sa.BindParameter[Any]]:
        return {name: sa.bindparam(f"new_{name}", type_=table.c[name].type) for name in names}

    def number(made: sa.CTE) -> sa.ScalarSelect[Any]:
        return sa.select(made.c.id).scalar_subquery()

    own = given(repositories, "hub", "uid", "type", "name")
    reserved = sa.exists().where(reservations.c.hub == own["hub"], reservations.c.uid == own["uid"])
    new = sa.select(*own.values()).where(~reserved)
    repository = insert_repository(database).from_select(list(own), new)
    first = repository.cte("repository")
    agreed = given(consents, "username", "at", "digest")
    consent = (
        consents.insert()
        .from_select(list(agreed), sa.select(*agreed.values()).select_from(first))
        .returning(consents.c.id)
        .cte("consent")
    )
    ids = {"repository_id": first.c.id, "consent_id": number(consent)}
    values = {**ids, **given(versions, *_SAID)}
    version = (
        versions.insert()
        .from_select(list(values), sa.select(*values.values()))
        .returning(*_WRITTEN)
        .cte("version")
    )
    made = sa.select(*[number(one).label(one.name) for one in (first, consent, version)])
    if addition is None:
        return Prepared(made)
    asked = given(answers, "username", "key", "body")
    answer = database.insert(answers).from_select(
        [*asked, "version_id"],
        sa.select(*asked.values(), version.c.id).where(asked["key"].is_not(None)),
    )
    return Prepared(made.add_cte(answer.on_conflict_do_nothing().cte("answer"), *addition(version)))
