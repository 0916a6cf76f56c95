"""What a Hub says of a repository."""

from __future__ import annotations

import pytest

from hubdoi.records import Author, Related, Repo, RepoInfo


def _info(**more: object) -> RepoInfo:
    return RepoInfo(repo=Repo("model", "ada/tiny-bert"), uid="1", head=None, revision=None, **more)  # type: ignore[arg-type]


def test_r04_what_the_card_names_is_related() -> None:
    info = _info(
        base_models=("google-bert/bert-base-uncased", "../local/path", "spaces/ada/demo"),
        datasets=("ada/notes", "my own data"),
        tags=("arxiv:1810.04805", "arXiv:1810.04805", "arxiv:cs/0112017", "arxiv:x", "en"),
    )
    assert info.related == (
        Related("IsDerivedFrom", "https://huggingface.co/google-bert/bert-base-uncased", "URL"),
        Related("References", "https://huggingface.co/datasets/ada/notes", "URL"),
        Related("References", "arXiv:1810.04805", "arXiv"),
        Related("References", "arXiv:cs/0112017", "arXiv"),
    )


def test_r04_a_paper_of_the_card_is_not_named_again_by_its_tag() -> None:
    paper = Related("IsSupplementTo", "arXiv:1810.04805v2", "arXiv")
    assert _info(papers=(paper,), tags=("arxiv:1810.04805", "arxiv:1706.03762")).related == (
        paper,
        Related("References", "arXiv:1706.03762", "arXiv"),
    )


def test_r04_subjects_are_what_it_is_about() -> None:
    info = _info(
        languages=("en", "Zh", "multilingual"),
        tags=(
            *("bert", "fill-mask", "task_categories:text-classification", "ai", "en", "zh"),
            *(
                "transformers",
                "safetensors",
                "multilingual",
                "endpoints_compatible",
                "region:us",
                "license:mit",
                "doi:10.1/x",
            ),
        ),
    )
    assert info.subjects == ("bert", "fill-mask", "text-classification", "ai")
    assert (info.language, info.several_languages) == ("mul", ("en", "Zh"))


@pytest.mark.parametrize(
    ("name", "is_organization", "expected"),
    [
        ("Ada Lovelace", False, Author.person("Ada Lovelace")),
        ("Ada Lovelace", True, Author("Ada Lovelace", "organization")),
        ("ada", False, Author("ada")),
        ("", False, Author("ada")),
        # Names that a Hub lets through and no record can carry.
        ("x" * 10_000, False, Author("ada")),
        ("x" * 10_000, True, Author("ada", "organization")),
    ],
)
def test_r05_the_owner_as_an_author(name: str, is_organization: bool, expected: Author) -> None:
    assert _info(owner_name=name, owner_is_organization=is_organization).owner == expected


def test_an_empty_card_names_nothing() -> None:
    assert _info().related == ()


@pytest.mark.parametrize(
    ("languages", "language"),
    [
        (("de",), "de"),
        # Nobody said that the first is the primary one.
        (("en", "de"), "mul"),
        (("multilingual", "en"), "mul"),
        (("Multilingual",), "mul"),
        ((), None),
    ],
)
def test_a_record_names_the_primary_language(
    languages: tuple[str, ...], language: str | None
) -> None:
    info = RepoInfo(
        repo=Repo("model", "a/b"), uid="1", head=None, revision=None, languages=languages
    )
    assert info.language == language
