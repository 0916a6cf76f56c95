"""DataCite as registrar, for institutions with a repository account there.

A DOI is made in three steps, each of which can be repeated: a draft with the metadata, its
publication, and the update of the versions before and after it. Which DOI a revision gets follows
from the Hub's identifier of the repository and from the revision alone, so that a process that
knows nothing of an earlier attempt arrives at the same one (R8, R12).
"""

from __future__ import annotations

import json
from base64 import b32encode
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from threading import Event
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from ..config import DATACITE_TEST_API
from ..net.http import Http
from ..records import Doi, Hub, Repo, Terms, Version, parse_moment
from ..records.doi import doi_key
from ..records.errors import (
    AccessError,
    AlreadyRegistered,
    DoiNotFound,
    HubdoiError,
    InvalidInput,
    InvalidMetadata,
    RepoError,
    ServiceBusy,
    ServiceError,
    ServiceRefused,
    SignInRequired,
    UnexpectedAnswer,
    already_registered,
)
from .public_records import JSON_API
from .reader import version_from

if TYPE_CHECKING:
    from ..config import Config
    from ..net.http import Answer
    from .public_records import PublicRecords


_TERMS = """\
Generating a DOI at DataCite for this repository
{test}
1. The DOI is permanent. It cannot be undone: once generated, a DOI is never deleted and never given to anything else.
2. You promise to keep the page. The DOI leads to the page of this revision on {hub}, and {hub} will not enforce the lock: it does not know of this DOI, and goes on to let you delete, rename, transfer or hide the repository. You promise not to: from now on the repository is not deleted, renamed, transferred or made private, except through a request to those who look after the DataCite account {account}, who then let the DOI lead to its new place or to a page that says what it was. Pushing commits stays possible; the DOI goes on naming the revision that it was generated for.
3. The metadata becomes public. Your full name and the list of authors are sent to DataCite, together with the title, the URL, the revision, the description and the licence of the repository, and everybody can read them.
"""
_TEST = """
This is a test system: its DOIs do not resolve at doi.org, and may be deleted by those who run it.
"""


ABANDONED = timedelta(hours=1)
"""How long the draft of an interrupted mint is left to the process that made it."""
_PAUSES = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
"""Seconds between two looks at the draft of another process."""
_SETTLED_AFTER = 2.0
"""Seconds after which whoever published the same abandoned draft at the same time has done so."""


