"""How well a use is cited: what it loads against what a DOI names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import quote

from ..provenance.use import Unclear, Use
from ..records import HUGGING_FACE, Changes, Displayed, Doi, Repo, Status, Version
from ..records.errors import RepoNotFound

Evidence = Literal["recorded", "code", "cache"]
Verdict = Literal["cited exactly", "moved on", "unpinned", "no DOI", "gone", "cannot tell"]

_COMMIT = re.compile(r"[0-9a-f]{7,40}")
_MAX_CANDIDATES = 5
# Names of branches: what they name moves.
_BRANCHES = frozenset({"main", "master", "HEAD", "dev", "develop"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Review(Displayed):
    """One use and what a reviewer would say of it.

    `revision` is the commit id that is used, as far as that is proven (R13): `evidence` says whether
    it was recorded while it was loaded, or stands in the code; ``cache`` means that this machine's
    cache has `cached`, which proves nothing. `version` is the DOI that it is compared with: the one of that revision,
    else one that is cited, else the newest. `verdict` is

    - ``cited exactly``: the DOI names the revision that is used;
    - ``moved on``: it names another one; `changes` says what differs, where that is known;
    - ``unpinned``: the code names no revision, or a branch, which moves;
    - ``no DOI``: the repository has none; `request_url` asks for one;
    - ``gone``: the Hub has no such repository, or not for these credentials;
    - ``cannot tell``: `note` says why.

    `cited` says whether the notebook cites the repository; None where that was not looked at.
    `fix` is what to write into the call.
    """

    use: Use
    verdict: Verdict
    revision: str | None = None
    evidence: Evidence | None = None
    cached: str | None = None
    version: Version | None = None
    head: str | None = None
    endpoint: str = HUGGING_FACE
    cited: bool | None = None
    note: str = ""
    changes: Changes | None = None

    @property
    def repo(self) -> Repo:
        return self.use.repo

    @property
    def doi(self) -> Doi | None:
        return self.version.doi if self.version else None

    @property
    def doi_revision(self) -> str | None:
        return self.version.revision if self.version else None

    @property
    def pinned(self) -> bool:
        """Whether the code names a revision that does not move."""
        return is_pinned(self.use.revision)

    @property
    def fix(self) -> str | None:
        """What makes the call load what the DOI names, or what was recorded, as this call takes it."""
        return fix_for(self.use, self.fix_commit) if self.fix_commit else None

    @property
    def fix_commit(self) -> str | None:
        if self.verdict in ("gone", "cited exactly"):
            return None
        if self.verdict == "moved on":
            wanted = self.doi_revision
        elif self.pinned:
            return None
        else:
            wanted = self.revision or self.doi_revision or self.head
        return wanted if wanted and _COMMIT.fullmatch(wanted) else None

    @property
    def candidates(self) -> str:
        """The sentence that names the DOIs among which nothing decides; else empty."""
        return self.note if self.verdict == "unpinned" else ""

    @property
    def request_url(self) -> str | None:
        """Where to ask the owner for a DOI, when there is none."""
        if self.verdict != "no DOI":
            return None
        return request_doi_url(self.repo, self.endpoint)

    def to_json(self) -> dict[str, Any]:
        return {
            **self.use.to_json(),
            "verdict": self.verdict,
            "revision_used": self.revision,
            "evidence": self.evidence,
            "doi": self.doi.name if self.doi else None,
            "doi_revision": self.doi_revision,
            "cited": self.cited,
            "fix": self.fix,
            "request_url": self.request_url,
            "note": self.note,
        }


@dataclass(frozen=True, slots=True)
class ReviewTable(Displayed):
    """The reviewer's table: a `Review` for each use, then what is unknown or to be known."""

    rows: tuple[Review, ...] = ()
    unclear: tuple[Unclear, ...] = ()
    failures: tuple[str, ...] = ()
    run_notes: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What is not proven, once for each repository, and which run's record was read."""
        return (
            *dict.fromkeys(row.candidates for row in self.rows if row.candidates),
            *self.run_notes,
        )

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Review]:
        return iter(self.rows)

    def __getitem__(self, index: int) -> Review:
        return self.rows[index]

    def to_json(self) -> list[dict[str, Any]]:
        return [row.to_json() for row in self.rows]

    def to_markdown(self) -> str:
        """The table in Markdown, with what is unknown below it."""
        lines = [
            "| Repository | Revision used | DOI | Its revision | Verdict | What to do |",
            "| --- | --- | --- | --- | --- | --- |",
        ]
        lines += ["| " + " | ".join(_cells(row)) + " |" for row in self.rows]
        if self.unclear:
            lines += ["", "Cannot tell:", ""]
            lines += [
                f"- {_escaped(u.place)}: `{_code(u.call)}`. {_escaped(u.reason)}"
                for u in self.unclear
            ]
        below = (*self.failures, *self.notes)
        if below:
            lines += ["", *(f"- {_escaped(sentence)}" for sentence in below)]
        return "\n".join(lines)


def is_pinned(revision: str | None) -> bool:
    """Whether `revision` names one state for good: a commit id or a tag, not a branch."""
    if revision is None:
        return False
    return revision not in _BRANCHES and not revision.startswith(("refs/heads/", "refs/pr/"))


