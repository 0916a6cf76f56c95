from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from hubdoi.citation.badge import badge, text_width
from hubdoi.records import Doi, Version
from hubdoi.records.errors import DoiNotFound


def test_a_badge_is_drawn_here(version: Version) -> None:
    made = badge(version)
    assert str(made) == made.markdown
    assert "http://www.w3.org/2000/svg" in made.svg
    assert set(re.findall(r"https?://[^\s\"')]+", made.markdown)) == {
        "https://doi.org/10.5072/hf/0001"
    }
    (data,) = re.findall(r"data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)", made.html)
    assert b64decode(data).decode() == made.svg


def test_the_drawing_is_as_wide_as_its_text(make: Callable[..., Version]) -> None:
    short = ElementTree.fromstring(badge(make(1)).svg)
    long = ElementTree.fromstring(badge(make(1, doi=Doi("10.5072/hf/" + "m" * 40))).svg)
    assert int(long.attrib["width"]) - int(short.attrib["width"]) == pytest.approx(
        text_width("m" * 40) - text_width("0001"), abs=2
    )


def test_a_doi_of_a_stranger_stays_text(make: Callable[..., Version]) -> None:
    evil = badge(make(1, doi=Doi('10.1234/"><script>alert(1)</script>)[x](y)')))
    root = ElementTree.fromstring(evil.svg)
    assert not root.findall(".//{http://www.w3.org/2000/svg}script")
    assert "<script" not in evil.html + evil.markdown + evil.svg
    assert evil.html.count("<") == 3
    assert re.fullmatch(r"\[!\[[^\]]*(?:\\\][^\]]*)*\]\([^)]*\)\]\([^)]*\)", evil.markdown)


def test_without_a_doi_there_is_no_badge(without_doi: Version) -> None:
    with pytest.raises(DoiNotFound):
        badge(without_doi)


def test_the_drawing_can_stand_in_a_file_of_its_own(version: Version, tmp_path: Path) -> None:
    made = badge(version)
    path = made.save(tmp_path / "doi")
    assert path.name == "doi.svg" and path.read_text() == made.svg
    assert made.linked("doi badge.svg") == (
        "[![DOI 10.5072/hf/0001](doi%20badge.svg)](https://doi.org/10.5072/hf/0001)"
    )
