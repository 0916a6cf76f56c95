from __future__ import annotations

import pytest

from hubdoi.net.accept import media_ranges, preferred

HTML, BIBTEX, TEXT = OFFERED = ("text/html", "application/x-bibtex", "text/x-bibliography")


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, HTML),
        ("", HTML),
        ("*/*", HTML),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", HTML),
        ("application/x-bibtex", BIBTEX),
        ("APPLICATION/X-BIBTEX ; Q=0.3", BIBTEX),
        ("application/x-bibtex;q=0.1, text/html;q=0.9", HTML),
        ("application/x-bibtex;q=0.9, text/html;q=0.1", BIBTEX),
        ("text/html;q=0, */*", BIBTEX),
        ("text/*;q=0.3, text/html;q=0", TEXT),
        ("text/x-bibliography, application/x-bibtex", TEXT),
        ("application/*", BIBTEX),
        ("image/png", None),
        ("*/*;q=0", None),
        ("text/html;q=2", None),
        ("text/html;q=nan", None),
        (';;,,;=,q=;"', None),
    ],
)
def test_what_a_client_likes_best(accept: str | None, expected: str | None) -> None:
    found = preferred(accept, OFFERED)
    assert (found[0] if found else None) == expected


def test_parameters_are_kept() -> None:
    (entry,) = media_ranges('text/x-bibliography; style="apa"; locale=de-DE; q=0.5')
    assert entry.parameters == {"style": "apa", "locale": "de-DE"}
    assert entry.quality == 0.5
