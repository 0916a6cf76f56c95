"""Everything that a researcher can check before a mint."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ...records import HUGGING_FACE, Person, Repo
from ...records.errors import HubdoiError
from ...records.findings import Finding
from ..doctor import hub_findings, reservation_finding
from .base import Backend
from .resources import Resources


def researcher_findings(
    resources: Resources, open_backend: Callable[[], Backend], repo: Repo | None
) -> Iterator[Finding]:
    """The checks of the Hub, of who is signed in, of the backend, and of `repo` where it is given."""
    config = resources.config
    yield from hub_findings(config.endpoint, config.contact)
    person: Person | None = None
    try:
        person = resources.hub.whoami()
    except HubdoiError as error:
        yield Finding("sign-in", "sign-in", error.message)
    else:
        yield _sign_in(config.endpoint, person)
    try:
        backend = open_backend()
        yield from backend.examine()
        if repo is not None:
            yield from _of_repository(backend, repo)
    except HubdoiError as error:
        yield Finding("configuration", "configuration", error.message)


def _sign_in(endpoint: str, person: Person | None) -> Finding:
    if person is None:
        way = (
            "run hf auth login, or set HF_TOKEN"
            if endpoint == HUGGING_FACE
            else "choose the Hub with a token, such as: %doi use sandbox --user ada, %doi use URL --token, or set HF_ENDPOINT and HF_TOKEN"
        )
        return Finding("sign-in", "sign-in", f"Nobody is signed in at {endpoint}; {way}.")
    return Finding(
        "sign-in",
        "sign-in",
        f"Signed in at {endpoint} as {person.username} ({person.full_name}).",
        is_problem=False,
    )


def _of_repository(backend: Backend, repo: Repo) -> Iterator[Finding]:
    """Whether the next DOI of `repo` could be minted now, and if not, why."""
    try:
        status = backend.status(repo)
    except HubdoiError as error:
        yield Finding(str(repo), "repository", error.message)
        return
    if status.reserved is not None:
        yield reservation_finding(status.repo, status.reserved)
    if status.obstacle is not None and status.obstacle_code == "InReview":
        yield Finding(
            str(status.repo), "repository", status.obstacle, is_problem=False, is_note=True
        )
    elif status.obstacle is not None and status.obstacle_code != "AlreadyRegistered":
        yield Finding(str(status.repo), "repository", status.obstacle)
    elif status.obstacle is not None:
        yield Finding(str(status.repo), "repository", status.obstacle, is_problem=False)
    else:
        yield Finding(
            str(status.repo),
            "repository",
            "You can write to it, and its latest commit can get a DOI.",
            is_problem=False,
        )
