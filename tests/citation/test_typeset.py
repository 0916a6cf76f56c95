"""Citations through Typst and pandoc, the programs themselves: each fact is printed, and once."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pypandoc
import pytest
import typst
import yaml

from hubdoi.citation import cite
from hubdoi.records import Author, Version

from .typesetting import assert_each_fact_once, keep_picture, model, objects, printed, works

TYPST_STYLES = ("ieee", "apa", "chicago-author-date")


def typeset(folder: Path, bibliography: str, style: str = "ieee") -> str:
    """The text of what Typst makes of a whole bibliography, without white space."""
    (folder / "paper.typ").write_text(
        f"#set page(width: 16cm, height: auto)\n#set par(justify: false)\n"
        f'#bibliography("{bibliography}", full: true, style: "{style}", title: none)\n'
    )
    return typst_text(folder)


def typst_text(folder: Path) -> str:
    typst.compile(str(folder / "paper.typ"), output=str(folder / "paper.pdf"))
    return printed(folder)


@pytest.mark.parametrize("style", TYPST_STYLES)
def test_typst_prints_each_fact_once(tmp_path: Path, style: str) -> None:
    cite(works(), "typst").save(tmp_path / "refs.yml")
    text = typeset(tmp_path, "refs.yml", style)
    assert_each_fact_once(text, style)
    assert "山田太郎" in text and "TaiLang" not in text
    if style == "apa":
        assert text.count("[Machinelearningmodel]") == len(works()) - 2
        assert text.count("[Dataset]") == 1
        keep_picture(tmp_path, "bibliography-typst")


@pytest.mark.parametrize("format", ["bibtex", "biblatex"])
def test_typst_reads_bib_files_as_well(tmp_path: Path, format: str) -> None:
    cite(works(), format).save(tmp_path / "refs.bib")
    # Typst itself prints no publisher of a @misc; the format for Typst has it.
    assert_each_fact_once(typeset(tmp_path, "refs.bib"), format, publisher=False)


def test_typst_takes_every_hard_entry_as_text(tmp_path: Path, hard_versions: list[Version]) -> None:
    citation = cite(hard_versions, "typst")
    citation.save(tmp_path / "refs.yml")
    assert len(yaml.safe_load(str(citation))) == len(hard_versions)
    typeset(tmp_path, "refs.yml")
    cite(hard_versions, "bibtex").save(tmp_path / "refs.bib")
    typeset(tmp_path, "refs.bib")
    money = model("m", 18, Author.person("Lovelace, Ada"), title=r"a $x^2$ \$ \ #strong[b] *c* {d}")
    cite(money, "typst").save(tmp_path / "money.yml")
    assert r"a$x^2$\$\#strong[b]*c*{d}" in typeset(tmp_path, "money.yml")


@pytest.mark.parametrize("format", ["bibtex", "biblatex", "csl-json"])
def test_pandoc_prints_each_fact_once(tmp_path: Path, format: str) -> None:
    path = cite(works(), format).save(tmp_path / "refs")
    to = "typst" if format == "bibtex" else "plain"
    page = pypandoc.convert_text(
        f"---\nnocite: '@*'\nbibliography: {path}\n---\n",
        to,
        format="markdown",
        extra_args=["--citeproc", "--wrap=none"],
    )
    if to == "typst":
        (tmp_path / "paper.typ").write_text(f"#set page(width: 16cm, height: auto)\n{page}")
        page = typst_text(tmp_path)
        keep_picture(tmp_path, "bibliography-pandoc")
    text = re.sub(r"\s+", "", page)
    assert_each_fact_once(text, format)
    for name in ("山田太郎", "Émile", "Nguyễn"):
        assert name in text


def test_zotero_items_have_what_its_translators_write() -> None:
    engine, notes = json.loads(str(cite(objects()[:2], "zotero")))["items"]
    assert engine["itemType"] == "computerProgram" and notes["itemType"] == "dataset"
    assert engine["extra"].startswith("DOI: 10.57967/hf/0011\n")
    assert (notes["DOI"], notes["repository"]) == ("10.57967/hf/0012", "Hugging Face")
    assert notes["creators"] == [
        {"creatorType": "author", "firstName": "Ada", "lastName": "Lovelace"}
    ]
    (society,) = json.loads(str(cite(objects()[2], "zotero")))["items"][0]["creators"]
    assert (society["name"], society["fieldMode"]) == ("Analytical Engine Society", 1)


def test_myst_cites_dois_in_one_group_and_links_the_rest() -> None:
    engine, notes, bare = (objects()[index] for index in (0, 1, 5))
    text = str(cite([engine, bare, notes], "myst"))
    group, _, link = text.partition("] ")
    assert group == "[@10.57967/hf/0011; @10.57967/hf/0012"
    assert link.startswith("[(Hopper, 2026)](https://huggingface.co/ada/bare/tree/")
    strange = engine.replace(doi=type(engine.doi)("10.1234/a]b;c"))  # type: ignore[misc]
    assert "@10" not in str(cite(strange, "myst"))
