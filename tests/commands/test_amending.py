from __future__ import annotations

from dataclasses import replace

import pytest

from hubdoi.commands import Context, run
from hubdoi.records import Version, errors
from hubdoi.records.amendment import Activities, Amendment
from tests.commands.agreeing import agreed

REPO = "ada/tiny-bert"


@pytest.fixture(autouse=True)
def minted(context: Context) -> Version:
    return agreed(context, "mint", REPO)


def test_r03_without_agree_the_difference_is_shown_and_nothing_happens(
    context: Context, shown: list[object], minted: Version
) -> None:
    shown.clear()
    with pytest.raises(errors.ConsentRequired, match="--agree"):
        run(["amend", REPO, "--title", "Tiny BERT"], context)
    assert [type(value) for value in shown] == [Amendment]
    assert context.session.client.status(REPO).version.title == minted.title  # type: ignore[union-attr]
    text = shown[0]._repr_mimebundle_()["text/plain"]  # type: ignore[attr-defined]
    assert minted.title in text and "Tiny BERT" in text


def test_r03_agree_corrects_what_was_shown_and_only_that(
    context: Context, shown: list[object], minted: Version
) -> None:
    with pytest.raises(errors.ConsentRequired):
        run(["amend", REPO, "--title", "Tiny BERT"], context)
    with pytest.raises(errors.TermsChanged):
        run(["amend", REPO, "--title", "Huge BERT", "--agree"], context)
    assert isinstance(shown[-1], Amendment)
    amended = run(["amend", REPO, "--title", "Huge BERT", "--agree"], context)
    assert amended.doi == minted.doi and amended.name == "Huge BERT"
    history = run(["amend", REPO, "--history"], context)
    assert isinstance(history, Activities) and len(history) == 2
    assert "Huge BERT" in history._repr_mimebundle_()["text/plain"]


def test_r03_a_command_line_agrees_to_the_digest_of_what_it_showed(
    context: Context, minted: Version
) -> None:
    """Each line is a process of its own, which remembers nothing."""

    def line(*words: str) -> object:
        return run(["amend", REPO, *words], replace(context, lasting=False), prog="hubdoi")

    with pytest.raises(errors.ConsentRequired, match=r"--agree [0-9a-f]{64}") as said:
        line("--title", "Tiny BERT")
    digest = said.value.message.rpartition(" ")[2]
    with pytest.raises(errors.TermsChanged, match="not the correction"):
        line("--title", "Huge BERT", "--agree", digest)
    amended = line("--title", "Tiny BERT", "--agree", digest)
    assert isinstance(amended, Version) and amended.name == "Tiny BERT"


def test_a_doi_and_a_body_are_taken_as_in_a_mint(context: Context, minted: Version) -> None:
    body = {"authors": [{"name": "Hopper, Grace", "orcid": "0000-0002-1825-0097"}]}
    with pytest.raises(errors.ConsentRequired):
        run(["amend", str(minted.doi), "--agree"], context, body=body)
    amended = run(["amend", str(minted.doi), "--agree"], context, body=body)
    assert [author.family for author in amended.authors] == ["Hopper"]
    assert amended.title == minted.title


def test_what_to_correct_has_to_be_said(context: Context) -> None:
    with pytest.raises(errors.UsageError, match="--history"):
        run(["amend", REPO], context)
    with pytest.raises(errors.DoiNotFound, match="no DOI"):
        run(["amend", "datasets/ada/notes", "--title", "New"], context)


def test_the_access_is_read_from_the_hub(context: Context) -> None:
    with pytest.raises(errors.InvalidMetadata, match="nothing to correct"):
        run(["amend", REPO, "--access"], context)
    context.session.client.hf_api().update_repo_settings(REPO, gated="auto")
    with pytest.raises(errors.ConsentRequired):
        run(["amend", REPO, "--access"], context)
    amended = run(["amend", REPO, "--access", "--agree"], context)
    assert [one.identifier for one in amended.access] == ["c_16ec", ""]
