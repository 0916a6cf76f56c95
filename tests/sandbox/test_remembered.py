from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import text

from hubdoi.sandbox.remembered import NotInMemory, Remembered, SandboxDatabase

BERT = "ada/tiny-bert"
FILE = "resolve/main/config.json"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SandboxDatabase]:
    made = SandboxDatabase(tmp_path / "numbers.db")
    with made.transaction() as connection:
        connection.execute(text("CREATE TABLE numbers (name TEXT PRIMARY KEY, number INT)"))
        connection.execute(text("INSERT INTO numbers VALUES ('a', 1)"))
    yield made
    made.close()


def number_of(database: SandboxDatabase) -> Remembered[str, int]:
    def read(name: str) -> int:
        with database.reading() as connection:
            query = text("SELECT number FROM numbers WHERE name = :name")
            return connection.execute(query, {"name": name}).scalar_one()

    return Remembered(database, read)


def put(database: SandboxDatabase, number: int) -> None:
    with database.transaction() as connection:
        connection.execute(text("UPDATE numbers SET number = :number"), {"number": number})


def test_until_something_changes(database):
    number = number_of(database)
    with pytest.raises(NotInMemory), database.only_memory():
        number("a")
    assert number("a") == 1
    with database.only_memory():
        assert number("a") == 1
    put(database, 2)
    with pytest.raises(NotInMemory), database.only_memory():
        number("a")
    assert number("a") == 2


def test_a_transaction_that_changes_nothing(database):
    number = number_of(database)
    assert number("a") == 1
    with database.transaction() as connection:
        connection.execute(text("SELECT number FROM numbers")).all()
    with database.only_memory():
        assert number("a") == 1


def test_a_transaction_that_is_undone(database):
    number = number_of(database)
    with pytest.raises(ZeroDivisionError), database.transaction() as connection:
        connection.execute(text("UPDATE numbers SET number = 9"))
        assert number("a") == 9
        raise ZeroDivisionError
    assert number("a") == 1


def test_who_reads_an_older_state_does_not_pass_it_on(database):
    number = number_of(database)
    with database.reading() as connection:
        connection.execute(text("SELECT * FROM numbers")).all()
        writer = Thread(target=put, args=(database, 2))
        writer.start()
        writer.join()
        assert number("a") == 1
    assert number("a") == 2


def test_memory_alone_writes_nothing(database):
    with pytest.raises(NotInMemory), database.only_memory():
        put(database, 2)
    assert number_of(database)("a") == 1


def test_a_download_follows_every_change(demo, http):
    """HEAD is answered from memory: each change has to reach it at once, and for everybody."""
    ada = demo.hf_api("ada")

    def status(path: str, user: str | None) -> int:
        first, again = (http("HEAD", path, user).status_code for _ in range(2))
        assert first == again
        return first

    by_commit = f"resolve/{ada.model_info(BERT).sha}/config.json"
    users = (None, "grace", "ada")
    assert [status(f"/{BERT}/{FILE}", user) for user in users] == [200] * 3
    for path in (by_commit, FILE):
        ada.update_repo_settings(BERT, private=True)
        assert [status(f"/{BERT}/{path}", user) for user in users] == [401, 404, 200]
        ada.update_repo_settings(BERT, private=False, gated="manual")
        assert [status(f"/{BERT}/{path}", user) for user in users] == [401, 403, 200]
        ada.grant_access(BERT, "grace")
        assert [status(f"/{BERT}/{path}", user) for user in users] == [401, 200, 200]
        ada.cancel_access_request(BERT, "grace")
        ada.reject_access_request(BERT, "grace", rejection_reason="no")
        assert status(f"/{BERT}/{path}", "grace") == 403
        ada.update_repo_settings(BERT, gated=False)
    ada.move_repo(BERT, "ada/small-bert")
    assert status(f"/{BERT}/{by_commit}", "grace") == 307
    assert status(f"/ada/small-bert/{by_commit}", "grace") == 200
    ada.create_repo(BERT)
    assert status(f"/{BERT}/{by_commit}", "grace") == 404
    assert status(f"/{BERT}/{FILE}", "grace") == 404
    ada.upload_file(path_or_fileobj=b"{}", path_in_repo="config.json", repo_id=BERT)
    assert http("HEAD", f"/{BERT}/{FILE}").headers["content-length"] == "2"
    ada.delete_file("config.json", BERT)
    assert status(f"/{BERT}/{FILE}", "grace") == 404
    ada.delete_repo("ada/small-bert")
    assert status(f"/ada/small-bert/{by_commit}", "ada") == 404
    demo.reset()
    assert status(f"/{BERT}/{FILE}", None) == 200
