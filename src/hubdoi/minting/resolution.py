"""Where a DOI is looked up: at the Hub, then at DataCite."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from ..config import DATACITE_API
from ..records.errors import DoiNotFound, HubdoiError, RepoNotFound, ServiceUnreachable

if TYPE_CHECKING:
    from ..records import Doi, Version
    from .backends.base import Backend
    from .backends.resources import Resources


def resolve(doi: Doi, backend: Backend, resources: Resources) -> Version:
    """The version registered as `doi`.

    Raises:
        DoiNotFound: nobody that was asked knows it.
        ServiceError: who may know it cannot be asked now.
    """
    try:
        found = backend.find(doi)
    except (RepoNotFound, DoiNotFound):
        # DataCite's test system, or another server that is configured as DataCite, may know it.
        if resources.config.datacite_api == DATACITE_API:
            raise
        found = None
    except ServiceUnreachable as error:
        # Without network, a record that was seen before.
        with suppress(HubdoiError):
            return resources.public_records.version(doi)
        raise error
    return found or resources.public_records.version(doi)
