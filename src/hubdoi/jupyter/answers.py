"""What the routes of the server extension answer; they only read requests and write answers.

Everything here may block: the routes call it on threads of their own.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import TYPE_CHECKING, Any

from ..bibliography import check, cite_uses
from ..bibliography.pinning import Pinning
from ..bibliography.reports import CheckReport
from ..bibliography.verdict import Review, is_pinned
from ..net.operation import bounded
from ..provenance.scanner.scan import scan
from ..provenance.use import Uses
from ..records import Repo, Status, Version
from ..records.errors import HubdoiError, InvalidInput, ServiceError
from ..records.link import link_of
from .live_document import LiveDocument

if TYPE_CHECKING:
    from ..client import Client

_FRESH = 60.0
_FRESH_FAILURE = 10.0
_KEPT = 64
_OFFERED = 10


class Answers:
    """The answers about the documents of one Hub, for one Jupyter server.

    The status of a repository is asked once a minute, a scan is done once for a text.
    """

    def __init__(self, client: Client, kind: str = "hub") -> None:
        self.client = client
        self.kind = kind
        self._lock = Lock()
        self._statuses: dict[Repo, tuple[float, Status | Exception]] = {}
        self._reports: OrderedDict[tuple[str, bool, float], CheckReport] = OrderedDict()

    def document(
        self, document: LiveDocument, bibs: Sequence[Path], *, ask: bool, refresh: bool = False
    ) -> dict[str, Any]:
        """What the document uses and what `check` finds; `ask` whether the Hub is asked as well.

        Raises:
            InvalidInput: the document cannot be read.
        """
        if refresh:
            with self._lock:
                self._statuses.clear()
                self._reports.clear()
        report = self._report(document, bibs, ask)
        offline = next((str(e) for e in self._failures() if isinstance(e, ServiceError)), None)
        return {
            "uses": [self._row(document, review) for review in report.reviews],
            "findings": [
                {"kind": f.kind, "text": f.text, "cell": f.cell, "line": f.line}
                for f in report.findings
            ],
            "asked": ask,
            "offline": offline if ask else None,
            "endpoint": self.client.endpoint,
            "kind": self.kind,
        }

    def cite(self, references: object, *, format: str, style: str | None = None) -> dict[str, Any]:
        """The citation of repositories, each ``{"type", "id", "revision"}``."""
        from ..citation import cite

        parts = [
            self.client.cite(repo, revision=revision) for repo, revision in _references(references)
        ]
        versions = [version for part in parts for version in part.versions]
        citation = cite(versions, format, style=style or None)
        notes = list(dict.fromkeys(note for part in parts for note in part.notes))
        return {
            "text": citation.text,
            "html": citation.html,
            "notes": notes,
            "keys": _keys(citation.versions),
            "links": [
                {"text": version.name, "url": self._link(version)} for version in citation.versions
            ],
        }

    def bibliography(self, document: LiveDocument, style: str | None) -> dict[str, Any]:
        """The text of the bibliography cell, and the citations for the notebook's metadata."""
        from ..bibliography.cell import bibliography_text
        from ..citation.csl import items

        found, unclear = scan(document.cells)
        uses = Uses(tuple(found), tuple(unclear))
        citation = cite_uses(uses, client=self.client, format="markdown", style=style or None)
        return {
            "text": bibliography_text(citation),
            "citations": items(citation.versions),
            "notes": list(citation.notes),
        }

    def add_to_bib(self, file: Path, references: object) -> dict[str, Any]:
        """Add the citations to a .bib file, or update them there."""
        from ..bibliography.bibfile import BibFile

        versions = [
            version
            for repo, revision in _references(references)
            for version in self.client.cite(repo, revision=revision).versions
        ]
        updated = BibFile.read(file).updated(versions, "bibtex")
        if updated.differs:
            updated.write()
        return {"changed": updated.differs, "added": len(updated.added)}

    def pins(
        self, document: LiveDocument, bibs: Sequence[Path], only: object = None
    ) -> dict[str, Any]:
        """The edits that pin what is not pinned: all of it, or the repository `only`."""
        pinning = Pinning(document.cells, document.whole_text)
        problems: list[str] = []
        wanted = None if only is None else _repo(only)
        for review in self._report(document, bibs, True).reviews:
            commit = review.fix_commit
            if commit is None or (wanted is not None and review.repo != wanted):
                continue
            if wanted is None and is_pinned(review.use.revision):
                continue
            try:
                pinning.pin(review.repo, commit, review.use.revision)
            except InvalidInput as error:
                problems.append(error.message)
        edits = _edits(document, pinning)
        return {"edits": edits, "problems": problems}

    def repository(self, reference: object) -> dict[str, Any]:
        """What a tooltip says of a repository."""
        repo = _repo(reference)
        answer = self._asked([repo])[repo]
        if isinstance(answer, Exception):
            raise answer
        version = answer.version
        return {
            "name": str(repo),
            "title": version.title if version else "",
            "doi": version.doi.name if version and version.doi else None,
            "doi_revision": version.revision if version else None,
            "latest": answer.head,
            "state": answer.state,
            "url": answer.url,
            "revisions": [
                {"revision": v.revision, "doi": v.doi.name if v.doi else None, "state": v.state}
                for v in answer.versions
                if v.revision
            ],
        }

    def names(self, text: str, type: str) -> list[str]:
        """Repositories whose name begins so, for completion; empty without a Hub."""
        owner, slash, rest = text.partition("/")
        api = self.client.hf_api()
        listed = api.list_datasets if type == "dataset" else api.list_models
        narrowed = {"author": owner, "search": rest or None} if slash else {"search": text}
        try:
            found = bounded(
                lambda: [str(one.id) for one in listed(limit=_OFFERED * 3, **narrowed)],
                self.client.endpoint,
            )
        except Exception:  # a list that cannot be had completes nothing
            return []
        return [name for name in found if name.lower().startswith(text.lower())][:_OFFERED]

    def _report(self, document: LiveDocument, bibs: Sequence[Path], ask: bool) -> CheckReport:
        stamp = 0.0
        for file in bibs:
            # It may have gone since it was found.
            with suppress(OSError):
                stamp += file.stat().st_mtime
        if ask:
            # What the Hub says now is asked first: an answer that has aged makes another report.
            found, _ = scan(document.cells)
            answers = self._asked(list(dict.fromkeys(use.repo for use in found)))
            stamp += sum(self._statuses[repo][0] for repo in answers)
        key = (document.digest, ask, stamp)
        with self._lock:
            if key in self._reports:
                return self._reports[key]
        with TemporaryDirectory(prefix="hubdoi-") as directory:
            file = Path(directory) / document.name
            file.write_text(document.text, encoding="utf-8", errors="surrogatepass")
            report = check([file], bib=bibs, statuses=self._asked if ask else _nothing)
        with self._lock:
            self._reports[key] = report
            while len(self._reports) > _KEPT:
                self._reports.popitem(last=False)
        return report

    def _asked(self, repos: Sequence[Repo]) -> Mapping[Repo, Status | Exception]:
        """The statuses, from the last minute or from the Hub."""
        now = time.monotonic()
        with self._lock:
            missing = [repo for repo in repos if not self._is_fresh(repo, now)]
        if missing:
            try:
                answers: Mapping[Repo, Status | Exception] = self.client.statuses(missing)
            except HubdoiError as error:
                answers = dict.fromkeys(missing, error)
            with self._lock:
                self._statuses |= {repo: (now, answer) for repo, answer in answers.items()}
        with self._lock:
            return {repo: self._statuses[repo][1] for repo in repos}

    def _is_fresh(self, repo: Repo, now: float) -> bool:
        at, answer = self._statuses.get(repo, (-_FRESH, None))
        return now - at < (_FRESH if isinstance(answer, Status) else _FRESH_FAILURE)

    def _failures(self) -> list[Exception]:
        with self._lock:
            return [a for _, a in self._statuses.values() if isinstance(a, Exception)]

    def _link(self, version: Version) -> str:
        """Where a click leads."""
        return version.doi.url_at(self.client.endpoint) if version.doi else link_of(version)

    def _row(self, document: LiveDocument, review: Review) -> dict[str, Any]:
        version = review.version
        return {
            **review.to_json(),
            "notebook": document.path,
            "name": str(review.repo),
            "url": review.repo.url(self.client.endpoint),
            "doi_url": self._link(version) if version and version.doi else None,
            "title": version.title if version else "",
            "pinned": review.pinned,
            "cached": review.cached,
            "latest": review.head,
        }


