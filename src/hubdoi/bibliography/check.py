"""`check`: whether everything that a notebook uses is cited and pinned, for CI and pre-commit."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from ..provenance.hub_cache import cached_revision
from ..provenance.scanner.document import cells_of_file
from ..provenance.scanner.scanning import uses_of_file, with_bar
from ..provenance.use import Use, Uses
from ..records import Repo, Status
from ..records.errors import HubdoiError, InvalidInput
from .cited import Cited, cited_in
from .findings import CODES, Finding, FindingKind
from .reports import MEDIA_TYPES, CheckReport
from .verdict import Review, each_commit, is_pinned, review_use

if TYPE_CHECKING:
    from ..client import Client


Statuses: TypeAlias = Callable[[Sequence[Repo]], Mapping[Repo, "Status | Exception"]]
_COMMIT = re.compile(r"[0-9a-f]{7,40}")


def check(
    paths: str | PathLike[str] | Iterable[str | PathLike[str]],
    *,
    client: Client | None = None,
    strict: bool = False,
    commit_only: bool = False,
    ignore: Collection[str] = (),
    baseline: Collection[str] = (),
    bib: Iterable[str | PathLike[str]] = (),
    format: str = "text",
    progress: bool = False,
    statuses: Statuses | None = None,
    cache: Path | None = None,
) -> CheckReport:
    """Whether every model and dataset that notebooks use is pinned and cited.

    A use is pinned when the code names a commit or a tag; with `commit_only` a commit. It is cited
    when the notebook gives a DOI of the repository where a reader meets it, or a .bib file does
    (see `cited_in`); a repository without a DOI is cited by its URL. A DOI of another revision than
    the one in use is a finding. `strict` makes findings of a missing DOI and of a DOI that a newer
    one has replaced as well. `bib` names the .bib files; by default those beside the notebook
    count. Findings whose code is in `ignore`, or whose fingerprint is in `baseline`, are left out.

    `client` is asked for the DOIs; `statuses` may answer in its place. Without either, or where the
    Hub cannot be reached, the DOI that the notebook gives cannot be compared: that is reported as
    "cannot tell", unless something else is found.

    Raises:
        InvalidInput: `format` is not one of check's, or `ignore` has a code that there is not.
    """
    made = _Check(client, strict, commit_only, statuses, cache)
    named = [paths] if isinstance(paths, str | PathLike) else list(paths)
    files = [Path(path) for path in named]
    bibs = [Path(file) for file in bib]
    _check_arguments(format, ignore)
    for file in with_bar(files, progress):
        made.read(file, bibs)
    return made.report(format, ignore, baseline, [str(file) for file in files])


def check_session(
    found: Uses,
    cells: Sequence[str],
    file: Path | None,
    *,
    client: Client | None = None,
    strict: bool = False,
    commit_only: bool = False,
    ignore: Collection[str] = (),
    baseline: Collection[str] = (),
    bib: Iterable[str | PathLike[str]] = (),
    format: str = "text",
    statuses: Statuses | None = None,
    cache: Path | None = None,
) -> CheckReport:
    """The same for a running notebook: its uses are those of the cells that were run.

    A kernel does not see Markdown, so citations are read from `file`, the notebook as it was saved;
    the report says when. Without a file, or where the last cell that was run is not in it, the
    present citations cannot be read: that is "cannot tell". `cells` are the sources that were run.

    Raises:
        InvalidInput: as `check` does.
    """
    _check_arguments(format, ignore)
    made = _Check(client, strict, commit_only, statuses, cache)
    name = str(file) if file is not None else ""
    found = replace(found, items=tuple(replace(use, notebook=name or None) for use in found.items))
    cited, notes = Cited(), []
    if file is None or not file.is_file():
        text = "The file of this notebook is not known; name it: %doi check analysis.ipynb"
        made.findings.append(Finding("cannot tell", "HD011", text, name))
    else:
        try:
            cited = cited_in(file, [Path(one) for one in bib])
            saved = _saved_at(file)
            notes.append(
                f"The cells that were run, and the citations in {file} as saved on {saved}."
            )
            if not _has_last(file, cells):
                text = (
                    f"It was saved on {saved}, before the present cells; save the notebook first."
                )
                made.findings.append(Finding("cannot tell", "HD011", text, name))
        except InvalidInput as error:
            made.findings.append(Finding("cannot tell", "HD008", error.message, name))
    made.add(name, found, cited)
    report = made.report(format, ignore, baseline, [name])
    return replace(report, notes=(*notes, *report.notes))


def as_saved(file: Path) -> str:
    """A sentence for whoever may have changed the notebook since."""
    return f"Read {file} as saved on {_saved_at(file)}; unsaved changes are not in it."


def _check_arguments(format: str, ignore: Collection[str]) -> None:
    if format not in MEDIA_TYPES:
        offered = ", ".join(list(MEDIA_TYPES)[:-1]) + f" or {list(MEDIA_TYPES)[-1]}"
        raise InvalidInput(f"{format!r} is not a format of check; choose {offered}.")
    unknown = sorted(set(ignore) - set(CODES))
    if unknown:
        raise InvalidInput(
            f"{unknown[0][:40]!r} is not a code of check; they are {', '.join(CODES)}."
        )


def _saved_at(file: Path) -> str:
    at = datetime.fromtimestamp(file.stat().st_mtime, UTC)
    return at.strftime("%Y-%m-%d %H:%M UTC")


def _has_last(file: Path, cells: Sequence[str]) -> bool:
    """Whether the file was saved with the cell that was run last; earlier ones may be edited since."""
    ran = [source.strip() for source in cells if source.strip()]
    if file.suffix.lower() != ".ipynb" or not ran:
        return True
    return ran[-1] in {cell.source.strip() for cell in cells_of_file(file)}


class _Check:
    """The documents that were read so far, and what was found."""

    def __init__(
        self,
        client: Client | None,
        strict: bool,
        commit_only: bool,
        statuses: Statuses | None,
        cache: Path | None,
    ) -> None:
        self._client, self._statuses, self._cache = client, statuses, cache
        self._strict, self._commit_only = strict, commit_only
        self._scanned: list[tuple[Uses, Cited]] = []
        self.findings: list[Finding] = []

    def read(self, file: Path, bibs: list[Path]) -> None:
        """Add a file; one that cannot be read is a finding."""
        try:
            self.add(str(file), uses_of_file(file), cited_in(file, bibs))
        except InvalidInput as error:
            self.findings.append(Finding("cannot tell", "HD008", error.message, str(file)))

    def add(self, name: str, uses: Uses, cited: Cited) -> None:
        self._scanned.append((uses, cited))
        for failure in uses.failures:
            self.findings.append(Finding("cannot tell", "HD008", failure, name))
        for one in uses.unclear:
            self.findings.append(
                Finding(
                    "cannot tell",
                    "HD007",
                    f"{one.call}: {one.reason}",
                    name,
                    one.cell,
                    one.line,
                    one.execution_count,
                    call=one.call,
                )
            )

    def report(
        self, format: str, ignore: Collection[str], baseline: Collection[str], files: list[str]
    ) -> CheckReport:
        repos = list(dict.fromkeys(use.repo for own, _ in self._scanned for use in own))
        answers = self._answers(repos)
        reviews: list[Review] = []
        for own, cited in self._scanned:
            for use in (one for several in own for one in each_commit(several)):
                known = cached_revision(use.repo, use.revision, self._cache)
                answer = answers.get(use.repo)
                review = review_use(use, answer, cached=known, cited=sorted(cited.dois))
                reviews.append(review)
                self.findings += self._of(review, cited)
        kept = [
            one
            for one in self.findings
            if one.code not in ignore and one.fingerprint not in baseline
        ]
        order = {file: place for place, file in enumerate(files)}
        kept.sort(key=lambda one: order.get(one.notebook, len(order)))
        notes = tuple(note for own, _ in self._scanned for note in own.notes)
        return CheckReport(tuple(kept), tuple(reviews), format, notes, tuple(files))

    def _answers(self, repos: Sequence[Repo]) -> Mapping[Repo, Status | Exception]:
        if not repos:
            return {}
        try:
            if self._statuses is not None:
                return self._statuses(repos)
            if self._client is not None:
                return self._client.statuses(repos)
        except HubdoiError as error:
            return dict.fromkeys(repos, error)
        return {}

    def _of(self, review: Review, cited: Cited) -> list[Finding]:
        """What is wrong with one use: at most one line about its revision and one about its citation."""
        use, name = review.use, str(review.repo)
        if review.verdict == "gone":
            text = f"{name}: the Hub has no such repository, or it is private."
            return [_at(review, "finding", "HD005", text)]
        found = [] if self._is_pinned(use) else [_not_pinned(review)]
        known = review.verdict != "cannot tell" or review.version is not None
        by_url = use.repo in cited.repos
        if not known:
            if cited.dois or by_url:
                text = f"{name}: which DOI it has could not be determined. {review.note}".rstrip()
                found.append(_at(review, "cannot tell", "HD009", text))
            else:
                found.append(_at(review, "finding", "HD002", f"{name} is not cited."))
        elif review.version is None:
            kind: FindingKind = "finding" if self._strict or not by_url else "note"
            how = "it has no DOI" if by_url else "it is not cited, and has no DOI"
            text = f"{name}: {how}; ask for one at {review.request_url}"
            found.append(_at(review, kind, "HD004" if by_url else "HD002", text))
        else:
            found += self._of_citation(review)
        return found

    def _is_pinned(self, use: Use) -> bool:
        if not use.call:
            return True  # only recorded: there is no call to write a revision into
        if self._commit_only:
            return use.revision is not None and _COMMIT.fullmatch(use.revision) is not None
        return is_pinned(use.revision)

    def _of_citation(self, review: Review) -> list[Finding]:
        name, doi, version = str(review.repo), review.doi, review.version
        used, of = (review.revision or "")[:7], (review.doi_revision or "")[:7]
        is_of_another = review.verdict == "moved on" or (
            review.verdict == "unpinned"
            and review.revision
            and version is not None
            and not version.is_of_revision(review.revision)
        )
        if not review.cited:
            named = f"its DOI is {doi}"
            if is_of_another:
                named = f"its DOI {doi} names revision {of}, but {used} is used"
            text = f"{name} is not cited. {review.candidates}" if review.candidates else ""
            text = text or f"{name} is not cited; {named}."
            return [_at(review, "finding", "HD002", text)]
        if is_of_another:
            text = f"{name} is cited by {doi}, which names revision {of}, but {used} is used."
            return [_at(review, "finding", "HD003", text)]
        if review.verdict == "cannot tell":
            return [_at(review, "cannot tell", "HD009", f"{name}: {review.note}")]
        if review.candidates:
            return [_at(review, "cannot tell", "HD010", review.candidates)]
        if self._strict and version is not None and version.state == "outdated":
            text = f"{name} is cited by {doi}, which a newer DOI has replaced."
            return [_at(review, "finding", "HD006", text)]
        return []


def _not_pinned(review: Review) -> Finding:
    revision = review.use.revision
    if revision and is_pinned(revision):
        named = f"only {revision}, a tag, which can move"
    else:
        named = f"only {revision}, which moves" if revision else "no revision"
    fix = f"; write {review.fix}" if review.fix else ""
    if fix and review.candidates:
        fix += " if the latest DOI names what was loaded"
    text = f"{review.repo} is not pinned: the code names {named}{fix}."
    # Among several DOIs a person decides: nothing writes the latest into the code by itself (R13).
    commit = None if review.candidates else review.fix_commit
    return replace(_at(review, "finding", "HD001", text), commit=commit)


def _at(review: Review, kind: FindingKind, code: str, text: str) -> Finding:
    use = review.use
    return Finding(
        kind,
        code,
        text,
        use.notebook or "",
        use.cell,
        use.line,
        use.execution_count,
        repo=str(use.repo),
        call=use.call,
        revision=use.revision,
    )
