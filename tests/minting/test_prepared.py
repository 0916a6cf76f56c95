from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from hubdoi.minting.database import Database
from hubdoi.minting.prepared import Prepared
from hubdoi.records.errors import InvalidInput

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


@pytest.fixture(params=["driver", "SQLAlchemy"])
def db(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Connection]:
    """A transaction; who listens to the engine sees what is asked, so SQLAlchemy is asked."""
    database = Database(tmp_path / "dois.db")
    database.create(METADATA)
    asked: list[str] = []
    if request.param == "SQLAlchemy":
        sa.event.listen(database.engine, "before_cursor_execute", lambda *a: asked.append(a[2]))
    with database.transaction() as connection:
        yield connection
    assert bool(asked) == (request.param == "SQLAlchemy")
    database.close()


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


def test_what_is_returned_of_an_insert(db: sa.Connection) -> None:
    insert = sa.dialects.sqlite.insert(DOIS).on_conflict_do_nothing().returning(DOIS.c.id)
    new = Prepared(insert, ("doi",))
    assert new.scalar(db, {"doi": "10.5072/a"}) == 1
    assert new.scalar(db, {"doi": "10.5072/a"}) is None
    assert new.scalar(db, {"doi": "10.5072/b"}) == 2


def test_a_violated_constraint_is_sqlalchemys(db: sa.Connection) -> None:
    insert = Prepared(INSERT, ("doi", "state"))
    values = {"doi": "10.5072/secret", "state": None}
    insert.all(db, values)
    for again in (insert.all, insert.inserted):
        with pytest.raises(sa.exc.IntegrityError) as caught:
            again(db, values)
        assert "secret" not in str(caught.value)


@pytest.mark.parametrize("value", [2**70, "\ud800"], ids=["number", "surrogate"])
def test_what_sqlite_cannot_keep_is_bad_input(tmp_path: Path, value: Any) -> None:
    database = Database(tmp_path / "dois.db")
    database.create(METADATA)
    insert = Prepared(INSERT, ("doi", "state"))
    with pytest.raises(InvalidInput, match="correct it"), database.transaction() as db:
        insert.all(db, {"doi": value, "state": None})
    database.close()


def test_a_value_that_is_forgotten_is_an_error(db: sa.Connection) -> None:
    with pytest.raises((KeyError, sa.exc.StatementError)):
        Prepared(PUBLIC).all(db, {})
