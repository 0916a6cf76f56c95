"""A repository as the JSON of the Hub's API describes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..records import Doi, Repo
from ..records.repo_card import Card
from .commits import Commit
from .git import Blob
from .large import LargeFile
from .refusal import Refusal
from .repositories import Repository
from .store import Store

# What a query may ask for with `expand`; what the sandbox does not keep is left out of the answer.
_EXPANDABLE = frozenset(
    "author baseModels cardData childrenModelCount citation config createdAt description disabled "
    "doi downloads downloadsAllTime evalResults gated gguf inference inferenceProviderMapping "
    "lastModified library_name likes mainSize mask_token model-index paperswithcode_id "
    "pipeline_tag private resourceGroup safetensors sha siblings spaces tags transformersInfo "
    "trendingScore usedStorage widgetData".split()
)


def describe(
    store: Store,
    found: Repository,
    commit: Commit | None,
    dois: Iterable[tuple[Doi, str]],
    *,
    blobs: bool = False,
) -> dict[str, Any]:
    """Everything that is known of a repository at `commit`."""
    card = store.commits.card(commit)
    files = store.commits.listing(commit)
    dois = list(dois)
    body: dict[str, Any] = {
        "_id": found.uid,
        "id": found.repo.id,
        "author": found.namespace,
        "sha": commit.oid if commit else None,
        "lastModified": found.updated,
        "createdAt": found.created,
        "private": found.private,
        "gated": store.gates.mode(found.uid),
        "disabled": False,
        "downloads": 0,
        "downloadsAllTime": 0,
        "likes": len(store.likes.of(found.uid)),
        "trendingScore": 0,
        "tags": [*card.tags_for(found.repo.type), *(f"doi:{doi}" for doi, _ in dois)],
        "cardData": card.data,
        "siblings": [_sibling(store, path, blob, blobs) for path, blob in sorted(files.items())],
        "usedStorage": files.size,
    }
    if dois:
        doi, revision = dois[0]
        body["doi"] = {"id": str(doi), "commit": revision}
    return body | _particular(found.repo, card)


def picked(
    body: Mapping[str, Any], *, expand: Iterable[str], default: Iterable[str] | None = None
) -> dict[str, Any]:
    """What a query wants of a description: what `expand` names, else `default`, else everything.

    Raises:
        Refusal: `expand` names something that there is not.
    """
    asked = {name for names in expand for name in names.split(",") if name}
    unknown = sorted(asked - _EXPANDABLE)
    if unknown:
        raise Refusal(400, f"There is no property {unknown[0][:60]!r} to expand.")
    if not asked:
        if default is None:
            return dict(body)
        asked = set(default)
    wanted = {"_id", "id", "modelId", *asked}
    return {key: value for key, value in body.items() if key in wanted}


def _particular(repo: Repo, card: Card) -> dict[str, Any]:
    if repo.type == "dataset":
        return {"description": card.description} if card.description else {}
    more: dict[str, Any] = {"modelId": repo.id}
    for key in ("pipeline_tag", "library_name"):
        if isinstance(card.data.get(key), str):
            more[key] = card.data[key]
    return more


def described_large(file: LargeFile) -> dict[str, Any]:
    return {"oid": file.sha256, "size": file.size, "pointerSize": len(file.pointer)}


def _sibling(store: Store, path: str, blob: Blob, blobs: bool) -> dict[str, Any]:
    if not blobs:
        return {"rfilename": path}
    oid, size = blob
    body: dict[str, Any] = {"rfilename": path, "blobId": oid, "size": size}
    if (large := store.large.of(oid)) is not None:
        told = described_large(large)
        body["lfs"] = {"sha256": told.pop("oid"), **told}
    return body
