from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from datacite import schema45
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from hubdoi.citation import FORMATS, cite
from hubdoi.datacite.json_record import attributes
from hubdoi.datacite.reader import version_from
from hubdoi.records import Author, Doi, Related, Repo, Version
from hubdoi.records.container import Container
from hubdoi.records.dated import Dated
from hubdoi.records.errors import UnexpectedAnswer
from hubdoi.records.spdx import spdx_identifier
from hubdoi.records.title import Title

RECORDS: dict[str, Any] = {
    doi: record["data"]["attributes"]
    for doi, record in json.loads(
        (Path(__file__).parents[1] / "data" / "datacite-records.json").read_text(encoding="utf-8")
    ).items()
}
SCHEMAS = Path(__file__).parents[1] / "data" / "schemas"
REVISION = "909a290700000000000000000000000000000000"


def read(**changes: Any) -> Version:
    return version_from({"doi": "10.57967/hf/0039", **changes})


@pytest.mark.parametrize("doi", sorted(RECORDS))
def test_real_records_are_read_and_cited_in_every_format(doi: str) -> None:
    version = version_from(RECORDS[doi])
    assert version.doi == Doi(doi)
    assert version.title and version.authors and version.publisher
    for name in FORMATS:
        assert str(cite(version, name)).strip()


def test_real_records_say_what_they_say() -> None:
    read_ = {doi: version_from(record) for doi, record in RECORDS.items()}
    thai = read_["10.14457/kmitl.res.2006.17"]
    assert thai.year == 2549 and thai.created is None
    bath = read_["10.15125/bath-00114"]
    assert bath.authors[0].type == "person" and bath.authors[0].orcid == "0000-0001-8740-8284"
    assert bath.created is None, "the record knows the year of publication only"
    many = read_["10.5063/f1m61h5x"].authors
    assert len(many) == 1 and many[0].type is None and "Slaughter, Peter;" in many[0].name
    assert read_["10.26301/jgf3-jm06"].authors == (Author("CyArk", "organization"),)
    lab = read_["10.5281/zenodo.2598836"]
    assert lab.authors[0].type == "organization" and lab.version == "1.0.0"
    swedish = read_["10.5878/xyad-9f70"]
    assert swedish.title.startswith("Personality traits")
    assert swedish.license == "CC-BY-4.0"
    assert swedish.previous == Doi("10.5878/h91g-ra16")
    assert read_["10.5061/dryad.8515"].license == "CC0-1.0"
    paid = {entry.identifier_type for version in read_.values() for entry in version.funding}
    assert "Crossref Funder ID" in paid
    roles = {entry.type for version in read_.values() for entry in version.contributors}
    assert "RightsHolder" in roles


@pytest.mark.parametrize("doi", sorted(RECORDS))
def test_contributors_and_funding_are_written_as_they_were_read(doi: str) -> None:
    version = version_from(RECORDS[doi])
    again = version_from(attributes(version))
    assert again.contributors == version.contributors
    assert again.funding == tuple(dict.fromkeys(version.funding))


def test_a_record_of_the_hub_names_repository_and_revision() -> None:
    version = read(
        url="https://huggingface.co/openai-community/gpt2",
        titles=[{"title": "gpt2 (Revision 909a290)"}],
        creators=[{"name": "HF Canonical Model Maintainers"}],
        publisher="Hugging Face",
        publicationYear=2022,
        registered="2022-12-06T10:11:12.000Z",
        dates=[{"date": "2022", "dateType": "Issued"}],
    )
    assert version.repo == Repo("model", "openai-community/gpt2")
    assert version.revision == "909a290"
    assert version.url == "https://huggingface.co/openai-community/gpt2"
    assert version.endpoint is None
    assert version.created is not None and version.created.year == 2022
    assert version.authors[0].type == "organization"


