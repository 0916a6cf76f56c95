"""`check`: whether everything that a notebook uses is cited and pinned, for CI and pre-commit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from ..provenance.hub_cache import cached_revision
from ..provenance.scanner.scanning import uses_of_file, with_bar
from ..provenance.use import Use
from ..records import Displayed, Repo, Status
from ..records.errors import HubdoiError, InvalidInput
from .cited import Cited, cited_in
from .verdict import Review, each_commit, is_pinned, review_use

if TYPE_CHECKING:
    from ..client import Client


Statuses: TypeAlias = Callable[[Sequence[Repo]], Mapping[Repo, "Status | Exception"]]
FindingKind = Literal["finding", "cannot tell", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about one place. A `finding` fails the check, a `note` does not."""

    kind: FindingKind
    text: str
    notebook: str
    cell: int | None = None
    line: int = 1

    @property
    def place(self) -> str:
        cell = f", cell {self.cell}" if self.cell is not None else ""
        return f"{self.notebook}{cell}, line {self.line}"

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "text": self.text,
            "notebook": self.notebook,
            "cell": self.cell,
            "line": self.line,
        }


@dataclass(frozen=True, slots=True)
class CheckReport(Displayed):
    """What `check` found; `str()` is one line for each finding, in the format that was asked for."""

    findings: tuple[Finding, ...] = ()
    reviews: tuple[Review, ...] = ()
    format: str = "text"

    @property
    def exit_status(self) -> int:
        """0: every use is cited and pinned; 1: something is not; 2: that cannot be told."""
        kinds = {finding.kind for finding in self.findings}
        if "finding" in kinds:
            return 1
        return 2 if "cannot tell" in kinds else 0

    @property
    def media_type(self) -> str:
        """What `str()` is: a command line prints it as it is."""
        return "application/json" if self.format == "json" else "text/plain"

    def __str__(self) -> str:
        if self.format == "json":
            import json

            return json.dumps(self.to_json(), ensure_ascii=False, indent=2)
        write = _github if self.format == "github" else _line
        return "\n".join(write(finding) for finding in self.findings)

    def to_json(self) -> dict[str, Any]:
        return {
            "exit_status": self.exit_status,
            "findings": [finding.to_json() for finding in self.findings],
            "uses": [review.to_json() for review in self.reviews],
        }


def check(
    paths: str | PathLike[str] | Iterable[str | PathLike[str]],
    *,
    client: Client | None = None,
    strict: bool = False,
    bib: Iterable[str | PathLike[str]] = (),
    format: str = "text",
    progress: bool = False,
    statuses: Statuses | None = None,
    cache: Path | None = None,
) -> CheckReport:
    """Whether every model and dataset that notebooks use is pinned and cited.

    A use is pinned when the code names a commit or a tag. It is cited when the notebook gives a DOI
    of the repository where a reader meets it, or a .bib file does (see `cited_in`); a repository
    without a DOI is cited by its address. A DOI of another revision than the one in use is a
    finding. `strict` makes findings of a missing DOI and of a DOI that a newer one has replaced as
    well. `bib` names the .bib files; by default those beside the notebook count.

    `client` is asked for the DOIs; `statuses` may answer in its place. Without either, or where the
    Hub cannot be reached, the DOI that the notebook gives cannot be compared: that is reported as
    "cannot tell", unless something else is found.

    Raises:
        InvalidInput: `format` is not text, github or json.
    """
    if format not in ("text", "github", "json"):
        raise InvalidInput(f"{format!r} is not a format of check; choose text, github or json.")
    named = [paths] if isinstance(paths, str | PathLike) else list(paths)
    files = [Path(path) for path in named]
    bibs = [Path(file) for file in bib]
    findings: list[Finding] = []
    scanned: list[tuple[Path, list[Use], Cited]] = []
    for file in with_bar(files, progress):
        try:
            uses = uses_of_file(file)
            cited = cited_in(file, bibs)
        except InvalidInput as error:
            findings.append(Finding("cannot tell", error.message, str(file)))
            continue
        scanned.append((file, list(uses), cited))
        findings += [Finding("cannot tell", one, str(file)) for one in uses.failures]
        for unclear in uses.unclear:
            text = f"{unclear.call}: {unclear.reason}"
            findings.append(Finding("cannot tell", text, str(file), unclear.cell, unclear.line))
    repos = list(dict.fromkeys(use.repo for _, own, _ in scanned for use in own))
    answers = _answers(repos, client, statuses)
    reviews: list[Review] = []
    for _, own, cited in scanned:
        for use in (one for several in own for one in each_commit(several)):
            known = cached_revision(use.repo, use.revision, cache)
            review = review_use(use, answers.get(use.repo), cached=known, cited=sorted(cited.dois))
            reviews.append(review)
            findings += _findings(review, cited, strict)
    findings.sort(key=lambda f: [str(file) for file in files].index(f.notebook))
    return CheckReport(tuple(findings), tuple(reviews), format)


