"""The exports, read back by the libraries and schemas of their formats."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cyclonedx.schema
import httpx
import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from rocrate.rocrate import ROCrate

from hubdoi import Client
from hubdoi.bibliography import uses
from hubdoi.bibliography.exports import FORMATS, export
from hubdoi.bibliography.exports.export import Export
from hubdoi.provenance.use import Unclear, Use, Uses
from hubdoi.records import Author, Repo
from hubdoi.records.errors import InvalidInput
from hubdoi.records.spdx import _BY_WORD
from hubdoi.sandbox import Sandbox

AT = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
LICENSE = "CC-BY-4.0"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Ada, whose model has changed since its DOI, and whose dataset has one too."""
    with pytest.MonkeyPatch.context() as patch, Sandbox(clock="2026-11-23T09:00:00Z") as sandbox:
        for name in ("HUBDOI_DATA", "HUBDOI_CACHE", "HF_HOME"):
            patch.setenv(name, str(tmp_path_factory.mktemp("home")))
        client = Client(endpoint=sandbox.endpoint, token=sandbox.users["ada"])
        authors = [Author("Lovelace, Ada"), Author("Foo <script> & Söhne, AG")]
        for name in ("ada/tiny-bert", "datasets/ada/notes"):
            client.mint(name, agree=client.terms(name), authors=authors)
        client.hf_api().upload_file(
            path_or_fileobj=b"more", path_in_repo="more.txt", repo_id="ada/tiny-bert"
        )
        yield client


@pytest.fixture(scope="module")
def commits(client: Client) -> dict[str, str]:
    """The commit of each DOI, and the latest one of the model."""
    model = client.status("ada/tiny-bert")
    return {
        "model": model.version.revision,
        "latest": model.head,
        "dataset": client.status("datasets/ada/notes").version.revision,
    }


@pytest.fixture
def notebook(tmp_path: Path, commits: dict[str, str]) -> Path:
    source = (
        f'AutoModel.from_pretrained("ada/tiny-bert", revision="{commits["model"]}")\n'
        'load_dataset("ada/notes")\n'
    )
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "source": source, "execution_count": 1}  # fmt: skip
    path = tmp_path / "analysis ü.ipynb"
    path.write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4}))
    return path


def made(client: Client, notebook: Path, format: str, **more: Any) -> Export:
    found = uses(notebook)
    return export(found, format, client=client, notebooks=[notebook], at=AT, **more)


def valid_bom(made: Export) -> dict[str, Any]:
    text = str(made)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    return json.loads(text)


def test_a_bill_of_materials_is_valid_and_names_only_proven_commits(
    client: Client, notebook: Path, commits: dict[str, str]
) -> None:
    bom = valid_bom(made(client, notebook, "cyclonedx", license=LICENSE))
    model, dataset = bom["components"]
    assert (model["type"], dataset["type"]) == ("machine-learning-model", "data")
    assert (model["group"], model["name"], model["version"]) == (
        "ada",
        "tiny-bert",
        commits["model"],
    )
    assert model["purl"].startswith(
        f"pkg:huggingface/ada/tiny-bert@{commits['model']}?repository_url="
    )
    assert model["swhid"] == [f"swh:1:rev:{commits['model']}"]
    assert model["licenses"] == [{"license": {"id": "Apache-2.0"}}]
    doi = client.status("ada/tiny-bert").version.doi
    assert {"type": "other", "url": doi.url, "comment": "DOI of this revision"} in model[
        "externalReferences"
    ]
    files = {file["name"]: file for file in model["components"]}
    assert files["config.json"]["swhid"][0].startswith("swh:1:cnt:")
    # the dataset is loaded without a revision: no version, and the DOI is that of some revision
    assert "version" not in dataset and "swhid" not in dataset and "components" not in dataset
    assert {"name": "hubdoi:evidence", "value": "not proven"} in dataset["properties"]
    assert "DOI of the repository, of revision" in json.dumps(dataset["externalReferences"])
    assert bom["metadata"]["component"]["name"] == notebook.name
    assert str(notebook.parent) not in json.dumps(bom)
    assert bom["dependencies"][0]["dependsOn"] == [model["bom-ref"], dataset["bom-ref"]]


