"""A repository as the JSON of the Hub's API describes it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
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
    dois: Sequence[tuple[Doi, str]],
    likes: int,
    *,
    wanted: Collection[str] | None = None,
    blobs: bool = False,
) -> dict[str, Any]:
    """What is known of a repository at `commit`: what is `wanted` of it, by default everything."""
    card = store.commits.card(commit)
    files = store.commits.listing(commit)
    # What nobody wants is not read: a list of repositories has no use for all of their files.
    readers: dict[str, Callable[[], Any]] = {
        "_id": lambda: found.uid,
        "id": lambda: found.repo.id,
        "author": lambda: found.namespace,
        "sha": lambda: commit.oid if commit else None,
        "lastModified": lambda: found.updated,
        "createdAt": lambda: found.created,
        "private": lambda: found.private,
        "gated": lambda: store.gates.mode(found.uid),
        "disabled": lambda: False,
        "downloads": lambda: 0,
        "downloadsAllTime": lambda: 0,
        "likes": lambda: likes,
        "trendingScore": lambda: 0,
        # R6: everybody sees the DOIs of a repository among its tags.
        "tags": lambda: [*card.tags_for(found.repo.type), *(f"doi:{doi}" for doi, _ in dois)],
        "cardData": lambda: card.data,
        "siblings": lambda: [
            _sibling(store, path, blob, blobs) for path, blob in sorted(files.items())
        ],
        "usedStorage": lambda: files.size,
    }
    if dois:
        doi, revision = dois[0]
        readers["doi"] = lambda: {"id": str(doi), "commit": revision}
    particular = _particular(found.repo, card)
    if wanted is None:
        return {key: read() for key, read in readers.items()} | particular
    body = {key: read() for key, read in readers.items() if key in wanted}
    return body | {key: value for key, value in particular.items() if key in wanted}


def wanted_of(expand: Iterable[str], default: Iterable[str] | None = None) -> set[str] | None:
    """What a query wants of a description: what `expand` names, else `default`.

    None, without either, is everything.

    Raises:
        Refusal: `expand` names something that there is not.
    """
    asked = {name for names in expand for name in names.split(",") if name}
    unknown = sorted(asked - _EXPANDABLE)
    if unknown:
        raise Refusal(400, f"There is no property {unknown[0][:60]!r} to expand.")
    if not asked and default is None:
        return None
    return {"_id", "id", "modelId", *(asked or default or ())}


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
