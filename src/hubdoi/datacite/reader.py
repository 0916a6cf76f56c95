"""Reading the attributes of a DataCite record, however uneven it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from ..records.author import check_ror
from ..records.container import Container
from ..records.contributor import Contributor
from ..records.dated import Dated
from ..records.doi import Doi
from ..records.errors import HubdoiError, InvalidAuthor, UnexpectedAnswer
from ..records.funding import Funding
from ..records.markup import without_markup
from ..records.moment import parse_moment, show_moment
from ..records.repo import HUGGING_FACE, Repo, RepoReference
from ..records.title import Title
from ..records.untyped import first, known, members, text_of
from ..records.version import Related, Version
from .creator import author_from_creator
from .json_record import LANGUAGES, specific_words
from .rights import read_rights

_REVISION = re.compile(r"[0-9a-f]{7,40}")
_FULL_REVISION = re.compile(r"[0-9a-f]{40}")
_REVISION_IN_TITLE = re.compile(r"\(Revision ([0-9a-f]{7,40})\)\s*$")
_WHOLE_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def version_from(attributes: Mapping[str, Any]) -> Version:
    """The version in `attributes` (DataCite metadata schema 4, JSON form of the REST API).

    What is missing, of another type or cannot be read is passed over; nothing is guessed.

    Raises:
        UnexpectedAnswer: it is not a record at all: there is no DOI in it.
    """
    if not isinstance(attributes, Mapping):
        raise UnexpectedAnswer("The registrar's answer is not a record of a DOI.")
    attributes = _unwrapped(attributes)
    doi = _doi(attributes.get("doi") or attributes.get("id"))
    if doi is None:
        raise UnexpectedAnswer("The registrar's answer has no DOI in it.")
    title, title_language = _title(attributes)
    version = text_of(attributes.get("version")) or None
    place = _place(attributes)
    revision = _revision(attributes, place, version, title) if place else None
    related = _related(attributes)
    created = _created(attributes, place is not None)
    following = _neighbour(related, "IsPreviousVersionOf")
    license, license_url, rights = read_rights(attributes)
    return Version(
        doi=doi,
        repo=place.repo if place else None,
        revision=revision,
        title=title,
        authors=tuple(filter(None, map(author_from_creator, members(attributes.get("creators"))))),
        publisher=_publisher(attributes.get("publisher")),
        year=_year(attributes),
        created=created,
        description=_description(attributes),
        license=license,
        license_url=license_url,
        rights=rights,
        csl_type=_csl_type(attributes),
        publisher_ror=_publisher_ror(attributes.get("publisher")),
        container=_container(attributes),
        titles=_titles(attributes, title),
        dates=_other_dates(attributes, created),
        subjects=_subjects(attributes),
        contributors=_contributors(attributes),
        funding=_funding(attributes),
        url=_page(attributes, place),
        resource_type=_resource_type(attributes),
        specific_type=_specific_type(attributes),
        title_language=title_language,
        version=version,
        language=_language(attributes),
        languages=_languages(attributes),
        state="outdated" if following else None,
        previous=_neighbour(related, "IsNewVersionOf"),
        next=following,
        related=tuple(
            entry
            for entry in related
            if entry.relation not in ("IsNewVersionOf", "IsPreviousVersionOf")
            or entry.identifier_type.upper() != "DOI"
        ),
        formats=_texts(attributes.get("formats")),
        sizes=_texts(attributes.get("sizes")),
        endpoint=_endpoint(attributes, place),
    )


def _unwrapped(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """The attributes in a whole answer of the REST API; `answer` itself when it has them."""
    if "doi" in answer:
        return answer
    record = answer.get("data", answer)
    inner = record.get("attributes") if isinstance(record, Mapping) else None
    return inner if isinstance(inner, Mapping) else answer


def _title(attributes: Mapping[str, Any]) -> tuple[str, str]:
    """The main title and its language."""
    titles = members(attributes.get("titles"))
    # The main title is the one without a type; translations and subtitles have one.
    main = [entry for entry in titles if isinstance(entry, Mapping) and not entry.get("titleType")]
    for entry in (*main, *titles):
        text = entry.get("title") if isinstance(entry, Mapping) else entry
        if title := known(_words(text)):
            return title, text_of(entry.get("lang")) if isinstance(entry, Mapping) else ""
    return "", ""


def _publisher(value: Any) -> str:
    return known(text_of(value.get("name") if isinstance(value, Mapping) else value))


def _year(attributes: Mapping[str, Any]) -> int | None:
    """The year as the record has it, Buddhist and other calendars included."""
    for value in (attributes.get("publicationYear"), attributes.get("published")):
        match = re.match(r"\d{1,4}", text_of(value))
        if match and int(match[0]) > 0:
            return int(match[0])
    # DataCite's own words: else the date that would be preferred from a citation perspective.
    for kind in ("Issued", "Available", "Copyrighted"):
        for date in _dates(attributes, kind):
            if (match := re.match(r"\d{4}", date)) and int(match[0]) > 0:
                return int(match[0])
    return None


def _created(attributes: Mapping[str, Any], on_hub: bool) -> datetime | None:
    """The day of publication where the record says it; else when the DOI was registered.

    On a Hub a DOI is published the day it is registered. Elsewhere a record that only knows the
    year of publication was often registered on another day, which nobody may cite.
    """
    issued = _dates(attributes, "Issued")
    days = [date for date in issued if _WHOLE_DAY.match(date)]
    registered = [attributes.get("registered"), attributes.get("created")]
    for value in (*days, *(registered if on_hub or not issued else ())):
        try:
            return parse_moment(text_of(value))
        except (ValueError, OverflowError):
            continue
    return None


def _dates(attributes: Mapping[str, Any], kind: str) -> list[str]:
    return [
        text_of(entry.get("date"))
        for entry in members(attributes.get("dates"))
        if isinstance(entry, Mapping) and entry.get("dateType") == kind
    ]


def _description(attributes: Mapping[str, Any]) -> str | None:
    descriptions = members(attributes.get("descriptions"))
    abstracts = [
        entry
        for entry in descriptions
        if isinstance(entry, Mapping) and entry.get("descriptionType") == "Abstract"
    ]
    for entry in (*abstracts, *descriptions):
        text = entry.get("description") if isinstance(entry, Mapping) else entry
        description = without_markup(text_of(text)).strip()
        if description and not _lists_languages(entry):
            return description
    return None


def _csl_type(attributes: Mapping[str, Any]) -> str | None:
    types = attributes.get("types")
    found = text_of(types.get("citeproc")) if isinstance(types, Mapping) else ""
    return found if re.fullmatch(r"[a-z_-]{1,40}", found) else None


def _publisher_ror(value: Any) -> str | None:
    if not isinstance(value, Mapping):
        return None
    try:
        return check_ror(text_of(value.get("publisherIdentifier")))
    except InvalidAuthor:
        return None


def _container(attributes: Mapping[str, Any]) -> Container | None:
    """The journal, book or series, from `container` or from a related item."""
    held = attributes.get("container")
    found = [held] if isinstance(held, Mapping) else []
    for item in _published_in(attributes):
        titles = members(item.get("titles"))
        named = [entry.get("title") if isinstance(entry, Mapping) else entry for entry in titles]
        found.append({**item, "title": first(filter(None, map(_words, named)))})
    # DataCite makes the first of the second, and leaves out what has no place in it.
    title = first(filter(None, (_words(one.get("title")) for one in found)))
    if title is None:
        return None
    same = [one for one in found if _words(one.get("title")) == title]
    names = ("volume", "issue", "firstPage", "lastPage", "edition", "number")
    values = [first(filter(None, (text_of(one.get(name)) for one in same))) or "" for name in names]
    return Container(title, *values, *(first(map(_container_identifier, same)) or ()))


def _published_in(attributes: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [
        item
        for item in members(attributes.get("relatedItems"))
        if isinstance(item, Mapping) and item.get("relationType") == "IsPublishedIn"
    ]


def _container_identifier(held: Mapping[str, Any]) -> tuple[str, str] | None:
    """An ISSN or ISBN with its type, from either form."""
    inner = held.get("relatedItemIdentifier")
    prefix = "relatedItemIdentifier" if isinstance(inner, Mapping) else "identifier"
    said: Mapping[str, Any] = inner if isinstance(inner, Mapping) else held
    name, kind = text_of(said.get(prefix)), text_of(said.get(f"{prefix}Type"))
    return (name, kind) if name and kind else None


def _titles(attributes: Mapping[str, Any], main: str) -> tuple[Title, ...]:
    """The titles besides `main`, each with its type and language."""
    found = []
    for entry in members(attributes.get("titles")):
        if not isinstance(entry, Mapping):
            continue
        kind = text_of(entry.get("titleType"))
        if (text := known(_words(entry.get("title")))) and (kind or text != main):
            found.append(Title(text, kind, text_of(entry.get("lang"))))
    return tuple(found)


def _other_dates(attributes: Mapping[str, Any], created: datetime | None) -> tuple[Dated, ...]:
    """The dates with their meaning, but for those that say the moment of publication again."""
    found = []
    for entry in members(attributes.get("dates")):
        if not isinstance(entry, Mapping):
            continue
        date, kind = text_of(entry.get("date")), text_of(entry.get("dateType"))
        same = created is not None and date == show_moment(created)
        if date and kind and not (same and kind in ("Created", "Issued")):
            found.append(Dated(date, kind, _words(entry.get("dateInformation"))))
    return tuple(found)


def _subjects(attributes: Mapping[str, Any]) -> tuple[str, ...]:
    found = (
        _words(entry.get("subject") if isinstance(entry, Mapping) else entry)
        for entry in members(attributes.get("subjects"))
    )
    return tuple(dict.fromkeys(filter(None, found)))


def _contributors(attributes: Mapping[str, Any]) -> tuple[Contributor, ...]:
    """Those of the work; and the editors of what it is published in, who are cited with it."""
    found = []
    for entry in members(attributes.get("contributors")):
        if author := author_from_creator(entry):
            kind = text_of(entry.get("contributorType")) if isinstance(entry, Mapping) else ""
            found.append(Contributor(author, kind))
    for item in _published_in(attributes):
        for entry in members(item.get("contributors")):
            if isinstance(entry, Mapping) and entry.get("contributorType") == "Editor":
                author = author_from_creator(entry)
                if author and (editor := Contributor(author, "Editor")) not in found:
                    found.append(editor)
    return tuple(found)


def _funding(attributes: Mapping[str, Any]) -> tuple[Funding, ...]:
    names = ("awardNumber", "awardTitle", "awardUri", "funderIdentifier")
    return tuple(
        Funding(funder, *(_words(entry.get(name)) for name in names))
        for entry in members(attributes.get("fundingReferences"))
        if isinstance(entry, Mapping) and (funder := _words(entry.get("funderName")))
    )


def _language(attributes: Mapping[str, Any]) -> str | None:
    """The language; ``zxx`` and ``und`` are codes for none and for unknown."""
    found = text_of(attributes.get("language"))
    return found if found and found.lower() not in ("zxx", "und") else None


def _languages(attributes: Mapping[str, Any]) -> tuple[str, ...]:
    """All languages, from the description that has them."""
    for entry in members(attributes.get("descriptions")):
        if _lists_languages(entry):
            listed = _words(entry.get("description")).removeprefix(LANGUAGES)
            return tuple(dict.fromkeys(filter(None, map(str.strip, listed.split(",")))))
    return ()


def _lists_languages(entry: Any) -> bool:
    return (
        isinstance(entry, Mapping)
        and entry.get("descriptionType") == "Other"
        and text_of(entry.get("description")).startswith(LANGUAGES)
    )


def _words(value: Any) -> str:
    return " ".join(without_markup(text_of(value)).split())


def _resource_type(attributes: Mapping[str, Any]) -> str:
    types = attributes.get("types")
    if isinstance(types, Mapping):
        return text_of(types.get("resourceTypeGeneral"))
    return text_of(attributes.get("resourceTypeGeneral"))


def _specific_type(attributes: Mapping[str, Any]) -> str:
    """The type in the record's own words, unless they only say the general type again."""
    types = attributes.get("types")
    found = _words(types.get("resourceType")) if isinstance(types, Mapping) else ""
    general = _resource_type(attributes)
    said = {general, specific_words(general)}
    return "" if _squeezed(found) in {_squeezed(word) for word in said} else found