def _answers(
    repos: Sequence[Repo], client: Client | None, statuses: Statuses | None
) -> Mapping[Repo, Status | Exception]:
    if not repos:
        return {}
    try:
        if statuses is not None:
            return statuses(repos)
        if client is not None:
            return client.statuses(repos)
    except HubdoiError as error:
        return dict.fromkeys(repos, error)
    return {}


def _findings(review: Review, cited: Cited, strict: bool) -> list[Finding]:
    """What is wrong with one use: at most one line about its revision and one about its citation."""
    use = review.use
    found: list[tuple[FindingKind, str]] = []
    name = str(use.repo)
    if review.verdict == "gone":
        return [
            _at(
                use, "finding", f"{name} is gone: the Hub has no such repository, or it is private."
            )
        ]
    if not is_pinned(use.revision):
        named = f"only {use.revision}, which moves" if use.revision else "no revision"
        fix = f"; write {review.fix}" if review.fix else ""
        found.append(("finding", f"{name} is not pinned: the code names {named}{fix}."))
    known = review.verdict != "cannot tell" or review.version is not None
    by_address = use.repo in cited.repos
    if not known:
        if not cited.dois and not by_address:
            found.append(("finding", f"{name} is not cited."))
        else:
            found.append(
                ("cannot tell", f"{name}: which DOI it has cannot be told. {review.note}".rstrip())
            )
    elif review.version is None:
        kind: FindingKind = "finding" if strict or not by_address else "note"
        how = "it has no DOI" if by_address else "it is not cited, and has no DOI"
        found.append((kind, f"{name}: {how}; ask for one at {review.request_url}"))
    else:
        found += _of_citation(review, strict)
    return [_at(use, kind, text) for kind, text in found]


def _of_citation(review: Review, strict: bool) -> list[tuple[FindingKind, str]]:
    name, doi = str(review.repo), review.doi
    if not review.cited:
        return [("finding", f"{name} is not cited; its DOI is {doi}.")]
    if review.verdict == "moved on" or (
        review.verdict == "unpinned"
        and review.revision
        and review.version is not None
        and not review.version.is_of_revision(review.revision)
    ):
        used, of = (review.revision or "")[:7], (review.doi_revision or "")[:7]
        return [
            ("finding", f"{name} is cited by {doi}, which names revision {of}, but {used} is used.")
        ]
    if review.verdict == "cannot tell":
        return [("cannot tell", f"{name}: {review.note}")]
    if strict and review.version is not None and review.version.state == "outdated":
        return [("finding", f"{name} is cited by {doi}, which a newer DOI has replaced.")]
    return []


def _at(use: Use, kind: FindingKind, text: str) -> Finding:
    return Finding(kind, text, use.notebook or "", use.cell, use.line)


def _line(finding: Finding) -> str:
    return f"{finding.place}: {finding.text}"


def _github(finding: Finding) -> str:
    """A workflow command; GitHub's rules for escaping data and properties."""
    command = {"finding": "error", "cannot tell": "warning", "note": "notice"}[finding.kind]
    title = f"cell {finding.cell}, line {finding.line}" if finding.cell is not None else ""
    properties = f"file={_property(finding.notebook)}"
    if finding.notebook.endswith(".ipynb"):
        # a line within a cell is no line of the file
        properties += f",title={_property(title)}" if title else ""
    else:
        properties += f",line={finding.line}"
    return f"::{command} {properties}::{_data(finding.text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
