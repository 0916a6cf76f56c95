"""Who paid."""

from __future__ import annotations

import pytest

from hubdoi.records import Funding


@pytest.mark.parametrize(
    ("identifier", "kind"),
    [
        ("", ""),
        ("https://ror.org/0472cxd90", "ROR"),
        ("https://doi.org/10.13039/501100000780", "Crossref Funder ID"),
        ("10.13039/501100000780", "Crossref Funder ID"),
        ("0000 0001 2162 673X", "ISNI"),
        ("https://isni.org/isni/000000012162673X", "ISNI"),
        ("grid.270680.b", "GRID"),
        ("https://example.org/funder", "Other"),
    ],
)
def test_the_type_of_an_identifier_follows_from_its_form(identifier: str, kind: str) -> None:
    assert Funding("Funder", identifier=identifier).identifier_type == kind


def test_a_line_for_a_person() -> None:
    assert Funding("DFG").line == "DFG"
    assert Funding("DFG", "42", "Small models").line == "DFG, 42: Small models"
