from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from hubdoi.bibliography import Review, ReviewTable, Unclear, Use
from hubdoi.bibliography.verdict import each_commit, is_pinned, request_doi_url, review_use
from hubdoi.provenance.use import Form
from hubdoi.records import Doi, Repo, Status, Version
from hubdoi.records.errors import RepoNotFound, ServiceUnreachable

OLD = "1" * 40
NEW = "2" * 40
HEAD = "3" * 40
REPO = Repo("model", "ada/engine")


def version(number: int, revision: str) -> Version:
    return Version.from_parts(doi=f"10.57967/hf/{number:04}", repo=REPO, revision=revision)


def status(*versions: Version, head: str = HEAD) -> Status:
    state = "behind" if versions else "unregistered"
    return Status(
        repo=REPO, state=state, head=head, endpoint="https://huggingface.co", versions=versions
    )


def use(revision: str | None = None) -> Use:
    return Use(
        "model",
        "ada/engine",
        revision,
        cell=1,
        line=2,
        call="X.from_pretrained",
        notebook="a.ipynb",
    )


def recorded(*commits: str, of: str | None = None) -> Use:
    return replace(use(of), recorded=commits)


BOTH = status(version(2, NEW), version(1, OLD))


def test_cited_exactly_by_the_version_of_the_revision() -> None:
    row = review_use(use(OLD), BOTH)
    assert (row.verdict, row.doi, row.fix) == ("cited exactly", Doi("10.57967/hf/0001"), None)
    assert review_use(recorded(OLD, of=OLD[:8]), BOTH).verdict == "cited exactly"


def test_moved_on_names_the_revision_that_the_doi_has() -> None:
    row = review_use(use(HEAD), BOTH)
    assert (row.verdict, row.doi_revision, row.fix) == ("moved on", NEW, f'revision="{NEW}"')


def test_the_cited_doi_is_the_one_to_compare_with() -> None:
    row = review_use(use(NEW), BOTH, cited=["10.57967/HF/0001"])
    assert (row.verdict, row.doi_revision, row.cited) == ("moved on", OLD, True)
    assert (
        review_use(use(NEW), BOTH, cited=["10.57967/hf/0002", "10.57967/hf/0001"]).verdict
        == "cited exactly"
    )
    assert review_use(use(NEW), BOTH, cited=["10.1234/other"]).cited is False


@pytest.mark.parametrize("revision", [None, "main", "refs/pr/3", "refs/heads/x"])
def test_r13_unpinned_is_fixed_by_what_was_recorded(revision: str | None) -> None:
    row = review_use(recorded(HEAD, of=revision), BOTH)
    assert (row.verdict, row.revision, row.fix) == ("unpinned", HEAD, f'revision="{HEAD}"')
    assert review_use(use(revision), BOTH).fix == f'revision="{NEW}"'


def test_a_tag_is_pinned_and_compared_by_what_it_names() -> None:
    assert is_pinned("v1.0")
    assert review_use(recorded(NEW, of="v1.0"), BOTH).verdict == "cited exactly"
    row = review_use(use("v1.0"), BOTH)
    assert row.verdict == "cannot tell"
    assert "v1.0" in row.note


def test_r13_the_cache_proves_nothing() -> None:
    row = review_use(use(), BOTH, cached=HEAD)
    assert (row.revision, row.evidence, row.cached) == (None, "cache", HEAD)
    assert row.fix == f'revision="{NEW}"'
    cells = ReviewTable((row,)).to_markdown().split("\n")[2]
    assert "not proven (`3333333` in the cache, not proven)" in cells


def test_r13_without_proof_the_candidates_are_named() -> None:
    row = review_use(use(), BOTH)
    assert row.note == (
        "Which revision of ada/engine was loaded is not proven; it has the DOIs "
        "10.57967/hf/0002 (revision 2222222), 10.57967/hf/0001 (revision 1111111). "
        "Pin the revision, or load it again with the recorder on."
    )


def test_every_recorded_commit_is_reviewed() -> None:
    rows = [review_use(one, BOTH) for one in each_commit(recorded(OLD, HEAD))]
    assert [(row.revision, row.evidence) for row in rows] == [
        (OLD, "recorded"),
        (HEAD, "recorded"),
    ]


@pytest.mark.parametrize(
    ("form", "fix"),
    [
        ("argument", f'revision="{HEAD}"'),
        ("path", f"hf://ada/engine@{HEAD}"),
        ("url", f"/resolve/{HEAD}/"),
        ("option", f"--revision {HEAD}"),
        ("clone", f"git checkout {HEAD}"),
    ],
)
def test_the_fix_fits_the_call(form: Form, fix: str) -> None:
    assert review_use(replace(recorded(HEAD), form=form), BOTH).fix == fix


def test_no_doi_is_asked_for_politely() -> None:
    row = review_use(recorded(HEAD), status())
    assert row.verdict == "no DOI"
    assert row.fix == f'revision="{HEAD}"'
    assert row.request_url == request_doi_url(REPO)
    assert review_use(use(HEAD), status()).fix is None


def test_request_opens_the_discussion_with_its_text() -> None:
    parts = urlsplit(request_doi_url(Repo("dataset", "ada/notes")))
    assert (parts.netloc, parts.path) == ("huggingface.co", "/datasets/ada/notes/discussions/new")
    query = parse_qs(parts.query)
    assert query["title"] == ["Request: DOI"]
    assert "Thank you" in query["description"][0]
    assert "title=Request%3A%20DOI&" in parts.query


def test_gone_and_cannot_tell() -> None:
    assert review_use(use(), RepoNotFound("There is no ada/engine.")).verdict == "gone"
    row = review_use(use(), ServiceUnreachable("No network."))
    assert (row.verdict, row.note) == ("cannot tell", "No network.")
    assert review_use(use(), None).note == "The Hub was not asked."


def test_a_fix_is_never_a_stranger_s_text() -> None:
    odd = version(3, 'x"); import os; ("')
    assert review_use(use(), status(odd, head='y"')).fix is None


def test_table_in_markdown_is_escaped() -> None:
    error = RepoNotFound("No | such <b>repository</b>.")
    unclear = Unclear("load`|x", "Only the run | tells.", 3, 4, "a|b.ipynb")
    table = ReviewTable(
        (review_use(use(OLD), BOTH), review_use(use(), error)), (unclear,), ("a * line",)
    )
    lines = table.to_markdown().split("\n")
    assert lines[2] == (
        "| [ada/engine](https://huggingface.co/ada/engine) | `1111111` | "
        "[10.57967/hf/0001](https://doi.org/10.57967/hf/0001) | `1111111` | cited exactly |  |"
    )
    assert r"No \| such \<b\>repository\</b\>." in lines[3]
    assert r"- a\|b.ipynb, cell 3, line 4: `load'/x`. Only the run \| tells." in lines
    assert r"- a \* line" in lines
    assert len(table) == 2
    assert isinstance(table[0], Review)


def test_json_of_a_row() -> None:
    data = ReviewTable((review_use(use(HEAD), BOTH, cited=[]),)).to_json()[0]
    assert data["verdict"] == "moved on"
    assert data["doi"] == "10.57967/hf/0002"
    assert (data["cited"], data["line"], data["revision_used"]) == (False, 2, HEAD)