def _squeezed(words: str) -> str:
    return words.replace(" ", "").lower()


def _related(attributes: Mapping[str, Any]) -> list[Related]:
    found = []
    for entry in members(attributes.get("relatedIdentifiers")):
        if not isinstance(entry, Mapping):
            continue
        names = ("relationType", "relatedIdentifier", "relatedIdentifierType")
        relation, identifier, kind = (text_of(entry.get(name)) for name in names)
        if relation and identifier and kind:
            information = text_of(entry.get("relationTypeInformation"))
            found.append(Related(relation, identifier, kind, information))
    return found


def _neighbour(related: Iterable[Related], relation: str) -> Doi | None:
    """The first DOI of that relation; `related` is what this record says of others (R7)."""
    return first(
        _doi(entry.identifier)
        for entry in related
        if entry.relation == relation and entry.identifier_type.upper() == "DOI"
    )


def _place(attributes: Mapping[str, Any]) -> RepoReference | None:
    """The repository: where the URL of the landing page leads, or an alternate identifier."""
    names = [text_of(attributes.get("url")), *_alternate(attributes, "Hub repository")]
    for name in filter(None, names):
        try:
            return RepoReference.parse(name)
        except HubdoiError:
            continue
    return None


def _revision(
    attributes: Mapping[str, Any], place: RepoReference, version: str | None, title: str
) -> str | None:
    """The most exact of what the record says: a full commit id before the digits of the title."""
    in_title = _REVISION_IN_TITLE.search(title)
    said = [
        place.revision,
        *_alternate(attributes, "Git commit"),
        version,
        in_title[1] if in_title else None,
    ]
    revisions = [word.lower() for word in said if word and _REVISION.fullmatch(word.lower())]
    full = first(word for word in revisions if _FULL_REVISION.fullmatch(word))
    return full or first(iter(revisions))


