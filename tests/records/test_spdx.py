from __future__ import annotations

import pytest

from hubdoi.records.spdx import license_page, spdx_identifier


@pytest.mark.parametrize(
    ("word", "identifier"),
    [
        ("apache-2.0", "Apache-2.0"),
        ("mit", "MIT"),
        (" CC-BY-NC-SA-4.0 ", "CC-BY-NC-SA-4.0"),
        ("odbl", "ODbL-1.0"),
        ("cc0-1.0", "CC0-1.0"),
        ("llama3", None),
        ("other", None),
        ("", None),
        (None, None),
    ],
)
def test_words_of_cards_are_known_to_spdx_or_not(word: str | None, identifier: str | None) -> None:
    assert spdx_identifier(word) == identifier


def test_an_identifier_has_a_page() -> None:
    assert license_page("MIT") == "https://spdx.org/licenses/MIT.html"
