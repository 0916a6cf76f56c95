"""Citations through MyST, the program itself."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from bibtexparser.entrypoint import parse_file
from lxml import etree

from hubdoi.citation import cite
from hubdoi.citation.keys import keys_of
from hubdoi.sandbox import Sandbox

from .typesetting import works

PROJECT = """version: 1
project:
  exports:
    - format: xml
      article: paper.md
      output: paper.xml
site:
  title: Paper
"""

# MyST asks doi.org over https; here the sandbox answers, and nobody else is asked.
DOI_ORG = """
const https = require("https"), http = require("http");
https.request = (url, options, ...more) => {
  const asked = new URL(url.href ?? url);
  const there = asked.hostname === "doi.org" ? process.env.DOI_ORG + asked.pathname : "http://127.0.0.1:1";
  const { method, headers } = options;
  return http.request(new URL(there), { method, headers }, ...more);
};
"""


@pytest.fixture
def paper(tmp_path: Path, sandbox: Sandbox, mint: Callable[..., str]) -> str:
    """A document built with ``myst build --xml --doi-bib``; the DOI in it that no file knows."""
    doi = mint(sandbox, "models/ada/tiny-bert")
    cite(works()).save(tmp_path / "refs.bib")
    keys = " ".join(f"@{key}" for key in keys_of(works()))
    (tmp_path / "paper.md").write_text(f"{cite(works(), 'myst')}\n\n{keys}\n\n[@{doi}]\n")
    (tmp_path / "myst.yml").write_text(PROJECT)
    (tmp_path / "doi.cjs").write_text(DOI_ORG)
    # It ends in an error where it finds no template for a site; what is tested was written before.
    subprocess.run(
        [sys.executable, "-m", "mystmd_py.main", "build", "--xml", "--doi-bib"],
        cwd=tmp_path,
        capture_output=True,
        timeout=250,
        check=False,
        env={
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "NODE_OPTIONS": "--require ./doi.cjs",
            "DOI_ORG": f"{sandbox.endpoint}/doi",
        },
    )
    return doi


def test_myst_cites_by_key_and_by_doi(paper: str, tmp_path: Path) -> None:
    document = etree.parse(str(tmp_path / "paper.xml"))
    groups = [paragraph.xpath("string()") for paragraph in document.iter("p")]
    assert groups[0] == (
        "(Lovelace, 2026; Lovelace, 2026; Analytical Engine Society, 2026; Alef et al., 2026; "
        "Zola & Nguyễn, 2026; Lovelace, 1843; 山田太郎 (Taro Yamada), 2026) (Hopper, 2026)"
    )
    # Each work is one reference, however it was cited.
    references = list(document.iter("element-citation"))
    assert len(references) == len(works()) + 1
    found = {
        (reference.findtext("article-title"), reference.findtext("pub-id"))
        for reference in references
    }
    assert found >= {
        (version.title, version.doi.name if version.doi else None) for version in works()
    }
    (article,) = (one for one in references if one.get("publication-type") == "journal")
    said = ("source", "volume", "issue", "fpage", "lpage", "year")
    assert [article.findtext(name) for name in said] == [
        "Memoirs of Numbers", "3", "2", "666", "731", "1843",
    ]  # fmt: skip
    assert [name.text for name in references[2].iter("surname")] == ["Analytical Engine Society"]
    assert len(list(references[3].iter("surname"))) == 5
    assert paper in {doi for _, doi in found}
    # What only the resolver knew is kept in a file.
    (kept,) = parse_file(str(tmp_path / "myst.doi.bib")).entries
    assert kept["doi"] == paper and "tiny-bert" in kept["title"]
