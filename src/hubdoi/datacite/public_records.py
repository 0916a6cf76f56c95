"""DataCite's public records: what anybody can read about a DOI."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..net.cache import AnswerCache
from ..net.http import Http
from ..records import Doi, Version
from ..records.errors import DoiNotFound, ServiceError, ServiceRefused, UnexpectedAnswer
from .reader import version_from

if TYPE_CHECKING:
    from ..config import Config


JSON_API = "application/vnd.api+json"
# Publishers and affiliations come with their identifiers only when they are asked for.
_DETAILS = {"affiliation": "true", "publisher": "true"}
MOST_AT_ONCE = 200
LONGEST_LIST = 4000
"""Characters of DOIs in one URL; proxies refuse URLs that are much longer."""


class PublicRecords:
    """The records of DataCite's public REST API at `config.datacite_api`.

    A record that was seen in the last `fresh_for` seconds is not asked for again; afterwards its
    ETag is sent along. Without network, or while DataCite has a problem, a record that was seen
    before is used however old it is. With `keeps=False`, nothing is remembered.
    """

    def __init__(self, config: Config, *, fresh_for: float = 600.0, keeps: bool = True) -> None:
        self.base = config.datacite_api
        self._cache = AnswerCache(fresh_for=fresh_for, keeps=keeps)
        self._http = Http(
            config.datacite_api,
            contact=config.contact,
            media_type=JSON_API,
            cache=self._cache,
        )

    def __repr__(self) -> str:
        return f"PublicRecords({self.base!r})"

    def version(self, doi: Doi, *, refresh: bool = False) -> Version:
        """The version registered as `doi`; `refresh` asks DataCite even if it was seen just now.

        Raises:
            DoiNotFound: DataCite does not have it, or not publicly.
            ServiceError: DataCite cannot be used now, and the record was not seen before.
        """
        address = self._address(doi)
        try:
            answer = self._http.request(
                "GET",
                address.removeprefix(self.base),
                headers={"Cache-Control": "no-cache"} if refresh else None,
                repeat=True,
                cache_key=AnswerCache.key(address),
            )
        except ServiceError:
            recalled = self._cache.recall(address)
            if recalled is None:
                raise
            return self._version_of(doi, recalled)
        if answer.status in (404, 410):
            if doi.is_test:
                raise DoiNotFound(
                    f"{doi} is a test DOI and was not found here; only the server that made it knows it, so choose that one first: %doi use sandbox"
                )
            raise DoiNotFound(
                f"DataCite has no public record of {doi}; a DOI of another agency, as Crossref's of most articles, is cited from {doi.url}."
            )
        if answer.status >= 400:
            raise self._refused(answer.status)
        return self._version_of(doi, answer.json)

    def versions(self, dois: Iterable[Doi], *, refresh: bool = False) -> dict[Doi, Version]:
        """The versions of many DOIs, some two hundred for each request; those unknown are left out.

        Raises:
            ServiceError: DataCite cannot be used now, and a record was not seen before.
        """
        wanted = list(dict.fromkeys(dois))
        found: dict[Doi, Version] = {}
        if not refresh:
            for doi in wanted:
                if self._cache.is_fresh(self._address(doi)):
                    recalled = self._cache.recall(self._address(doi))
                    if recalled is not None:
                        found[doi] = self._version(recalled)
        missing = [doi for doi in wanted if doi not in found]
        if len(missing) == 1:
            with suppress(DoiNotFound):
                found[missing[0]] = self.version(missing[0], refresh=refresh)
        else:
            for batch in _batches(missing):
                found |= self._batch(batch)
        return {doi: found[doi] for doi in wanted if doi in found}

    def forget(self, doi: Doi) -> None:
        """Ask DataCite the next time: the record has just changed."""
        self._cache.forget(self._address(doi))

    def _batch(self, dois: Sequence[Doi]) -> dict[Doi, Version]:
        query = {"ids": ",".join(doi.key for doi in dois), "page[size]": str(len(dois)), **_DETAILS}
        try:
            # The list as a whole is of no use to anybody again; its records are.
            answer = self._http.get("/dois", query, Cache_Control="no-store")
        except ServiceError:
            recalled = {doi: self._cache.recall(self._address(doi)) for doi in dois}
            if None in recalled.values():
                raise
            return {doi: self._version(body) for doi, body in recalled.items()}
        if answer.status >= 400:
            raise self._refused(answer.status)
        entries = answer.json.get("data") if isinstance(answer.json, Mapping) else None
        if not isinstance(entries, list):
            raise self._unexpected()
        found: dict[Doi, Version] = {}
        for entry in entries:
            body = {"data": entry}
            version = self._version(body)
            if version.doi is not None:
                found[version.doi] = version
                self._cache.remember(self._address(version.doi), body)
        return found

    def _address(self, doi: Doi) -> str:
        query = "&".join(f"{name}={value}" for name, value in _DETAILS.items())
        return f"{self.base}/dois/{Doi(doi.key).in_url}?{query}"

    def _version_of(self, doi: Doi, body: Any) -> Version:
        version = self._version(body)
        if version.doi != doi:
            raise UnexpectedAnswer(f"{self.base} answered with a DOI other than {doi}.")
        return version

    def _version(self, body: Any) -> Version:
        data = body.get("data") if isinstance(body, Mapping) else None
        attributes = data.get("attributes") if isinstance(data, Mapping) else None
        if not isinstance(attributes, Mapping):
            raise self._unexpected()
        return version_from(attributes)

    def _unexpected(self) -> UnexpectedAnswer:
        return UnexpectedAnswer(
            f"{self.base} did not answer as DataCite would; check HUBDOI_DATACITE_API."
        )

    def _refused(self, status: int) -> ServiceRefused:
        return ServiceRefused(
            f"{urlsplit(self.base).netloc} refused to show its records (HTTP {status}); try again later."
        )


def _batches(dois: Sequence[Doi]) -> Iterator[Sequence[Doi]]:
    batch: list[Doi] = []
    length = 0
    for doi in dois:
        if batch and (len(batch) == MOST_AT_ONCE or length + len(doi.name) > LONGEST_LIST):
            yield batch
            batch, length = [], 0
        batch.append(doi)
        length += len(doi.name) + 1
    if batch:
        yield batch