def test_the_same_bill_of_materials_has_the_same_serial_number(
    client: Client, notebook: Path
) -> None:
    later = datetime(2027, 1, 1, tzinfo=UTC)
    found = uses(notebook)
    numbers = {
        json.loads(str(export(found, "cyclonedx", client=client, notebooks=[notebook], at=at)))["serialNumber"]
        for at in (AT, later)
    }  # fmt: skip
    assert len(numbers) == 1


def test_what_could_not_be_resolved_makes_a_bill_of_materials_incomplete(
    client: Client, notebook: Path
) -> None:
    found = replace(uses(notebook), unclear=(Unclear("load_dataset", "The name is computed."),))
    bom = export(found, "cyclonedx", client=client, notebooks=[notebook], at=AT)
    assert valid_bom(bom)["compositions"][0]["aggregate"] == "incomplete"
    assert any("The name is computed." in note for note in bom.notes)


def test_every_licence_that_is_named_by_its_identifier_is_valid() -> None:
    schemas = Path(cyclonedx.schema.__file__).parent / "_res"
    schema = json.loads((schemas / "spdx.SNAPSHOT.schema.json").read_text(encoding="utf-8"))
    assert set(_BY_WORD.values()) <= set(schema["enum"])


def test_lfs_files_have_their_sha256(client: Client) -> None:
    from hubdoi.hub.answer import repo_file

    entry = {"type": "file", "path": "a.bin", "oid": "1" * 40, "size": 5, "lfs": {"oid": "ab" * 32}}
    assert repo_file(entry).sha256 == "ab" * 32
    assert repo_file({**entry, "lfs": {"oid": "x"}}).sha256 is None
    assert repo_file({**entry, "type": "directory"}) is None


def test_a_crate_is_read_back_by_its_library(
    client: Client, notebook: Path, commits: dict[str, str], tmp_path: Path
) -> None:
    folder = tmp_path / "crate"
    written = made(client, notebook, "ro-crate", license=LICENSE).save(folder)
    assert written == (folder / "ro-crate-metadata.json",)
    crate = ROCrate(folder)
    assert crate.mainEntity.id == "analysis%20%C3%BC.ipynb"
    assert (folder / notebook.name).read_bytes() == notebook.read_bytes()
    assert crate.license.id == "https://creativecommons.org/licenses/by/4.0/"
    model, dataset = crate.mainEntity["isBasedOn"]
    # the library reads the id of a folder with a slash at its end
    assert model.id.endswith(f"/ada/tiny-bert/tree/{commits['model']}/")
    assert model["version"] == commits["model"]
    assert model["identifier"]["value"] == client.status("ada/tiny-bert").version.doi.name
    assert [author["name"] for author in model["author"]] == [
        "Ada Lovelace",
        "Foo <script> & Söhne, AG",
    ]
    assert dataset.get("version") is None and dataset.get("identifier") is None
    assert "not proven" in dataset["creativeWorkStatus"]
    assert dataset["subjectOf"].id == client.status("datasets/ada/notes").version.doi.url


def test_a_crate_follows_the_structure_of_1_2(client: Client, notebook: Path) -> None:
    document = json.loads(str(made(client, notebook, "ro-crate")))
    assert document["@context"] == "https://w3id.org/ro/crate/1.2/context"
    graph = document["@graph"]
    ids = [entity["@id"] for entity in graph]
    assert len(ids) == len(set(ids))
    by_id = {entity["@id"]: entity for entity in graph}
    assert by_id["ro-crate-metadata.json"]["conformsTo"]["@id"] == "https://w3id.org/ro/crate/1.2"
    assert {"name", "description", "datePublished", "license", "hasPart"} <= set(by_id["./"])
    for entity in graph:
        for value in entity.values():
            for one in value if isinstance(value, list) else [value]:
                # flat: an object is a reference, and what it names is here
                if isinstance(one, dict):
                    assert set(one) == {"@id"}
                    assert one["@id"] in by_id or one["@id"].startswith(
                        "https://w3id.org/ro/crate/"
                    )


def test_a_crate_is_written_again_and_a_foreign_one_is_left_alone(
    client: Client, notebook: Path, tmp_path: Path
) -> None:
    crate = made(client, notebook, "ro-crate")
    for _ in range(2):
        crate.save(tmp_path)  # where the notebook is
    assert notebook.is_file()
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "ro-crate-metadata.json").write_text('{"@graph": []}')
    with pytest.raises(InvalidInput, match="was not written by hubdoi"):
        crate.save(foreign)
    assert (foreign / "ro-crate-metadata.json").read_text() == '{"@graph": []}'


