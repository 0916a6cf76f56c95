from datetime import UTC, datetime, timedelta

import pytest

from hubdoi.minting.database import Database
from hubdoi.records.errors import SandboxError
from hubdoi.sandbox.clock import Clock, hub_time
from hubdoi.sandbox.tables import METADATA

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def database(tmp_path):
    opened = Database(tmp_path / "clock.db")
    opened.create(METADATA)
    yield opened
    opened.close()


def test_it_moves_a_second_per_write(database):
    clock = Clock(database, "2026-11-23T09:00:00Z")
    assert [clock.now() for _ in range(3)] == [START, START + SECOND, START + 2 * SECOND]


def test_it_never_goes_back(database):
    Clock(database, "2026-11-23T09:00:00Z").now()
    assert Clock(database, "2026-11-23T08:00:00Z").now() == START + SECOND
    assert Clock(database, "2026-11-23T10:00:00+00:00").now() == datetime(
        2026, 11, 23, 10, tzinfo=UTC
    )


def test_a_write_that_was_undone_took_no_time(database):
    clock = Clock(database, "2026-11-23T09:00:00")
    with pytest.raises(RuntimeError), database.transaction():
        clock.now()
        raise RuntimeError
    assert clock.now() == START


def test_real_time(database):
    clock = Clock(database)
    before = datetime.now(UTC)
    assert before <= clock.now() <= datetime.now(UTC)


def test_not_a_time(database):
    with pytest.raises(SandboxError, match="is not a time"):
        Clock(database, "yesterday")


def test_time_as_the_hub_writes_it():
    assert hub_time(datetime(2026, 1, 2, 3, 4, 5, 678901, UTC)) == "2026-01-02T03:04:05.678Z"
