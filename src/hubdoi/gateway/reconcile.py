"""Compare what the ledger knows with DataCite and with the Hub, and repair what is safe."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import sqlalchemy as sa

from ..minting.ledger import Entry
from ..minting.ledger_tables import repositories
from ..records import Repo, RepoInfo, show_moment
from ..records.errors import HubdoiError, RepoNotFound
from ..records.findings import Finding, Findings
from ..records.rights import Access, access_of
from .adoption import adopt
from .audit import GATEWAY
from .institution import Institution
from .tombstones import tombstone_url

BATCH = 120
"""DOIs in one request to DataCite."""
_FEW = 10
_PAGE = 1000


def reconcile(institution: Institution) -> Findings:
    """One whole comparison.

    Raises:
        ServiceError: the Hub or DataCite cannot be used now; call again.
    """
    gates: dict[str, Access] = {}
    others = _OtherAccess()
    findings = [*_with_hub(institution, gates), *adopt(institution)]
    gone = frozenset(row.uid for row in _known(institution) if row.deleted)
    checked = 0
    after = 0
    while entries := institution.ledger.registered(after, BATCH):
        after = entries[-1].id
        checked += len(entries)
        findings += _with_datacite(institution, entries, gone)
        others.look(entries, gates)
    findings += _of_reservations(institution)
    findings += others.findings()
    compared = "1 DOI was" if checked == 1 else f"{checked:,} DOIs were"
    return Findings(f"{compared} compared with DataCite and the Hub.", findings)


def reconcile_repository(
    institution: Institution, uid: str, told: Repo | None, known_dois: str | None
) -> dict[str, str | None]:
    """Compare one repository, of which a webhook told, and its DOIs; what was seen of it.

    `told` is the name that it has by that webhook, `known_dois` what was seen the last time.

    Raises:
        ServiceError: the Hub or DataCite cannot be used now; call again.
    """
    ledger = institution.ledger
    found = ledger.repositories([uid]).get(uid)
    if found is None:
        return {}
    repo, was_deleted = found
    info = _look(institution, repo, uid)
    if info is None and told is not None and told != repo:
        info = _look(institution, told, uid)
    if info is None:
        if not was_deleted and ledger.versions(uid):
            _record_deletion(institution, uid, repo)
        return {"head": None, "dois": known_dois, "seen": show_moment(datetime.now(UTC))}
    list(_settled(institution, uid, repo, was_deleted, info))
    found_entries = (ledger.entry_of(uid, one.revision or "") for one in ledger.versions(uid))
    entries = [entry for entry in found_entries if entry]
    for start in range(0, len(entries), BATCH):
        list(_with_datacite(institution, entries[start : start + BATCH], frozenset()))
    dois = ",".join(sorted(doi.name for doi in info.dois if doi.is_from_hub))
    if dois != (known_dois or ""):
        institution.audit.add(GATEWAY, "DOIs of the Hub", str(info.repo), dois or None)
        institution.notices.add("hub-doi", str(info.repo))
    return {"head": info.head, "dois": dois, "seen": show_moment(datetime.now(UTC))}


def _with_hub(institution: Institution, gates: dict[str, Access]) -> Iterator[Finding]:
    """Renamed, private, gone and returned repositories; `gates` gets the access to each of the others."""
    listed: set[str] = set()
    for owner in sorted({row.name.partition("/")[0] for row in _known(institution)}):
        try:
            shown = institution.hub.repositories(owner)
            # Some at a time: an owner may have hundreds of thousands.
            while infos := {info.uid: info for info in islice(shown, _PAGE)}:
                known = institution.ledger.repositories(list(infos))
                listed.update(known)
                gates |= {uid: access for uid in known if (access := infos[uid].access)}
                for uid, (repo, was_deleted) in known.items():
                    yield from _settled(institution, uid, repo, was_deleted, infos[uid])
        except RepoNotFound:
            continue
    gone, checked = [], 0
    for row in _known(institution):
        checked += 1
        if row.uid in listed:
            continue
        repo = Repo(row.type, row.name)
        info = _look(institution, repo, row.uid)
        if info is not None:
            if info.access:
                gates[row.uid] = info.access
            yield from _settled(institution, row.uid, repo, row.deleted is not None, info)
        elif not row.deleted:
            gone.append((row.uid, repo))
    if len(gone) > _FEW and len(gone) * 2 > checked:
        yield Finding(
            institution.settings.hub,
            "gone",
            f"{len(gone)} of {checked} repositories were not found, so nothing was changed; check HUBDOI_GATEWAY_HUB and the Hub.",
        )
        return
    for uid, repo in gone:
        yield _record_deletion(institution, uid, repo)


def _known(institution: Institution) -> Iterator[sa.Row[Any]]:
    """The repositories of the ledger, some at a time."""
    after = 0
    query = (
        sa.select(repositories)
        .where(
            repositories.c.hub == institution.ledger.hub, repositories.c.id > sa.bindparam("after")
        )
        .order_by(repositories.c.id)
        .limit(_PAGE)
    )
    while True:
        with institution.database.reading() as db:
            rows = db.execute(query, {"after": after}).all()
        yield from rows
        if len(rows) < _PAGE:
            return
        after = rows[-1].id


def _settled(
    institution: Institution, uid: str, repo: Repo, was_deleted: bool, info: RepoInfo
) -> Iterator[Finding]:
    """What the ledger did not know of a repository that the Hub shows."""
    ledger = institution.ledger
    if info.repo != repo:
        ledger.rename(uid, info.repo)
        institution.audit.add(GATEWAY, "moved", str(info.repo), f"It was {repo}.")
        yield Finding(str(info.repo), "moved", f"{repo} is now {info.repo}.", repaired=True)
    if was_deleted:
        for version in ledger.versions(uid):
            if version.doi and version.landing_url:
                institution.registrar.relocate(version.doi, version.landing_url)
        ledger.mark_present(uid)
        institution.audit.add(GATEWAY, "returned", str(info.repo))
        yield Finding(str(info.repo), "returned", "It is on the Hub again.", repaired=True)
    if info.private:
        yield Finding(
            str(info.repo), "private", "It is private; ask its owner to make it public again."
        )


def _look(institution: Institution, repo: Repo, uid: str) -> RepoInfo | None:
    """The repository under its last name, or a name that this leads to; None where it is gone."""
    try:
        info = institution.hub.info(repo, None)
    except RepoNotFound:
        return None
    # Another repository with the old name is not the one that has the DOI.
    return info if info.uid == uid else None


def _record_deletion(institution: Institution, uid: str, repo: Repo) -> Finding:
    if not institution.url:
        return Finding(
            str(repo),
            "gone",
            "It is no longer on the Hub; set HUBDOI_GATEWAY_URL, so that its DOIs can lead to a page here.",
        )
    # The page first: what stops in between is done again.
    for version in institution.ledger.versions(uid):
        if version.doi:
            institution.registrar.relocate(version.doi, tombstone_url(institution.url, version.doi))
    reason = "It was deleted, or made private."
    institution.ledger.mark_deleted(uid, at=datetime.now(UTC), reason=reason)
    institution.audit.add(GATEWAY, "gone", str(repo), reason)
    return Finding(
        str(repo),
        "gone",
        "It is no longer on the Hub; its DOIs lead to a page here.",
        repaired=True,
    )


class _OtherAccess:
    """The records that tell of another gate than the repository has, the first of them by name.

    Nothing is repaired: those who can write to a repository agree to what its records say.
    """

    def __init__(self) -> None:
        self.count = 0
        self.named: list[str] = []

    def look(self, entries: Sequence[Entry], gates: Mapping[str, Access]) -> None:
        for entry in entries:
            access, version = gates.get(entry.uid), entry.version
            if access and access_of(version.rights) != access:
                self.count += 1
                if len(self.named) < _FEW:
                    self.named.append(f"{version.doi} ({version.repo}, {access})")

    def findings(self) -> Iterator[Finding]:
        if not self.count:
            return
        told = (
            "1 record does not tell of the present access to its files"
            if self.count == 1
            else f"{self.count:,} records do not tell of the present access to their files"
        )
        more = self.count - len(self.named)
        listed = ", ".join([*self.named, *([f"and {more:,} more"] if more else [])])
        yield Finding(
            "DOIs",
            "access",
            f"{told}: {listed}. Whoever can write to a repository corrects its record: hubdoi amend DOI --access",
            is_problem=False,
            is_note=True,
        )


def _of_reservations(institution: Institution) -> Iterator[Finding]:
    """Reserved DOIs whose drafts are missing at DataCite; one request for each."""
    drafts = institution.drafts
    unfinished = {row.doi: row for row in drafts.waiting()}
    for doi, _, _ in drafts.book.waiting():
        row, why = unfinished.get(doi.name), None
        if row is None:
            try:
                if institution.registrar.knows(doi) or not drafts.restore(doi):
                    continue
            except HubdoiError as error:
                why = error.message
        elif row.reason:
            why = row.reason
        else:
            continue
        sentence = "DataCite does not have the draft of this reserved DOI"
        if why is None:
            yield Finding(str(doi), "draft", f"{sentence}; it was made again.", repaired=True)
        else:
            yield Finding(str(doi), "draft", f"{sentence}: {why}")


def _with_datacite(
    institution: Institution, entries: Sequence[Entry], gone: frozenset[str]
) -> Iterator[Finding]:
    """Records that are missing, or not what the ledger says."""
    by_doi = {entry.version.doi: entry for entry in entries}
    different = institution.registrar.differences([entry.version for entry in entries])
    for doi, parts in different.items():
        entry = by_doi[doi]
        parts = tuple(part for part in parts if part != "url" or entry.uid not in gone)
        if not parts:
            continue
        sentence = f"The record at DataCite differs: {', '.join(parts)}."
        if entry.uid in gone:
            yield Finding(str(doi), parts[0], sentence)
            continue
        try:
            if "url" in parts and entry.version.landing_url:
                institution.registrar.relocate(doi, entry.version.landing_url)
            institution.registrar.update(entry.version)
        except HubdoiError as error:
            yield Finding(str(doi), parts[0], f"{sentence} {error.message}")
            continue
        institution.audit.add(GATEWAY, "repaired", str(doi), ", ".join(parts))
        yield Finding(str(doi), parts[0], sentence, repaired=True)
