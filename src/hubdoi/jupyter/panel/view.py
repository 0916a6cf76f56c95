"""A `PanelState` as JSON, as `static/panel.js` draws it; its header describes the contract.

Nothing here is markup: texts are strings, or lists of runs with links (``{"t": …, "url": …}``).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ...citation.text import parts
from ...config import DATACITE_API, Config, is_loopback
from ...records import HUGGING_FACE, Changes, Doi, Status, Version
from ...records.doi import HUB_PREFIXES, TEST_PREFIX
from ...records.errors import HubdoiError
from ..display.amendment import NAMES
from ..display.card import Badge, Code, Link, Strong, Text, text
from ..display.status import GROUPS, change_sentence, file_size, lock_sentence, state_sentence
from ..display.version import history_notes, version_badge
from ..display.words import STATE, TEST_DOI, doi, moment, repo_link, revision, size
from .cited import STYLES
from .correction import Correction
from .preview import Preview
from .state import PanelState

FILES_SHOWN = 100
# Each unfolds to its button: nobody withdraws with one click.
_WITHDRAW = {
    "mint": "Withdraw the request …",
    "correction": "Withdraw the correction …",
    "reservation": "Withdraw the reservation …",
}
_NEW = "A DOI is a permanent identifier. With it, anybody can cite exactly the revision below."
_NEXT = (
    "The new DOI is for the revision below. The previous DOI stays valid, and the two are linked."
)
_CORRECT = "Your changes replace the public record. The DOI, the repository and the revision stay the same."
_HAND_OFF = (
    "This Hub has no DOI API: you generate the DOI on the settings page, which also asks for the "
    "authors. This panel continues when the DOI appears."
)


def to_json(state: PanelState, config: Config, *, lookup: bool = False) -> dict[str, Any]:
    """The state as the front end draws it; `lookup` says whether names can be looked up."""
    status = state.status
    shown: dict[str, Any] = {
        "repo": state.repo,
        "endpoint": config.endpoint,
        "phase": state.phase,
        "checked": state.checked,
        "busy": _busy(state),
        "steps": list(state.steps[:-1]) if state.phase == "minting" else [],
        "retry": None if state.is_busy else state.retry,
        "lookup": lookup,
    }
    if state.notice:
        notice = state.notice
        shown["notice"] = {"text": notice.text, "tone": notice.tone, "field": notice.field}
    if status is not None:
        shown |= _of_status(state, status)
    if status is not None and state.shows_form:
        shown |= _of_form(state, status, config)
    elif status is not None and state.correction:
        shown |= _of_correction(state, state.correction)
    return shown


def inline(value: Text) -> list[Any]:
    """A text of the displays as runs."""
    return [_run(part) for part in value]


def _run(part: Any) -> Any:
    if isinstance(part, Link):
        return {"t": part.text, "url": part.url} if part.is_safe else part.text
    if isinstance(part, Code):
        return {"t": part.text, "code": True}
    if isinstance(part, Strong):
        return {"t": part.text, "b": True}
    return part.text if isinstance(part, Badge) else part


def _busy(state: PanelState) -> str:
    if state.phase == "loading":
        return f"Loading {state.repo}"
    if state.phase == "minting":
        return state.steps[-1] if state.steps else "Starting"
    if state.phase == "watching":
        return "Watching for the DOI"
    if state.phase == "withdrawing":
        return "Withdrawing the request"
    if state.phase == "amending":
        if state.correction is None:
            return "Reading the corrected record"
        is_sent = state.correction.amendment is not None
        return "Correcting the record" if is_sent else "Comparing with the record"
    return ""


def _of_status(state: PanelState, status: Status) -> dict[str, Any]:
    badge = STATE[status.state]
    version = status.version
    return {
        "head": {
            "name": inline(text(repo_link(status.repo, status.endpoint))),
            "badge": {"text": badge.text, "tone": badge.tone},
            "test": bool(status.doi and status.doi.is_test),
        },
        "summary": state_sentence(status),
        "facts": _facts(status),
        "changes": _changes(state.changes) if status.state == "behind" else None,
        "cite": _cite(state) if version else None,
        "history": [_row(one, status) for one in status.versions],
        "can_correct": state.can_correct,
        "waiting": [[kind, _WITHDRAW[kind]] for kind in state.withdrawable],
    }


def _facts(status: Status) -> list[Any]:
    version = status.version
    if version is None or version.doi is None:
        return []
    at = revision(version.revision, status.repo, status.endpoint)
    registered = f", registered {moment(version.created)}" if version.created else None
    facts: list[tuple[str, Text]] = [
        ("DOI", doi(version.doi, version.endpoint or status.endpoint)),
        ("Revision", text(at, registered)),
    ]
    if status.head and status.state == "behind":
        facts.append(("Latest commit", revision(status.head, status.repo, status.endpoint)))
    facts.append(("Lock", text(lock_sentence(status))))
    return [[name, inline(value)] for name, value in facts]


def _changes(changes: Changes | None) -> dict[str, Any]:
    """Empty until they are known, which keeps their place."""
    if changes is None:
        return {"sentence": "", "rows": []}
    rows = [
        [file.path, GROUPS[group], file.kind, file_size(file)]
        for group, files in changes.groups.items()
        for file in files
    ]
    more = len(rows) - FILES_SHOWN
    return {
        "sentence": change_sentence(changes),
        "rows": rows[:FILES_SHOWN],
        "more": f"And {more:,} more." if more > 0 else "",
    }


def _cite(state: PanelState) -> dict[str, Any]:
    cited = state.cited
    return {
        "texts": dict(cited.texts) if cited else {},
        "rich": list(cited.rich) if cited and cited.rich else None,
        "style": cited.style if cited else "",
        "styles": [list(one) for one in STYLES],
        "problem": cited.problem if cited else "",
    }


def _row(version: Version, status: Status) -> dict[str, Any]:
    badge = version_badge(version)
    named = doi(version.doi, version.endpoint or status.endpoint)[:1] if version.doi else ()
    at = revision(version.revision, version.repo, status.endpoint) if version.revision else ()
    return {
        "doi": inline(named),
        "state": badge.text if badge else "",
        "tone": badge.tone if badge else "quiet",
        "revision": inline(at),
        "created": moment(version.created) if version.created else "",
        "title": version.title,
        "notes": list(history_notes(version)),
    }


def _of_form(state: PanelState, status: Status, config: Config) -> dict[str, Any]:
    terms = state.terms
    intro = _NEXT if status.state == "behind" else _NEW
    return {
        "form": state.form.to_json(),
        "form_intro": _HAND_OFF if state.hands_off else intro,
        "hands_off": state.hands_off,
        "settings_url": status.settings_url,
        "act": "mint",
        "label": state.label,
        # Where only the card changed, a new DOI is offered and not urged.
        "urged": not (state.changes is not None and state.changes.only_card),
        "terms": {"text": terms.text, "digest": terms.digest} if terms else None,
        "revision": state.revision,
        "preview": _preview(state, status, config),
    }


def _of_correction(state: PanelState, correction: Correction) -> dict[str, Any]:
    amendment = correction.amendment
    rows = amendment.changes if amendment else ()
    return {
        "form": state.form.to_json(),
        "form_intro": _CORRECT,
        "hands_off": False,
        "correction": {
            "title": f"Correct the record of {correction.doi}",
            "access": f"Update the access from the Hub. {_access(correction.version)}",
            "rows": [[NAMES[one.name], one.before or "–", one.after or "–"] for one in rows],
        },
        "act": "amend" if amendment else "propose",
        "label": "Correct the record" if amendment else "Review the correction",
        "terms": {"text": amendment.terms.text, "digest": amendment.terms.digest}
        if amendment
        else None,
    }


def _access(version: Version) -> str:
    said = "; ".join(one.line for one in version.access)
    return f"The record says: {said}" if said else "The record says nothing of a gate."


def _preview(state: PanelState, status: Status, config: Config) -> dict[str, Any]:
    found = state.preview or Preview(asked=state.form.revision)
    at = found.revision or state.revision
    doi_name, will_be = _next_doi(status, config)
    shown: dict[str, Any] = {
        "doi": will_be,
        "revision": {
            "id": inline(revision(at, status.repo, status.endpoint)) if at else "",
            "date": moment(found.date) if found.date else "",
            "message": found.message,
        },
        "type": {"model": "Model", "dataset": "Dataset"}[status.repo.type],
        "license": found.license,
        "credits": [list(row) for row in found.credits],
        "title": status.repo.name,
        "latest": status.head or "",
        "citation": _citation(state, status, config, at, doi_name),
        "problem": found.problem,
    }
    if found.files:
        total = size(sum(octets for _, octets in found.files))
        count = "1 file" if len(found.files) == 1 else f"{len(found.files):,} files"
        shown["total"] = f"{count}, {total}"
        shown["files"] = [[path, size(octets)] for path, octets in found.files[:FILES_SHOWN]]
    return shown


def _next_doi(status: Status, config: Config) -> tuple[str, str]:
    """The beginning of the DOI that will be registered, and a sentence about it."""
    if config.datacite_prefix and config.registrar == "datacite":
        start = f"{config.datacite_prefix}/"
    elif status.doi:
        start = status.doi.name.rpartition("/")[0] + "/"
    elif is_loopback(status.endpoint):
        start = f"{TEST_PREFIX}/hf/"
    elif status.endpoint == HUGGING_FACE and config.datacite_api == DATACITE_API:
        start = f"{HUB_PREFIXES[0]}/hf/"
    else:
        return "", "The registrar chooses it."
    note = TEST_DOI if start.startswith(TEST_PREFIX) else ""
    return start, f"{start}…{note}"


def _citation(
    state: PanelState, status: Status, config: Config, at: str | None, doi_name: str
) -> str:
    """The citation as it will read, with an ellipsis for what nobody knows yet."""
    try:
        authors = state.form.authors()
    except HubdoiError:
        given = [draft for draft in state.form.given if not draft.problem]
        authors = tuple(one for draft in given for one in draft.authors())
    version = Version.from_parts(
        doi=Doi(f"{doi_name}…") if doi_name else None,
        repo=status.repo,
        revision=at,
        title=f"{state.form.title.strip() or status.repo.name}"
        + (f" (Revision {at[:7]})" if at else ""),
        authors=authors,
        publisher=config.datacite_publisher,
        year=datetime.now(UTC).year,
        endpoint=status.endpoint,
    )
    link = f"https://doi.org/{doi_name}…" if doi_name else "DOI"
    return " ".join([*parts(version), link])
