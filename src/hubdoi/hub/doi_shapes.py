"""The shapes of a Hub's DOI API, for the OpenAPI document of every server that speaks it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ..records.author import MAX_NAME
from ..records.mint_request import MAX_AUTHORS, MAX_DESCRIPTION, MAX_TITLE
from ..records.request import RequestKind
from ..records.rights import Access

MAX_REASON = 5000


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RepoName(_Shape):
    type: Literal["model", "dataset"]
    id: str


class AuthorBody(_Shape):
    """A person (``Family, Given``) or an organisation."""

    name: str = Field(min_length=1, max_length=MAX_NAME)
    type: Literal["person", "organization"] | None = None
    given: str | None = None
    family: str | None = None
    orcid: str | None = Field(None, description="ORCID iD, bare or as a URL")
    affiliation: str | None = Field(None, max_length=MAX_NAME)
    ror: str | None = Field(None, description="ROR iD, bare or as a URL")


class ContributorBody(_Shape):
    author: AuthorBody
    type: str = Field(description="DataCite's contributorType, such as `DataCurator`")


class TermsAnswer(_Shape):
    text: str
    digest: str = Field(description="SHA-256 of the text in UTF-8, hexadecimal")


class ConsentAnswer(_Shape):
    by: str = Field(description="user name")
    at: str = Field(description="UTC, ISO 8601")
    terms: str = Field(description="the digest of the text that was agreed to")


class VersionAnswer(_Shape):
    """One registered DOI with its metadata; what is not known is left out."""

    doi: str
    repo: RepoName
    revision: str = Field(pattern="^[0-9a-f]{40}$")
    title: str
    title_language: str | None = None
    titles: list[list[str]] | None = Field(None, description="further titles: title, then its type")
    authors: list[AuthorBody]
    publisher: str
    publisher_ror: str | None = None
    year: int
    created: str
    description: str | None = None
    dates: list[list[str]] | None = Field(None, description="date, then its type")
    license: str | None = None
    license_url: str | None = None
    rights: list[list[str]] | None = Field(
        None, description="further statements: words, page, identifier"
    )
    url: str
    resource_type: str
    specific_type: str | None = Field(None, description="the type in the record's own words")
    csl_type: str | None = None
    container: list[str] | None = None
    subjects: list[str] | None = None
    contributors: list[ContributorBody] | None = None
    funding: list[list[str]] | None = Field(
        None, description="funder, award number, award title, its URL, the funder's identifier"
    )
    version: str
    language: str | None = Field(None, description="`mul` where it is in several")
    languages: list[str] | None = Field(None, description="all of them, where there are several")
    amended: str | None = Field(None, description="when the record was last corrected")
    state: Literal["current", "outdated"]
    previous: str | None = None
    next: str | None = None
    related: list[list[str]] | None = None
    formats: list[str] | None = None
    sizes: list[str] | None = None
    endpoint: str
    consent: ConsentAnswer | None = None


class DoiStatus(_Shape):
    repo: RepoName
    state: Literal["unregistered", "current", "behind"]
    head: str | None
    locked: bool
    can_mint: bool
    obstacle: str | None = Field(description="why who asked cannot mint now, in one sentence")
    obstacle_code: str | None
    versions: list[VersionAnswer] = Field(description="newest first")
    terms: TermsAnswer | None
    suggested_authors: list[AuthorBody]
    notice: str | None = Field(None, description="what to read before one mints, if anything")
    reserved: str | None = Field(
        None, description="the DOI that the next mint publishes; for those who can write"
    )
    waiting: list[RequestKind] | None = Field(
        None, description="what who asked has requested, and an institution decides"
    )
    mint_locks: bool = Field(
        True, description="false where the Hub does not lock a repository for a DOI made here"
    )


class WithdrawalAnswer(_Shape):
    repo: RepoName
    message: str = Field(description="what was withdrawn")


class MintBody(_Shape):
    agree: Literal[True] = Field(description="nothing but the JSON value true counts")
    terms: str = Field(description="the digest of the terms that were shown")
    revision: str | None = Field(
        None, description="instead of the latest commit: a commit id, or its first 7 digits or more"
    )
    authors: list[AuthorBody | str] | None = Field(
        None,
        min_length=1,
        max_length=MAX_AUTHORS,
        description="in order; a text is written like `Lovelace, Ada <0000-0002-1825-0097>`",
    )
    title: str | None = Field(None, max_length=MAX_TITLE)
    description: str | None = Field(None, max_length=MAX_DESCRIPTION)


class ReservationAnswer(_Shape):
    doi: str
    repo: RepoName
    by: str = Field(description="user name")
    at: str = Field(description="UTC, ISO 8601")


class AmendBody(_Shape):
    """A correction; `agree` and `terms` are for the correction itself, not for its preview."""

    doi: str | None = Field(None, description="instead of the latest DOI of the repository")
    title: str | None = Field(None, max_length=MAX_TITLE)
    authors: list[AuthorBody | str] | None = Field(
        None, min_length=1, max_length=MAX_AUTHORS, description="all of them, in order"
    )
    description: str | None = Field(None, max_length=MAX_DESCRIPTION)
    access: Access | None = Field(
        None, description="the present gate of the repository, which the record is to tell of"
    )
    agree: Literal[True] | None = None
    terms: str | None = Field(None, description="the digest of the terms in the preview")


class AmendmentAnswer(_Shape):
    """What a correction would change: each property before and after, as text."""

    doi: str
    repo: RepoName
    changes: dict[str, tuple[str, str]]
    terms: TermsAnswer
    notice: str | None = Field(None, description="what to read before one agrees, if anything")


class ActivityAnswer(_Shape):
    doi: str
    version: int = Field(ge=1, description="the number of this state of the record")
    action: Literal["create", "update"]
    at: str = Field(description="UTC, ISO 8601")
    changes: dict[str, tuple[str, str]] = Field(description="before and after, as text")
    by: str | None = Field(None, description="user name; for those who can write")


class ActivityList(_Shape):
    doi: str
    activities: list[ActivityAnswer] = Field(description="oldest first")


class Problem(BaseModel):
    """One sentence, and the name of the error."""

    error: str
    code: str | None = Field(
        None, description="absent where a request is turned away before it is read"
    )
    terms: TermsAnswer | None = None
    version: VersionAnswer | None = None
    doi: str | None = None
    reason: str | None = None


class SupportBody(_Shape):
    action: Literal["delete", "move", "private"]
    reason: str = Field(min_length=1, max_length=MAX_REASON)
    to: str | None = Field(None, description="the new id, for move")


class SupportAnswer(_Shape):
    number: int
    repo: RepoName
    action: Literal["delete", "move", "private"]
    reason: str
    to: str | None
    by: str
    asked: str
    granted: str | None
    state: Literal["open", "granted"]


class SupportList(_Shape):
    requests: list[SupportAnswer]


def request_body(shape: type[BaseModel]) -> dict[str, Any]:
    """The part of the OpenAPI document that describes a body which the code reads by itself."""
    schema = shape.model_json_schema(ref_template="#/components/schemas/{model}")
    # The parts are among the components already, because answers have them too.
    schema.pop("$defs", None)
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    meanings = {
        400: "no consent (`ConsentRequired`), a body that is not a JSON object, or a bad Idempotency-Key",
        401: "no token, or one that is not known",
        403: "no write access",
        404: "no such repository, revision or DOI, or none that this token can see",
        409: "`TermsChanged`, `AlreadyRegistered` or `RepoNotEligible`; a request that cannot be granted",
        413: "a body that is too large",
        422: "a part that cannot be read, or an Idempotency-Key used with another body",
    }
    headers = {
        name: {"schema": {"type": "string"}, "description": meaning}
        for name, meaning in (
            ("X-Error-Code", "the name of the error, as `code`"),
            ("X-Error-Message", "the sentence, as `error`"),
        )
    }
    return {
        status: {"model": Problem, "description": meanings[status], "headers": headers}
        for status in statuses
    }