class DataCiteRegistrar:
    """The DOIs of one repository account at DataCite, through its REST API.

    Raises:
        InvalidInput: the account, its password or its prefix is not set.
    """

    shares_ledger = False
    suffix = "hf.{revision}.{hash}"

    def __init__(self, config: Config, hub: Hub, public_records: PublicRecords) -> None:
        check_account(config)
        assert config.datacite_repository and config.datacite_password and config.datacite_prefix
        self.publisher = config.datacite_publisher
        self._account = config.datacite_repository
        self._prefix = config.datacite_prefix
        self._base = config.datacite_api
        self._hub = hub
        self._public_records = public_records
        self._http = Http(
            config.datacite_api,
            basic=(config.datacite_repository, config.datacite_password),
            contact=config.contact,
            media_type=JSON_API,
        )

    def __repr__(self) -> str:
        return f"DataCiteRegistrar({self._account!r}, {self._base!r})"

    @property
    def url(self) -> str:
        return self._base

    @property
    def account_name(self) -> str:
        return self._account

    @property
    def prefix(self) -> str:
        return self._prefix

    @property
    def is_test(self) -> bool:
        """Whether its DOIs are for trying out, and do not resolve at doi.org."""
        return self._base == DATACITE_TEST_API or Doi(f"{self._prefix}/x").is_test

    @property
    def terms(self) -> Terms:
        return Terms(
            _TERMS.format(
                hub=urlsplit(self._hub.endpoint).netloc,
                account=self._account,
                test=_TEST if self.is_test else "",
            )
        )

    def reserve(self, repo: Repo, uid: str, revision: str) -> Doi:
        """``PREFIX/hf.REVISION.HASH``: seven digits of the revision (or the mark of a reservation), and eight characters (40 bits) of
        the SHA-256 of Hub, repository and revision, in base 32. Nothing is sent."""
        subject = "\n".join((self._hub.identity, uid, revision))
        digest = b32encode(sha256(subject.encode()).digest()[:5]).decode().lower()
        return Doi(f"{self._prefix}/{self.suffix.format(revision=revision[:7], hash=digest)}")

    def draft(self, doi: Doi) -> None:
        """Keep `doi` for the account as a draft; nothing but the DOI is sent.

        Raises:
            AlreadyRegistered: the DOI belongs to something else.
            AccessError: DataCite does not know the account, or it may not use the prefix.
            ServiceError: it is not known whether it happened; call again.
        """
        record = self._record(doi) or self._draft(doi, {"doi": doi.name})
        if not _is_reserved(record):
            raise AlreadyRegistered(
                f"The DOI {doi} is already taken by something else at DataCite; nothing was changed."
            )

    def knows(self, doi: Doi) -> bool:
        """Whether DataCite has anything with `doi` that the account can see. Raises as `draft`."""
        return self._record(doi) is not None

    def discard(self, doi: Doi) -> None:
        """Delete the draft that `draft` made. Raises as `draft`; a public DOI stays (R11)."""
        record = self._record(doi)
        if record is None:
            return
        if not _is_reserved(record):
            raise AlreadyRegistered(
                f"The DOI {doi} is already registered at DataCite; nothing was changed."
            )
        answer = self._http.request("DELETE", self._path(doi), repeat=True)
        if answer.status >= 300 and answer.status != 404:
            raise self._refusal(answer)

    def register(self, version: Version) -> None:
        """Make `version.doi` public with this metadata, for the first time.

        Who makes the draft publishes it: a draft with other authors is another process's, which is
        waited for; one that nobody published within an hour is taken over.

        Raises:
            AlreadyRegistered: the DOI belongs to something else, or was registered for the same
                revision with other authors or another title; then it carries what is registered.
            InvalidMetadata: DataCite refuses the metadata; nothing was made public.
            AccessError: DataCite does not know the account, or it may not use the prefix.
            ServiceError: it is not known whether it happened; call again.
        """
        doi, wanted, record = self._begun(version, is_new=True)
        if not _same_work(wanted, record) and not _is_reserved(record):
            record = self._settled(doi, record)
        _check_same_work(version, wanted, record)
        self._publish(doi, wanted, record)
        if record.get("state") == "draft" and _is_abandoned(record):
            # Others may take it up at the same time, and the last one stays.
            Event().wait(_SETTLED_AFTER)
            _check_same_work(version, wanted, self._record(doi) or wanted)

    def update(self, version: Version) -> None:
        """Bring the metadata of a DOI of this account up to date. Raises as `register`."""
        doi, wanted, record = self._begun(version)
        self._publish(doi, wanted, record)

    def _begun(
        self, version: Version, *, is_new: bool = False
    ) -> tuple[Doi, dict[str, Any], Mapping[str, Any]]:
        """The DOI of `version`, its attributes, and what DataCite has of it: at least a draft.

        What is new is drafted without asking for it first: if it is there, the refusal tells.
        """
        from .json_record import attributes

        if version.doi is None:
            raise ValueError("a version to register has a DOI")
        wanted = attributes(version)
        record = None if is_new else self._record(version.doi)
        if record is None:
            record = self._draft(version.doi, wanted)
        self._check_is_of(record, version)
        return version.doi, wanted, record

    def abandon(self, version: Version) -> None:
        """Delete the draft that an attempt to register `version` left, if it is still that one.

        Raises:
            AccessError, ServiceError: DataCite cannot be used now.
        """
        if version.doi is None:
            return
        from .json_record import attributes

        record = self._record(version.doi)
        if record and record.get("state") == "draft" and _same_work(attributes(version), record):
            self._http.request("DELETE", self._path(version.doi), repeat=True)

    def _settled(self, doi: Doi, record: Mapping[str, Any]) -> Mapping[str, Any]:
        """The record once whoever drafted it has published it, or when its draft is abandoned.

        Raises:
            ServiceBusy: somebody is at it.
        """
        for pause in _PAUSES:
            if record.get("state") != "draft" or _is_abandoned(record):
                return record
            Event().wait(pause)
            present = self._record(doi)
            if present is None:
                break
            record = present
        raise ServiceBusy(
            f"Another process is registering {doi} with other authors; try again in a minute.", 60.0
        )

    def _check_is_of(self, record: Mapping[str, Any], version: Version) -> None:
        if not self._is_of(record, version):
            raise AlreadyRegistered(
                f"The DOI {version.doi} is already taken by something else at DataCite; nothing was changed."
            )

    def find(self, doi: Doi) -> Version | None:
        """The public record of `doi`, or None.

        Raises:
            ServiceError: DataCite cannot be used now.
        """
        with suppress(DoiNotFound):
            return self._public_records.version(doi, refresh=True)
        return None

    def find_many(self, dois: Iterable[Doi], *, refresh: bool = False) -> dict[Doi, Version]:
        """The public records of those that have one. Raises as `find`."""
        return self._public_records.versions(dois, refresh=refresh)

    def differences(self, versions: Sequence[Version]) -> dict[Doi, tuple[str, ...]]:
        """For each version whose record is not as it should be: what differs; one request for all.

        ``missing`` (or not public), ``url``, ``metadata``, ``relations``. At most some hundred
        versions, because their DOIs stand in one URL.

        Raises:
            AccessError, ServiceError: DataCite does not show its records now.
        """
        from .json_record import attributes

        dois = ",".join(version.doi.key for version in versions if version.doi)
        answer = self._http.get("/dois", {"ids": dois, "page[size]": str(len(versions))})
        if answer.status >= 400:
            raise self._refusal(answer)
        data = answer.json.get("data") if isinstance(answer.json, Mapping) else None
        found = {
            doi_key(str(entry["attributes"].get("doi", ""))): entry["attributes"]
            for entry in (data if isinstance(data, list) else ())
            if isinstance(entry, Mapping) and isinstance(entry.get("attributes"), Mapping)
        }
        different: dict[Doi, tuple[str, ...]] = {}
        for version in versions:
            if version.doi is None:
                continue
            record = found.get(version.doi.key)
            if record is None or record.get("state") != "findable":
                different[version.doi] = ("missing",)
            elif parts := _different_parts(attributes(version), record):
                different[version.doi] = parts
        return different

    def relocate(self, doi: Doi, url: str) -> None:
        """Let `doi` lead to `url`; its metadata stay. Raises as `register`."""
        body = {"data": {"id": doi.name, "type": "dois", "attributes": {"url": url}}}
        answer = self._http.request("PUT", self._path(doi), body=body, repeat=True)
        if answer.status >= 300:
            raise self._refusal(answer)
        self._public_records.forget(doi)

    def account(self) -> Mapping[str, Any] | None:
        """What DataCite says of the account (``domains``, ``isActive``, ``prefixes``), or None where it does not.

        Raises:
            AccessError: it does not accept the password.
            ServiceError: it cannot be used now.
        """
        answer = self._http.get("/dois", {"client-id": self._account.lower(), "page[size]": "0"})
        if answer.status >= 400:
            raise self._refusal(answer)
        answer = self._http.request(
            "GET", f"/clients/{quote(self._account.lower(), safe='')}", json_expected=False
        )
        if answer.status >= 400:
            return None
        try:
            data = json.loads(answer.content)["data"]
            related = data.get("relationships", {}).get("prefixes", {}).get("data") or ()
            prefixes = [str(entry["id"]).lower() for entry in related]
            return {**data["attributes"], "prefixes": prefixes}
        except (AttributeError, ValueError, KeyError, TypeError):
            return None

    # The three requests

    def _record(self, doi: Doi) -> Mapping[str, Any] | None:
        """The attributes of the DOI as the account sees them, drafts included."""
        answer = self._http.get(self._path(doi))
        if answer.status == 404:
            return None
        if answer.status >= 400:
            raise self._refusal(answer)
        return self._attributes(answer, doi)

    def _draft(self, doi: Doi, wanted: Mapping[str, Any]) -> Mapping[str, Any]:
        """Make the draft; if somebody was faster, what they made."""
        body = {"data": {"type": "dois", "attributes": wanted}}
        # Sent twice it is refused the second time, and that tells the same.
        answer = self._http.request("POST", "/dois", body=body, repeat=True)
        if answer.status < 300:
            return self._attributes(answer, doi)
        if answer.status == 422 and _is_taken(answer):
            present = self._record(doi)
            if present is not None:
                return present
            raise AlreadyRegistered(
                f"The DOI {doi} is already taken by another account at DataCite; nothing was changed."
            )
        raise self._refusal(answer)

    def _publish(self, doi: Doi, wanted: Mapping[str, Any], record: Mapping[str, Any]) -> None:
        attributes = dict(wanted)
        if record.get("state") != "findable":
            attributes["event"] = "publish"
        body = {"data": {"id": doi.name, "type": "dois", "attributes": attributes}}
        answer = self._http.request("PUT", self._path(doi), body=body, repeat=True)
        if answer.status < 300:
            self._public_records.forget(doi)
            return
        refusal = self._refusal(answer)
        is_own_draft = record.get("state") == "draft" and not _is_reserved(record)
        if isinstance(refusal, InvalidMetadata) and is_own_draft:
            # Nobody has seen the draft; without it the DOI is as it was.
            with suppress(ServiceError):
                self._http.request("DELETE", self._path(doi), repeat=True)
        raise refusal

    def _is_of(self, record: Mapping[str, Any], version: Version) -> bool:
        """Whether the record names the repository and revision of `version`."""
        if version.revision is None or version.repo is None:
            return False
        if record.get("url") == version.landing_url or _is_reserved(record):
            return True
        there = version_from({"doi": str(version.doi), **record})
        if there.repo is None or there.revision != version.revision:
            return False
        if there.repo == version.repo:
            return True
        # The repository was renamed: its old name still leads to it.
        with suppress(RepoError):
            return self._hub.info(there.repo, None).repo == version.repo
        return False

    @staticmethod
    def _path(doi: Doi) -> str:
        return f"/dois/{doi.in_url}"

    def _attributes(self, answer: Answer, doi: Doi) -> Mapping[str, Any]:
        data = answer.json.get("data") if isinstance(answer.json, Mapping) else None
        attributes = data.get("attributes") if isinstance(data, Mapping) else None
        if not isinstance(attributes, Mapping):
            raise UnexpectedAnswer(
                f"{self._base} did not answer as DataCite would; check HUBDOI_DATACITE_API."
            )
        if doi != attributes.get("doi"):
            raise UnexpectedAnswer(f"{self._base} answered with a DOI other than {doi}.")
        return attributes

    def _refusal(self, answer: Answer) -> HubdoiError:
        """What a 4xx of DataCite stands for."""
        host = urlsplit(self._base).netloc
        if answer.status == 401:
            return SignInRequired(
                f"{host} does not accept the password of {self._account}; check DATACITE_REPOSITORY and DATACITE_PASSWORD."
            )
        if answer.status == 403:
            return AccessError(
                f"{host} does not let {self._account} register DOIs with {self._prefix}; check DATACITE_REPOSITORY, DATACITE_PASSWORD and DATACITE_PREFIX."
            )
        said = _said(answer)
        if answer.status in (400, 422):
            return InvalidMetadata(f"DataCite refuses the metadata{f': {said}' if said else ''}.")
        return ServiceRefused(
            f"{host} refused the request (HTTP {answer.status}{f': {said}' if said else ''}); try again later."
        )


