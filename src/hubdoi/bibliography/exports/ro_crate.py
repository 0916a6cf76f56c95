"""RO-Crate 1.2: the notebooks with their models and datasets, as the library `rocrate` writes it.

Source: RO-Crate Metadata Specification 1.2, root data entity, web-based data entities, licence.
"""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ..._version import __version__
from ...citation.schema_org import thing
from ...records.errors import MissingLibrary
from ...records.link import web_url
from ...records.moment import show_moment
from ...records.plain_text import plain_line
from ...records.rights import Rights
from ...regular_file import read_regular
from .export import Export
from .material import Material, Materials

if TYPE_CHECKING:
    from ...hub.repositories import HuggingFaceHub

FILE = "ro-crate-metadata.json"
_TOOL = "#hubdoi"
_NO_LICENSE = "No licence is stated; ask the authors of the notebook."
_NOTEBOOK_TYPE = "application/x-ipynb+json"


def write(materials: Materials, at: datetime, hub: HuggingFaceHub) -> Export:
    """One crate of all notebooks; a folder or .zip file takes the notebooks in.

    A DOI is the identifier of a model or dataset only where it names the revision that is used.

    Raises:
        MissingLibrary: `rocrate` is not installed.
    """
    try:
        from rocrate.rocrate import ROCrate
    except ImportError:
        raise MissingLibrary(
            "RO-Crate requires an extra package: pip install 'hubdoi[export]'"
        ) from None
    crate: Any = ROCrate(version="1.2")
    graph = _Graph(crate)
    names = sorted(materials.notebooks)
    crate.name = ", ".join(names) or "Models and datasets"
    listed = ", ".join(str(item.repo) for item in materials.items[:20]) or "none"
    of = f"{crate.name}, with the" if names else "The"
    crate.description = f"{of} models and datasets that it loads: {listed}."
    crate.datePublished = at
    crate.license = graph.license(Rights(materials.license or "")) or _NO_LICENSE
    tool = graph.add(_TOOL, {"@type": "SoftwareApplication", "name": "hubdoi", "version": __version__})  # fmt: skip
    parts = {item.url: _part(item, graph) for item in materials.items}
    notebooks = []
    for name in names:
        notebook = _notebook(crate, name, materials, graph)
        used = [parts[item.url] for item in materials.used_by(name)]
        if used:
            notebook["isBasedOn"] = used
        notebooks.append(notebook)
    if len(notebooks) == 1:
        crate.mainEntity = notebooks[0]
    recorded = [parts[item.url] for item in materials.items if item.is_recorded]
    if recorded and notebooks:
        run = {"@type": "CreateAction", "name": "The recorded run", "instrument": notebooks, "object": recorded}  # fmt: skip
        if materials.recorded_at:
            run["endTime"] = materials.recorded_at
        crate.root_dataset["mentions"] = [graph.add("#run", run)]
    crate.metadata["sdPublisher"] = tool
    crate.metadata["sdDatePublished"] = show_moment(at)
    document = crate.metadata.generate()
    return Export({FILE: document}, materials.notes, dict(materials.notebooks), made_by=_TOOL)


class _Graph:
    """The crate's entities: RO-Crate is flat, so what is nested elsewhere gets an entity here."""

    def __init__(self, crate: Any) -> None:
        self.crate = crate

    def add(self, identifier: str, properties: Mapping[str, Any]) -> Any:
        """A contextual entity, once for each identifier."""
        from rocrate.model.contextentity import ContextEntity

        return self.crate.dereference(identifier) or self.crate.add(
            ContextEntity(self.crate, identifier, dict(properties))
        )

    def flat(self, value: Any) -> Any:
        """`value` with references to entities in the place of objects."""
        if isinstance(value, list):
            return [self.flat(part) for part in value]
        if not isinstance(value, Mapping):
            return value
        properties = {name: self.flat(part) for name, part in value.items() if name != "@id"}
        identifier = value.get("@id") or value.get("url") or _local(value)
        if "@type" not in value:
            return {"@id": identifier}
        return self.add(str(identifier), properties)

    def license(self, *stated: Rights) -> Any:
        """The licences as entities with their pages; where none has a page, the first in words."""
        found = [
            self.add(page, {"@type": "CreativeWork", "name": one.spdx or plain_line(one.line)})
            for one in stated
            if (page := web_url(one.page))
        ]
        if not found:
            return next((plain_line(one.line) for one in stated if one.line), None)
        return found[0] if len(found) == 1 else found


def _part(item: Material, graph: _Graph) -> Any:
    """A model or dataset: a folder on the web."""
    known = thing(item.version)
    exact = item.doi is not None
    from rocrate.model.data_entity import DataEntity

    own: dict[str, Any] = {"@type": "Dataset", "url": item.url}
    if item.repo.type == "model":
        own["@type"] = ["Dataset", "SoftwareSourceCode"]
        own["keywords"] = ["machine learning model", *known.get("keywords", ())]
    dataset = graph.crate.add(DataEntity(graph.crate, item.url, own))
    for name in (
        "author",
        "creator",
        "publisher",
        "description",
        "inLanguage",
        "conditionsOfAccess",
    ):
        if known.get(name):
            dataset[name] = graph.flat(known[name])
    dataset["name"] = item.repo.id
    if item.revision:
        dataset["version"] = item.revision
    if exact:
        dataset["identifier"] = graph.flat(known["identifier"])
        if known.get("datePublished"):
            dataset["datePublished"] = known["datePublished"]
    elif item.other_doi:
        other = {"@type": "CreativeWork", "name": known["name"]}
        dataset["subjectOf"] = graph.add(item.other_doi.url, other)
    if license := graph.license(*item.version.licenses):
        dataset["license"] = license
    if not item.revision:
        dataset["creativeWorkStatus"] = "The revision that was loaded is not proven."
    return dataset


def _notebook(crate: Any, name: str, materials: Materials, graph: _Graph) -> Any:
    path = materials.notebooks[name]
    content = read_regular(path)
    kind = _NOTEBOOK_TYPE if path.suffix == ".ipynb" else mimetypes.guess_type(name)[0]
    file = crate.add_file(
        path,
        dest_path=name,
        properties={
            "@type": ["File", "SoftwareSourceCode"],
            "name": name,
            "encodingFormat": kind or "text/plain",
            "contentSize": str(len(content)),
            "sha256": hashlib.sha256(content).hexdigest(),
            "programmingLanguage": {"@id": _python(graph)},
        },
    )
    file["license"] = graph.license(Rights(materials.license or "")) or _NO_LICENSE
    return file


def _python(graph: _Graph) -> str:
    language = {"@type": "ComputerLanguage", "name": "Python", "url": "https://www.python.org/"}
    graph.add("https://www.python.org/", language)
    return "https://www.python.org/"


def _local(value: Mapping[str, Any]) -> str:
    """An identifier within the crate, the same for the same object."""
    digest = hashlib.sha256(repr(sorted(value.items(), key=str)).encode()).hexdigest()
    return f"#{digest[:12]}"
