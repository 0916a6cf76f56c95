"""DOIs of the account that the ledger does not know."""

from __future__ import annotations

from collections.abc import Callable

from hubdoi.gateway.institution import Institution
from hubdoi.gateway.reconcile import reconcile
from hubdoi.gateway.settings import Settings
from hubdoi.sandbox import Sandbox

from .conftest import Postgres, environment
from .test_care import REPO, mint


def test_r07_what_is_taken_up_stands_in_the_order_of_the_commits(
    institution_of: Callable[..., Institution], plain_hub: Sandbox, postgres: Postgres
) -> None:
    lost = Institution(Settings.read(environment(plain_hub, postgres.new_database())))
    older = []
    for text in (b"1", b"2"):
        plain_hub.hf_api().upload_file(path_or_fileobj=text, path_in_repo="x", repo_id=REPO.id)
        older.append(mint(lost, plain_hub))
    lost.close()
    # A mint came before the reconciliation: what the ledger knows is newer than what it takes up.
    plain_hub.hf_api().upload_file(path_or_fileobj=b"3", path_in_repo="x", repo_id=REPO.id)
    institution = institution_of()
    newest = mint(institution, plain_hub)
    assert reconcile(institution).exit_status == 0
    history = institution.ledger.versions(institution.ledger.uid_of(newest.doi) or "")
    assert [one.doi for one in history] == [newest.doi, older[1].doi, older[0].doi]
    assert history[0].previous == older[1].doi
    assert reconcile(institution).findings == ()
