"""What is true of a repository's DOI now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from .author import Author
from .changes import Changes
from .displayed import Displayed
from .doi import Doi
from .errors import HubdoiError, UnexpectedAnswer
from .repo import Repo
from .request import REQUESTS, RequestKind
from .terms import Terms
from .version import Version

RepoState = Literal["unregistered", "current", "behind"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Status(Displayed):
    """The state of a repository, its head, its versions (newest first), and what one may do.

    `can_mint` says whether who asked may mint the next DOI now; `obstacle` says in one sentence
    why not, and `obstacle_code` names the exception that a mint would raise. `notice` is a sentence to
    read before one mints, such as why an earlier request was refused. `suggested_authors` is what the authors default to (R5). `has_doi_api` is False on a
    Hub where only a person on the settings page can generate a DOI. `changes` is what happened
    between the newest DOI's revision and the head, when that was looked up. `reserved` is the DOI
    that the next mint publishes, for those who can write. `waiting` has the kinds of what who asked
    has requested and an institution decides: ``mint``, ``correction``, ``reservation``. `mint_locks` is False where a mint makes a DOI
    that the Hub does not know, and so does not lock the repository for.
    """

    repo: Repo
    state: RepoState
    head: str | None
    endpoint: str
    versions: tuple[Version, ...] = ()
    locked: bool = False
    can_mint: bool = False
    obstacle: str | None = None
    obstacle_code: str | None = None
    notice: str | None = None
    terms: Terms | None = None
    suggested_authors: tuple[Author, ...] = ()
    has_doi_api: bool = True
    changes: Changes | None = None
    reserved: Doi | None = None
    waiting: tuple[RequestKind, ...] = ()
    mint_locks: bool = True

    @property
    def version(self) -> Version | None:
        """The newest version."""
        return self.versions[0] if self.versions else None

    @property
    def doi(self) -> Doi | None:
        return self.version.doi if self.version else None

    @property
    def can_amend(self) -> bool:
        """Whether who asked may correct the record of the newest DOI.

        Its consent is shown to those who can write alone, and is known where it was registered here.
        """
        return self.has_doi_api and self.version is not None and self.version.consent is not None

    @property
    def revision(self) -> str | None:
        """The revision that the newest DOI names."""
        return self.version.revision if self.version else None

    @property
    def url(self) -> str:
        return self.repo.url(self.endpoint)

    @property
    def settings_url(self) -> str:
        """The page on which a person generates the DOI."""
        return f"{self.url}/settings"

    def replace(self, **changes: Any) -> Status:
        return replace(self, **changes)

    def version_of(self, revision: str) -> Version | None:
        """The version that names `revision` (seven digits or more)."""
        return next((v for v in self.versions if v.is_of_revision(revision)), None)

    @classmethod
    def from_json(cls, data: Mapping[str, Any], *, endpoint: str) -> Status:
        """The status in an answer of the DOI API.

        Raises:
            UnexpectedAnswer: a part is missing or cannot be read.
        """
        try:
            state = data["state"]
            if state not in ("unregistered", "current", "behind"):
                raise ValueError(state)
            named = data["repo"]
            return cls(
                repo=Repo(named["type"], named["id"]),
                state=state,
                head=_text(data["head"]),
                endpoint=endpoint,
                versions=tuple(Version.from_json(version) for version in data["versions"]),
                locked=bool(data["locked"]),
                can_mint=bool(data["can_mint"]),
                obstacle=_text(data.get("obstacle")),
                obstacle_code=_text(data.get("obstacle_code")),
                notice=_text(data.get("notice")),
                terms=Terms.from_json(data["terms"]) if data.get("terms") else None,
                suggested_authors=tuple(
                    Author.from_json(a) for a in data.get("suggested_authors") or ()
                ),
                reserved=Doi(data["reserved"]) if data.get("reserved") else None,
                waiting=tuple(one for one in data.get("waiting") or () if one in REQUESTS),
                mint_locks=data.get("mint_locks") is not False,
            )
        except UnexpectedAnswer:
            raise
        except (AttributeError, KeyError, TypeError, ValueError, HubdoiError) as error:
            raise UnexpectedAnswer(
                f"{endpoint} did not answer as a Hub with a DOI API would; check the endpoint."
            ) from error

    def to_json(self) -> dict[str, Any]:
        """The body of the DOI API's answer."""
        return {
            "repo": {"type": self.repo.type, "id": self.repo.id},
            "state": self.state,
            "head": self.head,
            "locked": self.locked,
            "can_mint": self.can_mint,
            "obstacle": self.obstacle,
            "obstacle_code": self.obstacle_code,
            "versions": [version.to_json() for version in self.versions],
            "terms": self.terms.to_json() if self.terms else None,
            "suggested_authors": [author.to_json() for author in self.suggested_authors],
            **({"notice": self.notice} if self.notice else {}),
            **({"reserved": self.reserved.name} if self.reserved else {}),
            **({"waiting": list(self.waiting)} if self.waiting else {}),
            **({} if self.mint_locks else {"mint_locks": False}),
        }


@dataclass(frozen=True, slots=True)
class History(Displayed):
    """All versions of a repository, newest first."""

    repo: Repo
    versions: tuple[Version, ...]

    def __len__(self) -> int:
        return len(self.versions)

    def __iter__(self) -> Iterator[Version]:
        return iter(self.versions)

    def __getitem__(self, index: int) -> Version:
        return self.versions[index]


@dataclass(frozen=True, slots=True)
class Statuses(Displayed):
    """The status of many repositories, in the order asked for; one that failed is its error.

    The key is the repository, or the name as it was written where it names none.
    """

    rows: Mapping[Repo | str, Status | Exception]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Status | Exception]:
        return iter(self.rows.values())

    def __getitem__(self, repo: Repo | str | int) -> Status | Exception:
        if isinstance(repo, int):
            return tuple(self.rows.values())[repo]
        return self.rows[Repo.parse(repo)]

    def to_json(self) -> list[dict[str, Any]]:
        """The statuses in their order; one that failed has its `name`, `error` and `code`."""
        return [
            row.to_json()
            if isinstance(row, Status)
            else {"name": str(name), "error": str(row), "code": type(row).__name__}
            for name, row in self.rows.items()
        ]


def _text(value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise TypeError(type(value).__name__)
    return value
