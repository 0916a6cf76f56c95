"""The ledger: intents, versions in their order, answers, and what the database itself refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from hubdoi.minting.database import Database
from hubdoi.minting.ledger import SCHEMA_VERSION, Entry, Ledger
from hubdoi.minting.ledger_tables import metadata
from hubdoi.records import Author, Consent, Doi, Repo, Terms, Version
from hubdoi.records.errors import AlreadyRegistered, IdempotencyConflict, LedgerError

BERT = Repo("model", "ada/tiny-bert")
TERMS = Terms("The DOI is permanent.")
DAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
ENDPOINT = "http://127.0.0.1:1"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(tmp_path / "ledger.db")
    yield made
    made.close()


@pytest.fixture
def ledger(database: Database) -> Ledger:
    return Ledger(database, hub="sandbox", endpoint=ENDPOINT)


def version(number: int, **more: Any) -> Version:
    return Version.from_parts(
        doi=f"10.5072/HF/{number:04d}",
        repo=BERT,
        revision=f"{number:040x}",
        authors=[Author.person("Ada Lovelace"), Author("Engine", "organization")],
        year=2026,
        created=DAY,
        endpoint=ENDPOINT,
        consent=Consent("ada", DAY, TERMS.digest),
    ).replace(**more)


def intend(ledger: Ledger, number: int, uid: str = "uid", at: datetime | None = None) -> Entry:
    return ledger.intend(
        version(number), uid=uid, revision_date=at or DAY + timedelta(hours=number), terms=TERMS
    )


def register(ledger: Ledger, number: int, uid: str = "uid", at: datetime | None = None) -> Entry:
    entry = intend(ledger, number, uid, at)
    ledger.mark(entry, "linked")
    return entry


# Intents


def test_r12_an_intent_is_known_to_nobody_but_recover(ledger: Ledger) -> None:
    entry = intend(ledger, 1)
    assert entry.step == "intended"
    assert entry.version.doi is not None
    assert ledger.unfinished() == (entry,)
    assert ledger.entry_of("uid", f"{1:040x}") == entry
    assert ledger.versions("uid") == ()
    assert ledger.version(entry.version.doi) is None
    assert ledger.dois_of(["uid"]) == {}
    # It has no neighbours, so there is nothing to link.
    assert ledger.mark(entry, "registered").step == "linked"
    assert ledger.version(entry.version.doi) == entry.version
    assert ledger.unfinished() == ()


def test_r07_what_has_neighbours_is_linked_when_they_point_at_it(ledger: Ledger) -> None:
    first = register(ledger, 1)
    later = intend(ledger, 3)
    between = register(ledger, 2)
    # The neighbours are those of now, not those of when the intent was recorded.
    assert later.version.previous == first.version.doi
    marked = ledger.mark(later, "registered")
    assert (marked.step, marked.version.previous) == ("registered", between.version.doi)
    assert ledger.unfinished() == (marked,)
    assert ledger.mark(marked, "linked").step == "linked"
    assert ledger.unfinished() == ()
    assert ledger.mark(intend(ledger, 0), "registered").version.next == first.version.doi


def test_an_intent_is_what_is_read_later(ledger: Ledger) -> None:
    register(ledger, 1)
    register(ledger, 3)
    rich = version(
        2,
        title="A title",
        description="<b>A description</b>",
        license="mit",
        created=DAY.replace(microsecond=123456),
        consent=Consent("ada", DAY.replace(microsecond=654321), TERMS.digest),
        subjects=("one", "two"),
        url="https://example.org/somewhere",
    )
    standing = ledger.standing("uid", f"{2:040x}")
    assert (standing.entry, standing.versions) == (None, ledger.versions("uid"))
    for known in (standing, None):
        entry = ledger.intend(
            rich,
            uid="uid",
            revision_date=DAY + timedelta(hours=2),
            terms=TERMS,
            standing=known,
        )
        assert entry == ledger.entry_of("uid", f"{2:040x}")
        assert ledger.standing("uid", f"{2:040x}").entry == entry
    assert ledger.step_of("uid", f"{2:040x}") == "intended"
    assert ledger.step_of("uid", "f" * 40) is None


def test_what_was_read_before_may_be_out_of_date(ledger: Ledger) -> None:
    before = ledger.standing("uid", f"{2:040x}")
    first = register(ledger, 1)
    entry = ledger.intend(
        version(2),
        uid="uid",
        revision_date=DAY + timedelta(hours=2),
        terms=TERMS,
        standing=before,
    )
    assert entry.repository_id == first.repository_id
    assert ledger.mark(entry, "registered").version.previous == first.version.doi


def test_r12_the_same_intent_is_taken_up_again_with_its_doi(ledger: Ledger) -> None:
    first = intend(ledger, 1)
    changed = version(1, doi=Doi("10.5072/hf/9999"), title="Another (Revision 0000000)")
    again = ledger.intend(changed, uid="uid", revision_date=DAY, terms=TERMS)
    assert (again.id, again.step, again.version.doi) == (first.id, "intended", first.version.doi)
    assert again.version.title == "Another (Revision 0000000)"
    assert len(ledger.unfinished()) == 1


def test_r08_a_registered_revision_takes_no_other_intent(ledger: Ledger) -> None:
    entry = register(ledger, 1)
    with pytest.raises(AlreadyRegistered, match=r"10\.5072/HF/0001") as refused:
        ledger.intend(
            version(1, doi=Doi("10.5072/hf/0002")), uid="uid", revision_date=DAY, terms=TERMS
        )
    assert refused.value.version == entry.version


def test_r11_a_doi_is_not_given_to_another_revision(ledger: Ledger) -> None:
    register(ledger, 1)
    with pytest.raises(AlreadyRegistered, match="taken by another revision"):
        ledger.intend(
            version(2, doi=Doi("10.5072/hf/0001")), uid="uid", revision_date=DAY, terms=TERMS
        )
    assert len(ledger.versions("uid")) == 1


def test_r11_only_an_intent_is_withdrawn(ledger: Ledger) -> None:
    intent = intend(ledger, 1)
    ledger.withdraw(intent)
    assert ledger.unfinished() == ()
    assert ledger.entry_of("uid", f"{1:040x}") is None
    entry = intend(ledger, 2)
    for step in ("registered", "linked"):
        entry = ledger.mark(entry, step)
        ledger.withdraw(entry)
        assert entry.version.doi is not None
        assert ledger.version(entry.version.doi) is not None


@pytest.mark.parametrize("missing", ["doi", "repo", "revision", "consent"])
def test_r03_an_intent_is_complete(ledger: Ledger, missing: str) -> None:
    with pytest.raises(ValueError, match="an intent names"):
        ledger.intend(version(1, **{missing: None}), uid="uid", revision_date=DAY, terms=TERMS)


def test_r08_the_database_itself_refuses_a_second_doi(ledger: Ledger, database: Database) -> None:
    register(ledger, 1)
    versions = metadata.tables["ledger_versions"]
    with database.reading() as db:
        row = dict(db.execute(versions.select()).mappings().one())
    row.pop("id")
    for same in ({"doi": "10.5072/x", "doi_key": "10.5072/x"}, {"revision": "f" * 40}):
        with pytest.raises(IntegrityError), database.transaction() as db:
            db.execute(versions.insert().values({**row, **same}))
    with pytest.raises(IntegrityError), database.transaction() as db:
        db.execute(versions.insert().values({**row, "consent_id": 999, "revision": "e" * 40,
                                             "doi_key": "10.5072/y"}))  # fmt: skip
    assert len(ledger.versions("uid")) == 1


# Versions in their order


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1), (3, 1, 2)])
def test_r07_versions_are_in_the_order_of_their_revisions(
    ledger: Ledger, order: tuple[int, ...]
) -> None:
    for number in order:
        register(ledger, number)
    found = ledger.versions("uid")
    dois = [Doi(f"10.5072/HF/{n:04d}") for n in (3, 2, 1)]
    assert [v.doi for v in found] == dois
    assert [v.state for v in found] == ["current", "outdated", "outdated"]
    assert [v.next for v in found] == [None, *dois[:2]]
    assert [v.previous for v in found] == [*dois[1:], None]
    for each in found:
        assert each.doi is not None
        assert ledger.version(each.doi) == each
    assert ledger.dois_of(["uid"])["uid"] == [(v.doi, v.revision) for v in found]


def test_r07_the_order_does_not_depend_on_the_time_zone(ledger: Ledger) -> None:
    register(ledger, 1, at=datetime(2026, 11, 23, 12, tzinfo=UTC))
    # 11:30 in UTC, though its clock shows a later hour.
    eastern = timezone(timedelta(hours=5, minutes=30))
    register(ledger, 2, at=datetime(2026, 11, 23, 17, tzinfo=eastern))
    assert [v.revision for v in ledger.versions("uid")] == [f"{1:040x}", f"{2:040x}"]


def test_r07_revisions_of_the_same_moment_are_in_the_order_of_their_dois(ledger: Ledger) -> None:
    for number in (1, 2):
        register(ledger, number, at=DAY)
    newest, oldest = ledger.versions("uid")
    assert (newest.revision, oldest.next) == (f"{2:040x}", newest.doi)


def test_r07_an_intent_is_nobodys_neighbour(ledger: Ledger) -> None:
    register(ledger, 1)
    intent = intend(ledger, 2)
    register(ledger, 3)
    newest, oldest = ledger.versions("uid")
    assert (newest.previous, oldest.next) == (oldest.doi, newest.doi)
    assert intent.neighbours == (oldest.doi,)
    again = ledger.entry_of("uid", f"{2:040x}")
    assert again is not None
    assert again.neighbours == (oldest.doi, newest.doi)


def test_r04_a_version_is_kept_whole(ledger: Ledger) -> None:
    entry = register(ledger, 1)
    (kept,) = ledger.versions("uid")
    assert kept == version(1, state="current")
    assert entry.version.doi is not None
    assert str(kept.doi) == "10.5072/HF/0001"
    assert ledger.version(Doi("10.5072/hf/0001")) == kept


# What happens to a repository


def test_r10_a_renamed_repository_takes_its_dois_along(ledger: Ledger) -> None:
    register(ledger, 1)
    ledger.rename("uid", Repo("model", "grace/bert"))
    (kept,) = ledger.versions("uid")
    assert (kept.repo, kept.url) == (Repo("model", "grace/bert"), f"{ENDPOINT}/grace/bert")
    # The next mint finds it under the name that it has by then.
    ledger.intend(
        version(2, repo=Repo("model", "ada/third")), uid="uid", revision_date=DAY, terms=TERMS
    )
    assert ledger.versions("uid")[0].repo == Repo("model", "ada/third")


def test_r10_a_deleted_repository_leaves_a_tombstone(ledger: Ledger) -> None:
    register(ledger, 1)
    doi = Doi("10.5072/hf/0001")
    assert ledger.tombstone(doi) is None
    assert ledger.uid_of(doi) == "uid"
    ledger.mark_deleted("uid", at=DAY, reason="It was wrong.")
    stone = ledger.tombstone(doi)
    assert stone is not None
    assert (stone.deleted, stone.reason) == (DAY, "It was wrong.")
    assert ledger.version(doi) is not None


def test_hubs_do_not_mix(ledger: Ledger, database: Database) -> None:
    other = Ledger(database, hub="https://hub.example.org", endpoint="https://hub.example.org")
    register(ledger, 1)
    assert other.versions("uid") == ()
    assert other.dois_of(["uid"]) == {}
    register(other, 2)
    assert [v.revision for v in ledger.versions("uid")] == [f"{1:040x}"]
    intend(other, 3)
    assert ledger.unfinished() == ()


def test_what_nobody_knows_is_none(ledger: Ledger) -> None:
    doi = Doi("10.5072/hf/0404")
    assert ledger.version(doi) is None
    assert ledger.uid_of(doi) is None
    assert ledger.tombstone(doi) is None
    assert ledger.entry_of("uid", "f" * 40) is None
    assert ledger.terms_text("digest") is None
    assert ledger.dois_of([]) == {}


def test_dois_of_many_repositories(ledger: Ledger) -> None:
    register(ledger, 1, "one")
    register(ledger, 2, "two")
    asked = [f"uid{n}" for n in range(1200)] + ["one", "two"]
    assert ledger.dois_of(asked).keys() == {"one", "two"}


def test_versions_of_many_dois(ledger: Ledger) -> None:
    register(ledger, 1)
    register(ledger, 2)
    intend(ledger, 3)
    found = ledger.versions_of(Doi(f"10.5072/hf/{n:04d}") for n in range(1200))
    assert found == {v.doi: v for v in ledger.versions("uid")}
    assert [v.state for v in found.values()] == ["outdated", "current"]


# Consent


def test_r03_a_consent_is_kept_with_the_text(ledger: Ledger) -> None:
    entry = intend(ledger, 1)
    assert entry.version.consent == Consent("ada", DAY, TERMS.digest)
    assert ledger.terms_text(TERMS.digest) == TERMS.text
    # The same terms are kept once, every consent on its own.
    intend(ledger, 2)
    with ledger.transaction() as db:
        assert db.scalar(sa.text("SELECT count(*) FROM ledger_terms")) == 1
        assert db.scalar(sa.text("SELECT count(*) FROM ledger_consents")) == 2


# Answers


def test_r12_an_answer_is_remembered_for_the_same_body_only(ledger: Ledger) -> None:
    entry = register(ledger, 1)
    ledger.remember_answer("ada", "key", {"a": 1, "b": [2]}, entry)
    known = ledger.answer("ada", "key", {"b": [2], "a": 1})
    assert known is not None
    assert known.version == ledger.versions("uid")[0]
    assert ledger.answer("ada", "other", {"a": 1}) is None
    assert ledger.answer("grace", "key", {"a": 1}) is None
    with pytest.raises(IdempotencyConflict, match="use a new key"):
        ledger.answer("ada", "key", {"a": True, "b": [2]})
    # Twice at once does no harm, and changes nothing.
    ledger.remember_answer("ada", "key", {"a": 2}, entry)
    assert ledger.answer("ada", "key", {"a": 1, "b": [2]}) is not None


def test_r12_an_intent_that_is_withdrawn_takes_its_answer_with_it(ledger: Ledger) -> None:
    entry = intend(ledger, 1)
    ledger.remember_answer("ada", "key", {}, entry)
    ledger.withdraw(entry)
    assert ledger.answer("ada", "key", {}) is None


def test_r12_an_answer_survives_a_restart(ledger: Ledger, database: Database) -> None:
    ledger.remember_answer("ada", "key", {}, register(ledger, 1))
    database.close()
    again = Ledger(Database(database.path), hub="sandbox", endpoint="http://127.0.0.1:2")
    known = again.answer("ada", "key", {})
    assert known is not None
    assert (known.version.doi, known.version.url) == (
        Doi("10.5072/hf/0001"),
        f"http://127.0.0.1:2/{BERT}",
    )
    again.database.close()


# The schema


def test_a_ledger_of_a_newer_hubdoi_is_left_alone(database: Database) -> None:
    with database.transaction() as db:
        db.exec_driver_sql("CREATE TABLE ledger_schema (version INTEGER NOT NULL)")
        db.exec_driver_sql(f"INSERT INTO ledger_schema VALUES ({SCHEMA_VERSION + 1})")
    with pytest.raises(LedgerError, match="newer hubdoi; upgrade"):
        Ledger(database, hub="sandbox", endpoint="")
    with database.reading() as db:
        assert sa.inspect(db).get_table_names() == ["ledger_schema"]


def test_the_schema_is_noted_once(ledger: Ledger, database: Database) -> None:
    Ledger(database, hub="sandbox", endpoint="")
    with database.reading() as db:
        assert db.scalars(sa.text("SELECT version FROM ledger_schema")).all() == [SCHEMA_VERSION]


# Speed


@pytest.fixture
def plans(database: Database, ledger: Ledger) -> Iterator[Callable[[], list[str]]]:
    """The query plans of everything that was asked since: ``plans()``."""
    asked: list[tuple[str, Any]] = []

    def remember(_c: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        asked.append((statement, values))

    def explained() -> list[str]:
        sa.event.remove(database.engine, "before_cursor_execute", remember)
        found = []
        with database.reading() as db:
            for statement, values in asked:
                if statement.startswith(("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")):
                    plan = db.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
                    found += [f"{row[3]} IN {statement}" for row in plan]
        return found

    for number in range(60):
        register(ledger, number, f"uid{number % 20}")
    sa.event.listen(database.engine, "before_cursor_execute", remember)
    yield explained


def test_no_lookup_reads_a_whole_table(ledger: Ledger, plans: Callable[[], list[str]]) -> None:
    doi = Doi("10.5072/hf/0001")
    entry = register(ledger, 99)
    ledger.remember_answer("ada", "key", {}, entry)
    ledger.answer("ada", "key", {})
    ledger.versions("uid1")
    ledger.version(doi)
    ledger.uid_of(doi)
    ledger.tombstone(doi)
    ledger.entry_of("uid1", "f" * 40)
    ledger.standing("uid1", "f" * 40)
    ledger.step_of("uid1", "f" * 40)
    ledger.dois_of(["uid1", "uid2"])
    ledger.unfinished()
    ledger.terms_text(TERMS.digest)
    ledger.rename("uid1", Repo("model", "ada/other"))
    ledger.mark_deleted("uid1", at=DAY, reason="why")
    ledger.withdraw(entry)
    found = plans()
    assert len(found) > 20
    assert [plan for plan in found if plan.startswith("SCAN") and "CONSTANT ROW" not in plan] == []
    # A partial index tests the column: with a bound value SQLite prepares the statement each time.
    assert [plan for plan in found if "step != ?" in plan] == []