@pytest.mark.parametrize(
    ("changes", "revision"),
    [
        ({"url": f"https://huggingface.co/a/b/tree/{REVISION}", "version": "1.0"}, REVISION),
        (
            {
                "url": "https://huggingface.co/a/b",
                "alternateIdentifiers": [
                    {"alternateIdentifier": REVISION, "alternateIdentifierType": "Git commit"}
                ],
                "version": "1234567",
            },
            REVISION,
        ),
        ({"url": "https://huggingface.co/a/b", "version": "909A290"}, "909a290"),
        ({"url": "https://huggingface.co/a/b", "titles": [{"title": "b (Revision 909a290)"}]}, "909a290"),
        ({"url": "https://huggingface.co/a/b/tree/main", "version": "v1"}, None),
        ({"url": "https://zenodo.org/1", "version": "1234567"}, None),
    ],
)  # fmt: skip
def test_the_most_exact_revision_wins(changes: dict[str, Any], revision: str | None) -> None:
    assert read(**changes).revision == revision


def test_a_whole_answer_is_read_too() -> None:
    answer = {
        "data": {"id": "10.57967/hf/1", "attributes": {"doi": "10.57967/hf/1", "publisher": "x"}}
    }
    assert version_from(answer).publisher == "x"
    assert version_from(answer["data"]).publisher == "x"


def test_a_record_of_the_sandbox_knows_its_hub() -> None:
    version = read(url=f"http://127.0.0.1:41233/datasets/ada/notes/tree/{REVISION}")
    assert version.repo == Repo("dataset", "ada/notes")
    assert version.endpoint == "http://127.0.0.1:41233"
    assert version.url == "http://127.0.0.1:41233/datasets/ada/notes"
    assert version.landing_url == f"http://127.0.0.1:41233/datasets/ada/notes/tree/{REVISION}"


def test_markup_is_read_as_what_it_means() -> None:
    version = read(
        titles=[{"title": "<i>E. coli</i> &amp; H<sub>2</sub>O, 1 < 2 <unk> &notanentity"}],
        descriptions=[
            {
                "description": "<p>One<br/>two</p><p>three &lt;b&gt;</p>",
                "descriptionType": "Abstract",
            }
        ],
    )
    assert version.title == "E. coli & H2O, 1 < 2 <unk> &notanentity"
    assert version.description == "One\ntwo\n\nthree <b>"


def test_persons_and_organisations_are_told_apart_r05() -> None:
    authors = read(
        creators=[
            {"name": "Lovelace, Ada", "nameType": "Personal"},
            {"name": "Grace Hopper", "givenName": "Grace", "familyName": "Hopper"},
            {"name": "Analytical Engine", "nameType": "Organizational"},
            {"name": "jeevan"},
            {"givenName": "Alan", "familyName": "Turing", "nameType": "Personal"},
            {"name": "", "nameType": "Personal"},
            {"nameType": "Personal"},
            None,
            7,
            "Ollomo, Benjamin",
            {
                "name": "Barbara Liskov",
                "nameIdentifiers": [
                    {"nameIdentifier": "0000-0002-1825-0097", "nameIdentifierScheme": "ORCID"}
                ],
                "affiliation": [
                    {"name": "MIT", "affiliationIdentifier": "https://ror.org/042nb2s44"}
                ],
            },
        ]
    ).authors
    assert [(author.name, author.type) for author in authors] == [
        ("Lovelace, Ada", "person"),
        ("Grace Hopper", "person"),
        ("Analytical Engine", "organization"),
        ("jeevan", None),
        ("Turing, Alan", "person"),
        ("Ollomo, Benjamin", "person"),
        ("Barbara Liskov", "person"),
    ]
    assert authors[0].family == "Lovelace" and authors[0].given == "Ada"
    assert authors[-1].orcid == "0000-0002-1825-0097"
    assert authors[-1].affiliation == "MIT" and authors[-1].ror == "042nb2s44"


