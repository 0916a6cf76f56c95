"""The correction of a registered record that a person writes in the panel; the DOI stays (R11)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from ...records import Doi, Version
from ...records.amendment import Amendment
from .form import Form


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A correction of the record of `version`.

    `registered` is the form as the record fills it in, `aside` the one that comes back afterwards.
    `amendment` is what the present form would change, once that was asked; the same amendment
    again is sent with the same `key` (R12).
    """

    version: Version
    registered: Form
    aside: Form
    amendment: Amendment | None = None
    key: str = ""

    @classmethod
    def of(cls, version: Version, aside: Form) -> Correction:
        registered = Form.of_record(version, aside.serial + 1)
        return cls(version=version, registered=registered, aside=aside)

    @property
    def doi(self) -> Doi:
        assert self.version.doi is not None
        return self.version.doi

    def values(self, form: Form) -> dict[str, Any]:
        """What `form` says otherwise than the record, as arguments of `Client.amend`.

        Raises:
            InvalidAuthor: an author is wrong.
        """
        found: dict[str, Any] = {}
        if form.title.strip() != self.registered.title:
            found["title"] = form.title.strip()
        if form.given != self.registered.given:
            found["authors"] = form.authors()
        if form.description.strip() != self.registered.description.strip():
            found["description"] = form.description
        if form.access:
            found["access"] = True
        return found

    def values_of(self, form: Form) -> tuple[object, ...]:
        """What is compared of two forms of a correction."""
        return form.title, form.given, form.description, form.access

    def proposing(self, amendment: Amendment | None) -> Correction:
        return replace(self, amendment=amendment, key=uuid4().hex)