def test_a_crate_as_an_archive(client: Client, notebook: Path, tmp_path: Path) -> None:
    (written,) = made(client, notebook, "ro-crate").save(tmp_path / "crate.zip")
    with zipfile.ZipFile(written) as archive:
        assert archive.testzip() is None
        assert set(archive.namelist()) == {"ro-crate-metadata.json", notebook.name}


def test_the_recorded_commit_is_the_one_of_the_crate(
    client: Client, notebook: Path, commits: dict[str, str]
) -> None:
    found = Uses(
        (Use("model", "ada/tiny-bert", recorded=(commits["latest"],)),),
        recorded_at="2026-11-27T10:00:00Z",
    )
    crate = export(found, "ro-crate", client=client, notebooks=[notebook], at=AT)
    graph = {entity["@id"]: entity for entity in json.loads(str(crate))["@graph"]}
    (model,) = [name for name in graph if name.endswith(commits["latest"])]
    assert "identifier" not in graph[model]  # the DOI names the commit before
    run = graph["#run"]
    assert (run["object"], run["endTime"]) == ([{"@id": model}], "2026-11-27T10:00:00Z")
    assert any("No DOI names revision" in note for note in crate.notes)


def test_croissant_is_the_hub_s_file_with_doi_commit_and_licence(
    client: Client, commits: dict[str, str], tmp_path: Path
) -> None:
    found = Uses((Use("dataset", "ada/notes", commits["dataset"]),))
    own = client.hub.croissant(Repo("dataset", "ada/notes"))
    (path,) = export(found, "croissant", client=client, at=AT).save(tmp_path / "out")
    assert path.name == "ada--notes.croissant.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    doi = client.status("datasets/ada/notes").version.doi
    (file,), (pinned,) = own["distribution"], document["distribution"]
    assert file["contentUrl"].endswith("/datasets/ada/notes/resolve/main/train.csv")
    # `main` moves; what is cited is the revision.
    named = file["contentUrl"].replace("/main/", f"/{commits['dataset']}/")
    assert pinned == {**file, "contentUrl": named}
    content = httpx.get(named, headers={"Authorization": f"Bearer {client.config.token.reveal()}"})
    assert hashlib.sha256(content.content).hexdigest() == file["sha256"]
    assert document["creator"]["name"] == "Ada Lovelace"
    assert document["identifier"] == [doi.url]
    assert document["version"] == commits["dataset"]
    assert doi.name in document["citeAs"] and document["citeAs"].startswith("@")
    assert document["license"] == "https://creativecommons.org/licenses/by/4.0/"
    import mlcroissant  # takes seconds

    metadata = mlcroissant.Dataset(path).metadata
    assert not metadata.ctx.issues.errors
    assert metadata.name == "notes"


def test_croissant_says_that_it_describes_datasets_only(
    client: Client, commits: dict[str, str]
) -> None:
    model = Use("model", "ada/tiny-bert", commits["model"])
    said = (
        "Croissant describes datasets only and leaves out ada/tiny-bert; choose --format ro-crate "
        "or cyclonedx for models."
    )
    with pytest.raises(InvalidInput) as refused:
        str(export(Uses((model,)), "croissant", client=client, at=AT))
    assert str(refused.value) == f"There is nothing to export. {said}"
    both = Uses((model, Use("dataset", "ada/notes", commits["dataset"])))
    assert said in export(both, "croissant", client=client, at=AT).notes
    with pytest.raises(InvalidInput, match=r"^There is nothing to export\.$"):
        str(export(Uses(), "croissant", client=client, at=AT))


@pytest.mark.parametrize("format", FORMATS)
def test_a_repository_that_is_gone_is_listed_or_noted(client: Client, format: str) -> None:
    found = Uses((Use("dataset", "ada/gone", "1" * 40),))
    result = export(found, format, client=client, at=AT)
    assert any("ada/gone" in note for note in result.notes)
    if format != "croissant":
        assert "ada/gone" in str(result) or '"gone"' in str(result)


def test_an_unknown_format_is_a_sentence(client: Client) -> None:
    with pytest.raises(InvalidInput, match="is not a format of export"):
        export(Uses(), "spdx", client=client)
