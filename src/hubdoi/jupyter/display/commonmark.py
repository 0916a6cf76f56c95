"""Cards as text/markdown, in the part that CommonMark, GitHub and pandoc read alike."""

from __future__ import annotations

import re
from collections.abc import Iterable

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
    linked,
    text,
)
from .terminal import visible

# A backslash would do for these in CommonMark, but tables are split before it is read: an entity is
# text for every reader.
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "`": "&#96;"}
# JupyterLab looks for mathematics in what Markdown has become; it passes over this class.
_NO_MATHEMATICS = '<span class="tex2jax_ignore mathjax_ignore">&#{};</span>'
_ENTITIES |= {character: _NO_MATHEMATICS.format(ord(character)) for character in "$\\"}
_WIDEST = 60
_BACKSLASHED = frozenset("*_[]{}#~^!@")


def write(cards: Iterable[Card]) -> str:
    return "\n\n---\n\n".join(_card(card) for card in cards)


def escape(text: str) -> str:
    """`text` in one line, with nothing left that Markdown, HTML or TeX would obey."""
    line = visible(re.sub(r"\s+", " ", text))
    escaped = "".join(
        _ENTITIES.get(character, f"\\{character}" if character in _BACKSLASHED else character)
        for character in line
    )
    # Two hyphens are a dash for pandoc; "www." and "://" are links for GitHub.
    escaped = escaped.replace("--", "-\\-").replace("://", "&#58;//")
    escaped = re.sub(r"(?i)\bwww\.", lambda found: found[0][:-1] + "&#46;", escaped)
    # At the start of a line these begin a list, a heading, a definition.
    escaped = re.sub(r"^(\s*)([-+=:%])", r"\1\\\2", escaped)
    return re.sub(r"^(\s*\w+)([.)])(?=\s|$)", r"\1\\\2", escaped)


def _card(card: Card) -> str:
    title = _strong(_inline(card.title))
    if card.badge:
        title = f"{title} — {_inline((card.badge,))}"
    return "\n\n".join([title, *(_block(block) for block in card.blocks)])


def _block(block: Block) -> str:
    if isinstance(block, Paragraph):
        return _inline(block.text)
    if isinstance(block, Facts):
        return "\n".join(f"- {escape(name)}: {_inline(value)}" for name, value in block.rows)
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Picture):
        return _inline((Link(block.alt, block.url),))
    lines = visible(block.text, keep="\n\t").splitlines()
    if isinstance(block, Quote):
        return _quoted(escape(line) for line in lines if line.strip())
    if block.links:
        # LaTeX lets the lines of a fence run out of the page.
        url = re.compile(f"({'|'.join(map(re.escape, block.links))})")
        return _quoted(_inline(linked(line, url)) for line in lines if line.strip())
    return _fenced(block, lines)


def _quoted(paragraphs: Iterable[str]) -> str:
    return "\n>\n".join(f"> {paragraph}" for paragraph in paragraphs)


def _fenced(block: Preformatted, lines: list[str]) -> str:
    longest = max((len(run) for run in re.findall(r"`+", block.text)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([fence + block.language, *lines, fence])


def _table(table: Table) -> str:
    # Where cells do not fit into their lines, pandoc has columns as wide as these are.
    widths = [
        min(max(3, *map(_length, column)), _WIDEST)
        for column in zip(*((text(name) for name in table.header), *table.rows), strict=True)
    ]
    lines = [f"{escape(table.caption)}\n"] if table.caption else []
    lines += [
        _row(escape(name) for name in table.header),
        _row("-" * width + ":" * (column in table.right) for column, width in enumerate(widths)),
        *(_row(_inline(cell) for cell in row) for row in table.rows),
    ]
    return "\n".join(lines)


def _length(text: Text) -> int:
    return sum(len(part if isinstance(part, str) else part.text) for part in text)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _inline(text: Text) -> str:
    return "".join(_part(part) for part in text)


def _part(part: Inline) -> str:
    if isinstance(part, str):
        return _kept_spaces(part)
    if isinstance(part, Link):
        if not part.is_safe:
            return escape(part.text)
        if part.text == part.url and _address(part.url) == part.url:
            return f"<{part.url}>"
        return f"[{escape(part.text)}]({_address(part.url)})"
    if isinstance(part, Code):
        return _code(part.text)
    if isinstance(part, Badge | Strong):
        return _strong(escape(part.text))
    raise TypeError(f"{type(part).__name__} is not a part of a text")


def _kept_spaces(text: str) -> str:
    """Escaped, with the space that parts it from its neighbours."""
    before = " " if text[:1].isspace() else ""
    after = " " if text[-1:].isspace() and text.strip() else ""
    return before + escape(text.strip()) + after


def _code(text: str) -> str:
    line = visible(re.sub(r"\s+", " ", text))
    # Inside a table a bar ends the cell even within code.
    if "`" in line or "|" in line or "\\" in line or not line.strip():
        return escape(line)
    return f"`{line}`"


def _strong(text: str) -> str:
    return f"**{text}**"


def _address(url: str) -> str:
    """A URL inside parentheses: what could end it, or begin mathematics, is percent-encoded."""
    return re.sub(r"[()<>\[\]\\`|$*_{}\"'^~&]", _percent, url.replace("&", "&amp;"))


def _percent(found: re.Match[str]) -> str:
    character = found[0]
    return character if character in "&_*~" else f"%{ord(character):02X}"
