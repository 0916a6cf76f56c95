"""What `validate-yaml` says about cards."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
from huggingface_hub import HfApi

from hubdoi.sandbox.card_rules import LICENSES, checked

RESULT = """
model-index:
- name: tiny
  results:
  - task: {type: fill-mask}
    dataset: {type: ada/notes, name: Notes}
    metrics: [{type: accuracy, value: 0.5}]
"""


def card(metadata: str) -> str:
    return f"---\n{metadata.strip()}\n---\n\n# Title\n"


@pytest.mark.parametrize(
    "metadata",
    [
        "license: mit",
        "license: [apache-2.0, cc-by-4.0]",
        "language: [en, de]\ntags: [a, b]\ndatasets: ada/notes",
        "license: other\nlicense_name: ours\nlicense_link: LICENSE",
        RESULT,
        "model-index: [{name: tiny, results: []}]",
        "anything: {of: [ours]}",
    ],
)
def test_cards_that_are_valid(metadata: str) -> None:
    assert checked(card(metadata), "model") == ([], [])


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ("license: [", "not valid YAML"),
        ("- a\n- b", "not a mapping"),
        ("license: asdf", '"license" must be one of afl-3.0, '),
        ("license: MIT", '"license" must be one of '),
        ("license: [mit, asdf]", '"license" must be one of '),
        ("license: {a: 1}", '"license" must be one of '),
        ("tags: one", '"tags" must be an array'),
        ("tags: [1]", '"tags[0]" must be a string'),
        ("language: 3", '"language" must be a string'),
        ("datasets: ['']", '"datasets[0]" is not allowed to be empty'),
        ("pipeline_tag: [x]", '"pipeline_tag" must be a string'),
        ("model-index: foo", '"model-index" must be an array'),
        ("model-index: [foo]", '"model-index[0]" must be of type object'),
        ("model-index: [{name: x}]", '"model-index[0].results" is required'),
        (
            "model-index: [{name: x, results: [{task: {}, dataset: {type: a, name: b}, metrics: []}]}]",
            '"model-index[0].results[0].task.type" is required',
        ),
        (
            "model-index: [{name: x, results: [{task: {type: a}, dataset: a, metrics: [{type: a}]}]}]",
            '"model-index[0].results[0].metrics[0].value" is required',
        ),
    ],
)
def test_cards_that_are_not(metadata: str, said: str) -> None:
    errors, warnings = checked(card(metadata), "model")
    assert any(said in error for error in errors)
    assert warnings == []


@pytest.mark.parametrize("content", ["", "# Only text", "---\n---\n"])
def test_a_card_without_metadata_is_warned_about(content: str) -> None:
    errors, (warning,) = checked(content, "model")
    assert errors == [] and "empty or missing yaml metadata" in warning


def test_metadata_may_come_after_empty_lines() -> None:
    (error,), warnings = checked("\n" + card("model-index: foo"), "model")
    assert error == '"model-index" must be an array' and warnings == []


def test_results_belong_to_models() -> None:
    assert checked(card("model-index: foo"), "dataset") == ([], [])


def test_as_clients_ask(ada: HfApi, http: Callable[..., httpx.Response]) -> None:
    ada.create_repo("ada/carded")

    def upload(content: str) -> None:
        ada.upload_file(
            path_or_fileobj=content.encode(), path_in_repo="README.md", repo_id="ada/carded"
        )

    with pytest.raises(ValueError, match=r"Invalid metadata in README.md.\n- \"model-index\" must"):
        upload(card("model-index: foo"))
    assert ada.list_repo_files("ada/carded") == [".gitattributes"]
    with pytest.warns(UserWarning, match="Warnings while validating metadata in README.md"):
        upload("# Only text")
    assert "README.md" in ada.list_repo_files("ada/carded")
    # RepoCard.validate asks for text.
    body = {"repoType": "model", "content": card("license: asdf")}
    plain = http("POST", "/api/validate-yaml", None, json=body, headers={"Accept": "text/plain"})
    assert (plain.status_code, plain.headers["content-type"]) == (400, "text/plain; charset=utf-8")
    assert plain.text.startswith('- Error: "license" must be one of ')


def test_a_repository_is_made_with_a_known_licence(http: Callable[..., httpx.Response]) -> None:
    assert {"llama3.3", "openmdw-1.1"} <= LICENSES
    for licence, status in (("llama3.3", 200), ("asdf", 400)):
        body = {"name": f"with-{licence.replace('.', '-')}", "license": licence}
        assert http("POST", "/api/repos/create", json=body).status_code == status
