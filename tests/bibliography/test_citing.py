from __future__ import annotations

from collections.abc import Callable
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


def test_the_revision_that_was_loaded_here_is_cited(
    sandbox: Sandbox, mint: Callable[..., str], tmp_path: Path
) -> None:
    client = client_of(sandbox)
    doi = mint(sandbox, "models/ada/tiny-bert")
    head = client.status("ada/tiny-bert").head or ""
    folder = tmp_path / "models--ada--tiny-bert"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text(head)
    (folder / "snapshots" / head).mkdir(parents=True)
    citation = cite_uses(Uses((Use("model", "ada/tiny-bert"),)), client=client, cache=tmp_path)
    assert citation.versions[0].doi == doi
    assert citation.versions[0].revision == head


def test_nothing_in_use_says_so(sandbox: Sandbox) -> None:
    citation = cite_uses(Uses(), client=client_of(sandbox))
    assert citation.versions == ()
    assert "No repository is used" in citation.notes[0]