def test_a_thousand_creators_and_a_very_long_name() -> None:
    creators = [{"name": f"Family{n}, Given", "nameType": "Personal"} for n in range(1000)]
    creators.append({"name": "; ".join(f"Family{n}, Given" for n in range(100))})
    authors = read(creators=creators).authors
    assert len(authors) == 1001
    assert len(authors[-1].name) <= 500 and authors[-1].name.endswith(" …")
    assert authors[-1].type is None
    assert "et al." in str(cite(read(creators=creators), "text"))


@pytest.mark.parametrize("publisher", ["Zenodo", {"name": "Zenodo"}, {"name": " Zenodo "}])
def test_a_publisher_is_text_or_an_object(publisher: Any) -> None:
    assert read(publisher=publisher).publisher == "Zenodo"


def test_versions_are_linked_both_ways_r07() -> None:
    version = read(
        relatedIdentifiers=[
            {
                "relationType": "IsNewVersionOf",
                "relatedIdentifier": "https://doi.org/10.57967/hf/0001",
                "relatedIdentifierType": "DOI",
            },
            {
                "relationType": "IsPreviousVersionOf",
                "relatedIdentifier": "10.57967/hf/0003",
                "relatedIdentifierType": "DOI",
            },
            {
                "relationType": "Cites",
                "relatedIdentifier": "2101.1",
                "relatedIdentifierType": "arXiv",
            },
        ]
    )
    assert version.previous == Doi("10.57967/hf/0001")
    assert version.next == Doi("10.57967/hf/0003")
    assert version.state == "outdated"
    assert version.related == (Related("Cites", "2101.1", "arXiv"),)


@pytest.mark.parametrize(
    "answer", [None, [], "10.1/a", {}, {"doi": None}, {"doi": "x"}, {"doi": 7}]
)
def test_what_is_no_record_is_said_to_be_none(answer: Any) -> None:
    with pytest.raises(UnexpectedAnswer):
        version_from(answer)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
FIELDS = sorted(set().union(*(record.keys() for record in RECORDS.values())) - {"doi", "id"})
MEMBERS = (
    "name nameType givenName familyName affiliation nameIdentifiers nameIdentifier title titleType "
    "description descriptionType date dateType relationType relatedIdentifier relatedIdentifierType "
    "resourceTypeGeneral rights rightsIdentifier"
).split()


@given(
    st.dictionaries(
        st.sampled_from(FIELDS),
        JUNK | st.lists(st.dictionaries(st.sampled_from(MEMBERS), JUNK, max_size=4), max_size=3),
    )
)
def test_no_record_crashes_the_reader_or_a_format(record: dict[str, Any]) -> None:
    version = version_from({**record, "doi": "10.1234/abc"})
    for name in FORMATS:
        str(cite(version, name))


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=30)


@given(
    title=TEXT.filter(lambda text: "&" not in text and "<" not in text),
    names=st.lists(TEXT.filter(lambda text: "&" not in text and "," not in text), max_size=3),
    publisher=TEXT,
    revision=st.text("0123456789abcdef", min_size=40, max_size=40),
    license=st.sampled_from([None, "apache-2.0", "MIT", "llama3", "CC-BY-4.0"]),
)
def test_what_is_registered_is_read_back_r04(
    title: str, names: list[str], publisher: str, revision: str, license: str | None
) -> None:
    version = Version.from_parts(
        doi="10.5072/hf/0002",
        repo="datasets/ada/notes",
        revision=revision,
        title=title,
        authors=[
            Author.person(
                "Lovelace, Ada", orcid="0000-0002-1825-0097", affiliation="A", ror="05a28rw58"
            ),
            Author("Analytical Engine", "organization", ror="05a28rw58"),
            *(Author(name) for name in names),
        ],
        publisher=publisher,
        created="2026-11-23T10:20:30Z",
        description="One.\n\nTwo.",
        license=license,
        previous="10.5072/hf/0001",
        next="10.5072/hf/0003",
        formats=["text/csv"],
        sizes=["3 bytes"],
        related=[Related("IsDerivedFrom", "10.57967/hf/0039", "DOI")],
    )
    again = version_from(json.loads(json.dumps(attributes(version))))
    # A licence on the SPDX list comes back as its identifier there, however the card spells it.
    expected = version.replace(authors=(), license=spdx_identifier(license) or license)
    assert again.replace(state=None, authors=()) == expected
    assert again.authors[:2] == version.authors[:2]
    assert [author.name for author in again.authors] == [author.name for author in version.authors]