def _nothing(repos: Sequence[Repo]) -> Mapping[Repo, Status | Exception]:
    return {}


def _repo(reference: object) -> Repo:
    if not isinstance(reference, Mapping):
        raise InvalidInput("A repository is an object with a type and an id.")
    type, name = reference.get("type"), reference.get("id")
    if type not in ("model", "dataset") or not isinstance(name, str):
        raise InvalidInput("A repository is an object with a type and an id.")
    return Repo(type, name)


def _references(given: object) -> list[tuple[Repo, str | None]]:
    if not isinstance(given, list) or not given:
        raise InvalidInput("Name at least one repository.")
    found = []
    for one in given:
        repo = _repo(one)
        revision = one.get("revision")
        found.append((repo, revision if isinstance(revision, str) and revision else None))
    return found


def _keys(versions: Sequence[Any]) -> list[str]:
    from ..citation.keys import keys_of

    return list(keys_of(versions))


def _edits(document: LiveDocument, pinning: Pinning) -> list[dict[str, Any]]:
    """The edits for a front end, one after the other; columns count UTF-16, as browsers do."""
    cells = document.cells
    whole = document.whole_text
    sources = [cell.source for cell in cells] if whole is None else [whole]
    made = []
    for edit in pinning.edits:
        source = sources[edit.position]
        line = source.split("\n")[edit.line]
        made.append(
            {
                "cell": cells[edit.position].index if whole is None else None,
                "line": edit.line,
                "start": _utf16(line[: edit.start]),
                "end": _utf16(line[: edit.end]),
                "text": edit.text,
            }
        )
        sources[edit.position] = edit.apply(source)
    return made


def _utf16(text: str) -> int:
    """The length as browsers count it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
