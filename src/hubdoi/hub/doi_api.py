"""A Hub's own DOI API, over HTTP."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ..config import Secret, check_endpoint
from ..net.answer import TooManyValues, read_json
from ..net.http import Answer, Http
from ..records import HUGGING_FACE, TEST_PREFIX, Doi, Repo, Version
from ..records.errors import (
    AlreadyRegistered,
    DoiNotFound,
    HubdoiError,
    InvalidInput,
    RepoNotFound,
    UnexpectedAnswer,
)
from ..records.plain_text import plain_line
from .wire import error_from_answer

if TYPE_CHECKING:
    from ..records import Message, MintRequest, Status, Terms
    from ..records.amendment import Activities, Amendment, AmendRequest
    from ..records.request import RequestKind
    from ..records.reservation import Reservation

_COMMIT = re.compile(r"[0-9a-f]{40}")


def _key(repo: Repo) -> tuple[str, str]:
    return repo.type, repo.id.lower()


class NoDoiApi(RepoNotFound):
    """The Hub answers 404 to its DOI API and does not say that the repository is missing."""


class DoiApi:
    """The DOI side of the Hub at `endpoint`: one request for each call."""

    def __init__(self, http: Http, endpoint: str) -> None:
        self.http = http
        self.endpoint = endpoint

    def status(self, repo: Repo) -> Status:
        """The state of `repo`.

        Raises:
            NoDoiApi: this Hub has none.
            RepoNotFound, AccessError, ServiceError: as the Hub says.
        """
        answer = self.http.get(f"{self._path(repo)}/doi")
        from ..records import Status

        status = Status.from_json(self._good(answer, repo), endpoint=self.endpoint)
        self._check_about(repo, status.repo)
        return status

    def mint(self, repo: Repo, request: MintRequest, *, key: str | None = None) -> Version:
        """Ask for the next DOI of `repo`.

        The request carries an Idempotency-Key, so that a lost answer is asked for again without
        minting twice (R12).

        Raises:
            ConsentRequired, TermsChanged, AlreadyRegistered, RepoNotEligible, InvalidInput,
            AccessError, RepoNotFound, ServiceError: as the Hub says.
        """
        answer = self._post_once(f"{self._path(repo)}/doi", request.to_json(), key)
        return self._version(answer, repo, revision=request.revision)

    def check(self) -> None:
        """Ask for a DOI that nobody has, to see whether there is a DOI API at all.

        Raises:
            NoDoiApi: this Hub has none.
            ServiceError: it cannot be asked now.
        """
        answer = self.http.get(f"/api/dois/{quote(f'{TEST_PREFIX}/none', safe='')}")
        code = answer.json.get("code") if isinstance(answer.json, dict) else None
        if answer.status != 404 or code != "DoiNotFound":
            raise NoDoiApi(f"{self.endpoint} has no DOI API.")

    def account(self) -> str | None:
        """Whose account an institution's gateway registers with, in words; None where this is none.

        Raises:
            ServiceError: it does not answer.
        """
        told = self._gateway()
        try:
            words = f"DataCite, with the account {told['account']} of {told['institution']}"
        except KeyError:
            return None
        return f"{words} (a test system)" if told.get("test") else words

    def home(self) -> str:
        """The URL of the Hub where the repositories are: a gateway's own Hub, else this one.

        Raises:
            ServiceError: it does not answer.
        """
        if self.endpoint == HUGGING_FACE:
            return self.endpoint
        try:
            return check_endpoint(str(self._gateway()["hub"]))
        except (KeyError, InvalidInput):
            return self.endpoint

    def _gateway(self) -> Mapping[str, Any]:
        """What an institution's gateway says of itself; empty where this is none."""
        answer = self.http.request("GET", "/api/gateway", json_expected=False)
        return _object(answer) or {} if answer.status == 200 else {}

    def begin_login(self) -> Mapping[str, Any]:
        """Begin to sign in at an institution's gateway: ``user_code``, ``verification_uri``, ``handle`` (a secret) …

        Raises:
            NoDoiApi: this is no gateway.
            AccessError, ServiceError: as the gateway says.
        """
        told = self._told(self.http.request("POST", "/api/gateway/login", json_expected=False))
        texts = ("user_code", "verification_uri", "handle")
        numbers = ("interval", "expires_in")
        if not (
            all(isinstance(told.get(name), str) for name in texts)
            and all(_is_time(told.get(name)) for name in numbers)
        ):
            raise UnexpectedAnswer(
                f"{self.endpoint} did not answer as a gateway would; check the endpoint."
            )
        return {**told, "handle": Secret(told["handle"])}

    def finish_login(self, handle: Secret) -> Mapping[str, Any]:
        """Who has signed in, as ``username`` and ``token`` (a secret); before that ``pending``, perhaps ``slow_down``.

        Raises: as `begin_login`.
        """
        told = self._told(
            self.http.request("POST", "/api/gateway/login/finish", body={"handle": handle})
        )
        return {**told, "token": Secret(str(told["token"]))} if told.get("token") else told

    def end_login(self) -> bool:
        """Have the gateway delete what was allowed; whether there was anything. Raises as `begin_login`."""
        told = self._told(self.http.request("DELETE", "/api/gateway/login", json_expected=False))
        return bool(told.get("ended"))

    def _told(self, answer: Answer) -> Mapping[str, Any]:
        body = _object(answer)
        if answer.status in (404, 405) or body is None:
            raise NoDoiApi(f"{self.endpoint} is not an institution's gateway; it has no sign-in.")
        if answer.status >= 400:
            raise error_from_answer(
                answer.status, body, fallback=f"{self.endpoint} refused (HTTP {answer.status})."
            )
        return body

    def preview_amendment(self, repo: Repo, request: AmendRequest) -> Amendment:
        """What a correction would change, and the terms to agree to.

        Raises:
            NoDoiApi: this Hub has none, or none that corrects.
            DoiNotFound, InvalidInput, AccessError, RepoNotFound, ServiceError: as the Hub says.
        """
        answer = self.http.request(
            "POST", f"{self._path(repo)}/doi/amendments/preview", body=request.to_json()
        )
        from ..records.amendment import Amendment

        amendment = Amendment.from_json(self._good(answer, repo))
        self._check_about(repo, amendment.repo)
        _check_same(amendment.doi, request.doi)
        return amendment

    def amend(self, repo: Repo, request: AmendRequest, *, key: str | None = None) -> Version:
        """Correct a record; a lost answer is asked for again without correcting twice (R12).

        Raises:
            ConsentRequired, TermsChanged: both carry the terms.
            NoDoiApi, DoiNotFound, InvalidInput, AccessError, RepoNotFound, ServiceError: as the Hub
                says.
        """
        answer = self._post_once(f"{self._path(repo)}/doi/amendments", request.to_json(), key)
        return self._version(answer, repo, doi=request.doi)

    def activities(self, repo: Repo, doi: Doi) -> Activities:
        """The registration and the corrections of `doi`, oldest first.

        Raises:
            NoDoiApi, DoiNotFound, RepoNotFound, ServiceError: as the Hub says.
        """
        answer = self.http.get(f"{self._path(repo)}/doi/activities", {"doi": doi.name})
        found = self._good(answer, repo).get("activities")
        if not isinstance(found, list):
            raise UnexpectedAnswer(f"{self.endpoint} sent no activities of {doi}.")
        from ..records.amendment import Activities, Activity

        entries = tuple(map(Activity.from_json, found))
        for entry in entries:
            _check_same(entry.doi, doi)
        return Activities(doi, entries)

    def reserve(self, repo: Repo) -> Reservation:
        """Keep a DOI for the next version of `repo`.

        Raises:
            NoDoiApi: this Hub has none, or none that reserves.
            AccessError, RepoNotFound, ServiceError: as the Hub says.
        """
        return self._reservation("POST", repo)

    def release(self, repo: Repo) -> Reservation:
        """Give up the reserved DOI. Raises as `reserve`; DoiNotFound: none is reserved."""
        return self._reservation("DELETE", repo)

    def _reservation(self, method: str, repo: Repo) -> Reservation:
        body: dict[str, Any] | None = {} if method == "POST" else None
        answer = self.http.request(
            method, f"{self._path(repo)}/doi/reservation", body=body, repeat=method == "POST"
        )
        from ..records.reservation import Reservation

        reservation = Reservation.from_json(self._good(answer, repo), self.endpoint)
        self._check_about(repo, reservation.repo)
        return reservation

    def withdraw(self, repo: Repo, kind: RequestKind | None = None) -> Message:
        """Take back what waits for an institution's decision.

        Raises:
            NoDoiApi: this Hub has none, or none that decides.
            DoiNotFound: nothing of who asks waits.
            InvalidInput: requests of different kinds wait; or it is decided already.
            AccessError, ServiceError: as the gateway says.
        """
        path = f"{self._path(repo)}/doi/review" + (f"?what={quote(kind)}" if kind else "")
        found = self._good(self.http.request("DELETE", path), repo)
        self._check_about(repo, _repo(found.get("repo")))
        from ..records import Message

        return Message(plain_line(str(found.get("message") or "Withdrawn.")))

    def request_support(
        self, repo: Repo, action: str, reason: str, to: Repo | None = None
    ) -> Mapping[str, Any]:
        """Ask support for an action that the lock refuses (R10); the answer is the request with its number."""
        body = {"action": action, "reason": reason, **({"to": to.id} if to else {})}
        answer = self.http.request("POST", f"{self._path(repo)}/doi/requests", body=body)
        found = self._good(answer, repo)
        self._check_about(repo, _repo(found.get("repo")))
        return found

    def version(self, doi: Doi) -> Version:
        """The version registered as `doi` on this Hub.

        Raises:
            DoiNotFound: this Hub did not register it.
        """
        # A slash that is not encoded would let the dots in `10.5072/../x` climb to another URL.
        answer = self.http.get(f"/api/dois/{quote(doi.name, safe='')}")
        if answer.status == 404:
            raise DoiNotFound(
                f"{self.endpoint} has not registered {doi}; check it for a typing error."
            )
        return self._version(answer, None, doi=doi)

    def terms(self, repo: Repo) -> Terms:
        """The terms that a mint for `repo` asks to agree to."""
        terms = self.status(repo).terms
        if terms is None:
            raise UnexpectedAnswer(f"{self.endpoint} sent no terms to agree to; try again later.")
        return terms

    def _post_once(self, path: str, body: Any, key: str | None) -> Answer:
        """The answer to a POST that is sent again when its answer is lost, and is carried out once."""
        from uuid import uuid4

        headers = {"Idempotency-Key": key or str(uuid4())}
        return self.http.request("POST", path, body=body, headers=headers, repeat=True)

    def _path(self, repo: Repo) -> str:
        """The path of the repository's API; the contract has none for an id without a namespace.

        Raises:
            RepoNotFound: the Hub has no repository that is still called so.
        """
        if repo.namespace is not None:
            return repo.api_path
        now = self._now(repo)
        if now.namespace is None:
            raise RepoNotFound(
                f"{self.endpoint} has no {repo.type} {repo.id}; write it with its owner, like ada/tiny-bert."
            )
        return now.api_path

    def _now(self, repo: Repo) -> Repo:
        """The repository under the name that it has now."""
        body = self.http.get(repo.api_path).json
        try:
            return Repo(repo.type, body["id"])
        except (HubdoiError, KeyError, TypeError):
            return repo

    def _check_about(self, repo: Repo, named: Repo | None) -> None:
        """Let an answer pass that is about `repo`, whatever its name is now.

        Answers can change places: in a proxy, in a cache, on a connection that two share.

        Raises:
            UnexpectedAnswer: it is about another repository, or names none.
        """
        if named and _key(named) == _key(repo):
            return
        if named is None or _key(named) != _key(self._now(repo)):
            raise UnexpectedAnswer(
                f"{self.endpoint} answered for {named or 'no repository'} instead of {repo}; check with: %doi status {repo}"
            )

    def _version(
        self,
        answer: Answer,
        repo: Repo | None,
        *,
        doi: Doi | None = None,
        revision: str | None = None,
    ) -> Version:
        version = Version.from_json(self._good(answer, repo))
        if version.doi is None or version.repo is None or version.revision is None:
            raise UnexpectedAnswer(
                f"{self.endpoint} answered without a DOI, where one was expected; check the endpoint."
            )
        if repo:
            self._check_about(repo, version.repo)
        _check_same(version.doi, doi)
        # A branch, a tag and the beginning of a commit id are for the Hub to resolve.
        _check_same(
            version.revision, revision if revision and _COMMIT.fullmatch(revision) else None
        )
        return version

    def _good(self, answer: Answer, repo: Repo | None) -> Mapping[str, Any]:
        body = answer.json
        code = body.get("code") if isinstance(body, dict) else None
        # A success with a code: an institution decides first, and there is no version yet.
        if answer.status < 300 and code is None:
            if not isinstance(body, dict):
                raise UnexpectedAnswer(
                    f"{self.endpoint} did not answer as a Hub with a DOI API would; check the endpoint."
                )
            return body
        shown = str(repo) if repo else self.endpoint
        if answer.status == 404 and (code or answer.headers.get("X-Error-Code")) not in (
            "RepoNotFound",
            "RevisionNotFound",
            "DoiNotFound",
        ):
            raise NoDoiApi(f"{self.endpoint} has no DOI API.")
        error = error_from_answer(
            answer.status,
            body,
            fallback=f"{self.endpoint} refused the request for {shown} (HTTP {answer.status}).",
        )
        if repo and isinstance(error, AlreadyRegistered) and error.version:
            self._check_about(repo, error.version.repo)
        raise error


def _is_time(value: Any) -> bool:
    """Whether somebody could wait for so many seconds."""
    return isinstance(value, int | float) and 0 < value <= 86400


def _object(answer: Answer) -> dict[str, Any] | None:
    """The JSON object in an answer that may be a page instead."""
    try:
        body = read_json(answer.content)
    except (ValueError, TooManyValues):
        return None
    return body if isinstance(body, dict) else None


def _check_same(found: object, asked: object | None) -> None:
    if asked is not None and found != asked:
        raise UnexpectedAnswer(f"The server answered for {found} instead of {asked}; try again.")


def _repo(named: Any) -> Repo | None:
    try:
        return Repo(named["type"], named["id"])
    except (HubdoiError, KeyError, TypeError):
        return None
