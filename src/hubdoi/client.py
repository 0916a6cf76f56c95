"""Every operation, for the notebook, the command line and scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, wraps
from threading import Event
from typing import TYPE_CHECKING, Any, TypeVar, cast

from .config import CHOSEN, Config, Secret
from .minting.announced import announce
from .minting.backends.registry import check, open_backend
from .minting.backends.resources import Resources
from .minting.resolution import resolve
from .net.operation import operation, without_deadline
from .records import Doi, Repo, RepoReference, Version, parse_reference
from .records.errors import ConsentRequired, DoiNotFound, InvalidInput, RepoNotFound
from .records.request import REQUESTS

if TYPE_CHECKING:
    from huggingface_hub import HfApi

    from .citation import Citation
    from .datacite.public_records import PublicRecords
    from .hub.doi_api import DoiApi
    from .hub.repositories import HuggingFaceHub
    from .minting.backends.base import Backend
    from .records import Author, Changes, History, Message, Offer, Person, Status, Terms
    from .records.amendment import Activities, Amendment, AmendRequest
    from .records.findings import Findings
    from .records.request import RequestKind
    from .records.reservation import Reservation


F = TypeVar("F", bound=Callable[..., Any])


def _timed(method: F) -> F:
    """All requests of `method` share a deadline: that of the command that calls it, or its own."""

    @wraps(method)
    def timed(client: Client, *args: Any, **kwargs: Any) -> Any:
        with operation(lambda: client.config.timeout):
            return method(client, *args, **kwargs)

    return cast("F", timed)


class Client:
    """Status, mint and citation of the repositories of one Hub.

    `endpoint` and `token` default to the configuration; ``token=False`` signs
    nobody in. Further settings by keyword: `registrar`, `datacite_api`, `datacite_repository`,
    `datacite_password`, `datacite_prefix`, `contact`, `timeout`: the seconds that all requests of one
    method may take together. `wait_for_doi` has a limit of its own.

    >>> client = Client()                                             # doctest: +SKIP
    >>> terms = client.terms("ada/tiny-bert")                         # doctest: +SKIP
    >>> print(terms.text)                                             # doctest: +SKIP
    >>> version = client.mint("ada/tiny-bert", agree=terms)           # doctest: +SKIP

    A client may be used from several threads.

    Raises:
        InvalidInput: a setting cannot be read.
        InsecureEndpoint: credentials would travel unencrypted.
    """

    def __init__(
        self,
        endpoint: str | None = None,
        token: str | Secret | bool | None = None,
        *,
        config: Config | None = None,
        **settings: Any,
    ) -> None:
        if isinstance(token, str):
            # Before anything can fail: a traceback shows the arguments.
            token = Secret(token.strip())
        given = {"endpoint": endpoint, "token": token, **settings}
        # What `%doi use` chose counts next; its token is for its endpoint alone.
        self.config = config or Config.resolve(given, {} if endpoint else CHOSEN)
        check(self.config.registrar)
        self._resources = Resources(self.config)

    def __repr__(self) -> str:
        return f"Client({self.endpoint!r})"

    @property
    def endpoint(self) -> str:
        return self.config.endpoint

    # Seeing

    @_timed
    def status(self, repo: str | Repo) -> Status:
        """Whether `repo` has a DOI, which revision it names, and what one may do next.

        Raises:
            InvalidRepo, RepoNotEligible: `repo` is not written as a model or dataset.
            RepoNotFound: there is none, or these credentials cannot see it.
            ServiceError: the Hub cannot be used now.
        """
        return self._shown(self._backend.status(asked := self._repo(repo)), asked)

    @_timed
    def statuses(
        self, repos: Iterable[str | Repo] = (), *, owner: str | None = None, progress: bool = False
    ) -> dict[Repo, Status | Exception]:
        """The status of many repositories, or of all of `owner`: one that fails is one error among them."""
        from .minting.statuses import statuses
        from .records import Status

        named = [self._repo(repo) for repo in repos]
        found = statuses(self._backend, self.hub, named, owner=owner, progress=progress)
        return {
            repo: self._shown(status, repo) if isinstance(status, Status) else status
            for repo, status in found.items()
        }

    @_timed
    def history(self, repo: str | Repo) -> History:
        """All versions of `repo`, newest first. Raises as `status` does."""
        from .records import History

        status = self.status(repo)
        return History(status.repo, status.versions)

    @_timed
    def changes(self, repo: str | Repo | Status, base: str | None = None) -> Changes:
        """Which files differ between the newest DOI's revision (or `base`) and the head.

        Raises:
            DoiNotFound: the repository has no DOI, and no `base` was given.
            RevisionNotFound: the Hub does not have the revision.
        """
        from .records import Status

        status = repo if isinstance(repo, Status) else self.status(repo)
        base = base or status.revision
        if base is None or status.head is None:
            raise DoiNotFound(
                f"{status.repo} has no DOI to compare its latest commit with; name a revision."
            )
        return self.hub.changes(status.repo, base, status.head)

    @_timed
    def resolve(self, doi: str | Doi) -> Version:
        """The version registered as `doi`: on this Hub, or anywhere at DataCite.

        Raises:
            InvalidDoi: `doi` is not one.
            DoiNotFound: nobody that was asked knows it.
        """
        return resolve(Doi.parse(doi), self._backend, self._resources)

    # Citing

    @_timed
    def cite(
        self,
        *references: str | Repo | Doi | Version,
        format: str = "bibtex",
        style: str | None = None,
        locale: str | None = None,
        revision: str | None = None,
        ascii: bool = False,
        classic: bool = False,
    ) -> Citation:
        """The citation of repositories, DOIs or versions, one list in the order given.

        `revision` names the version that is meant; without it, it is the newest one. `ascii` and
        `classic` are for BibTeX: accents as commands, and a note for styles that ignore `doi`.

        Raises:
            UnknownFormat, UnknownStyle: what to write is not known.
            HubdoiError: as `status` and `resolve` do.
        """
        from .citation import cite
        from .citation.known_names import KnownNames

        chosen = [self._version_of(reference, revision) for reference in references]
        names = KnownNames.nearest()
        return cite(
            [v.replace(authors=names.corrected(v.authors)) for v, _ in chosen],
            format=format,
            style=style,
            locale=locale,
            ascii=ascii,
            classic=classic,
            notes=[note for _, notes in chosen for note in notes],
        )

    def _version_of(
        self, reference: str | Repo | Doi | Version, revision: str | None
    ) -> tuple[Version, Sequence[str]]:
        from .citation.choice import choose

        if isinstance(reference, Version):
            return reference, ()
        named = parse_reference(reference, endpoint=self.endpoint)
        if isinstance(named, Doi):
            return choose([self.resolve(named)])
        from .citation.repository import version_of

        revision = revision or named.revision
        return version_of(self.status(named.repo), self.hub, revision, self.gateway.home)

    # Minting

    @_timed
    def terms(self, repo: str | Repo, *, revision: str | None = None) -> Terms:
        """The terms to read before a DOI for the latest commit of `repo`, or for `revision`, is minted (R3).

        Consent to them is for that DOI alone. Raises as `status` does.
        """
        from .minting.consent import terms_for

        named = self._reference(repo, revision)
        return terms_for(self.status(named.repo), self.hub, named.revision)

    @_timed
    def offer(
        self,
        repo: str | Repo,
        *,
        authors: Iterable[Author | str | Mapping[str, Any]] | None = None,
        revision: str | None = None,
        title: str | None = None,
        description: str | None = None,
    ) -> Offer:
        """What the DOI would say that `mint` registers with these arguments, and its terms (R3, R4).

        Raises:
            InvalidAuthor: an author can be read in two ways, or cannot be read.
            HubdoiError: as `status` does; ConsentRequired where there are no terms.
        """
        from .minting.consent import terms_for
        from .minting.offers import offer
        from .minting.requests import mint_request

        named = self._reference(repo, revision)
        request = mint_request(
            authors, revision=named.revision, title=title, description=description
        )
        status = self.status(named.repo)
        return offer(self.hub, status, terms_for(status, self.hub, named.revision), request)

    def _shown(self, status: Status, asked: Repo) -> Status:
        """`status`, whose terms remember for what and to whom they are shown."""
        from .citation.known_names import KnownNames
        from .minting.consent import shown_for

        return status.replace(
            terms=shown_for(status, asked=asked, person=self._identity),
            suggested_authors=KnownNames.nearest().corrected(status.suggested_authors),
        )

    @_timed
    def mint(
        self,
        repo: str | Repo,
        *,
        agree: Terms | None = None,
        authors: Iterable[Author | str | Mapping[str, Any]] | None = None,
        revision: str | None = None,
        title: str | None = None,
        description: str | None = None,
        idempotency_key: str | None = None,
    ) -> Version:
        """Register the DOI of the head of `repo`, or of `revision`.

        `agree` is the `Terms` object that the person read and agreed to, from `terms`, `offer` or
        `status`; no other value counts. It is for one DOI: for the repository and the revision
        that it was shown for, and for these credentials (R3).

        Raises:
            ConsentRequired: there is no consent to these terms for this DOI; it carries the terms.
            TermsChanged: the terms, the latest commit, or the name or owner of the repository changed
                since; it carries what is true now.
            AlreadyRegistered: the revision has a DOI; it carries the version (R8).
            RepoNotEligible, AccessError, InvalidInput, ServiceError: as they say.
            HandOff: this Hub has no DOI API; it carries the URL of the settings page.
        """
        from .citation.known_names import KnownNames
        from .minting.agreed import mint_agreed, mint_key
        from .minting.requests import decided_authors, mint_request
        from .records import Terms

        def show_again() -> Terms:
            return self.terms(named.repo, revision=named.revision)

        key = mint_key(idempotency_key)
        named = self._reference(repo, revision)
        if not isinstance(agree, Terms):
            raise ConsentRequired(
                "Nothing is generated without consent: read client.terms(repo) and pass it as agree=.",
                show_again(),
            )
        if authors is None and KnownNames.nearest().authors:
            authors = decided_authors(self._backend.status(named.repo))
        request = mint_request(
            authors,
            agree=True,
            terms=agree.digest,
            revision=named.revision,
            title=title,
            description=description,
        )
        return mint_agreed(
            self._backend,
            named.repo,
            request,
            agree,
            key=key,
            endpoint=self.endpoint,
            person=self._identity,
            show_again=show_again,
        )

    @_timed
    def reserve(self, repo: str | Repo) -> Reservation:
        """Keep a DOI for the next version of `repo`, for a paper that appears before the release.

        The repository may be private or empty; nothing becomes public before `mint`. The same call
        again has the same answer.

        Raises:
            HandOff: there is no way to reserve a DOI here.
            AccessError, RepoNotFound, ServiceError: as they say.
        """
        return self._backend.reserve(self._repo(repo))

    @_timed
    def release(self, repo: str | Repo) -> Reservation:
        """Give up the DOI that is reserved for `repo`; the answer is what was given up.

        Raises:
            DoiNotFound: none is reserved.
            AlreadyRegistered: a mint with it has begun (R11).
            HandOff, AccessError, RepoNotFound, ServiceError: as they say.
        """
        return self._backend.release(self._repo(repo)).given_up

    @_timed
    def withdraw(self, repo: str | Repo, kind: RequestKind | None = None) -> Message:
        """Take back what you asked for `repo` and an institution has not decided; a sentence about it.

        `kind` is ``mint``, ``correction`` or ``reservation``, where several wait. Nothing of it
        is registered any more, and it can be asked for again.

        Raises:
            DoiNotFound: nothing of yours waits.
            InvalidInput: several wait, and `kind` is not given or no kind; or it is decided already.
            AccessError, ServiceError: as they say.
        """
        if kind is not None and kind not in REQUESTS:
            raise InvalidInput(f"What can be withdrawn is one of {', '.join(REQUESTS)}.")
        found = self._repo(repo)
        try:
            return self._backend.withdraw(found, kind)
        finally:
            # Where it is decided already, that is news as well.
            announce(found)

    @_timed
    def preview_amendment(
        self,
        reference: str | Repo | Doi,
        *,
        title: str | None = None,
        authors: Iterable[Author | str | Mapping[str, Any]] | None = None,
        description: str | None = None,
        access: bool = False,
    ) -> Amendment:
        """What a correction of a record would change; its `terms` are to be read and agreed to.

        `reference` is a DOI, or a repository for its latest DOI. The other arguments, and what it
        raises, are as those of `amend`.
        """
        repo, request = self._correction(
            reference, access, authors=authors, title=title, description=description
        )
        return self._backend.preview_amendment(repo, request)

    @_timed
    def amend(
        self,
        reference: str | Repo | Doi,
        *,
        agree: Terms | None = None,
        title: str | None = None,
        authors: Iterable[Author | str | Mapping[str, Any]] | None = None,
        description: str | None = None,
        access: bool = False,
        idempotency_key: str | None = None,
    ) -> Version:
        """Correct the record of a DOI without a new DOI; DOI, repository and revision stay (R11).

        `agree` are the terms of `preview_amendment`, which repeat each new value (R3). `access`
        brings what the record says of a gate up to date with the repository on the Hub.

        Raises:
            ConsentRequired, TermsChanged: there is no consent to this correction; both carry the terms.
            DoiNotFound: the DOI was not registered by this backend.
            InvalidInput: nothing was given to correct, or a value cannot be used.
            HandOff: this Hub has no way to correct a record.
            AccessError, RepoNotFound, ServiceError: as they say.
        """
        from .records import Terms

        repo, request = self._correction(
            reference, access, authors=authors, title=title, description=description
        )
        if not isinstance(agree, Terms):
            raise ConsentRequired(
                "Nothing was corrected: read client.preview_amendment(…).terms and pass it as agree=.",
                self._backend.preview_amendment(repo, request).terms,
            )
        version = self._backend.amend(repo, request.agreed(agree), key=idempotency_key)
        if version.doi is not None:
            self.public_records.forget(version.doi)
        announce(version.repo or repo)
        return version

    def _correction(
        self, reference: str | Repo | Doi, access: bool, **changes: Any
    ) -> tuple[Repo, AmendRequest]:
        from .minting.requests import amend_request

        repo, doi = self._registered(reference)
        gate = self.hub.info(repo, None).access if access else None
        return repo, amend_request(doi, access=gate, **changes)

    @_timed
    def activities(self, reference: str | Repo | Doi) -> Activities:
        """The registration and the corrections of a DOI, or of a repository's latest DOI.

        Raises:
            DoiNotFound: the repository has no DOI, or this backend does not know it.
            HandOff: who registered it does not show them.
            RepoNotFound, ServiceError: as they say.
        """
        repo, doi = self._registered(reference)
        if doi is None:
            found = self.status(repo)
            if found.doi is None:
                raise DoiNotFound(f"{found.repo} has no DOI yet.")
            repo, doi = found.repo, found.doi
        return self._backend.activities(repo, doi)

    def _registered(self, reference: str | Repo | Doi) -> tuple[Repo, Doi | None]:
        """The repository that is meant, and the DOI where one was named."""
        named = parse_reference(reference, endpoint=self.endpoint)
        if isinstance(named, Doi):
            return self._repo(named.name), named
        if named.revision is None:
            return named.repo, None
        version = self.status(named.repo).version_of(named.revision)
        if version is None or version.doi is None:
            raise DoiNotFound(f"{named.repo} has no DOI of revision {named.revision[:7]}.")
        return named.repo, version.doi

    @_timed
    def regenerate(self, repo: str | Repo, **request: Any) -> Version:
        """Register the next DOI of `repo`, for its present head; arguments and errors as `mint`."""
        return self.mint(repo, **request)

    @_timed
    def recover(self) -> tuple[Version, ...]:
        """Finish the mints that were interrupted (R12); there are none where the Hub itself mints."""
        return self._backend.recover()

    def wait_for_doi(
        self,
        repo: str | Repo,
        *,
        revision: str | None = None,
        timeout: float | None = None,
        progress: Callable[[str], None] | None = None,
        cancel: Event | None = None,
    ) -> Version | None:
        """Watch the repository's tags until its head, or `revision`, has a DOI.

        A person generates it on the settings page meanwhile. `timeout` is in seconds; `progress`
        gets sentences; None is the answer once `cancel` is set.

        Raises:
            HandOff: the time is over; it carries the URL of the settings page.
            RepoNotFound, AccessError: the repository cannot be seen.
        """
        named = self._reference(repo, revision)
        # A person takes the time that a person takes, however the command was begun.
        with without_deadline():
            return self._backend.wait(
                named.repo,
                revision=named.revision,
                timeout=timeout,
                progress=progress,
                cancel=cancel,
            )

    @_timed
    def request_support(
        self, repo: str | Repo, action: str, *, reason: str, to: str | Repo | None = None
    ) -> Mapping[str, Any]:
        """Ask support to ``delete``, ``move`` (with `to`) or make ``private`` a locked repository (R10)."""
        target = self._repo(to) if to else None
        return self._backend.request_support(self._repo(repo), action, reason, target)

    @_timed
    def doctor(self, repo: str | Repo | None = None) -> Findings:
        """What can be checked before a mint: services, sign-in, account, ledger, and `repo` if given.

        A failed check is a finding with the way out, not an error; nothing is changed anywhere.

        Raises:
            InvalidRepo: `repo` is not written as a model or dataset.
        """
        from .minting.backends.examination import researcher_findings
        from .records.findings import Findings

        named = self._repo(repo) if repo is not None else None
        checks = researcher_findings(self._resources, lambda: self._backend, named)
        return Findings.of_checks(checks)

    # Who, and where

    @property
    def gateway(self) -> DoiApi:
        """What an institution's gateway offers beside the DOIs: whose account, and signing in."""
        return self._resources.doi_api

    @_timed
    def whoami(self) -> Person | None:
        """Who is signed in, or None.

        Raises:
            SignInRequired: the Hub does not know the token.
        """
        return self.hub.whoami() if self.config.is_signed_in else None

    def hf_api(self) -> HfApi:
        """A `huggingface_hub.HfApi` for the same Hub and the same person; its requests have no deadline."""
        from huggingface_hub import HfApi

        token = self.config.token
        return HfApi(endpoint=self.endpoint, token=token.reveal() if token else False)

    @property
    def hub(self) -> HuggingFaceHub:
        """The repositories of this Hub."""
        return self._resources.hub

    @property
    def public_records(self) -> PublicRecords:
        """DataCite's public records."""
        return self._resources.public_records

    @cached_property
    def _identity(self) -> int:
        """Tells these credentials from others in this process, and is good for nothing else."""
        return hash((self.endpoint, self.config.token, self.config.identity))

    @cached_property
    def _backend(self) -> Backend:
        return open_backend(self._resources)

    def _reference(self, repo: str | Repo, revision: str | None = None) -> RepoReference:
        """What `repo` names, a DOI included; `revision` counts before the one that it names."""
        named = parse_reference(repo, endpoint=self.endpoint)
        if isinstance(named, Doi):
            version = self.resolve(named)
            if version.repo is None:
                raise RepoNotFound(f"{named} is not the DOI of a repository on a Hub.")
            named = RepoReference(version.repo, version.revision)
        return RepoReference(named.repo, revision or named.revision)

    def _repo(self, repo: str | Repo) -> Repo:
        return self._reference(repo).repo
