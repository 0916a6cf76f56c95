"""The Croissant file that the Hub makes of a dataset that its viewer can read."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter

from ..records.spdx import license_page
from .commits import Commit
from .located import Located, Reading
from .refusal import Refusal

router = APIRouter()

_FORMATS = {
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".jsonl": "application/jsonlines",
    ".json": "application/json",
    ".parquet": "application/x-parquet",
    ".txt": "text/plain",
}
"""What the viewer reads, and the media type in the file."""
_CR = "http://mlcommons.org/croissant/"
# The terms of Croissant 1.0 and schema.org that the file uses.
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": _CR,
    "rai": f"{_CR}RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{
        term: f"cr:{term}"
        for term in (
            "citeAs column equivalentProperty extract field fileProperty fileObject fileSet format "
            "includes isLiveDataset jsonPath key md5 parentField path recordSet references regex "
            "repeated replace samplingRate separator source subField transform"
        ).split()
    },
}


@router.get("/api/{kind}/{namespace}/{name}/croissant")
def croissant(found: Reading) -> dict[str, Any]:
    if found.repo.type != "dataset":
        raise Refusal(404, "Only a dataset has a Croissant file.")
    with found.store.database.reading():
        commit = found.store.commits.resolve(found.uid, None)
        files = found.store.commits.listing(commit)
        data = [(path, oid) for path, (oid, _) in sorted(files.items()) if _format(path)]
        if commit is None or not data:
            raise Refusal(404, f"The viewer has nothing of {found.repo}.", "ResponseNotFound")
        return _document(found, commit, data)


def _document(found: Located, commit: Commit, data: list[tuple[str, str]]) -> dict[str, Any]:
    card = found.store.commits.card(commit)
    page = found.repo.url(found.store.endpoint)
    namespace = found.repository.namespace
    name, is_organization = found.store.people.owner(namespace)
    document: dict[str, Any] = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": f"{_CR}1.0",
        "name": found.repo.name,
        "alternateName": [found.repo.id],
        "description": card.description or f"{found.repo.id} on the Hub.",
        "creator": {
            "@type": "Organization" if is_organization else "Person",
            "name": name,
            "url": f"{found.store.endpoint}/{namespace}",
        },
        "keywords": card.tags_for("dataset"),
        "url": page,
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": path,
                "name": path,
                "contentUrl": f"{page}/resolve/main/{quote(path)}",
                "encodingFormat": _format(path),
                "sha256": _sha256(found, oid),
            }
            for path, oid in data
        ],
    }
    if card.license:
        document["license"] = license_page(card.license) or card.license
    return document


def _sha256(found: Located, oid: str) -> str:
    large = found.store.large.of(oid)
    return large.sha256 if large else hashlib.sha256(found.store.commits.content(oid)).hexdigest()


def _format(path: str) -> str | None:
    return next((kind for end, kind in _FORMATS.items() if path.lower().endswith(end)), None)