def check_account(config: Config) -> None:
    """Let settings pass with an account, its password and its prefix.

    Raises:
        InvalidInput: one of them is not set.
    """
    missing = [
        f"DATACITE_{name.upper()}"
        for name in ("repository", "password", "prefix")
        if not getattr(config, f"datacite_{name}")
    ]
    if missing:
        raise InvalidInput(
            f"To register DOIs at DataCite, set {' and '.join(missing)}; your institution's DataCite contact knows them."
        )


def _is_reserved(record: Mapping[str, Any]) -> bool:
    """Whether the record is a draft with nothing in it but the DOI, as a reservation is."""
    said = ("url", "titles", "creators", "publicationYear")
    return record.get("state") == "draft" and not any(record.get(name) for name in said)


def _errors(answer: Answer) -> list[Mapping[str, Any]]:
    errors = answer.json.get("errors") if isinstance(answer.json, Mapping) else None
    return [entry for entry in errors if isinstance(entry, Mapping)] if errors else []


def _is_taken(answer: Answer) -> bool:
    return any("taken" in str(entry.get("title", "")).lower() for entry in _errors(answer))


def _said(answer: Answer) -> str:
    """What DataCite says is wrong, in one line."""
    found = []
    for entry in _errors(answer)[:3]:
        source = entry.get("source")
        title = " ".join(str(entry.get("title", "")).split())[:200].rstrip(".")
        found.append(f"{source}: {title}" if isinstance(source, str) and source else title)
    return "; ".join(filter(None, found))


