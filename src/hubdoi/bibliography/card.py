"""The citation in a repository card, proposed as a pull request."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from ..net.operation import bounded, operation
from ..records import Displayed, Message, Repo, Status, Version
from ..records.errors import (
    DoiNotFound,
    HubdoiError,
    InvalidMetadata,
    RepoNotFound,
    ServiceRefused,
    ServiceUnreachable,
    SignInRequired,
    WriteAccessRequired,
)

if TYPE_CHECKING:
    from ..client import Client

T = TypeVar("T")

BEGIN = "<!-- citation, kept by hubdoi -->"
END = "<!-- end of the citation -->"

_LARGEST = 4 * 2**20
_FRONT_MATTER = re.compile(
    r"\A(?P<open>---[ \t]*\r?\n)(?P<body>.*?)(?P<close>^---[ \t]*(?:\r?\n|\Z))",
    re.DOTALL | re.MULTILINE,
)
_DOI_LINE = re.compile(r"^doi:.*(?:\r?\n|\Z)", re.MULTILINE)
_BLOCK = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)


@dataclass(frozen=True, slots=True)
class CardProposal(Displayed):
    """What the card of `repo` would become; nothing is sent before `open`."""

    repo: Repo
    version: Version
    before: str
    after: str
    _client: Client = field(repr=False)

    @property
    def difference(self) -> str:
        """The change, as a unified diff."""
        return "".join(
            difflib.unified_diff(
                self.before.splitlines(keepends=True),
                self.after.splitlines(keepends=True),
                "README.md",
                "README.md with the citation",
            )
        )

    @property
    def warning(self) -> str:
        return (
            "Merging it adds a commit, so the DOI will name the commit before it; "
            "the status then says that only the card changed, which needs no new DOI."
        )

    def open(self) -> Message:
        """Open the pull request, and say where it is; one that is open gets what has changed since.

        Raises:
            SignInRequired, RepoNotFound, ServiceError: the Hub refuses it.
        """
        if self.before == self.after:
            return Message(f"The card of {self.repo} already contains this citation.")
        title = f"Add the citation of {self.version.doi}"
        with operation(lambda: self._client.config.timeout):
            address, said = _asked(
                self.repo, lambda: bounded(lambda: self._sent(title), self._client.endpoint)
            )
        return Message(f"{said}: {address}", address)

    def _sent(self, title: str) -> tuple[str, str]:
        """The URL of the pull request, and what was done."""
        api, hub, person = self._client.hf_api(), self._client.hub, self._client.whoami()
        found = api.get_repo_discussions(
            self.repo.id,
            repo_type=self.repo.type,
            author=person.username if person else None,
            discussion_type="pull_request",
            discussion_status="open",
        )
        mine = next((one for one in found if one.title == title), None)
        ref = f"refs/pr/{mine.num}" if mine else None
        content = self.after.encode()
        if mine is not None:
            head = hub.info(self.repo, person, ref).revision
            if head and hub.card(self.repo, head, first=len(content) + 1) == content:
                return mine.url, "The pull request with this citation is open already"
        commit = api.upload_file(
            path_or_fileobj=content,
            path_in_repo="README.md",
            repo_id=self.repo.id,
            repo_type=self.repo.type,
            revision=ref,
            commit_message=title,
            commit_description=self.warning,
            create_pr=mine is None,
        )
        if mine is not None:
            return mine.url, "The open pull request was updated"
        return str(commit.pr_url), "The pull request is open"


def propose(client: Client, repo: str | Repo) -> CardProposal:
    """What the card of `repo` becomes with the citation of its newest DOI.

    Raises:
        DoiNotFound: the repository has no DOI.
        RepoNotFound, ServiceError: the Hub does not show it.
    """
    status = client.status(repo)
    version = status.version
    if version is None or version.doi is None:
        raise DoiNotFound(
            f"{status.repo} has no DOI yet; generate one with: %doi mint {status.repo}"
        )
    before = read_card(client, status)
    bibtex = str(client.cite(version, format="bibtex"))
    return CardProposal(
        status.repo, version, before, with_citation(before, version, bibtex), client
    )


def read_card(client: Client, status: Status) -> str:
    """The card of the head, or nothing where there is none.

    huggingface_hub would put it into the user's cache, where it counts as loaded by the notebook.

    Raises:
        InvalidMetadata: it is too large, or not UTF-8.
        RepoNotFound, ServiceError: the Hub does not show it.
    """
    repo = status.repo
    content = client.hub.card(repo, status.head, first=_LARGEST + 1) if status.head else None
    if content is not None and len(content) > _LARGEST:
        raise InvalidMetadata(
            f"The card of {repo} is larger than {_LARGEST >> 20} MiB; shorten it first."
        )
    try:
        return (content or b"").decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidMetadata(
            f"The card of {repo} is not UTF-8 text; save it as UTF-8 first."
        ) from None


def _asked(repo: Repo, ask: Callable[[], T]) -> T:
    """What `ask` returns; huggingface_hub's exceptions are ours.

    They are raised anew, without what they came from: the frames of its requests have the token.
    """
    from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

    failure: HubdoiError
    try:
        return ask()
    except ServiceUnreachable:
        raise
    except RepositoryNotFoundError:
        failure = RepoNotFound(f"{repo} is not there, or these credentials cannot see it.")
    except HfHubHTTPError as error:
        status = error.response.status_code
        kinds: dict[int, type[HubdoiError]] = {401: SignInRequired, 403: WriteAccessRequired}
        failure = kinds.get(status, ServiceRefused)(
            f"The Hub refused this for {repo} (HTTP {status}); check that you are signed in and may open a pull request."
        )
    except ValueError:
        # It has rules of its own for names, and asks for things that an answer may lack.
        failure = ServiceRefused(
            f"huggingface_hub cannot ask for {repo}: it does not accept the name, or what the Hub said of it; check the name and the endpoint."
        )
    except Exception as error:
        # Which library sends its requests, and what that raises, depends on its version.
        failure = ServiceUnreachable(
            f"The Hub cannot be reached ({type(error).__name__}); try again."
        )
    raise failure


def with_citation(card: str, version: Version, bibtex: str) -> str:
    """`card` with ``doi:`` in its front matter and a citation section, everything else as it was."""
    newline = "\r\n" if "\r\n" in card else "\n"
    doi_line = f"doi: {version.doi}{newline}"
    front = _FRONT_MATTER.match(card)
    if front is None:
        card = f"---{newline}{doi_line}---{newline}{card}"
    else:
        body = _DOI_LINE.sub("", front["body"])
        if body and not body.endswith("\n"):
            body += newline
        card = front["open"] + body + doi_line + front["close"] + card[front.end() :]
    # A fence longer than any in the entry cannot be closed by it.
    longest = max((len(run) for run in re.findall(r"`+", bibtex)), default=0)
    fence = "`" * max(3, longest + 1)
    block = newline.join(
        [BEGIN, "## Citation", "", f"{fence}bibtex", *bibtex.strip().splitlines(), fence, END]
    )
    if _BLOCK.search(card):
        return _BLOCK.sub(lambda _: block, card, count=1)
    gap = (
        ""
        if not card or card.endswith(newline * 2)
        else newline
        if card.endswith("\n")
        else newline * 2
    )
    return f"{card}{gap}{block}{newline}"
