"""Several statements of rights: read, kept, and written in every format that has a place for them."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
import yaml
from datacite import schema45
from lxml import etree

from hubdoi.citation import cite
from hubdoi.datacite.json_record import attributes
from hubdoi.datacite.reader import version_from
from hubdoi.records import Repo, Version
from hubdoi.records.rights import Access, Rights, access_of, access_statements, licenses_of
from hubdoi.records.spdx import spdx_identifier

from .test_reader import SCHEMAS

OPEN = "info:eu-repo/semantics/openAccess"
STATED = [
    {"rights": "Open Access", "rightsUri": OPEN},
    {
        "rights": "Creative Commons Attribution 4.0 International",
        "rightsUri": "https://creativecommons.org/licenses/by/4.0/legalcode",
        "rightsIdentifier": "cc-by-4.0",
    },
    {"rights": "The code: MIT License", "rightsIdentifier": "MIT"},
    {"rights": "The images", "rightsUri": "https://example.org/images"},
]


@pytest.fixture(scope="module")
def version() -> Version:
    return version_from(
        {
            "doi": "10.1234/x",
            "titles": [{"title": "x"}],
            "creators": [{"name": "Lovelace, Ada", "nameType": "Personal"}],
            "publisher": "Taylor",
            "rightsList": STATED,
            "publicationYear": 2024,
            "types": {"resourceTypeGeneral": "Dataset"},
        }
    )


def test_every_statement_is_read(version: Version) -> None:
    assert version.license == "CC-BY-4.0"
    assert version.license_url == "https://creativecommons.org/licenses/by/4.0/legalcode"
    assert version.rights == (
        Rights("Open Access", OPEN),
        Rights("The code: MIT License", "", "MIT"),
        Rights("The images", "https://example.org/images"),
    )
    assert Version.from_json(version.to_json()) == version


def test_every_statement_is_written_and_read_again(version: Version) -> None:
    written = json.loads(str(cite(version, "datacite-json")))
    assert [entry.get("rightsIdentifier") for entry in written["rightsList"]] == [
        "CC-BY-4.0", None, "MIT", None,
    ]  # fmt: skip
    assert written["rightsList"][1]["rightsUri"] == OPEN
    schema45.validator.validate(written)
    document = etree.fromstring(str(cite(version, "datacite-xml")).encode())
    etree.XMLSchema(etree.parse(str(SCHEMAS / "datacite-4.7.xsd"))).assertValid(document)
    assert len(document.findall(".//{*}rights")) == 4
    again = version_from(written)
    assert again.licenses[0] == version.licenses[0]
    assert again.replace(rights=()) == version.replace(rights=())
    assert attributes(again)["rightsList"] == written["rightsList"]


def test_the_other_formats_have_every_licence(version: Version) -> None:
    schema = json.loads((SCHEMAS / "cff-1.2.0.json").read_text(encoding="utf-8"))
    document = yaml.safe_load(str(cite(version, "cff")))
    jsonschema.validate(document, schema)
    assert document["license"] == ["CC-BY-4.0", "MIT"]
    assert json.loads(str(cite(version, "schema.org")))["license"] == [
        "https://creativecommons.org/licenses/by/4.0/legalcode",
        "https://spdx.org/licenses/MIT.html",
        "https://example.org/images",
    ]
    (item,) = json.loads(str(cite(version, "zotero")))["items"]
    assert item["rights"].startswith("CC-BY-4.0; Open Access; The code: MIT License")
    own = version.replace(license="Own", license_url="https://example.org/own", rights=())
    document = yaml.safe_load(str(cite(own, "cff")))
    jsonschema.validate(document, schema)
    assert "license" not in document and document["license-url"] == "https://example.org/own"


def test_who_may_see_a_work_is_no_licence() -> None:
    record = {"doi": "10.1234/x", "rightsList": [{"rights": "Open Access", "rightsUri": OPEN}]}
    version = version_from(record)
    assert version.license is None and version.rights == (Rights("Open Access", OPEN),)


def test_a_link_of_a_known_licence_is_a_licence_of_its_own() -> None:
    version = version_from(
        {
            "doi": "10.1234/x",
            "rightsList": [
                {"rights": "Own"},
                {"rightsUri": "https://spdx.org/licenses/MIT.html"},
            ],
        }
    )
    assert (version.license, version.license_url) == ("MIT", None)
    assert version.rights == (Rights("Own"),)


@pytest.mark.parametrize(
    ("word", "title"),
    [
        ("apache-2.0", "Apache License 2.0"),
        ("CC-BY-NC-SA-4.0", "Creative Commons Attribution Non Commercial Share Alike 4.0 International"),
        ("odbl", "Open Data Commons Open Database License v1.0"),
        # It may mean "only" or "or later": the title takes no side.
        ("gpl-3.0", "GNU General Public License v3.0"),
        ("gpl-3.0-or-later", "GNU General Public License v3.0 or later"),
        ("gemma", "gemma"),
    ],
)  # fmt: skip
def test_the_complete_title_of_a_licence_is_registered(word: str, title: str) -> None:
    version = Version.from_parts(doi="10.1234/x", title="x", license=word)
    (written,) = attributes(version)["rightsList"]
    assert written["rights"] == title
    again = version_from({"doi": "10.1234/x", "rightsList": [written]})
    assert again.license == (spdx_identifier(word) or word)
    # Records that have the title alone mean the same licence.
    assert version_from({"doi": "10.1234/x", "rightsList": [{"rights": title}]}).license == (
        again.license
    )


@pytest.mark.parametrize(
    ("card", "found"),
    [
        ({"license": "mit"}, (Rights("mit"),)),
        ({"license": ["mit", "cc-by-4.0", "mit"]}, (Rights("mit"), Rights("cc-by-4.0"))),
        (
            {"license": "other", "license_name": "ours", "license_link": "LICENSE"},
            (Rights("ours", "LICENSE"),),
        ),
        ({"license": "other"}, (Rights("other"),)),
        ({"license": {"a": 1}}, ()),
        ({"license": [None, 7, ""]}, (Rights("7"),)),
    ],
)
def test_a_card_names_licences(card: dict[str, Any], found: tuple[Rights, ...]) -> None:
    assert licenses_of(card) == found


@pytest.mark.parametrize(
    ("link", "page"),
    [
        ("LICENSE", "https://huggingface.co/ada/x/blob/1234567/LICENSE"),
        ("./legal/Our terms.md", "https://huggingface.co/ada/x/blob/1234567/legal/Our%20terms.md"),
        ("https://example.org/terms", "https://example.org/terms"),
        ("../../other/LICENSE", None),
        ("/etc/passwd", None),
        ("javascript:alert(1)", None),
    ],
)
def test_the_file_of_a_licence_is_at_its_revision(link: str, page: str | None) -> None:
    repo = Repo("model", "ada/x")
    version = Version.from_parts(
        repo=repo, revision="1234567", title="x", license="ours", license_url=link
    )
    assert json.loads(str(cite(version, "schema.org"))).get("license") == page
    found = attributes(version)["rightsList"]
    assert found == [{"rights": "ours"} | ({"rightsUri": page} if page else {})]


RESTRICTED = {
    "rights": "restricted access",
    "rightsUri": "http://purl.org/coar/access_right/c_16ec",
    "rightsIdentifier": "c_16ec",
    "rightsIdentifierScheme": "COAR Access Rights",
    "schemeUri": "http://purl.org/coar/access_right/",
}


@pytest.mark.parametrize(
    ("access", "sentence", "is_free"),
    [
        ("automatic", "it is granted automatically", True),
        # Whether the owner asks for money, nobody knows.
        ("manual", "the owner decides on each request", None),
    ],
)
@pytest.mark.parametrize("license", [None, "cc-by-4.0"])
def test_a_gate_is_in_the_record(
    access: Access, sentence: str, is_free: bool | None, license: str | None
) -> None:
    version = Version.from_parts(
        doi="10.1234/x",
        repo="datasets/ada/notes",
        revision="c" * 40,
        authors=["Lovelace, Ada"],
        year=2026,
        license=license,
        rights=access_statements(access),
    )
    assert access_of(version.rights) == access and len(version.access) == 2
    written = json.loads(str(cite(version, "datacite-json")))
    schema45.validator.validate(written)
    stated = written["rightsList"]
    assert stated[-2] == RESTRICTED
    assert sentence in stated[-1]["rights"] and len(stated[-1]) == 1
    document = etree.fromstring(str(cite(version, "datacite-xml")).encode())
    etree.XMLSchema(etree.parse(str(SCHEMAS / "datacite-4.7.xsd"))).assertValid(document)
    again = version_from(written)
    assert (again.license, again.rights) == (license and "CC-BY-4.0", version.rights)
    # It is no licence: formats that have a place for those only do not name it.
    assert [one.spdx for one in version.licenses] == (["CC-BY-4.0"] if license else [])
    thing = json.loads(str(cite(version, "schema.org")))
    assert thing.get("license") == (license and "https://creativecommons.org/licenses/by/4.0/")
    assert thing.get("isAccessibleForFree") is is_free
    assert sentence in thing["conditionsOfAccess"]
    assert "purl.org" not in str(cite(version, "cff"))
    (item,) = json.loads(str(cite(version, "zotero")))["items"]
    assert "restricted access; Access requires an account" in item["rights"]


@pytest.mark.parametrize(
    "url",
    [
        "http://purl.org/coar/access_right/c_abf2",
        "https://purl.org/coar/access_right/c_abf2/",
        "info:eu-repo/semantics/openAccess",
    ],
)
def test_a_term_of_an_access_vocabulary_is_no_licence(url: str) -> None:
    stated = [{"rights": "open access", "rightsUri": url}, {"rights": "MIT"}]
    version = version_from({"doi": "10.1234/x", "rightsList": stated})
    assert version.license == "MIT" and [one.line for one in version.licenses] == ["MIT"]
    assert attributes(version)["rightsList"][1] == stated[0]
    thing = json.loads(str(cite(version, "schema.org")))
    assert thing["license"].endswith("MIT.html") and thing["conditionsOfAccess"] == "open access"


def test_a_repository_without_a_gate_states_nothing() -> None:
    assert access_statements("open") == access_statements(None) == ()
    assert access_of(()) == access_of([Rights("MIT")]) == "open"
    assert access_of([Rights("closed", "info:eu-repo/semantics/closedAccess")]) is None


@pytest.mark.parametrize(
    ("word", "page"),
    [
        ("cc-by-4.0", "https://creativecommons.org/licenses/by/4.0/"),
        ("cc-by-nc-sa-3.0", "https://creativecommons.org/licenses/by-nc-sa/3.0/"),
        ("cc0-1.0", "https://creativecommons.org/publicdomain/zero/1.0/"),
        ("apache-2.0", "https://spdx.org/licenses/Apache-2.0.html"),
    ],
)
def test_a_licence_of_creative_commons_has_its_own_uri(word: str, page: str) -> None:
    version = Version.from_parts(doi="10.1234/x", title="x", license=word)
    (written,) = attributes(version)["rightsList"]
    assert written["rightsUri"] == page
    again = version_from({"doi": "10.1234/x", "rightsList": [written]})
    assert (again.license, again.license_url) == (spdx_identifier(word), None)
    assert json.loads(str(cite(version, "schema.org")))["license"] == page
    (item,) = json.loads(str(cite(version, "zotero")))["items"]
    assert item["rights"] == spdx_identifier(word)