def _different_parts(wanted: Mapping[str, Any], record: Mapping[str, Any]) -> tuple[str, ...]:
    """What of a record is not as wanted, of what DataCite returns as it was sent."""
    parts = {
        "url": wanted.get("url") != record.get("url"),
        "metadata": _core(wanted) != _core(record),
        "relations": _relations(wanted) != _relations(record),
    }
    return tuple(name for name, differs in parts.items() if differs)


def _same_work(wanted: Mapping[str, Any], record: Mapping[str, Any]) -> bool:
    """Whether both name the same titles, and the same authors in the same order."""
    return _core(wanted)[:2] == _core(record)[:2] and _identifiers(wanted) == _identifiers(record)


def _check_same_work(
    version: Version, wanted: Mapping[str, Any], record: Mapping[str, Any]
) -> None:
    if record.get("state") != "draft" and not _same_work(wanted, record):
        registered = version_from({"doi": str(version.doi), **record})
        assert version.doi is not None
        raise already_registered(version.doi, version.revision or "", registered)


def _identifiers(attributes: Mapping[str, Any]) -> list[set[str]]:
    """The iDs of each author, without the URL before them."""
    return [
        {
            str(identifier.get("nameIdentifier")).rstrip("/").rpartition("/")[2].lower()
            for identifier in creator.get("nameIdentifiers") or ()
        }
        for creator in attributes.get("creators") or ()
    ]


def _is_abandoned(record: Mapping[str, Any]) -> bool:
    """Whether nobody has touched the draft for an hour."""
    try:
        touched = parse_moment(str(record.get("updated") or record.get("created")))
    except ValueError:
        return False
    return datetime.now(UTC) - touched > ABANDONED


def _core(attributes: Mapping[str, Any]) -> tuple[Any, ...]:
    return (
        [str(entry.get("title")) for entry in attributes.get("titles") or ()],
        [str(entry.get("name")) for entry in attributes.get("creators") or ()],
        str(attributes.get("publicationYear")),
    )


def _relations(attributes: Mapping[str, Any]) -> set[tuple[str, str]]:
    return {
        (str(entry.get("relationType")), str(entry.get("relatedIdentifier")).lower())
        for entry in attributes.get("relatedIdentifiers") or ()
    }
