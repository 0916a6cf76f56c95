from __future__ import annotations

import pytest

from hubdoi.records.markup import without_markup


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("<i>E. coli</i>", "E. coli"),
        ("H<sub>2</sub>O", "H2O"),
        ("<jats:p>One</jats:p><jats:p>two</jats:p>", "\nOne\n\ntwo\n"),
        ("a<br/>b<BR >c", "a\nb\nc"),
        ('<a href="https://x">link</a>', "link"),
        ("&lt;b&gt; &#x41;&#66;&nbsp;&amp;", "<b> AB\xa0&"),
        ("AT&T, R&D; &unknownentity;", "AT&T, R&D; &unknownentity;"),
        ("1 < 2 and 3 > 2, <unk>, <script>x</script>", "1 < 2 and 3 > 2, <unk>, <script>x</script>"),
        ("&#0;&#xD800;", "\ufffd\ufffd"),
        ("", ""),
    ],
)  # fmt: skip
def test_markup_is_read(text: str, reads: str) -> None:
    assert without_markup(text) == reads


def test_a_long_text_without_end_takes_no_time() -> None:
    lengths = [
        len(without_markup(text))
        for text in ("<i" * 50_000, "&" * 100_000, "<b>" + " " * 1_000_000, "<p>" * 50_000)
    ]
    assert lengths == [100_000, 100_000, 0, 2]
