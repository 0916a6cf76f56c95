"""Statements that are compiled once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from hubdoi.minting.database import Database
from hubdoi.minting.prepared import Prepared
from hubdoi.records.errors import LedgerError

METADATA = sa.MetaData()
NOTES = sa.Table(
    "notes",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("text", sa.Text, unique=True),
    sa.Column("kind", sa.Text, nullable=False),
)
INSERT = Prepared(sa.insert(NOTES).values(kind="a kind").returning(NOTES.c.id))
FIND = Prepared(
    sa.select(NOTES.c.id, NOTES.c.text.label("said")).where(
        NOTES.c.text == sa.bindparam("text"), NOTES.c.kind == "a kind"
    )
)
REMOVE = Prepared(sa.delete(NOTES).where(NOTES.c.text == sa.bindparam("of")))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "notes.db")
    opened.create(METADATA)
    yield opened
    opened.close()


@pytest.mark.parametrize("is_heard", [False, True])
def test_rows_are_the_same_whether_somebody_listens_or_not(
    database: Database, is_heard: bool
) -> None:
    heard: list[str] = []
    if is_heard:
        listener = lambda _c, _cursor, statement, *_: heard.append(statement)  # noqa: E731
        sa.event.listen(database.engine, "before_cursor_execute", listener)
    with database.transaction() as db:
        assert INSERT.scalar(db, {"text": "one 100 %"}) == 1
        assert INSERT.scalar(db, {"text": None}) == 2
        found = FIND.first(db, {"text": "one 100 %"})
        assert (found.id, found.said) == (1, "one 100 %")
        assert FIND.all(db, {"text": "two"}) == []
        assert FIND.first(db, {"text": "two"}) is FIND.scalar(db, {"text": "two"}) is None
        assert REMOVE.all(db, {"of": "one 100 %"}) == []
        assert FIND.scalar(db, {"text": "one 100 %"}) is None
    assert len([text for text in heard if "notes" in text]) == 8 * is_heard


def test_what_a_transaction_undoes_is_undone(database: Database) -> None:
    with pytest.raises(RuntimeError), database.transaction() as db:
        INSERT.scalar(db, {"text": "one"})
        raise RuntimeError
    with database.reading() as db:
        assert FIND.scalar(db, {"text": "one"}) is None


def test_errors_are_those_of_sqlalchemy_and_do_not_repeat_the_values(database: Database) -> None:
    with database.transaction() as db:
        INSERT.scalar(db, {"text": "a secret"})
    with pytest.raises(IntegrityError) as refused, database.transaction() as db:
        INSERT.scalar(db, {"text": "a secret"})
    assert "a secret" not in str(refused.value)
    with database.transaction() as db:
        METADATA.drop_all(db)
    with pytest.raises(LedgerError, match="cannot be used"), database.reading() as db:
        FIND.scalar(db, {"text": "one"})
