"""Repositories, as people write them."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hubdoi.records import Repo, RepoReference
from hubdoi.records.errors import HubdoiError, InvalidRepo, RepoNotEligible

BERT = Repo("model", "ada/tiny-bert")
NOTES = Repo("dataset", "ada/notes")
SHA = "0123456789abcdef0123456789abcdef01234567"

PARTS = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,20}", fullmatch=True)
REPOS = st.tuples(st.sampled_from(["model", "dataset"]), PARTS, PARTS)


@pytest.mark.parametrize(
    ("written", "repo", "revision"),
    [
        ("ada/tiny-bert", BERT, None),
        (" ada/tiny-bert/ ", BERT, None),
        ("models/ada/tiny-bert", BERT, None),
        ("ada/tiny-bert@main", BERT, "main"),
        ("gpt2", Repo("model", "gpt2"), None),
        ("datasets/squad", Repo("dataset", "squad"), None),
        ("datasets/ada/notes", NOTES, None),
        ("hf://ada/tiny-bert", BERT, None),
        ("hf://datasets/ada/notes@main", NOTES, "main"),
        ("hf://datasets/ada/notes@main/train.csv", NOTES, "main"),
        ("hf://datasets/ada/notes@refs%2Fpr%2F1/train.csv", NOTES, "refs/pr/1"),
        ("hf://datasets/ada/notes@refs/pr/1/train.csv", NOTES, "refs/pr/1"),
        ("hf://datasets/ada/notes/train.csv", NOTES, None),
        ("https://huggingface.co/ada/tiny-bert", BERT, None),
        ("huggingface.co/ada/tiny-bert", BERT, None),
        ("https://hf.co/datasets/ada/notes", NOTES, None),
        (f"https://huggingface.co/ada/tiny-bert/tree/{SHA}", BERT, SHA),
        (f"https://huggingface.co/ada/tiny-bert/blob/{SHA}/README.md", BERT, SHA),
        ("https://huggingface.co/datasets/ada/notes/resolve/main/a.csv?download=1", NOTES, "main"),
        ("https://huggingface.co/ada/tiny-bert/settings#doi", BERT, None),
        ("https://huggingface.co/gpt2/tree/main", Repo("model", "gpt2"), "main"),
        ("https://huggingface.co/api/models/ada/tiny-bert", BERT, None),
        ("https://huggingface.co/api/datasets/ada/notes", NOTES, None),
        ("http://127.0.0.1:41233/datasets/ada/notes", NOTES, None),
        ("http://localhost:41233/ada/tiny-bert", BERT, None),
    ],
)
def test_a_repository_is_read_as_people_write_it(
    written: str, repo: Repo, revision: str | None
) -> None:
    assert RepoReference.parse(written) == RepoReference(repo, revision)
    assert Repo.parse(written) == repo


def test_another_hub_is_known_by_its_address() -> None:
    written = "https://hub.example.org/ada/tiny-bert"
    assert Repo.parse(written, endpoint="https://hub.example.org") == BERT
    with pytest.raises(InvalidRepo, match="not on a Hub that hubdoi knows"):
        Repo.parse(written)
    with pytest.raises(InvalidRepo):
        Repo.parse("https://evil.example.org/ada/tiny-bert", endpoint="https://hub.example.org")


def test_the_parts_of_a_repository() -> None:
    assert (NOTES.namespace, NOTES.name) == ("ada", "notes")
    assert (NOTES.path, NOTES.api_path) == ("datasets/ada/notes", "/api/datasets/ada/notes")
    assert (BERT.path, BERT.api_path) == ("ada/tiny-bert", "/api/models/ada/tiny-bert")
    assert str(NOTES) == "datasets/ada/notes"
    assert NOTES.url("http://127.0.0.1:1/") == "http://127.0.0.1:1/datasets/ada/notes"
    assert BERT.url(revision="refs/pr/1") == (
        "https://huggingface.co/ada/tiny-bert/tree/refs%2Fpr%2F1"
    )
    assert Repo("model", "gpt2").namespace is None


@pytest.mark.parametrize(
    "written",
    ["spaces/ada/demo", "https://huggingface.co/spaces/ada/demo", "hf://spaces/ada/demo@main"],
)
def test_r01_a_space_is_told_that_it_gets_no_doi(written: str) -> None:
    with pytest.raises(RepoNotEligible, match="is a Space; only models and datasets") as refused:
        Repo.parse(written)
    assert refused.value.reason == "space"
    with pytest.raises(RepoNotEligible):
        Repo("space", "ada/demo")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "written",
    [
        "",
        "   ",
        "/",
        "a/b/c",
        "/ada//x",
        "ada/tiny--bert",
        "ada/tiny..bert",
        "ada/tiny-bert.git",
        "ada/.hidden",
        "-ada/x",
        "ada/tiny bert",
        "ada/tiny\nbert",
        "ada/\u202etreb",
        "ada/ber\ud800t",
        "ada/bért",
        "ada/<script>",
        "ada/'; DROP TABLE",
        "ada/" + "x" * 97,
        "x" * 100_000,
        "https://huggingface.co/",
        "https://huggingface.co/docs/hub",
        "https://huggingface.co/ada/../../etc",
        "https://[huggingface.co/ada/x",
        "https://example.org/ada/tiny-bert",
        "ftp://huggingface.co/ada/tiny-bert",
        "https://huggingface.co@evil.example/ada/x",
        "hf://",
        "datasets/datasets",
    ],
)
def test_what_is_no_repository_is_refused_in_one_short_sentence(written: str) -> None:
    with pytest.raises(InvalidRepo) as refused:
        Repo.parse(written)
    assert len(refused.value.message) < 300
    assert "\n" not in refused.value.message


@pytest.mark.parametrize(
    ("kind", "id"), [("kernel", "a/b"), (None, "a/b"), ("model", None), ("model", 5), ([], "a/b")]
)
def test_only_text_is_an_id(kind: object, id: object) -> None:
    with pytest.raises(InvalidRepo):
        Repo(kind, id)  # type: ignore[arg-type]


@given(REPOS)
def test_every_repository_survives_every_form(parts: tuple[str, str, str]) -> None:
    kind, namespace, name = parts
    try:
        repo = Repo(kind, f"{namespace}/{name}")  # type: ignore[arg-type]
    except InvalidRepo:
        assume(False)
        raise
    assume(namespace not in ("hf.co", "huggingface.co"))
    assert Repo.parse(str(repo)) == repo
    assert Repo.parse(f"hf://{repo}@main") == repo
    address = f"{repo.url()}/tree/{SHA}"
    if namespace not in ("api", "chat", "blog", "docs", "new", "join", "posts", "tasks", "login"):
        assert RepoReference.parse(address) == RepoReference(repo, SHA)


@given(
    st.text() | st.text().map("https://huggingface.co/".__add__) | st.text().map("hf://".__add__)
)
def test_no_text_raises_anything_but_a_plain_error(text: str) -> None:
    try:
        repo = Repo.parse(text)
    except HubdoiError as error:
        assert len(error.message) < 400
        return
    assert Repo(repo.type, repo.id) == repo
