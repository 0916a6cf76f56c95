"""A date with its meaning."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dated:
    """DataCite's `date` as the record has it (a year, a day, a range), its dateType and dateInformation."""

    date: str
    type: str
    information: str = ""
