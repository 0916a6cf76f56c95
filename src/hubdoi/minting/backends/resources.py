"""What a backend works with: the settings, and the services that they lead to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ...config import Config

if TYPE_CHECKING:
    from ...datacite.public_records import PublicRecords
    from ...hub.doi_api import DoiApi
    from ...hub.repositories import HuggingFaceHub


@dataclass(eq=False)
class Resources:
    """The settings of one client; each service is opened when it is first used."""

    config: Config

    @cached_property
    def hub(self) -> HuggingFaceHub:
        from ...hub.repositories import HuggingFaceHub

        return HuggingFaceHub(self.config)

    @cached_property
    def doi_api(self) -> DoiApi:
        """The DOI API of the Hub, which not every Hub has."""
        from ...hub.doi_api import DoiApi
        from ...net.http import Http

        return DoiApi(Http.of(self.config), self.config.endpoint)

    @cached_property
    def public_records(self) -> PublicRecords:
        """DataCite's public records."""
        from ...datacite.public_records import PublicRecords

        return PublicRecords(self.config)
