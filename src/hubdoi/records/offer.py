"""What a person sees before a DOI is generated: what it will say, and the terms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .displayed import Displayed
from .doi import Doi
from .repo import Repo
from .terms import Terms
from .version import Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer(Displayed):
    """The DOI that would be generated for a revision of `repo`, and the `terms` to agree to (R3).

    `version` has the metadata that would be registered, and no DOI yet; its `revision` is the full
    commit id, committed at `committed`. `reserved` is the DOI that this mint would publish.
    """

    repo: Repo
    version: Version
    terms: Terms
    committed: datetime | None = None
    reserved: Doi | None = None
