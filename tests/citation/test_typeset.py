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

from .test_latex import model, objects, printed

JAPANESE = model("honyaku", 17, Author.parse("山田, 太郎"))
TYPST_STYLES = ("ieee", "apa", "chicago-author-date")


def typeset(folder: Path, bibliography: str, style: str = "ieee") -> str:
    """The text of what Typst makes of a whole bibliography, without white space."""
    (folder / "paper.typ").write_text(
        f'#set page(width: 60cm, height: auto)\n#bibliography("{bibliography}", full: true, '
        f'style: "{style}", title: none)\n'
    )
    typst.compile(str(folder / "paper.typ"), output=str(folder / "paper.pdf"))
    return printed(folder)


def assert_facts(text: str, versions: list[Version], *, publisher: bool = True) -> None:
    # Some styles capitalise the words of a title.
    text = text.casefold()
    for version in versions:
        assert version.repo is not None
        assert f"{version.repo.name}(revision909a290)" in text
        if version.doi is not None:
            assert text.count(version.doi.name) == 1
    assert text.count("(revision909a290)") == len(versions)
    if publisher:
        # Once more in the URL of the one that has no DOI.
        assert text.count("huggingface") == len(versions) + 1


@pytest.mark.parametrize("style", TYPST_STYLES)
def test_typst_prints_each_fact_once(tmp_path: Path, style: str) -> None:
    versions = [*objects(), JAPANESE]
    cite(versions, "typst").save(tmp_path / "refs.yml")
    text = typeset(tmp_path, "refs.yml", style)
    assert_facts(text, versions)
    assert "TaiLang" not in text
    if style == "apa":
        assert text.count("[Machinelearningmodel]") == len(versions) - 1
        assert text.count("[Dataset]") == 1


@pytest.mark.parametrize("format", ["bibtex", "biblatex"])
def test_typst_reads_bib_files_as_well(tmp_path: Path, format: str) -> None:
    versions = [*objects(), JAPANESE]
    cite(versions, format).save(tmp_path / "refs.bib")
    # Typst itself prints no publisher of a @misc; the format for Typst has it.
    assert_facts(typeset(tmp_path, "refs.bib"), versions, publisher=False)


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
    versions = [*objects(), JAPANESE]
    path = cite(versions, format).save(tmp_path / "refs")
    page = pypandoc.convert_text(
        f"---\nnocite: '@*'\nbibliography: {path}\n---\n",
        "plain",
        format="markdown",
        extra_args=["--citeproc", "--wrap=none"],
    )
    assert_facts(re.sub(r"\s+", "", page), versions)
    assert "山田" in page and "Émile" in page and "Nguyễn" in page


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
