"""What a citation says of a repository without a DOI."""

from __future__ import annotations

from hubdoi.citation.repository import version_of
from hubdoi.client import Client
from hubdoi.records import Repo
from hubdoi.sandbox import Sandbox


def test_an_earlier_revision_has_the_date_of_its_own_commit(sandbox: Sandbox) -> None:
    api = sandbox.hf_api("ada")
    api.upload_file(path_or_fileobj=b"later", path_in_repo="x.txt", repo_id="ada/tiny-bert")
    dates = {
        commit.commit_id: commit.created_at for commit in api.list_repo_commits("ada/tiny-bert")
    }
    client = Client(sandbox.endpoint)
    status = client.status(Repo("model", "ada/tiny-bert"))
    assert len(set(dates.values())) == len(dates) >= 2
    for revision, committed in dates.items():
        version, _ = version_of(status, client.hub, revision, lambda: sandbox.endpoint)
        assert (version.revision, version.created) == (revision, committed)
        assert client.hub.info(status.repo, None, revision).revision_date in (committed, None)
