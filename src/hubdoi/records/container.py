"""What a work was published in: a journal, a book, a series."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Container:
    """DataCite's `container`: the title, and where in it the work is. What is not known is empty."""

    title: str
    volume: str = ""
    issue: str = ""
    first_page: str = ""
    last_page: str = ""
    edition: str = ""

    @property
    def pages(self) -> str:
        """``12-34``, or the first page alone."""
        return "-".join(filter(None, (self.first_page, self.last_page)))
