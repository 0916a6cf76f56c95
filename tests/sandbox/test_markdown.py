from __future__ import annotations

import pytest

from hubdoi.sandbox.markdown import render_markdown

BASE = "/ada/tiny-bert/blob/main/"


@pytest.mark.parametrize(
    "text",
    [
        "[x](javascript:alert(1))", "[x](JaVaScript:alert(1))", "[x](&#106;avascript:alert(1))",
        "[x](data:text/html,<script>)", "[x](vbscript:x)", "[x](file:///etc/passwd)",
        "<javascript:alert(1)>", "![x](javascript:alert(1))", "[x][y]\n\n[y]: javascript:alert(1)",
        "[x](\x01javascript:alert(1))", "[x](java\nscript:alert(1))",
    ],
)  # fmt: skip
def test_links_that_run_are_no_links(text: str) -> None:
    assert "<a" not in render_markdown(text, base=BASE)


def test_raw_html_is_text() -> None:
    html = render_markdown('<script>x</script>\n\n<b onclick="x">y</b> <!-- z -->', base=BASE)
    assert "&lt;script&gt;" in html and "<b" not in html and "<!--" not in html


def test_pictures_are_links() -> None:
    html = render_markdown(
        '![a "cat" <b>](https://e.org/c.png) [![in](x.png)](https://e.org)', base=BASE
    )
    assert "<img" not in html
    assert html.count("<a ") == 2
    assert 'href="https://e.org/c.png"' in html and "&lt;b&gt;" in html


def test_front_matter_is_left_out_and_headings_go_down() -> None:
    html = render_markdown("---\nlicense: mit\n---\n# One\n#### Four\n###### Six\n", base=BASE)
    assert "mit" not in html
    assert "<h3>One</h3>" in html and "<h6>Four</h6>" in html and "<h6>Six</h6>" in html


def test_tables_code_and_strikethrough() -> None:
    html = render_markdown("| a |\n|---|\n| ~~b~~ |\n\n```py\nx < 1\n```\n", base=BASE)
    assert "<table>" in html and "<s>b</s>" in html and "x &lt; 1" in html


@pytest.mark.parametrize("text", ["[" * 50_000, "*" * 50_000, "> " * 50_000, "![" * 30_000, "`" * 50_000 + "a", "[a](" * 20_000, "<a" * 50_000])  # fmt: skip
def test_cards_made_to_be_slow_are_rendered(text: str) -> None:
    assert isinstance(render_markdown(text, base=BASE), str)


def test_a_card_without_end_is_cut() -> None:
    html = render_markdown("word " * 100_000, base=BASE)
    assert len(html) < 250_000 and "The card is longer" in html


@pytest.mark.parametrize("text", ["```python\n<pre>\n```", "    <pre>\n"])
def test_the_keyboard_alone_scrolls_code(text: str) -> None:
    html = render_markdown(text, base=BASE)
    assert html.startswith('<pre tabindex="0"><code') and "&lt;pre&gt;" in html
