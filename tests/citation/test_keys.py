from __future__ import annotations

import random
import re
from collections.abc import Callable

import pytest

from hubdoi.citation.keys import identity, key_of, keys_of
from hubdoi.records import Author, Doi, Repo, Version

Make = Callable[..., Version]


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"repo": Repo("model", "ada/tiny-bert")}, "lovelace2026tinybert"),
        ({"repo": Repo("model", "gpt2"), "authors": ()}, "2026gpt2"),
        ({"repo": Repo("dataset", "a/n"), "authors": (Author.person("Łukasz Żak"),)}, "zak2026n"),
        ({"repo": Repo("model", "a/n"), "authors": (Author.person("李, 小明"),)}, "a2026n"),
        ({"repo": Repo("model", "a/n"), "authors": (Author.person("Петров, Иван"),)}, "petrov2026n"),
        ({"repo": Repo("model", "a/n"), "authors": (Author.person("von Werra, Leandro"),)}, "vonwerra2026n"),
        (
            {"repo": Repo("model", "a/n"), "authors": (Author("l'Information & Co", "organization"),)},
            "linformationco2026n",
        ),
        ({"repo": Repo("model", "a/n"), "year": None, "created": None}, "lovelacen"),
    ],
)  # fmt: skip
def test_a_key_is_readable_ascii(make: Make, changes: dict[str, object], key: str) -> None:
    made = key_of(make(1, **changes))
    key = key if key[0].isalpha() else f"hub{key}"
    assert re.fullmatch(rf"{key}-[a-z2-7]{{7}}", made)


def test_a_key_is_fit_for_bibtex_whatever_the_metadata(hard_versions: list[Version]) -> None:
    keys = keys_of(hard_versions)
    assert len(set(keys)) == len(hard_versions)
    assert all(re.fullmatch(r"[a-z][a-z0-9-]*", key) for key in keys)


def test_versions_of_one_repository_have_keys_of_their_own(make: Make) -> None:
    repo = Repo("model", "ada/tiny-bert")
    first = make(1, repo=repo, next=Doi("10.5072/hf/0002"))
    second = make(2, repo=repo, previous=first.doi)
    assert keys_of([first]) + keys_of([second]) == keys_of([first, second])
    assert keys_of([first, second]) == list(reversed(keys_of([second, first])))
    assert key_of(second) != key_of(first)
    unminted = second.replace(doi=None, previous=None)
    assert key_of(unminted) == key_of(second), "a DOI changes nothing in it"


def test_objects_that_would_collide_do_not(make: Make) -> None:
    model = make(1, repo=Repo("model", "ada/notes"))
    dataset = make(2, repo=Repo("dataset", "ada/notes"))
    fork = make(3, repo=Repo("model", "bob/no-tes"), revision=model.revision)
    other = make(4, repo=Repo("model", "eve/not_es"), revision=model.revision)
    keys = keys_of([model, dataset, fork, other])
    assert len(set(keys)) == 4
    assert all(key.startswith("lovelace2026not") for key in keys)


def test_a_key_stays_when_others_are_added(make: Make) -> None:
    versions = [make(n, repo=Repo("model", f"user{n}/same")) for n in range(1, 30)]
    for count in range(1, len(versions)):
        assert keys_of(versions[:count]) == keys_of(versions)[:count]


def test_the_same_object_has_one_key_and_taken_ones_are_avoided(make: Make) -> None:
    version = make(1, repo=Repo("model", "ada/tiny-bert"))
    again = version.replace(doi=Doi("10.5072/HF/0001"), title="Another title")
    assert identity(version) == identity(again)
    assert len(set(keys_of([version, again]))) == 1
    (key,) = keys_of([version], taken=[key_of(version).upper()])
    assert key.startswith(key_of(version)) and key != key_of(version)


def test_ten_thousand_versions_keep_their_keys_in_any_order(make: Make) -> None:
    chance = random.Random(7)
    template = make(1, authors=(Author.person("Wang, Wei"),))
    versions = [
        template.replace(
            repo=Repo("model", f"user{number % 97}/m"),
            revision=f"{number:07x}" + "c" * 33,
            doi=Doi(f"10.5072/hf/{number}") if number % 2 else None,
        )
        for number in range(10_000)
    ]
    keys = dict(zip(versions, keys_of(versions), strict=True))
    assert len(set(keys.values())) == len(versions)
    chance.shuffle(versions)
    assert keys_of(versions) == [keys[version] for version in versions]
    assert keys_of(versions[:50]) == [keys[version] for version in versions[:50]]
