"""Fifty hard entries through TeX."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from hubdoi.citation import cite
from hubdoi.records import Version

needs_tex = pytest.mark.skipif(
    not all(map(shutil.which, ("pdflatex", "bibtex", "lualatex", "biber"))),
    reason="TeX is not installed",
)


def run(folder: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=300, check=False)
    output = done.stdout.decode(errors="replace")
    assert done.returncode == 0, f"{command}: {output[-3000:]}"
    return output


@needs_tex
@pytest.mark.parametrize(
    ("style", "packages"),
    [
        ("plain", ""),
        ("abbrv", "\\usepackage[T1]{fontenc}"),
        ("alpha", "\\usepackage[T1]{fontenc}"),
        ("plainnat", "\\usepackage[T1]{fontenc}\\usepackage{natbib,hyperref}"),
    ],
)
def test_pdflatex_and_bibtex_compile_every_hard_entry(
    tmp_path: Path, hard_versions: list[Version], style: str, packages: str
) -> None:
    assert len(hard_versions) >= 50
    cite(hard_versions, "bibtex").save(tmp_path / "refs.bib")
    document = (
        f"\\documentclass{{article}}{packages}\\begin{{document}}"
        f"\\nocite{{*}}\\bibliographystyle{{{style}}}\\bibliography{{refs}}\\end{{document}}\n"
    )
    (tmp_path / "paper.tex").write_text(document)
    run(tmp_path, "pdflatex", "-interaction=nonstopmode", "-no-shell-escape", "paper")
    said = run(tmp_path, "bibtex", "paper")
    assert "Warning" not in said and "error" not in said, said
    run(tmp_path, "pdflatex", "-interaction=nonstopmode", "-no-shell-escape", "paper")
    items = (tmp_path / "paper.bbl").read_text().count("\\bibitem")
    assert items == len(hard_versions)
    assert (tmp_path / "paper.pdf").stat().st_size > 10_000


@needs_tex
def test_lualatex_and_biber_compile_every_hard_entry(
    tmp_path: Path, hard_versions: list[Version]
) -> None:
    cite(hard_versions, "biblatex", urldate="2026-11-23").save(tmp_path / "refs.bib")
    (tmp_path / "paper.tex").write_text(
        "\\documentclass{article}\\usepackage[backend=biber]{biblatex}\\addbibresource{refs.bib}"
        "\\begin{document}\\nocite{*}\\printbibliography\\end{document}\n"
    )
    run(tmp_path, "lualatex", "-interaction=nonstopmode", "-no-shell-escape", "paper")
    said = run(tmp_path, "biber", "paper")
    assert "WARN" not in said and "ERROR" not in said, said
    run(tmp_path, "lualatex", "-interaction=nonstopmode", "-no-shell-escape", "paper")
    entries = (tmp_path / "paper.bbl").read_text().count("\\entry{")
    assert entries == len(hard_versions)
    assert (tmp_path / "paper.pdf").stat().st_size > 10_000


@needs_tex
def test_a_bibitem_list_compiles_without_packages(
    tmp_path: Path, hard_versions: list[Version]
) -> None:
    (tmp_path / "paper.tex").write_text(
        "\\documentclass{article}\\usepackage[T1]{fontenc}\\begin{document}"
        f"\\begin{{thebibliography}}{{99}}\n{cite(hard_versions, 'latex')}\n"
        "\\end{thebibliography}\\end{document}\n"
    )
    run(tmp_path, "pdflatex", "-interaction=nonstopmode", "-no-shell-escape", "paper")
    assert (tmp_path / "paper.pdf").stat().st_size > 10_000
