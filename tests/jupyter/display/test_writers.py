"""Escaping: what strangers write stays text in each of the three media types."""

from __future__ import annotations

import html as html_library
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubdoi.citation import cite
from hubdoi.jupyter import display
from hubdoi.jupyter.display import commonmark, hypertext, terminal
from hubdoi.jupyter.display.card import (
    Card,
    Code,
    Link,
    Paragraph,
    Preformatted,
    Quote,
    Strong,
    Table,
    text,
)
from hubdoi.records import Version

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "[x](javascript:alert(1))",
    "![p](https://evil.example/p.png)",
    "<https://evil.example>",
    "https://evil.example www.evil.example",
    "\n\n# heading\n\n- list\n\n<b>bold</b>\n",
    "$\\href{javascript:x}{y}$ \\(x\\) \\[y\\]",
    "\\input{/etc/passwd} \\write18{id}",
    "`code` ``more`` | cell | *a* _b_ ~~c~~ ^d^ {e} @f",
    "</pre></div></blockquote><style>*{display:none}</style>",
    "\x1b[31mred\x1b[0m \x07 \u202egnp.exe",
    "- a", "+ a", "1. a", "= a", "% a", ": a", "a -- b",
]  # fmt: skip

# What pandoc's own Markdown makes of quotation marks.
_SMART = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'"})


class Seen(HTMLParser):
    """The tags and addresses of an HTML text, and the text between them."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.said = ""
        self._skipping = False
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        self._skipping = tag in ("style", "script")

    def handle_endtag(self, tag: str) -> None:
        self._skipping = False

    def handle_data(self, data: str) -> None:
        if not self._skipping:
            self.said += data


def _cards(hostile: str) -> tuple[Card, ...]:
    return (
        Card(
            text(hostile, Link(hostile, hostile)),
            blocks=(
                Paragraph(text(hostile, Code(hostile), Strong(hostile))),
                Quote(hostile),
                Preformatted(hostile, "bibtex", hostile),
                Table((hostile,), ((text(hostile),),), caption=hostile),
            ),
        ),
    )


@pytest.mark.parametrize("hostile", HOSTILE)
def test_html_has_no_tag_of_a_stranger(hostile: str) -> None:
    written = hypertext.write(_cards(hostile))
    seen = Seen(written)
    known = {"div", "style", "section", "p", "strong", "code", "blockquote", "pre", "table",
             "caption", "thead", "tbody", "tr", "th", "td", "script", "a"}  # fmt: skip
    assert set(seen.tags) <= known
    assert written.count("<script>") == 1
    assert not [name for name, _ in seen.attributes if name.startswith("on")]
    assert "\n\n" not in written, "an empty line would end it where it stands in Markdown"
    expected = terminal.visible(re.sub(r"\s+", " ", hostile)).strip()
    assert expected in re.sub(r"\s+", " ", seen.said)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_markdown_is_read_back_as_the_same_text(hostile: str) -> None:
    import pypandoc

    shown = terminal.visible(re.sub(r"\s+", " ", hostile)).strip()
    for reader in ("commonmark_x", "gfm", "markdown"):
        written = commonmark.write((Card(text("Title"), blocks=(Paragraph(text(hostile)),)),))
        html = pypandoc.convert_text(written, "html", format=reader, extra_args=["--wrap=none"])
        seen = Seen(html)
        assert set(seen.tags) <= {"p", "strong", "span"}, html
        said = " ".join(seen.said.translate(_SMART).split())
        assert said.removeprefix("Title ") == shown.replace("\u00a0", " ")


@given(st.text(max_size=60))
def test_markdown_of_any_text_has_no_mathematics_and_no_markup(anything: str) -> None:
    escaped = re.sub("<span class=[^<>]+>(&#[0-9]+;)</span>", r"\1", commonmark.escape(anything))
    bare = re.sub(r"\\[!-/:-@\[-`{-~]|&[#\w]+;", "", escaped)
    assert not set("<>$`|\\*_[]{}~^@!") & set(bare)
    unescaped = html_library.unescape(re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", escaped))
    assert unescaped == terminal.visible(re.sub(r"\s+", " ", anything))


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "JAVASCRIPT:alert(1)", "data:text/html,x", "file:///etc/passwd",
     "//evil.example", "http:", "https://a b", "https://a\nb", "\x01javascript:x", "vbscript:x",
     "https://[", ""],
)  # fmt: skip
def test_only_http_and_https_are_links(url: str) -> None:
    cards = (Card(text(Link("here", url, spelled=True))),)
    assert "<a " not in hypertext.write(cards)
    assert "](" not in commonmark.write(cards)
    assert "(" not in terminal.write(cards)


def test_a_link_cannot_break_out_of_its_address() -> None:
    url = 'https://a.example/x)[y](javascript:z)"onclick="alert(1)\\<>'
    cards = (Card(text(Link("here", url))),)
    assert Seen(hypertext.write(cards)).attributes.count(("href", url)) == 1
    address = re.search(r"\[here\]\((.*?)\)", commonmark.write(cards))
    assert address is not None
    assert not set(')("<>\\') & set(address[1])


def test_a_fence_is_longer_than_any_in_the_text() -> None:
    written = commonmark.write((Card(text("x"), blocks=(Preformatted("a\n````\nb"),)),))
    assert "`````\na\n````\nb\n`````" in written


def test_plain_text_has_nothing_that_a_terminal_obeys() -> None:
    for hostile in HOSTILE:
        written = terminal.write(_cards(hostile))
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", written)


def test_the_style_is_about_hubdoi_alone_and_html_reads_well_without_it() -> None:
    css = hypertext.style()
    rules = re.sub(r"@(?:media|container)[^{]*\{((?:[^{}]*\{[^}]*\})*)\}", r"\1", css)
    for selectors in re.findall(r"([^{}]+)\{", rules):
        for selector in selectors.split(","):
            assert ".hubdoi" in selector, selector
    html = display.html(cite(Version.from_parts(title="A", authors=["Lovelace, Ada"], year=2026)))
    without = re.sub(r"<(style|script)>.*?</\1>", "", html, flags=re.DOTALL)
    assert "<button" not in without
    assert "Lovelace" in Seen(without).said
