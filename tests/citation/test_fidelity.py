"""The formats agree with each other: parsed back, they say the same DOI, title, year and authors."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import bibtexparser.entrypoint
import rispy
import yaml
from bibtexparser import middlewares
from hypothesis import example, given
from hypothesis import strategies as st

from hubdoi.citation import cite
from hubdoi.records import Author, Doi, Repo, Version

TEXT = st.text(
    alphabet=st.one_of(
        st.characters(codec="utf-8", exclude_categories=("C", "Z")),
        st.sampled_from(" \\{}$&#%_~^<>|\"'`-,@()=éößŁđżŞıИ李م"),
    ),
    min_size=1,
    max_size=40,
).map(lambda text: " ".join(text.split()))
WORD = TEXT.map(lambda text: text.replace(" ", "").replace(",", "")).filter(bool)
PERSON = st.tuples(WORD, WORD).map(
    lambda names: Author(f"{names[0]}, {names[1]}", "person", family=names[0], given=names[1])
)
WHOLE = st.tuples(TEXT.filter(bool), st.sampled_from([None, "organization"])).map(
    lambda name: Author(name[0], name[1])
)
VERSIONS = st.builds(
    lambda number, title, authors, created, revision: Version(
        doi=Doi(f"10.5072/hf/{number:04d}"),
        repo=Repo("model", "ada/tiny_bert"),
        revision=revision,
        title=title,
        authors=tuple(authors),
        publisher="Hugging Face",
        year=created.year,
        created=created,
        url="https://huggingface.co/ada/tiny_bert",
        resource_type="Model",
        version=revision[:7],
    ),
    st.integers(1, 99999),
    TEXT.filter(bool),
    st.lists(st.one_of(PERSON, WHOLE), min_size=1, max_size=4),
    st.datetimes(datetime(1990, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC)),
    st.text("0123456789abcdef", min_size=40, max_size=40),
)
NASTY = Version(
    doi=Doi("10.5072/hf/0001"),
    title="}{ \\input{x} my_model_100%_#1 $x^2$ ~^ <b> | \" ' ` -- ``''",
    authors=(Author("King Jr., Ada", "person", family="King Jr.", given="Ada"), Author("A and B")),
    year=2026,
    created=datetime(2026, 1, 2, tzinfo=UTC),
)


def same(text: str) -> str:
    """What cannot be told apart once it has been through LaTeX: the forms of one letter, and ˆ."""
    import unicodedata

    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", text).replace("ˆ", "^")).strip()


def names(version: Version) -> list[str]:
    return [
        f"{author.family} | {author.given}" if author.given else author.family or author.name
        for author in version.authors
    ]


def bib_fields(text: str) -> dict[str, str | list[str]]:
    library = bibtexparser.entrypoint.parse_string(
        text,
        parse_stack=[
            middlewares.RemoveEnclosingMiddleware(),
            middlewares.SeparateCoAuthors(),
            middlewares.SplitNameParts(),
        ],
    )
    assert not library.failed_blocks, text
    (entry,) = library.entries
    decode = middlewares.LatexDecodingMiddleware()._decoder.latex_to_text
    found = {field.key: field.value for field in entry.fields}
    people = []
    for name in found.pop("author"):
        family = decode(" ".join([*name.von, *name.last]))
        jr = decode(" ".join(name.jr))
        given_ = decode(" ".join(name.first))
        family = f"{family} {jr}".strip()
        people.append(same(f"{family} | {given_}" if given_ else family))
    return {key: same(decode(value)) for key, value in found.items()} | {"people": people}


@given(VERSIONS)
@example(NASTY)
def test_bibtex_says_the_same(version: Version) -> None:
    found = bib_fields(str(cite(version, "bibtex")))
    assert found["doi"] == version.doi.name
    assert found["title"] == same(version.title)
    assert found["year"] == str(version.year)
    assert found["people"] == [same(name) for name in names(version)]


@given(VERSIONS)
@example(NASTY)
def test_biblatex_says_the_same(version: Version) -> None:
    found = bib_fields(str(cite(version, "biblatex")))
    assert found["doi"] == version.doi.name
    assert found["title"] == same(version.title)
    assert found["date"] == version.created.date().isoformat()
    assert found["people"] == [same(name) for name in names(version)]


@given(VERSIONS)
@example(NASTY)
def test_ris_says_the_same(version: Version) -> None:
    (found,) = rispy.loads(str(cite(version, "ris")))
    assert found["doi"] == version.doi.name
    assert found["title"] == version.title
    assert found["year"] == str(version.year)
    people = []
    for name in found["authors"]:
        family, _, rest = name.partition(", ")
        given, comma, suffix = rest.partition(", ")
        family = f"{family} {suffix}" if comma else family
        people.append(f"{family} | {given}" if given else family)
    # A reader takes every name apart at its comma: that of an organisation has none.
    assert people == [" ".join(name.replace(",", " ").split()) for name in names(version)]


@given(VERSIONS)
@example(NASTY)
def test_csl_json_says_the_same(version: Version) -> None:
    (found,) = json.loads(str(cite(version, "csl-json")))
    assert found["DOI"] == version.doi.name
    assert found["title"] == version.title
    assert found["issued"]["date-parts"][0][0] == version.year
    people = []
    for name in found["author"]:
        family = " ".join(filter(None, (name.get("family"), name.get("suffix"))))
        people.append(
            f"{family} | {name['given']}" if "given" in name else name.get("literal", family)
        )
    assert people == names(version)


@given(VERSIONS)
@example(NASTY)
def test_cff_says_the_same(version: Version) -> None:
    found = yaml.safe_load(str(cite(version, "cff")))
    assert found["doi"] == version.doi.name
    assert found["title"] == version.title
    assert found["date-released"] == version.created.date().isoformat()
    people = []
    for name in found["authors"]:
        family = " ".join(filter(None, (name.get("family-names"), name.get("name-suffix"))))
        people.append(f"{family} | {name['given-names']}" if family else name["name"])
    # The schema of CFF takes no author twice.
    assert people == list(dict.fromkeys(names(version)))
