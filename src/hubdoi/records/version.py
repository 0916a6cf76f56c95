"""One registered DOI with its metadata; or a repository at a revision that has none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import reduce
from typing import Any, Literal

from .author import Author
from .container import Container
from .contributor import Contributor
from .dated import Dated
from .displayed import Displayed
from .doi import Doi
from .errors import HubdoiError, InvalidInput, InvalidRevision, UnexpectedAnswer
from .funding import Funding
from .moment import parse_moment, show_moment
from .repo import HUGGING_FACE, Repo
from .rights import Rights
from .terms import Consent
from .title import Title

VersionState = Literal["current", "outdated"]

_LISTS = {
    "related", "formats", "sizes", "titles", "dates", "subjects", "contributors", "funding", "rights",
    "languages",
}  # fmt: skip
_REVISION_IN_TITLE = re.compile(r"\s*\(Revision ([0-9a-f]{7,40})\)\s*$")


@dataclass(frozen=True, slots=True)
class Related:
    """One DataCite relatedIdentifier: ``Related("IsDerivedFrom", "10.…/…", "DOI")``.

    `information` says what a relation of the type ``Other`` is.
    """

    relation: str
    identifier: str
    identifier_type: str
    information: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version(Displayed):
    """A DOI and what is registered for it (R4). Everything that a record does not say is None or empty.

    `doi` is None when a repository without a DOI is cited. `repo` is None for a DOI that is not of
    a Hub. `revision` is the full commit id where it is known, else the seven digits of the title.
    `url` is the page of the repository, `created` the moment of registration (UTC), `license` an
    SPDX identifier or the word on the card, `resource_type` DataCite's resourceTypeGeneral,
    `csl_type` the type in CSL that the record gives, `version` DataCite's version property.
    `specific_type` is DataCite's resourceType, the type in the record's own words, where these say
    more than the general type; `title_language` is the language of the main title.
    `license_url` is the page of the licence, `rights` are the statements besides it, `titles` are
    those besides the main one, `dates` those that the record has, with their meaning. `contributors`
    took part without being authors, `languages` are all of them where `language` names no single one, `funding` is who paid. `amended` is the moment of the latest
    correction of the record (UTC). `previous` and `next` are the neighbours of R7.
    """

    doi: Doi | None = None
    repo: Repo | None = None
    revision: str | None = None
    title: str = ""
    authors: tuple[Author, ...] = ()
    publisher: str = ""
    year: int | None = None
    created: datetime | None = None
    description: str | None = None
    license: str | None = None
    url: str | None = None
    resource_type: str = ""
    version: str | None = None
    language: str | None = None
    state: VersionState | None = None
    previous: Doi | None = None
    next: Doi | None = None
    related: tuple[Related, ...] = ()
    formats: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    endpoint: str | None = None
    consent: Consent | None = None
    license_url: str | None = None
    csl_type: str | None = None
    publisher_ror: str | None = None
    container: Container | None = None
    titles: tuple[Title, ...] = ()
    dates: tuple[Dated, ...] = ()
    subjects: tuple[str, ...] = ()
    amended: datetime | None = None
    contributors: tuple[Contributor, ...] = ()
    funding: tuple[Funding, ...] = ()
    specific_type: str = ""
    title_language: str = ""
    rights: tuple[Rights, ...] = ()
    languages: tuple[str, ...] = ()

    @classmethod
    def from_parts(
        cls,
        *,
        doi: Doi | str | None = None,
        repo: Repo | str | None = None,
        revision: str | None = None,
        title: str = "",
        authors: Iterable[Author | str | Mapping[str, Any]] = (),
        publisher: str | None = None,
        year: int | str | None = None,
        **more: Any,
    ) -> Version:
        """A version by hand; everything that is not given is derived or empty.

        From the repository follow its URL, the title, the resource type and the publisher, and
        the page of a licence that is a file in it; from the revision the version; from `created` the
        year; from an author's name, where it is plain, whether it is a person's, and the family name.

        Raises:
            InvalidInput: a part cannot be read.
        """
        repo = Repo.parse(repo) if isinstance(repo, str) else repo
        created = more.pop("created", None)
        if isinstance(created, str):
            created = parse_moment(created)
        if year is None and created is not None:
            year = created.year
        if isinstance(year, str):
            if not year.strip().isdigit():
                raise InvalidInput(f"{year!r} is not a year.")
            year = int(year)
        if not title and repo is not None:
            title = title_with_revision(repo.name, revision)
        found = _REVISION_IN_TITLE.search(title)
        if revision is None and repo is not None and found:
            revision = found[1]
        endpoint = more.pop("endpoint", None)
        derived: dict[str, Any] = {
            "url": repo.url(endpoint or HUGGING_FACE) if repo else None,
            "resource_type": {"model": "Model", "dataset": "Dataset"}[repo.type] if repo else "",
            "version": revision[:7] if revision else None,
        }
        given = {name: value for name, value in more.items() if value is not None}
        if "license_url" in given:
            given["license_url"] = _page_in(derived["url"], revision, given["license_url"])
        for name in ("previous", "next"):
            if name in given:
                given[name] = Doi.parse(given[name])
        for name in _LISTS & given.keys():
            given[name] = tuple(given[name])
        return cls(
            doi=Doi.parse(doi) if doi else None,
            repo=repo,
            revision=revision,
            title=title,
            authors=tuple(Author.parse(author).derived() for author in authors),
            publisher=publisher if publisher is not None else ("Hugging Face" if repo else ""),
            year=year,
            created=created,
            endpoint=endpoint,
            **{**derived, **given},
        )

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Version:
        """The version that `to_json` wrote.

        Raises:
            UnexpectedAnswer: a part is missing or cannot be read.
        """
        try:
            repo = data.get("repo")
            values: dict[str, Any] = {
                "doi": Doi(data["doi"]) if data.get("doi") else None,
                "repo": Repo(repo["type"], repo["id"]) if repo else None,
                "authors": tuple(Author.from_json(author) for author in data.get("authors") or ()),
                "previous": Doi(data["previous"]) if data.get("previous") else None,
                "next": Doi(data["next"]) if data.get("next") else None,
                "created": parse_moment(data["created"]) if data.get("created") else None,
                "amended": parse_moment(data["amended"]) if data.get("amended") else None,
                "consent": Consent.from_json(data["consent"]) if data.get("consent") else None,
                "related": tuple(Related(*_texts(entry)) for entry in data.get("related") or ()),
                "formats": _texts(data.get("formats")),
                "sizes": _texts(data.get("sizes")),
                "subjects": _texts(data.get("subjects")),
                "languages": _texts(data.get("languages")),
                "titles": tuple(Title(*_texts(entry)) for entry in data.get("titles") or ()),
                "dates": tuple(Dated(*_texts(entry)) for entry in data.get("dates") or ()),
                "rights": tuple(Rights(*_texts(entry)) for entry in data.get("rights") or ()),
                "funding": tuple(Funding(*_texts(entry)) for entry in data.get("funding") or ()),
                "contributors": tuple(map(Contributor.from_json, data.get("contributors") or ())),
                "container": Container(*_texts(data["container"]))
                if data.get("container")
                else None,
                "year": int(data["year"]) if data.get("year") is not None else None,
            }
            for name in (
                "revision",
                "title",
                "publisher",
                "description",
                "license",
                "license_url",
                "csl_type",
                "publisher_ror",
                "url",
                "resource_type",
                "version",
                "language",
                "state",
                "endpoint",
                "specific_type",
                "title_language",
            ):
                if data.get(name) is not None:
                    values[name] = _one_text(data[name])
            if values.get("state") not in (None, "current", "outdated"):
                raise ValueError(values["state"])
            return cls(**values)
        except UnexpectedAnswer:
            raise
        except (
            ArithmeticError,
            AttributeError,
            KeyError,
            TypeError,
            ValueError,
            HubdoiError,
        ) as error:
            raise UnexpectedAnswer(
                "A version in the answer cannot be read; is this server a Hub with a DOI API?"
            ) from error

    def to_json(self) -> dict[str, Any]:
        """The version as JSON, without what is not known."""
        data: dict[str, Any] = {}
        for name in _FIELDS:
            value = getattr(self, name)
            # A year may be 0.
            if value or value == 0:
                data[name] = _to_json(value)
        return data

    @property
    def landing_url(self) -> str | None:
        """Where the DOI leads: the page of the repository at this revision."""
        if self.repo and self.url and self.revision and len(self.revision) == 40:
            return f"{self.url}/tree/{self.revision}"
        return self.url

    @property
    def name(self) -> str:
        """The title without ``(Revision …)``."""
        return _REVISION_IN_TITLE.sub("", self.title) or self.title

    @property
    def full_title(self) -> str:
        """The title and the subtitle, as they are cited."""
        if not self.titles:
            return self.title
        parts = [self.title, *(one.text for one in self.titles if one.type == "Subtitle")]
        return reduce(_joined, filter(None, parts), "")

    @property
    def short_revision(self) -> str | None:
        return self.revision[:7] if self.revision else None

    @property
    def licenses(self) -> tuple[Rights, ...]:
        """The licence and the other ones, each once."""
        return tuple(one for one in self.all_rights if not one.is_access)

    @property
    def access(self) -> tuple[Rights, ...]:
        """What the record says of who may see the work: of a gate, for one."""
        return tuple(one for one in self.all_rights if one.is_access)

    @property
    def all_rights(self) -> tuple[Rights, ...]:
        """The licence and the other statements of rights, each once."""
        own = Rights(self.license or "", self.license_url or "")
        return tuple(dict.fromkeys(one for one in (own, *self.rights) if one != Rights()))

    def is_of_revision(self, revision: str) -> bool:
        """Whether this is the version of `revision`, of which seven digits or more are given."""
        if not self.revision or min(len(revision), len(self.revision)) < 7:
            return False
        return self.revision.startswith(revision) or revision.startswith(self.revision)

    def replace(self, **changes: Any) -> Version:
        return replace(self, **changes)


_FIELDS = tuple(field.name for field in fields(Version))
# What is a row of texts in JSON.
_ROWS = (Related, Title, Dated, Container, Funding, Rights)


def title_with_revision(title: str, revision: str | None) -> str:
    """``NAME (Revision abcdef0)`` (R4)."""
    bare = _REVISION_IN_TITLE.sub("", title).strip()
    return f"{bare} (Revision {revision[:7]})" if revision else bare


def check_revision(text: str) -> str:
    """`text` as a commit id or the beginning of one, in lower case.

    Raises:
        InvalidRevision: it has other characters than hexadecimal digits, or not 7 to 40 of them.
    """
    revision = str(text).strip().lower()
    if not re.fullmatch(r"[0-9a-f]{7,40}", revision):
        raise InvalidRevision(
            f"{str(text)[:60]!r} is not a revision; it is a commit id of 40 hexadecimal digits, or at least the first 7 of them."
        )
    return revision


def _page_in(repository: str | None, revision: str | None, link: str) -> str | None:
    """`link`, which may be the path of a file in the repository."""
    if re.match(r"[a-z][a-z0-9+.-]*:", link, re.IGNORECASE):
        return link
    path = link.removeprefix("./")
    if repository is None or not re.fullmatch(r"\w[\w. -]*(/\w[\w. -]*)*", path):
        return None
    return f"{repository}/blob/{revision or 'main'}/{path}".replace(" ", "%20")


def _joined(title: str, subtitle: str) -> str:
    if not title or title.casefold().endswith(subtitle.casefold()):
        return title or subtitle
    return f"{title.rstrip(' :.')}: {subtitle}" if title[-1] not in "?!" else f"{title} {subtitle}"


def _one_text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise TypeError(type(value).__name__)
    return str(value)


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple | None):
        raise TypeError(type(value).__name__)
    return tuple(_one_text(member) for member in value or ())


def _to_json(value: Any) -> Any:
    if isinstance(value, str | int):
        return value
    if isinstance(value, Doi):
        return value.name
    if isinstance(value, Repo):
        return {"type": value.type, "id": value.id}
    if isinstance(value, datetime):
        return show_moment(value)
    if isinstance(value, _ROWS):
        texts = [getattr(value, field.name) for field in fields(value)]
        while texts and not texts[-1]:
            texts.pop()
        return texts
    if isinstance(value, tuple):
        return [_to_json(entry) for entry in value]
    return value.to_json()
