"""CycloneDX 1.6: a bill of materials with models as `machine-learning-model` and datasets as `data`.

Source: the JSON schema bom-1.6 of CycloneDX; the purl type `huggingface` of the package URL
specification; SWHIDs of the kinds `rev` and `cnt`, which are Git's ids of commits and contents.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from ..._version import __version__
from ...provenance.use import place_of
from ...records import HUGGING_FACE, Version
from ...records.link import web_url
from ...records.moment import show_moment
from ...records.plain_text import plain_line, plain_text
from ...records.rights import Rights
from ...regular_file import read_regular
from .export import Export
from .material import Material, Materials

if TYPE_CHECKING:
    from ...hub.repositories import HuggingFaceHub
    from ...records.repo_file import RepoFile

FILE = "bom.cdx.json"
_MARK = "urn:hubdoi:bom"
_GIT_ID = re.compile(r"[0-9a-f]{40}")
_DATASET_PAGE = re.compile(r"^https?://[^/]+/datasets/([^/]+(?:/[^/]+)?)$")


def write(materials: Materials, at: datetime, hub: HuggingFaceHub) -> Export:
    """One bill of materials of all notebooks.

    A revision that is not proven is no version of a component; a property says so.
    """
    components = [_component(item) for item in materials.items]
    names = sorted(materials.notebooks)
    notebooks = [_notebook(name, materials) for name in names]
    document: dict[str, Any] = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": show_moment(at),
            "tools": {
                "components": [{"type": "application", "name": "hubdoi", "version": __version__}]
            },
            **({"component": notebooks[0]} if len(notebooks) == 1 else {}),
            "properties": [{"name": "hubdoi:format", "value": _MARK}],
        },
        "components": [*(notebooks if len(notebooks) > 1 else ()), *components],
        "dependencies": [
            {"ref": _ref(name), "dependsOn": [_ref_of(item) for item in materials.used_by(name)]}
            for name in names
        ],
        "compositions": [
            {
                # the code alone can be read wrongly: `complete` is never said
                "aggregate": "unknown" if materials.is_complete else "incomplete",
                "assemblies": [_ref(name) for name in names],
            }
        ],
    }
    if materials.recorded_at:
        document["metadata"]["properties"].append(
            {"name": "hubdoi:recorded", "value": materials.recorded_at}
        )
    # the same content has the same serial number, whenever it is written
    content = {**document, "metadata": {**document["metadata"], "timestamp": None}}
    digest = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(content, sort_keys=True))
    document = {**document, "serialNumber": f"urn:uuid:{digest}"}
    return Export({FILE: document}, materials.notes, made_by=_MARK)


def _notebook(name: str, materials: Materials) -> dict[str, Any]:
    digest = hashlib.sha256(read_regular(materials.notebooks[name])).hexdigest()
    found: dict[str, Any] = {
        "type": "file",
        "bom-ref": _ref(name),
        "name": name,
        "hashes": [{"alg": "SHA-256", "content": digest}],
    }
    if materials.license:
        found["licenses"] = [_license(Rights(materials.license))]
    return found


def _component(item: Material) -> dict[str, Any]:
    version, is_model = item.version, item.repo.type == "model"
    found: dict[str, Any] = {
        "type": "machine-learning-model" if is_model else "data",
        "bom-ref": _ref_of(item),
        "group": item.repo.namespace,
        "name": item.repo.name,
        "version": item.revision,
        "description": plain_text(version.description) if version.description else None,
        "publisher": plain_line(version.publisher),
        "authors": [{"name": plain_line(author.display_name)} for author in version.authors],
        "licenses": [_license(one) for one in version.licenses],
        "purl": _purl(item) if is_model else None,
        "swhid": [f"swh:1:rev:{item.revision}"] if _is_git(item.revision) else None,
        "externalReferences": list(_references(item)),
        "modelCard": _model_card(version) if is_model else None,
        "data": None if is_model else [_data(item)],
        "components": [_file(item, file) for file in item.files],
        "properties": list(_properties(item)),
    }
    return {name: value for name, value in found.items() if value}


def _file(item: Material, file: RepoFile) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": "file",
        "bom-ref": f"{item.repo}@{item.revision}/{file.path}",
        "name": file.path,
        "externalReferences": [{"type": "distribution", "url": item.file_url(file.path)}],
        "properties": [{"name": "hubdoi:size", "value": str(file.size)}],
    }
    if file.sha256:
        found["hashes"] = [{"alg": "SHA-256", "content": file.sha256}]
    elif _is_git(file.oid):
        found["swhid"] = [f"swh:1:cnt:{file.oid}"]
    return found


def _references(item: Material) -> Iterator[dict[str, str]]:
    yield {"type": "distribution", "url": item.url}
    yield {"type": "vcs", "url": item.repo.url(item.endpoint)}
    if any(file.path == "README.md" for file in item.files):
        yield {
            "type": "model-card" if item.repo.type == "model" else "documentation",
            "url": item.file_url("README.md"),
        }
    if item.doi:
        yield {"type": "other", "url": item.doi.url, "comment": "DOI of this revision"}
    elif item.other_doi:
        revision = item.version.short_revision or "not known"
        comment = f"DOI of the repository, of revision {revision}"
        yield {"type": "other", "url": item.other_doi.url, "comment": comment}


def _properties(item: Material) -> Iterator[dict[str, str]]:
    evidence = "recorded" if item.is_recorded else "code" if item.revision else "not proven"
    yield {"name": "hubdoi:evidence", "value": evidence}
    if item.doi:
        yield {"name": "hubdoi:doi", "value": item.doi.name}
    for use in item.uses:
        if use.call:
            # the name alone: where the notebook lies on this machine is nobody else's to know
            name = Path(use.notebook).name if use.notebook else None
            place = place_of(name, use.cell, use.line, use.execution_count)
            yield {"name": "hubdoi:use", "value": f"{place}: {use.call}"}


def _model_card(version: Version) -> dict[str, Any] | None:
    """The datasets that the record says the model was made from."""
    pages = [
        found
        for related in version.related
        if related.relation == "IsDerivedFrom"
        and (found := _DATASET_PAGE.match(related.identifier))
    ]
    datasets = [
        {"type": "dataset", "name": page[1], "contents": {"url": page[0]}} for page in pages
    ]
    return {"modelParameters": {"datasets": datasets}} if datasets else None


def _data(item: Material) -> dict[str, Any]:
    return {"type": "dataset", "name": item.repo.id, "contents": {"url": item.url}}


def _license(one: Rights) -> dict[str, Any]:
    if one.spdx:
        return {"license": {"id": one.spdx}}
    page = web_url(one.page)
    return {"license": {"name": plain_line(one.line), **({"url": page} if page else {})}}


def _purl(item: Material) -> str | None:
    if item.revision is None:
        return None
    name = "/".join(quote(part, safe="") for part in item.repo.id.split("/"))
    qualifier = ""
    if item.endpoint != HUGGING_FACE:
        qualifier = f"?repository_url={quote(urlsplit(item.endpoint).geturl(), safe='')}"
    return f"pkg:huggingface/{name}@{item.revision.lower()}{qualifier}"


def _is_git(oid: str | None) -> bool:
    return oid is not None and _GIT_ID.fullmatch(oid) is not None


def _ref(name: str) -> str:
    return f"notebook:{name}"


def _ref_of(item: Material) -> str:
    return f"{item.repo}@{item.revision or 'not-proven'}"
