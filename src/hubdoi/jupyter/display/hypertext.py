"""Cards as text/html: they follow JupyterLab's themes, and read well without style or script."""

from __future__ import annotations

import html
import re
from base64 import b64encode
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from .card import (
    Badge,
    Block,
    Card,
    Code,
    Facts,
    Inline,
    Link,
    Paragraph,
    Picture,
    Preformatted,
    Quote,
    Strong,
    Table,
    Text,
)
from .terminal import visible

# JupyterLab typesets mathematics in every output; a name with a dollar sign in it is a name.
_WIDE = 5
_CLASSES = "hubdoi tex2jax_ignore mathjax_ignore"


def write(cards: Iterable[Card]) -> str:
    """One element with its own style; scripts are added only where there is something to copy or sort."""
    cards = tuple(cards)
    parts = [block for card in cards for block in card.blocks]
    scripts = ""
    if any(isinstance(block, Preformatted) and block.copied for block in parts):
        scripts += f"<script>{_part_of_package('copy.js')}</script>\n"
    if any(isinstance(block, Table) and block.sortable for block in parts):
        scripts += f"<script>{_part_of_package('sort.js')}</script>\n"
    return f'<div class="{_CLASSES}">\n<style>{style()}</style>\n{_cards(cards)}\n{scripts}</div>'


def body(cards: Iterable[Card]) -> str:
    """The cards without style and scripts, for a page that has them."""
    return inside(_cards(cards))


def blocks(*parts: Block) -> str:
    """Some blocks without a card around them, style and scripts."""
    return inside("\n".join(_block(part) for part in parts))


def heading(text: str) -> str:
    """A heading between parts of one output, which is not one of the notebook's own sections."""
    return inside(f'<p class="hubdoi-heading" role="heading" aria-level="4">{escape(text)}</p>')


def inside(markup: str) -> str:
    """`markup` where the style sheet applies, and mathematics is not looked for."""
    return f'<div class="{_CLASSES}">\n{markup}\n</div>'


@cache
def style() -> str:
    """The style sheet of all displays; every rule in it is about the class ``hubdoi``."""
    return re.sub(r"\s*\n\s*", "", _part_of_package("style.css"))


def escape(text: str) -> str:
    """`text` in one line, as text. An empty line in HTML would end it where it stands in Markdown."""
    return html.escape(visible(re.sub(r"\s+", " ", text)))


def _cards(cards: Iterable[Card]) -> str:
    return "\n".join(_card(card) for card in cards)


def _card(card: Card) -> str:
    badge = f" {_inline((card.badge,))}" if card.badge else ""
    parts = [
        '<section class="hubdoi-card">',
        f'<p class="hubdoi-title"><strong>{_inline(card.title)}</strong>{badge}</p>',
        *(_block(block) for block in card.blocks),
        "</section>",
    ]
    return "\n".join(parts)


def _block(block: Block) -> str:
    if isinstance(block, Paragraph):
        tone = f' class="hubdoi-{block.tone}"' if block.tone else ""
        return f"<p{tone}>{_inline(block.text)}</p>"
    if isinstance(block, Facts):
        rows = (f"<dt>{escape(name)}</dt><dd>{_inline(value)}</dd>" for name, value in block.rows)
        return "<dl>\n" + "\n".join(rows) + "\n</dl>"
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Picture):
        drawing = b64encode(block.svg.encode()).decode()
        image = f'<img alt="{escape(block.alt)}" src="data:image/svg+xml;base64,{drawing}">'
        return f"<p>{_followed(block.url, image)}</p>"
    if isinstance(block, Quote):
        paragraphs = (line for line in block.text.splitlines() if line.strip())
        return (
            "<blockquote>"
            + "".join(f"<p>{escape(line)}</p>" for line in paragraphs)
            + "</blockquote>"
        )
    label = escape(block.label)
    shown = preformatted(block.text, block.label)
    return f'<div class="hubdoi-copy" data-label="{label}">{shown}</div>' if block.copied else shown


def _table(table: Table) -> str:
    """Where there is little room, the style shows each row of a wide table as a list with labels."""
    is_wide = len(table.header) >= _WIDE

    def classed(column: int) -> str:
        return ' class="hubdoi-right"' if column in table.right else ""

    def cell(column: int, content: Text) -> str:
        label = f' data-label="{escape(table.header[column])}"' if is_wide else ""
        return f"<td{classed(column)}{label}>{_inline(content)}</td>"

    head = "".join(
        f'<th scope="col"{classed(column)}>{escape(name)}</th>'
        for column, name in enumerate(table.header)
    )
    rows = "\n".join(
        f"<tr>{''.join(cell(column, content) for column, content in enumerate(row))}</tr>"
        for row in table.rows
    )
    caption = f"<caption>{escape(table.caption)}</caption>" if table.caption else ""
    sortable = ' class="hubdoi-sortable"' if table.sortable else ""
    wide = " hubdoi-wide" if is_wide else ""
    return (
        f'<div class="hubdoi-scroll{wide}"><table{sortable}>{caption}\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody></table></div>"
    )


def _followed(url: str, markup: str) -> str:
    """`markup` as a link to `url`, where that is a web page's."""
    if not Link("", url).is_safe:
        return markup
    return f'<a href="{html.escape(url)}" target="_blank" rel="noopener noreferrer">{markup}</a>'


def _inline(text: Text) -> str:
    return "".join(_part(part) for part in text)


def _part(part: Inline) -> str:
    if isinstance(part, str):
        return escape(part)
    if isinstance(part, Link):
        if not part.is_safe:
            return escape(part.text)
        # Of a URL that is its own text, the query is nothing to read.
        shown = part.text.partition("?")[0] if part.text == part.url else part.text
        return _followed(part.url, escape(shown))
    if isinstance(part, Code):
        return f"<code>{escape(part.text)}</code>"
    if isinstance(part, Strong):
        return f"<strong>{escape(part.text)}</strong>"
    if isinstance(part, Badge):
        return f'<span class="hubdoi-badge hubdoi-{part.tone}">{escape(part.text)}</span>'
    raise TypeError(f"{type(part).__name__} is not a part of a text")


def preformatted(text: str, label: str) -> str:
    """`text` as it is, to be selected or scrolled with the keyboard as well."""
    escaped = html.escape(visible(text, keep="\n\t").strip("\n"))
    escaped = escaped.replace("\n", "&#10;").replace("\t", "&#9;")
    return f'<pre tabindex="0" role="region" aria-label="{escape(label)}">{escaped}</pre>'


@cache
def _part_of_package(name: str) -> str:
    text = (files(__package__) / name).read_text(encoding="utf-8")
    return re.sub(r"\n{2,}", "\n", text).strip()
