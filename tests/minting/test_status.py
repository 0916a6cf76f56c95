"""One function decides the state of a repository, for every backend."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hubdoi.minting.status import state_of, status_of, version_of_head
from hubdoi.records import Doi, Person, Repo, RepoInfo, Terms, Version

OLD, NEW, OTHER = "a" * 40, "b" * 40, "c" * 40
REPO = Repo("model", "ada/tiny-bert")
ADA = Person("ada", "Ada Lovelace")


def version(revision: str | None, number: int = 1, *, known: bool = True) -> Version:
    created = datetime(2026, 11, 23, tzinfo=UTC) if known else None
    return Version.from_parts(
        doi=f"10.5072/hf/{number:04d}", repo=REPO, revision=revision, created=created
    )


@pytest.mark.parametrize(
    ("revisions", "head", "state"),
    [
        ((), OLD, "unregistered"),
        ((), None, "unregistered"),
        ((OLD,), OLD, "current"),
        ((OLD[:7],), OLD, "current"),
        ((OLD,), NEW, "behind"),
        ((OLD,), None, "behind"),
        ((NEW, OLD), NEW, "current"),
        ((NEW, OLD), OTHER, "behind"),
        # The latest commit returned to a revision that an older DOI names.
        ((NEW, OLD), OLD, "current"),
        ((None, OLD), NEW, "behind"),
    ],
)
def test_r07_the_state_follows_from_the_versions_and_the_latest_commit(
    revisions: tuple[str | None, ...], head: str | None, state: str
) -> None:
    versions = [version(revision, len(revisions) - i) for i, revision in enumerate(revisions)]
    assert state_of(versions, head) == state


def test_r07_a_doi_without_a_record_was_generated_just_now() -> None:
    versions = [version(None, 2, known=False), version(OLD)]
    assert state_of(versions, NEW) == "current"
    assert version_of_head(versions, NEW) == versions[0]
    assert version_of_head(versions, OLD) == versions[1]


def test_r08_a_latest_commit_with_an_older_doi_cannot_be_minted() -> None:
    info = RepoInfo(repo=REPO, uid="1", head=OLD, revision=OLD, can_write=True)
    status = status_of(
        info,
        [version(NEW, 2), version(OLD, 1)],
        endpoint="https://hub.example",
        person=ADA,
        terms=Terms("Read me."),
    )
    assert (status.state, status.can_mint) == ("current", False)
    assert status.obstacle_code == "AlreadyRegistered"
    assert "10.5072/hf/0001" in (status.obstacle or "")
    assert status.doi == Doi("10.5072/hf/0002")
