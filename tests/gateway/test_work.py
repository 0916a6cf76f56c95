"""Exactly once, with DataCite in between: what is interrupted, delayed or refused (R12)."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from hubdoi.config import Secret
from hubdoi.gateway.backend import InstitutionBackend, backend_for
from hubdoi.gateway.database import alembic_config, migrate
from hubdoi.gateway.institution import Institution
from hubdoi.gateway.settings import Settings
from hubdoi.gateway.tables import audit, metadata
from hubdoi.gateway.work import Work
from hubdoi.minting.ledger import Entry
from hubdoi.minting.ledger_tables import consents
from hubdoi.records import Consent, MintRequest, Repo, Version, show_moment
from hubdoi.records.errors import (
    AlreadyRegistered,
    IdempotencyConflict,
    InvalidMetadata,
    PolicyRefused,
    ServiceError,
    ServiceUnreachable,
    SignInRequired,
)
from hubdoi.sandbox import Sandbox

from .conftest import Postgres, environment

REPO = Repo("model", "ada/tiny-bert")
DAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
Open = Callable[..., Institution]


def mint(institution: Institution, sandbox: Sandbox, **more: Any) -> Version:
    backend = backend_for(institution, Secret(sandbox.users["ada"]))
    request = MintRequest(agree=True, terms=institution.registrar.terms.digest, **more)
    return backend.mint(REPO, request)


def test_a_mint_and_a_status_ask_the_database_few_times(
    institution_of: Open, plain_hub: Sandbox
) -> None:
    institution = institution_of()
    asked: list[str] = []

    def remember(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            asked.append(statement)

    sa.event.listen(institution.database.engine, "before_cursor_execute", remember)
    mint(institution, plain_hub)
    # The first mint keeps the terms, too. On PostgreSQL one statement records what is asked for, and
    # one that it is done.
    assert len(asked) <= (5 if institution.database.is_postgres else 13), asked
    for token, most in ((Secret(plain_hub.users["ada"]), 3), (None, 2)):
        asked.clear()
        assert backend_for(institution, token).status(REPO).state == "current"
        assert len(asked) <= most, asked


@pytest.mark.parametrize("is_known", [False, True])
def test_r12_an_intent_is_recorded_with_its_work_its_log_and_its_answer(
    institution_of: Open, plain_hub: Sandbox, monkeypatch: pytest.MonkeyPatch, is_known: bool
) -> None:
    institution = institution_of()
    if is_known:
        mint(institution, plain_hub)
        plain_hub.hf_api().upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=REPO.id)
    before = len(list(institution.audit.entries()))
    request = MintRequest(agree=True, terms=institution.registrar.terms.digest)
    backend = backend_for(institution, Secret(plain_hub.users["ada"]))
    with monkeypatch.context() as patched:
        patched.setattr(institution.work, "finished", lambda entry, **_: entry.version)
        version = backend.mint(REPO, request, key="one")
    (entry,) = institution.ledger.unfinished()
    (left,) = institution.work.waiting()
    assert (left.version_id, left.repository_id) == (entry.id, entry.repository_id)
    assert (left.state, left.attempts, left.asked_by) == ("queued", 0, "ada")
    # The same request again takes it up and has the same answer; another one is refused.
    assert backend.mint(REPO, request, key="one").doi == version.doi
    assert backend.mint(REPO, request, key="one").doi == version.doi
    with pytest.raises(IdempotencyConflict):
        backend.mint(REPO, MintRequest(agree=True, terms=request.terms, title="x"), key="one")
    assert institution.work.waiting() == []
    said = [
        (entry["who"], entry["act"], entry["subject"], entry["why"])
        for entry in list(institution.audit.entries())[before:]
    ]
    assert said[0] == ("ada", "asked", str(version.doi), None)
    assert said[-1] == ("gateway", "registered", str(version.doi), None)
    assert [act for _, act, *_ in said].count("registered") == 1


def test_the_log_says_when_it_was_registered_not_when_it_was_tried(
    institution_of: Open, plain_hub: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    institution = institution_of()
    register = institution.work.service.register
    ended: list[str] = []

    def slowly(entry: Entry) -> None:
        register(entry)
        # The log has whole seconds.
        time.sleep(1.1)
        ended.append(show_moment(datetime.now(UTC)))

    monkeypatch.setattr(institution.work.service, "register", slowly)
    mint(institution, plain_hub)
    last = list(institution.audit.entries())[-1]
    assert (last["act"], len(ended)) == ("registered", 1)
    assert str(last["at"]) >= ended[0]


def test_r08_what_was_read_of_a_repository_may_be_out_of_date(institution_of: Open) -> None:
    institution = institution_of()
    ledger, terms = institution.ledger, institution.registrar.terms
    before = ledger.standing("uid", f"{2:040x}")
    made = []
    for number in (1, 2, 2):
        version = Version.from_parts(
            doi=f"10.5072/{number}",
            repo=REPO,
            revision=f"{number:040x}",
            consent=Consent("ada", DAY, terms.digest),
        )
        entry = ledger.intend(version, uid="uid", revision_date=DAY, terms=terms, standing=before)
        assert ledger.entry(entry.id) == entry
        made.append((entry.id, entry.repository_id))
    first, second, again = made
    assert first[1] == second[1] and first != second == again
    with institution.database.reading() as db:
        # Each agreed once.
        assert db.scalar(sa.select(sa.func.count()).select_from(consents)) == 3


def test_r08_a_repository_that_is_not_as_new_as_it_was_is_read(
    institution_of: Open, plain_hub: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    institution = institution_of()
    policies = institution.policies
    asked = policies.for_mint
    monkeypatch.setattr(policies, "for_mint", lambda *given: (*asked(*given)[:2], None, False))
    monkeypatch.setattr(InstitutionBackend, "_elsewhere", lambda *_: None)
    backend = backend_for(institution, Secret(plain_hub.users["ada"]))
    reserved = backend.reserve(REPO).doi
    assert mint(institution, plain_hub).doi == reserved
    with pytest.raises(AlreadyRegistered):
        mint(institution, plain_hub)
    with institution.database.reading() as db:
        # What was undone left nothing.
        assert db.scalar(sa.select(sa.func.count()).select_from(consents)) == 1


def test_r12_a_passing_error_is_tried_again_with_the_same_doi(
    institution_of: Open, plain_hub: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    institution = institution_of()
    works = institution.registrar.register
    monkeypatch.setattr(
        institution.registrar, "register", raising(ServiceUnreachable("DataCite is away."))
    )
    with pytest.raises(ServiceError, match="tried again"):
        mint(institution, plain_hub)
    (waiting,) = institution.work.waiting()
    assert (waiting.state, waiting.attempts) == ("queued", 1)
    assert institution.work.attempt() is None, "it is not due yet"
    monkeypatch.setattr(institution.registrar, "register", works)
    institution.work.retry(waiting.version_id)
    assert institution.work.run(threading.Event(), until_idle=True) == 1
    status = backend_for(institution, None).status(REPO)
    assert status.state == "current"
    assert institution.work.waiting() == []


def test_r12_a_refusal_waits_for_a_person_and_better_metadata_are_taken(
    institution_of: Open, plain_hub: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    institution = institution_of()
    works = institution.registrar.register
    monkeypatch.setattr(institution.registrar, "register", raising(InvalidMetadata("No title.")))
    with pytest.raises(InvalidMetadata, match="No title"):
        mint(institution, plain_hub)
    (parked,) = institution.work.waiting()
    assert (parked.state, parked.reason) == ("parked", "No title.")
    assert institution.work.run(threading.Event(), until_idle=True) == 0
    monkeypatch.setattr(institution.registrar, "register", works)
    version = mint(institution, plain_hub, title="A better title")
    assert version.name == "A better title"
    assert institution.work.waiting() == []


def test_r12_the_status_tells_of_a_mint_that_is_not_finished(
    institution_of: Open, plain_hub: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    institution = institution_of(HUBDOI_GATEWAY_INSTITUTION="The library")

    def told(username: str = "ada") -> str:
        status = backend_for(institution, Secret(plain_hub.users[username])).status(REPO)
        assert status.notice is None or status.can_mint
        return status.notice or ""

    assert told() == ""
    entry = intend(institution, plain_hub.users["ada"])
    assert f"{entry.version.doi} is being registered" in told()
    for error, kind, sentence in (
        (
            ServiceUnreachable("No."),
            ServiceError,
            "not registered yet, and the gateway tries again",
        ),
        (InvalidMetadata("No title."), InvalidMetadata, "not registered: No title. Generate it"),
    ):
        with monkeypatch.context() as patched:
            patched.setattr(institution.registrar, "register", raising(error))
            with pytest.raises(kind):
                mint(institution, plain_hub)
        assert sentence in told()
        assert backend_for(institution, None).status(REPO).notice is None
    mint(institution, plain_hub, title="Tiny")
    assert told() == ""


def test_r08_who_asks_for_what_somebody_else_asked_for_reads_how_it_is(
    institution_of: Open, plain_hub: Sandbox
) -> None:
    institution = institution_of(HUBDOI_GATEWAY_OWNERS="analytical-engine")
    plain_hub.hf_api().move_repo(REPO.id, "analytical-engine/tiny-bert")
    repo = Repo("model", "analytical-engine/tiny-bert")
    request = MintRequest(agree=True, terms=institution.registrar.terms.digest)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(institution.registrar, "register", raising(InvalidMetadata("No title.")))
        with pytest.raises(InvalidMetadata):
            backend_for(institution, Secret(plain_hub.users["ada"])).mint(repo, request)
    with pytest.raises(AlreadyRegistered, match=r"Somebody else asked .* not registered yet"):
        backend_for(institution, Secret(plain_hub.users["grace"])).mint(repo, request)


def test_r12_the_account_is_refused_and_no_researcher_is_sent_to_sign_in(
    institution_of: Open, plain_hub: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    institution = institution_of()
    monkeypatch.setattr(institution.registrar, "register", raising(SignInRequired("password")))
    with pytest.raises(ServiceError, match="those who run the gateway"):
        mint(institution, plain_hub)


def test_r12_what_nobody_works_on_is_adopted(
    institution_of: Open, plain_hub: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    institution = institution_of()
    with monkeypatch.context() as patched:
        patched.setattr(institution.work, "finished", lambda entry, **_: entry.version)
        mint(institution, plain_hub)
    (entry,) = institution.ledger.unfinished()
    institution.work.drop(entry)
    assert institution.work.adopt() == 1
    assert institution.work.adopt() == 0
    assert institution.work.run(threading.Event(), until_idle=True) == 1


def test_r08_many_threads_end_in_one_doi(institution_of: Open, plain_hub: Sandbox) -> None:
    institution = institution_of()
    found: list[str] = []

    def one() -> None:
        try:
            found.append(str(mint(institution, plain_hub).doi))
        except AlreadyRegistered as error:
            assert error.version is not None
            found.append(str(error.version.doi))

    threads = [threading.Thread(target=one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert len(set(found)) == 1


def test_a_quota_and_what_is_required_are_enforced(
    institution_of: Open, plain_hub: Sandbox
) -> None:
    strict = institution_of(HUBDOI_GATEWAY_QUOTA="1", HUBDOI_GATEWAY_REQUIRE="license,orcid")
    with pytest.raises(PolicyRefused, match="ORCID"):
        mint(strict, plain_hub)
    request = MintRequest.from_json({"authors": ["Lovelace, Ada <0000-0002-1825-0097>"]})
    mint(strict, plain_hub, authors=request.authors)
    plain_hub.hf_api().upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=REPO.id)
    with pytest.raises(PolicyRefused, match="quota"):
        mint(strict, plain_hub, authors=request.authors)
    # It is said before anybody reads terms for nothing.
    found = backend_for(strict, Secret(plain_hub.users["ada"])).status(REPO)
    assert (found.can_mint, found.obstacle_code) == (False, "PolicyRefused")
    assert found.obstacle == (
        "You have generated 1 DOI in the last 365 days, and the quota of The institution is 1."
    )


def test_the_audit_log_only_grows(institution_of: Open, plain_hub: Sandbox) -> None:
    institution = institution_of()
    version = mint(institution, plain_hub)
    acts = [(entry["act"], entry["subject"]) for entry in institution.audit.entries()]
    assert acts == [("asked", str(version.doi)), ("registered", str(version.doi))]
    for statement in (audit.update().values(who="x"), audit.delete()):
        with pytest.raises(Exception, match=r"only grows|cannot be used"):  # noqa: SIM117
            with institution.database.transaction() as db:
                db.execute(statement)
    assert len(list(institution.audit.entries())) == 2


def test_the_migrations_make_the_tables_of_the_code(institution_of: Open) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    institution = institution_of()
    known = set(metadata.tables)

    def ours(item: Any, name: str | None, kind: str, *_: Any) -> bool:
        return kind != "table" or name in known

    with institution.database.reading() as db:
        context = MigrationContext.configure(db, opts={"include_object": ours})
        assert compare_metadata(context, metadata) == []
    assert (
        migrate(institution.database)
        == ScriptDirectory.from_config(alembic_config()).get_current_head()
    )


def test_r12_a_killed_process_is_finished_by_the_next(
    serve: Callable[..., tuple[subprocess.Popen[str], dict[str, Any]]],
    plain_hub: Sandbox,
    postgres: Postgres,
) -> None:
    variables = environment(plain_hub, postgres.new_database())
    # DataCite takes the connection and never answers: the mint hangs in the middle.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        token = plain_hub.users["ada"]
        institution = opened(variables)
        entry = intend(institution, token)
        process, _ = serve({**variables, "HUBDOI_DATACITE_API": f"http://127.0.0.1:{port}"})
        silent.settimeout(60)
        connection, _ = silent.accept()
        # A worker has it now, and holds its row.
        assert institution.work.attempt(entry.id) is None
        process.kill()
        process.wait()
        connection.close()
    until(lambda: institution.work.attempt(entry.id) is not None)
    found = institution.ledger.entry(entry.id)
    assert found is not None
    assert (found.step, found.version.doi) == ("linked", entry.version.doi)
    institution.close()


def test_r12_a_restart_of_postgresql_loses_nothing(plain_hub: Sandbox, postgres: Postgres) -> None:
    institution = opened(environment(plain_hub, postgres.new_database()))
    entry = intend(institution, plain_hub.users["ada"])
    postgres.stop()
    with pytest.raises(Exception, match="nothing was lost"):
        institution.work.attempt(entry.id)
    postgres.start()
    outcome = institution.work.attempt(entry.id)
    assert outcome is not None
    assert outcome.entry.step == "linked"
    institution.close()


@pytest.mark.parametrize("seconds", [0.0, 3600.0])
def test_a_connection_that_the_server_closed_is_replaced(
    plain_hub: Sandbox, postgres: Postgres, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    # Both ways to notice: by asking one that was idle, and by its socket.
    monkeypatch.setattr("hubdoi.minting.postgres._IDLE_SECONDS", seconds)
    url = postgres.new_database()
    institution = opened(environment(plain_hub, url))
    assert institution.people.all() == ()
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as db:
        # Until they have ended, within ten seconds.
        ended = db.execute(f"SELECT pg_terminate_backend(pid, 10000) {others}").fetchall()
    assert ended == [(True,)]
    assert institution.people.all() == ()
    institution.close()


def opened(variables: dict[str, str]) -> Institution:
    return Institution(Settings.read(variables))


def intend(institution: Institution, token: str) -> Entry:
    """An intent, durable, that nobody has begun to register."""
    kept: list[Entry] = []
    original = Work.finished

    def finished(self: Work, entry: Entry, **_: Any) -> Version:
        kept.append(entry)
        return entry.version

    Work.finished = finished  # type: ignore[method-assign]
    try:
        request = MintRequest(agree=True, terms=institution.registrar.terms.digest)
        backend_for(institution, Secret(token)).mint(REPO, request)
    finally:
        Work.finished = original  # type: ignore[method-assign]
    return kept[0]


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def raising(error: Exception) -> Callable[[Version], None]:
    def register(version: Version) -> None:
        raise error

    return register