def _alternate(attributes: Mapping[str, Any], kind: str) -> list[str]:
    """Alternate identifiers of one type, under either of the names that DataCite uses."""
    return [
        text_of(entry.get(name))
        for list_, name in (
            ("alternateIdentifiers", "alternateIdentifier"),
            ("identifiers", "identifier"),
        )
        for entry in members(attributes.get(list_))
        if isinstance(entry, Mapping) and entry.get(f"{name}Type") == kind
    ]


def _page(attributes: Mapping[str, Any], place: RepoReference | None) -> str | None:
    """The page of the repository; of any other object its landing page."""
    if place is not None:
        return place.repo.url(_endpoint(attributes, place) or HUGGING_FACE)
    url = text_of(attributes.get("url"))
    return url if url.lower().startswith(("https://", "http://")) else None


def _endpoint(attributes: Mapping[str, Any], place: RepoReference | None) -> str | None:
    """The Hub of a repository that is not on huggingface.co."""
    if place is None:
        return None
    try:
        parts = urlsplit(text_of(attributes.get("url")))
        named: Repo | None = RepoReference.parse(parts.geturl()).repo
    except (HubdoiError, ValueError):
        named = None
    if named is None or (parts.hostname or "").endswith(("huggingface.co", "hf.co")):
        return None
    return f"{parts.scheme}://{parts.netloc}"


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(filter(None, (text_of(entry) for entry in members(value))))


def _doi(value: Any) -> Doi | None:
    text = text_of(value)
    try:
        return Doi.parse(text) if text else None
    except HubdoiError:
        return None
