"""What a notebook is made of: each repository with its proven commit, its DOI and its files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from ...provenance.use import Use, Uses
from ...records import Doi, Repo, Version
from ...records.errors import AccessError, RepoNotFound, RevisionNotFound
from ..citing import cite_use, proven_revision
from ..verdict import each_commit

if TYPE_CHECKING:
    from ...client import Client
    from ...records.repo_file import RepoFile

_COMMIT = re.compile(r"[0-9a-f]{40}")
MOST_FILES = 1000
"""Files of one repository that are listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """One repository at one revision, and where it is used.

    `revision` is a commit id that was recorded or is pinned in the code, or None (R13). `version`
    is the DOI nearest to it, or the repository as the Hub describes it. `files` are at most
    `MOST_FILES`, none without a revision.
    """

    uses: tuple[Use, ...]
    revision: str | None
    version: Version
    endpoint: str
    files: tuple[RepoFile, ...] = ()

    @property
    def repo(self) -> Repo:
        return self.uses[0].repo

    @property
    def is_recorded(self) -> bool:
        """Whether the revision was seen while it was loaded, rather than only named by the code."""
        return any(self.revision in use.recorded for use in self.uses)

    @property
    def doi(self) -> Doi | None:
        """The DOI of exactly this revision."""
        if self.revision and self.version.is_of_revision(self.revision):
            return self.version.doi
        return None

    @property
    def other_doi(self) -> Doi | None:
        """A DOI of the repository that names another revision, or one that may be another."""
        return None if self.doi else self.version.doi

    @property
    def url(self) -> str:
        """The page of the repository, at the revision where it is known."""
        page = self.repo.url(self.endpoint)
        return f"{page}/tree/{self.revision}" if self.revision else page

    def file_url(self, path: str) -> str:
        from urllib.parse import quote

        page = self.repo.url(self.endpoint)
        return f"{page}/resolve/{self.revision or 'main'}/{quote(path)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Materials:
    """All of them, the notebooks by their name in the export, and what has to be said beside it.

    `is_complete` is False when a call could not be resolved or a file not be read. `recorded_at` is
    when the recorded run ended, where it was read from a file. `license` is of the notebooks.
    """

    items: tuple[Material, ...]
    notebooks: dict[str, Path]
    notes: tuple[str, ...] = ()
    is_complete: bool = True
    recorded_at: str = ""
    license: str | None = None

    def used_by(self, name: str) -> tuple[Material, ...]:
        """What the notebook of that name in the export uses."""
        if len(self.notebooks) == 1:
            return self.items
        path = self.notebooks[name]
        return tuple(
            item
            for item in self.items
            if any(use.notebook is not None and Path(use.notebook) == path for use in item.uses)
        )


def materials_of(
    found: Uses, *, client: Client, notebooks: Sequence[Path] = (), license: str | None = None
) -> Materials:
    """What `found` uses, as the Hub of `client` describes it.

    Raises:
        ServiceError: the Hub cannot be used now.
    """
    made: dict[tuple[Repo, str | None], Material] = {}
    notes: list[str] = []
    for use in (one for several in found for one in each_commit(several)):
        own = _material(use, client, notes)
        key = (own.repo, own.revision)
        known = made.get(key)
        made[key] = replace(known, uses=(*known.uses, use)) if known else own
    notes += [f"{unclear.place}: {unclear.call}: {unclear.reason}" for unclear in found.unclear]
    notes += found.failures
    return Materials(
        items=tuple(made.values()),
        notebooks=_named(notebooks),
        notes=tuple(dict.fromkeys(notes)),
        is_complete=not (found.unclear or found.failures),
        recorded_at=found.recorded_at,
        license=license,
    )


def _material(use: Use, client: Client, notes: list[str]) -> Material:
    proven = proven_revision(use)
    try:
        cited = cite_use(use, client)
        info = client.hub.info(use.repo, None, proven)
    except RepoNotFound as error:
        notes.append(error.message)
        commit = use.recorded[-1] if use.recorded else None
        bare = Version.from_parts(repo=use.repo, revision=commit, endpoint=client.endpoint)
        return Material(uses=(use,), revision=commit, version=bare, endpoint=client.endpoint)
    except RevisionNotFound as error:
        notes.append(error.message)
        cited = client.cite(use.repo)
        commit = proven if proven and _COMMIT.fullmatch(proven) else None
        info = replace(client.hub.info(use.repo, None), revision=commit)
    notes += cited.notes
    version = cited.versions[0]
    if version.license is None and info.license:
        version = version.replace(license=info.license, rights=info.rights)
    revision = info.revision if proven else None
    return Material(
        uses=(use,),
        revision=revision,
        version=version,
        endpoint=client.endpoint,
        files=_files(use.repo, revision, client, notes) if revision else (),
    )


def _files(repo: Repo, revision: str, client: Client, notes: list[str]) -> tuple[RepoFile, ...]:
    try:
        found = tuple(islice(client.hub.tree(repo, revision), MOST_FILES + 1))
    except (AccessError, RepoNotFound, RevisionNotFound) as error:
        notes.append(error.message)
        return ()
    if len(found) > MOST_FILES:
        notes.append(f"{repo}: the first {MOST_FILES} files are listed.")
    return found[:MOST_FILES]


def _named(notebooks: Sequence[Path]) -> dict[str, Path]:
    """Each notebook by its name; by its path below the folder that all share, if names repeat."""
    import os

    if len({path.name for path in notebooks}) == len(notebooks):
        return {path.name: path for path in notebooks}
    resolved = list(dict.fromkeys(Path(os.path.realpath(path)) for path in notebooks))
    shared = Path(os.path.commonpath([path.parent for path in resolved]))
    return {path.relative_to(shared).as_posix(): path for path in resolved}
