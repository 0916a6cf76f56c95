import os
import sqlite3
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, Text, event, func, insert, select
from sqlalchemy.exc import IntegrityError

from hubdoi.minting.database import Database
from hubdoi.records.errors import LedgerError

METADATA = MetaData()
NOTES = Table("notes", METADATA, Column("id", Integer, primary_key=True), Column("text", Text))


@pytest.fixture
def database(tmp_path):
    opened = Database(tmp_path / "some" / "where.db")
    opened.create(METADATA)
    yield opened
    opened.close()


def count(database):
    with database.reading() as connection:
        return connection.execute(select(func.count()).select_from(NOTES)).scalar_one()


def test_the_file_belongs_to_its_owner_alone(database):
    with database.transaction() as connection:
        connection.execute(insert(NOTES).values(text="a"))
    for path in database.path.parent.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name


def test_durable_and_in_wal(database):
    with database.transaction() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1


def test_a_nested_transaction_joins_the_outer_one(database):
    with pytest.raises(RuntimeError), database.transaction() as outer:
        with database.transaction() as inner:
            assert inner is outer
            inner.execute(insert(NOTES).values(text="a"))
        assert count(database) == 1, "reading joins the open transaction"
        raise RuntimeError
    assert count(database) == 0


def test_a_transaction_inside_a_reading_block_writes(database):
    with database.reading(), database.transaction() as connection:
        connection.execute(insert(NOTES).values(text="a"))
    assert count(database) == 1


def test_reading_sees_one_state(database):
    with database.reading() as connection:
        before = connection.execute(select(func.count()).select_from(NOTES)).scalar_one()

        def write():
            with database.transaction() as other:
                other.execute(insert(NOTES).values(text="a"))

        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
        assert connection.execute(select(func.count()).select_from(NOTES)).scalar_one() == before
    assert count(database) == before + 1


def test_many_threads_write_without_losing_anything(database):
    def write(number):
        for step in range(10):
            with database.transaction() as connection:
                seen = connection.execute(select(func.count()).select_from(NOTES)).scalar_one()
                connection.execute(insert(NOTES).values(id=seen + 1, text=f"{number}-{step}"))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count(database) == 80


def test_a_violated_constraint_stays_what_it_is(database):
    with pytest.raises(IntegrityError) as caught, database.transaction() as connection:
        connection.execute(insert(NOTES).values(id=1, text="somebody's text"))
        connection.execute(insert(NOTES).values(id=1, text="somebody's text"))
    assert "somebody" not in str(caught.value)
    assert count(database) == 0


def test_not_a_database(tmp_path):
    path = tmp_path / "ledger.db"
    path.write_bytes(b"These are not the bytes of a database. " * 100)
    with pytest.raises(LedgerError, match="is not a database"):
        Database(path).create(METADATA)


def test_a_full_disk(database):
    pages = None
    with pytest.raises(LedgerError, match="no room left"), database.transaction() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        connection.execute(insert(NOTES).values(text="x" * 100_000))


def test_what_a_child_writes_outlives_its_parent(tmp_path):
    path = tmp_path / "ledger.db"
    made = Database(path)
    made.create(METADATA)
    made.close()
    (ready, go), (done, tell) = os.pipe(), os.pipe()
    parent = os.fork()
    if not parent:
        shared = Database(path)
        count(shared)
        if os.fork():
            shared.close()
            os._exit(0)
        os.close(go)
        os.read(ready, 1)
        with shared.transaction() as connection:
            connection.execute(insert(NOTES).values(text="x"))
        os._exit(0)
    os.waitpid(parent, 0)
    os.close(tell)
    os.close(go)
    os.read(done, 1)
    assert count(Database(path)) == 1


def test_no_room_to_read(database):
    """On a full disk SQLite cannot make the file beside the journal that its readers share."""
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorname = "SQLITE_IOERR_SHMSIZE"

    def refuse(*_):
        raise error

    event.listen(database.engine, "before_cursor_execute", refuse)
    with pytest.raises(LedgerError, match="no room left"):
        count(database)


def test_read_only(database):
    with pytest.raises(LedgerError, match="read-only"), database.transaction() as connection:
        connection.exec_driver_sql("PRAGMA query_only = ON")
        connection.execute(insert(NOTES).values(text="x"))


def test_a_directory_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(LedgerError, match="choose a directory"):
        Database(tmp_path / "file" / "ledger.db")


def test_locked_by_another_process(database, monkeypatch):
    monkeypatch.setattr("hubdoi.minting.database.BUSY_SECONDS", 0.05)
    other = Database(database.path)
    with (
        database.transaction(),
        pytest.raises(LedgerError, match="Another process"),
        other.transaction(),
    ):
        pass
    other.close()


def test_a_killed_process_loses_nothing_that_was_committed(tmp_path):
    path = tmp_path / "ledger.db"
    program = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from sqlalchemy import text\n"
        "from hubdoi.minting.database import Database\n"
        "database = Database(Path(sys.argv[1]))\n"
        "with database.transaction() as c:\n"
        "    c.execute(text('CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)'))\n"
        "    c.execute(text(\"INSERT INTO notes (text) VALUES ('kept')\"))\n"
        "with database.transaction() as c:\n"
        "    c.execute(text(\"INSERT INTO notes (text) VALUES ('lost')\"))\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], env=os.environ, check=False)
    assert done.returncode == -9
    database = Database(Path(path))
    with database.reading() as connection:
        assert connection.execute(select(NOTES.c.text)).scalars().all() == ["kept"]
    database.close()
