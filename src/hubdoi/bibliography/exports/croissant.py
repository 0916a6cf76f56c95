"""Croissant: the file that the Hub makes of a dataset, with DOI, citation, commit and licence.

Source: the Croissant format of MLCommons, properties of the dataset: `citeAs`, `identifier`,
`version`, `license`, `url`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ...citation import cite
from ...records.plain_text import plain_line
from .export import Export
from .material import Material, Materials

if TYPE_CHECKING:
    from ...hub.repositories import HuggingFaceHub

_ENDING = ".croissant.json"


def write(materials: Materials, at: datetime, hub: HuggingFaceHub) -> Export:
    """One document for each dataset of which the Hub has a Croissant file; the others, and
    the models, are noted.

    The Hub's file is of the latest commit: where another one was used, a note says so.

    Raises:
        ServiceError: the Hub cannot be used now.
    """
    documents: dict[str, dict[str, Any]] = {}
    notes = list(materials.notes)
    if models := [str(item.repo) for item in materials.items if item.repo.type != "dataset"]:
        notes.append(
            f"Croissant describes datasets only and leaves out {', '.join(models)}; choose "
            "--format ro-crate or cyclonedx for models."
        )
    for item in materials.items:
        if item.repo.type != "dataset":
            continue
        own = hub.croissant(item.repo)
        if own is None:
            notes.append(
                f"{item.repo}: the Hub has no Croissant file of it; it makes one of datasets that "
                "its viewer can read."
            )
            continue
        is_head = item.revision == hub.info(item.repo, None).head
        if not is_head:
            named = f"revision {item.revision[:7]}" if item.revision else "not proven"
            notes.append(
                f"{item.repo}: the Hub's Croissant file describes the latest commit; what is used "
                f"is {named}."
            )
        documents[_name(item, documents)] = _document(own, item, is_head=is_head)
    return Export(documents, tuple(dict.fromkeys(notes)))


def _document(own: Mapping[str, Any], item: Material, *, is_head: bool) -> dict[str, Any]:
    """The Hub's file with what belongs to the revision; its own licence and name stay."""
    more: dict[str, Any] = {"citeAs": str(cite(item.version, "bibtex")).strip(), "url": item.url}
    if is_head and isinstance(files := own.get("distribution"), list):
        more["distribution"] = [_pinned(file, item) for file in files]
    if item.revision:
        more["version"] = item.revision
    if item.doi:
        known = own.get("identifier")
        others = known if isinstance(known, list) else [known] if known else []
        more["identifier"] = [item.doi.url, *(one for one in others if one != item.doi.url)]
    elif item.other_doi:
        # the DOI names another revision: it is cited, and identifies something else
        more["isBasedOn"] = item.other_doi.url
    if not own.get("license") and item.version.license:
        known = [one.page or plain_line(one.line) for one in item.version.licenses]
        more["license"] = known[0] if len(known) == 1 else known
    return {**own, **more}


def _pinned(file: Any, item: Material) -> Any:
    """A file of the distribution at the revision, not at ``main``, which moves."""
    place = file.get("contentUrl") if isinstance(file, Mapping) else None
    start = f"{item.repo.url(item.endpoint)}/resolve/"
    if not isinstance(place, str) or not place.startswith(f"{start}main/"):
        return file
    return {**file, "contentUrl": f"{start}{item.revision}{place.removeprefix(f'{start}main')}"}


def _name(item: Material, taken: Mapping[str, Any]) -> str:
    name = item.repo.id.replace("/", "--")
    if name + _ENDING in taken:
        name += f"@{(item.revision or 'not-proven')[:12]}"
    return name + _ENDING
