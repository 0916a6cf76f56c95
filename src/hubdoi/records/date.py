"""The day and the year that a citation may state."""

from __future__ import annotations

from datetime import date

from . import Version


def day_of(version: Version) -> date | None:
    """The day of publication (UTC), unless the record's year says otherwise."""
    if version.created is None or version.year not in (None, version.created.year):
        return None
    return version.created.date()


def year_of(version: Version) -> int | None:
    """The year of publication, else that of the day."""
    if version.year is not None:
        return version.year
    return version.created.year if version.created else None
