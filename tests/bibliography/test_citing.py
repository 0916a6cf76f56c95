from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from hubdoi.bibliography import Use, Uses, cite_uses, review, uses
from hubdoi.client import Client
from hubdoi.sandbox import Sandbox


def client_of(sandbox: Sandbox) -> Client:
    return Client(endpoint=sandbox.endpoint, token=sandbox.users["ada"])


def test_review_of_a_notebook_against_the_sandbox(
    sandbox: Sandbox, mint: Callable[..., str]
) -> None:
    doi = mint(sandbox, "models/ada/tiny-bert")
    client = client_of(sandbox)
    head = client.status("ada/tiny-bert").head
    code = (
        f'X.from_pretrained("ada/tiny-bert", revision="{head}")\nX.from_pretrained("ada/tiny-bert")\n'
        'load_dataset("ada/notes")\nX.from_pretrained("ada/never-there")\nX.from_pretrained(input())'
    )
    table = review(uses({"cells": [{"cell_type": "code", "source": code}]}), client=client)
    assert [row.verdict for row in table] == ["cited exactly", "unpinned", "no DOI", "gone"]
    assert (table[0].doi, table[1].fix) == (doi, f'revision="{head}"')
    assert (table[2].request_url or "").startswith(
        f"{sandbox.endpoint}/datasets/ada/notes/discussions/new?"
    )
    assert len(table.unclear) == 1


def test_everything_in_use_is_cited_in_one_list(
    sandbox: Sandbox, mint: Callable[..., str], tmp_path: Path
) -> None:
    doi = mint(sandbox, "models/ada/tiny-bert")
    found = Uses(
        (
            Use("model", "ada/tiny-bert", "main"),
            Use("model", "ada/tiny-bert"),
            Use("dataset", "ada/notes"),
            Use("model", "ada/never-there"),
        )
    )
    citation = cite_uses(found, client=client_of(sandbox), cache=tmp_path)
    assert [version.repo and str(version.repo) for version in citation.versions] == [
        "ada/tiny-bert",
        "datasets/ada/notes",
    ]
    assert doi in citation.text
    assert any("ada/never-there" in note for note in citation.notes)


def pushed(sandbox: Sandbox) -> str:
    """One more commit to ada/tiny-bert; its id."""
    from huggingface_hub import HfApi

    api = HfApi(endpoint=sandbox.endpoint, token=sandbox.users["ada"])
    done = api.upload_file(path_or_fileobj=b"{}", path_in_repo="more.json", repo_id="ada/tiny-bert")
    return str(done.oid)


def test_r13_the_recorded_revision_is_cited_and_the_cache_is_not_believed(
    sandbox: Sandbox, mint: Callable[..., str], tmp_path: Path
) -> None:
    client = client_of(sandbox)
    first = mint(sandbox, "models/ada/tiny-bert")
    old = client.status("ada/tiny-bert").head or ""
    head = pushed(sandbox)
    second = mint(sandbox, "models/ada/tiny-bert")
    # another process refreshes the cache: this one loaded the old revision
    folder = tmp_path / "models--ada--tiny-bert"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text(head)
    (folder / "snapshots" / head).mkdir(parents=True)
    use = Use("model", "ada/tiny-bert")

    def cited(*commits: str) -> tuple[list[str], str]:
        found = Uses((replace(use, recorded=commits),))
        citation = cite_uses(found, client=client, cache=tmp_path)
        return [str(version.doi) for version in citation.versions], " ".join(citation.notes)

    assert cited(old)[0] == [first]
    assert cited(old, head)[0] == [first, second]
    dois, notes = cited()
    assert dois == [second]
    assert "not proven; it has the DOIs" in notes
    assert f"The cache has {head[:7]}, which does not prove that it was loaded." in notes
    assert "which " + sandbox.endpoint + " does not have" in cited("f" * 40)[1]


def test_r13_a_citation_without_doi_names_no_revision_that_is_not_proven(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    client = client_of(sandbox)
    head = client.status("ada/tiny-bert").head or ""
    use = Use("model", "ada/tiny-bert")
    citation = cite_uses(Uses((use,)), client=client, cache=tmp_path)
    assert head[:7] not in citation.text
    proven = cite_uses(Uses((replace(use, recorded=(head,)),)), client=client, cache=tmp_path)
    assert head[:7] in proven.text


def test_a_citation_says_when_the_repository_has_changed_since_the_doi(
    sandbox: Sandbox, mint: Callable[..., str]
) -> None:
    client = client_of(sandbox)
    mint(sandbox, "models/ada/tiny-bert")
    old = client.status("ada/tiny-bert").head or ""
    assert client.cite("ada/tiny-bert").notes == ()
    pushed(sandbox)
    (note,) = client.cite("ada/tiny-bert").notes
    assert "ada/tiny-bert has changed since its latest DOI" in note
    assert old[:7] in note


def test_nothing_in_use_says_so(sandbox: Sandbox) -> None:
    citation = cite_uses(Uses(), client=client_of(sandbox))
    assert citation.versions == ()
    assert "does not use any repository" in citation.notes[0]