ARTICLE = {
    "doi": "10.1234/article",
    "titles": [
        {"title": "On Engines", "lang": "en"},
        {"title": "Über Maschinen", "titleType": "TranslatedTitle", "lang": "de"},
    ],
    "creators": [{"name": "Lovelace, Ada", "nameType": "Personal"}],
    "publisher": {"name": "Taylor", "publisherIdentifier": "https://ror.org/05a28rw58"},
    "publicationYear": "0000",
    "language": "zxx",
    "types": {"resourceTypeGeneral": "Text", "resourceType": "Research note",
              "citeproc": "article-journal", "bibtex": "article"},
    "container": {"type": "Journal", "title": "Memoirs", "volume": "3", "issue": "2",
                  "firstPage": "666", "lastPage": "731", "identifier": "1234-5678",
                  "identifierType": "ISSN"},
    "relatedItems": [
        {"relationType": "References", "titles": [{"title": "Memoirs"}], "edition": "9"},
        {"relationType": "IsPublishedIn", "relatedItemType": "Journal", "number": "e29",
         "numberType": "Article", "titles": [{"title": "Memoirs"}], "edition": "2nd"},
    ],
    "dates": [{"date": "1842/1843", "dateType": "Collected", "dateInformation": "in Turin"},
              {"date": "1843", "dateType": "Issued"}],
    "rightsList": [{"rights": "Own licence", "rightsUri": "https://example.org/licence"}],
    "subjects": [{"subject": "engines"}, "notes"],
    "relatedIdentifiers": [{"relationType": "Other", "relatedIdentifier": "10.1/x",
                            "relatedIdentifierType": "DOI", "relationTypeInformation": "made with"}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("statements", "license", "page"),
    [
        (
            [{"rights": "Open Access"}, {"rights": "Own", "rightsUri": "https://example.org/own"}],
            "Own",
            "https://example.org/own",
        ),
        (
            [{"rights": "Own"}, {"rightsUri": "https://example.org/own"}],
            "Own",
            "https://example.org/own",
        ),
        (
            [
                {"rights": "Open Access", "rightsUri": "https://example.org/open"},
                {"rights": "MIT License", "rightsIdentifier": "MIT"},
            ],
            "MIT",
            None,
        ),
        (["Own licence", None], "Own licence", None),
        (
            [{"rightsUri": "https://creativecommons.org/licenses/by-sa/4.0/legalcode"}],
            "CC-BY-SA-4.0",
            "https://creativecommons.org/licenses/by-sa/4.0/legalcode",
        ),
        (
            [
                {
                    "rights": "Some rights",
                    "rightsUri": "http://creativecommons.org/licenses/by/3.0/de/",
                }
            ],
            "Some rights",
            "http://creativecommons.org/licenses/by/3.0/de/",
        ),
        ([{"rightsUri": "https://spdx.org/licenses/MIT.html"}], "MIT", None),
        (
            [{"rights": "CC0", "rightsUri": "http://creativecommons.org/publicdomain/zero/1.0/"}],
            "CC0-1.0",
            "http://creativecommons.org/publicdomain/zero/1.0/",
        ),
    ],
)
def test_the_name_and_the_page_of_a_licence_come_from_one_statement(
    statements: list[object], license: str, page: str | None
) -> None:
    version = version_from({"doi": "10.1234/x", "rightsList": statements})
    assert (version.license, version.license_url) == (license, page)


def test_nothing_that_a_citation_needs_is_lost() -> None:
    version = version_from(ARTICLE)
    assert version.license_url == "https://example.org/licence"
    assert version.container == Container(
        "Memoirs", "3", "2", "666", "731", "2nd", "e29", "1234-5678", "ISSN"
    )
    assert (version.title_language, version.specific_type) == ("en", "Research note")
    assert version.titles == (Title("Über Maschinen", "TranslatedTitle", "de"),)
    assert version.dates[0] == Dated("1842/1843", "Collected", "in Turin")
    assert version.subjects == ("engines", "notes") and version.publisher_ror == "05a28rw58"
    assert version.language is None and version.year == 1843
    assert version.related[0].information == "made with"
    assert Version.from_json(version.to_json()) == version
    again = version_from(json.loads(str(cite(version, "datacite-json"))))
    assert again.replace(csl_type=None) == version.replace(csl_type=None)
    schema45.validator.validate(json.loads(str(cite(version.replace(related=()), "datacite-json"))))
    document = etree.fromstring(str(cite(version, "datacite-xml")).encode())
    etree.XMLSchema(etree.parse(str(SCHEMAS / "datacite-4.7.xsd"))).assertValid(document)
    names = {"d": "http://datacite.org/schema/kernel-4"}
    said = ("//d:titles/d:title[1]/@xml:lang", "//d:date[1]/@dateInformation", "//d:number")
    assert [document.xpath(f"string({path})", namespaces=names) for path in said] == [
        "en", "in Turin", "e29",
    ]  # fmt: skip


def test_an_article_is_an_article_in_every_format() -> None:
    version = version_from(ARTICLE)
    bibtex, biblatex = str(cite(version)), str(cite(version, "biblatex"))
    assert bibtex.startswith("@article{") and biblatex.startswith("@article{")
    for text in ("journal   = {Memoirs}", "volume    = {3}", "number    = {2}", "{666--731}"):
        assert text in bibtex, bibtex
    assert "journaltitle = {Memoirs}" in biblatex and "{666--731}" in biblatex
    ris = str(cite(version, "ris"))
    assert ris.startswith("TY  - JOUR") and "T2  - Memoirs" in ris and "SP  - 666" in ris
    (item,) = json.loads(str(cite(version, "csl-json")))
    assert item["type"] == "article-journal" and item["page"] == "666-731"
    assert item["container-title"] == "Memoirs" and "URL" not in item
    assert (item["number"], item["ISSN"], item["language"]) == ("e29", "1234-5678", "en")
    assert "eid" in biblatex and "C7  - e29" in ris and "SN  - 1234-5678" in ris
    short = version.replace(container=Container("Memoirs", number="e29"))
    assert "pages     = {e29}" in str(cite(short))
    thesis = version.replace(csl_type="thesis", container=None)
    assert str(cite(thesis)).startswith("@phdthesis{") and "school" in str(cite(thesis))
    assert "institution" in str(cite(thesis, "biblatex"))
    bare = version.replace(container=None)
    assert str(cite(bare)).startswith("@misc{"), (
        "an article without a journal lacks what it requires"
    )


def test_a_thesis_is_called_what_it_calls_itself() -> None:
    thesis = read(
        titles=[{"title": "On Engines"}],
        creators=[{"name": "Lovelace, Ada", "nameType": "Personal"}],
        publisher="Taylor",
        types={"resourceTypeGeneral": "Text", "resourceType": "Master's Thesis"},
        dates=[{"date": "2020-05", "dateType": "Available"}],
    )
    assert thesis.year == 2020
    assert str(cite(thesis)).startswith("@mastersthesis{")
    assert "{Master's Thesis}" in str(cite(thesis))
    assert "{mathesis}" in str(cite(thesis, "biblatex"))
    (item,) = json.loads(str(cite(thesis, "csl-json")))
    assert (item["type"], item["genre"]) == ("thesis", "Master's Thesis")
    assert json.loads(str(cite(thesis, "datacite-json")))["types"]["resourceType"] == (
        "Master's Thesis"
    )
    assert (
        read(
            types={"resourceTypeGeneral": "Model", "resourceType": "Machine learning model"}
        ).specific_type
        == ""
    )


@pytest.mark.parametrize("code", [":unav", "(:unav)", ":(unav)", "(:UNKN)", ":none", "(:tba)"])
def test_a_code_for_no_value_is_no_name(code: str) -> None:
    nobody = read(
        titles=[{"title": code}],
        publisher=code,
        creators=[{"name": code, "nameType": "Personal"}],
        types={"resourceTypeGeneral": "Other"},
    )
    assert (nobody.title, nobody.publisher, nobody.authors) == ("", "", ())
    written = attributes(nobody)
    assert written["creators"] == [{"name": ":unav"}] and version_from(written) == nobody
    assert read(publisher="None").publisher == "None"


@pytest.mark.parametrize("format", sorted(set(FORMATS) - {"datacite-json", "datacite-xml"}))
def test_an_unknown_year_is_left_out(format: str) -> None:
    unknown = read(
        titles=[{"title": "On Engines"}], publicationYear="0000",
        dates=[{"date": "0000", "dateType": "Issued"}],
    )  # fmt: skip
    assert unknown.year is None
    assert "0000" not in str(cite(unknown, format))


@pytest.mark.parametrize("description", [None, "A small model.", "Languages: none to speak of"])
def test_all_languages_of_a_work_are_in_its_record(description: str | None) -> None:
    version = Version.from_parts(
        doi="10.5072/hf/0001",
        repo="datasets/ada/notes",
        revision="c" * 40,
        authors=["Lovelace, Ada"],
        year=2026,
        description=description,
        language="mul",
        languages=["en", "pt-BR", "Klingon"],
    )
    written = json.loads(str(cite(version, "datacite-json")))
    schema45.validator.validate(written)
    assert written["language"] == "mul"
    assert written["descriptions"][-1] == {
        "description": "Languages: en, pt-BR, Klingon",
        "descriptionType": "Other",
    }
    # A language is not what the work is about.
    assert "subjects" not in written
    document = etree.fromstring(str(cite(version, "datacite-xml")).encode())
    etree.XMLSchema(etree.parse(str(SCHEMAS / "datacite-4.7.xsd"))).assertValid(document)
    again = version_from(written)
    assert again.languages == version.languages and again.description == description
    assert Version.from_json(version.to_json()) == version
    assert json.loads(str(cite(version, "schema.org")))["inLanguage"] == ["en", "pt-BR", "Klingon"]
    assert "LA  - en; pt-BR; Klingon" in str(cite(version, "ris"))
    (item,) = json.loads(str(cite(version, "zotero")))["items"]
    assert item["language"] == "en; pt-BR; Klingon"


def test_a_single_language_is_said_once() -> None:
    version = Version.from_parts(doi="10.1234/x", title="x", language="en")
    assert attributes(version)["language"] == "en" and "descriptions" not in attributes(version)


def test_a_resource_is_created_before_its_doi_is_issued() -> None:
    version = Version.from_parts(
        doi="10.5072/hf/0001",
        repo="ada/tiny-bert",
        revision="c" * 40,
        created="2026-11-23T10:00:00Z",
        dates=[Dated("2024-05-01T08:00:00Z", "Created")],
    )
    dates = {one["dateType"]: one["date"] for one in attributes(version)["dates"]}
    assert dates == {"Created": "2024-05-01T08:00:00Z", "Issued": "2026-11-23T10:00:00Z"}
    again = version_from(attributes(version))
    assert (again.created, again.dates) == (version.created, version.dates)
    # A record of the Hub that knows the year alone is given no day on which the work was made.
    year = [{"date": "2022", "dateType": "Issued"}]
    real = read(url="https://huggingface.co/gpt2", dates=year, registered="2022-10-01T00:00:00Z")
    assert real.repo and attributes(real)["dates"] == year
