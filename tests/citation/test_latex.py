"""Entries through TeX: that every style compiles, and that each fact is printed once."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from hubdoi.citation import cite
from hubdoi.records import Author, Version

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
NO_HYPHENS = "\\hyphenpenalty=10000\\emergencystretch=2em "
REVISION = "909a290" + "c" * 33


def run(folder: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=600, check=False)
    output = done.stdout.decode(errors="replace")
    assert done.returncode == 0, f"{command}: {output[-3000:]}"
    return output


def latex(folder: Path, engine: str, text: str) -> str:
    """Compile a document once; its log."""
    (folder / "paper.tex").write_text(text)
    run(folder, engine, "-interaction=nonstopmode", "-no-shell-escape", "paper")
    return (folder / "paper.log").read_text(errors="replace")


def bibtex(folder: Path, style: str, file: str) -> str:
    """The bibliography that a style makes of a .bib file, without TeX."""
    (folder / f"{style}.aux").write_text(
        f"\\relax\n\\citation{{*}}\n\\bibdata{{{file}}}\n\\bibstyle{{{style}}}\n"
    )
    said = run(folder, "bibtex", style)
    assert "Warning" not in said and "error" not in said, said
    return (folder / f"{style}.bbl").read_text()


def printed(folder: Path) -> str:
    """The text of the page, without white space: lines break anywhere."""
    return re.sub(r"\s+", "", run(folder, "pdftotext", "-raw", "-nopgbrk", "paper.pdf", "-"))


def model(name: str, number: int, *authors: Author, **changes: object) -> Version:
    version = Version.from_parts(
        doi=f"10.57967/hf/{number:04d}",
        repo=f"ada/{name}",
        revision=REVISION,
        authors=authors,
        created="2026-11-23T10:00:00Z",
    )
    return version.replace(**changes)


def objects() -> list[Version]:
    """A model, a dataset, an organisation, five authors, hard letters, and one without a DOI."""
    five = [Author.person(f"{name}, Ada") for name in ("Alef", "Bet", "Gimel", "Dalet", "He")]
    data = model("notes", 12, Author.person("Lovelace, Ada"), resource_type="Dataset")
    return [
        model("engine", 11, Author.person("Lovelace, Ada")),
        data,
        model("mill", 13, Author("Analytical Engine Society", "organization")),
        model("store", 14, *five),
        model("creme_100", 15, Author.person("Zola, Émile"), Author.person("Nguyễn, Văn")),
        model("bare", 16, Author.person("Hopper, Grace"), doi=None),
    ]


def assert_each_fact_once(text: str, style: str) -> None:
    """What stands between two titles is one entry; the DOI, the publisher and the revision are in it."""
    for version in objects():
        name = version.repo.name if version.repo else ""
        assert text.count(name) == (2 if version.doi is None else 1), f"{style}: {name}"
        if version.doi:
            assert text.count(version.doi.name) == 1, f"{style}: {version.doi} in {text}"
    assert text.count("HuggingFace") == len(objects()), style
    assert text.count("(Revision909a290)") == len(objects()), style
    # Once in each title, and in the address of the one that has no DOI.
    assert text.count("909a290") == len(objects()) + 1, style


@needs_tex
def test_twelve_styles_print_each_fact_once_and_nothing_past_the_margin(tmp_path: Path) -> None:
    cite(objects(), ascii=True).save(tmp_path / "modern.bib")
    cite(objects(), ascii=True, classic=True).save(tmp_path / "classic.bib")
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


@needs_tex
def test_biblatex_is_by_the_data_model_and_prints_each_fact_once(tmp_path: Path) -> None:
    cite(objects(), "biblatex").save(tmp_path / "refs.bib")
    document = (
        "\\documentclass{article}\\usepackage[backend=biber]{biblatex}\\addbibresource{refs.bib}"
        "\\begin{document}\\hyphenpenalty=10000\\emergencystretch=2em\\nocite{*}\\printbibliography\\end{document}\n"
    )
    latex(tmp_path, "lualatex", document)
    said = run(tmp_path, "biber", "--validate-datamodel", "paper")
    assert "WARN" not in said and "ERROR" not in said, said
    log = latex(tmp_path, "lualatex", document)
    assert "Overfull" not in log
    assert_each_fact_once(printed(tmp_path), "biblatex")


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
