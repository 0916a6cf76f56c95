"""The authors table: one row of fields for each author, in the order in which they are cited."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from ...records import check_orcid, check_ror
from ..display import hypertext
from ..display.card import Link, Paragraph, Strong, text
from .draft import Draft
from .parts import Announcement

_KINDS = [("Person", "person"), ("Organisation", "organization")]
_ORCID_DIGITS = 16


class AuthorRow(widgets.VBox):  # type: ignore[misc]
    """The fields of one author. A row stays where it is; authors move from row to row."""

    def __init__(self, number: int, table: AuthorsTable) -> None:
        self.number = number
        self.name = _field("Name", "Family, Given", "hubdoi-wide")
        self.kind = widgets.Dropdown(description="Is a", options=_KINDS, value="person")
        self.kind.add_class("hubdoi-field")
        self.orcid = _field("ORCID iD (optional)", "0000-0002-1825-0097", "")
        self.affiliation = _field(
            "Affiliation (optional)", "Analytical Engine Society", "hubdoi-wide"
        )
        self.ror = _field("ROR iD (optional)", "https://ror.org/05a28rw58", "")
        self.said = Announcement()
        self.up = _button("Move up", lambda: table.move(number, number - 1))
        self.down = _button("Move down", lambda: table.move(number, number + 1))
        self.remove = _button("Remove", lambda: table.remove(number))
        self.links = widgets.HTML()
        fields = widgets.Box([self.name, self.kind, self.orcid, self.affiliation, self.ror])
        fields.add_class("hubdoi-fields")
        buttons = widgets.Box([self.up, self.down, self.remove])
        buttons.add_class("hubdoi-buttons")
        title = widgets.HTML(hypertext.blocks(Paragraph(text(Strong(f"Author {number + 1}")))))
        super().__init__([title, fields, self.links, self.said, buttons])
        self.add_class("hubdoi-author")
        self._fields: dict[str, Any] = {
            "name": self.name,
            "type": self.kind,
            "orcid": self.orcid,
            "affiliation": self.affiliation,
            "ror": self.ror,
        }
        for field in self._fields.values():
            field.observe(lambda _: table.written(), "value")

    @property
    def draft(self) -> Draft:
        return Draft(**{name: field.value for name, field in self._fields.items()})

    def show(self, draft: Draft) -> None:
        """Put `draft` into the fields, leaving alone those that have it: somebody may be writing."""
        for name, field in self._fields.items():
            if field.value != getattr(draft, name):
                field.value = getattr(draft, name)
        self.check()

    def check(self) -> None:
        """Say what is wrong with the identifiers, and show those that are right as links."""
        draft = self.draft
        self.links.value = _links(draft)
        self.links.layout.display = None if self.links.value else "none"
        if draft.orcid_problem and not _is_begun(draft):
            said, tone = draft.orcid_problem, "bad"
        elif draft.orcid_problem:
            said, tone = "An ORCID iD has 16 digits; go on.", "quiet"
        elif draft.ror_problem:
            said, tone = draft.ror_problem, "bad"
        else:
            said, tone = "", "quiet"
        self.said.text, self.said.tone = said, tone

    def enable(self, enabled: bool, count: int) -> None:
        """`count` authors are in the table; the first one cannot move up."""
        for field in self._fields.values():
            field.disabled = not enabled
        self.orcid.disabled = not enabled or self.kind.value == "organization"
        self.up.disabled = not enabled or self.number == 0
        self.down.disabled = not enabled or self.number >= count - 1
        self.remove.disabled = not enabled or count == 1


class AuthorsTable(widgets.VBox):  # type: ignore[misc]
    """The authors; `changed` is called with all of them whenever one is written, moved or removed.

    `add_me` is called when somebody wants to be filled in.
    """

    def __init__(
        self, changed: Callable[[tuple[Draft, ...]], None], add_me: Callable[[], None]
    ) -> None:
        self._changed = changed
        self._showing = False
        self._enabled = True
        self._rows: list[AuthorRow] = []
        self._list = widgets.VBox()
        self.add = _button("Add an author", self._add)
        self.me = _button("Add myself", add_me)
        buttons = widgets.Box([self.add, self.me])
        buttons.add_class("hubdoi-buttons")
        title = widgets.HTML(
            hypertext.heading("Authors")
            + hypertext.blocks(Paragraph(text("In the order in which they are cited.")))
        )
        super().__init__([title, self._list, buttons])
        self.add_class("hubdoi-authors")

    @property
    def rows(self) -> tuple[AuthorRow, ...]:
        """The rows that are shown."""
        return tuple(self._list.children)

    @property
    def drafts(self) -> tuple[Draft, ...]:
        return tuple(row.draft for row in self.rows)

    def show(self, drafts: tuple[Draft, ...]) -> None:
        """Show `drafts`, as many rows as there are."""
        self._showing = True
        try:
            while len(self._rows) < len(drafts):
                self._rows.append(AuthorRow(len(self._rows), self))
            for row, draft in zip(self._rows, drafts, strict=False):
                row.show(draft)
            if len(self.rows) != len(drafts):
                self._list.children = tuple(self._rows[: len(drafts)])
        finally:
            self._showing = False
        self._enable()

    def enable(self, enabled: bool) -> None:
        if enabled != self._enabled:
            self._enabled = enabled
            self._enable()

    def written(self) -> None:
        """Somebody wrote into a field."""
        if not self._showing:
            for row in self.rows:
                row.check()
            self._enable()
            self._changed(self.drafts)

    def move(self, number: int, to: int) -> None:
        """Let two authors change places; the focus goes with the one that was moved."""
        drafts = list(self.drafts)
        if not (0 <= to < len(drafts) and 0 <= number < len(drafts)):
            return
        drafts[number], drafts[to] = drafts[to], drafts[number]
        self._replace(tuple(drafts))
        row = self._rows[to]
        first, second = (row.up, row.down) if to < number else (row.down, row.up)
        (second if first.disabled else first).focus()

    def remove(self, number: int) -> None:
        drafts = self.drafts
        if len(drafts) > 1:
            self._replace(drafts[:number] + drafts[number + 1 :])
            self._rows[min(number, len(drafts) - 2)].name.focus()

    def put(self, draft: Draft) -> None:
        """Fill in one more author: in the first empty row, or in a new one; nobody twice."""
        drafts = self.drafts
        if any(existing.name == draft.name for existing in drafts):
            return
        blank = next((n for n, existing in enumerate(drafts) if existing.is_blank), len(drafts))
        self._replace((*drafts[:blank], draft, *drafts[blank + 1 :]))

    def _add(self) -> None:
        self._replace((*self.drafts, Draft()))

    def _replace(self, drafts: tuple[Draft, ...]) -> None:
        self.show(drafts)
        self._changed(self.drafts)

    def _enable(self) -> None:
        rows = self.rows
        for row in rows:
            row.enable(self._enabled, len(rows))
        self.add.disabled = self.me.disabled = not self._enabled


def _field(label: str, example: str, kind: str) -> Any:
    field = widgets.Text(description=label, placeholder=example, continuous_update=True)
    field.add_class("hubdoi-field")
    if kind:
        field.add_class(kind)
    return field


def _button(label: str, pressed: Callable[[], None]) -> Any:
    button = widgets.Button(description=label)
    button.add_class("hubdoi-button")
    button.on_click(lambda _: pressed())
    return button


def _is_begun(draft: Draft) -> bool:
    """Whether the ORCID iD may only be unfinished."""
    return len(re.findall(r"[0-9Xx]", draft.orcid.rpartition("/")[2])) < _ORCID_DIGITS


def _links(draft: Draft) -> str:
    """The identifiers that are right, as links."""
    found = []
    if draft.orcid.strip() and not draft.orcid_problem:
        found.append(f"https://orcid.org/{check_orcid(draft.orcid)}")
    if draft.ror.strip() and not draft.ror_problem:
        found.append(f"https://ror.org/{check_ror(draft.ror)}")
    links = text(*(part for url in found for part in (" · ", Link(url, url))))[1:]
    return hypertext.blocks(Paragraph(text("✓ ", links))) if found else ""
