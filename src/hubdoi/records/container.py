"""What a work was published in: a journal, a book, a series."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Container:
    """DataCite's `container` or related item: the title, and where in it the work is.

    `number` is that of an article, a chapter or a report; `identifier` an ISSN or ISBN, as
    `identifier_type` says. What is not known is empty.
    """

    title: str
    volume: str = ""
    issue: str = ""
    first_page: str = ""
    last_page: str = ""
    edition: str = ""
    number: str = ""
    identifier: str = ""
    identifier_type: str = ""

    @property
    def pages(self) -> str:
        """``12-34``, or the first page alone."""
        return "-".join(filter(None, (self.first_page, self.last_page)))

    @property
    def place(self) -> str:
        """The pages, or the number of an article that has none."""
        return self.pages or self.number
