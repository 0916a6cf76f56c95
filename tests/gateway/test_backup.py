"""Backup, restore, reconcile: nothing is lost without being told, and nothing is registered twice."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from hubdoi.commands.cli import main
from hubdoi.gateway import backup, care
from hubdoi.gateway.database import open_database
from hubdoi.gateway.institution import Institution
from hubdoi.gateway.settings import Settings
from hubdoi.gateway.worker import run
from hubdoi.minting.database import Database
from hubdoi.records import Repo, Version
from hubdoi.records.errors import (
    AlreadyRegistered,
    HubdoiError,
    InvalidInput,
    LedgerError,
    ServiceFailed,
    ServiceUnreachable,
)
from hubdoi.sandbox import Sandbox

from .conftest import Postgres, environment
from .test_corrections import amend, backend_of, title_at_datacite
from .test_luck import dois
from .test_work import intend, mint, raising

REPO = Repo("model", "ada/tiny-bert")


@pytest.fixture
def another_url(request: pytest.FixtureRequest, tmp_path: Path, database_url: str) -> str:
    """An empty database of the same kind as `database_url`."""
    if database_url.startswith("sqlite"):
        return f"sqlite:///{tmp_path / 'restored.db'}"
    postgres: Postgres = request.getfixturevalue("postgres")
    return postgres.new_database()


def test_r12_a_restored_gateway_registers_nothing_twice(
    plain_hub: Sandbox,
    database_url: str,
    another_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def use(url: str) -> None:
        for name, value in environment(plain_hub, url).items():
            monkeypatch.setenv(name, value)

    def registered() -> set[str]:
        answer = httpx.get(f"{plain_hub.datacite_url}/dois", params={"page[size]": 100})
        return {entry["id"] for entry in answer.json()["data"]}

    use(database_url)
    institution = Institution(Settings.read())
    first = mint(institution, plain_hub)
    plain_hub.hf_api().upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=REPO.id)
    begun = intend(institution, plain_hub.users["ada"])
    file = tmp_path / "gateway.backup"
    assert str(file) in str(backup.backup(str(file)))
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(InvalidInput, match="exists"):
        backup.backup(str(file))
    with pytest.raises(LedgerError, match="not empty"):
        backup.restore(str(file))
    # Two DOIs are registered after the backup: one that was begun before, and one that was not.
    institution.work.attempt(begun.id)
    plain_hub.hf_api().upload_file(path_or_fileobj=b"y", path_in_repo="x.txt", repo_id=REPO.id)
    third = mint(institution, plain_hub)
    wanted = registered()
    assert len(wanted) == 3
    institution.close()

    use(another_url)
    assert "reconcile" in str(backup.restore(str(file)))
    institution = Institution(Settings.read())
    institution.work.run(threading.Event(), until_idle=True)
    found = care.reconcile()
    assert [one.subject for one in found.findings if one.kind == "unknown"] == [str(third.doi)]
    # The worker did not know the third one yet when it linked the second.
    assert found.exit_status == 0
    assert care.reconcile().findings == ()
    with pytest.raises(AlreadyRegistered):
        mint(institution, plain_hub)
    history = institution.ledger.versions(institution.ledger.uid_of(first.doi) or "")
    assert [one.doi for one in history] == [third.doi, begun.version.doi, first.doi]
    assert registered() == wanted
    institution.close()


def test_r12_a_restored_gateway_goes_on_with_corrections_and_reservations(
    plain_hub: Sandbox,
    database_url: str,
    another_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def use(url: str) -> None:
        for name, value in environment(plain_hub, url).items():
            monkeypatch.setenv(name, value)

    use(database_url)
    institution = Institution(Settings.read())
    version = mint(institution, plain_hub)
    with monkeypatch.context() as patched:
        patched.setattr(institution.registrar, "update", raising(ServiceUnreachable("Away.")))
        with pytest.raises(ServiceFailed):
            amend(institution, plain_hub, title="Tiny")
    reserved = backend_of(institution, plain_hub).reserve(REPO)
    backup.backup(str(tmp_path / "gateway.backup"))
    # After the backup the DOI is given up, and its draft is gone.
    backend_of(institution, plain_hub).release(REPO)
    assert dois(plain_hub) == [str(version.doi)]
    institution.close()

    use(another_url)
    backup.restore(str(tmp_path / "gateway.backup"))
    institution = Institution(Settings.read())
    (delayed,) = institution.work.waiting()
    institution.work.retry(delayed.version_id)
    run(institution, threading.Event(), until_idle=True)
    assert title_at_datacite(plain_hub, version).startswith("Tiny ")
    assert set(dois(plain_hub)) == {str(version.doi), str(reserved.doi)}
    assert mint_again(institution, plain_hub).doi == reserved.doi
    institution.close()


def mint_again(institution: Institution, sandbox: Sandbox) -> Version:
    sandbox.hf_api().upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=REPO.id)
    return mint(institution, sandbox)


def test_a_drill_compares_every_row_and_leaves_nothing(
    plain_hub: Sandbox,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in environment(plain_hub, database_url).items():
        monkeypatch.setenv(name, value)
    institution = Institution(Settings.read())
    before = databases(institution)
    mint(institution, plain_hub)
    assert main(["gateway", "drill", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    findings = {one["subject"]: one for one in said["findings"]}
    assert findings["ledger_versions"]["sentence"] == "1 rows, all the same."
    assert findings["audit log"]["is_problem"] is False
    assert [one["act"] for one in institution.audit.entries()][-1] == "backup drill"
    # What the restore loses is found.
    monkeypatch.setattr("hubdoi.gateway.drill.fill_from", losing(backup.fill_from))
    assert main(["gateway", "drill"]) == 1
    told = capsys.readouterr().out
    assert "problem   ledger_amendments" in told
    assert "problem   audit log" in told
    assert databases(institution) == before
    institution.close()


def losing(fill: Callable[[Database, Path], None]) -> Callable[[Database, Path], None]:
    """A restore that loses a table, and what keeps the audit log from changes."""

    def lost(database: Database, path: Path) -> None:
        fill(database, path)
        with database.transaction() as db:
            db.execute(sa.text("DROP TABLE ledger_amendments"))
            if database.is_postgres:
                db.execute(sa.text("ALTER TABLE gateway_audit DISABLE TRIGGER ALL"))
            else:
                db.execute(sa.text("DROP TRIGGER gateway_audit_UPDATE"))

    return lost


def databases(institution: Institution) -> list[str]:
    """The databases of the server; a scratch database would be among them."""
    if not institution.database.is_postgres:
        return []
    with institution.database.reading() as db:
        query = "SELECT datname FROM pg_database WHERE datname LIKE 'hubdoi_drill%' ORDER BY 1"
        return list(db.scalars(sa.text(query)))


def test_what_is_no_backup_is_refused(
    plain_hub: Sandbox, empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment(plain_hub, empty_url).items():
        monkeypatch.setenv(name, value)
    file = tmp_path / "notes.txt"
    with pytest.raises(InvalidInput, match="not a file"):
        backup.restore(str(file))
    file.write_text("no backup")
    with pytest.raises(HubdoiError, match=r"notes\.txt|pg_restore"):
        backup.restore(str(file))
    with pytest.raises(InvalidInput, match="cannot be written"):
        backup.backup(str(tmp_path / "nowhere" / "x"))


def test_a_program_of_postgresql_gets_no_secret_of_the_gateway(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = tmp_path / "shown"
    program = tmp_path / "show-environment"
    program.write_text(f"#!/bin/sh\nenv > {shown}; tr '\\0' ' ' < /proc/$$/cmdline >> {shown}\n")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("PGSSLMODE", "prefer")
    for name in ("HF_TOKEN", "DATACITE_PASSWORD", "HUBDOI_GATEWAY_OIDC_SECRET"):
        monkeypatch.setenv(name, f"a-secret-{name}")
    with closing(open_database(None, tmp_path)) as database:
        backup._run(database, program.name)
    text = shown.read_text()
    assert "PGSSLMODE=prefer" in text
    assert "a-secret" not in text