def review_use(
    use: Use,
    status: Status | Exception | None,
    *,
    cached: str | None = None,
    cited: Iterable[Doi | str] | None = None,
) -> Review:
    """What is to be said of one use.

    `status` is what the Hub says of the repository, the error that it answered with, or None when
    it was not asked. Of what was recorded the last commit counts: see `each_commit`. `cached` is the
    revision in this machine's cache for what the code names.
    `cited` are the DOIs that the notebook cites, where that is known.
    """
    named = use.revision if is_pinned(use.revision) else None
    recorded = use.recorded[-1] if use.recorded else None
    used: str | None
    evidence: Evidence | None
    if recorded is not None:
        used, evidence = recorded, "recorded"
    elif named is not None and _COMMIT.fullmatch(named):
        used, evidence = named, "code"
    else:
        # a tag is pinned in the code; what it names here is what the cache has for it
        used = cached if named else None
        evidence = "cache" if cached else None
    seen: dict[str, Any] = {"use": use, "revision": used, "evidence": evidence, "cached": cached}
    if isinstance(status, RepoNotFound):
        return Review(verdict="gone", note=status.message, **seen)
    if not isinstance(status, Status):
        why = str(status) if status is not None else "The Hub was not asked."
        return Review(verdict="cannot tell", note=why, **seen)
    keys = None if cited is None else {Doi.parse(doi).key for doi in cited}
    version = _compared(status, used, keys)
    known: dict[str, Any] = {
        **seen,
        "version": version,
        "head": status.head,
        "endpoint": status.endpoint,
        "cited": None
        if keys is None
        else any(v.doi and v.doi.key in keys for v in status.versions),
    }
    if version is None:
        return Review(verdict="no DOI", **known)
    if not is_pinned(use.revision):
        note = not_proven(status) if used is None and len(status.versions) > 1 else ""
        return Review(verdict="unpinned", note=note, **known)
    if used is None:
        note = f"Which commit {named} names is not known on this machine."
        return Review(verdict="cannot tell", note=note, **known)
    if version.is_of_revision(used):
        return Review(verdict="cited exactly", **known)
    return Review(verdict="moved on", **known)


def each_commit(use: Use) -> tuple[Use, ...]:
    """A use for each commit that was recorded for it: all of them were loaded."""
    if len(use.recorded) < 2:
        return (use,)
    return tuple(replace(use, recorded=(commit,)) for commit in use.recorded)


def not_proven(status: Status) -> str:
    """One sentence that names the DOIs among which only a recorded or pinned revision decides."""
    named = [
        f"{version.doi} (revision {(version.revision or 'not known')[:7]})"
        for version in status.versions[:_MAX_CANDIDATES]
    ]
    more = len(status.versions) - len(named)
    listed = ", ".join(named) + (f" and {more} more" if more else "")
    return (
        f"Which revision of {status.repo} was loaded is not proven; it has the DOIs {listed}. "
        "Pin the revision, or load it again with the recorder on."
    )


def fix_for(use: Use, commit: str) -> str:
    """What to write into the call, so that it loads `commit`."""
    if use.form == "path":
        return f"hf://{use.repo}@{commit}"
    if use.form == "url":
        return f"/resolve/{commit}/"
    if use.form == "option":
        return f"--revision {commit}"
    return f"git checkout {commit}" if use.form == "clone" else f'revision="{commit}"'


def _compared(status: Status, used: str | None, cited: set[str] | None) -> Version | None:
    """The version to compare with: of the cited ones if any is cited, the one of that revision."""
    versions = status.versions
    if cited:
        named = tuple(v for v in versions if v.doi and v.doi.key in cited)
        versions = named or versions
    if used is not None:
        exact = next((v for v in versions if v.is_of_revision(used)), None)
        if exact is not None:
            return exact
    return versions[0] if versions else None


def request_doi_url(repo: Repo, endpoint: str = HUGGING_FACE) -> str:
    """The page on which a polite request for a DOI is ready to be sent to the owner."""
    title = "Request: DOI"
    text = (
        f"Hello! I use {repo.name} in my work and would like to cite it, so that readers find exactly "
        "what I used. Would you consider generating a DOI for it? The button is in the settings of "
        "this repository, under “Digital Object Identifier (DOI)”. You can go on pushing commits "
        "afterwards; the DOI names one revision, and a new one can be generated later. Thank you!"
    )
    page = repo.url(endpoint)
    return (
        f"{page}/discussions/new?title={quote(title, safe='')}&description={quote(text, safe='')}"
    )


def _cells(row: Review) -> tuple[str, ...]:
    used = f"`{row.revision[:7]}`" if row.revision else "not proven"
    if row.evidence == "recorded":
        used += " (recorded)"
    elif row.evidence == "cache" and row.cached:
        used += f" (`{row.cached[:7]}` in the cache, not proven)"
    doi = f"[{_escaped(row.doi.name)}]({row.doi.url})" if row.doi else "none"
    named = f"`{_code(row.doi_revision[:7])}`" if row.doi_revision else ""
    if row.request_url:
        todo = f"[ask for a DOI]({row.request_url})"
        todo += f"; `{row.fix}`" if row.fix else ""
    else:
        todo = f"`{row.fix}`" if row.fix else _escaped(row.note)
    link = f"[{_escaped(str(row.repo))}]({row.repo.url(row.endpoint)})"
    return (link, used, doi, named, row.verdict, todo)


def _escaped(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>|#!~&])", r"\\\1", " ".join(text.split()))


def _code(text: str) -> str:
    return text.replace("`", "'").replace("|", "/").replace("\n", " ")
