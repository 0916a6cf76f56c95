"""What a run was seen to load: values, and the provenance file that keeps them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..records import Repo, RepoType
from ..records.errors import HubdoiError, InvalidInput
from .recorder import MAX_FILES, Recorder, now

HOW = ("opened", "downloaded", "read", "child", "resolved")
"""The kinds of evidence, strongest first; `resolved` alone does not say that anything was loaded."""
_NO_PROOF = frozenset({"child", "resolved"})
FORMAT = "hubdoi-provenance/1"
# The terms of W3C PROV-O and schema.org that the fields of a provenance file stand for.
CONTEXT: Mapping[str, Any] = {
    "@version": 1.1,
    "prov": "http://www.w3.org/ns/prov#",
    "schema": "https://schema.org/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "hubdoi": "urn:hubdoi:",
    "format": "hubdoi:format",
    "program": "prov:wasAssociatedWith",
    "started": {"@id": "prov:startedAtTime", "@type": "xsd:dateTime"},
    "ended": {"@id": "prov:endedAtTime", "@type": "xsd:dateTime"},
    "recorded": "prov:used",
    "repo_type": "schema:additionalType",
    "repo_id": "schema:identifier",
    "commit": "schema:version",
    "how": "hubdoi:how",
    "files": "schema:hasPart",
    "cells": "hubdoi:cells",
    "first": {"@id": "prov:atTime", "@type": "xsd:dateTime"},
    "ref": "hubdoi:ref",
}

_COMMIT = re.compile(r"[0-9a-f]{40}")
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)")
_MAX_LOADS = 10_000


@dataclass(frozen=True, slots=True)
class Load:
    """One repository at one commit, as a run was seen to load it.

    `how` says by what: a file was ``opened`` or ``downloaded``, or ``read`` over HTTP; ``child``
    means that it came into the cache while a cell with a download command ran; ``resolved`` alone means that the Hub, or the cache without network, told a library which
    commit it would load. `cells` are the execution counts of the cells that were running, `first`
    is the time in UTC in ISO 8601, `ref` the branch or tag that was asked for, where known. The id
    of an Arrow cache that `datasets` wrote is in snake case: `exact_id` is False for it.
    """

    repo_type: RepoType
    repo_id: str
    commit: str
    how: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    cells: tuple[int, ...] = ()
    first: str = ""
    ref: str | None = None
    exact_id: bool = True

    @property
    def is_proof(self) -> bool:
        """Whether this process opened, downloaded or read a file, rather than only asked about it."""
        return not _NO_PROOF.issuperset(self.how)

    @property
    def is_by_child(self) -> bool:
        """Whether only a child process can have loaded it."""
        return "child" in self.how and not self.is_proof

    @property
    def repo(self) -> Repo:
        return Repo(self.repo_type, self.repo_id)

    def to_json(self) -> dict[str, Any]:
        return {
            "repo_type": self.repo_type,
            "repo_id": self.repo_id,
            "commit": self.commit,
            "how": list(self.how),
            "files": list(self.files),
            "cells": list(self.cells),
            "first": self.first,
            "ref": self.ref,
        }

    @classmethod
    def from_json(cls, value: Any) -> Load:
        """The load that a provenance file has.

        Raises:
            InvalidInput: it is not one.
        """
        if not isinstance(value, Mapping):
            raise InvalidInput("An entry of the provenance is not an object.")
        kind, repo_id, commit = value.get("repo_type"), value.get("repo_id"), value.get("commit")
        if kind not in ("model", "dataset") or not isinstance(repo_id, str):
            raise InvalidInput("An entry of the provenance names no model and no dataset.")
        try:
            repo = Repo(kind, repo_id)
        except HubdoiError as error:
            raise InvalidInput(
                f"An entry of the provenance is not valid. {error.message}"
            ) from None
        if not isinstance(commit, str) or not _COMMIT.fullmatch(commit):
            raise InvalidInput(f"The provenance of {repo} has no commit of 40 hex digits.")
        ref, first = value.get("ref"), value.get("first")
        return cls(
            repo.type,
            repo.id,
            commit,
            tuple(how for how in HOW if how in _list(value.get("how"), str)),
            tuple(_list(value.get("files"), str)[:MAX_FILES]),
            tuple(_list(value.get("cells"), int)),
            first if isinstance(first, str) else "",
            ref if isinstance(ref, str) else None,
        )


@dataclass(frozen=True, slots=True)
class Recording:
    """Everything that one run was seen to load, in the order in which it was first seen.

    `started` and `ended` are in UTC, in ISO 8601; `program` names the script or the notebook.
    `saved` says that it was read from a file: the run is over.
    """

    loads: tuple[Load, ...] = ()
    started: str = ""
    ended: str = ""
    program: str = ""
    saved: bool = False

    @property
    def ended_in_words(self) -> str:
        """When the run ended, to the minute; a file that somebody changed may not tell."""
        when = _TIME.match(self.ended)
        return f"{when[1]} {when[2]} UTC" if when else "an unknown day"

    def to_json(self) -> dict[str, Any]:
        """The provenance file: JSON that is JSON-LD with the terms of W3C PROV-O."""
        return {
            "@context": dict(CONTEXT),
            "@type": "prov:Activity",
            "format": FORMAT,
            "program": self.program,
            "started": self.started,
            "ended": self.ended,
            "recorded": [
                {"@type": "prov:Entity", **load.to_json()}
                for load in self.loads
                if load.is_proof or load.is_by_child
            ],
        }

    @classmethod
    def from_json(cls, value: Any) -> Recording:
        """The recording that a provenance file or a notebook's metadata has.

        Raises:
            InvalidInput: it is not one.
        """
        if not isinstance(value, Mapping) or value.get("format") != FORMAT:
            raise InvalidInput(f"This is not a provenance file of the format {FORMAT}.")
        entries = value.get("recorded")
        if not isinstance(entries, list) or len(entries) > _MAX_LOADS:
            raise InvalidInput("The provenance file has no list of what was recorded.")
        texts = {
            name: found if isinstance(found := value.get(name), str) else ""
            for name in ("started", "ended", "program")
        }
        return cls(tuple(Load.from_json(entry) for entry in entries), saved=True, **texts)

    def with_known_ids(self, repos: Iterable[Repo]) -> Recording:
        """The same, with the ids that `datasets` wrote in snake case as the Hub writes them.

        They are looked up by commit among the other loads, then by name among `repos`.
        """
        by_commit = {load.commit: load.repo_id for load in self.loads if load.exact_id}
        by_name = {snake_case(repo.id): repo.id for repo in repos if repo.type == "dataset"}
        merged: dict[tuple[str, str, str], Load] = {}
        for load in self.loads:
            if not load.exact_id:
                known = by_commit.get(load.commit) or by_name.get(load.repo_id)
                load = replace(load, repo_id=known or load.repo_id, exact_id=known is not None)
            key = (load.repo_type, load.repo_id, load.commit)
            merged[key] = _joined(merged[key], load) if key in merged else load
        return replace(self, loads=tuple(merged.values()))


def recorded(recorder: Recorder, program: str = "") -> Recording:
    """What `recorder` has noted so far, without what is no repository."""
    loads = tuple(
        Load(
            repo_type=kind,  # type: ignore[arg-type]
            repo_id=repo_id,
            commit=commit,
            how=tuple(how for how in HOW if how in found["how"]),
            files=tuple(found["files"]),
            cells=tuple(sorted(set(found["cells"]))),
            first=found["first"],
            ref=found["ref"],
            exact_id=found["exact"],
        )
        for (kind, repo_id, commit), found in recorder.noted()
        if _is_repo(kind, repo_id)
    )
    return Recording(loads, recorder.started, now(), program)


def snake_case(repo_id: str) -> str:
    """An id as `datasets` names its cache: the name in snake case, the namespace as it is.

    Source: datasets.naming.camelcase_to_snakecase.
    """
    owner, slash, name = repo_id.rpartition("/")
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    name = re.sub(r"([a-z\d])([A-Z])", r"\1_\2", name)
    return f"{owner}{slash}{name.lower()}"


def _is_repo(kind: str, repo_id: str) -> bool:
    try:
        Repo(kind, repo_id)  # type: ignore[arg-type]
    except HubdoiError:
        return False
    return True


def _joined(first: Load, second: Load) -> Load:
    return replace(
        first,
        how=tuple(how for how in HOW if how in (*first.how, *second.how)),
        files=tuple(dict.fromkeys((*first.files, *second.files))),
        cells=tuple(sorted({*first.cells, *second.cells})),
        first=min(first.first, second.first),
        ref=first.ref or second.ref,
    )


def _list(value: object, kind: type) -> list[Any]:
    return [part for part in value if type(part) is kind] if isinstance(value, list) else []
