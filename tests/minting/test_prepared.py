from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from hubdoi.minting.database import Database
from hubdoi.minting.postgres import PostgresDatabase
from hubdoi.minting.prepared import Prepared
from hubdoi.records.errors import InvalidInput, LedgerError
from tests.gateway.postgres import Postgres

METADATA = sa.MetaData()
DOIS = sa.Table(
    "dois",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("doi", sa.Text, nullable=False, unique=True),
    sa.Column("state", sa.Text),
)
INSERT = DOIS.insert()
NEWEST = sa.select(DOIS.c.doi, DOIS.c.state, DOIS.c.id.label("number")).order_by(DOIS.c.id.desc())
PUBLIC = NEWEST.where(DOIS.c.state == "findable", DOIS.c.doi != sa.bindparam("not")).limit(2)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        database = Database(tmp_path / "dois.db")
    else:
        database = PostgresDatabase(request.getfixturevalue("postgres").new_database())
    database.create(METADATA)
    yield database
    database.close()


@pytest.fixture(params=["driver", "SQLAlchemy"])
def db(request: pytest.FixtureRequest, database: Database) -> Iterator[sa.Connection]:
    """A transaction; who listens to the engine sees what is asked, so SQLAlchemy is asked."""
    asked: list[str] = []
    if request.param == "SQLAlchemy":
        sa.event.listen(database.engine, "before_cursor_execute", lambda *a: asked.append(a[2]))
    with database.transaction() as connection:
        yield connection
    assert bool(asked) == (request.param == "SQLAlchemy")


def test_rows_have_the_names_of_their_columns(db: sa.Connection) -> None:
    insert, newest, public = (
        Prepared(INSERT, ("doi", "state")),
        Prepared(NEWEST),
        Prepared(PUBLIC),
    )
    assert (newest.all(db), newest.first(db), newest.scalar(db)) == ([], None, None)
    numbers = [insert.inserted(db, {"doi": f"10.5072/{n}", "state": "findable"}) for n in "abc"]
    assert numbers == [1, 2, 3]
    assert insert.inserted(db, {"doi": "10.5072/d", "state": None}) == 4
    first = newest.first(db)
    assert (first.doi, first.state, first.number) == ("10.5072/d", None, 4)
    found = public.all(db, {"not": "10.5072/c"})
    assert [(row.doi, row.number) for row in found] == [("10.5072/b", 2), ("10.5072/a", 1)]
    assert public.scalar(db, {"not": "10.5072/a"}) == "10.5072/c"


def test_what_is_returned_of_an_insert(database: Database, db: sa.Connection) -> None:
    insert = database.insert(DOIS).on_conflict_do_nothing().returning(DOIS.c.id)
    new = Prepared(insert, ("doi",))
    assert new.scalar(db, {"doi": "10.5072/a"}) == 1
    assert new.scalar(db, {"doi": "10.5072/a"}) is None
    # A number that was not taken is lost in PostgreSQL.
    assert new.scalar(db, {"doi": "10.5072/b"}) in (2, 3)


def test_a_violated_constraint_is_sqlalchemys(db: sa.Connection) -> None:
    insert = Prepared(INSERT, ("doi", "state"))
    values = {"doi": "10.5072/a", "state": "secret"}
    insert.all(db, values)
    for again in (insert.all, insert.inserted):
        with pytest.raises(sa.exc.IntegrityError) as caught, db.begin_nested():
            again(db, values)
        assert "secret" not in str(caught.value)


@pytest.mark.parametrize("value", [2**70, "\ud800"], ids=["number", "surrogate"])
def test_what_the_database_cannot_keep_is_bad_input(database: Database, value: Any) -> None:
    column = "id" if isinstance(value, int) else "state"
    insert = Prepared(INSERT, ("doi", column))
    with pytest.raises(InvalidInput, match="correct it"), database.transaction() as db:
        insert.all(db, {"doi": "10.5072/a", column: value})


def test_what_gives_no_rows(db: sa.Connection) -> None:
    change = DOIS.update().values(state=sa.bindparam("to"))
    one = Prepared(change.where(DOIS.c.doi == sa.bindparam("of")))
    told = Prepared(change.returning(DOIS.c.doi, DOIS.c.state))
    Prepared(INSERT, ("doi", "state")).all(db, {"doi": "10.5072/100%s", "state": "draft"})
    assert one.all(db, {"of": "10.5072/100%s", "to": "findable"}) == []
    assert told.first(db, {"to": "registered"}) == ("10.5072/100%s", "registered")
    percent = Prepared(sa.select(DOIS.c.doi).where(DOIS.c.doi.like("%100\\%%", escape="\\")))
    assert percent.scalar(db) == "10.5072/100%s"


def test_a_connection_that_breaks_is_replaced(postgres: Postgres) -> None:
    database = PostgresDatabase(postgres.new_database())
    database.create(METADATA)
    newest = Prepared(NEWEST)
    mine = Prepared(sa.select(sa.func.pg_backend_pid()))
    for look in (database.transaction, database.glancing, database.reading):
        with pytest.raises(LedgerError, match="cannot be used now"), look() as db:
            with psycopg.connect(
                database.engine.url.render_as_string(False).replace("+psycopg", "")
            ) as other:
                other.execute("SELECT pg_terminate_backend(%s, 10000)", [mine.scalar(db)])
            newest.all(db)
        with look() as db:
            assert newest.all(db) == []
    database.close()


def test_a_value_that_is_forgotten_is_an_error(db: sa.Connection) -> None:
    assert Prepared(NEWEST).all(db) == []
    with pytest.raises((KeyError, sa.exc.StatementError)):
        Prepared(PUBLIC).all(db, {})
