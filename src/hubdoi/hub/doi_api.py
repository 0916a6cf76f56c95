"""A Hub's own DOI API, over HTTP."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from ..net.http import Answer, Http
from ..records import SANDBOX_PREFIX, Doi, MintRequest, Repo, Status, Terms, Version
from ..records.amendment import Activities, Activity, Amendment, AmendRequest
from ..records.errors import DoiNotFound, HubdoiError, RepoNotFound, UnexpectedAnswer
from ..records.reservation import Reservation
from .wire import error_from_answer

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
        return Status.from_json(self._good(answer, repo), repo=repo, endpoint=self.endpoint)

    def mint(self, repo: Repo, request: MintRequest, *, key: str | None = None) -> Version:
        """Ask for the next DOI of `repo`.

        The request carries an Idempotency-Key, so that a lost answer is asked for again without
        minting twice (R12).

        Raises:
            ConsentRequired, TermsChanged, AlreadyRegistered, RepoNotEligible, InvalidInput,
            AccessError, RepoNotFound, ServiceError: as the Hub says.
        """
        answer = self.http.request(
            "POST",
            f"{self._path(repo)}/doi",
            body=request.to_json(),
            headers={"Idempotency-Key": key or str(uuid4())},
            repeat=True,
        )
        version = self._version(answer, repo)
        asked = request.revision
        if (repo.namespace and version.repo and _key(version.repo) != _key(repo)) or (
            asked and _COMMIT.fullmatch(asked) and version.revision != asked
        ):
            raise UnexpectedAnswer(
                f"{self.endpoint} answered for {version.repo} instead of {repo}; check with: %doi status {repo}"
            )
        return version

    def check(self) -> None:
        """Ask for a DOI that nobody has, to see whether there is a DOI API at all.

        Raises:
            NoDoiApi: this Hub has none.
            ServiceError: it cannot be asked now.
        """
        answer = self.http.get(f"/api/dois/{quote(f'{SANDBOX_PREFIX}/none', safe='')}")
        code = answer.json.get("code") if isinstance(answer.json, dict) else None
        if answer.status != 404 or code != "DoiNotFound":
            raise NoDoiApi(f"{self.endpoint} has no DOI API.")

    def account(self) -> str | None:
        """Whose account an institution's gateway registers with, in words; None where this is none.

        Raises:
            ServiceError: it does not answer.
        """
        answer = self.http.request("GET", "/api/gateway", json_expected=False)
        if answer.status != 200:
            return None
        try:
            told = json.loads(answer.content)
            words = f"DataCite, with the account {told['account']} of {told['institution']}"
        except (ValueError, KeyError, TypeError):
            return None
        return f"{words} (a test system)" if told.get("test") else words

    def preview_amendment(self, repo: Repo, request: AmendRequest) -> Amendment:
        """What a correction would change, and the terms to agree to.

        Raises:
            NoDoiApi: this Hub has none, or none that corrects.
            DoiNotFound, InvalidInput, AccessError, RepoNotFound, ServiceError: as the Hub says.
        """
        answer = self.http.request(
            "POST", f"{self._path(repo)}/doi/amendments/preview", body=request.to_json()
        )
        return Amendment.from_json(self._good(answer, repo))

    def amend(self, repo: Repo, request: AmendRequest, *, key: str | None = None) -> Version:
        """Correct a record; a lost answer is asked for again without correcting twice (R12).

        Raises:
            ConsentRequired, TermsChanged: both carry the terms.
            NoDoiApi, DoiNotFound, InvalidInput, AccessError, RepoNotFound, ServiceError: as the Hub
                says.
        """
        answer = self.http.request(
            "POST",
            f"{self._path(repo)}/doi/amendments",
            body=request.to_json(),
            headers={"Idempotency-Key": key or str(uuid4())},
            repeat=True,
        )
        return self._version(answer, repo)

    def activities(self, repo: Repo, doi: Doi) -> Activities:
        """The registration and the corrections of `doi`, oldest first.

        Raises:
            NoDoiApi, DoiNotFound, RepoNotFound, ServiceError: as the Hub says.
        """
        answer = self.http.get(f"{self._path(repo)}/doi/activities", {"doi": doi.name})
        found = self._good(answer, repo).get("activities")
        if not isinstance(found, list):
            raise UnexpectedAnswer(f"{self.endpoint} sent no activities of {doi}.")
        return Activities(doi, tuple(map(Activity.from_json, found)))

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
        return Reservation.from_json(self._good(answer, repo), self.endpoint)

    def request_support(
        self, repo: Repo, action: str, reason: str, to: Repo | None = None
    ) -> Mapping[str, Any]:
        """Ask support for an action that the lock refuses (R10); the answer is the request with its number."""
        body = {"action": action, "reason": reason, **({"to": to.id} if to else {})}
        answer = self.http.request("POST", f"{self._path(repo)}/doi/requests", body=body)
        return self._good(answer, repo)

    def version(self, doi: Doi) -> Version:
        """The version registered as `doi` on this Hub.

        Raises:
            DoiNotFound: this Hub did not register it.
        """
        # A slash that is not encoded would let the dots in `10.5072/../x` climb to another address.
        answer = self.http.get(f"/api/dois/{quote(doi.name, safe='')}")
        if answer.status == 404:
            raise DoiNotFound(
                f"{self.endpoint} has not registered {doi}; check it for a typing error."
            )
        found = self._version(answer, None)
        if found.doi != doi:
            raise UnexpectedAnswer(f"{self.endpoint} answered with another DOI than {doi}.")
        return found

    def terms(self, repo: Repo) -> Terms:
        """The terms that a mint for `repo` asks to agree to."""
        terms = self.status(repo).terms
        if terms is None:
            raise UnexpectedAnswer(f"{self.endpoint} sent no terms to agree to; try again later.")
        return terms

    def _path(self, repo: Repo) -> str:
        """The path of the repository's API; the contract has none for an id without a namespace.

        Raises:
            RepoNotFound: the Hub has no repository that is still called so.
        """
        if repo.namespace is not None:
            return repo.api_path
        body = self.http.get(repo.api_path).json
        try:
            now = Repo(repo.type, body["id"])
        except (HubdoiError, KeyError, TypeError):
            now = repo
        if now.namespace is None:
            raise RepoNotFound(
                f"{self.endpoint} has no {repo.type} {repo.id}; write it with its owner, like ada/tiny-bert."
            )
        return now.api_path

    def _version(self, answer: Answer, repo: Repo | None) -> Version:
        version = Version.from_json(self._good(answer, repo))
        if version.doi is None or version.repo is None or version.revision is None:
            raise UnexpectedAnswer(
                f"{self.endpoint} answered without a DOI, where one was expected; check the endpoint."
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
        raise error_from_answer(
            answer.status,
            body,
            fallback=f"{self.endpoint} refused the request for {shown} (HTTP {answer.status}).",
        )
