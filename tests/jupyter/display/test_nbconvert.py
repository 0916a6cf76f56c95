"""A saved notebook with hostile metadata, through nbconvert to HTML, Markdown and LaTeX."""

from __future__ import annotations

import os
import re
from pathlib import Path

import nbformat
import pypandoc
import pytest
from nbconvert import HTMLExporter, LatexExporter, MarkdownExporter

from hubdoi.citation import cite
from hubdoi.jupyter import display
from hubdoi.records import Doi, History, Repo, Status, Terms, Version

EVIL = (
    "<script>alert(1)</script> <img src=x onerror=alert(2)> [a](javascript:alert(3)) "
    "$\\href{javascript:b}{c}$ \\input{/etc/passwd} \\(\\write18{id}\\) # h | t `k` ![p](https://evil.example)"
)
REPO = Repo("model", "ada/tiny-bert")
VERSION = Version.from_parts(
    doi=Doi("10.5072/hf/0001"),
    repo=REPO,
    revision="a" * 40,
    title=EVIL,
    authors=[{"name": EVIL, "type": "organization", "affiliation": EVIL}],
    publisher=EVIL,
    license=EVIL,
    url="javascript:alert(4)",
    year=2026,
    state="current",
    endpoint="http://127.0.0.1:4000",
)
RECORDS = [
    Status(
        repo=REPO, state="behind", head="b" * 40, endpoint="http://127.0.0.1:4000",
        versions=(VERSION,), locked=True, obstacle=EVIL,
    ),
    VERSION,
    History(REPO, (VERSION,)),
    Terms(f"{EVIL}\n\n# {EVIL}\n\n    {EVIL}"),
    cite(VERSION),
    cite(VERSION, "text", notes=[EVIL]),
]  # fmt: skip


@pytest.fixture(scope="module")
def notebook() -> nbformat.NotebookNode:
    cells = [
        nbformat.v4.new_code_cell(
            "record",
            outputs=[
                nbformat.v4.new_output(
                    "execute_result", data=display.mimebundle(r), execution_count=1
                )
            ],
        )
        for r in RECORDS
    ]
    return nbformat.v4.new_notebook(cells=cells)


def test_html_runs_nothing_of_a_stranger(notebook: nbformat.NotebookNode) -> None:
    html, _ = HTMLExporter(exclude_input=True).from_notebook_node(notebook)
    body = html[html.index("<main") :]
    assert "<script>alert" not in body
    assert not re.search(r"<img|javascript:alert\([34]\)[\"']", body)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in body
    assert "10.5072/hf/0001" in body


def test_markdown_is_html_that_no_empty_line_ends(notebook: nbformat.NotebookNode) -> None:
    markdown, _ = MarkdownExporter().from_notebook_node(notebook)
    html = pypandoc.convert_text(markdown, "html", format="gfm")
    body = re.sub(r"<(style|script)>.*?</\1>", "", html, flags=re.DOTALL)
    assert "<img" not in body
    assert "alert(1)" in body
    assert "<script" not in body
    assert not re.search(r'href="javascript', body)


def test_latex_has_no_command_of_a_stranger(
    notebook: nbformat.NotebookNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = str(Path(pypandoc.get_pandoc_path()).parent)
    monkeypatch.setenv("PATH", folder + os.pathsep + os.environ["PATH"])
    latex, _ = LatexExporter().from_notebook_node(notebook)
    body = latex[latex.index("\\begin{document}") :]
    # The lines of a fence run out of the page: what is cited has to be read there.
    assert r"(Model). \url{https://doi.org/10.5072/hf/0001}" in " ".join(body.split())
    verbatim = re.compile(
        r"\\begin\{(Verbatim|verbatim|tcolorbox|Shaded|Highlighting)\}.*?\\end\{\1\}", re.DOTALL
    )
    prose = verbatim.sub("", body)
    for command in (r"\input{", r"\write18", r"\href{javascript", r"\(\write"):
        assert command not in prose
    assert r"\textbackslash" in prose
    assert "10.5072/hf/0001" in prose
