"""Entries through TeX: that every style compiles, and that each fact is printed once."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from hubdoi.citation import cite
from hubdoi.records import Author, Version
from hubdoi.records.container import Container

from .typesetting import (
    assert_each_fact_once,
    bibtex,
    edited,
    keep_picture,
    latex,
    objects,
    printed,
    run,
    works,
)

PROGRAMS = ("pdflatex", "bibtex", "lualatex", "biber", "pdftotext")

needs_tex = pytest.mark.usefixtures("tex")


@pytest.fixture(scope="module")
def tex() -> None:
    """TeX and poppler-utils; a test that was skipped would say nothing."""
    if missing := [name for name in PROGRAMS if shutil.which(name) is None]:
        pytest.fail(
            f"There is no {', '.join(missing)} for these tests; install it with: make system"
        )


KNOW_DOI = ("plainurl", "elsarticle-num", "splncs04", "ACM-Reference-Format", "apacite")
CLASSIC = ("plain", "abbrv", "unsrt", "alpha", "apalike", "plainnat", "IEEEtran")
# Further styles, of journals and publishers too, that print the note of every entry.
PRINT_NOTE = (
    "abbrvnat", "unsrtnat", "IEEEtranN", "acm", "siam", "ieeetr", "amsplain", "amsalpha", "abbrvurl",
    "elsarticle-harv", "naturemag", "iopart-num", "apsrev4-2", "asmeconf", "spiebib", "cas-model2-names",
    "jss2", "chicago", "plaindin", "lni", "nar", "newapave",
)  # fmt: skip
NO_HYPHENS = "\\hyphenpenalty=10000\\emergencystretch=2em "
# pdfLaTeX has no Chinese or Japanese letters; LuaLaTeX takes them from another font.
WITH_CJK = (
    "\\directlua{luaotfload.add_fallback('cjk', {"
    "'[/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf]:mode=node;'})}"
    "\\usepackage{fontspec}\\setmainfont{lmroman10-regular.otf}[RawFeature={fallback=cjk},"
    "ItalicFont=lmroman10-italic.otf,BoldFont=lmroman10-bold.otf]"
)


@needs_tex
def test_twelve_styles_print_each_fact_once_and_nothing_past_the_margin(tmp_path: Path) -> None:
    cite(works(), ascii=True).save(tmp_path / "modern.bib")
    cite(works(), ascii=True, classic=True).save(tmp_path / "classic.bib")
    styles = [*KNOW_DOI, *CLASSIC]
    pages = {style: bibtex(tmp_path, style, "modern") for style in KNOW_DOI}
    pages |= {style: bibtex(tmp_path, style, "classic") for style in CLASSIC}
    head = "\\documentclass{article}\\usepackage[T1]{fontenc}\\usepackage{lmodern}"
    for group, packages in (
        ([style for style in styles if style != "apacite"], "\\usepackage[numbers]{natbib}"),
        (["apacite"], "\\usepackage{apacite}"),
    ):
        parts = "".join(f"STYLE:{style}:\n\n{pages[style]}\nEND\n\n" for style in group)
        log = latex(
            tmp_path,
            "pdflatex",
            f"{head}{packages}\\usepackage{{hyperref}}\\begin{{document}}\n{NO_HYPHENS}{parts}\\end{{document}}\n",
        )
        assert "Overfull" not in log, re.findall("Overfull.*", log)
        text = printed(tmp_path)
        for style in group:
            assert_each_fact_once(text.partition(f"STYLE:{style}:")[2].partition("END")[0], style)
    latex(
        tmp_path,
        "pdflatex",
        f"{head}\\usepackage[hidelinks]{{hyperref}}\\pagestyle{{empty}}\\begin{{document}}\n"
        f"{NO_HYPHENS}{pages['IEEEtran']}\\end{{document}}\n",
    )
    keep_picture(tmp_path, "bibliography-ieeetran")


def with_versions() -> list[Version]:
    """Works of several types, of which no title says the version."""
    ada = Author.person("Lovelace, Ada")
    values: list[dict[str, Any]] = [
        {"resource_type": "Software"},
        {"resource_type": "Dataset"},
        {"resource_type": "Text"},
        {"resource_type": "Dissertation"},
        {"resource_type": "Preprint"},
        {"resource_type": "JournalArticle", "container": Container("Memoirs", "3", "2", "666")},
    ]
    return [
        Version.from_parts(
            doi=f"10.1234/work.{number}",
            title=f"Work {word}",
            authors=[ada],
            publisher="Taylor",
            year=1843,
            version=f"{'' if number == 12 else 'v'}{number}.77.{number}",
            **more,
        )
        for number, (word, more) in enumerate(zip("abcdef", values, strict=True), 11)
    ]


@needs_tex
def test_classic_entries_say_version_and_doi_once_in_every_style(tmp_path: Path) -> None:
    cite(with_versions(), classic=True).save(tmp_path / "classic.bib")
    for style in (*KNOW_DOI, *CLASSIC, *PRINT_NOTE):
        text = re.sub(r"[{}\s]", "", bibtex(tmp_path, style, "classic"))
        assert not re.search("Doi:|V1", text), f"{style}: {text}"
        for number in range(11, 17):
            for fact in (f"{number}.77.{number}", f"10.1234/work.{number}"):
                assert text.count(fact) == 1, f"{style}: {fact} in {text}"


@needs_tex
def test_the_revision_is_in_the_title_that_every_style_prints(tmp_path: Path) -> None:
    versions = [version for version in objects() if version.repo]
    cite(versions, ascii=True).save(tmp_path / "refs.bib")
    for style in (*KNOW_DOI, *CLASSIC, *PRINT_NOTE):
        text = re.sub(r"[{}\s]", "", bibtex(tmp_path, style, "refs"))
        # apacite has the title of a work without an author in its label as well.
        assert text.count("(Revision909a290)") >= len(versions), f"{style}: {text}"


@needs_tex
@pytest.mark.parametrize("style", ["plain", "IEEEtran", "splncs04", "plainnat", "apacite"])
def test_bibtex_styles_print_the_editors_of_books(tmp_path: Path, style: str) -> None:
    cite(edited()).save(tmp_path / "refs.bib")
    text = bibtex(tmp_path, style, "refs")
    assert text.count("Hopper") >= 3 and text.count("King") >= 3


@needs_tex
def test_biblatex_is_by_the_data_model_and_prints_each_fact_once(tmp_path: Path) -> None:
    cite([*works(), *edited()], "biblatex").save(tmp_path / "refs.bib")
    document = (
        f"\\documentclass{{article}}{WITH_CJK}"
        "\\usepackage[backend=biber]{biblatex}\\addbibresource{refs.bib}"
        "\\begin{document}\\pagestyle{empty}\\hyphenpenalty=10000\\emergencystretch=2em\\nocite{*}\\printbibliography\\end{document}\n"
    )
    latex(tmp_path, "lualatex", document)
    said = run(tmp_path, "biber", "--validate-datamodel", "paper")
    assert "WARN" not in said and "ERROR" not in said, said
    log = latex(tmp_path, "lualatex", document)
    assert "Overfull" not in log
    text = printed(tmp_path)
    # biblatex prints no organisation of an article; names are in the script of the record.
    assert_each_fact_once(text, "biblatex")
    assert "山田太郎" in text and "Émile" in text
    assert "CollectedLetters.Ed.byGraceHopperandMartinKingJr." in text
    assert "GraceHopperandMartinKingJr.,eds." in text
    keep_picture(tmp_path, "bibliography-biblatex")


@needs_tex
@pytest.mark.parametrize("style", ["abbrv", "plainnat"])
def test_pdflatex_and_bibtex_compile_every_hard_entry(
    tmp_path: Path, hard_versions: list[Version], style: str
) -> None:
    latin = [version for version in hard_versions if is_latin(version)]
    assert len(latin) >= 30
    cite(latin, ascii=True, classic=True).save(tmp_path / "refs.bib")
    page = bibtex(tmp_path, style, "refs")
    assert page.count("\\bibitem") == len(latin)
    latex(
        tmp_path,
        "pdflatex",
        "\\documentclass{article}\\usepackage[T1]{fontenc}\\usepackage[numbers]{natbib}"
        "\\usepackage{hyperref,textcomp}"
        f"\\begin{{document}}\n{page}\\end{{document}}\n",
    )


@needs_tex
def test_lualatex_and_biber_compile_every_hard_entry(
    tmp_path: Path, hard_versions: list[Version]
) -> None:
    cite(hard_versions, "biblatex", urldate="2026-11-23").save(tmp_path / "refs.bib")
    document = (
        "\\documentclass{article}\\usepackage[backend=biber]{biblatex}\\addbibresource{refs.bib}"
        "\\begin{document}\\nocite{*}\\printbibliography\\end{document}\n"
    )
    latex(tmp_path, "lualatex", document)
    said = run(tmp_path, "biber", "--validate-datamodel", "paper")
    assert "WARN" not in said and "ERROR" not in said, said
    latex(tmp_path, "lualatex", document)
    entries = (tmp_path / "paper.bbl").read_text().count("\\entry{")
    assert entries == len(hard_versions)


@needs_tex
def test_a_bibitem_list_compiles_without_packages(
    tmp_path: Path, hard_versions: list[Version]
) -> None:
    latex(
        tmp_path,
        "lualatex",
        "\\documentclass{article}\\begin{document}"
        f"\\begin{{thebibliography}}{{99}}\n{cite(hard_versions, 'latex')}\n"
        "\\end{thebibliography}\\end{document}\n",
    )
    assert (tmp_path / "paper.pdf").stat().st_size > 10_000


def is_latin(version: Version) -> bool:
    """Whether pdfLaTeX has its letters; other scripts are for LuaLaTeX and XeLaTeX."""
    text = version.title + version.publisher + (version.version or "")
    text += "".join(author.name for author in version.authors)
    return all(
        letter < "\u0180" or "\u1e00" <= letter < "\u1f00" or letter in "‘’“”–—" for letter in text
    )
