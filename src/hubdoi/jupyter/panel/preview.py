"""What the Hub says of the revision that is about to get a DOI."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ...records import RepoInfo, Status
from ...records.errors import HubdoiError, InvalidInput, RepoNotFound
from ..display.words import credits

if TYPE_CHECKING:
    from ...client import Client


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The revision that `asked` names (empty: the latest commit), and its metadata on the Hub.

    `description` is what a DOI says where nobody writes another one. `files` are paths with their
    sizes in bytes, `credits` what the record says of others. `problem` is why there is no such revision, in one sentence.
    """

    asked: str = ""
    revision: str | None = None
    date: datetime | None = None
    message: str = ""
    description: str = ""
    license: str = ""
    files: tuple[tuple[str, int], ...] = ()
    credits: tuple[tuple[str, str], ...] = ()
    problem: str = ""


def read_preview(client: Client, status: Status, asked: str) -> Preview:
    """The preview of a revision of the repository of `status`: some four requests.

    Raises:
        ServiceError: the Hub cannot be used now.
    """
    hub = client.hub
    try:
        info = hub.described(hub.info(status.repo, None, asked or status.head))
        files = hub.files(info.repo, info.revision or "main")
        message = hub.commit_message(info.repo, info.revision or "main")
    except (InvalidInput, RepoNotFound) as error:
        return Preview(asked=asked, problem=error.message)
    except HubdoiError as error:
        if asked:
            return Preview(asked=asked, problem=error.message)
        raise
    return Preview(
        asked=asked,
        revision=info.revision,
        date=info.revision_date,
        message=message,
        description=_description(info, status),
        license=info.license or "",
        credits=tuple(credits(info)),
        files=tuple((path, size) for path, (_, size) in sorted(files.items())),
    )


def _description(info: RepoInfo, status: Status) -> str:
    """The one of the DOI before, else the card's."""
    before = status.version.description if status.version else None
    return before or info.description or ""
